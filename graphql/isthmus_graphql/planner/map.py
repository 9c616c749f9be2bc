"""How each type of the schema lies in the database: its table, and each field's columns, reference or list.

A field that is not here is not planned: an operation that asks for it goes to the ordinary executor whole.
So a new field of the schema needs nothing here to be answered; it needs an entry to be answered fast.
"""

from collections.abc import Mapping

from isthmus_graphql.planner.terms import (
    Inside,
    Join,
    Kind,
    Many,
    Paged,
    Place,
    Places,
    To,
    Value,
    Way,
    plain,
)
from isthmus_platform.freight import MOST_MESSAGES


def _global_id(kind: str) -> Value:
    return Value(("id",), f"global_id({kind!r}, {{0}})")


def _money(amount: str, currency: str, present: str | None = None) -> Inside:
    return Inside(
        {"amountMinor": Value((amount,), "long({0})"), "currency": Value((currency,), "needed({0})")}, present
    )


def _party(column: str) -> Join:
    return Join("party", f"{{j}}.id = {{t}}.{column}")


def _belongs(column: str) -> str:
    return f"{{t}}.{column} = {{up}}"


PARTY = Kind(
    "party",
    {
        "id": _global_id("Party"),
        "name": plain("name"),
        "legalName": plain("legal_name"),
        "country": plain("country"),
        "roles": Value(("roles",), "roles({0})"),
    },
)

EQUIPMENT = Kind("equipment", {"reference": plain("reference"), "isoCode": plain("iso_code")})

GOODS_ITEM = Kind(
    "goods_item",
    {
        "sequence": plain("sequence"),
        "description": plain("description"),
        "hsCode": plain("hs_code"),
        # numeric's own text is exact and without exponent, as the scalar Decimal writes it
        "grossMassKg": plain("{t}.gross_mass_kg::text"),
        "netMassKg": plain("{t}.net_mass_kg::text"),
        "packages": plain("packages"),
        "packageType": plain("package_type"),
        "originCountry": plain("origin_country"),
        "value": _money("value_minor", "currency"),
    },
)

STATUS = Kind(
    "shipment_tracking",
    {
        "code": plain("status"),
        "description": Value(("status", "status_place"), "sentence({0}, {1})"),
        "at": plain("status_at"),
        "place": Place("status_place", strict=False),
    },
    key="shipment_id",
)

TITLE = ("kind", "code", "classifier", "place", "location", "equipment_reference", "document_type", "body")

TIMELINE_ENTRY = Kind(
    # What carriers and terminals said, customs of its declarations, authorities of its freight data
    # (of these as many as the executor tells).
    "(SELECT id, shipment_id, at, kind, code, classifier, place, location, equipment_reference,"  # noqa: S608 (numbers)
    " document_type, party_id, source_event_id, correction, received_at, NULL::jsonb AS body"
    " FROM tracking_event"
    " WHERE superseded_at IS NULL AND NOT retracted"
    " UNION ALL"
    " SELECT id, shipment_id, at, 'CUSTOMS', status, 'ACT', NULL, NULL, NULL, NULL,"
    " NULL, exchange::text, false, received_at, body FROM customs_event"
    " UNION ALL"
    " SELECT id, shipment_id, received_at, 'FREIGHT', 'FOLLOW_UP', 'ACT', NULL, NULL, NULL, NULL,"
    " NULL, exchange::text, false, received_at, to_jsonb(text) FROM freight_message"
    " WHERE NOT EXISTS (SELECT FROM freight_message later"
    " WHERE later.shipment_id = freight_message.shipment_id"
    f" AND later.id > freight_message.id OFFSET {MOST_MESSAGES - 1}))",
    {
        "id": Value(("id",), "key({0})"),
        "at": plain("at"),
        "kind": plain("kind"),
        "code": plain("code"),
        "classifier": Value(("classifier",), "CLASSIFIERS.get({0}, {0})"),
        "title": Value(TITLE, "title({0}, {1}, {2}, {3}, {4}, {5}, {6}, {7})"),
        "place": Place("place", strict=False),
        "equipmentReference": plain("equipment_reference"),
        "source": Value(("name",), "source({0}, {1})", via="source", own=("kind",)),
        "sourceEventId": plain("source_event_id"),
        "correction": plain("correction"),
        "receivedAt": plain("received_at"),
    },
    {"source": _party("party_id")},
)

SHIPMENT_EXCEPTION = Kind(
    "shipment_exception",
    {
        "code": plain("code"),
        "description": plain("description"),
        "since": plain("since"),
        "until": plain("until"),
        "hours": plain("hours"),
        "place": Place("place", strict=False),
        "equipmentReference": plain("equipment_reference"),
    },
    key="shipment_id",
)

