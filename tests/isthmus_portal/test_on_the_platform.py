"""The portal on the real schema, a real database and real people: the same pages, nothing given by hand."""

from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import access
from isthmus_platform.database import Platform
from isthmus_platform.ended_sessions import EndedSession
from isthmus_platform.http.documents import give_out
from isthmus_portal import Files
from page import page
from paperwork import Paperwork, open_paperwork
from portal_visitor import AsParty, add_users, visitors
from standing import StandingClock
from trade import DRAFT

CONTENTS = b"<Invoice>what nobody else may read</Invoice>"


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    papers = open_paperwork(platform)
    papers.trade.delegate()
    papers.trade.ship()
    add_users(platform, "trader", "forwarder", "bank", "stranger", "operator")
    return papers


@pytest.fixture
def as_party(papers: Paperwork) -> AsParty:
    platform = papers.platform
    files = Files(document=partial(give_out, platform, papers.vault))
    return visitors(platform, GraphQL(platform, build()), files)


def _in_a_year(papers: Paperwork) -> str:
    now = papers.platform.clock()
    return now.date().replace(year=now.year + 1).isoformat()


def test_the_owner_sees_the_shipment_and_a_stranger_sees_none(papers: Paperwork, as_party: AsParty) -> None:
    shown = as_party("trader").get(f"/shipments/{DRAFT.reference}")
    assert shown.one("h1").text == DRAFT.reference
    assert [port.text for port in shown.all("span", css="port")] == [
        "Kaohsiung TWKHH",
        "Busan KRPUS",
        "Hamburg DEHAM",
    ]
    assert "US$186,500.00" in shown.section("Goods").text
    stranger = as_party("stranger")
    assert "No shipment yet" in stranger.get("/shipments").text
    stranger.get(f"/shipments/{DRAFT.reference}", status=404)


@pytest.mark.parametrize("party", ["trader", "bank", "stranger", "operator"])
@pytest.mark.parametrize("address", ["/shipments", "/desk", "/access", "/usage", "/invoices", "/log"])
def test_every_page_answers_every_party_without_a_fault(
    papers: Paperwork, as_party: AsParty, party: str, address: str
) -> None:
    shown = as_party(party).get(address)
    assert DRAFT.reference not in shown.text or party == "trader"


def test_what_is_held_back_from_government_is_on_no_page_either(as_party: AsParty) -> None:
    shown = as_party("forwarder").get(f"/shipments/{DRAFT.reference}").text
    assert DRAFT.invoice is not None
    for held in (DRAFT.invoice.payment_terms, DRAFT.invoice.bank_account, DRAFT.invoice.number):
        assert held is not None
        assert held not in shown


def test_access_is_given_used_seen_and_taken_back(papers: Paperwork, as_party: AsParty) -> None:
    papers.store(CONTENTS, title="Invoice FPM-1", media_type="application/xml")
    trader, bank = as_party("trader"), as_party("bank")
    address = f"/shipments/{DRAFT.reference}"
    shown = trader.get(address)
    download = shown.link("Download Invoice FPM-1")
    assert trader.client.get(download).data == CONTENTS

    bank.get(download, status=404)
    assert "No owner has granted you a document yet." in bank.get("/desk").text

    chosen = next(box for box in shown.all("input", name_="documents"))
    entered = {"reader": "bank", "purpose": "TRADE_FINANCE", "documents": chosen.attributes["value"]}
    granted = trader.send(shown, "Give access", validUntil=_in_a_year(papers), **entered)
    assert granted.status_code == 303, page(granted.text).section("Who may read").text

    assert "Invoice FPM-1" in bank.get("/desk").section("Granted to you").text
    fetched = bank.client.get(bank.get("/desk").link("Download Invoice FPM-1"))
    assert fetched.data == CONTENTS
    assert fetched.headers["Repr-Digest"].startswith("sha-256=:")

    assert trader.send(trader.get(address), "Revoke the access of bank").status_code == 303
    bank.get(download, status=404)

    rows = trader.get("/access").one("tbody").all("tr")
    assert ["refused" in row.classes for row in rows] == [True, False, True]
    assert "The grant had been revoked." in rows[0].text
    assert "Download Invoice FPM-1" in rows[1].text
    assert "No grant covers this." in rows[2].text


