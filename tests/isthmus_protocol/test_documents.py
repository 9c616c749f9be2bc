"""A signed document shows what its issuer signed, in part or whole, and nothing else; offline."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from isthmus_protocol import disclosure, documents, status_list, verify
from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.documents import Claims, SignedDocument
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, encode_base64url

PLATFORM = SigningKey.generate(Holder.PLATFORM)
PARTY = SigningKey.generate(Holder.PARTY)
TRUST = Keyring([PLATFORM.public])
AT = datetime(2026, 6, 1, tzinfo=UTC)
URI = "https://isthmus.example/documents/status"
CLAIMS = Claims("trader", "0197-doc", 1, "380", AT, 7, URI)
DATA: JsonObject = {
    "number": "FPM-1",
    "buyer": {"name": "Hanseatische"},
    "total": {"value": "12.50", "currency": "USD"},
    "lines": [
        {"description": "A", "amount": "10.00"},
        {"description": "B", "amount": "2.50"},
    ],
    "containers": ["MCLU4200170"],
}


def signed(*, revoked: tuple[int, ...] = (), with_status: bool = True) -> SignedDocument:
    status = status_list.sign_list(PLATFORM, URI, AT, revoked, 16) if with_status else None
    return SignedDocument(
        documents.sign(PARTY, CLAIMS, DATA),
        documents.vouch(PLATFORM, "trader", PARTY.public, AT),
        (PLATFORM.public,),
        status,
    )


def showing(*fields: str) -> SignedDocument:
    whole = signed()
    return SignedDocument(disclosure.present(whole.token, fields), whole.issuer, whole.keys, whole.status)


def test_the_digest_of_a_disclosure_is_that_of_the_rfc() -> None:
    # RFC 9901 section 4.2.3.
    assert (
        disclosure.digest_of("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0")
        == "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0"
    )


def test_a_status_list_is_that_of_the_specification() -> None:
    # Token Status List, section 4: sixteen statuses of one bit, B9 A3.
    assert status_list.unpack("eNrbuRgAAhcBXQ") == bytes.fromhex("b9a3")
    revoked = [index for index in range(16) if (0xA3B9 >> index) & 1]
    assert status_list.unpack(status_list.pack(revoked, 16)) == bytes.fromhex("b9a3")


def test_a_document_shown_whole_says_all() -> None:
    claims, shown = documents.open_document(signed(), TRUST)
    assert (claims, shown.data, shown.hidden) == (CLAIMS, DATA, 0)


def test_the_bank_sees_the_amount_and_not_the_buyer() -> None:
    part = showing("total")
    _, shown = documents.open_document(part, TRUST)
    assert shown.data == {"total": {"value": "12.50", "currency": "USD"}}
    assert shown.hidden == 4
    assert encode_base64url(b"Hanse")[:6] not in part.token
    assert "Hanseatische" not in str(disclosure._by_digest(part.token.split("~")[1:-1]))


def test_a_member_of_each_line_can_be_shown_alone() -> None:
    _, shown = documents.open_document(showing("lines.amount"), TRUST)
    assert shown.data == {"lines": [{"amount": "10.00"}, {"amount": "2.50"}]}


def test_what_was_left_out_cannot_be_shown_again() -> None:
    part = showing("total").token
    assert disclosure.present(part, ["buyer", "total"]) == part
    assert disclosure.paths(part) == ["total"]


def test_nobody_can_add_a_disclosure() -> None:
    part = showing("total")
    forged = encode_base64url(canonical(["c2FsdA", "buyer", "Somebody else"]))
    token = part.token + forged + "~"
    with pytest.raises(SignatureError, match="not among what the issuer signed"):
        documents.open_document(SignedDocument(token, part.issuer, part.keys, part.status), TRUST)


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        "a.b.c~",
        signed().token + "W10~",
        signed().token + "!!~",
        signed().token[:-1],
        signed().token + signed().token.split("~")[1] + "~",
    ],
    ids=["empty", "bare", "no token", "no disclosure", "no base64url", "no tilde", "stranger"],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    whole = signed()
    with pytest.raises(SignatureError):
        documents.open_document(SignedDocument(token, whole.issuer, whole.keys, whole.status), TRUST)


def test_every_byte_of_the_file_counts() -> None:
    file = showing("total").to_bytes()
    for place in range(0, len(file), 7):
        changed = bytearray(file)
        changed[place] ^= 1
        verdict, said = documents.verify_document(bytes(changed), None)
        assert not verdict.passed, (place, file[place : place + 10])
        assert said is None


def test_another_partys_key_does_not_sign_for_the_issuer() -> None:
    whole = signed()
    vouched = documents.vouch(PLATFORM, "rival", PARTY.public, AT)
    with pytest.raises(SignatureError, match="another party's"):
        documents.open_document(SignedDocument(whole.token, vouched, whole.keys, whole.status), TRUST)


def test_a_platform_that_is_not_trusted_vouches_for_nobody() -> None:
    stranger = Keyring([SigningKey.generate(Holder.PLATFORM).public])
    verdict, _ = documents.verify_document(signed().to_bytes(), stranger)
    assert not verdict.passed


@pytest.mark.parametrize(
    ("document", "passes", "word"),
    [
        (signed(), True, "not revoked, as of 2026-06-01"),
        (signed(revoked=(7,)), False, "REVOKED by its issuer"),
        (signed(with_status=False), True, f"ask {URI}"),
    ],
    ids=["standing", "revoked", "unasked"],
)
def test_the_file_says_whether_it_was_revoked(document: SignedDocument, passes: bool, word: str) -> None:
    verdict, _ = documents.verify_document(document.to_bytes(), TRUST)
    assert verdict.passed is passes
    assert word in verdict.checks[-1].detail


def test_a_list_that_does_not_reach_to_the_document_clears_nothing() -> None:
    short = status_list.sign_list(PLATFORM, URI, AT, (), 1)
    with pytest.raises(SignatureError):
        status_list.open_list(short, TRUST).revoked(8)


def test_isthmus_verify_checks_a_document_offline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, trust = tmp_path / "invoice.json", tmp_path / "trust.json"
    trust.write_bytes(canonical(TRUST.to_json()))
    file.write_bytes(showing("total").to_bytes())
    assert verify.main([str(file), "--trust", str(trust)]) == 0
    said = capsys.readouterr().out
    assert 'total: {"currency":"USD","value":"12.50"}' in said
    assert "VERIFIED against the trusted keys." in said
    assert "Hanseatische" not in said
    file.write_bytes(signed(revoked=(7,)).to_bytes())
    assert verify.main([str(file), "--trust", str(trust)]) == 1
    assert "REVOKED" in capsys.readouterr().out
