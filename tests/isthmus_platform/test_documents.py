"""Documents are kept whole, encrypted, in versions that nobody changes, and given out whole or not at all."""

import hashlib
from io import BytesIO
from uuid import UUID

import psycopg
import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import ProgrammingError

from isthmus_platform import contents, documents, reading, uploads
from isthmus_platform.contents import DocumentChunk
from isthmus_platform.database import Duty, Platform, new_id
from isthmus_platform.documents import DocumentVersion, NoSuchDocument
from isthmus_platform.encryption import CHUNK, Corrupt
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted, TooLarge
from paperwork import LIMIT, Paperwork, open_paperwork

BODY = b"".join(hashlib.sha256(bytes([n])).digest() * 1600 for n in range(10))


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    return open_paperwork(platform)


def owners_documents(papers: Paperwork, shipment_id: UUID) -> list[documents.Document]:
    with papers.platform.begin(papers["trader"]) as work:
        return documents.of_shipments(work, [shipment_id])[shipment_id]


@pytest.mark.parametrize("size", [1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 7])
def test_what_is_stored_is_read_back_byte_for_byte(papers: Paperwork, size: int) -> None:
    papers.trade.ship()
    body = (BODY * (size // len(BODY) + 1))[:size]
    stored = papers.store(body)
    assert (stored.version.number, stored.version.size) == (1, size)
    assert stored.version.sha256 == hashlib.sha256(body).hexdigest()
    assert papers.read("trader", stored.document_id) == body


def test_a_document_says_what_it_is_and_of_which_shipment(papers: Paperwork) -> None:
    shipment_id = papers.trade.ship()
    papers.store(type_code="705")
    (document,) = owners_documents(papers, shipment_id)
    assert (document.type, document.type_name, document.title) == ("705", "Bill of lading", "Bill of lading")
    assert (document.shipment_reference, document.ucr) == ("KHH-HAM-1", "6TW24536806-1")


def test_nothing_stored_holds_a_piece_of_the_plaintext(papers: Paperwork, platform_url: str) -> None:
    papers.trade.ship()
    papers.store(b"bank account 0110-4577-8190-3 " * 100)
    with psycopg.connect(platform_url) as connection:
        stored = connection.execute("SELECT string_agg(ciphertext, '') FROM document_chunk").fetchone()
    assert stored is not None
    assert b"0110" not in stored[0]


def test_a_new_version_leaves_the_old_one_as_it_was(papers: Paperwork) -> None:
    papers.trade.ship()
    first = papers.store(b"first")
    second = papers.add_version(first.document_id, b"second")
    assert (second.document_id, second.version.number) == (first.document_id, 2)
    assert papers.read("trader", first.document_id, 1) == b"first"
    assert (
        papers.read("trader", first.document_id, 2) == papers.read("trader", first.document_id) == b"second"
    )
    with pytest.raises(NotFound, match="no such version"):
        papers.read("trader", first.document_id, 3)


def test_versions_and_chunks_are_changed_and_deleted_by_nobody(papers: Paperwork) -> None:
    papers.trade.ship()
    papers.store()
    for statement in (
        update(DocumentVersion).values(sha256="0" * 64),
        delete(DocumentVersion),
        update(DocumentChunk).values(ciphertext=b""),
        delete(DocumentChunk),
        text("UPDATE document SET title = 'other'"),
        text("DELETE FROM document"),
        text("UPDATE owner_key SET wrapped = ''"),
        text("DELETE FROM access_log_entry"),
        text("UPDATE access_log_entry SET reason = NULL"),
        text("UPDATE access_grant SET valid_until = now() + interval '9 years'"),
        text("DELETE FROM access_grant"),
        text("DELETE FROM custodian"),
    ):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            papers.platform.begin(papers["trader"]) as work,
        ):
            work.session.execute(statement)


def test_the_same_key_stores_once_and_refuses_another_body(papers: Paperwork) -> None:
    shipment_id = papers.trade.ship()
    first = papers.store(b"invoice", key="once")
    again = papers.store(b"invoice", key="once")
    assert (again.document_id, again.version.id, again.repeated) == (
        first.document_id,
        first.version.id,
        True,
    )
    with pytest.raises(Conflict) as refusal:
        papers.store(b"another invoice", key="once")
    assert refusal.value.code == "idempotency_key_reused"
    with pytest.raises(Conflict):
        papers.store(b"invoice", key="once", title="Another title")
    assert len(owners_documents(papers, shipment_id)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type_code": "999"}, "type"),
        ({"type_code": ""}, "type"),
        ({"title": " "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "two\nlines"}, "title"),
        ({"media_type": "text"}, "Content-Type"),
        ({"media_type": "text/html\r\nX-Evil: 1"}, "Content-Type"),
        ({"body": b""}, "body"),
    ],
)
def test_a_bad_description_is_refused_by_its_field(
    papers: Paperwork, changes: dict[str, object], field: str
) -> None:
    shipment_id = papers.trade.ship()
    with pytest.raises(InvalidInput) as refusal:
        papers.store(**changes)  # type: ignore[arg-type]
    assert refusal.value.field == field
    assert owners_documents(papers, shipment_id) == []


