"""Documents stream in and out over a real connection, and every refusal says why and changes nothing."""

import base64
import hashlib
import socket
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from border import web_of
from counterparts import serving
from isthmus_platform import documents
from isthmus_platform.database import Platform
from isthmus_platform.encryption import CHUNK
from isthmus_platform.http import documents as documents_http
from paperwork import Paperwork, open_paperwork
from trade import DRAFT

LIMIT = 3 * CHUNK
BODY = bytes(range(256)) * (2 * CHUNK // 256) + b"end"
PATH = f"/shipments/{DRAFT.reference}/documents"


class Web:
    """The platform's web as its members reach it."""

    def __init__(self, address: str, papers: Paperwork, http: httpx.Client) -> None:
        self.address = address
        self.papers = papers
        self.http = http

    def post(
        self, content: bytes | Iterator[bytes] = BODY, by: str = "trader", path: str = PATH, **more: object
    ) -> httpx.Response:
        given = {"params": {"type": "380"}} | more
        headers = {
            "Authorization": f"Bearer {by}",
            "Content-Type": "application/pdf",
            "Idempotency-Key": str(uuid4()),
        } | given.pop("headers", {})  # type: ignore[operator]
        kept = {name: value for name, value in headers.items() if value is not None}
        return self.http.post(f"{self.address}{path}", content=content, headers=kept, **given)  # type: ignore[arg-type]

    def get(self, document_id: object, by: str = "trader", query: str = "") -> httpx.Response:
        url = f"{self.address}/documents/{document_id}/content{query}"
        return self.http.get(url, headers={"Authorization": f"Bearer {by}"})

    def stored(self) -> int:
        """Return how many documents the shipment has."""
        with self.papers.platform.begin(self.papers["trader"]) as work:
            return len(documents.by_ucr(work, DRAFT.ucr))

    def raw(self, head: str, body: bytes = b"") -> bytes:
        """Send a request as it is and return what comes back until the server closes or is silent."""
        host, port = self.address.removeprefix("http://").split(":")
        with closing(socket.create_connection((host, int(port)), timeout=5)) as connection:
            connection.sendall(head.replace("\n", "\r\n").encode() + b"\r\n" + body)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received


@pytest.fixture
def web(platform: Platform) -> Iterator[Web]:
    papers = open_paperwork(platform)
    papers.trade.ship()
    app, authenticate = web_of(papers)
    app.register_blueprint(documents_http.blueprint(platform, papers.vault, authenticate, limit=LIMIT))
    with serving(app) as address, httpx.Client(trust_env=False) as http:
        yield Web(address, papers, http)


def test_what_was_uploaded_comes_back_with_its_digest(web: Web) -> None:
    answer = web.post(params={"type": "380", "title": "Rechnung № 7/2026"})
    digest = hashlib.sha256(BODY)
    assert answer.status_code == 201
    told = answer.json()
    assert told == {"id": told["id"], "version": 1, "sha256": digest.hexdigest(), "size": len(BODY)}
    back = web.get(told["id"])
    assert (back.status_code, back.content) == (200, BODY)
    assert back.headers["Content-Type"] == "application/pdf"
    assert back.headers["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert back.headers["X-Content-Type-Options"] == "nosniff"
    assert back.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "Rechnung-7-2026-v1.pdf" in back.headers["Content-Disposition"]
    assert back.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    "title", ['"; filename="evil.exe', "../../etc/passwd", "a\u202efdp.exe", "...", "%0d%0a"]
)
def test_a_title_cannot_become_a_dangerous_file_name(web: Web, title: str) -> None:
    answer = web.post(params={"type": "380", "title": title})
    if answer.status_code == 422:
        return
    told = web.get(answer.json()["id"]).headers["Content-Disposition"]
    name = told.removeprefix("attachment; filename=")
    assert not set(name) & set("/\\\"';\r\n") or "filename*=" in told
    assert told.endswith("-v1.pdf")


def test_a_body_of_unknown_length_is_taken_in_pieces(web: Web) -> None:
    answer = web.post(iter([BODY[:10], BODY[10:70_000], BODY[70_000:]]))
    assert answer.status_code == 201
    assert web.get(answer.json()["id"]).content == BODY


def test_versions_are_added_and_chosen(web: Web) -> None:
    first = web.post(b"first").json()
    second = web.post(b"second", path=f"/documents/{first['id']}/versions", params={})
    assert (second.status_code, second.json()["version"]) == (201, 2)
    assert web.get(first["id"]).content == b"second"
    assert web.get(first["id"], query="?version=1").content == b"first"
    assert web.get(first["id"], query="?version=3").json()["code"] == "unknown_version"
    for wrong in ("0", "-1", "x", "1.0", "9999999999", "%D9%A1"):
        assert web.get(first["id"], query=f"?version={wrong}").json()["code"] == "format"


def test_a_declared_length_over_the_limit_is_refused_before_the_body(web: Web) -> None:
    told = web.raw(
        f"POST {PATH}?type=380 HTTP/1.1\nHost: x\nAuthorization: Bearer trader\nContent-Type: a/b\n"
        "Idempotency-Key: k\nContent-Length: 5000000000\n"
    )
    assert told.startswith(b"HTTP/1.1 413")
    assert b'"code":"too_large"' in told
    assert web.stored() == 0


def test_a_body_that_grows_over_the_limit_is_refused(web: Web) -> None:
    answer = web.post(iter([bytes(CHUNK)] * 4))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert web.stored() == 0
    assert web.post(iter([bytes(CHUNK)] * 3)).status_code == 201


def test_a_body_that_breaks_off_is_not_stored(web: Web) -> None:
    head = (
        f"POST {PATH}?type=380 HTTP/1.1\nHost: x\nAuthorization: Bearer trader\nContent-Type: a/b\n"
        "Idempotency-Key: k\n"
    )
    assert web.raw(head + "Content-Length: 100\n", b"only this").startswith(b"HTTP/1.1 4")
    web.raw(head + "Transfer-Encoding: chunked\n", b"5\r\nhello\r\n64\r\nonly this")
    assert web.stored() == 0


def test_the_same_key_answers_again_and_another_body_conflicts(web: Web) -> None:
    first, again = (web.post(headers={"Idempotency-Key": "once"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = web.post(b"another", headers={"Idempotency-Key": "once"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert web.stored() == 1


@pytest.mark.parametrize(
    ("more", "content", "status", "field"),
    [
        ({}, b"", 422, "body"),
        ({"params": {}}, BODY, 422, "type"),
        ({"params": {"type": "999"}}, BODY, 422, "type"),
        ({"params": {"type": ["380", "271"]}}, BODY, 422, "type"),
        ({"params": {"type": "380", "colour": "red"}}, BODY, 422, "colour"),
        ({"params": {"type": "380", "title": ""}}, BODY, 422, "title"),
        ({"headers": {"Idempotency-Key": None}}, BODY, 422, "Idempotency-Key"),
        ({"headers": {"Idempotency-Key": "k" * 201}}, BODY, 422, "idempotencyKey"),
        ({"headers": {"Content-Type": None}}, BODY, 422, "Content-Type"),
        ({"headers": {"Content-Type": "pdf"}}, BODY, 422, "Content-Type"),
        ({"path": "/shipments/NONE/documents"}, BODY, 404, "reference"),
        ({"by": "nobody"}, BODY, 401, None),
        ({"by": "stranger"}, BODY, 404, "reference"),
        ({"by": "carrier"}, BODY, 403, None),
    ],
)
def test_a_bad_upload_is_refused_by_its_field(
    web: Web, more: dict[str, object], content: bytes, status: int, field: str | None
) -> None:
    answer = web.post(content, **more)  # type: ignore[arg-type]
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json().get("field")) == (status, field)
    assert web.stored() == 0


@pytest.mark.parametrize("by", ["bank", "stranger", "carrier", "operator", "authority"])
def test_a_refused_reader_cannot_tell_the_document_from_none(web: Web, by: str) -> None:
    document_id = web.post().json()["id"]
    there, absent = web.get(document_id, by), web.get(uuid4(), by)
    assert there.status_code == absent.status_code == 404
    assert there.content == absent.content
    version = web.post(b"forged", by, f"/documents/{document_id}/versions", params={})
    assert version.status_code == 404
    assert [(each.outcome, each.reason) for each in web.papers.log()] == [("REFUSED", "no_grant")] * 2


def test_a_granted_reader_downloads_and_may_not_add_a_version(web: Web) -> None:
    document_id = web.post().json()["id"]
    web.papers.grant(UUID(document_id))
    assert web.get(document_id, "bank").content == BODY
    refused = web.post(b"forged", "bank", f"/documents/{document_id}/versions", params={})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_owner")
    assert web.get(document_id).content == BODY


def test_looking_without_reading_is_recorded_as_that(web: Web) -> None:
    document_id = web.post().json()["id"]
    web.papers.grant(UUID(document_id))
    head = web.http.head(
        f"{web.address}/documents/{document_id}/content", headers={"Authorization": "Bearer bank"}
    )
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(BODY)))
    assert [each.action for each in web.papers.log()] == ["METADATA"]


def test_contents_corrupt_from_the_start_are_answered_with_a_problem(web: Web, platform_url: str) -> None:
    document_id = web.post().json()["id"]
    damage(platform_url, 0)
    answer = web.get(document_id)
    assert (answer.status_code, answer.json()["code"]) == (500, "document_corrupt")


def test_contents_corrupt_further_on_break_the_connection_off(web: Web, platform_url: str) -> None:
    document_id = web.post().json()["id"]
    damage(platform_url, 2)
    with pytest.raises(httpx.RemoteProtocolError):
        web.get(document_id)


def damage(platform_url: str, number: int) -> None:
    """Flip a bit of a chunk, as a failing disk or a thief of the database would."""
    with psycopg.connect(platform_url) as connection:
        connection.execute(
            "UPDATE document_chunk SET ciphertext = set_byte(ciphertext, 1, get_byte(ciphertext, 1) # 1)"
            " WHERE number = %s",
            (number,),
        )
