"""What the ingestion benchmark stands on: parties with tokens, shipments, batches, and the peer's way in."""

import os
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flask import Flask, Response, request
from sqlalchemy import insert, select

from isthmus.settling import settling
from isthmus_platform import access, dcsa, deriving, parties
from isthmus_platform.consignments import RecordedEvent, Shipment
from isthmus_platform.database import Duty, PartyRole, Platform, create_platform_engine, new_id
from isthmus_platform.dcsa import Standard
from isthmus_platform.http import events
from isthmus_platform.http.bearer import acting, authenticator
from isthmus_platform.milestones import TrackingEvent
from isthmus_platform.tokens import TokenIssuer, public_jwk

ISSUER = "https://benchmark.example"
KEY = Ed25519PrivateKey.from_private_bytes(b"benchmark ingestion, not secret!")
PATHS = {"isthmus": "/v2/events", "orm": "/orm/events"}
START = datetime(2026, 5, 1, tzinfo=UTC)
EVENTS_OF_EACH = 10
SHIPMENTS = 12_000  # of each carrier; batches go round them
NAMES = UUID(int=0)
STEPS = ("GTIN", "LOAD", "DEPA", "ARRI", "DISC", "LOAD", "DEPA", "ARRI", "DISC", "GTOT")
CALLS = ("TWKHH", "TWKHH", "TWKHH", "KRPUS", "KRPUS", "KRPUS", "KRPUS", "DEHAM", "DEHAM", "DEHAM")
_tokens: dict[int, str] = {}


def _issuer() -> TokenIssuer:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return TokenIssuer(ISSUER, ISSUER, [pem])


def prepare(url: str, clients: int) -> None:
    """Register a trader and the carriers, with tokens, and make the carriers' shipments."""
    platform = Platform(create_platform_engine(url))
    with platform.begin(Duty("onboarding")) as work:
        trader = parties.register(work, "trader", "Trader Ltd", "TW", [PartyRole.TRADER])
        for client in range(clients):
            name = f"carrier-{client}"
            party = parties.register(work, name, "Carrier Ltd", "TW", [PartyRole.CARRIER])
            its_client = access.add_client(work, name, name, [public_jwk(KEY)])
            _tokens[client] = _issuer().issue(party.id, f"client:{its_client}")
    acting_trader = parties.actor_of(trader, "client:trader")
    for client in range(clients):
        with platform.begin(acting_trader) as work:
            carrier_id = parties.by_name(work, f"carrier-{client}").id
            rows = [_shipment(trader.id, carrier_id, client, n) for n in range(SHIPMENTS)]
            work.session.execute(insert(Shipment), rows)
            deriving.refresh(work, [row["id"] for row in rows])
    platform.engine.dispose()


def _shipment(trader_id: UUID, carrier_id: UUID, client: int, n: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "party_id": trader_id,
        "created_by": trader_id,
        "carrier_id": carrier_id,
        "reference": f"{client}-{n}",
        "ucr": f"{client}-{n}",
        "origin": "TWKHH",
        "destination": "DEHAM",
        "transhipments": ["KRPUS"],
        "booking_reference": f"B{client}-{n}",
        "booked_at": START,
        "created_at": START,
    }


def carrier(client: int) -> str:
    """Return the token of a carrier."""
    return _tokens[client]


def batch(name: str, client: int, number: int, size: int) -> list[dict[str, Any]]:
    """Return a batch of new events: ten of each of its shipments, the whole way of a container."""
    key = f"{name} {client} {number}"
    at_once = size // EVENTS_OF_EACH
    # Both go round the same shipments, each in its own half.
    half = 0 if name == "isthmus" else SHIPMENTS // 2
    first = half + number * at_once % (SHIPMENTS // 2)
    return [
        _event(f"{key} {n}", f"B{client}-{first + n // EVENTS_OF_EACH}", n % EVENTS_OF_EACH, n)
        for n in range(size)
    ]


def _event(key: str, booking: str, step: int, n: int) -> dict[str, Any]:
    code, place = STEPS[step], CALLS[step]
    at = (START + timedelta(days=step + 1, minutes=n)).isoformat()
    message = {
        "eventID": str(uuid5(NAMES, key)),
        "eventCreatedDateTime": at,
        "eventClassifierCode": "ACT",
        "eventDateTime": at,
        "documentReferences": [{"documentReferenceType": "BKG", "documentReferenceValue": booking}],
    }
    if code in ("ARRI", "DEPA"):
        call = {
            "transportCallID": f"C-{place}",
            "modeOfTransport": "VESSEL",
            "UNLocationCode": place,
            "exportVoyageNumber": "041W",
            "vessel": {"vesselIMONumber": "9321483", "vesselName": "Meridian Aurora"},
        }
        return message | {"eventType": "TRANSPORT", "transportEventTypeCode": code, "transportCall": call}
    return message | {
        "eventType": "EQUIPMENT",
        "equipmentEventTypeCode": code,
        "equipmentReference": "MCLU4200170",
        "emptyIndicatorCode": "LADEN",
        "eventLocation": {"UNLocationCode": place},
    }


def create_app() -> Flask:
    """Return the application that serves ours and the peer."""
    platform = Platform(create_platform_engine(os.environ["BENCHMARK_DATABASE_URL"]))
    authenticate = authenticator(platform, _issuer())
    web = Flask(__name__)
    web.register_blueprint(events.blueprint(platform, authenticate))

    @web.get("/ready")
    def ready() -> str:
        return "ready"

    @web.post(PATHS["orm"])
    def by_orm() -> Response:
        actor = acting(authenticate)
        received = dcsa.parse(Standard.DCSA_2_2, request.get_json(), platform.clock())
        with platform.begin(actor) as work:
            outcomes = [{"outcome": _keep(work.session, actor.party_id, work.now, each)} for each in received]
        return Response(orjson.dumps({"outcomes": outcomes}), content_type="application/json")

    return web


def _keep(session: Any, party_id: UUID, now: datetime, received: dcsa.ReceivedEvent) -> str:
    event = received.event
    known = session.scalar(
        select(RecordedEvent.id).where(
            RecordedEvent.party_id == party_id,
            RecordedEvent.source_event_id == event.source_event_id,
            RecordedEvent.version_at == event.version_at,
        )
    )
    if known is not None:
        return "DUPLICATE"
    shipment_id = session.scalar(
        select(Shipment.id).where(
            Shipment.carrier_id == party_id, Shipment.booking_reference == event.booking_reference
        )
    )
    values = {name: getattr(event, name) for name in TrackingEvent._fields}
    session.add(
        RecordedEvent(
            id=new_id(),
            party_id=party_id,
            shipment_id=shipment_id,
            part=0,
            digest=event.source_event_id,
            standard="DCSA_2_2",
            content=received.content,
            conveyance=received.conveyance,
            correction=False,
            received_at=now,
            **values,
        )
    )
    session.flush()
    return "RECORDED" if shipment_id else "UNMATCHED"


app = None
if "BENCHMARK_DATABASE_URL" in os.environ:
    with settling():  # as our own server does
        app = create_app()