SHIPMENT_LEG = Kind(
    "shipment_leg",
    {
        "sequence": plain("sequence"),
        "mode": plain("mode"),
        "origin": Place("origin"),
        "destination": Place("destination"),
        "carrier": To("Party", "carrier"),
        "bookingReference": plain("booking_reference"),
        "transportDocument": plain("transport_document"),
        "conveyance": plain("conveyance"),
        "plannedDeparture": plain("planned_departure"),
        "plannedArrival": plain("planned_arrival"),
    },
    {"carrier": _party("carrier_id")},
)

DECLARATION = Kind(
    "declaration",
    {
        "mrn": plain("mrn"),
        "status": plain("status"),
        "channel": plain("channel"),
        "duty": _money("duty_minor", "duty_currency", present="duty_minor"),
        "releasedAt": plain("released_at"),
        "createdAt": plain("created_at"),
    },
)

DOCUMENT_VERSION = Kind(
    "document_version",
    {
        "version": plain("number"),
        "sha256": plain("sha256"),
        "size": Value(("size",), "long({0})"),
        "mediaType": plain("media_type"),
        "createdAt": plain("created_at"),
    },
)

DOCUMENT = Kind(
    "document",
    {
        "id": _global_id("Document"),
        "type": plain("type"),
        "typeName": Value(("type",), "document_type({0})"),
        "title": plain("title"),
        "version": Value(("number",), "needed({0})", via="newest"),
        "sha256": Value(("sha256",), "needed({0})", via="newest"),
        "size": Value(("size",), "long(needed({0}))", via="newest"),
        "mediaType": Value(("media_type",), "needed({0})", via="newest"),
        "owner": To("Party", "owner", required=True),
        "shipmentReference": plain("shipment_reference"),
        "ucr": plain("ucr"),
        "createdAt": plain("created_at"),
        "contentUrl": Value(("id",), "'/documents/' + key({0}) + '/content'"),
        "versions": Many("DocumentVersion", _belongs("document_id"), ("number DESC",)),
        "grants": Many(
            "Grant",
            "({t}.id IN (SELECT grant_id FROM granted_document WHERE document_id = {up})"
            " OR {t}.shipment_id = (SELECT shipment_id FROM document WHERE id = {up}))"
            " AND acts_for({t}.party_id)",
            ("id DESC",),
        ),
    },
    {
        "owner": _party("party_id"),
        "newest": Join(
            "LATERAL (SELECT number, sha256, size, media_type FROM document_version"
            " WHERE document_id = {t}.id ORDER BY number DESC LIMIT 1)",
            "true",
            key="number",
        ),
    },
)

SHIPMENT = Kind(
    "shipment",
    {
        "id": _global_id("Shipment"),
        "reference": plain("reference"),
        "ucr": plain("ucr"),
        "owner": To("Party", "owner", required=True),
        "forwarder": To("Party", "forwarder"),
        "carrier": To("Party", "carrier"),
        "consignee": Inside(
            {"name": plain("consignee_name"), "country": plain("consignee_country")}, "consignee_name"
        ),
        "origin": Place("origin"),
        "destination": Place("destination"),
        "transhipments": Places("transhipments"),
        "bookingReference": plain("booking_reference"),
        "billOfLading": plain("bill_of_lading"),
        "bookedAt": plain("booked_at"),
        "vessel": plain("vessel"),
        "incoterm": plain("incoterm"),
        "status": To("Status", "tracking", required=True),
        "eta": Value(("eta", "shipment_id"), "beside({0}, {1})", via="tracking"),
        "exceptions": Many(
            "ShipmentException",
            _belongs("shipment_id"),
            ("until IS NOT NULL", "since DESC", "key", "private"),
        ),
        "legs": Many("ShipmentLeg", _belongs("shipment_id"), ("sequence",)),
        "equipment": Many("Equipment", _belongs("shipment_id"), ("sequence",)),
        "goods": Many("GoodsItem", _belongs("shipment_id"), ("sequence",)),
        "timeline": Paged("TimelineEntry", "timeline", _belongs("shipment_id"), ("at", "id")),
        "documents": Paged("Document", "document", _belongs("shipment_id")),
        "declaration": To("Declaration", "declaration"),
        "crossings": Paged("Crossing", "crossing", _belongs("shipment_id")),
        "createdAt": plain("created_at"),
    },
    {
        "owner": _party("party_id"),
        "forwarder": _party("forwarder_id"),
        "carrier": _party("carrier_id"),
        "tracking": Join("shipment_tracking", "{j}.shipment_id = {t}.id", key="shipment_id"),
        "declaration": Join(
            "LATERAL (SELECT * FROM declaration WHERE shipment_id = {t}.id ORDER BY id DESC LIMIT 1)", "true"
        ),
    },
    ways=(
        Way("unnest(principals()) principal", "{t}.party_id = principal"),
        Way("(SELECT acting_party()) carrier (id)", "{t}.carrier_id = carrier.id"),
        Way(
            "(SELECT DISTINCT shipment_id FROM access_grant WHERE reader_id = acting_party()) granted",
            "{t}.id = granted.shipment_id",
        ),
    ),
)

