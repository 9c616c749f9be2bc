"""A typed shipping instruction reaches the carrier of its booking, and is held against booking and masses."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from ebl import DCSA, needs_dcsa
from graphql_client import Asker, serve
from graphql_trade import SHIPMENT, VAULT, ship
from held import rows
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform.database import Actor, Platform
from isthmus_platform.papers import dcsa_ebl, plain
from isthmus_platform.papers.parts import Load, Measure
from isthmus_platform.papers.shipping_instruction import ShippingInstruction
from isthmus_platform.papers.signing import Desk
from isthmus_protocol.keys import Holder, SigningKey
from papers_of_trade import BILL, SHIPPING, SPREAD
from quote_trade import accepted

CONFIRMATION = {
    "reference": SHIPPING.booking_reference,
    "documentationCutOff": "2026-06-05T09:00:00Z",
    "vgmCutOff": "2026-06-05T09:00:00Z",
    "cargoCutOff": "2026-06-05T09:00:00Z",
}
SAID = """{ booking(id: $id) { instruction { data { ... on ShippingInstruction {
  bookingReference transportDocumentType entryZone
  goods { packages loads { container grossMass { value unit } } }
  containers { reference tareMass { value } }
} } } } }"""
DISCREPANCIES = """{ shipment(reference: "KHH-HAM-1") { discrepancies {
  field one { booking document value } other { document value }
} } }"""
GRANTS = "{ grants { edges { node { reader { name } purpose revokedAt id } } } }"
HELD = ("booking", "access_grant", "granted_document", "change", "outbox")


@pytest.fixture
def askers(platform: Platform, cast: dict[str, Actor]) -> dict[str, Asker]:
    desk = Desk(VAULT, SigningKey.generate(Holder.PLATFORM), "https://isthmus.example", None, DCSA)
    return serve(GraphQL(platform, build(), desk=desk), cast)


def issue(trader: Asker, paper: ShippingInstruction = SHIPPING) -> str:
    given = {"shipment": SHIPMENT["reference"], "type": "340", "data": plain.to_json(paper)}
    return str(trader.done("issueDocument", "document { id }", **given)["document"]["id"])


def tied(askers: dict[str, Asker]) -> str:
    """Return a booking that is confirmed and carries the trader's shipment."""
    shipment, quote = ship(askers["trader"])["id"], accepted(askers)
    booking: str = askers["trader"].done("requestBooking", "booking { id }", quote=quote)["booking"]["id"]
    confirm = {"booking": booking, "move": "CONFIRM", "confirmation": CONFIRMATION}
    askers["carrier"].done("moveBooking", "booking { id }", **confirm)
    askers["trader"].done("tieBooking", "booking { id }", booking=booking, shipment=shipment)
    return booking


def said(asker: Asker, booking: str) -> Any:
    found = asker.data("query ($id: ID!) " + SAID, id=booking)["booking"]["instruction"]
    return found and found["data"]


def grants(asker: Asker) -> list[dict[str, Any]]:
    return [edge["node"] for edge in asker.data(GRANTS)["grants"]["edges"]]


def test_who_submits_an_instruction_opens_it_to_the_carrier_until_it_takes_that_back(
    askers: dict[str, Asker],
) -> None:
    trader, carrier = askers["trader"], askers["carrier"]
    booking = tied(askers)
    submit = {"booking": booking, "document": issue(trader)}
    assert said(carrier, booking) is None
    for _ in range(2):
        trader.done("submitShippingInstruction", "booking { id }", **submit)
    (granted,) = grants(trader)
    assert (granted["reader"], granted["purpose"]) == ({"name": "carrier"}, "LOGISTICS")
    mass = {"value": "9225.25", "unit": "KGM"}
    assert said(carrier, booking) == {
        "bookingReference": "MCL4417001",
        "transportDocumentType": "705",
        "entryZone": True,
        "goods": [
            {
                "packages": 2,
                "loads": [
                    {"container": "MCLU4200170", "grossMass": mass},
                    {"container": "MCLU4200185", "grossMass": mass},
                ],
            }
        ],
        "containers": [
            {"reference": "MCLU4200170", "tareMass": None},
            {"reference": "MCLU4200185", "tareMass": {"value": "2200"}},
        ],
    }
    log = trader.data("{ accessLog { edges { node { action reader { name } } } } }")["accessLog"]["edges"]
    assert {"action": "CONTENT", "reader": {"name": "carrier"}} in [edge["node"] for edge in log]
    document = "query ($id: ID!) { document(id: $id) { id } }"
    assert askers["rival"].data(document, id=submit["document"])["document"] is None
    trader.done("revokeAccess", "grant { id }", grant=granted["id"])
    assert said(carrier, booking) is None


