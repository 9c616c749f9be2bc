"""The next consignment's freight: asked of two, compared, booked, instructed, weighed, its CO2e told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from isthmus.demo.member import Member, expect, nodes, until_metered
from isthmus.demo.story import Cast, Line

REFERENCE = "KHH-HAM-0418"
UCR = "6TW24536806-FPM0418"
CONTAINER = "MCLU4200225"
CONFIRMED_AS = "MCL4418001"
BOOKING = "booking { id status reference cutOffs { code status } instruction { type } }"
QUOTE = "quote { id state }"
COMPARED = (
    '{ freightRequests(first: 100) { edges { node { id goods comparison(currency: "USD", rates:'
    ' [{currency: "TWD", rate: "0.031"}]) { status quote { id by { name } } total { amountMinor } } } } } }'
)
EMITTED = (
    "query ($reference: String!) { shipment(reference: $reference) { emissions { totalCo2eGrams legs {"
    " mode distanceKm co2eGrams distanceSource factor { vehicle provenance } } } } }"
)
INSTRUCTION = "query ($id: ID!) { booking(id: $id) { instruction { contentUrl } } }"
GOODS = "CNC lathes, two crates"


def booked(cast: Cast) -> Iterator[Line]:
    """Ask, compare, accept, book, confirm, tie to the shipment, instruct and weigh."""
    request = _asked(cast)
    _quoted(cast.carrier, request, 185_000, "USD", 34)
    _quoted(cast.forwarder, request, 6_400_000, "TWD", 41)
    yield Line("The trader asks a carrier and a forwarder for freight; neither learns of the other.")
    compared = next(
        node["comparison"]
        for node in nodes(cast.trader.query(COMPARED)["freightRequests"])
        if node["id"] == request
    )
    told = [
        f"{each['quote']['by']['name']} {each['total']['amountMinor'] / 100:,.2f} USD" for each in compared
    ]
    yield Line(f"Side by side at the trader's own rates: {', '.join(told)}.")
    expect([each["quote"]["by"]["name"] for each in compared] == ["carrier", "forwarder"], "the comparison")
    quote = compared[0]["quote"]["id"]
    cast.trader.done("acceptFreightQuote", QUOTE, {"idempotencyKey": "demo-quote-taken", "quote": quote})
    given = {"idempotencyKey": "demo-booking", "quote": quote}
    booking = cast.trader.done("requestBooking", BOOKING, given)["booking"]["id"]
    cast.carrier.done("moveBooking", BOOKING, _confirmed(cast, booking))
    yield Line("It accepts the carrier's, books, and the carrier confirms with its cut-offs.")
    _instructed(cast, booking)
    met = {each["code"]: each["status"] for each in _weighed(cast, booking)}
    expect((met["DCO"], met["VCO"]) == ("MET", "MET"), f"the cut-offs: {met}")
    yield Line("Shipping instruction and verified gross mass are in: both cut-offs are met.")
    _taken(cast, booking)
    yield Line("The carrier takes the instruction as DCSA's JSON; by its submission it was opened to it.")
    yield from _emitted(cast)
    until_metered(cast.period, (cast.trader, "booking.made", 1))


def _asked(cast: Cast) -> str:
    given = {
        "idempotencyKey": "demo-freight-asked",
        "origin": "TWKHH",
        "destination": "DEHAM",
        "goods": GOODS,
        "equipmentType": "22G1",
        "units": 1,
        "closesAt": (cast.first_played + timedelta(days=10)).isoformat(),
        "of": ["carrier", "forwarder"],
        "charges": ["Bunker"],
    }
    return str(cast.trader.done("requestFreightQuotes", "request { id }", given)["request"]["id"])


def _quoted(by: Member, request: str, minor: int, currency: str, days: int) -> None:
    def charge(kind: str, name: str, amount: int) -> dict[str, Any]:
        return {
            "kind": kind,
            "name": name,
            "unitPrice": {"amountMinor": amount, "currency": currency},
            "quantity": 1,
            "calculationBasis": "Per container",
            "paymentTerm": "PRE",
        }

    found = nodes(
        by.query("{ freightRequests(first: 100) { edges { node { id closesAt } } } }")["freightRequests"]
    )
    asked = next(each for each in found if each["id"] == request)
    given = {
        "idempotencyKey": "demo-freight-quoted",
        "request": request,
        "charges": [charge("BASE", "Ocean freight", minor), charge("SURCHARGE", "Bunker", minor // 10)],
        "validUntil": asked["closesAt"],
        "transitDays": days,
    }
    by.done("quoteFreight", QUOTE, given)


def _confirmed(cast: Cast, booking: str) -> dict[str, Any]:
    def day(number: int) -> str:
        return (cast.first_played + timedelta(days=number)).isoformat()

    return {
        "idempotencyKey": "demo-booking-confirmed",
        "booking": booking,
        "move": "CONFIRM",
        "confirmation": {
            "reference": CONFIRMED_AS,
            "documentationCutOff": day(12),
            "vgmCutOff": day(13),
            "cargoCutOff": day(14),
        },
    }


def _instructed(cast: Cast, booking: str) -> None:
    """Open the consignment, tie the booking to it, and submit the shipping instruction to the carrier."""
    shipment = cast.trader.done("createShipment", "shipment { id }", _shipment(cast))["shipment"]["id"]
    tied = {"idempotencyKey": "demo-booking-tied", "booking": booking, "shipment": shipment}
    cast.trader.done("tieBooking", "booking { shipment { reference } }", tied)
    issued = cast.trader.done(
        "issueDocument",
        "document { id }",
        {
            "idempotencyKey": "demo-shipping-instruction",
            "shipment": REFERENCE,
            "type": "340",
            "data": shipping_instruction(),
        },
    )["document"]["id"]
    given = {"idempotencyKey": "demo-instruction-submitted", "booking": booking, "document": issued}
    told = cast.trader.done("submitShippingInstruction", BOOKING, given)["booking"]
    expect(told["instruction"] == {"type": "340"}, "the instruction")


def _taken(cast: Cast, booking: str) -> None:
    """Take the instruction as the carrier's own systems do: as DCSA's JSON, of the booking it confirmed."""
    found = cast.carrier.query(INSTRUCTION, id=booking)["booking"]["instruction"]
    taken = cast.carrier.send("GET", found["contentUrl"].replace("/content", "/dcsa"))
    expect(taken.status_code == 200, f"the instruction for the carrier: {taken.status_code} {taken.text}")
    (item,) = taken.json()["consignmentItems"]
    expect(item["carrierBookingReference"] == CONFIRMED_AS, f"the instruction's booking: {item}")


def shipping_instruction() -> dict[str, Any]:
    """Return what the trader tells the carrier to put on the bill of lading, as data of type 340."""

    def party(name: str, street: str, city: str, country: str) -> dict[str, Any]:
        return {"name": name, "address": {"street": street, "city": city, "country": country}}

    consignee = party("Hanseatische Werkzeugmaschinen GmbH", "Steinstrasse 1", "Hamburg", "DE")
    return {
        "number": "SI-0418",
        "ucr": UCR,
        "bookingReference": CONFIRMED_AS,
        "transportDocumentType": "705",
        "toOrder": True,
        "shippedOnBoard": True,
        "electronic": True,
        "freight": "PREPAID",
        "entryZone": True,
        "shipper": party("Formosa Precision Machinery Co., Ltd.", "12 Jhongshan Road", "Kaohsiung", "TW"),
        "notify": consignee,
        "contacts": [{"name": "L. Chen", "email": "export@formosa.example"}],
        "goods": [
            {
                "number": "1",
                "description": "CNC lathe TL-25",
                "hsCode": "845811",
                "grossMass": {"value": "12880", "unit": "KGM"},
                "packages": 2,
                "packageType": "CR",
                "packageDescription": "Crates",
                "containers": [CONTAINER],
            }
        ],
        "containers": [{"reference": CONTAINER, "shipperOwned": False, "seals": ["TW418"]}],
    }


def _shipment(cast: Cast) -> dict[str, Any]:
    return {
        "idempotencyKey": "demo-next-shipment",
        "reference": REFERENCE,
        "ucr": UCR,
        "carrier": "carrier",
        "origin": "TWTPE",
        "destination": "DEHAM",
        "bookedAt": (cast.first_played - timedelta(days=1)).isoformat(),
        "incoterm": "CIF",
        "consignee": {"name": "Hanseatische Werkzeugmaschinen GmbH", "country": "DE"},
        "equipment": [{"reference": CONTAINER, "isoCode": "22G1"}],
        "legs": [
            {"mode": "TRUCK", "origin": "TWTPE", "destination": "TWKHH"},
            {"mode": "VESSEL", "origin": "TWKHH", "destination": "DEHAM", "carrier": "carrier"},
        ],
        "goods": [
            {
                "description": "CNC lathe TL-25",
                "hsCode": "845811",
                "grossMassKg": "12880",
                "netMassKg": "11900",
                "packages": 2,
                "packageType": "CR",
                "originCountry": "TW",
                "value": {"amountMinor": 9_720_000, "currency": "USD"},
            }
        ],
    }


def _weighed(cast: Cast, booking: str) -> list[dict[str, Any]]:
    given = {
        "idempotencyKey": "demo-weighed",
        "booking": booking,
        "equipment": CONTAINER,
        "massKg": "15110.5",
        "method": "SM1",
        "responsible": "L. Chen",
        "weighedAt": (cast.first_played - timedelta(hours=3)).isoformat(),
    }
    return list(cast.trader.done("submitGrossMass", BOOKING, given)["booking"]["cutOffs"])


def _emitted(cast: Cast) -> Iterator[Line]:
    told = cast.trader.query(EMITTED, reference=REFERENCE)["shipment"]["emissions"]
    expect([leg["mode"] for leg in told["legs"]] == ["TRUCK", "VESSEL"], f"the legs: {told}")
    for leg in told["legs"]:
        yield Line(
            f"{leg['mode'].capitalize()}, {leg['distanceKm']:,} km: {leg['co2eGrams'] / 1000:,.0f} kg of CO2e"
            f" ({leg['factor']['provenance']})."
        )
    expect(told["totalCo2eGrams"] == sum(leg["co2eGrams"] for leg in told["legs"]), "the total")


CHAPTER = ("The next freight is quoted, booked and weighed", booked)
