"""Typed documents through GraphQL: issued as JSON or UBL, read by field, compared, revoked."""

from datetime import timedelta
from typing import Any

import pytest

from ebl import DCSA, needs_dcsa, transport_document
from graphql_client import Asker, serve
from graphql_trade import SHIPMENT, VAULT, ship, upload
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform
from isthmus_platform.papers import plain, ubl
from isthmus_platform.papers.signing import Desk
from isthmus_protocol.keys import Holder, SigningKey
from papers_of_trade import AGREED, BILL, INVOICE, PACKING_LIST, SCHEMAS, needs_ubl

DATA = """{ document(id: $id) { data {
  __typename
  ... on CommercialInvoice { number total { value currency } buyer { name } lines { amount { value } } }
} } }"""
DISCREPANCIES = """{ shipment(reference: "KHH-HAM-1") { discrepancies {
  field one { document path value } other { document path value }
} } }"""


@pytest.fixture
def askers(platform: Platform, cast: dict[str, Actor]) -> dict[str, Asker]:
    desk = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example", SCHEMAS, DCSA)
    served = serve(GraphQL(platform, build(), desk=desk), cast)
    ship(served["trader"])
    return served


def issue(asker: Asker, type_code: str = "380", paper: Any = INVOICE, **given: Any) -> str:
    given = given or {"data": plain.to_json(paper)}
    made = asker.done(
        "issueDocument", "document { id }", shipment=SHIPMENT["reference"], type=type_code, **given
    )
    return str(made["document"]["id"])


def data_of(asker: Asker, document_id: str) -> Any:
    document = asker.data("query ($id: ID!) " + DATA, id=document_id)["document"]
    return document and document["data"]


def test_an_invoice_is_read_field_by_field(trader: Asker) -> None:
    assert data_of(trader, issue(trader)) == {
        "__typename": "CommercialInvoice",
        "number": "FPM-2026-0417",
        "total": {"value": "50000000.00", "currency": "USD"},
        "buyer": {"name": "Hanseatische Werkzeugmaschinen GmbH"},
        "lines": [{"amount": {"value": "50000000.00"}}],
    }


@needs_ubl
def test_ubl_is_taken_as_it_is(trader: Asker) -> None:
    assert data_of(trader, issue(trader, ubl=ubl.write(INVOICE).decode()))["number"] == INVOICE.number


@needs_dcsa
def test_dcsa_is_taken_as_it_is(trader: Asker) -> None:
    document_id = issue(trader, "705", dcsa=transport_document())
    query = "query ($id: ID!) { document(id: $id) { data { ... on TransportDocument { vessel } } } }"
    assert trader.data(query, id=document_id)["document"]["data"] == {"vessel": "Meridian Aurora"}


def test_the_terms_of_carriage_are_issued_and_read_field_by_field(trader: Asker) -> None:
    document_id = issue(trader, "705", AGREED)
    query = """query ($id: ID!) { document(id: $id) { data { ... on TransportDocument {
      consignee { identifier codeListProvider }
      carriage { carrierCode electronic plannedArrivalOn placeOfReceipt { code } contacts { email } }
      goods { packageDescription }
      containers { shipperOwned }
    } } } }"""
    assert trader.data(query, id=document_id)["document"]["data"] == {
        "consignee": {"identifier": "111100T8BM49ADCSAO64", "codeListProvider": "GLEIF"},
        "carriage": {
            "carrierCode": "MCLX",
            "electronic": True,
            "plannedArrivalOn": "2026-06-18",
            "placeOfReceipt": {"code": "TWTNN"},
            "contacts": [{"email": "docs@meridian.example"}, {"email": None}],
        },
        "goods": [{"packageDescription": "Crates"}] * 2,
        "containers": [{"shipperOwned": False}, {"shipperOwned": True}],
    }


def test_a_bank_sees_the_fields_it_was_granted(
    platform: Platform, trader: Asker, bank: Asker, rival: Asker
) -> None:
    document_id = issue(trader)
    assert data_of(bank, document_id) is None
    granted = trader.done(
        "grantAccess",
        "grant { fields }",
        reader="bank",
        documents=[document_id],
        fields=["total"],
        purpose="TRADE_FINANCE",
        validUntil=(platform.clock() + timedelta(days=1)).isoformat(),
    )
    assert granted["grant"] == {"fields": ["total"]}
    assert data_of(bank, document_id) == {
        "__typename": "CommercialInvoice",
        "number": None,
        "total": {"value": "50000000.00", "currency": "USD"},
        "buyer": None,
        "lines": None,
    }
    assert data_of(rival, document_id) is None


