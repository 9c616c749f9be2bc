"""A download link gives one version out, once, within a minute, to its reader; and its word is in no log."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import structlog
from flask import Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from border import web_of
from isthmus import entrance, logs
from isthmus_platform import links
from isthmus_platform.database import Actor, Platform
from isthmus_platform.documents import NoSuchDocument
from isthmus_platform.errors import NotFound
from isthmus_platform.http import links as links_http
from isthmus_platform.links import Door
from isthmus_platform.reading import FieldsOnly
from paperwork import Paperwork, open_paperwork


class Web:
    """The platform's web where links are opened; ``visitor`` is who is signed in."""

    def __init__(self, papers: Paperwork) -> None:
        self.papers = papers
        self.visitor: Actor | None = None
        app, authenticate = web_of(papers)
        door = Door(papers.platform, papers.vault)
        app.register_blueprint(links_http.blueprint(door, authenticate, lambda: self.visitor))

        @app.get("/fails")
        def fails() -> Response:
            token = "a-secret-token"  # noqa: F841 (the value that must not be told)
            raise RuntimeError("unforeseen")

        self.client: FlaskClient = entrance.equip(app, body_limit=1000, production=True).test_client()

    def link(self, document_id: UUID, by: str = "bank", number: int | None = None) -> str:
        with self.papers.platform.begin(self.papers[by]) as work:
            return links.word(self.papers.vault, links.issue(work, document_id, number))

    def open(self, token: str, by: str | None = "bank", method: str = "GET") -> TestResponse:
        headers = {} if by is None else {"Authorization": f"Bearer {by}"}
        return self.client.open(
            links_http.PATH, method=method, query_string={"token": token}, headers=headers
        )

    def told(self) -> list[tuple[str, str, str | None]]:
        return [(entry.action, entry.outcome, entry.reason) for entry in self.papers.log()]


@pytest.fixture
def web(platform: Platform) -> Web:
    papers = open_paperwork(platform)
    papers.trade.ship()
    return Web(papers)


@pytest.fixture
def document_id(web: Web) -> UUID:
    document_id = web.papers.store(b"an invoice").document_id
    web.papers.grant(document_id)
    return document_id


def test_a_link_gives_the_document_out_once(web: Web, document_id: UUID) -> None:
    token = web.link(document_id)
    answer = web.open(token)
    assert (answer.status_code, answer.data) == (200, b"an invoice")
    again = web.open(token)
    assert (again.status_code, (again.json or {})["code"]) == (404, "link_spent")
    assert web.told() == [
        ("METADATA", "ALLOWED", None),
        ("CONTENT", "ALLOWED", None),
        ("CONTENT", "REFUSED", "link_spent"),
    ]
    entry = web.papers.log()[1]
    assert (entry.reader_id, entry.purpose) == (web.papers["bank"].party_id, "TRADE_FINANCE")


def test_it_leads_to_the_version_it_was_made_for(web: Web, document_id: UUID) -> None:
    token = web.link(document_id)
    web.papers.add_version(document_id, b"another")
    assert web.open(token).data == b"an invoice"
    assert web.open(web.link(document_id)).data == b"another"
    assert web.open(web.link(document_id, number=1)).data == b"an invoice"


def test_it_ends_after_a_minute(web: Web, document_id: UUID, clock: Any) -> None:
    early, late = web.link(document_id), web.link(document_id)
    clock.now += links.LASTS - timedelta(seconds=1)
    assert web.open(early).status_code == 200
    clock.now += timedelta(seconds=1)
    assert web.open(late).status_code == 404


def test_it_is_its_readers_alone_and_the_owner_sees_who_tried(web: Web, document_id: UUID) -> None:
    token = web.link(document_id)
    web.papers.grant(document_id, reader="insurer", purpose="INSURANCE")
    answer = web.open(token, "insurer")
    assert (answer.status_code, answer.data) == (404, web.open("A" * 43, "insurer").data)
    assert web.told()[-1] == ("CONTENT", "REFUSED", "link_not_yours")
    assert web.papers.log()[-1].reader_id == web.papers["insurer"].party_id
    assert web.open(token, None).status_code == 401
    assert web.open(token).status_code == 200


