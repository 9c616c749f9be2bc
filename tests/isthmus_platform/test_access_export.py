"""Who saw my data: an owner takes its access log along, whole or narrowed, and sees no one else's."""

import csv
import io
from typing import Any
from uuid import uuid4

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from border import web_of
from isthmus_platform import access_export
from isthmus_platform.access_export import COLUMNS
from isthmus_platform.database import Platform
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.http import access_log as access_log_http
from paperwork import Paperwork, open_paperwork


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    papers = open_paperwork(platform)
    papers.trade.ship()
    return papers


class Web:
    def __init__(self, papers: Paperwork) -> None:
        app, authenticate = web_of(papers)
        app.register_blueprint(access_log_http.blueprint(papers.platform, authenticate))
        self.client: FlaskClient = app.test_client()

    def get(self, query: str = "", by: str = "trader") -> TestResponse:
        return self.client.get(f"/access-log{query}", headers={"Authorization": f"Bearer {by}"})

    def rows(self, query: str = "", by: str = "trader") -> list[dict[str, Any]]:
        return list((self.get(query, by).json or {})["entries"])


@pytest.fixture
def web(papers: Paperwork) -> Web:
    return Web(papers)


def test_each_read_and_refusal_is_told_with_names(web: Web, papers: Paperwork) -> None:
    document_id = papers.store(title="=HYPERLINK(1)").document_id
    grant = papers.grant(document_id)
    papers.read("bank", document_id)
    with pytest.raises(NoSuchDocument):
        papers.read("insurer", document_id)
    refused, read = web.rows()
    assert list(read) == list(COLUMNS)
    assert read == {
        "at": papers.platform.clock().isoformat().replace("+00:00", "Z"),
        "reader": "bank",
        "readerName": "Bank Ltd",
        "action": "CONTENT",
        "outcome": "ALLOWED",
        "reason": None,
        "purpose": "TRADE_FINANCE",
        "document": str(document_id),
        "documentTitle": "=HYPERLINK(1)",
        "version": 1,
        "shipment": "KHH-HAM-1",
        "ucr": "6TW24536806-1",
        "grant": str(grant.id),
        "crossing": None,
        "request": "-",
    }
    assert (refused["reader"], refused["outcome"], refused["reason"]) == ("insurer", "REFUSED", "no_grant")
    answer = web.get("?format=csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=access-log.csv"
    head, *lines = csv.reader(io.StringIO(answer.text, newline=""))
    assert head == list(COLUMNS)
    assert [line[head.index("reader")] for line in lines] == ["insurer", "bank"]
    # A title is not a spreadsheet's formula.
    assert lines[1][head.index("documentTitle")] == "'=HYPERLINK(1)"


def test_a_log_is_its_owners_alone(web: Web, papers: Paperwork) -> None:
    document_id = papers.store().document_id
    papers.grant(document_id)
    papers.read("bank", document_id)
    assert web.rows(by="bank") == []
    assert web.rows(f"?document={document_id}", by="bank") == []
    assert web.get(by="nobody").status_code == 401


def test_a_log_longer_than_a_page_is_given_out_whole(
    web: Web, papers: Paperwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_export, "AT_ONCE", 2)
    document_id = papers.store().document_id
    papers.grant(document_id)
    for _ in range(4):
        papers.read("bank", document_id)
    assert len(web.rows()) == 4
    assert len(web.get("?format=csv").text.splitlines()) == 5


def test_it_is_narrowed_by_who_what_how_and_when(web: Web, papers: Paperwork, clock: Any) -> None:
    first, second = papers.store().document_id, papers.store(title="Another").document_id
    grant = papers.grant(first, second)
    papers.read("bank", first)
    clock.now = clock.now.replace(hour=(clock.now.hour + 1) % 24)
    with pytest.raises(NoSuchDocument):
        papers.read("insurer", second)
    then = clock.now.isoformat().replace("+", "%2B")
    for query, readers in (
        ("reader=bank", ["bank"]),
        ("reader=insurer", ["insurer"]),
        ("reader=other-bank", []),
        (f"document={first}", ["bank"]),
        (f"document={uuid4()}", []),
        (f"grant={grant.id}", ["bank"]),
        ("action=CONTENT", ["insurer", "bank"]),
        ("action=METADATA", []),
        ("outcome=REFUSED", ["insurer"]),
        (f"outcome=REFUSED&document={first}", []),
    ):
        assert [row["reader"] for row in web.rows(f"?{query}")] == readers, query
    later = [row["at"] for row in web.rows(f"?from={then}")]
    assert later == [clock.now.isoformat().replace("+00:00", "Z")]
    assert [row["reader"] for row in web.rows(f"?until={then}")] == ["bank"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("format=xml", ("format", "format")),
        ("reader=none-such", ("unknown_party", "reader")),
        ("document=1", ("format", "document")),
        ("action=LOOKED", ("format", "action")),
        ("from=2026-06-01", ("format", "from")),
        ("until=2026-06-01T10:00:00", ("format", "until")),
        ("owner=bank", ("unknown_field", "owner")),
    ],
)
def test_what_is_not_understood_is_refused(web: Web, query: str, error: tuple[str, str]) -> None:
    told = web.get(f"?{query}").json or {}
    assert (told["code"], told["field"]) == error
