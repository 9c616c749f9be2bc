"""An agreement counts only when operator and authority both signed exactly this text."""

from dataclasses import replace
from typing import Any

import pytest

from agreed import KEYRING, KEYS, NOW, agreement, signed
from isthmus_protocol import statements
from isthmus_protocol.agreements import (
    AGREEMENT_TYP,
    Agreement,
    Field,
    SignedAgreement,
    Suspension,
    Transform,
    open_suspension,
    sign_agreement,
    sign_suspension,
)
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.shapes import MalformedMessage

DOCUMENT = agreement("/ucr", "/goods/hsCode")
OPERATORS = sign_agreement(KEYS[Holder.OPERATOR], DOCUMENT)
AUTHORITYS = sign_agreement(KEYS[Holder.AUTHORITY], DOCUMENT)


def test_both_signatures_make_it_count() -> None:
    signed(DOCUMENT).verify(KEYRING)
    SignedAgreement(DOCUMENT, (AUTHORITYS, OPERATORS)).verify(KEYRING)


@pytest.mark.parametrize(
    "signatures",
    [
        (),
        (OPERATORS,),
        (AUTHORITYS,),
        (OPERATORS, OPERATORS),
        (AUTHORITYS, AUTHORITYS),
        (OPERATORS, AUTHORITYS, OPERATORS),
        (OPERATORS, sign_agreement(KEYS[Holder.BRIDGE], DOCUMENT)),
        (OPERATORS, sign_agreement(SigningKey.generate(Holder.AUTHORITY), DOCUMENT)),
        (OPERATORS, sign_agreement(KEYS[Holder.AUTHORITY], replace(DOCUMENT, version=2))),
        (OPERATORS, statements.sign(KEYS[Holder.AUTHORITY], {"agreement": DOCUMENT.digest}, AGREEMENT_TYP)),
        (OPERATORS, "not.a.token"),
    ],
)
def test_anything_less_or_else_does_not_count(signatures: tuple[str, ...]) -> None:
    with pytest.raises(SignatureError):
        SignedAgreement(DOCUMENT, signatures).verify(KEYRING)


def test_two_keys_of_one_party_are_not_two_parties() -> None:
    second = SigningKey.generate(Holder.OPERATOR)
    ring = Keyring([*KEYRING, second.public])
    with pytest.raises(SignatureError, match="one of the authority"):
        SignedAgreement(DOCUMENT, (OPERATORS, sign_agreement(second, DOCUMENT))).verify(ring)


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": (Field("/ucr"), Field("/goods/hsCode"), Field("/invoice/bankAccount"))},
        {"fields": (Field("/ucr", Transform.DIGEST), Field("/goods/hsCode"))},
        {"consent_required": True},
        {"purpose": "TRADE_FINANCE"},
        {"rate_per_hour": 101},
        {"title": "Export declarations "},
    ],
)
def test_a_text_that_was_changed_after_signing_does_not_count(changes: dict[str, Any]) -> None:
    with pytest.raises(SignatureError, match="another agreement"):
        SignedAgreement(replace(DOCUMENT, **changes), (OPERATORS, AUTHORITYS)).verify(KEYRING)


def test_a_document_is_read_back_as_it_was_written() -> None:
    masked = agreement(fields=(Field("/a", Transform.MASK, 4), Field("/b", Transform.ROUND, 100)))
    for document in (DOCUMENT, masked, agreement()):
        assert Agreement.from_json(document.to_json()) == document
        assert Agreement.from_json(document.to_json()).digest == document.digest
    assert SignedAgreement.from_json(signed(DOCUMENT).to_json()) == signed(DOCUMENT)


def test_a_member_that_is_missing_is_named() -> None:
    for member in DOCUMENT.to_json():
        document = DOCUMENT.to_json()
        del document[member]
        with pytest.raises(MalformedMessage) as refusal:
            Agreement.from_json(document)
        assert refusal.value.field == f"/{member}"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"surprise": 1}, "/surprise"),
        ({"version": 0}, "/version"),
        ({"version": True}, "/version"),
        ({"direction": "SIDEWAYS"}, "/direction"),
        ({"audience": ["EVERYBODY"]}, "/audience/0"),
        ({"audience": ["BANK", "BANK"]}, "/audience"),
        ({"fields": ["/ucr"]}, "/fields/0"),
        ({"fields": [{"path": "/*", "transform": "keep"}]}, "/fields/0/path"),
        ({"fields": [{"path": "/a", "transform": "copy"}]}, "/fields/0/transform"),
        ({"fields": [{"path": "/a", "transform": "mask"}]}, "/fields/0/argument"),
        ({"fields": [{"path": "/a", "transform": "keep", "argument": 1}]}, "/fields/0/argument"),
        ({"fields": [{"path": "/a", "transform": "round", "argument": 0}]}, "/fields/0/argument"),
        ({"fields": [{"path": "/a", "transform": "keep", "more": 1}]}, "/fields/0/more"),
        ({"validFrom": "2026-01-01"}, "/validFrom"),
        ({"validFrom": "2026-01-01T00:00:00+00:00"}, "/validFrom"),
        ({"validFrom": "2026-13-01T00:00:00Z"}, "/validFrom"),
        ({"validUntil": "2025-01-01T00:00:00Z"}, "/validUntil"),
        ({"consentRequired": "false"}, "/consentRequired"),
        ({"legalBasis": "law"}, "/legalBasis"),
        ({"legalBasis": {"citation": "a", "text": "b", "more": 1}}, "/legalBasis/more"),
        ({"message": "lower case"}, "/message"),
        ({"id": "with space"}, "/id"),
        ({"title": "two\nlines"}, "/title"),
        ({"ratePerHour": "100"}, "/ratePerHour"),
    ],
)
def test_a_document_that_breaks_a_rule_is_refused_by_its_place(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(MalformedMessage) as refusal:
        Agreement.from_json(DOCUMENT.to_json() | changes)
    assert refusal.value.field == field


@pytest.mark.parametrize("holder", [Holder.OPERATOR, Holder.AUTHORITY])
@pytest.mark.parametrize("version", [None, 1])
def test_either_party_alone_can_suspend(holder: Holder, version: int | None) -> None:
    suspension = Suspension(DOCUMENT.id, version, "Under review.", NOW)
    assert open_suspension(sign_suspension(KEYS[holder], suspension), KEYRING) == (suspension, holder)


@pytest.mark.parametrize("holder", [Holder.BRIDGE, Holder.PLATFORM, Holder.WINDOW, Holder.LOG])
def test_nobody_else_can_suspend(holder: Holder) -> None:
    token = sign_suspension(KEYS[holder], Suspension(DOCUMENT.id, None, "x", NOW))
    with pytest.raises(SignatureError, match="may not sign"):
        open_suspension(token, KEYRING)


def test_an_agreements_signature_is_not_a_suspension() -> None:
    with pytest.raises(SignatureError, match="another type"):
        open_suspension(OPERATORS, KEYRING)
