"""Rules held against shipments when something happens to them, and at a member's word.

A domain event about a shipment asks for an assessment by every member that sees it and has active rules; the
worker makes each in the name of that member, so that row-level security says what it is made of.
"""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import domain_events, outbox, parties, shipments
from isthmus_platform.consignments import RecordedEvent
from isthmus_platform.credit import consignments
from isthmus_platform.database import Actor, Platform, Work, on_duty
from isthmus_platform.encryption import Vault
from isthmus_platform.errors import NotFound
from isthmus_platform.grants import AccessGrant
from isthmus_platform.outbox import Message
from isthmus_platform.parties import Delegation
from isthmus_platform.receivables import reading as receivables
from isthmus_platform.risk import findings, loading, rules, simulating
from isthmus_platform.risk.records import RiskAssessment, RiskRule
from isthmus_platform.risk.rules import MEMBERS
from isthmus_platform.risk.simulating import TOPIC
from isthmus_platform.risk.states import RuleState
from isthmus_platform.risk.vocabulary import Profile, profile
from isthmus_platform.tracking_records import ShipmentSource

WATCH = "risk-watch"
"""The duty that sees who has active rules, and who acts for whom or was granted what."""
HEARD = frozenset({"shipment.created", "events.recorded", "document.stored"})
"""Domain events about goods after which rules are evaluated."""
OF_MONEY = frozenset(
    {
        *("receivable.offered", "receivable.disbursed", "receivable.repaid"),
        *("receivable.overdue", "receivable.defaulted"),
        *("presentation.made", "presentation.examined", "presentation.waived", "presentation.returned"),
    }
)
"""Domain events about money after which they are, by the parties to it: of an offer, of a presentation."""
SUBJECT = "platform:risk"
"""Who acts where the platform evaluates a member's rules."""


def look(work: Work, vault: Vault | None, shipment_id: UUID) -> Profile:
    """Return what the indicators say of a shipment that the actor sees; raises :class:`NoSuchRisk`."""
    work.actor.require(*MEMBERS)
    return profile(loading.one(work, shipment_id, vault), loading.before(work, shipment_id))


def assess(work: Work, vault: Vault | None, shipment_id: UUID) -> list[UUID]:
    """Hold the acting member's active rules against a shipment; return the findings that it opened.

    Raises :class:`NoSuchRisk`, and :class:`NotPermitted` (``role_required``).
    """
    told = look(work, vault, shipment_id)
    active = rules.active(work)
    opened = findings.judge(work, told, active)
    if active and _first(work, shipment_id):
        domain_events.announce(work, "risk.assessed", about={"shipment": str(shipment_id)})
    return opened


def _first(work: Work, shipment_id: UUID) -> bool:
    """Note that the shipment was assessed; return whether for the first time, which alone is billed."""
    statement = insert(RiskAssessment).values(
        party_id=work.actor.party_id, shipment_id=shipment_id, first_at=work.now, last_at=work.now
    )
    first: datetime | None = work.session.scalar(
        statement.on_conflict_do_nothing().returning(RiskAssessment.first_at)
    )
    if first is None:
        row = work.session.get_one(RiskAssessment, (work.actor.party_id, shipment_id), with_for_update=True)
        row.last_at = work.now
        work.session.flush()
    return first is not None


def assessed_at(work: Work, shipment_id: UUID) -> datetime | None:
    """Return when the acting member's rules were last held against a shipment."""
    row = work.session.get(RiskAssessment, (work.actor.party_id, shipment_id))
    return None if row is None else row.last_at


def hear(platform: Platform, message: Message) -> None:
    """Ask for assessments after a domain event (``domain_events.TOPIC``); made again, they change nothing."""
    name, about = message.payload["name"], message.payload["about"]
    if name not in HEARD | OF_MONEY:
        return
    with platform.begin(_actor(platform, message.party_id), request_id=message.request_id) as work:
        if name in OF_MONEY:
            for member in _parties(work, about):
                outbox.emit(work, TOPIC, {"money": about}, party_id=member)
            return
        for shipment_id in _concerned(work, about):
            for member in _watchers(work, shipment_id):
                outbox.emit(work, TOPIC, {"shipment": str(shipment_id)}, party_id=member)


