"""What is entered by one statement is the exchange that was decided, and is counted for its agreement."""

from collections.abc import Callable
from dataclasses import fields

from sqlalchemy import select, text

from counterparts import Signer, agreement, declaration
from isthmus_bridge.database import new_id
from isthmus_bridge.entries import Entry, entering
from isthmus_bridge.models import Exchange
from isthmus_bridge.service import Bridge
from isthmus_bridge.together import together
from standing import StandingClock


def test_a_row_holds_every_member_of_what_was_entered(bridge: Bridge, clock: StandingClock) -> None:
    odd = "\\ \"'\té"
    entry = Entry(
        caller=odd,
        request_id=odd,
        purpose=odd,
        owner=odd,
        reason=odd,
        id=new_id(),
        idempotency_key="key",
        body_digest="d",
        created_at=clock(),
        message="M",
        direction="TO_WINDOW",
        party=None,
        role="BANK",
        subject=None,
        in_reply_to=new_id(),
        consents=[{"grant": "g"}],
        due_at=clock(),
        state="AGREED",
        terms=[{"path": "/ucr"}],
        salt=bytes(range(32)),
        body='{"a":"\\u0000\\\\"}',
        decision_index=2**40,
    )
    with bridge.begin() as session:
        together(session, [entering([entry])])
        row = session.scalars(select(Exchange)).one()
        assert {field.name: getattr(row, field.name) for field in fields(Entry)} == {
            field.name: getattr(entry, field.name) for field in fields(Entry)
        }


def agreed_at(as_platform: Signer, key: str) -> str:
    state: str = as_platform.post("/v1/exchanges", declaration(key)).get_json()["state"]
    return state


def test_an_agreements_hour_slides_and_what_no_hour_reaches_is_forgotten(
    as_platform: Signer, put_in_force: Callable[..., None], bridge: Bridge, clock: StandingClock
) -> None:
    put_in_force(agreement(ratePerHour=3))
    for minute in range(0, 90, 15):
        assert agreed_at(as_platform, f"at-{minute}") == ("REFUSED" if 45 <= minute < 60 else "AGREED")
        clock.advance(minutes=15)
    with bridge.begin() as session:
        kept = session.execute(text("SELECT total FROM agreed_count ORDER BY at")).scalars().all()
    assert kept == [2, 3, 4, 5]


def test_what_was_refused_counts_for_no_rate(
    as_platform: Signer, put_in_force: Callable[..., None], bridge: Bridge
) -> None:
    put_in_force(agreement(ratePerHour=1))
    assert [agreed_at(as_platform, f"key-{number}") for number in range(3)] == [
        "AGREED",
        "REFUSED",
        "REFUSED",
    ]
    with bridge.begin() as session:
        assert session.execute(text("SELECT total FROM agreed_count")).scalars().all() == [1]
