"""One screen a shipment: what the indicators say, all findings with their evidence, what was decided.

A service that finds something about shipments adds a part of its own to :class:`ShipmentRisk`, as another
base class whose resolvers take a :class:`Screen`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.credit import PresentationType
from isthmus_graphql.grants import shipment_of
from isthmus_graphql.risk import RiskFinding, evidence_list, keep_findings
from isthmus_graphql.scalars import JSON, DateTime
from isthmus_graphql.screening import ScreeningHit
from isthmus_platform import shipments
from isthmus_platform.credit.consignments import presented_for
from isthmus_platform.credit.records import CreditPresentation
from isthmus_platform.errors import NotFound
from isthmus_platform.risk import assessing, findings
from isthmus_platform.risk.indicators import Evidence, Reading
from isthmus_platform.risk.records import RiskFinding as FindingRow
from isthmus_platform.screening import reading
from isthmus_platform.screening.records import ScreeningHit as ScreeningHitRow


@dataclass(frozen=True)
class Screen:
    """What the parts of the screen resolve against: a shipment that the actor sees."""

    shipment_id: UUID


class RiskReading(graphene.ObjectType):
    """What one indicator says of a shipment now."""

    class Meta:
        possible_types = (Reading,)

    name = graphene.String(required=True, description="The indicator: `price`, `route`, `owner` ….")
    stands_out = graphene.Boolean(required=True, description="Whether it is out of the ordinary.")
    says = graphene.String(required=True, description="What it found, in words.")
    facts = JSON(required=True, description="What rules may ask of it, by name.")
    evidence = evidence_list()

    @staticmethod
    def resolve_evidence(row: Reading, _info: Info) -> list[dict[str, Any]]:
        """Return its evidence."""
        return [_told(one) for one in row.evidence]


def _told(one: Evidence) -> dict[str, Any]:
    return asdict(one)


class Found(graphene.ObjectType):
    """What the member's own rules add to the screen."""

    readings = graphene.List(
        graphene.NonNull(RiskReading), required=True, description="What the indicators say now."
    )
    findings = graphene.List(
        graphene.NonNull(RiskFinding), required=True, description="All your findings about it, newest first."
    )
    assessed_at = DateTime(description="When your active rules were last held against it, in UTC.")

    @staticmethod
    def resolve_readings(screen: Screen, info: Info) -> Sequence[Reading]:
        """Return what the indicators say."""
        context = info.context
        vault = None if context.desk is None else context.desk.vault
        return assessing.look(context.reading, vault, screen.shipment_id).readings

    @staticmethod
    def resolve_findings(screen: Screen, info: Info) -> list[FindingRow]:
        """Return the findings."""
        found = findings.of_shipments(info.context.reading, [screen.shipment_id])[screen.shipment_id]
        keep_findings(info.context, found)
        return found

    @staticmethod
    def resolve_assessed_at(screen: Screen, info: Info) -> datetime | None:
        """Return when it was assessed."""
        return assessing.assessed_at(info.context.reading, screen.shipment_id)


class Screened(graphene.ObjectType):
    """What screening against lists adds to the screen."""

    screening_hits = graphene.List(
        graphene.NonNull(ScreeningHit),
        required=True,
        description="Hits in it and its documents, oldest first; for the owner's people alone.",
    )
    screened_at = DateTime(description="When it was last screened as a whole, in UTC; null where it is not.")

    @staticmethod
    def resolve_screening_hits(screen: Screen, info: Info) -> Sequence[ScreeningHitRow]:
        """Return the hits."""
        found = reading.about_shipment(info.context.reading, screen.shipment_id).hits
        info.context.loader.keep("screening hit", found)
        return found

    @staticmethod
    def resolve_screened_at(screen: Screen, info: Info) -> datetime | None:
        """Return when it was screened."""
        return reading.about_shipment(info.context.reading, screen.shipment_id).screened_at


class Examined(graphene.ObjectType):
    """What the examination of documents under credits adds to the screen."""

    presentations = graphene.List(
        graphene.NonNull(PresentationType),
        required=True,
        description="Presentations of which a document names its UCR, newest first, with what was found in"
        " them; for the parties to the credit alone.",
    )

    @staticmethod
    def resolve_presentations(screen: Screen, info: Info) -> list[CreditPresentation]:
        """Return the presentations that the reader is party to."""
        context = info.context
        if context.desk is None:
            return []
        ucr = shipments.get(context.reading, screen.shipment_id).ucr
        found = presented_for(context.reading, context.desk.vault, [ucr])[ucr]
        return [one.presentation for one in found]


class ShipmentRisk(Found, Screened, Examined):
    """All that you know of the risk of one shipment."""

    class Meta:
        possible_types = (Screen,)

    shipment = graphene.Field(
        "isthmus_graphql.shipments.Shipment", required=True, description="The shipment."
    )

    @staticmethod
    def resolve_shipment(screen: Screen, info: Info) -> shipments.Shipment | None:
        """Return the shipment."""
        return shipment_of(info.context, screen.shipment_id)


class ScreenQuery(graphene.ObjectType):
    """Reading the screen of a shipment."""

    shipment_risk = graphene.Field(
        ShipmentRisk,
        shipment=graphene.ID(required=True, description="Global id of the shipment."),
        description="What you know of the risk of a shipment; null where there is none that you may see.",
    )

    @staticmethod
    def resolve_shipment_risk(_root: Any, info: Info, shipment: str) -> Screen | None:
        """Return the screen."""
        try:
            return Screen(shipments.get(info.context.reading, identity.key_of("Shipment", shipment)).id)
        except NotFound:
            return None
