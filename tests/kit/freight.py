"""The agreements under which freight information crosses, and a consignment to deposit."""

from typing import Any

from counterparts import agreement
from isthmus_protocol.agreements import Agreement

PURPOSE = "FREIGHT_INFORMATION"
ROAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<consignment xmlns="http://efti.eu/v1/consignment/common">
  <applicableServiceCharge><appliedAmount currencyId="EUR">1234.5</appliedAmount></applicableServiceCharge>
  <grossWeight unitId="KGM">1000</grossWeight>
  <mainCarriageTransportMovement>
    <dangerousGoodsIndicator>false</dangerousGoodsIndicator>
    <modeCode>3</modeCode>
    <usedTransportMeans>
      <id>ABC-123</id>
      <registrationCountry><code>FI</code></registrationCountry>
    </usedTransportMeans>
  </mainCarriageTransportMovement>
</consignment>"""


def _agreement(name: str, message: str, paths: tuple[str, ...], **changes: Any) -> Agreement:
    return agreement(
        **{
            "id": name,
            "message": message,
            "purpose": PURPOSE,
            "legalBasis": {
                "citation": "Regulation (EU) 2020/1056, article 5",
                "text": "Authorities have access.",
            },
            "audience": ["CARRIER", "FORWARDER"],
            "fields": [{"path": path, "transform": "keep"} for path in paths],
        }
        | changes
    )


def consignment_agreement(*subsets: str, **changes: Any) -> Agreement:
    """Return the agreement that lets ``subsets`` of a consignment cross."""
    paths = ("/datasetId", "/consignment", *(f"/subsets/{subset}" for subset in subsets))
    return _agreement("freight-consignment", "EFTI_CONSIGNMENT", paths, **changes)


def identifiers_agreement(**changes: Any) -> Agreement:
    """Return the agreement on announcing identifiers."""
    paths = ("/datasetId", "/consignment")
    return _agreement("freight-identifiers", "EFTI_IDENTIFIERS", paths, **changes)


def follow_up_agreement(**changes: Any) -> Agreement:
    """Return the agreement on gates' messages."""
    given = {"direction": "FROM_WINDOW"} | changes
    return _agreement("freight-follow-up", "EFTI_FOLLOW_UP", ("/datasetId", "/message"), **given)
