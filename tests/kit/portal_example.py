"""Example data behind the portal: graphql-core executes the portal's own queries on the committed schema.

What is not selected is not there, and a query the schema does not take fails, so pages are tested against
what they would really get.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, Response
from graphql import ExecutionResult, GraphQLSchema, build_schema, graphql_sync

from isthmus_platform.database import Actor, PartyRole
from isthmus_platform.errors import NotAuthenticated, NotFound
from isthmus_portal import Files, Invitation, create_portal

NOW = datetime(2026, 6, 18, 9, 0, tzinfo=UTC)
SCHEMA_FILE = Path(__file__).parents[2] / "graphql" / "schema.graphql"
REFERENCE = "KHH-HAM-0417"
UCR = "6TW24536806-FPM0417"
DOCUMENT = "0190a2f4-5c1e-7d3a-9b61-0f2e4c8d7a10"
EXCHANGE = "0190a2f4-6c1e-7d3a-9b61-0f2e4c8d7a{:02d}"

Json = dict[str, Any]


def schema() -> GraphQLSchema:
    """Return the committed schema."""
    return build_schema(SCHEMA_FILE.read_text())


PARTIES: dict[str, Json] = {
    name: {
        "__typename": "Party",
        "id": f"party:{name}",
        "name": name,
        "legalName": legal,
        "country": country,
        "roles": [role],
    }
    for name, legal, country, role in (
        ("trader", "Formosa Precision Machinery Co., Ltd.", "TW", "TRADER"),
        ("forwarder", "Blue Strait Logistics Co., Ltd.", "TW", "FORWARDER"),
        ("carrier", "Meridian Container Line", "KR", "CARRIER"),
        ("bank", "Kaohsiung Export Bank", "TW", "BANK"),
        ("operator", "Isthmus Concession Company", "TW", "OPERATOR"),
        ("authority", "Customs Administration", "TW", "AUTHORITY"),
    )
}
PARTY_IDS = {name: UUID(int=number) for number, name in enumerate(PARTIES, 1)}


def actor(party: str) -> Actor:
    roles = frozenset(PartyRole(role) for role in PARTIES[party]["roles"])
    return Actor(PARTY_IDS[party], roles, f"user:{party}")


def connection(nodes: list[Json], *, following: bool = False) -> Json:
    return {
        "edges": [{"node": node, "cursor": f"c{number}"} for number, node in enumerate(nodes)],
        "pageInfo": {
            "hasNextPage": following,
            "hasPreviousPage": False,
            "startCursor": "c0" if nodes else None,
            "endCursor": f"c{len(nodes) - 1}" if nodes else None,
        },
    }


def money(minor: int, currency: str = "USD") -> Json:
    return {"amountMinor": minor, "currency": currency}


def place(code: str, name: str, country: str, latitude: float | None, longitude: float | None) -> Json:
    return {"code": code, "name": name, "country": country, "latitude": latitude, "longitude": longitude}


KAOHSIUNG = place("TWKHH", "Kaohsiung", "TW", None, None)  # as UN/LOCODE 2023-1 has it
BUSAN = place("KRPUS", "Busan", "KR", 35.1, 129.04)
HAMBURG = place("DEHAM", "Hamburg", "DE", 53.54, 9.97)
OAKLAND = place("USOAK", "Oakland", "US", 37.8, -122.3)


def event(number: int, at: str, code: str, title: str, where: Json | None, **more: Any) -> Json:
    return {
        "id": f"event:{number}",
        "at": at,
        "kind": "TRANSPORT",
        "code": code,
        "classifier": "ACTUAL",
        "title": title,
        "place": where,
        "equipmentReference": None,
        "source": "carrier",
        "sourceEventId": f"ev-{number}",
        "correction": False,
        "receivedAt": at,
    } | more


def customs(number: int, at: str, code: str, title: str) -> Json:
    return event(number, at, code, title, None, kind="CUSTOMS", source="single window")


TIMELINE = [
    event(
        1,
        "2026-06-04T01:10:00Z",
        "GTIN",
        "Gate in",
        KAOHSIUNG,
        kind="EQUIPMENT",
        equipmentReference="MCLU4200170",
    ),
    event(
        2,
        "2026-06-04T05:40:00Z",
        "GTIN",
        "Gate in",
        KAOHSIUNG,
        kind="EQUIPMENT",
        equipmentReference="MCLU4200185",
    ),
    customs(10, "2026-06-05T02:00:00Z", "ACCEPTED", "Export declaration accepted"),
    customs(11, "2026-06-05T02:00:05Z", "CHANNEL_ASSIGNED", "Channel assigned: green"),
    customs(12, "2026-06-05T02:00:09Z", "DUTY_ASSESSED", "Duty assessed"),
    customs(13, "2026-06-05T02:00:12Z", "RELEASED", "Released for export"),
    event(
        3,
        "2026-06-06T03:00:00Z",
        "LOAD",
        "Loaded",
        KAOHSIUNG,
        kind="EQUIPMENT",
        equipmentReference="MCLU4200170",
    ),
    event(5, "2026-06-06T15:00:00Z", "DEPA", "Vessel departed", KAOHSIUNG, correction=True),
    event(6, "2026-06-10T09:00:00Z", "ARRI", "Vessel arrived", BUSAN),
    event(7, "2026-06-11T21:00:00Z", "DEPA", "Vessel departed", BUSAN),
    event(
        8,
        "2026-07-09T09:00:00Z",
        "ARRI",
        "Vessel arrival",
        HAMBURG,
        classifier="ESTIMATED",
        receivedAt="2026-06-11T22:00:00Z",
    ),
    event(
        9,
        "2026-07-10T21:00:00Z",
        "ARRI",
        "Vessel arrival",
        HAMBURG,
        classifier="ESTIMATED",
        receivedAt="2026-06-16T22:00:00Z",
    ),
    event(
        14,
        "2026-07-12T08:00:00Z",
        "DISC",
        "Discharged",
        HAMBURG,
        classifier="PLANNED",
        kind="EQUIPMENT",
        receivedAt="2026-06-01T08:00:00Z",
    ),
]

DOCUMENTS = [
    {
        "__typename": "Document",
        "id": f"document:{code}",
        "type": code,
        "typeName": type_name,
        "title": title,
        "version": 1,
        "sha256": f"{code}{'4f1c' * 16}"[:64],
        "size": size,
        "mediaType": "application/xml",
        "owner": PARTIES["trader"],
        "shipmentReference": REFERENCE,
        "ucr": UCR,
        "createdAt": "2026-06-02T08:00:00Z",
        "contentUrl": f"/documents/{DOCUMENT[:-2]}{number}/content",
        "versions": [],
        "grants": [],
    }
    for number, (code, type_name, title, size) in enumerate(
        (
            ("380", "Commercial invoice", "Commercial invoice FPM-2026-0417", 4_812),
            ("271", "Packing list", "Packing list FPM-PL-2026-0417", 3_990),
            ("705", "Bill of lading", "Bill of lading MCLKHH2611042", 1_240_000),
        ),
        start=10,
    )
]

GRANT: Json = {
    "__typename": "Grant",
    "id": "grant:1",
    "owner": PARTIES["trader"],
    "reader": PARTIES["bank"],
    "documents": [DOCUMENTS[0], DOCUMENTS[2]],
    "shipment": None,
    "purpose": "TRADE_FINANCE",
    "validUntil": "2026-07-18T23:59:59Z",
    "revokedAt": None,
    "createdAt": "2026-06-18T08:00:00Z",
}

for _document in GRANT["documents"]:
    _document["grants"] = [GRANT]


def crossing(number: int, message: str, direction: str, **more: Any) -> Json:
    exchange = EXCHANGE.format(number)
    return {
        "__typename": "Crossing",
        "id": f"crossing:{number}",
        "exchange": exchange,
        "direction": direction,
        "message": message,
        "purpose": "CUSTOMS_EXPORT_CLEARANCE",
        "legalBasis": "Customs Act, article 17: export declaration",
        "party": "forwarder",
        "owner": "trader",
        "state": "ACKNOWLEDGED",
        "decision": "PERMITTED",
        "reason": None,
        "field": None,
        "fields": ["/ucr"],
        "agreement": {"id": "export-declaration", "version": 1},
        "answer": None,
        "logIndex": number * 3,
        "at": f"2026-06-05T02:00:{number:02d}Z",
        "evidenceUrl": f"/crossings/{exchange}/evidence",
        "shipment": None,
        "asked": [],
    } | more


_DECLARED = [
    "/ucr",
    "/type",
    "/exporter/name",
    "/exporter/country",
    "/consignee/name",
    "/consignee/country",
    "/transport/loadingPlace",
    "/transport/dischargePlace",
    "/equipment/reference",
    "/goods/description",
    "/goods/hsCode",
    "/goods/grossMassKg",
    "/goods/packages",
    "/goods/statisticalValueMinor",
    "/goods/currency",
    "/invoice/incoterm",
]
REFUSED = crossing(
    1,
    "EXPORT_DECLARATION",
    "TO_WINDOW",
    state="REFUSED",
    decision="REFUSED",
    reason="FIELD_NOT_PERMITTED",
    field="/invoice/bankAccount",
    fields=["/invoice/bankAccount", *_DECLARED],
)
DECLARED = crossing(2, "EXPORT_DECLARATION", "TO_WINDOW", fields=_DECLARED)
STATUSES = [
    crossing(n, "DECLARATION_STATUS", "FROM_WINDOW", fields=["/ucr", "/mrn", "/status", "/at", *more])
    for n, more in ((3, []), (4, ["/channel"]), (5, ["/duty/amountMinor", "/duty/currency"]), (6, []))
]
_FINANCE: Json = {
    "purpose": "TRADE_FINANCE",
    "party": "bank",
    "legalBasis": "Trade Finance Verification Ordinance, section 4",
}
QUESTION = crossing(
    7, "DECLARATION_QUERY", "TO_WINDOW", answer={"exists": True, "released": True}, **_FINANCE
)
ANSWER = crossing(8, "DECLARATION_ANSWER", "FROM_WINDOW", fields=["/exists", "/released"], **_FINANCE)
PENDING = crossing(9, "DECLARATION_QUERY", "TO_WINDOW", state="SENT", **_FINANCE)
CROSSINGS = [ANSWER, QUESTION, *reversed(STATUSES), DECLARED, REFUSED]


def said(at: str, name: str, kind: str, told: str) -> Json:
    return {"at": at, "toldAt": told, "source": {"name": name, "kind": kind}}


TRACKED: Json = {
    "delayHours": 36,
    "expectedArrival": said("2026-07-10T21:00:00Z", "carrier", "CARRIER", "2026-06-16T22:00:00Z"),
    "exceptions": [
        {
            "code": "ETA_SLIPPED",
            "description": "ETA slipped 36 h",
            "since": "2026-06-16T22:00:00Z",
            "until": None,
            "equipmentReference": None,
        },
        {
            "code": "ROLLED",
            "description": "Rolled to 9321483 041W at Kaohsiung, 48 h later",
            "since": "2026-06-02T10:00:00Z",
            "until": "2026-06-06T03:00:00Z",
            "equipmentReference": None,
        },
    ],
    "conflicts": [
        {
            "code": "AT_TRANSHIPMENT",
            "classifier": "ACTUAL",
            "place": BUSAN,
            "otherPlace": None,
            "equipmentReference": "MCLU4200170",
            "hoursApart": 5,
            "explanation": "busan-terminal stands nearer to it than carrier, so its word is followed.",
            "follows": said("2026-06-10T14:00:00Z", "busan-terminal", "TERMINAL", "2026-06-10T14:05:00Z"),
            "insteadOf": said("2026-06-10T09:00:00Z", "carrier", "CARRIER", "2026-06-10T09:30:00Z"),
        }
    ],
    "dwells": [
        {"place": BUSAN, "equipmentReference": "MCLU4200170", "until": "2026-06-11T20:00:00Z", "hours": 30},
        {"place": BUSAN, "equipmentReference": "MCLU4200185", "until": None, "hours": 187},
    ],
}

SHIPMENT: Json = {
    "__typename": "Shipment",
    "id": "shipment:1",
    "reference": REFERENCE,
    "ucr": UCR,
    "owner": PARTIES["trader"],
    "forwarder": PARTIES["forwarder"],
    "carrier": PARTIES["carrier"],
    "origin": KAOHSIUNG,
    "destination": HAMBURG,
    "transhipments": [BUSAN],
    "bookingReference": "MCL4417001",
    "billOfLading": "MCLKHH2611042",
    "incoterm": "CIF",
    "status": {"code": "DEPARTED", "description": "Departed", "at": "2026-06-11T21:00:00Z", "place": BUSAN},
    "eta": "2026-07-10T21:00:00Z",
    "equipment": [
        {"reference": "MCLU4200170", "isoCode": "22G1"},
        {"reference": "MCLU4200185", "isoCode": "22G1"},
    ],
    "goods": [
        {
            "sequence": number,
            "description": description,
            "hsCode": hs_code,
            "grossMassKg": gross,
            "netMassKg": net,
            "packages": packages,
            "packageType": "CR",
            "originCountry": "TW",
            "value": money(value),
        }
        for number, description, hs_code, gross, net, packages, value in (
            (1, "Vertical machining centre VMC-850", "845710", "18450", "17200", 2, 18_650_000),
            (2, "CNC lathe TL-25", "845811", "12880", "11900", 3, 9_720_000),
        )
    ],
    "timeline": connection(TIMELINE),
    "documents": connection(DOCUMENTS),
    "declaration": {
        "mrn": "26TW00012345678901",
        "status": "RELEASED",
        "channel": "GREEN",
        "duty": money(0, "TWD"),
        "releasedAt": "2026-06-05T02:00:12Z",
    },
    "crossings": connection([*reversed(STATUSES), DECLARED, REFUSED]),
    "createdAt": "2026-06-01T08:00:00Z",
    **TRACKED,
}


def another(reference: str, **more: Any) -> Json:
    return (
        SHIPMENT
        | {"id": f"shipment:{reference}", "reference": reference, "ucr": f"6TW24536806-{reference}"}
        | more
    )


def at(code: str, description: str, moment: str, where: Json | None) -> Json:
    return {"code": code, "description": description, "at": moment, "place": where}


SHIPMENTS = [
    SHIPMENT,
    another(
        "KHH-OAK-0551",
        destination=OAKLAND,
        transhipments=[],
        eta="2026-07-02T10:00:00Z",
        declaration={"mrn": None, "status": "SUBMITTED", "channel": None, "duty": None, "releasedAt": None},
        status=at("LOADED", "Loaded", "2026-06-17T10:00:00Z", KAOHSIUNG),
    ),
    another(
        "HAM-KHH-0098",
        origin=HAMBURG,
        destination=KAOHSIUNG,
        transhipments=[],
        eta="2026-06-12T10:00:00Z",
        status=at("ARRIVED", "Arrived", "2026-06-12T11:00:00Z", KAOHSIUNG),
    ),
    another(
        "KHH-PUS-0622",
        destination=BUSAN,
        transhipments=[],
        eta=None,
        declaration=None,
        status=at("BOOKED", "Booked", "2026-06-17T10:00:00Z", None),
    ),
]

ACCESS = [
    {
        "__typename": "AccessLogEntry",
        "id": f"access:{number}",
        "at": f"2026-06-18T08:{number:02d}:00Z",
        "reader": PARTIES["bank"],
        "action": "CONTENT",
        "outcome": "ALLOWED" if allowed else "REFUSED",
        "reason": None if allowed else "no_grant",
        "purpose": "TRADE_FINANCE" if allowed else None,
        "document": document,
        "shipment": SHIPMENT,
        "grant": None,
    }
    for number, (document, allowed) in enumerate(zip(DOCUMENTS, (True, False, True), strict=True))
]


def line(meter: str, title: str, party: str, quantity: int, price: int) -> Json:
    return {
        "meter": meter,
        "title": title,
        "party": PARTIES[party],
        "month": "2026-06",
        "quantity": quantity,
        "freeQuantity": 0,
        "unitPrice": money(price),
        "amount": money(price * quantity),
        "usageEvents": connection(
            [
                {
                    "__typename": "UsageEvent",
                    "id": f"usage:{meter}:{number}",
                    "name": meter,
                    "at": f"2026-06-05T02:{number:02d}:00Z",
                    "quantity": 1,
                    "about": {"shipment": REFERENCE},
                }
                for number in range(min(quantity, 3))
            ]
        ),
    }


LINES = [
    line("shipment.created", "Shipment opened", "forwarder", 1, 250),
    line("events.recorded", "Tracking events", "carrier", 9, 2),
    line("document.stored", "Documents stored", "forwarder", 3, 40),
    line("declaration.submitted", "Export declaration filed", "forwarder", 1, 450),
    line("document.read", "Granted documents read", "bank", 2, 120),
    line("window.asked", "Questions to the single window", "bank", 1, 300),
]
USAGE = {
    "period": "2026-06",
    "total": money(sum(item["amount"]["amountMinor"] for item in LINES)),
    "lines": LINES,
}
INVOICES: list[Json] = [
    {
        "__typename": "Invoice",
        "id": f"invoice:{number}",
        "number": f"2026-{number:06d}",
        "party": PARTIES[party],
        "period": "2026-06",
        "status": "FINALISED",
        "currency": "USD",
        "total": money(total),
        "concessionFee": money(total * 12 // 100),
        "outstanding": money(total),
        "finalisedAt": "2026-06-18T08:59:00Z",
        "lines": [item for item in LINES if item["party"]["name"] == party],
    }
    for number, party, total in ((1, "forwarder", 820), (2, "bank", 540), (3, "carrier", 18))
]


@dataclass
class Example:
    """The example's root values, which a test may change, and the changes that were asked of it."""

    shipments: list[Json] = field(default_factory=lambda: list(SHIPMENTS))
    crossings: list[Json] = field(default_factory=lambda: list(CROSSINGS))
    usage: Json = field(default_factory=lambda: dict(USAGE))
    user_errors: list[Json] = field(default_factory=list)
    changes: list[tuple[str, Json]] = field(default_factory=list)
    asked: list[tuple[str, Json]] = field(default_factory=list)
    schema: GraphQLSchema = field(default_factory=schema)

    def execute(self, actor: Actor, query: str, variables: Json) -> ExecutionResult:
        party = actor.subject.removeprefix("user:")
        self.asked.append((query, variables))
        return graphql_sync(self.schema, query, self._root(party), variable_values=variables)

    def _root(self, party: str) -> Json:
        everything = [*self.shipments, *self.crossings, *INVOICES]

        def by_id(_: Any, id: str) -> Json | None:  # noqa: A002 (the argument's name in the schema)
            return next((thing for thing in everything if thing["id"] == id), None)

        return {
            "viewer": {"subject": f"user:{party}", "party": PARTIES[party]},
            "node": by_id,
            "crossing": by_id,
            "shipment": lambda _, reference: next(
                (one for one in self.shipments if one["reference"] == reference and party != "bank"), None
            ),
            "shipments": lambda _, first, after=None, **given: connection(
                self.shipments[:first], following=after is None and len(self.shipments) > 3
            ),
            "crossings": lambda _, first, after=None, **given: connection(
                [
                    one
                    for one in self.crossings
                    if (party != "bank" or one["party"] == "bank")
                    and (given.get("filter") or {}).get("decision") in (None, one["decision"])
                ][:first]
            ),
            "accessLog": lambda _, first, after=None: connection(ACCESS),
            "grants": lambda _, first, after=None: connection([GRANT]),
            "usage": lambda _, period: self.usage | {"period": period},
            "invoices": lambda _, first, after=None: connection(INVOICES),
        } | {name: self._change(name, result) for name, result in _CHANGES.items()}

    def _change(self, name: str, result: Json) -> Callable[..., Json]:
        def change(_: Any, **arguments: Json) -> Json:
            self.changes.append((name, arguments["input"]))
            nothing = dict.fromkeys(result)
            return (nothing if self.user_errors else result) | {"userErrors": self.user_errors}

        return change