def test_a_grant_of_the_whole_shipment_opens_its_documents_on_the_desk(
    papers: Paperwork, as_party: AsParty
) -> None:
    papers.store(CONTENTS, title="Invoice FPM-1")
    trader = as_party("trader")
    shown = trader.get(f"/shipments/{DRAFT.reference}")
    whole = shown.one("input", name_="shipment").attributes["value"]
    entered = {"reader": "bank", "purpose": "TRADE_FINANCE", "shipment": whole}
    assert trader.send(shown, "Give access", validUntil=_in_a_year(papers), **entered).status_code == 303
    assert "Invoice FPM-1" in as_party("bank").get("/desk").section("Granted to you").text
    assert "The whole shipment" in trader.get(f"/shipments/{DRAFT.reference}").section("Who may read").text


def test_a_reader_nobody_knows_is_refused_beside_the_field(papers: Paperwork, as_party: AsParty) -> None:
    papers.store(CONTENTS)
    trader = as_party("trader")
    shown = trader.get(f"/shipments/{DRAFT.reference}")
    chosen = shown.all("input", name_="documents")[0].attributes["value"]
    entered = {"reader": "nobody", "purpose": "TRADE_FINANCE", "documents": chosen}
    answer = trader.send(shown, "Give access", validUntil=_in_a_year(papers), **entered)
    assert answer.status_code == 422
    assert page(answer.text).one("p", id="reader-said").text


def test_a_wrong_password_and_an_unknown_person_are_told_the_same(
    papers: Paperwork, as_party: AsParty
) -> None:
    visitor = as_party("trader")
    visitor.send(visitor.get("/shipments"), "Sign out")
    form = visitor.get("/sign-in")
    answers = [
        visitor.send(form, "Sign in", email=email, password="wrong")
        for email in ("trader@demo.example", "nobody@demo.example")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert page(answers[0].text).one(role="alert").text == page(answers[1].text).one(role="alert").text


def test_filing_and_asking_wait_for_the_bridge_without_losing_anything(
    papers: Paperwork, as_party: AsParty
) -> None:
    trader = as_party("trader")
    address = f"/shipments/{DRAFT.reference}"
    shown = trader.get(address)
    for _ in range(2):
        assert trader.send(shown, "File the export declaration").status_code == 303
    shown = trader.get(address)
    assert "Submitted" in shown.section("Customs").text
    assert len(shown.section("What crossed the bridge").all("li", css="crossing")) == 1
    assert "File the export declaration" not in shown.text


def test_a_stolen_cookie_opens_nothing_after_its_owner_signed_out(
    papers: Paperwork, as_party: AsParty, clock: StandingClock
) -> None:
    trader, thief, elsewhere = as_party("trader"), as_party("bank"), as_party("trader")
    stolen = trader.client.get_cookie("isthmus")
    assert stolen is not None

    def opens() -> int:
        thief.client.set_cookie("isthmus", stolen.value)
        return thief.client.get("/shipments").status_code

    assert opens() == 200
    assert trader.send(trader.get("/shipments"), "Sign out").status_code == 303
    assert opens() == 303
    assert elsewhere.client.get("/shipments").status_code == 200, "another browser of the same user"
    with papers.platform.begin(access.SIGN_IN) as work:
        assert work.session.scalar(select(func.count()).select_from(EndedSession)) == 1
    clock.advance(hours=9)
    later = as_party("trader")
    later.send(later.get("/shipments"), "Sign out")
    with papers.platform.begin(access.SIGN_IN) as work:
        kept = work.session.scalars(select(EndedSession.expires_at)).all()
    assert kept == [clock() + timedelta(hours=8)], "what has expired is forgotten"