def test_revocation_holds_for_links_that_were_issued(web: Web, document_id: UUID) -> None:
    stored = web.papers.store(b"another", title="Another").document_id
    grant = web.papers.grant(stored)
    token = web.link(stored)
    web.papers.revoke(grant)
    answer = web.open(token)
    assert answer.status_code == 404
    assert web.told()[-1] == ("CONTENT", "REFUSED", "revoked")


def test_a_grant_that_is_narrowed_to_fields_opens_no_link(web: Web, document_id: UUID) -> None:
    stored = web.papers.store(b"another", title="Another").document_id
    whole = web.papers.grant(stored)
    web.papers.grant(stored, fields=("total",))
    token = web.link(stored)
    web.papers.revoke(whole)
    assert (web.open(token).json or {})["code"] == "fields_only"
    with pytest.raises(FieldsOnly):
        web.link(stored)


def test_nobody_gets_a_link_to_what_is_not_open_to_it(web: Web, document_id: UUID) -> None:
    with pytest.raises(NoSuchDocument):
        web.link(document_id, "insurer")
    with pytest.raises(NotFound):
        web.link(document_id, number=2)


def test_who_is_signed_in_to_the_pages_opens_its_partys_links(web: Web, document_id: UUID) -> None:
    web.visitor = web.papers["bank"]
    assert web.open(web.link(document_id), None).status_code == 200
    web.visitor = web.papers["insurer"]
    assert web.open(web.link(document_id), None).status_code == 404
    web.visitor = None
    assert web.open(web.link(document_id), None).status_code == 401


def test_a_look_does_not_spend_a_link(web: Web, document_id: UUID) -> None:
    token = web.link(document_id)
    assert web.open(token, method="HEAD").status_code == 405
    assert web.open(token).status_code == 200


def test_another_word_leads_nowhere(web: Web) -> None:
    for token in ("", "A", "é", "A" * 43, "A" * 5000, "=" * 8):
        assert web.open(token).status_code == (404 if token else 422), token[:9]
    assert web.told() == []


def test_a_changed_word_leads_nowhere(web: Web, document_id: UUID) -> None:
    token = web.link(document_id)
    for place in (0, 20, 30, 41):
        other = "B" if token[place] != "B" else "C"
        assert web.open(token[:place] + other + token[place + 1 :]).status_code == 404
    assert web.open(token).status_code == 200


def test_what_ended_is_forgotten_after_a_day(web: Web, document_id: UUID, clock: Any) -> None:
    old = web.link(document_id)
    clock.now += links.KEPT + 2 * links.LASTS
    web.link(document_id)
    before = len(web.told())
    assert web.open(old).status_code == 404
    assert len(web.told()) == before


@pytest.fixture
def logged() -> Iterator[io.BytesIO]:
    """Yield what a serving process writes to its log."""
    root, level = logging.getLogger(), logging.getLogger().level
    handlers, settings = root.handlers[:], structlog.get_config()
    written = io.BytesIO()
    output = io.TextIOWrapper(written, encoding="utf-8", write_through=True)
    with redirect_stdout(output):
        logs.configure("web")
        structlog.configure(**{**structlog.get_config(), "cache_logger_on_first_use": False})
        entrance.log = structlog.get_logger("isthmus.access")
        yield written
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**settings)
    entrance.log = structlog.get_logger("isthmus.access")
    output.detach()


def test_the_word_is_in_no_log_line(web: Web, document_id: UUID, logged: io.BytesIO) -> None:
    token = web.link(document_id)
    for _ in range(2):
        web.open(token)
    lines = [json.loads(line) for line in logged.getvalue().decode().splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["path"] for line in requests] == ["/documents/link"] * 2
    assert token not in logged.getvalue().decode()


def test_a_fault_is_logged_without_the_values_of_variables(web: Web, logged: io.BytesIO) -> None:
    assert web.client.get("/fails").status_code == 500
    assert "unforeseen" in logged.getvalue().decode()
    assert "a-secret-token" not in logged.getvalue().decode()
