"""An agreement permits only with both signatures; a newer one supersedes; either party stops it at once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from counterparts import (
    KEYRING,
    KEYS,
    Signer,
    agreement,
    declaration,
    signed,
)
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import SignedAgreement, Suspension, sign_agreement, sign_suspension
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.records import AgreementRecord, read_record
from standing import StandingClock

ACTIVE = (
    "/v1/agreements/active?message=EXPORT_DECLARATION&direction=TO_WINDOW&purpose=CUSTOMS_EXPORT_CLEARANCE"
)


def verdict(signer: Signer, key: str) -> tuple[str, str | None, int | None]:
    answer = signer.post("/v1/exchanges", declaration(key)).get_json()
    version = answer["agreement"] and answer["agreement"]["version"]
    return answer["state"], answer["reason"], version


def statement(by: Holder, clock: StandingClock, version: int | None = None) -> dict[str, str]:
    suspension = Suspension("export-declaration", version, "an audit", clock())
    return {"statement": sign_suspension(KEYS[by], suspension)}


def test_an_agreement_with_both_signatures_is_in_force_at_once_and_the_same_again_changes_nothing(
    as_platform: Signer,
) -> None:
    body = signed(agreement()).to_json()
    first = as_platform.post("/v1/agreements", body)
    assert (first.status_code, first.get_json()["status"]) == (201, "ACTIVE")
    again = as_platform.post("/v1/agreements", body)
    assert (again.status_code, again.get_json()) == (200, first.get_json())
    assert verdict(as_platform, "key") == ("AGREED", None, 1)
    active = as_platform.get(ACTIVE).get_json()
    assert (active["id"], active["version"], active["digest"]) == (
        "export-declaration",
        1,
        agreement().digest,
    )
    assert SignedAgreement.from_json({k: active[k] for k in ("document", "signatures")}) is not None


@pytest.mark.parametrize("alone", [Holder.OPERATOR, Holder.AUTHORITY])
def test_one_signature_permits_nothing_until_the_other_comes(as_platform: Signer, alone: Holder) -> None:
    (other,) = {Holder.OPERATOR, Holder.AUTHORITY} - {alone}
    response = as_platform.post("/v1/agreements", signed(agreement(), alone).to_json())
    assert (response.status_code, response.get_json()["status"]) == (202, "PROPOSED")
    assert verdict(as_platform, "before") == ("REFUSED", "NO_AGREEMENT", None)
    assert as_platform.get(ACTIVE).status_code == 404
    response = as_platform.post("/v1/agreements", signed(agreement(), other).to_json())
    assert (response.status_code, response.get_json()["status"]) == (201, "ACTIVE")
    assert verdict(as_platform, "after") == ("AGREED", None, 1)


def forged_by_a_stranger() -> SignedAgreement:
    strangers = {holder: SigningKey.generate(holder) for holder in Holder}
    return signed(agreement(), keys=strangers)


def signed_by_the_window() -> SignedAgreement:
    document = agreement()
    tokens = (sign_agreement(KEYS[Holder.OPERATOR], document), sign_agreement(KEYS[Holder.WINDOW], document))
    return SignedAgreement(document, tokens)


def signed_twice_by_the_operator() -> SignedAgreement:
    return signed(agreement(), Holder.OPERATOR, Holder.OPERATOR)


def signed_for_another_text() -> SignedAgreement:
    return SignedAgreement(agreement(ratePerHour=999_999), signed(agreement()).signatures)


def unsigned() -> SignedAgreement:
    return SignedAgreement(agreement(), ())


@pytest.mark.parametrize(
    "make",
    [
        forged_by_a_stranger,
        signed_by_the_window,
        signed_twice_by_the_operator,
        signed_for_another_text,
        unsigned,
    ],
)
def test_an_agreement_without_both_parties_good_signatures_never_activates(
    as_platform: Signer, make: Callable[[], SignedAgreement]
) -> None:
    response = as_platform.post("/v1/agreements", make().to_json())
    assert (response.status_code, response.get_json()["code"]) == (422, "signature")
    assert as_platform.get("/v1/agreements").get_json() == {"agreements": []}
    assert verdict(as_platform, "key") == ("REFUSED", "NO_AGREEMENT", None)


def test_a_newer_version_supersedes(as_platform: Signer, put_in_force: Callable[..., None]) -> None:
    put_in_force(agreement())
    put_in_force(agreement(version=2))
    assert verdict(as_platform, "key") == ("AGREED", None, 2)
    listed = as_platform.get("/v1/agreements").get_json()["agreements"]
    assert [(a["version"], a["status"]) for a in listed] == [(1, "SUPERSEDED"), (2, "ACTIVE")]


def test_an_older_version_that_comes_late_does_not_come_back(
    as_platform: Signer, put_in_force: Callable[..., None]
) -> None:
    put_in_force(agreement(version=2))
    put_in_force(agreement(version=1))
    assert verdict(as_platform, "key") == ("AGREED", None, 2)


def test_a_version_that_is_yet_to_begin_leaves_the_present_one_in_force(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement(), agreement(version=2, validFrom="2026-07-01T00:00:00Z"))
    assert verdict(as_platform, "june") == ("AGREED", None, 1)
    clock.advance(days=30)
    assert verdict(as_platform, "july") == ("AGREED", None, 2)


def test_an_ended_version_does_not_bring_back_the_one_before_it(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement(), agreement(version=2, validUntil="2026-06-02T00:00:00Z"))
    clock.advance(days=1)
    assert verdict(as_platform, "key") == ("REFUSED", "EXPIRED", 2)
    assert as_platform.get(ACTIVE).get_json()["code"] == "EXPIRED"


@pytest.mark.parametrize("party", [Holder.OPERATOR, Holder.AUTHORITY])
def test_either_party_alone_suspends_and_it_holds_from_then_on(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock, party: Holder
) -> None:
    put_in_force(agreement())
    assert verdict(as_platform, "before")[0] == "AGREED"
    stop = statement(party, clock)
    assert as_platform.post("/v1/suspensions", stop).status_code == 201
    assert as_platform.post("/v1/suspensions", stop).status_code == 200
    assert verdict(as_platform, "after") == ("REFUSED", "AGREEMENT_SUSPENDED", 1)
    (listed,) = as_platform.get("/v1/agreements").get_json()["agreements"]
    assert (listed["status"], listed["suspensions"]) == ("SUSPENDED", [stop["statement"]])


def test_nobody_else_suspends(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement())
    for holder in (Holder.PLATFORM, Holder.WINDOW, Holder.BRIDGE, Holder.LOG):
        response = as_platform.post("/v1/suspensions", statement(holder, clock))
        assert (response.status_code, response.get_json()["code"]) == (422, "signature")
    assert verdict(as_platform, "key")[0] == "AGREED"


def test_a_suspended_version_does_not_bring_back_the_one_before_and_a_newer_one_goes_on(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement(), agreement(version=2))
    as_platform.post("/v1/suspensions", statement(Holder.AUTHORITY, clock, version=2))
    assert verdict(as_platform, "stopped") == ("REFUSED", "AGREEMENT_SUSPENDED", 2)
    put_in_force(agreement(version=3))
    assert verdict(as_platform, "renewed") == ("AGREED", None, 3)


def test_a_suspension_of_the_whole_agreement_holds_for_versions_to_come(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement())
    as_platform.post("/v1/suspensions", statement(Holder.OPERATOR, clock))
    put_in_force(agreement(version=2))
    assert verdict(as_platform, "key") == ("REFUSED", "AGREEMENT_SUSPENDED", 2)
    put_in_force(agreement(id="export-declaration-anew"))
    assert verdict(as_platform, "anew") == ("AGREED", None, 1)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"title": "Another text"}, "version_taken"),
        ({"version": 2, "purpose": "STATISTICS"}, "message_changed"),
        ({"id": "a-rival"}, "message_governed"),
    ],
)
def test_an_agreement_that_contradicts_one_that_stands_is_refused(
    as_platform: Signer, put_in_force: Callable[..., None], changes: dict[str, Any], code: str
) -> None:
    put_in_force(agreement())
    response = as_platform.post("/v1/agreements", signed(agreement(**changes)).to_json())
    assert (response.status_code, response.get_json()["code"]) == (409, code)
    assert len(as_platform.get("/v1/agreements").get_json()["agreements"]) == 1


def test_an_agreement_is_in_force_only_while_its_signers_are_trusted(
    as_platform: Signer, bridge: Bridge, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement())
    without = Keyring(key for key in KEYRING if key.holder is not Holder.AUTHORITY)
    client = create_app(replace(bridge, keyring=without)).test_client()
    distrusting = Signer(client, KEYS[Holder.PLATFORM], clock)
    assert verdict(distrusting, "key") == ("REFUSED", "NO_AGREEMENT", None)


def test_no_more_crosses_in_any_hour_than_was_agreed(
    as_platform: Signer, put_in_force: Callable[..., None], clock: StandingClock
) -> None:
    put_in_force(agreement(ratePerHour=2))
    assert verdict(as_platform, "one")[0] == "AGREED"
    clock.advance(minutes=30)
    assert verdict(as_platform, "two")[0] == "AGREED"
    assert verdict(as_platform, "three") == ("REFUSED", "RATE_EXCEEDED", 1)
    clock.advance(minutes=30)
    assert verdict(as_platform, "four")[0] == "AGREED", "the first is an hour ago"
    assert verdict(as_platform, "five") == ("REFUSED", "RATE_EXCEEDED", 1)


def changes(signer: Signer) -> list[tuple[str, int | None, tuple[Holder, ...]]]:
    """Return what the log tells of agreements."""
    entries = signer.get("/v1/log/entries").get_json()["entries"]
    records = [read_record(entry["record"]) for entry in entries]
    return [(r.change, r.version, r.by) for r in records if isinstance(r, AgreementRecord)]


def test_every_change_of_an_agreement_is_an_entry_in_the_log_once(
    as_authority: Signer, clock: StandingClock
) -> None:
    for holder in (Holder.OPERATOR, Holder.AUTHORITY):
        for _ in range(2):
            as_authority.post("/v1/agreements", signed(agreement(), holder).to_json())
    as_authority.post("/v1/agreements", signed(agreement(version=2)).to_json())
    for stop in (statement(Holder.AUTHORITY, clock, version=2), statement(Holder.OPERATOR, clock)):
        for _ in range(2):
            as_authority.post("/v1/suspensions", stop)
    assert changes(as_authority) == [
        ("PROPOSED", 1, (Holder.OPERATOR,)),
        ("ACTIVATED", 1, (Holder.AUTHORITY,)),
        ("ACTIVATED", 2, (Holder.AUTHORITY, Holder.OPERATOR)),
        ("SUSPENDED", 2, (Holder.AUTHORITY,)),
        ("SUSPENDED", None, (Holder.OPERATOR,)),
    ]


def test_a_change_that_is_refused_leaves_no_entry(as_authority: Signer, clock: StandingClock) -> None:
    as_authority.post("/v1/agreements", forged_by_a_stranger().to_json())
    as_authority.post("/v1/agreements", signed(agreement()).to_json())
    as_authority.post("/v1/agreements", signed(agreement(title="Another text")).to_json())
    as_authority.post("/v1/suspensions", statement(Holder.WINDOW, clock))
    assert changes(as_authority) == [("ACTIVATED", 1, (Holder.AUTHORITY, Holder.OPERATOR))]


def test_an_agreement_does_not_change_unless_the_log_says_so(
    as_authority: Signer, bridge_url: str, clock: StandingClock
) -> None:
    as_authority.post("/v1/agreements", signed(agreement(), Holder.OPERATOR).to_json())
    with psycopg.connect(bridge_url) as owner:
        owner.execute("REVOKE INSERT ON log_entry FROM isthmus_bridge_app")
    whole = signed(agreement()).to_json()
    assert as_authority.post("/v1/agreements", whole).status_code == 503
    assert as_authority.post("/v1/suspensions", statement(Holder.AUTHORITY, clock)).status_code == 503
    (listed,) = as_authority.get("/v1/agreements").get_json()["agreements"]
    assert (listed["status"], len(listed["history"])) == ("PROPOSED", 1)
    with psycopg.connect(bridge_url) as owner:
        owner.execute("GRANT INSERT ON log_entry TO isthmus_bridge_app")
    assert as_authority.post("/v1/agreements", whole).get_json()["status"] == "ACTIVE"


def test_the_history_of_a_version_tells_who_signed_and_who_stopped_it(
    as_authority: Signer, clock: StandingClock
) -> None:
    as_authority.post("/v1/agreements", signed(agreement(), Holder.OPERATOR).to_json())
    clock.advance(minutes=1)
    as_authority.post("/v1/agreements", signed(agreement(), Holder.AUTHORITY).to_json())
    clock.advance(minutes=1)
    as_authority.post("/v1/suspensions", statement(Holder.AUTHORITY, clock))
    (listed,) = as_authority.get("/v1/agreements").get_json()["agreements"]
    assert [(step["change"], step["by"], step["reason"]) for step in listed["history"]] == [
        ("SIGNED", "OPERATOR", None),
        ("SIGNED", "AUTHORITY", None),
        ("SUSPENDED", "AUTHORITY", "an audit"),
    ]


def test_one_key_cannot_be_both_sides(as_platform: Signer, bridge: Bridge, clock: StandingClock) -> None:
    """Whichever side a key is trusted for, it signs for that one, however often it signs."""
    one = KEYS[Holder.OPERATOR]
    twice = SigningKey(Holder.AUTHORITY, one.private_key)
    document = agreement()
    tokens = (sign_agreement(one, document), sign_agreement(twice, document))
    both = SignedAgreement(document, tokens)
    assert as_platform.post("/v1/agreements", both.to_json()).get_json()["code"] == "signature"
    for ring in (KEYRING, Keyring([*KEYRING, twice.public])):
        client = create_app(replace(bridge, keyring=ring)).test_client()
        for body in (both.to_json(), SignedAgreement(document, tokens[:1]).to_json()):
            Signer(client, KEYS[Holder.PLATFORM], clock).post("/v1/agreements", body)
        with pytest.raises(SignatureError):
            both.verify(ring)
    assert verdict(as_platform, "key") == ("REFUSED", "NO_AGREEMENT", None)