THIRD = replace(SHIPPING.containers[0], reference="MSKU0000006")
NOT_OF_IT = (
    (replace(SHIPPING, booking_reference="MCL4417002"), ("other_booking", "document.bookingReference")),
    (replace(SHIPPING, booking_reference=None), ("other_booking", "document.bookingReference")),
    (
        replace(SHIPPING, containers=(*SHIPPING.containers, THIRD)),
        ("other_units", "document.containers"),
    ),
    (SHIPPING, ("instruction_revoked", "document")),
)


def test_an_instruction_that_is_not_of_the_booking_is_refused_and_opens_nothing(
    platform: Platform, askers: dict[str, Asker]
) -> None:
    trader, booking = askers["trader"], tied(askers)
    for paper, error in NOT_OF_IT:
        document = issue(trader, paper)
        if error[0] == "instruction_revoked":
            trader.done("revokeDocument", "document { id }", document=document)
        before = rows(platform, HELD)
        submit = {"booking": booking, "document": document}
        assert trader.refused("submitShippingInstruction", "booking { id }", **submit) == [error]
        assert rows(platform, HELD) == before, error


@needs_dcsa
def test_an_instruction_comes_as_dcsa_and_nothing_else_does(askers: dict[str, Asker]) -> None:
    trader = askers["trader"]
    ship(trader)
    given = {"shipment": SHIPMENT["reference"], "type": "340", "dcsa": dcsa_ebl.write(SHIPPING)}
    number = "document { type data { ... on ShippingInstruction { number } } }"
    assert trader.done("issueDocument", number, **given)["document"] == {
        "type": "340",
        "data": {"number": "SI-0417"},
    }
    assert trader.refused("issueDocument", number, **{**given, "type": "705"}) == [("dcsa_schema", "dcsa")]
    assert trader.refused("issueDocument", number, **{**given, "dcsa": {}}) == [("dcsa_schema", "dcsa")]


def weigh(trader: Asker, booking: str, equipment: str, kilograms: str) -> None:
    given = {"equipment": equipment, "massKg": kilograms, "method": "SM1", "responsible": "L. Chen"}
    trader.done(
        "submitGrossMass", "booking { id }", booking=booking, **given, weighedAt="2026-06-01T08:00:00Z"
    )


def test_an_instruction_is_held_against_its_booking_what_was_weighed_and_the_bill(
    askers: dict[str, Asker],
) -> None:
    trader, booking = askers["trader"], tied(askers)
    heavy = Load("MCLU4200185", Measure(Decimal("12"), "TNE"), packages=1)
    light = Load("MCLU4200170", Measure(Decimal("6.4505"), "TNE"), packages=1)
    total = Measure(Decimal("18.4505"), "TNE")
    goods = replace(SPREAD, gross_mass=total, net_mass=None, volume=None, loads=(light, heavy))
    paper = issue(trader, replace(SHIPPING, goods=(goods,), shipper=None))
    bill = plain.to_json(replace(BILL, shipper=None, booking_reference="MCL4417009", packages=3))
    trader.done("issueDocument", "document { id }", shipment="KHH-HAM-1", type="705", data=bill)
    weigh(trader, booking, "MCLU4200170", "9000")
    weigh(trader, booking, "MCLU4200185", "12000")
    assert differing(trader) == {"packages", "bookingReference"}
    weigh(trader, booking, "MCLU4200185", "11999.5")
    found = {each["field"]: each for each in trader.data(DISCREPANCIES)["shipment"]["discrepancies"]}
    assert found["bookingReference"]["one"] == {"booking": booking, "document": None, "value": "MCL4417001"}
    assert found["verifiedGrossMass"] == {
        "field": "verifiedGrossMass",
        "one": {"booking": booking, "document": None, "value": "MCLU4200185: 11999.500 KGM"},
        "other": {"document": paper, "value": "MCLU4200185: 12000.000 KGM"},
    }


def differing(asker: Asker) -> set[str]:
    return {each["field"] for each in asker.data(DISCREPANCIES)["shipment"]["discrepancies"]}
