"""What the services announce is counted once, kept whatever it is, and seen by who used it."""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

import isthmus_platform
from billing_cast import BillingCast
from isthmus_billing import invoices, metering, statements
from isthmus_billing.metering import METERS, UNBILLED, UsageEvent
from isthmus_platform import domain_events, outbox
from isthmus_platform.database import Actor
from isthmus_platform.outbox import Message


def metered(cast: BillingCast, who: Actor) -> list[tuple[str, str | None, int]]:
    with cast.platform.begin(who) as work:
        events = work.session.scalars(select(UsageEvent).order_by(UsageEvent.id))
        return [(event.name, event.meter, event.quantity) for event in events]


@pytest.mark.parametrize("name", METERS)
def test_each_named_event_is_metered(cast: BillingCast, name: str) -> None:
    cast.use(cast.bank, name, 3)
    assert cast.meter() == 1
    assert metered(cast, cast.bank) == [(name, name, 3)]


def announced() -> set[str]:
    """Return the names that the services announce, also those that a table of theirs leads to."""
    found = set[str]()
    for file in Path(isthmus_platform.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text())
        words = {str(each.value) for each in ast.walk(tree) if isinstance(each, ast.Constant)}
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "domain_events.announce":
                name = call.args[1]
                if isinstance(name, ast.Constant):
                    found.add(str(name.value))
                else:
                    found.update(word for word in words if re.fullmatch(r"[a-z]+\.[a-z]+", word))
    return found


def test_every_event_that_a_service_announces_is_billed_or_said_not_to_be() -> None:
    assert announced() == METERS.keys() | UNBILLED
    assert not METERS.keys() & UNBILLED


def test_a_message_delivered_again_counts_once(cast: BillingCast) -> None:
    cast.use(cast.bank, "document.read")
    seen: list[Message] = []
    outbox.drain(cast.platform, domain_events.TOPIC, seen.append)
    for _ in range(3):
        metering.record(cast.platform, seen[0])
    assert metered(cast, cast.bank) == [("document.read", "document.read", 1)]


def test_an_event_no_meter_knows_is_said_aloud_kept_and_not_billed(cast: BillingCast) -> None:
    cast.use(cast.bank, "grant.given")
    with capture_logs() as logs:
        assert cast.meter() == 1
    assert [(line["event"], line["log_level"]) for line in logs] == [("metering.unknown_event", "error")]
    assert metered(cast, cast.bank) == [("grant.given", None, 1)]
    with cast.platform.begin(cast.operator) as work:
        assert invoices.close_period(work, "2026-06") == []


def test_an_event_that_is_not_billed_is_kept_without_a_word(cast: BillingCast) -> None:
    cast.use(cast.bank, "presentation.made")
    with capture_logs() as logs:
        assert cast.meter() == 1
    assert logs == []
    assert metered(cast, cast.bank) == [("presentation.made", None, 1)]


@pytest.mark.parametrize("quantity", [-1, True, "2", 1.5])
def test_a_quantity_that_is_no_count_stays_in_the_outbox(cast: BillingCast, quantity: object) -> None:
    with cast.platform.begin(cast.bank) as work:
        payload = {"name": "document.read", "quantity": quantity, "at": work.now.isoformat(), "about": {}}
        outbox.emit(work, domain_events.TOPIC, payload)
    assert cast.meter() == 0
    assert metered(cast, cast.operator) == []


def test_nothing_used_is_nothing_metered(cast: BillingCast) -> None:
    cast.use(cast.bank, "events.recorded", 0)
    assert cast.meter() == 1
    assert metered(cast, cast.operator) == []


def test_a_party_sees_its_own_usage_and_the_operator_all(cast: BillingCast) -> None:
    cast.use(cast.bank, "document.read")
    cast.use(cast.forwarder, "document.stored")
    cast.meter()
    assert [name for name, _, _ in metered(cast, cast.bank)] == ["document.read"]
    assert [name for name, _, _ in metered(cast, cast.forwarder)] == ["document.stored"]
    assert metered(cast, cast.authority) == []
    assert len(metered(cast, cast.operator)) == 2


@pytest.mark.parametrize("who", ["bank", "operator", "authority"])
def test_nobody_but_metering_adds_usage(cast: BillingCast, who: str) -> None:
    actor: Actor = getattr(cast, who)
    with pytest.raises(DBAPIError, match="row-level security"), cast.platform.begin(actor) as work:
        work.session.execute(
            text(
                "INSERT INTO usage_event VALUES (gen_random_uuid(), :party, 'x', 'y', 'document.read',"
                " 'document.read', 1, now(), '{}', now(), NULL)"
            ),
            {"party": cast.bank.party_id},
        )


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_statement_is_the_same_before_and_after_the_month_is_billed(cast: BillingCast, when: str) -> None:
    cast.use(cast.bank, "document.read", 2)
    cast.use(cast.forwarder, "events.recorded", 25)
    cast.meter()
    if when == "after":
        with cast.platform.begin(cast.operator) as work:
            invoices.close_period(work, "2026-06")
    with cast.platform.begin(cast.operator) as work:
        everybodys = statements.usage(work, "2026-06")
    assert everybodys.total.amount_minor == 2 * 75 + 15 * 3
    with cast.platform.begin(cast.forwarder) as work:
        own = statements.usage(work, "2026-06")
        (line,) = own.lines
    assert (line.meter, line.title) == ("events.recorded", "Tracking events recorded")
    assert (line.quantity, line.free_quantity) == (25, 10)
    assert (line.unit_price.amount_minor, line.amount.amount_minor, line.amount.currency) == (3, 45, "EUR")
    assert own.total == line.amount


def test_usage_by_day_sums_a_partys_own_days(cast: BillingCast) -> None:
    cast.use(cast.bank, "document.read", 2)
    cast.use(cast.bank, "document.read", 1)
    cast.use(cast.forwarder, "document.read", 5)
    cast.meter()
    with cast.platform.begin(cast.bank) as work:
        (day,) = statements.usage_by_day(work, "2026-06")
    assert (day.day.isoformat(), day.meter, day.quantity) == ("2026-06-01", "document.read", 3)
    with cast.platform.begin(cast.operator) as work:
        assert [day.quantity for day in statements.usage_by_day(work, "2026-06")] == [8]
        assert statements.usage_by_day(work, "2026-05") == []
