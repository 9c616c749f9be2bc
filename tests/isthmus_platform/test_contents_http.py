"""Contents are given out in part when asked, and a full disk says so and keeps nothing half-written."""

import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from border import web_of
from isthmus_platform import documents
from isthmus_platform.contents import DocumentChunk
from isthmus_platform.database import Platform
from isthmus_platform.encryption import CHUNK
from isthmus_platform.http import documents as documents_http
from paperwork import LIMIT, Paperwork, open_paperwork
from trade import DRAFT

BODY = bytes(range(256)) * (5 * CHUNK // 256) + b"end"
SIZE = len(BODY)


class Web:
    def __init__(self, papers: Paperwork) -> None:
        self.papers = papers
        app, authenticate = web_of(papers)
        app.register_blueprint(
            documents_http.blueprint(papers.platform, papers.vault, authenticate, limit=LIMIT)
        )
        self.client: FlaskClient = app.test_client()

    def get(
        self, document_id: UUID, asked: str | None = None, by: str = "trader", **more: str
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {by}", **({} if asked is None else {"Range": asked}), **more}
        return self.client.get(f"/documents/{document_id}/content", headers=headers)

    def post(self, body: bytes, key: str = "k") -> TestResponse:
        return self.client.post(
            f"/shipments/{DRAFT.reference}/documents?type=380",
            data=body,
            headers={
                "Authorization": "Bearer trader",
                "Content-Type": "application/pdf",
                "Idempotency-Key": key,
            },
        )

    def stored(self) -> int:
        with self.papers.platform.begin(self.papers["trader"]) as work:
            return len(documents.by_ucr(work, DRAFT.ucr))


@pytest.fixture
def web(platform: Platform) -> Web:
    papers = open_paperwork(platform)
    papers.trade.ship()
    return Web(papers)


def test_one_range_of_bytes_is_given_out(web: Web) -> None:
    document_id = web.papers.store(BODY).document_id
    for asked, first, last in (
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        (f"bytes={CHUNK - 1}-{CHUNK}", CHUNK - 1, CHUNK),
        (f"bytes={CHUNK}-{2 * CHUNK - 1}", CHUNK, 2 * CHUNK - 1),
        (f"bytes=10-{SIZE - 2}", 10, SIZE - 2),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        ("bytes=-5", SIZE - 5, SIZE - 1),
        (f"bytes=-{SIZE * 2}", 0, SIZE - 1),
        (f"bytes=7-{SIZE * 2}", 7, SIZE - 1),
    ):
        answer = web.get(document_id, asked)
        assert answer.status_code == 206, asked
        assert answer.data == BODY[first : last + 1], asked
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
        assert answer.headers["Content-Length"] == str(last - first + 1)
        assert answer.headers["Accept-Ranges"] == "bytes"


def test_another_range_is_left_unheard(web: Web) -> None:
    document_id = web.papers.store(b"an invoice").document_id
    for asked in ("bytes=0-1,4-5", "items=0-1", "bytes=-", "bytes=5-2", "bytes=a-b", "bytes"):
        answer = web.get(document_id, asked)
        assert (answer.status_code, answer.data) == (200, b"an invoice"), asked


def test_a_range_outside_of_the_contents_is_refused_and_is_no_read(web: Web) -> None:
    document_id = web.papers.store(b"an invoice").document_id
    web.papers.grant(document_id)
    for asked in ("bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"):
        answer = web.get(document_id, asked, "bank")
        assert (answer.status_code, (answer.json or {})["code"]) == (416, "range_not_satisfiable")
        assert answer.headers["Content-Range"] == "bytes */10"
    assert web.papers.log() == []
    assert web.get(document_id, "bytes=0-1", "bank").data == b"an"
    assert [entry.action for entry in web.papers.log()] == ["CONTENT"]


def test_what_broke_off_goes_on_only_with_the_same_contents(web: Web) -> None:
    document_id = web.papers.store(b"first version").document_id
    tag = web.get(document_id).headers["ETag"]
    assert web.get(document_id, "bytes=6-", **{"If-Range": tag}).data == b"version"
    web.papers.add_version(document_id, b"another one")
    answer = web.get(document_id, "bytes=6-", **{"If-Range": tag})
    assert (answer.status_code, answer.data) == (200, b"another one")


def test_a_part_of_what_was_tampered_with_is_not_given_out(web: Web, platform_url: str) -> None:
    stored = web.papers.store(BODY)
    with psycopg.connect(platform_url) as connection:
        for number, moved in ((1, 99), (2, 1), (99, 2)):
            connection.execute(
                "UPDATE document_chunk SET number = %s WHERE version_id = %s AND number = %s",
                [moved, stored.version.id, number],
            )
    assert web.get(stored.document_id, "bytes=0-9").data == BODY[:10]
    answer = web.get(stored.document_id, f"bytes={CHUNK}-{CHUNK + 9}")
    assert (answer.status_code, (answer.json or {})["code"]) == (500, "document_corrupt")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no full disk to write to")
@pytest.mark.parametrize("body", [b"short", BODY], ids=["short", "long"])
def test_a_full_disk_is_told_and_nothing_is_kept(
    web: Web, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> Any:
        return Path("/dev/full").open("wb+")

    with monkeypatch.context() as patched:
        patched.setattr(tempfile, "TemporaryFile", full)
        answer = web.post(body)
    assert (answer.status_code, (answer.json or {})["code"]) == (507, "storage_full")
    assert web.stored() == 0
    assert web.post(body).status_code == 201


def test_a_full_disk_of_the_database_is_told_and_nothing_is_kept(web: Web, platform_url: str) -> None:
    table = DocumentChunk.__tablename__
    with psycopg.connect(platform_url) as connection:
        connection.execute(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
        )
        connection.execute(
            f"CREATE TRIGGER is_full BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.number = 2)"
            " EXECUTE FUNCTION is_full()"
        )
    answer = web.post(BODY)
    assert (answer.status_code, (answer.json or {})["code"]) == (507, "storage_full")
    assert web.stored() == 0
    with psycopg.connect(platform_url) as connection:
        connection.execute(f"DROP TRIGGER is_full ON {table}")
        connection.execute("DROP FUNCTION is_full()")
    assert web.post(BODY).status_code == 201
    assert web.post(BODY, str(uuid4())).status_code == 201