def test_a_body_over_the_limit_is_refused_as_soon_as_it_is_over(papers: Paperwork) -> None:
    papers.trade.ship()
    with papers.platform.begin(papers["trader"]) as work:
        upload = uploads.begin_upload(
            work, papers.vault, "KHH-HAM-1", type_code="380", title=None, media_type="a/b"
        )
    asked = 0

    def endless(size: int) -> bytes:
        nonlocal asked
        asked += size
        return bytes(size)

    with pytest.raises(TooLarge), upload.receive(endless, LIMIT):
        pytest.fail("received")
    assert asked <= LIMIT + 2 * CHUNK


def test_an_agent_stores_under_a_delegation_and_not_without(papers: Paperwork) -> None:
    shipment_id = papers.trade.ship()
    with pytest.raises(NotFound):
        papers.store(by="forwarder")
    papers.trade.delegate()
    stored = papers.store(by="forwarder")
    assert papers.read("trader", stored.document_id) == b"an invoice"
    assert [document.created_by for document in owners_documents(papers, shipment_id)] == [
        papers["forwarder"].party_id
    ]


def test_a_delegation_that_ends_while_the_body_comes_in_stores_nothing(papers: Paperwork) -> None:
    shipment_id = papers.trade.ship()
    papers.trade.delegate(minutes=5)
    with papers.platform.begin(papers["forwarder"]) as work:
        upload = uploads.begin_upload(
            work, papers.vault, "KHH-HAM-1", type_code="380", title=None, media_type="a/b"
        )
    with upload.receive(BytesIO(b"invoice").read, LIMIT) as received:
        papers.platform.clock.advance(minutes=6)  # type: ignore[attr-defined]
        with pytest.raises(NotPermitted), papers.platform.begin(papers["forwarder"]) as work:
            uploads.store(work, upload, received, idempotency_key="late")
    assert owners_documents(papers, shipment_id) == []


@pytest.mark.parametrize("by", ["stranger", "operator", "authority", "bank", "forwarder", "rival"])
def test_another_partys_shipment_and_document_are_not_there(papers: Paperwork, by: str) -> None:
    shipment_id = papers.trade.ship()
    stored = papers.store()
    with pytest.raises(NotFound):
        papers.store(by=by)
    with pytest.raises(NoSuchDocument):
        papers.add_version(stored.document_id, b"forged", by=by)
    with pytest.raises(NoSuchDocument):
        papers.read(by, stored.document_id)
    with papers.platform.begin(papers[by]) as work:
        assert documents.of_shipments(work, [shipment_id]) == {shipment_id: []}
        assert documents.get_many(work, [stored.document_id]) == {}
        assert documents.own(work, [stored.document_id]) == []
        assert documents.versions(work, [stored.document_id]) == {stored.document_id: []}
        assert documents.by_ucr(work, "6TW24536806-1") == []
    assert len(owners_documents(papers, shipment_id)) == 1


def test_the_carrier_sees_the_shipment_and_none_of_its_documents(papers: Paperwork) -> None:
    papers.trade.ship()
    stored = papers.store()
    with pytest.raises(NoSuchDocument):
        papers.read("carrier", stored.document_id)
    with pytest.raises(NotPermitted):
        papers.store(by="carrier")


@pytest.mark.parametrize("duty", ["outbox", "metering", "billing", "sign-in", "bridge-inbox", "refusal"])
def test_no_duty_of_the_platform_opens_a_document(papers: Paperwork, duty: str) -> None:
    papers.trade.ship()
    papers.store()
    with papers.platform.begin(Duty(duty)) as work:
        for table in ("document", "document_version", "document_chunk", "owner_key"):
            assert work.session.scalar(text(f"SELECT count(*) FROM {table}")) == 0


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE document_chunk SET ciphertext = set_byte(ciphertext, 5, 1 # get_byte(ciphertext, 5))",
        "DELETE FROM document_chunk WHERE number = {last}",
        "UPDATE document_chunk SET number = 901 - number; UPDATE document_chunk SET number = number - 900",
        "DELETE FROM document_chunk WHERE number = {last};UPDATE document_version SET chunks = {last}",
        "UPDATE document_version SET sha256 = repeat('0', 64)",
        "UPDATE owner_key SET wrapped = set_byte(wrapped, 20, get_byte(wrapped, 20) # 1)",
        "DELETE FROM owner_key",
    ],
)
def test_what_was_tampered_with_is_never_given_out_as_whole(
    papers: Paperwork, platform_url: str, harm: str
) -> None:
    papers.trade.ship()
    stored = papers.store(BODY)
    with psycopg.connect(platform_url) as connection:
        for statement in harm.format(last=stored.version.chunks - 1).split(";"):
            connection.execute(statement.encode())
    received = bytearray()

    def download() -> None:
        with papers.platform.begin(papers["trader"]) as work:
            opened = reading.open_contents(work, papers.vault, stored.document_id)
        for piece in contents.contents(papers.platform, papers["trader"], opened.version, opened.key):
            received.extend(piece)

    with pytest.raises(Corrupt):
        download()
    assert len(received) < len(BODY)
    assert BODY.startswith(bytes(received))


def test_a_document_that_does_not_exist_is_not_there(papers: Paperwork) -> None:
    with pytest.raises(NoSuchDocument):
        papers.read("trader", new_id())
    assert papers.log() == []