_CHANGES: dict[str, Json] = {
    "grantAccess": {"grant": GRANT},
    "revokeAccess": {"grant": GRANT},
    "submitDeclaration": {"crossing": DECLARED, "declaration": None},
    "askWindow": {"crossing": PENDING},
    "closeBillingPeriod": {"invoices": INVOICES},
}

PASSWORD = "an example, no secret"


def sign_in(email: str, password: str) -> Actor:
    party = email.partition("@")[0]
    if party not in PARTIES or password != PASSWORD:
        raise NotAuthenticated("Email or password is not right.")
    return actor(party)


def actor_of(subject: str) -> Actor:
    party = subject.removeprefix("user:")
    if party not in PARTIES:
        raise NotAuthenticated("This user is no longer known.")
    return actor(party)


class Remembered:
    """The sessions that were ended, in memory."""

    def __init__(self) -> None:
        self.known: set[str] = set()

    def ended(self, session: str) -> bool:
        return session in self.known

    def end(self, actor: Actor, session: str, until: datetime) -> None:
        self.known.add(session)


def document(actor: Actor, document_id: UUID) -> Response:
    if str(document_id) != DOCUMENT:
        raise NotFound("There is no such document.")
    return Response("<Invoice/>", headers={"Content-Disposition": "attachment; filename=invoice.xml"})


def evidence(actor: Actor, exchange: UUID) -> Response:
    return Response("{}", content_type="application/json")


INVITATIONS = [
    Invitation("trader", "trader@demo.example", PASSWORD, "One shipment, its documents, and who saw them"),
    Invitation("forwarder", "forwarder@demo.example", PASSWORD, "Tracks, uploads and files"),
    Invitation("bank", "bank@demo.example", PASSWORD, "Reads what it was granted, asks customs"),
    Invitation("operator", "operator@demo.example", PASSWORD, "Usage and invoices, no contents"),
    Invitation("authority", "authority@demo.example", PASSWORD, "Every crossing, with evidence"),
]


def portal_app(example: Example, **options: Any) -> Flask:
    """Return an app with nothing but the portal on the example."""
    app = Flask("portal_example", static_folder=None)
    app.secret_key = "an example, no secret"
    means: Json = {
        "execute": example.execute,
        "sign_in": sign_in,
        "actor_of": actor_of,
        "sessions": Remembered(),
        "files": Files(document=document, evidence=evidence),
        "clock": lambda: NOW,
        "invitations": lambda: INVITATIONS,
    }
    app.register_blueprint(create_portal(**(means | options)))
    return app
