"""A trade of several parties with something of everything that the planner reads."""

from graphql_client import Asker, nodes
from graphql_trade import departure, ship, upload
from isthmus_platform.database import Platform
from varied_documents import Known

LATER = "2026-12-01T00:00:00Z"
CURSORS = """{ shipments(first: 2) { edges { cursor node { id
  timeline(first: 2) { edges { cursor } } documents { edges { cursor node { id } } }
  crossings { edges { cursor node { id } } } } } } delegations { edges { cursor node { id } } }
  grants { edges { cursor node { id } } } viewer { party { id } } }"""


def make_trade(platform: Platform, askers: dict[str, Asker]) -> Known:
    """Make shipments of two owners, events, documents, grants, reads, a delegation and crossings."""
    trader, forwarder, carrier, bank = (askers[n] for n in ("trader", "forwarder", "carrier", "bank"))
    trader.done("recordDelegation", "delegation { id }", agent="forwarder", validUntil=LATER)
    for n in range(4):
        given = {"reference": f"S{n}", "ucr": f"U{n}", "bookingReference": f"B{n}", "billOfLading": f"L{n}"}
        if n == 3:
            ship(askers["rival"], **given)
        else:
            ship(forwarder, onBehalfOf="trader", **given)
            upload(platform, trader, reference=f"S{n}")
        booked = [{"documentReferenceType": "BKG", "documentReferenceValue": f"B{n}"}]
        events = [
            departure(20 * n + k, f"2026-05-{20 + k}T06:00:0{k}Z", documentReferences=booked)
            | ({"eventClassifierCode": "EST", "transportEventTypeCode": "ARRI"} if k % 2 else {})
            for k in range(3 * n)
        ]
        carrier.done("recordEvents", "outcomes { outcome }", standard="DCSA_2_2", events=events)
    ship(askers["rival"], reference="S1", ucr="U9", carrier=None, bookingReference=None, billOfLading=None)
    forwarder.done("submitDeclaration", "crossing { id }", shipment="S1")
    trader.done("submitDeclaration", "crossing { id }", shipment="S2", additionalFields=["/invoice/number"])
    found = trader.data(CURSORS)
    shipments = nodes(found["shipments"])
    document = nodes(shipments[0]["documents"])[0]["id"]
    granted = {"reader": "bank", "purpose": "TRADE_FINANCE", "validUntil": LATER}
    trader.done("grantAccess", "grant { id }", documents=[document], **granted)
    trader.done("grantAccess", "grant { id }", shipment=shipments[1]["id"], **granted)
    ended = trader.done("grantAccess", "grant { id }", shipment=shipments[0]["id"], **granted)["grant"]["id"]
    trader.done("revokeAccess", "grant { id }", grant=ended)
    for asker in (bank, askers["insurer"]):
        asker.data("query ($id: ID!) { document(id: $id) { id } }", id=document)
    rivals = askers["rival"].data(CURSORS)
    ids, cursors = _found(trader.data(CURSORS))
    other_ids, other_cursors = _found(rivals)
    return Known(
        [*ids, *other_ids, "no id"],
        ["S0", "S1", "S2", "S3", "NO-SUCH"],
        [*cursors, *other_cursors, "no cursor"],
        [
            {"reference": "S1"},
            {"equipmentReference": "MCLU4200170", "origin": "TWKHH"},
            {"owner": "trader"},
            {"carrier": "nobody"},
            {"status": "DEPARTED"},
            {"status": "BOOKED", "place": "KRPUS"},
            {"etaFrom": "2026-05-20T00:00:00Z", "etaUntil": "2026-05-24T00:00:00+02:00"},
            {"exception": "CANCELLED"},
            {"anyReference": "MCLU4200170"},
            {"anyReference": "B2", "mrn": None},
            {"mrn": "NO-SUCH"},
            {"place": "nowhere"},
            {"billOfLading": "L2", "ucr": None},
        ],
    )


def _found(value: object) -> tuple[list[str], list[str]]:
    """Return every global id and every cursor in an answer."""
    ids: list[str] = []
    cursors: list[str] = []
    stack = [value]
    while stack:
        match stack.pop():
            case dict() as members:
                ids += [each for name, each in members.items() if name == "id"]
                cursors += [each for name, each in members.items() if name == "cursor"]
                stack += members.values()
            case list() as items:
                stack += items
    return sorted(set(ids)), sorted(set(cursors))
