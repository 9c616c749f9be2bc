"""Proofs of delivery: signed by who delivered or received, answered by the recipient, told as tracking.

Who changes the proofs of a release locks the release. A proof that stands is ``RECORDED`` or ``CONFIRMED``; a
container has one at most. After a dispute, or once it is withdrawn, another may be recorded.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform import dcsa, documents, domain_events, parties, places, reading, recording
from isthmus_platform.access_log import Action
from isthmus_platform.changes import Kind
from isthmus_platform.consignments import Shipment
from isthmus_platform.database import Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.logistics import appointments, release, telling
from isthmus_platform.logistics import delivery_statements as statements
from isthmus_platform.logistics.appointment_machine import AppointmentState
from isthmus_platform.logistics.appointment_records import GATE
from isthmus_platform.logistics.delivery_records import DeliveryProof
from isthmus_platform.logistics.delivery_statements import (
    Answer,
    Evidence,
    Irregular,
    Proof,
    Standing,
)
from isthmus_platform.logistics.errors import WrongParty, WrongState
from isthmus_platform.logistics.machine import OrderState, State
from isthmus_platform.logistics.records import RELEASE, CargoRelease, DeliveryOrder
from isthmus_platform.logistics.wording import one_line
from isthmus_platform.papers import issuing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.parties import Party
from isthmus_platform.sources import SourceKind
from isthmus_platform.tracking_records import ShipmentSource

MOST_ITEMS = 50
TICK = timedelta(microseconds=1)
HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True)
class Attachment:
    """A picture or file: its SHA-256 (hexadecimal), or the document here that has it."""

    name: str
    sha256: str | None = None
    document: UUID | None = None


@dataclass(frozen=True)
class Delivered:
    """What is told: by the appointment of the lorry, or by the release and which of its containers (all).

    ``received_by`` is the person who took the goods, ``place`` a UN/LOCODE.
    """

    at: datetime
    place: str
    received_by: str
    appointment: UUID | None = None
    release: UUID | None = None
    equipment: Sequence[str] = ()
    exceptions: Sequence[Irregular] = ()
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True)
class Transition:
    """A step of a proof from ``before`` to ``after``: by its recipient, or else by who recorded it."""

    before: Standing
    after: Standing
    recipient: bool
    needs: str


STEPS: Mapping[str, Transition] = MappingProxyType(
    {
        "CONFIRM": Transition(Standing.RECORDED, Standing.CONFIRMED, recipient=True, needs="nothing"),
        "DISPUTE": Transition(Standing.RECORDED, Standing.DISPUTED, recipient=True, needs="what is not so"),
        "WITHDRAW": Transition(Standing.RECORDED, Standing.WITHDRAWN, recipient=False, needs="a reason"),
    }
)
STANDS = (Standing.RECORDED.value, Standing.CONFIRMED.value)


def record(work: Work, desk: Desk, given: Delivered) -> DeliveryProof:
    """Record a delivery, signed by the acting party's key.

    Who drives may for a completed appointment, the carrier and the consignee for their release, once its
    cargo was handed out. Raises :class:`NotFound`, :class:`WrongParty`, :class:`WrongState`,
    :class:`InvalidInput` naming the field, and :class:`Conflict` (``proven_before``).
    """
    if (given.appointment is None) is (given.release is None):
        raise InvalidInput("Either an appointment or a release.", field="release", code="one_of")
    found, units, kind = _of_appointment(work, given) if given.appointment else _of_release(work, given)
    shipment = _shipment(work, found.shipment_id)
    equipment = _equipment(work, shipment, found, units)
    proof = _proof(work, given, found, shipment, equipment)
    seed, _ = issuing.signing_seed(work, desk.vault)
    signed = statements.sign_proof(seed, proof)
    made = DeliveryProof(
        id=UUID(proof.id),
        party_id=found.party_id,
        shipment_id=found.shipment_id,
        release_id=found.id,
        appointment_id=given.appointment,
        recorder_id=work.actor.party_id,
        recipient_id=found.consignee_id,
        equipment=list(equipment),
        delivered_at=given.at,
        said=proof.to_json(),
        token=signed.token,
        key=signed.x,
        state=Standing.RECORDED.value,
        recorded_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    _track(work, made, shipment, kind)
    domain_events.announce(work, "delivery.proven", about={"proof": str(made.id)})
    _tell(work, made, Kind.DELIVERY_RECORDED)
    return made


def _tell(work: Work, made: DeliveryProof, kind: Kind) -> None:
    """Tell the webhooks of recorder, recipient and the parties of the release."""
    found = release.row(work, made.release_id)
    about = {"proof": str(made.id), "state": made.state}
    told = (made.recorder_id, made.recipient_id, *telling.sides(found))
    telling.tell(work, kind, made.id, about, told, owner=made.party_id)


def _of_appointment(work: Work, given: Delivered) -> tuple[CargoRelease, Sequence[str], SourceKind | None]:
    assert given.appointment is not None  # noqa: S101 (the caller's case)
    made = appointments.get(work, given.appointment)
    if work.actor.party_id not in (made.party_id, made.haulier_id):
        raise WrongParty("Only who booked or drives may do this.", field="appointment")
    if made.release_id is None:
        raise InvalidInput("The lorry brought the container.", field="appointment", code="wrong_direction")
    if made.state != AppointmentState.COMPLETED:
        raise WrongState(f"The appointment is {made.state}.", field="appointment")
    return release.row(work, made.release_id), [made.equipment], SourceKind.ROAD


def _of_release(work: Work, given: Delivered) -> tuple[CargoRelease, Sequence[str], SourceKind | None]:
    assert given.release is not None  # noqa: S101 (the caller's case)
    found = release.locked(work, given.release)
    if work.actor.party_id not in (found.carrier_id, found.consignee_id):
        raise WrongParty("Only the carrier or the consignee may do this.", field="release")
    if found.state != State.PICKED_UP:
        raise WrongState("The cargo is not handed out.", field="release")
    by_carrier = work.actor.party_id == found.carrier_id
    return found, given.equipment, None if by_carrier else SourceKind.CONSIGNEE


def _shipment(work: Work, shipment_id: UUID) -> Shipment:
    with on_duty(work, GATE):
        return work.session.scalars(
            select(Shipment).where(Shipment.id == shipment_id).execution_options(populate_existing=True)
        ).one()


def _equipment(work: Work, shipment: Shipment, found: CargoRelease, wanted: Sequence[str]) -> tuple[str, ...]:
    with on_duty(work, GATE):
        carried = [unit.reference for unit in shipment.equipment]
        proven = work.session.scalars(
            select(DeliveryProof.equipment).where(
                DeliveryProof.release_id == found.id, DeliveryProof.state.in_(STANDS)
            )
        ).all()
    chosen = tuple(dict.fromkeys(wanted)) or tuple(carried)
    for number, unit in enumerate(chosen):
        if unit not in carried:
            raise InvalidInput(
                "The release is not of this container.", field=f"equipment.{number}", code="not_in_shipment"
            )
    taken = {unit for units in proven for unit in units} & set(chosen)
    if taken or (proven and not carried):
        raise Conflict("A proof of this delivery stands already.", field="equipment", code="proven_before")
    return chosen


def _proof(
    work: Work, given: Delivered, found: CargoRelease, shipment: Shipment, equipment: tuple[str, ...]
) -> Proof:
    places.find(given.place, field="place")
    if given.at > work.now:
        raise InvalidInput("What is told has happened.", field="deliveredAt", code="in_future")
    if given.at < _handed_out(work, found):
        raise InvalidInput("The cargo was not handed out then.", field="deliveredAt", code="before_pick_up")
    for field, items in (("exceptions", given.exceptions), ("attachments", given.attachments)):
        if len(items) > MOST_ITEMS:
            raise InvalidInput(f"At most {MOST_ITEMS}.", field=field, code="too_many")
    names = parties.get_many(work, (work.actor.party_id, found.consignee_id))
    return Proof(
        id=str(new_id()),
        ucr=shipment.ucr,
        equipment=equipment,
        recorder=names[work.actor.party_id].name,
        recipient=names[found.consignee_id].name,
        received_by=one_line(given.received_by, "receivedBy", 100),
        place=given.place,
        delivered_at=given.at,
        recorded_at=work.now,
        exceptions=tuple(_irregular(each, n) for n, each in enumerate(given.exceptions)),
        evidence=tuple(_evidence(work, each, n) for n, each in enumerate(given.attachments)),
    )


def _handed_out(work: Work, found: CargoRelease) -> datetime:
    with on_duty(work, RELEASE):
        at = work.session.scalar(
            select(DeliveryOrder.ended_at)
            .where(DeliveryOrder.release_id == found.id, DeliveryOrder.state == OrderState.USED.value)
            .order_by(DeliveryOrder.id.desc())
            .limit(1)
        )
    return at or found.opened_at


def _irregular(each: Irregular, number: int) -> Irregular:
    field = f"exceptions.{number}"
    if each.packages is not None and not 0 < each.packages <= 1_000_000:
        raise InvalidInput("1 to 1,000,000 packages.", field=f"{field}.packages", code="range")
    return Irregular(each.kind, one_line(each.what, f"{field}.what", 500), each.packages)


def _evidence(work: Work, each: Attachment, number: int) -> Evidence:
    field = f"attachments.{number}"
    name = one_line(each.name, f"{field}.name", 200)
    if (each.sha256 is None) is (each.document is None):
        raise InvalidInput("Either a digest or a document.", field=field, code="one_of")
    if each.document is not None:
        document = documents.get(work, each.document)
        version = documents.version(work, document.id)
        reading.record(work, document, Action.METADATA, version.number)
        return Evidence(name, version.sha256)
    digest = (each.sha256 or "").lower()
    if len(digest) != 64 or not HEX.issuperset(digest):
        raise InvalidInput("A SHA-256 has 64 hexadecimal digits.", field=f"{field}.sha256", code="format")
    return Evidence(name, digest)


def _track(work: Work, made: DeliveryProof, shipment: Shipment, kind: SourceKind | None) -> None:
    """Tell the delivery as an event of each container, by who recorded it."""
    if kind is not None:
        with on_duty(work, GATE):
            work.session.execute(
                insert(ShipmentSource)
                .values(
                    shipment_id=shipment.id,
                    source_id=work.actor.party_id,
                    party_id=shipment.party_id,
                    kind=kind.value,
                )
                .on_conflict_do_nothing()
            )
    place = str(made.said["place"])
    told = [
        {
            "eventID": _event_id(made, unit),
            "eventCreatedDateTime": work.now.isoformat(),
            "eventType": "EQUIPMENT",
            "eventClassifierCode": "ACT",
            "eventDateTime": made.delivered_at.isoformat(),
            # Let down with its goods where the journey ends; unloaded where it goes on to a door elsewhere.
            "equipmentEventTypeCode": "DROP" if place == shipment.destination else "STRP",
            "equipmentReference": unit,
            "emptyIndicatorCode": "LADEN",
            "eventLocation": {"UNLocationCode": place},
        }
        for unit in made.equipment
    ]
    events = dcsa.parse(dcsa.Standard.DCSA_2_2, told, work.now)
    recording.record_about(work, dcsa.Standard.DCSA_2_2, events, shipment)


def _event_id(made: DeliveryProof, unit: str) -> str:
    return f"delivery-{made.id}-{unit}"


def get(work: Work, proof_id: UUID) -> DeliveryProof:
    """Return a proof that the actor sees; raise :class:`NotFound`."""
    found = work.session.scalar(
        select(DeliveryProof).where(DeliveryProof.id == proof_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such proof of delivery.", field="proof")
    return found


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[DeliveryProof]:
    """Return the proofs that the actor sees, newest first."""
    query = select(DeliveryProof).order_by(DeliveryProof.id.desc()).limit(first)
    if after is not None:
        query = query.where(DeliveryProof.id < after)
    return work.session.scalars(query).all()


def answer(work: Work, desk: Desk, proof_id: UUID, *, agrees: bool, remark: str | None) -> DeliveryProof:
    """Confirm or dispute a proof as its recipient, signed; a dispute says why.

    Raises :class:`WrongParty`, :class:`WrongState`, :class:`InvalidInput` (``required``).
    """
    said = None if remark is None else one_line(remark, "remark", 500)
    if not agrees and said is None:
        raise InvalidInput("Say what is not so.", field="remark", code="required")
    step = STEPS["CONFIRM" if agrees else "DISPUTE"]
    made = _locked(work, proof_id, step)
    name = parties.get(work, work.actor.party_id).name
    given = Answer(statements.digest_of(made.token), name, step.after, said, work.now)
    seed, _ = issuing.signing_seed(work, desk.vault)
    signed = statements.sign_answer(seed, given)
    with on_duty(work, GATE):
        made.state, made.reason, made.answered_at = step.after.value, said, work.now
        made.answer_token, made.answer_key = signed.token, signed.x
        work.session.flush()
    _tell(work, made, Kind.DELIVERY_CONFIRMED if agrees else Kind.DELIVERY_DISPUTED)
    return made


def withdraw(work: Work, proof_id: UUID, reason: str) -> DeliveryProof:
    """Withdraw a proof that nobody answered, as who recorded it; its tracking events are taken back."""
    said = one_line(reason, "reason")
    made = _locked(work, proof_id, STEPS["WITHDRAW"])
    with on_duty(work, GATE):
        made.state, made.reason = Standing.WITHDRAWN.value, said
        work.session.flush()
    at = max(work.now, made.recorded_at + TICK)
    told = [
        {"eventID": _event_id(made, unit), "isRetracted": True, "eventUpdatedDateTime": at.isoformat()}
        for unit in made.equipment
    ]
    events = dcsa.parse(dcsa.Standard.DCSA_3_0, told, work.now)
    recording.record_about(work, dcsa.Standard.DCSA_3_0, events, _shipment(work, made.shipment_id))
    _tell(work, made, Kind.DELIVERY_WITHDRAWN)
    return made


def _locked(work: Work, proof_id: UUID, step: Transition) -> DeliveryProof:
    seen = get(work, proof_id)
    by_itself = seen.recipient_id == seen.recorder_id
    may = seen.recipient_id if step.recipient else seen.recorder_id
    if work.actor.party_id != may or (step.recipient and by_itself):
        whose = "the recipient, of another's proof," if step.recipient else "who recorded it"
        raise WrongParty(f"Only {whose} may do this.", field="proof")
    release.row(work, seen.release_id)
    made = get(work, proof_id)
    if Standing(made.state) is not step.before:
        raise WrongState(f"The proof is {made.state}.", field="proof")
    return made


def export(work: Work, desk: Desk, proof_id: UUID) -> bytes:
    """Return the file of a proof that the actor sees; it verifies itself. Raises :class:`NotFound`."""
    return exports(work, desk, [get(work, proof_id).id])[proof_id]


def exports(work: Work, desk: Desk, proof_ids: Collection[UUID]) -> dict[UUID, bytes]:
    """Return the file of each of these proofs that the actor sees, by id."""
    query = select(DeliveryProof).where(DeliveryProof.id.in_(proof_ids))
    seen = work.session.scalars(query.execution_options(populate_existing=True)).all()
    names = parties.get_many(work, {one for made in seen for one in (made.recorder_id, made.recipient_id)})
    return {made.id: _file(desk, made, names, work.now) for made in seen}


def _file(desk: Desk, made: DeliveryProof, names: Mapping[UUID, Party], at: datetime) -> bytes:
    owners = [(made.key, names[made.recorder_id].name)]
    if made.answer_key is not None:
        owners.append((made.answer_key, names[made.recipient_id].name))
    return statements.export(desk, made.token, made.answer_token, Standing(made.state), owners, at)
