"""Freight quotes: one asks several, each answers for itself, and exactly one answer is accepted.

Who quotes sees the question and its own quote; not who else was asked, nor what they said. Who may make which
step, from where, is data: :mod:`.quote_machine`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from isthmus_platform import parties, places
from isthmus_platform.changes import Kind
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.logistics import quoting, telling
from isthmus_platform.logistics.quote_machine import (
    QuoteAction,
    QuoteState,
    RequestState,
    Who,
    check_quote,
    check_request,
    permit,
)
from isthmus_platform.logistics.quote_records import FreightInvitation, FreightQuote, FreightRequest
from isthmus_platform.logistics.quoting import Charge, ChargeKind, Compared, Offer, PaymentTerm
from isthmus_platform.logistics.wording import one_line

MOST_ASKED, MOST_CHARGES = 20, 50


@dataclass(frozen=True)
class Question:
    """What is asked: places (UN/LOCODE), goods in words, ``units`` of an ISO 6346 type, to whom, until when.

    ``charges`` names those that a complete quote must have beside the base rate.
    """

    origin: str
    destination: str
    goods: str
    equipment_type: str
    units: int
    closes_at: datetime
    of: Sequence[str]
    charges: Sequence[str] = ()


def ask(work: Work, question: Question) -> FreightRequest:
    """Ask carriers and forwarders for quotes; raise :class:`InvalidInput` naming the field."""
    work.actor.require(PartyRole.TRADER, PartyRole.FORWARDER)
    for field, code in (("origin", question.origin), ("destination", question.destination)):
        places.find(code, field=field)
    if question.closes_at <= work.now:
        raise InvalidInput("It closes in the future.", field="closesAt", code="not_in_future")
    if not 1 <= question.units <= 10_000:
        raise InvalidInput("1 to 10,000 units.", field="units", code="range")
    if len(question.equipment_type) != 4 or not question.equipment_type.isalnum():
        raise InvalidInput("An ISO 6346 type has 4 characters.", field="equipmentType", code="format")
    asked = _asked(work, question.of)
    if len(question.charges) > MOST_CHARGES:
        raise InvalidInput(f"At most {MOST_CHARGES} charges.", field="charges", code="too_many")
    made = FreightRequest(
        id=new_id(),
        party_id=work.actor.party_id,
        origin=question.origin,
        destination=question.destination,
        goods=one_line(question.goods, "goods"),
        equipment_type=question.equipment_type,
        units=question.units,
        wanted_charges=[one_line(name, "charges", 50) for name in question.charges],
        state=RequestState.OPEN.value,
        closes_at=question.closes_at,
        asked_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    work.session.add_all(
        FreightInvitation(request_id=made.id, party_id=one, asker_id=made.party_id) for one in asked
    )
    work.session.flush()
    about = {"request": str(made.id), "state": made.state}
    telling.tell(work, Kind.FREIGHT_REQUESTED, made.id, about, (made.party_id, *asked))
    return made


def _asked(work: Work, names: Sequence[str]) -> list[UUID]:
    if not 1 <= len(set(names)) <= MOST_ASKED:
        raise InvalidInput(f"Ask 1 to {MOST_ASKED} parties.", field="of", code="count")
    found = [parties.by_name(work, name, field="of") for name in sorted(set(names))]
    for party in found:
        if not (party.has(PartyRole.CARRIER) or party.has(PartyRole.FORWARDER)):
            raise InvalidInput(f"{party.name} carries nothing.", field="of", code="not_a_carrier")
        if party.id == work.actor.party_id:
            raise InvalidInput("A party does not ask itself.", field="of", code="own_party")
    return [party.id for party in found]


def get(work: Work, request_id: UUID, *, lock: bool = False) -> FreightRequest:
    """Return a question of the actor's, or to it; raise :class:`NotFound`."""
    query = select(FreightRequest).where(FreightRequest.id == request_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = work.session.scalar(query)
    if found is None:
        raise NotFound("There is no such request for quotes.", field="request")
    return found


def quote_of(work: Work, quote_id: UUID) -> FreightQuote:
    """Return a quote that the actor made or was made; raise :class:`NotFound`."""
    found = work.session.scalar(
        select(FreightQuote).where(FreightQuote.id == quote_id).execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("There is no such quote.", field="quote")
    return found


def get_many(work: Work, quote_ids: Sequence[UUID]) -> dict[UUID, FreightQuote]:
    """Return those of these quotes that the actor made or was made, by id."""
    query = select(FreightQuote).where(FreightQuote.id.in_(quote_ids))
    return {row.id: row for row in work.session.scalars(query)}


def requests(work: Work, request_ids: Sequence[UUID]) -> dict[UUID, FreightRequest]:
    """Return those of these questions that are the actor's or to it, by id."""
    query = select(FreightRequest).where(FreightRequest.id.in_(request_ids))
    return {row.id: row for row in work.session.scalars(query)}


def page(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[FreightRequest]:
    """Return the actor's questions and those to it, newest first."""
    query = select(FreightRequest).order_by(FreightRequest.id.desc()).limit(first)
    if after is not None:
        query = query.where(FreightRequest.id < after)
    return work.session.scalars(query).all()


def of_requests(work: Work, request_ids: Sequence[UUID]) -> dict[UUID, list[FreightQuote]]:
    """Return the quotes that the actor sees, oldest first, by request."""
    found: dict[UUID, list[FreightQuote]] = {one: [] for one in request_ids}
    query = select(FreightQuote).where(FreightQuote.request_id.in_(request_ids))
    for each in work.session.scalars(query.order_by(FreightQuote.id)):
        found[each.request_id].append(each)
    return found


def quote(
    work: Work, request_id: UUID, charges: Sequence[Charge], *, valid_until: datetime, transit_days: int
) -> FreightQuote:
    """Quote as a party that was asked; one quote of a party stands at a time.

    Raises :class:`NotFound`, :class:`InvalidInput`, and :class:`Conflict` (``request_closed``,
    ``quoted_before``).
    """
    request = get(work, request_id)
    step = permit(QuoteAction.QUOTE, _part(work, request.party_id))
    check_request(QuoteAction.QUOTE, request.state)
    if request.closes_at <= work.now:
        raise Conflict("The request is closed.", field="request", code="request_closed")
    if valid_until <= work.now:
        raise InvalidInput("A quote is valid in the future.", field="validUntil", code="not_in_future")
    if not 0 <= transit_days <= 365:
        raise InvalidInput("0 to 365 days.", field="transitDays", code="range")
    made = FreightQuote(
        id=new_id(),
        request_id=request.id,
        party_id=work.actor.party_id,
        asker_id=request.party_id,
        charges=_kept(charges),
        transit_days=transit_days,
        state=step.after.value,
        valid_until=valid_until,
        quoted_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(made)
    except IntegrityError as error:
        if "uq_freight_quote_offered" not in str(error.orig):
            raise
        raise Conflict(
            "Your quote stands; withdraw it first.", field="request", code="quoted_before"
        ) from error
    _tell(work, made, Kind.FREIGHT_QUOTED)
    return made


def _part(work: Work, asker_id: UUID) -> Who:
    """Return what the acting party, which sees the request or quote, is to it."""
    return Who.ASKER if work.actor.party_id == asker_id else Who.ASKED


def _tell(work: Work, row: FreightQuote, kind: Kind) -> None:
    """Tell the webhooks of who asked and who quotes."""
    about = {"quote": str(row.id), "request": str(row.request_id), "state": row.state}
    telling.tell(work, kind, row.id, about, (row.asker_id, row.party_id))


def _kept(charges: Sequence[Charge]) -> list[dict[str, object]]:
    if not 1 <= len(charges) <= MOST_CHARGES:
        raise InvalidInput(f"A quote has 1 to {MOST_CHARGES} charges.", field="charges", code="count")
    for number, charge in enumerate(charges):
        quoting.check_charge(charge, f"charges.{number}")
        one_line(charge.name, f"charges.{number}.name", 50)
        one_line(charge.calculation_basis, f"charges.{number}.calculationBasis", 50)
    return [asdict(charge) for charge in charges]


def charges_of(row: FreightQuote) -> list[Charge]:
    """Return the charges of a quote as they were quoted."""
    return [
        Charge(
            **{
                **each,
                "kind": ChargeKind(each["kind"]),
                "payment_term": PaymentTerm(each["payment_term"]),
            }
        )
        for each in row.charges
    ]


def compare(
    work: Work,
    rows: Iterable[FreightQuote],
    request: FreightRequest,
    currency: str,
    rates: Mapping[str, Decimal],
) -> dict[UUID, Compared]:
    """Return how quotes of ``request`` compare in ``currency`` now, by id of the quote."""
    quoting.check_currency(currency, "currency")
    quoting.check_rates(rates)
    return {
        row.id: quoting.compare(
            Offer(charges_of(row), row.valid_until, row.state == QuoteState.WITHDRAWN),
            currency,
            rates,
            request.wanted_charges,
            work.now,
        )
        for row in rows
    }


def withdraw(work: Work, quote_id: UUID) -> FreightQuote:
    """Withdraw the actor's own quote; again changes nothing, one that was accepted stands."""
    step = permit(QuoteAction.WITHDRAW, _part(work, quote_of(work, quote_id).asker_id))
    found = _locked(work, quote_id)
    if found.state == step.after:
        return found
    check_quote(QuoteAction.WITHDRAW, found.state)
    found.state, found.ended_at = step.after.value, work.now
    work.session.flush()
    _tell(work, found, Kind.FREIGHT_WITHDRAWN)
    return found


def _locked(work: Work, quote_id: UUID) -> FreightQuote:
    query = select(FreightQuote).where(FreightQuote.id == quote_id).with_for_update()
    return work.session.scalars(query.execution_options(populate_existing=True)).one()


def accept(work: Work, quote_id: UUID) -> FreightQuote:
    """Accept one quote as the party that asked; no other of the request can be accepted then.

    Raises :class:`NotFound`, and :class:`Conflict`: ``request_awarded``, ``quote_withdrawn``,
    ``quote_expired``, ``quote_incomplete``.
    """
    found = quote_of(work, quote_id)
    step = permit(QuoteAction.ACCEPT, _part(work, found.asker_id))
    request = get(work, found.request_id, lock=True)
    check_request(QuoteAction.ACCEPT, request.state)
    found = _locked(work, quote_id)
    check_quote(QuoteAction.ACCEPT, found.state)
    if found.valid_until <= work.now:
        raise Conflict("The quote's validity is over.", field="quote", code="quote_expired")
    missing = quoting.lacking(charges_of(found), request.wanted_charges)
    if missing:
        raise Conflict(f"The quote lacks: {', '.join(missing)}.", field="quote", code="quote_incomplete")
    found.state, found.ended_at = step.after.value, work.now
    request.state = (step.awards or RequestState(request.state)).value
    work.session.flush()
    _tell(work, found, Kind.FREIGHT_ACCEPTED)
    _tell_others(work, request, found)
    return found


def _tell_others(work: Work, request: FreightRequest, accepted: FreightQuote) -> None:
    """Tell whoever else was asked that another's quote was accepted, and not whose."""
    others = select(FreightInvitation.party_id).where(
        FreightInvitation.request_id == request.id, FreightInvitation.party_id != accepted.party_id
    )
    about = {"request": str(request.id), "state": request.state}
    telling.tell(work, Kind.FREIGHT_CLOSED, request.id, about, work.session.scalars(others).all())
