"""What is asked of each server: the same page of shipments, in the words of its own schema."""

from datetime import datetime
from typing import Any
from uuid import UUID

QUESTIONS = ("page", "single")
REFERENCE = "S-0000147"
PLACE = "{ code name country }"
SHIPMENT = f"""reference ucr bookingReference billOfLading bookedAt owner {{ name }} forwarder {{ name }}
  carrier {{ name }} origin {PLACE} destination {PLACE} transhipments {PLACE}
  status {{ code description at place {PLACE} }} eta equipment {{ reference isoCode }}
  timeline(first: 10) {{ edges {{ node {{ at kind code classifier place {PLACE} equipmentReference }} }} }}"""
OURS = {
    "page": f"""query Page($first: Int!) {{
      shipments(first: $first) {{ edges {{ node {{ {SHIPMENT} }} }} }} }}""",
    "single": f"query Single($reference: String!) {{ shipment(reference: $reference) {{ {SHIPMENT} }} }}",
}
OF_POSTGRAPHILE = f"""reference ucr bookingReference billOfLading bookedAt
  owner: partyByPartyId {{ name }} forwarder: partyByForwarderId {{ name }}
  carrier: partyByCarrierId {{ name }} origin: originPlace {PLACE} destination: destinationPlace {PLACE}
  transhipments: hopsList {PLACE}
  status: shipmentTrackingByShipmentId {{ code: status description at: statusAt place: spot {PLACE} eta }}
  equipment: equipmentByShipmentIdList(orderBy: SEQUENCE_ASC) {{ reference isoCode }}
  timeline: trackingEventsByShipmentId(first: 10, orderBy: [AT_DESC, PRIMARY_KEY_DESC],
    condition: {{ supersededAt: null, retracted: false }}) {{ edges {{ node {{ at kind code
    classifier: certainty place: spot {PLACE} equipmentReference }} }} }}"""
POSTGRAPHILES = {
    "page": f"""query Page($first: Int!, $party: UUID!) {{
      shipments: allShipments(first: $first, orderBy: PRIMARY_KEY_DESC, condition: {{ partyId: $party }}) {{
        edges {{ node {{ {OF_POSTGRAPHILE} }} }} }} }}""",
    "single": f"""query Single($party: UUID!, $reference: String!) {{
      shipment: shipmentByPartyIdAndReference(partyId: $party, reference: $reference) {{
        {OF_POSTGRAPHILE} }} }}""",
}
VARIABLES: dict[str, dict[str, object]] = {"page": {"first": 50}, "single": {"reference": REFERENCE}}


def asked(server: str, question: str, party: UUID) -> dict[str, object]:
    """Return the request that asks ``server`` a question; PostGraphile is told the party, for its indexes."""
    if server == "postgraphile":
        return {
            "query": POSTGRAPHILES[question],
            "variables": {**VARIABLES[question], "party": str(party)},
        }
    return {"query": OURS[question], "variables": VARIABLES[question]}


def plain(answer: Any) -> Any:
    """Return an answer without what is but another way of saying it: a time's form, members' order.

    PostGraphile tells the ETA with the status, for its table has it there.
    """
    if isinstance(answer, list):
        return [plain(each) for each in answer]
    if isinstance(answer, dict):
        told = {name: plain(each) for name, each in answer.items()}
        if "eta" in (told.get("status") or {}):
            told["eta"] = told["status"].pop("eta")
        return told
    if isinstance(answer, str) and answer[4:5] == "-" and answer[10:11] == "T":
        return datetime.fromisoformat(answer).isoformat()
    return answer
