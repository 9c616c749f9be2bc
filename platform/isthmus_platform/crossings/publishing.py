"""Sending a freight dataset (eFTI): the bridge keeps it whole, and lets only its identifiers cross."""

from uuid import UUID

from isthmus_platform.crossings.bridge_client import BridgeClient, BridgeRefused, BridgeUnavailable
from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.messages import ExchangeAnswer, ExchangeRequest

SCHEMAS_MISSING = "schemas_missing"


def publish_dataset(bridge: BridgeClient, request: JsonObject, request_id: str) -> ExchangeAnswer:
    """Deposit the dataset that ``request`` holds, announce it, and return what was decided on that.

    Where no agreement lets it cross the request holds none, and the bridge is asked all the same: the
    refusal is then in its log. Raises :class:`BridgeRefused` too where the bridge has no schemas to judge a
    dataset by: waiting would not bring them.
    """
    asked = ExchangeRequest.from_json(request)
    dataset, document = asked.payload.get("datasetId"), asked.payload.get("consignment")
    if not isinstance(dataset, str) or not isinstance(document, str):
        return bridge.submit(request, request_id=request_id)
    depositor = {
        "party": asked.party or "",
        "role": "" if asked.role is None else asked.role.value,
        "owner": asked.owner or "",
    }
    try:
        bridge.deposit(UUID(dataset), depositor, document.encode(), request_id=request_id)
        return bridge.announce(UUID(dataset), asked.idempotency_key, request_id=request_id)
    except BridgeUnavailable as error:
        if error.said != SCHEMAS_MISSING:
            raise
        raise BridgeRefused("The bridge has no eFTI schemas.", code=SCHEMAS_MISSING) from error
