"""Signing in and out, and what a session is worth."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isthmus_platform.database import Actor
from isthmus_platform.errors import NotAuthenticated
from isthmus_portal.pages.account import _onward
from portal_example import NOW, PASSWORD, Example, actor_of, portal_app
from portal_visitor import Visitor

AsParty = Callable[[str], Visitor]


@pytest.mark.parametrize("address", ["/", "/shipments", "/desk", "/log", "/access", "/usage", "/invoices"])
def test_nobody_sees_a_page_without_signing_in(visitor: Visitor, address: str, example: Example) -> None:
    answer = visitor.client.get(address)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")
    assert example.asked == []


def test_a_wrong_password_opens_nothing(visitor: Visitor) -> None:
    form = visitor.get("/sign-in")
    answer = visitor.send(form, "Sign in", email="trader@demo.example", password="guess")
    assert answer.status_code == 401
    assert "Email or password is not right." in answer.text
    assert "guess" not in answer.text
    assert visitor.client.get("/shipments").status_code == 303


@pytest.mark.parametrize(
    ("party", "home"),
    [
        ("trader", "/shipments"),
        ("forwarder", "/shipments"),
        ("bank", "/desk"),
        ("operator", "/usage"),
        ("authority", "/log"),
    ],
)
def test_each_party_begins_where_its_work_is(as_party: AsParty, party: str, home: str) -> None:
    assert as_party(party).client.get("/").headers["Location"] == home


def test_signing_in_leads_back_to_the_page_that_was_asked_for(visitor: Visitor) -> None:
    asked = visitor.client.get("/shipments?status=LOADED").headers["Location"]
    form = visitor.get(asked)
    answer = visitor.send(form, "Sign in", email="trader@demo.example", password=PASSWORD)
    assert answer.headers["Location"] == "/shipments?status=LOADED"


@given(st.text(max_size=40) | st.sampled_from(["//elsewhere", "/\\elsewhere", "https://elsewhere", "/\t/x"]))
def test_signing_in_never_leads_elsewhere(address: str) -> None:
    onward = _onward(address)
    assert onward is None or (onward[0] == "/" and onward[1:2] not in ("/", "\\") and onward.isprintable())


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(visitor: Visitor) -> None:
    form = visitor.get("/sign-in")
    answer = visitor.send(form, "Sign in", email="trader@demo.example", password=PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


def test_in_production_the_cookie_goes_over_tls_alone_and_no_sign_in_is_shown(example: Example) -> None:
    client = portal_app(example, production=True).test_client()
    answer = client.get("/sign-in", base_url="https://localhost")
    assert answer.headers["Set-Cookie"].startswith("__Host-isthmus=")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert PASSWORD not in answer.text


def test_development_shows_the_sign_ins_it_was_given(visitor: Visitor) -> None:
    hints = [hint.attributes["data-email"] for hint in visitor.get("/sign-in").all("button", css="hint")]
    assert "bank@demo.example" in hints


def test_a_session_from_before_the_sign_in_is_worth_nothing_after_it(visitor: Visitor) -> None:
    form = visitor.get("/sign-in")
    before = dict(form.form("Sign in")[1])
    with visitor.client.session_transaction() as session:
        session["planted"] = "by someone else"
    visitor.sign_in("trader")
    with visitor.client.session_transaction() as session:
        assert "planted" not in session
    stale = visitor.client.post("/sign-out", data={"csrf_token": before["csrf_token"]})
    assert stale.status_code == 400
    assert visitor.client.get("/shipments").status_code == 200


def test_signing_out_ends_the_session(as_party: AsParty) -> None:
    trader = as_party("trader")
    assert trader.send(trader.get("/shipments"), "Sign out").status_code == 303
    assert trader.client.get("/shipments").status_code == 303


def test_signing_in_again_ends_the_session_before(example: Example) -> None:
    app = portal_app(example)
    first, copy = Visitor(app.test_client()).sign_in("trader"), app.test_client()
    cookie = first.client.get_cookie("isthmus")
    assert cookie is not None
    form = first.get("/shipments").form("Sign out")[1]
    given = {"csrf_token": form["csrf_token"], "email": "bank@demo.example", "password": PASSWORD}
    assert first.client.post("/sign-in", data=given).status_code == 303
    copy.set_cookie("isthmus", cookie.value)
    assert copy.get("/shipments").status_code == 303
    assert first.client.get("/desk").status_code == 200


def test_a_session_ends_after_eight_hours(example: Example) -> None:
    now = [NOW]
    visitor = Visitor(portal_app(example, clock=lambda: now[0]).test_client()).sign_in("trader")
    now[0] = NOW + timedelta(hours=7, minutes=59)
    assert visitor.client.get("/shipments").status_code == 200
    now[0] = NOW + timedelta(hours=8)
    assert visitor.client.get("/shipments").status_code == 303


def test_a_user_who_is_no_longer_known_is_out_at_the_next_page(example: Example) -> None:
    known = [True]

    def ask(subject: str) -> Actor:
        if not known[0]:
            raise NotAuthenticated("This user is no longer known.")
        return actor_of(subject)

    app = portal_app(example, actor_of=ask)
    visitor = Visitor(app.test_client()).sign_in("trader")
    known[0] = False
    assert visitor.client.get("/shipments").status_code == 303
    known[0] = True
    assert visitor.client.get("/shipments").status_code == 303


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("/shipments/KHH-HAM-0417/declaration", {"once": "k"}),
        ("/shipments/KHH-HAM-0417/grants", {"once": "k", "reader": "bank", "documents": "document:380"}),
        ("/shipments/KHH-HAM-0417/grants/revoke", {"once": "k", "grant": "grant:1"}),
        ("/desk/ask", {"once": "k", "ucr": "x"}),
        ("/usage/close", {"once": "k", "period": "2026-06"}),
    ],
)
def test_a_form_without_its_key_changes_nothing(
    as_party: AsParty, example: Example, address: str, form: dict[str, Any]
) -> None:
    visitor = as_party("forwarder")
    for token in ({}, {"csrf_token": "forged"}):
        assert visitor.client.post(address, data={**form, **token}).status_code == 400
    assert example.changes == []
