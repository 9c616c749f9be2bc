"""Every entry of the web: a request id, an access line, safe headers, limits, problem documents."""

import json
import logging

import pytest
import structlog
from flask import Flask, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from isthmus import entrance


@pytest.fixture
def web() -> FlaskClient:
    app = Flask("web")

    @app.post("/echo")
    def echo() -> dict[str, object]:
        return {"read": len(request.get_data()), "id": request.headers["X-Request-Id"]}

    @app.get("/break")
    def fail() -> str:
        raise ZeroDivisionError("secret detail")

    return entrance.equip(app, body_limit=1024, production=False).test_client()


def test_a_request_id_is_taken_over_and_returned(web: FlaskClient) -> None:
    answer = web.post("/echo", headers={"X-Request-Id": "abc-123"})
    assert answer.headers["X-Request-Id"] == answer.json["id"] == "abc-123"  # type: ignore[index]


@pytest.mark.parametrize("given", ["", "a b", "x" * 101, "{}", "é"])
def test_a_request_id_that_is_not_plain_is_replaced(web: FlaskClient, given: str) -> None:
    answer = web.post("/echo", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    assert entrance.REQUEST_ID.fullmatch(answer.headers["X-Request-Id"])


def test_the_access_line_carries_the_id_and_no_query(web: FlaskClient) -> None:
    structlog.contextvars.clear_contextvars()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        web.post("/echo?token=secret", headers={"X-Request-Id": "abc-123"})
    (line,) = lines
    assert (line["event"], line["method"], line["path"], line["status"]) == ("request", "POST", "/echo", 200)
    assert line["request_id"] == "abc-123"
    assert line["ms"] >= 0
    assert "secret" not in json.dumps(line)


def test_safe_headers_are_on_every_answer(web: FlaskClient) -> None:
    for answer in (web.post("/echo"), web.get("/nowhere")):
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("method", "path", "size", "status", "code"),
    [
        ("GET", "/nowhere", 0, 404, "not_found"),
        ("GET", "/echo", 0, 405, "method_not_allowed"),
        ("POST", "/echo", 1025, 413, "too_large"),
    ],
)
def test_a_refusal_is_a_problem_document(
    web: FlaskClient, method: str, path: str, size: int, status: int, code: str
) -> None:
    answer = web.open(path, method=method, data=b"x" * size)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == code  # type: ignore[index]


def test_a_failure_tells_its_id_and_nothing_of_its_cause(
    web: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.CRITICAL, logger="web"):
        answer = web.get("/break", headers={"X-Request-Id": "abc-123"})
    assert answer.status_code == 500
    assert answer.json["requestId"] == "abc-123"  # type: ignore[index]
    assert b"secret" not in answer.data


def test_a_browser_gets_a_page_rather_than_a_problem_document(web: FlaskClient) -> None:
    answer = web.get("/nowhere", headers={"Accept": "text/html,*/*"})
    assert answer.content_type.startswith("text/html")
