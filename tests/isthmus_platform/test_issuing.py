"""Papers are issued signed and kept encrypted; a reader gets the fields that are open to it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from isthmus_platform import documents, emergencies, grants, parties, passing_on, reading
from isthmus_platform.contents import DocumentChunk
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.papers import issuing, plain
from isthmus_platform.papers.signing import Desk
from isthmus_platform.passing_on import Passing
from isthmus_protocol import documents as files
from isthmus_protocol import status_list
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from papers_of_trade import INVOICE, PACKING_LIST
from paperwork import Paperwork, open_paperwork
from trade import DRAFT

KEY = SigningKey.generate(Holder.PLATFORM)
TRUST = Keyring([KEY.public])
DESK = Desk(Vault(b"k" * 32), KEY, "https://isthmus.example")
BASIS = "Regulation (EU) No 952/2013, Article 15"


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    opened = open_paperwork(platform)
    with platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "customs", "Customs", "DE", [PartyRole.AUTHORITY])
        opened.trade.actors["customs"] = parties.actor_of(party, "client:customs")
    opened.trade.ship()
    return opened


def issued(papers: Paperwork, by: str = "trader", **changes: Any) -> UUID:
    with papers.platform.begin(papers[by]) as work:
        return issuing.issue(work, DESK, DRAFT.reference, replace(INVOICE, **changes)).document_id


def said(papers: Paperwork, by: str, document_id: UUID) -> dict[str, Any]:
    with papers.platform.begin(papers[by]) as work:
        return issuing.said(work, DESK.vault, [documents.get(work, document_id)])[document_id].data


def test_an_issued_paper_says_what_was_issued(papers: Paperwork) -> None:
    document_id = issued(papers)
    assert plain.paper("380", said(papers, "trader", document_id)) == INVOICE


def test_its_file_verifies_offline_with_its_issuer(papers: Paperwork) -> None:
    document_id = issued(papers)
    with papers.platform.begin(papers["trader"]) as work:
        file = issuing.signed_file(work, DESK, document_id)
    verdict, data = files.verify_document(file, TRUST)
    assert verdict.passed, verdict
    assert data == plain.to_json(INVOICE)
    claims, _ = files.open_document(files.SignedDocument.from_bytes(file), TRUST)
    assert (claims.issuer, claims.type, claims.version) == ("trader", "380", 1)


def test_one_party_signs_with_one_key(papers: Paperwork) -> None:
    rows = [issued(papers), issued(papers)]
    with papers.platform.begin(papers["trader"]) as work:
        found = issuing.said(work, DESK.vault, [documents.get(work, each) for each in rows])
    assert len({each.issued.kid for each in found.values()}) == 1
    assert [each.issued.status_index for each in found.values()] == [0, 1]


def test_a_new_version_revokes_the_one_before(papers: Paperwork) -> None:
    document_id = issued(papers)
    with papers.platform.begin(papers["trader"]) as work:
        old = issuing.signed_file(work, DESK, document_id)
        issuing.issue_again(work, DESK, document_id, replace(INVOICE, number="FPM-2"))
    assert said(papers, "trader", document_id)["number"] == "FPM-2"
    token = issuing.status_list(papers.platform, DESK)
    listed = status_list.open_list(token, TRUST)
    assert (listed.revoked(0), listed.revoked(1)) == (True, False)
    again = replace(files.SignedDocument.from_bytes(old), status=token)
    assert not files.verify_document(again.to_bytes(), TRUST)[0].passed


def test_a_document_keeps_its_type(papers: Paperwork) -> None:
    document_id = issued(papers)
    with pytest.raises(Conflict), papers.platform.begin(papers["trader"]) as work:
        issuing.issue_again(work, DESK, document_id, PACKING_LIST)


def test_only_its_owner_revokes_a_document(papers: Paperwork) -> None:
    document_id = issued(papers)
    papers.grant(document_id)
    with pytest.raises(NotFound), papers.platform.begin(papers["bank"]) as work:
        issuing.revoke(work, document_id)
    assert not status_list.open_list(issuing.status_list(papers.platform, DESK), TRUST).revoked(0)


def test_nobody_without_a_grant_reads_it(papers: Paperwork) -> None:
    document_id = issued(papers)
    with pytest.raises(NoSuchDocument):
        said(papers, "bank", document_id)


def test_a_bank_is_shown_the_total_and_not_the_buyer(papers: Paperwork) -> None:
    document_id = issued(papers)
    papers.grant(document_id, fields=("total", "lines.amount"))
    assert said(papers, "bank", document_id) == {
        "total": {"value": "50000000.00", "currency": "USD"},
        "lines": [{"amount": {"value": "50000000.00", "currency": "USD"}}],
    }
    with papers.platform.begin(papers["bank"]) as work:
        file = issuing.signed_file(work, DESK, document_id, ["buyer", "total"])
    assert files.verify_document(file, TRUST)[1] == {"total": {"value": "50000000.00", "currency": "USD"}}
    assert [(entry.action, entry.outcome) for entry in papers.log()] == [("CONTENT", "ALLOWED")] * 2


def test_a_grant_of_fields_does_not_open_the_contents(papers: Paperwork) -> None:
    document_id = issued(papers)
    papers.grant(document_id, fields=("total",))
    with pytest.raises(reading.FieldsOnly):
        papers.read("bank", document_id)
    assert [(entry.action, entry.reason) for entry in papers.log()] == [("CONTENT", "fields_only")]


def test_two_grants_open_what_either_does(papers: Paperwork) -> None:
    document_id = issued(papers)
    papers.grant(document_id, fields=("total",))
    whole = papers.grant(document_id)
    assert "buyer" in said(papers, "bank", document_id)
    papers.revoke(whole)
    assert list(said(papers, "bank", document_id)) == ["total"]


@pytest.mark.parametrize("fields", [(), ("",), ("total/value",), ("a.b.c",), ("_sd",)])
def test_a_grant_names_fields(papers: Paperwork, fields: tuple[str, ...]) -> None:
    document_id = issued(papers)
    with pytest.raises(InvalidInput) as refused:
        papers.grant(document_id, fields=fields)
    assert refused.value.field == "fields"


def passed_on(papers: Paperwork, by: str, grant: grants.AccessGrant, **changes: Any) -> grants.AccessGrant:
    draft: dict[str, Any] = {"grant": grant.id, "reader": "insurer", "valid_until": grant.valid_until}
    with papers.platform.begin(papers[by]) as work:
        return passing_on.pass_on(work, Passing(**{**draft, **changes}))


def test_a_grant_is_passed_on_narrower_and_ends_with_its_own(papers: Paperwork) -> None:
    document_id = issued(papers)
    first = papers.grant(document_id, fields=("total", "currency"))
    second = passed_on(papers, "bank", first, fields=("total.value", "currency"))
    third = passed_on(papers, "insurer", second, reader="other-bank", fields=("currency",))
    assert said(papers, "other-bank", document_id) == {"currency": "USD"}
    assert [third.party_id, third.created_by] == [papers["trader"].party_id, papers["insurer"].party_id]
    papers.revoke(first)
    for reader in ("bank", "insurer", "other-bank"):
        with pytest.raises(NoSuchDocument):
            said(papers, reader, document_id)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fields": ("total", "buyer")}, "wider"),
        ({"fields": None}, "wider"),
        ({"reader": "trader"}, "own_party"),
        ({"reader": "customs"}, "role_not_permitted"),
        ({"reader": "bank"}, "own_party"),
    ],
    ids=["fields", "all fields", "owner", "authority", "oneself"],
)
def test_nothing_wider_is_passed_on(papers: Paperwork, changes: dict[str, Any], code: str) -> None:
    document_id = issued(papers)
    grant = papers.grant(document_id, fields=("total",))
    with pytest.raises(InvalidInput) as refused:
        passed_on(papers, "bank", grant, **{"fields": ("total",), **changes})
    assert refused.value.code == code


def test_it_is_not_passed_on_for_longer_nor_by_another(papers: Paperwork) -> None:
    document_id = issued(papers)
    grant = papers.grant(document_id, fields=("total",))
    later = grant.valid_until + timedelta(days=1)
    with pytest.raises(InvalidInput, match="no longer"):
        passed_on(papers, "bank", grant, fields=("total",), valid_until=later)
    with pytest.raises(NotFound):
        passed_on(papers, "other-bank", grant, fields=("total",))
    papers.revoke(grant)
    with pytest.raises(NotFound):
        passed_on(papers, "bank", grant, fields=("total",))


def test_who_passed_a_grant_on_takes_it_back(papers: Paperwork) -> None:
    document_id = issued(papers)
    grant = papers.grant(document_id)
    passed = passed_on(papers, "bank", grant, fields=("total",))
    with papers.platform.begin(papers["bank"]) as work:
        passing_on.take_back(work, passed.id)
    with pytest.raises(NoSuchDocument):
        said(papers, "insurer", document_id)
    assert said(papers, "bank", document_id)["number"] == INVOICE.number


def broken(papers: Paperwork, by: str = "customs", **changes: str) -> None:
    given = {"legal_basis": BASIS, "reason": "Suspected undervaluation of the goods", **changes}
    with papers.platform.begin(papers[by]) as work:
        emergencies.break_glass(work, DRAFT.ucr, **given)


def test_an_authority_breaks_the_glass_and_the_owner_sees_it(papers: Paperwork) -> None:
    document_id = issued(papers)
    with pytest.raises(NoSuchDocument):
        said(papers, "customs", document_id)
    broken(papers)
    assert said(papers, "customs", document_id)["number"] == INVOICE.number
    assert [(entry.action, entry.purpose) for entry in papers.log()] == [
        ("BREAK_GLASS", BASIS),
        ("CONTENT", BASIS),
    ]


def test_the_glass_is_whole_again_after_a_day(papers: Paperwork, clock: Any) -> None:
    document_id = issued(papers)
    broken(papers)
    clock.now += emergencies.LASTS
    with pytest.raises(NoSuchDocument):
        said(papers, "customs", document_id)


@pytest.mark.parametrize("by", ["trader", "bank", "carrier", "forwarder"])
def test_nobody_else_breaks_the_glass(papers: Paperwork, by: str) -> None:
    with pytest.raises(NotPermitted):
        broken(papers, by)
    assert papers.log() == []


@pytest.mark.parametrize(("field", "name"), [("legal_basis", "legalBasis"), ("reason", "reason")])
def test_the_glass_is_broken_on_a_legal_basis_and_for_a_reason(
    papers: Paperwork, field: str, name: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        broken(papers, **{field: " "})
    assert refused.value.field == name
    assert papers.log() == []


def test_no_contents_are_in_the_database_in_plain(papers: Paperwork) -> None:
    issued(papers)
    with papers.platform.begin(papers["trader"]) as work:
        (chunk,) = work.session.scalars(select(DocumentChunk.ciphertext)).all()
    assert len(chunk) > 1000
    assert not any(word in chunk for word in (b"Formosa", b"eyJ", b"isthmus-document"))