def test_a_document_that_is_a_file_has_no_data(platform: Platform, trader: Asker) -> None:
    upload(platform, trader)
    answer = trader.data(
        '{ shipment(reference: "KHH-HAM-1") { documents { edges { node {'
        " issuedAt data { __typename } } } } } }"
    )
    assert answer["shipment"]["documents"]["edges"] == [{"node": {"issuedAt": None, "data": None}}]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"type": "380"}, ("one_of", "data")),
        ({"type": "380", "data": {}, "ubl": "<a/>"}, ("one_of", "data")),
        ({"type": "380", "data": {}}, ("missing", "number")),
        ({"type": "105", "data": {}}, ("no_typed_data", "type")),
        ({"type": "380", "ubl": "<!DOCTYPE a><a/>"}, ("xml_doctype", "ubl")),
        ({"type": "380", "ubl": "<a/>"}, ("ubl_kind", "ubl")),
        ({"type": "380", "data": plain.to_json(INVOICE), "shipment": "NONE"}, ("not_found", "reference")),
    ],
    ids=["neither", "both", "empty", "type", "doctype", "kind", "shipment"],
)
def test_what_breaks_a_rule_is_refused_with_its_place(
    trader: Asker, given: dict[str, Any], error: tuple[str, str]
) -> None:
    whole = {"shipment": SHIPMENT["reference"], **given}
    assert trader.refused("issueDocument", "document { id }", **whole) == [error]


def test_papers_that_differ_are_told_with_both_places(trader: Asker, carrier: Asker) -> None:
    listed = issue(trader, "271", PACKING_LIST)
    heavier = {**plain.to_json(BILL), "grossMass": {"value": "18.6", "unit": "TNE"}}
    bill = issue(trader, "705", data=heavier)
    found = trader.data(DISCREPANCIES)["shipment"]["discrepancies"]
    said = {each["field"]: each for each in found if each["field"] == "grossMass"}
    assert said["grossMass"]["one"] == {"document": None, "path": "grossMass", "value": "18450.5 KGM"}
    assert said["grossMass"]["other"] == {"document": bill, "path": "grossMass", "value": "18.6 TNE"}
    assert listed not in [each["other"]["document"] for each in found if each["field"] == "grossMass"]
    assert carrier.data(DISCREPANCIES)["shipment"]["discrepancies"] == []


def test_a_revoked_document_says_so(trader: Asker, rival: Asker) -> None:
    document_id = issue(trader)
    assert rival.refused("revokeDocument", "document { id }", document=document_id) == [
        ("not_found", "document")
    ]
    revoked = trader.done("revokeDocument", "document { issuedAt revokedAt }", document=document_id)
    assert revoked["document"]["revokedAt"] is not None


def test_an_authority_breaks_the_glass_in_the_owners_sight(trader: Asker, askers: dict[str, Asker]) -> None:
    document_id, customs = issue(trader), askers["authority"]
    why = {"ucr": SHIPMENT["ucr"], "legalBasis": "Union Customs Code, Article 15", "reason": "Undervaluation"}
    assert trader.refused("breakGlass", "validUntil", **why) == [("role_required", None)]
    assert customs.done("breakGlass", "validUntil", **why)["validUntil"]
    assert data_of(customs, document_id)["number"] == INVOICE.number
    log = trader.data("{ accessLog { edges { node { action purpose reader { name } } } } }")["accessLog"]
    assert log["edges"][-1]["node"] == {
        "action": "BREAK_GLASS",
        "purpose": "Union Customs Code, Article 15",
        "reader": {"name": "authority"},
    }


def test_of_documents_in_a_list_those_are_read_whose_data_is_shown(
    platform: Platform, trader: Asker, bank: Asker
) -> None:
    documents = [issue(trader, data=plain.to_json(INVOICE) | {"number": f"INV-{n}"}) for n in range(3)]
    trader.done(
        "grantAccess",
        "grant { id }",
        reader="bank",
        shipment=trader.data("{ shipments { edges { node { id } } } }")["shipments"]["edges"][0]["node"][
            "id"
        ],
        purpose="TRADE_FINANCE",
        validUntil=(platform.clock() + timedelta(days=1)).isoformat(),
    )
    bank.data(
        """{ shipments { edges { node {
          all: documents { edges { node { title } } }
          first: documents(first: 1) { edges { node { data { ... on CommercialInvoice { number } } } } }
        } } } }"""
    )
    log = trader.data("{ accesses(filter: { action: CONTENT }) { edges { node { document { id } } } } }")
    assert [edge["node"]["document"]["id"] for edge in log["accesses"]["edges"]] == [documents[-1]]
