"""The bridge and a revoked key: refused at once, while what it had signed before stands by the log's time."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIApplication

import pytest

from counterparts import (
    KEYRING,
    KEYS,
    WITNESSED,
    Neighbour,
    Signer,
    agreement,
    declaration,
    serving,
    signed,
)
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.models import AgreementSignature, AgreementVersion
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Suspension, sign_suspension
from isthmus_protocol.canonical import canonical
from isthmus_protocol.evidence import Bundle, Verdict, verify_bundle
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.promises import promise_of
from isthmus_witness.http import create_app as create_witness
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness
from standing import StandingClock

MINUTE = timedelta(minutes=1)
SIGNERS = (Holder.OPERATOR, Holder.AUTHORITY)


def trust(revoked: dict[Holder, datetime], *more: SigningKey) -> Keyring:
    known = (replace(key, revoked_at=revoked.get(key.holder)) for key in KEYRING)
    return Keyring([*known, *(key.public for key in more)])


def caller(bridge: Bridge, key: SigningKey, clock: StandingClock) -> Signer:
    return Signer(create_app(bridge).test_client(), key, clock)


def evidence(signer: Signer, exchange: str) -> bytes:
    response = signer.get(f"/v1/exchanges/{exchange}/evidence")
    assert response.status_code == 200, response.text
    return bytes(response.data)


def failures(data: bytes, trusted: Keyring) -> set[str]:
    verdict: Verdict = verify_bundle(data, trusted)
    return {check.name for check in verdict.checks if not check.passed}


def cross(signer: Signer, key: str) -> dict[str, Any]:
    answer: dict[str, Any] = signer.post("/v1/exchanges", declaration(key)).get_json()
    return answer


def test_a_revoked_key_asks_in_vain_and_the_key_that_follows_it_does_not(
    bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    new = SigningKey.generate(Holder.PLATFORM)
    changed = replace(bridge, keyring=trust({Holder.PLATFORM: clock() + MINUTE}, new))
    old = caller(changed, KEYS[Holder.PLATFORM], clock)
    assert cross(old, "before")["state"] == "AGREED"
    clock.advance(minutes=1)
    refused = old.post("/v1/exchanges", declaration("after"))
    assert (refused.status_code, refused.get_json()["code"]) == (401, "not_authenticated")
    assert cross(caller(changed, new, clock), "after")["state"] == "AGREED"


@pytest.mark.parametrize("holder", SIGNERS)
def test_an_agreement_stays_in_force_when_a_key_that_signed_it_is_revoked_later(
    holder: Holder, bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    clock.advance(minutes=1)
    trusted = trust({holder: clock()})
    changed = replace(bridge, keyring=trusted)
    clock.advance(minutes=1)
    platform = caller(changed, KEYS[Holder.PLATFORM], clock)
    answer = cross(platform, "after")
    assert answer["state"] == "AGREED"
    deliver_due(changed)
    data = evidence(platform, answer["exchange"])
    assert failures(data, trusted) == set()
    assert len(Bundle.from_bytes(data).logged) == 2, "the leaf of the signatures, and the receipt's"
    without = replace(Bundle.from_bytes(data), logged=Bundle.from_bytes(data).logged[1:]).to_bytes()
    assert failures(without, trusted) == {"revocation"}


def test_an_agreement_signed_at_the_log_after_its_key_was_stolen_permits_nothing(
    bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    stolen_at = clock() - MINUTE
    changed = replace(bridge, keyring=trust({Holder.OPERATOR: stolen_at}))
    answer = cross(caller(changed, KEYS[Holder.PLATFORM], clock), "after")
    assert (answer["state"], answer["reason"]) == ("REFUSED", "NO_AGREEMENT")


def test_a_row_with_an_early_time_written_behind_the_bridge_does_not_make_a_revoked_key_good(
    bridge: Bridge, clock: StandingClock
) -> None:
    document = agreement()
    row = {"agreement_id": document.id, "version": 1, "received_at": clock() - MINUTE}
    with bridge.begin() as session:
        session.add(
            AgreementVersion(
                id=document.id,
                version=1,
                digest=document.digest,
                document=canonical(document.to_json()).decode(),
                message=document.message,
                direction=document.direction.value,
                purpose=document.purpose,
                received_at=clock() - MINUTE,
            )
        )
        session.flush()
        for holder, token in zip(SIGNERS, signed(document).signatures, strict=True):
            session.add(AgreementSignature(**row, holder=holder.value, token=token))
    trusted = trust({Holder.OPERATOR: clock()})
    answers = [
        cross(caller(replace(bridge, keyring=keyring), KEYS[Holder.PLATFORM], clock), key)["state"]
        for keyring, key in ((trusted, "one"), (KEYRING, "two"))
    ]
    assert answers == ["REFUSED", "AGREED"]


@pytest.mark.parametrize("holder", SIGNERS)
def test_a_revoked_key_signs_no_agreement_and_stops_none(
    holder: Holder, bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    changed = replace(bridge, keyring=trust({holder: clock()}))
    platform = caller(changed, KEYS[Holder.PLATFORM], clock)
    second = signed(agreement(version=2)).to_json()
    refused = platform.post("/v1/agreements", second)
    assert refused.status_code in (401, 422), refused.text
    stop = sign_suspension(KEYS[holder], Suspension("export-declaration", None, "theft", clock()))
    assert platform.post("/v1/suspensions", {"statement": stop}).status_code in (401, 422)


def test_an_agreement_sent_again_after_its_key_was_revoked_is_as_good_as_it_was(
    bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    clock.advance(minutes=1)
    changed = replace(bridge, keyring=trust({Holder.OPERATOR: clock()}))
    again = caller(changed, KEYS[Holder.PLATFORM], clock).post(
        "/v1/agreements", signed(agreement()).to_json()
    )
    assert (again.status_code, again.get_json()["status"]) == (200, "ACTIVE")


def test_a_receipt_by_a_revoked_key_delivers_nothing(
    bridge: Bridge, agreed: None, clock: StandingClock, window: Neighbour
) -> None:
    changed = replace(bridge, keyring=trust({Holder.WINDOW: clock()}))
    platform = caller(changed, KEYS[Holder.PLATFORM], clock)
    exchange = cross(platform, "one")["exchange"]
    deliver_due(changed)
    assert window.arrivals == [exchange]
    assert platform.get(f"/v1/exchanges/{exchange}").get_json()["state"] == "SENT"


def test_a_receipt_that_the_log_took_before_its_key_was_revoked_is_evidence_still(
    bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    platform = caller(bridge, KEYS[Holder.PLATFORM], clock)
    exchange = cross(platform, "one")["exchange"]
    deliver_due(bridge)
    before = evidence(platform, exchange)
    revoked_at = clock() + MINUTE
    assert failures(before, trust({Holder.WINDOW: revoked_at})) == set()
    assert failures(before, trust({Holder.WINDOW: clock()})) == {"revocation"}


def test_a_bundle_made_anew_stands_on_the_new_key_of_the_log(
    bridge: Bridge, agreed: None, clock: StandingClock
) -> None:
    platform = caller(bridge, KEYS[Holder.PLATFORM], clock)
    exchange = cross(platform, "one")["exchange"]
    new = SigningKey.generate(Holder.LOG)
    trusted = trust({Holder.LOG: clock()}, new)
    assert failures(evidence(platform, exchange), trusted) == {"revocation"}
    changed = replace(bridge, keyring=trusted, log_key=new)
    anew = evidence(caller(changed, KEYS[Holder.PLATFORM], clock), exchange)
    assert failures(anew, trusted) == set()


def test_a_receiver_that_does_not_know_our_key_yet_costs_time_and_not_the_exchange(
    bridge: Bridge, agreed: None, clock: StandingClock, window: Neighbour
) -> None:
    window.script.append(401)
    platform = caller(bridge, KEYS[Holder.PLATFORM], clock)
    exchange = cross(platform, "one")["exchange"]
    deliver_due(bridge)
    assert platform.get(f"/v1/exchanges/{exchange}").get_json()["state"] == "SENT"
    clock.advance(minutes=1)
    deliver_due(bridge)
    assert platform.get(f"/v1/exchanges/{exchange}").get_json()["state"] == "ACKNOWLEDGED"
    assert len(window.received) == 1


def test_a_promise_whose_key_was_revoked_is_given_anew_and_says_the_same(
    bridge: Bridge, agreed: None, clock: StandingClock, window: Neighbour, private: Neighbour
) -> None:
    first = cross(caller(bridge, KEYS[Holder.PLATFORM], clock), "one")
    new = SigningKey.generate(Holder.LOG)
    trusted = trust({Holder.LOG: clock()}, new)
    changed = replace(bridge, keyring=trusted, log_key=new)
    again = cross(caller(changed, KEYS[Holder.PLATFORM], clock), "one")
    with pytest.raises(SignatureError, match="revoked"):
        promise_of(first["promise"], trusted, first["exchange"], at=clock())
    promise = promise_of(again["promise"], trusted, first["exchange"], again["logIndex"], clock())
    assert promise == promise_of(first["promise"], KEYRING, first["exchange"])
    window.keyring = private.keyring = trusted
    deliver_due(changed)
    assert window.received[first["exchange"]].promise == again["promise"]
    assert [notice["promise"] for notice in private.notices] == [again["promise"]]
    shown = caller(changed, KEYS[Holder.PLATFORM], clock).get(f"/v1/exchanges/{first['exchange']}")
    assert shown.get_json()["state"] == "ACKNOWLEDGED"


def test_a_head_whose_witness_or_log_key_was_revoked_is_signed_and_cosigned_anew(
    bridge: Bridge, agreed: None, clock: StandingClock, tmp_path: Path
) -> None:
    keys = {Holder.LOG: KEYS[Holder.LOG], Holder.WITNESS: KEYS[Holder.WITNESS]}
    keyring = WITNESSED

    def restarted() -> tuple[Bridge, WSGIApplication]:
        watched = replace(bridge, keyring=keyring, log_key=keys[Holder.LOG])
        record = Record(tmp_path)
        own = Witness(watched.origin, keyring, keys[Holder.WITNESS], "witness.test/w1", record, clock)
        return watched, create_witness(own)

    exchange = cross(caller(bridge, KEYS[Holder.PLATFORM], clock), "one")["exchange"]
    for holder in (Holder.LOG, Holder.WITNESS):
        before, witness = restarted()
        with serving(witness) as url:
            watched = replace(before, witness_url=url)
            old = evidence(caller(watched, KEYS[Holder.PLATFORM], clock), exchange)
        assert failures(old, keyring) == set()
        revoked = replace(keys[holder].public, revoked_at=clock())
        keys[holder] = SigningKey.generate(holder)
        rest = (key for key in keyring if key.kid != revoked.kid)
        keyring = Keyring([*rest, revoked, keys[holder].public])
        assert failures(old, keyring) == {"revocation" if holder is Holder.LOG else "witness"}
        clock.advance(minutes=1)
        changed, witness = restarted()
        with serving(witness) as url:
            platform = caller(replace(changed, witness_url=url), KEYS[Holder.PLATFORM], clock)
            assert failures(evidence(platform, exchange), keyring) == set()
