"""The register of titles: issue, and every further step, each under the lock of its title.

A step is judged by the same machine that ``isthmus verify`` replays (:mod:`isthmus_protocol.titles`), signed
by the key of the party that makes it, and written with the row it changes, or not at all. The database holds
the same from below: one row a sequence number, one live title of a kind and shipment, and nobody but the
possessor or the issuer changes a title's row, from one sequence number to the next.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from isthmus_platform import domain_events, parties, shipments
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import InvalidInput, NotPermitted
from isthmus_platform.papers import issuing
from isthmus_platform.papers.signing import Desk
from isthmus_platform.shipments import Shipment
from isthmus_platform.title import blocks, chain, locking, telling
from isthmus_platform.title.chain import (
    Action,
    Form,
    Kind,
    NotAllowed,
    Phase,
    Reason,
    Replaced,
    Step,
    Terms,
    Title,
)
from isthmus_platform.title.errors import (
    NoSuchTitle,
    StepTaken,
    TitleExists,
    WrongRecipient,
    refusal,
)
from isthmus_platform.title.membership import able_to_hold, check_members, checked_text
from isthmus_platform.title.records import REGISTER, TitleRecord, TitleStep

NUMBER = re.compile(r"[A-Z0-9][A-Z0-9/-]{0,19}")
"""A transport document reference (DCSA: at most 20 characters)."""
DIGEST = re.compile(r"sha-256:[0-9a-f]{64}")
ENDORSEMENTS = frozenset({Action.ENDORSE, Action.ENDORSE_TO_ORDER, Action.BLANK_ENDORSE})
UNHINDERED = frozenset({Action.SIGN, Action.SREJ})
"""What neither a lien nor a hold stops: nothing moves towards delivery by it."""
TO_ISSUER = frozenset({Action.SURRENDER_FOR_DELIVERY, Action.SURRENDER_FOR_AMENDMENT})
ANSWERS = frozenset({Action.SACC, Action.SREJ})


@dataclass(frozen=True)
class IssueDraft:
    """What is issued of a shipment to its first holder: a bill of lading, or a warehouse receipt.

    ``document_digest`` is ``sha-256:`` and 64 hexadecimal digits of the bill's file. ``named`` is the
    consignee of a straight title, the first endorsee of a negotiable one (None: in blank). ``replaces`` is
    the title that was voided by an amendment, or went to paper and came back.
    """

    shipment: UUID
    number: str
    document_digest: str
    form: str
    recipient: str
    named: str | None = None
    replaces: UUID | None = None
    kind: str = Kind.BILL_OF_LADING.value


ISSUERS = MappingProxyType(
    {Kind.BILL_OF_LADING: PartyRole.CARRIER, Kind.WAREHOUSE_RECEIPT: PartyRole.FORWARDER}
)
"""Who issues what: the carrier that has the goods, or the forwarder that stores them (FIATA FWR)."""


def issue(work: Work, desk: Desk, draft: IssueDraft) -> TitleRecord:
    """Issue a title as carrier, or forwarder, of the shipment; raise a refusal of :mod:`.errors`."""
    kind = Kind(draft.kind)
    work.actor.require(ISSUERS[kind])
    shipment = shipments.get(work, draft.shipment)
    whose = shipment.carrier_id if kind is Kind.BILL_OF_LADING else shipment.forwarder_id
    if whose != work.actor.party_id:
        who = ISSUERS[kind].value.lower()
        raise NotPermitted(f"Only the shipment's {who} issues its title.", field="shipment")
    _check_bill(draft, shipment)
    recipient = able_to_hold(work, draft.recipient, "recipient")
    named = None if draft.named is None else able_to_hold(work, draft.named, "named")
    check_members(work, {work.actor.party_id, recipient.id, *([named.id] if named else [])})
    before = _before(work, shipment.id, kind, draft.replaces)
    again = before is not None and before.number == draft.number
    title_id = new_id()
    step = Step(
        title=str(title_id),
        sequence=1,
        previous=None,
        action=Action.ISSUE,
        actor=parties.get(work, work.actor.party_id).name,
        recipient=recipient.name,
        at=work.now if before is None else max(work.now, before.stepped_at),
        terms=Terms(
            draft.number,
            before.version + 1 if before is not None and again else 1,
            draft.document_digest,
            Form(draft.form),
            None if named is None else named.name,
            None if before is None else Replaced(str(before.id), before.head),
            kind,
        ),
    )
    issued = _issued(work, desk, step, shipment, None if before is None else before.id)
    domain_events.announce(work, "title.issued", about={"title": str(title_id)})
    return issued


def _check_bill(draft: IssueDraft, shipment: Shipment) -> None:
    if not NUMBER.fullmatch(draft.number):
        raise InvalidInput(
            "A bill's number is 1 to 20 capital letters, digits, hyphens or strokes.",
            field="number",
            code="format",
        )
    of_the_bill = draft.kind == Kind.BILL_OF_LADING and draft.replaces is None
    if of_the_bill and shipment.bill_of_lading not in (None, draft.number):
        raise InvalidInput(
            "The shipment's bill of lading has another number.", field="number", code="other_number"
        )
    if not DIGEST.fullmatch(draft.document_digest):
        raise InvalidInput(
            "A digest is `sha-256:` and 64 hexadecimal digits.", field="documentDigest", code="format"
        )


def _before(work: Work, shipment_id: UUID, kind: Kind, replaces: UUID | None) -> TitleRecord | None:
    """Return the title that the new one replaces, locked; raise :class:`TitleExists` where one stands.

    A title is replaced once it was voided for an amendment, or left the register for paper (MLETR Art. 18)
    that the issuer has back (Art. 17), and only the last one of a shipment and kind is.
    """
    with on_duty(work, REGISTER):
        last = work.session.scalar(
            select(TitleRecord.id)
            .where(TitleRecord.shipment_id == shipment_id, TitleRecord.kind == kind.value)
            .order_by(TitleRecord.id.desc())
            .limit(1)
        )
    if last is None:
        if replaces is not None:
            raise NoSuchTitle("There is no such title.", field="replaces")
        return None
    if replaces != last:
        raise TitleExists("The shipment has a title; say which one is replaced.", field="replaces")
    found = locking.row(work, last)
    if Phase(found.phase) not in (Phase.VOID, Phase.PAPER):
        raise TitleExists("Only a title that was voided, or went to paper, is replaced.", field="replaces")
    return found


def _issued(work: Work, desk: Desk, step: Step, shipment: Shipment, replaces_id: UUID | None) -> TitleRecord:
    title, signed = _taken(work, desk, None, step)
    ids = _ids(work, {title.issuer, title.shipper, *([title.named] if title.named else [])})
    record = TitleRecord(
        id=UUID(step.title),
        party_id=shipment.party_id,
        shipment_id=shipment.id,
        issuer_id=ids[title.issuer],
        number=title.terms.number,
        version=title.terms.version,
        document_digest=title.terms.document,
        form=title.terms.form.value,
        kind=title.terms.kind.value,
        replaces_id=replaces_id,
        shipper_id=ids[title.shipper],
        possessor_id=ids[title.possessor],
        named_id=None if title.named is None else ids[title.named],
        to_order=title.to_order,
        phase=title.phase.value,
        surrendered_by=None,
        reason=None,
        sequence=1,
        head=signed.digest,
        issued_at=step.at,
        stepped_at=step.at,
    )
    try:
        with work.session.begin_nested():
            work.session.add(record)
    except IntegrityError as error:
        # Another issued in between: of this shipment, of this number, or in the same title's place.
        raise TitleExists("The shipment, or this number, has a title already.", field="shipment") from error
    locking.let_see(work, record.id, ids.values())
    _write_step(work, record.id, step, signed, ids)
    telling.tell(work, record, step.action, ids[title.possessor])
    return record


def act(
    work: Work,
    desk: Desk,
    title_id: UUID,
    action: Action,
    *,
    recipient: str | None = None,
    reason: str | None = None,
    comments: str | None = None,
) -> TitleRecord:
    """Make a step on a title as the acting party; raise a refusal of :mod:`.errors`, naming the field.

    The title is locked first, so that of two steps at once the second is judged by what the first left.
    The recipient of a surrender and of its answer is known, and need not be given.
    """
    record = locking.locked(work, title_id)
    title = state_of(work, record)
    names = parties.get_many(work, {work.actor.party_id})
    to = _recipient(work, title, action, recipient)
    step = Step(
        title=str(record.id),
        sequence=record.sequence + 1,
        previous=record.head,
        action=action,
        actor=names[work.actor.party_id].name,
        recipient=to,
        at=max(work.now, record.stepped_at),
        reason=None if reason is None else Reason(reason),
        comments=None if comments is None else checked_text(comments, "comments"),
    )
    after, signed = _taken(work, desk, title, step)
    about = {step.actor, to, after.possessor, after.named, after.surrendered_by}
    ids = _ids(work, filter(None, about))
    check_members(work, {work.actor.party_id, *([ids[to]] if to is not None else [])})
    if action not in UNHINDERED:
        blocks.check_free(work, record)
    _move(work, record, after, signed, ids)
    _write_step(work, record.id, step, signed, ids)
    if to is not None:
        locking.let_see(work, record.id, [ids[to]])
    telling.tell(work, record, action, None if to is None else ids[to])
    _announce(work, action, record.id)
    return record


def _announce(work: Work, action: Action, title_id: UUID) -> None:
    about = {"title": str(title_id), "action": action.value}
    if action is Action.TRANSFER or action in ENDORSEMENTS:
        domain_events.announce(work, "title.transferred", about=about)
    elif action in TO_ISSUER:
        domain_events.announce(work, "title.surrendered", about=about)


def _recipient(work: Work, title: Title, action: Action, given: str | None) -> str | None:
    known = None
    if action in TO_ISSUER:
        known = title.issuer
    elif action in ANSWERS:
        known = title.surrendered_by
    if known is not None:
        if given not in (None, known):
            raise WrongRecipient("The recipient of this step is another.", field="recipient")
        return known
    return None if given is None else able_to_hold(work, given, "recipient").name


def _taken(work: Work, desk: Desk, title: Title | None, step: Step) -> tuple[Title, chain.SignedStep]:
    """Return the title after ``step``, and the step signed by the acting party."""
    try:
        after = chain.begin(step) if title is None else chain.take(title, step)
    except NotAllowed as broken:
        raise refusal(broken) from None
    seed, _ = issuing.signing_seed(work, desk.vault)
    return after, chain.sign(seed, step)


def state_of(work: Work, record: TitleRecord) -> Title:
    """Return the title as the machine has it, from its row."""
    about = (record.issuer_id, record.shipper_id, record.possessor_id, record.named_id, record.surrendered_by)
    names = {party.id: party.name for party in parties.get_many(work, filter(None, about)).values()}
    terms = Terms(
        record.number,
        record.version,
        record.document_digest,
        Form(record.form),
        None if record.named_id is None else names[record.named_id],
        kind=Kind(record.kind),
    )
    return Title(
        terms=terms,
        issuer=names[record.issuer_id],
        shipper=names[record.shipper_id],
        possessor=names[record.possessor_id],
        named=terms.named,
        to_order=record.to_order,
        at=record.stepped_at,
        phase=Phase(record.phase),
        surrendered_by=None if record.surrendered_by is None else names[record.surrendered_by],
        reason=None if record.reason is None else Reason(record.reason),
    )


def _ids(work: Work, names: Iterable[str]) -> dict[str, UUID]:
    return {name: parties.by_name(work, name).id for name in sorted(set(names))}


def _move(
    work: Work, record: TitleRecord, after: Title, signed: chain.SignedStep, ids: dict[str, UUID]
) -> None:
    moved = work.session.execute(
        update(TitleRecord)
        .where(TitleRecord.id == record.id, TitleRecord.sequence == record.sequence)
        .values(
            possessor_id=ids[after.possessor],
            named_id=None if after.named is None else ids[after.named],
            to_order=after.to_order,
            phase=after.phase.value,
            surrendered_by=None if after.surrendered_by is None else ids[after.surrendered_by],
            reason=None if after.reason is None else after.reason.value,
            sequence=record.sequence + 1,
            head=signed.digest,
            stepped_at=after.at,
        )
        .execution_options(synchronize_session=False)
        .returning(TitleRecord.id)
    ).one_or_none()
    if moved is None:
        raise StepTaken("Another step came in between; look at the title again.", field="title")
    with on_duty(work, REGISTER):
        work.session.refresh(record)


def _write_step(
    work: Work, title_id: UUID, step: Step, signed: chain.SignedStep, ids: dict[str, UUID]
) -> None:
    work.session.execute(
        insert(TitleStep).values(
            title_id=title_id,
            sequence=step.sequence,
            actor_id=work.actor.party_id,
            recipient_id=None if step.recipient is None else ids[step.recipient],
            action=step.action.value,
            reason=None if step.reason is None else step.reason.value,
            at=step.at,
            token=signed.token,
            digest=signed.digest,
            kid=signed.kid,
            x=signed.x,
        )
    )
