"""A grant opens what it names, to whom it names, until it ends or is revoked; its owner sees each read."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from isthmus_platform import access_log, contents, documents, grants, reading, shipments
from isthmus_platform.access_log import Access, Action
from isthmus_platform.database import Duty, Platform, new_id
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.encryption import Corrupt
from isthmus_platform.errors import InvalidInput, NotFound
from isthmus_platform.grants import AccessGrant, GrantedDocument
from isthmus_platform.outbox import OutboxMessage
from paperwork import Paperwork, open_paperwork
from standing import StandingClock


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    return open_paperwork(platform)


@pytest.fixture
def shipment_id(papers: Paperwork) -> UUID:
    return papers.trade.ship()


@pytest.fixture
def invoice(papers: Paperwork, shipment_id: UUID) -> UUID:
    return papers.store(b"invoice").document_id


def grants_on_record(papers: Paperwork, owner: str = "trader") -> int:
    with papers.platform.begin(papers[owner]) as work:
        return len(grants.page(work))


def forged_grant(papers: Paperwork, shipment_id: UUID | None = None) -> AccessGrant:
    """Return a grant of the stranger's to the bank, made past the service's checks."""
    now = papers.platform.clock()
    return AccessGrant(
        id=new_id(),
        party_id=papers["stranger"].party_id,
        reader_id=papers["bank"].party_id,
        shipment_id=shipment_id,
        purpose="CUSTOMS",
        valid_until=now + timedelta(days=1),
        created_by=papers["stranger"].party_id,
        created_at=now,
    )


def announced(papers: Paperwork, name: str) -> list[tuple[UUID, dict[str, object]]]:
    with papers.platform.begin(Duty("outbox")) as work:
        messages = work.session.scalars(select(OutboxMessage).where(OutboxMessage.topic == "domain-event"))
        return [(each.party_id, each.payload["about"]) for each in messages if each.payload["name"] == name]


def test_a_reader_reads_what_it_was_granted_and_nothing_else(papers: Paperwork, invoice: UUID) -> None:
    packing_list = papers.store(b"packing list", type_code="271").document_id
    papers.grant(invoice)
    assert papers.read("bank", invoice) == b"invoice"
    with pytest.raises(NoSuchDocument):
        papers.read("bank", packing_list)
    with pytest.raises(NoSuchDocument):
        papers.read("other-bank", invoice)
    with papers.platform.begin(papers["bank"]) as work:
        assert documents.get(work, invoice).shipment_reference == "KHH-HAM-1"
        with pytest.raises(NotFound):
            shipments.by_reference(work, "KHH-HAM-1")


def test_a_grant_of_a_shipment_opens_it_with_all_its_documents_and_later_ones(
    papers: Paperwork, shipment_id: UUID, invoice: UUID
) -> None:
    papers.grant(shipment=shipment_id)
    later = papers.store(b"later").document_id
    assert papers.read("bank", invoice) == b"invoice"
    assert papers.read("bank", later) == b"later"
    with papers.platform.begin(papers["bank"]) as work:
        assert shipments.by_reference(work, "KHH-HAM-1").id == shipment_id
        assert shipments.commercial_terms(work, shipment_id) is None, "terms of payment stay the owner's"


def test_every_version_of_a_granted_document_is_open(papers: Paperwork, invoice: UUID) -> None:
    papers.grant(invoice)
    papers.add_version(invoice, b"corrected")
    assert papers.read("bank", invoice) == b"corrected"
    assert papers.read("bank", invoice, 1) == b"invoice"


def test_revocation_holds_from_the_next_read(papers: Paperwork, invoice: UUID) -> None:
    grant = papers.grant(invoice)
    assert papers.read("bank", invoice) == b"invoice"
    assert papers.revoke(grant).revoked_at == papers.platform.clock()
    with pytest.raises(NoSuchDocument):
        papers.read("bank", invoice)
    assert papers.log()[-1].reason == "revoked"


def test_a_download_that_is_under_way_stops_when_the_grant_is_revoked(
    papers: Paperwork, invoice: UUID
) -> None:
    long = papers.store(bytes(3_000_000)).document_id
    grant = papers.grant(long)
    with papers.platform.begin(papers["bank"]) as work:
        opened = reading.open_contents(work, papers.vault, long)
    stream = contents.contents(papers.platform, papers["bank"], opened.version, opened.key)
    next(stream)
    papers.revoke(grant)
    with pytest.raises(Corrupt):
        list(stream)


def test_revoking_again_changes_nothing(papers: Paperwork, invoice: UUID, clock: StandingClock) -> None:
    grant = papers.grant(invoice)
    first = papers.revoke(grant)
    clock.advance(hours=1)
    assert papers.revoke(grant).revoked_at == first.revoked_at


def test_a_grant_ends_by_itself(papers: Paperwork, invoice: UUID, clock: StandingClock) -> None:
    papers.grant(invoice, valid_until=clock() + timedelta(hours=1))
    clock.advance(minutes=59)
    assert papers.read("bank", invoice) == b"invoice"
    clock.advance(minutes=1)
    with pytest.raises(NoSuchDocument):
        papers.read("bank", invoice)
    assert papers.log()[-1].reason == "expired"


def test_an_agent_grants_and_revokes_for_its_principal(papers: Paperwork, invoice: UUID) -> None:
    papers.trade.delegate()
    grant = papers.grant(invoice, by="forwarder")
    assert (grant.party_id, grant.created_by) == (papers["trader"].party_id, papers["forwarder"].party_id)
    assert papers.read("bank", invoice) == b"invoice"
    papers.revoke(grant, by="forwarder")
    with pytest.raises(NoSuchDocument):
        papers.read("bank", invoice)


@pytest.mark.parametrize("by", ["stranger", "forwarder", "carrier", "operator", "authority", "bank"])
def test_nobody_else_grants_or_revokes(papers: Paperwork, shipment_id: UUID, invoice: UUID, by: str) -> None:
    grant = papers.grant(invoice, reader="bank")
    reader = "insurer"
    with pytest.raises(NotFound):
        papers.grant(invoice, by=by, reader=reader)
    with pytest.raises(NotFound):
        papers.grant(shipment=shipment_id, by=by, reader=reader)
    with pytest.raises(NotFound):
        papers.revoke(grant, by=by)
    assert grants_on_record(papers) == 1
    assert papers.read("bank", invoice) == b"invoice"


def test_a_reader_of_a_whole_shipment_cannot_pass_it_on(
    papers: Paperwork, shipment_id: UUID, invoice: UUID
) -> None:
    papers.grant(shipment=shipment_id)
    with pytest.raises(NotFound):
        papers.grant(shipment=shipment_id, by="bank", reader="insurer")
    with pytest.raises(NotFound):
        papers.grant(invoice, by="bank", reader="insurer")


def test_the_database_itself_refuses_a_grant_over_anothers_document(papers: Paperwork, invoice: UUID) -> None:
    def forge(party_id: UUID) -> None:
        with papers.platform.begin(papers["stranger"]) as work:
            grant = forged_grant(papers)
            work.session.add(grant)
            work.session.flush()
            work.session.add(GrantedDocument(grant_id=grant.id, document_id=invoice, party_id=party_id))

    for owner in ("stranger", "trader"):
        with pytest.raises(DBAPIError):
            forge(papers[owner].party_id)


def test_a_grant_of_anothers_shipment_would_open_nothing(
    papers: Paperwork, shipment_id: UUID, invoice: UUID
) -> None:
    with papers.platform.begin(papers["stranger"]) as work:
        work.session.add(forged_grant(papers, shipment_id))
    with papers.platform.begin(papers["bank"]) as work:
        assert shipments.get_many(work, [shipment_id]) == {}
        assert documents.get_many(work, [invoice]) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reader": "trader"}, "reader"),
        ({"reader": "operator"}, "reader"),
        ({"reader": "authority"}, "reader"),
        ({"purpose": "CURIOSITY"}, "purpose"),
        ({"valid_until": timedelta(0)}, "validUntil"),
        ({"valid_until": timedelta(days=-1)}, "validUntil"),
        ({"valid_until": timedelta(days=367)}, "validUntil"),
        ({"documents": ()}, "documents"),
    ],
)
def test_a_grant_that_breaks_a_rule_is_refused_by_its_field(
    papers: Paperwork, invoice: UUID, changes: dict[str, Any], field: str
) -> None:
    if isinstance(after := changes.get("valid_until"), timedelta):
        changes = {**changes, "valid_until": papers.platform.clock() + after}
    with pytest.raises(InvalidInput) as refusal:
        papers.grant(invoice, **changes)
    assert refusal.value.field == field
    assert grants_on_record(papers) == 0


def test_an_unknown_reader_is_refused(papers: Paperwork, invoice: UUID) -> None:
    with pytest.raises(NotFound) as refusal:
        papers.grant(invoice, reader="nobody")
    assert (refusal.value.field, refusal.value.code) == ("reader", "unknown_party")


def test_documents_of_several_owners_are_not_granted_together(papers: Paperwork, invoice: UUID) -> None:
    papers.trade.ship("stranger", reference="OTHER", ucr="6TW24536806-2")
    other = papers.store(by="stranger", reference="OTHER").document_id
    papers.trade.delegate("trader")
    papers.trade.delegate("stranger")
    with pytest.raises(InvalidInput) as refusal:
        papers.grant(invoice, other, by="forwarder")
    assert refusal.value.code == "several_owners"


def test_the_owner_sees_every_read_by_another_and_each_refusal(papers: Paperwork, invoice: UUID) -> None:
    grant = papers.grant(invoice)
    papers.read("trader", invoice)
    papers.read("bank", invoice)
    with papers.platform.begin(papers["bank"]) as work:
        reading.look(work, invoice)
    papers.trade.delegate()
    papers.read("forwarder", invoice)
    for by in ("carrier", "operator", "authority"):
        with pytest.raises(NoSuchDocument):
            papers.read(by, invoice)
    names = {actor.party_id: name for name, actor in papers.trade.actors.items()}
    told = [
        (names[each.reader_id], each.action, each.outcome, each.reason, each.purpose, each.grant_id)
        for each in papers.log()
    ]
    assert told == [
        ("bank", "CONTENT", "ALLOWED", None, "TRADE_FINANCE", grant.id),
        ("bank", "METADATA", "ALLOWED", None, "TRADE_FINANCE", grant.id),
        ("forwarder", "CONTENT", "ALLOWED", None, None, None),
        ("carrier", "CONTENT", "REFUSED", "no_grant", None, None),
        ("operator", "CONTENT", "REFUSED", "no_grant", None, None),
        ("authority", "CONTENT", "REFUSED", "no_grant", None, None),
    ]
    assert {each.document_id for each in papers.log()} == {invoice}


def test_the_log_is_the_owners_alone(papers: Paperwork, invoice: UUID) -> None:
    papers.trade.delegate()
    papers.grant(invoice)
    papers.read("bank", invoice)
    for reader in papers.trade.actors:
        assert len(papers.log(reader)) == (1 if reader == "trader" else 0)
    with papers.platform.begin(papers["bank"]) as work:
        assert work.session.scalar(text("SELECT count(*) FROM access_log_entry")) == 0


def test_a_reader_cannot_write_another_reader_into_the_log(papers: Paperwork) -> None:
    with pytest.raises(DBAPIError, match="row-level security"), papers.platform.begin(papers["bank"]) as work:
        access_log.record(
            work,
            Access(papers["trader"].party_id, papers["insurer"].party_id, Action.CONTENT),
        )


def test_reading_contents_is_announced_for_readers_other_than_the_owner(
    papers: Paperwork, invoice: UUID
) -> None:
    papers.grant(invoice)
    papers.read("trader", invoice)
    papers.read("bank", invoice)
    ((party_id, about),) = announced(papers, "document.read")
    assert (party_id, about["document"]) == (papers["bank"].party_id, str(invoice))
    ((party_id, about),) = announced(papers, "document.stored")
    assert (party_id, about["document"]) == (papers["trader"].party_id, str(invoice))


def test_grants_of_a_document_are_its_owners_to_see(
    papers: Paperwork, shipment_id: UUID, invoice: UUID
) -> None:
    named = papers.grant(invoice)
    whole = papers.grant(shipment=shipment_id, reader="insurer")
    for reader, seen in {"trader": [whole.id, named.id], "bank": [], "insurer": []}.items():
        with papers.platform.begin(papers[reader]) as work:
            found = documents.get(work, invoice)
            assert [each.id for each in grants.of_documents(work, [found])[invoice]] == seen
    with papers.platform.begin(papers["bank"]) as work:
        assert [each.id for each in grants.page(work)] == [named.id]
        assert [each.id for each in grants.documents_of(work, [named.id])[named.id]] == [invoice]
        with pytest.raises(NotFound):
            grants.get(work, whole.id)