def _concerned(work: Work, about: dict[str, Any]) -> list[UUID]:
    """Return the shipments that a domain event is about."""
    if "shipment" in about:
        return [UUID(about["shipment"])]
    query = select(RecordedEvent.shipment_id).where(RecordedEvent.id.in_(map(UUID, about.get("events", ()))))
    return sorted({found for found in work.session.scalars(query) if found is not None})


def _parties(work: Work, about: dict[str, Any]) -> list[UUID]:
    """Return the parties with active rules to the offer or the credit that a domain event of money is about.

    What each may know of it is asked as that one.
    """
    try:
        if "offer" in about:
            offer = receivables.offer_of(work, UUID(about["offer"]))
            near = {offer.party_id, offer.bank_id}
        else:
            near = consignments.parties_to(work, UUID(about["presentation"]))
    except NotFound:
        return []
    active = select(RiskRule.party_id).where(RiskRule.state == RuleState.ACTIVE.value)
    with on_duty(work, WATCH):
        return sorted(work.session.scalars(active.where(RiskRule.party_id.in_(near)).distinct()))


def _watchers(work: Work, shipment_id: UUID) -> list[UUID]:
    """Return the members with active rules that may see a shipment; whether one does is asked as that one."""
    try:
        shipment = shipments.get(work, shipment_id)
    except NotFound:
        return []
    active = select(RiskRule.party_id).where(RiskRule.state == RuleState.ACTIVE.value)
    sources = select(ShipmentSource.source_id).where(ShipmentSource.shipment_id == shipment_id)
    agents = select(Delegation.agent_id).where(
        Delegation.party_id == shipment.party_id, Delegation.revoked_at.is_(None)
    )
    readers = select(AccessGrant.reader_id).where(
        AccessGrant.shipment_id == shipment_id, AccessGrant.revoked_at.is_(None)
    )
    near = [one for one in (shipment.party_id, shipment.carrier_id) if one is not None]
    with on_duty(work, WATCH):
        return sorted(
            work.session.scalars(
                active.where(
                    or_(*(RiskRule.party_id.in_(some) for some in (near, sources, agents, readers)))
                ).distinct()
            )
        )


def handle(platform: Platform, vault: Vault | None, message: Message) -> None:
    """Handle a message of :data:`TOPIC`: assess a shipment, or go on with a simulation."""
    payload = message.payload
    actor = _actor(platform, message.party_id, payload.get("subject", SUBJECT))
    if "simulation" in payload:
        act = partial(simulating.chunk, vault=vault, simulation_id=UUID(payload["simulation"]))
    elif "money" in payload:
        act = partial(_assess_money, vault=vault, about=payload["money"])
    else:
        act = partial(_assess_if_seen, vault=vault, shipment_id=UUID(payload["shipment"]))
    with platform.begin(actor, request_id=message.request_id) as work:
        act(work)


def _assess_if_seen(work: Work, vault: Vault | None, shipment_id: UUID) -> bool:
    try:
        return bool(assess(work, vault, shipment_id))
    except NotFound:
        return False


def _assess_money(work: Work, vault: Vault | None, about: dict[str, Any]) -> bool:
    """Assess the shipments, of those that the member sees, of an offer or a presentation."""
    try:
        if "offer" in about:
            found = loading.of_offer(work, UUID(about["offer"]))
        else:
            found = loading.of_presentation(work, vault, UUID(about["presentation"]))
    except NotFound:
        return False
    return sum(_assess_if_seen(work, vault, each) for each in found) > 0


def _actor(platform: Platform, party_id: UUID, subject: str = SUBJECT) -> Actor:
    with platform.begin(Actor(party_id, frozenset(), subject)) as work:
        return parties.actor_of(parties.get(work, party_id), subject)