CROSSING = Kind(
    "crossing",
    {
        "id": _global_id("Crossing"),
        "exchange": Value(("exchange",), "None if {0} is None else key({0})"),
        "direction": plain("direction"),
        "message": plain("message"),
        "purpose": plain("purpose"),
        "legalBasis": plain("legal_basis"),
        "party": Value(("name",), via="requester"),
        "owner": Value(("name",), via="owner"),
        "state": plain("state"),
        "decision": Value(("state", "log_index"), "decision({0}, {1})"),
        "reason": plain("reason"),
        "field": plain("field"),
        "fields": plain("fields"),
        "agreement": Inside(
            {"id": plain("agreement_id"), "version": Value(("agreement_version",), "needed({0})")},
            "CASE WHEN {t}.agreement_version IS NOT NULL THEN {t}.agreement_id END",
        ),
        "answer": Inside(
            {
                "exists": Value(("answer",), "answered({0}, 'exists')"),
                "released": Value(("answer",), "answered({0}, 'released')"),
            },
            "answer",
        ),
        "logIndex": Value(("log_index",), "long({0})"),
        "at": plain("created_at"),
        "evidenceUrl": Value(
            ("exchange",), "None if {0} is None else '/crossings/' + key({0}) + '/evidence'"
        ),
        "shipment": To("Shipment", "shipment"),
    },
    {
        "requester": _party("requester_id"),
        "owner": _party("party_id"),
        "shipment": Join("shipment", "{j}.id = {t}.shipment_id"),
    },
)

DELEGATION = Kind(
    "delegation",
    {
        "id": _global_id("Delegation"),
        "principal": To("Party", "principal", required=True),
        "agent": To("Party", "agent", required=True),
        "validUntil": plain("valid_until"),
        "revokedAt": plain("revoked_at"),
        "createdAt": plain("created_at"),
    },
    {"principal": _party("party_id"), "agent": _party("agent_id")},
)

GRANT = Kind(
    "access_grant",
    {
        "id": _global_id("Grant"),
        "owner": To("Party", "owner", required=True),
        "reader": To("Party", "reader", required=True),
        "documents": Many(
            "Document",
            "{t}.id IN (SELECT document_id FROM granted_document WHERE grant_id = {up})",
            ("id",),
        ),
        "shipment": To("Shipment", "shipment"),
        "purpose": plain("purpose"),
        "validUntil": plain("valid_until"),
        "revokedAt": plain("revoked_at"),
        "createdAt": plain("created_at"),
    },
    {
        "owner": _party("party_id"),
        "reader": _party("reader_id"),
        "shipment": Join("shipment", "{j}.id = {t}.shipment_id"),
    },
)

ACCESS_LOG_ENTRY = Kind(
    "access_log_entry",
    {
        "id": _global_id("AccessLogEntry"),
        "at": plain("at"),
        "reader": To("Party", "reader", required=True),
        "action": plain("action"),
        "outcome": plain("outcome"),
        "reason": plain("reason"),
        "purpose": plain("purpose"),
        "document": To("Document", "document"),
        "version": plain("document_version"),
        "shipment": To("Shipment", "shipment"),
        "grant": To("Grant", "grant"),
    },
    {
        "reader": _party("reader_id"),
        "document": Join("document", "{j}.id = {t}.document_id"),
        "shipment": Join("shipment", "{j}.id = {t}.shipment_id"),
        "grant": Join("access_grant", "{j}.id = {t}.grant_id"),
    },
)

KINDS: Mapping[str, Kind] = {
    "AccessLogEntry": ACCESS_LOG_ENTRY,
    "Crossing": CROSSING,
    "Declaration": DECLARATION,
    "Delegation": DELEGATION,
    "Document": DOCUMENT,
    "DocumentVersion": DOCUMENT_VERSION,
    "Equipment": EQUIPMENT,
    "GoodsItem": GOODS_ITEM,
    "Grant": GRANT,
    "Party": PARTY,
    "Shipment": SHIPMENT,
    "ShipmentException": SHIPMENT_EXCEPTION,
    "ShipmentLeg": SHIPMENT_LEG,
    "Status": STATUS,
    "TimelineEntry": TIMELINE_ENTRY,
}
