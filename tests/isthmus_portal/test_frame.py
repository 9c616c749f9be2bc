"""What holds for every page: semantics, headers, error pages, navigation by role."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Response
from graphql import ExecutionResult, GraphQLError

import portal_frame
from isthmus_platform.database import Actor
from isthmus_platform.errors import NotPermitted
from page import Element
from portal_example import REFERENCE, Example, portal_app
from portal_visitor import AsParty, Visitor

FINANCE = ["Documentary credits", "Receivables"]
BANKING = [
    *(FINANCE[0], "Examination rules", "Banking days"),
    *(FINANCE[1], "Financed before?", "Financeable truth"),
]
CARGO = ["Releases", "Freight", "Lorries", "Deliveries"]
ACCOUNT = ["Access log", "Usage", "Invoices", "API clients", "Webhooks"]
PAGES = [
    ("trader", "/shipments"),
    ("trader", f"/shipments/{REFERENCE}"),
    ("bank", "/desk"),
    ("authority", "/log"),
    ("authority", "/log/crossing:1"),
    ("authority", "/log/crossing:7"),
    ("trader", "/access"),
    ("operator", "/usage"),
    ("operator", "/invoices"),
    ("operator", "/invoices/invoice:1"),
]


@pytest.fixture(params=PAGES, ids=[address for _, address in PAGES])
def shown(request: pytest.FixtureRequest, as_party: AsParty) -> Element:
    party, address = request.param
    return as_party(party).get(address)


def test_no_page_has_an_inline_script_or_style(shown: Element) -> None:
    portal_frame.has_nothing_inline(shown)


def test_every_page_has_a_language_one_heading_of_the_first_rank_and_landmarks(shown: Element) -> None:
    portal_frame.has_landmarks(shown)


def test_every_field_has_a_label_and_every_button_a_name(shown: Element) -> None:
    portal_frame.names_its_fields(shown)


def test_every_time_can_be_read_by_machines(shown: Element) -> None:
    portal_frame.writes_times_for_machines(shown)


def test_every_form_that_changes_something_carries_its_key(shown: Element) -> None:
    portal_frame.keys_its_forms(shown)


def test_what_a_page_refers_to_is_on_it_once(shown: Element) -> None:
    portal_frame.names_things_once(shown)


@pytest.mark.parametrize(
    ("party", "titles"),
    [
        (
            "trader",
            [
                *("Shipments", "Crossings", "Titles", *FINANCE, "Insurance"),
                *(*CARGO, "Screening", "Risk rules", *ACCOUNT),
            ],
        ),
        ("carrier", ["Shipments", "Titles", *CARGO, "Risk rules", *ACCOUNT[1:]]),
        (
            "bank",
            [
                "Document desk",
                "Crossings",
                "Titles",
                *BANKING,
                "Consents to release",
                "Risk rules",
                *ACCOUNT[1:],
            ],
        ),
        ("operator", ["Titles", "Screening", *ACCOUNT[1:]]),
        ("authority", ["Crossings", "Titles", "Releases", "API clients", "Webhooks"]),
    ],
)
def test_each_role_is_shown_its_pages(as_party: AsParty, party: str, titles: list[str]) -> None:
    assert [a.text for a in as_party(party).get("/log").one("nav", css="main").all("a")] == titles


def test_what_belongs_together_stands_under_one_title_and_a_single_page_under_none(as_party: AsParty) -> None:
    bank, trader = (as_party(name).get("/log").one("nav", css="main") for name in ("bank", "trader"))
    assert [it.text for it in bank.all("summary")] == ["Finance", "Account"]
    assert [it.text for it in trader.all("summary")] == ["Finance", "Logistics", "Risk", "Account"]
    shown = as_party("trader").get("/access").one("nav", css="main")
    assert [it.text for it in shown.all("summary", css="here")] == ["Account"]


def test_pages_are_private_and_hardened(as_party: AsParty) -> None:
    headers = as_party("trader").client.get("/shipments").headers
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"


def test_assets_are_cached_under_their_digest(visitor: Visitor) -> None:
    css = visitor.get("/sign-in").one("link", rel="stylesheet").attributes["href"]
    with visitor.client.get(css) as answer:
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.content_type.startswith("text/css")


def test_an_unknown_address_is_a_page_for_people(as_party: AsParty) -> None:
    assert as_party("trader").get("/no/such/page", status=404).one("h1").text == "Nothing here"


def test_an_unknown_address_is_answered_to_machines_as_the_app_does(example: Example) -> None:
    app = portal_app(example, to_machines=lambda error: Response("problem", error.code))
    answer = app.test_client().get("/no/such/page", headers={"Accept": "*/*"})
    assert (answer.status_code, answer.text) == (404, "problem")


def _answering(error: GraphQLError) -> Callable[[Actor, str, Any], ExecutionResult]:
    example = Example()

    def execute(actor: Actor, query: str, variables: Any) -> ExecutionResult:
        if "PortalViewer" in query:
            return example.execute(actor, query, variables)
        return ExecutionResult(data=None, errors=[error])

    return execute


def _signed_in(execute: Callable[[Actor, str, Any], ExecutionResult]) -> Visitor:
    return Visitor(portal_app(Example(), execute=execute).test_client()).sign_in("trader")


def test_what_the_schema_refuses_is_a_page_that_says_so() -> None:
    refusal = GraphQLError("x", original_error=NotPermitted("Only the operator may do this."))
    page = _signed_in(_answering(refusal)).get("/usage", status=403)
    assert page.one("h1").text == "Not for this party"
    assert "Only the operator may do this." in page.text


@pytest.mark.parametrize(("code", "status"), [("not_found", 404), ("role_required", 403)])
def test_a_refusal_by_code_alone_is_understood(code: str, status: int) -> None:
    refusal = GraphQLError("no", extensions={"code": code})
    _signed_in(_answering(refusal)).get("/usage", status=status)


def test_a_fault_of_ours_is_said_without_its_details() -> None:
    page = _signed_in(_answering(GraphQLError("SELECT secret FROM x"))).get("/usage", status=500)
    assert page.one("h1").text == "Something failed on our side"
    assert "secret" not in page.text


def test_one_code_is_shown_on_each_page_in_that_pages_own_tone(example: Example) -> None:
    app = portal_app(example)
    tone = app.jinja_env.filters["tone"]
    shown = {}
    for address in ("/screening", "/freight", "/shipments"):
        with app.test_request_context(address):
            shown[address] = [tone(code) for code in ("CONFIRMED", "HELD")]
    assert shown == {
        "/screening": ["bad", "good"],
        "/freight": ["good", "good"],
        "/shipments": shown["/shipments"],
    }
