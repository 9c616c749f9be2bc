"""Presenting signed documents that are kept with a shipment, chosen on a page."""

from functools import partial
from uuid import UUID

import pytest
from graphql_relay import to_global_id

from credit_case import DOCUMENTS, TERMS
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import credit, parties
from isthmus_platform.credit import Action, Application, presenting
from isthmus_platform.credit.records import CreditPresentation
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.http.documents import give_out
from isthmus_platform.papers import issuing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.papers.standing import Enquiries
from isthmus_portal import Files
from isthmus_protocol.keys import Holder, SigningKey
from page import page
from paperwork import Paperwork, open_paperwork
from portal_frame import is_sound
from portal_visitor import AsParty, newcomers
from trade import DRAFT


@pytest.fixture
def papers(platform: Platform) -> Paperwork:
    papers = open_paperwork(platform)
    papers.trade.delegate()
    papers.trade.ship()
    return papers


@pytest.fixture
def desk(papers: Paperwork) -> Desk:
    return Desk(papers.vault, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example")


@pytest.fixture
def as_party(papers: Paperwork, desk: Desk) -> AsParty:
    files = Files(document=partial(give_out, papers.platform, papers.vault))
    schema = GraphQL(papers.platform, build(), desk=desk)
    return newcomers(papers.platform, schema, files, Enquiries(papers.platform, desk))


@pytest.fixture
def advised(papers: Paperwork) -> UUID:
    """A credit in favour of the trader, advised to it."""
    platform = papers.platform
    with platform.begin(Duty("onboarding")) as work:
        buyer = parties.actor_of(parties.register(work, "buyer", "Buyer Ltd", "DE", [PartyRole.TRADER]), "b")
    with platform.begin(buyer) as work:
        made = credit.apply(work, Application("bank", "bank", "trader", TERMS)).id
    for action in (Action.ISSUE, Action.ADVISE):
        with platform.begin(papers["bank"]) as work:
            credit.step(work, made, action)
    return made


def test_signed_documents_are_chosen_checked_and_presented_with_what_their_faces_show(
    papers: Paperwork, desk: Desk, as_party: AsParty, advised: UUID
) -> None:
    with papers.platform.begin(papers["trader"]) as work:
        invoice, _ = (
            issuing.issue(work, desk, DRAFT.reference, one.paper).document_id for one in DOCUMENTS[:2]
        )
    where = f"/credits/{to_global_id('Credit', str(advised))}/present"
    trader = as_party("trader")
    form = is_sound(trader.get(where))
    assert len(form.all("input", name_="documents")) == 2
    entered = {"reference": "P-1", "amount": "186,500", "documents": str(invoice)}
    wrong = trader.send(form, "Present the documents", **entered, **{f"originals-{invoice}": "100"})
    assert wrong.status_code == 422
    assert page(wrong.text).one("p", id=f"{invoice}-said").text
    shows = {f"originals-{invoice}": "1", f"copies-{invoice}": "2", f"signedAs-{invoice}": "ISSUER"}
    sent = trader.send(form, "Present the documents", **entered, **shows)
    assert sent.status_code == 303, page(sent.text).one("main").text
    assert "1 document" in trader.get(sent.headers["Location"]).section("Presentation 1: P-1").text
    with papers.platform.begin(papers["bank"]) as work:
        (row,) = work.session.query(CreditPresentation)
        (presented,) = presenting.documents_of(papers.vault, row)
    assert presented.paper == DOCUMENTS[0].paper
    assert (presented.face.originals, presented.face.copies, presented.face.signed_as) == (1, 2, "ISSUER")


def test_a_file_that_is_not_signed_is_not_presented_as_a_document(
    papers: Paperwork, as_party: AsParty, advised: UUID
) -> None:
    stored = papers.store().document_id
    where = f"/credits/{to_global_id('Credit', str(advised))}/present"
    trader = as_party("trader")
    form = trader.get(where)
    assert "No signed document of yours" in form.text
    entered = {"reference": "P-1", "amount": "186,500", "documents": str(stored)}
    answer = trader.send(form, "Present the documents", **entered)
    assert answer.status_code == 422
    assert page(answer.text).one(role="alert").text == "This is not signed, or stands no more."
    assert trader.send(form, "Present the documents", **entered | {"documents": "x"}).status_code == 400
