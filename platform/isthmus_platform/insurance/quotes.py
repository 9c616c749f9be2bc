"""Tables of rates and quotes: what insuring a shipment costs, by table or by the insurer's own word.

Where the insurer has a table in force the quote is made at once. Where it has none, or none that fits, the
quote waits for the insurer, which hears of it by webhook and answers by GraphQL.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from isthmus_platform import parties, shipments
from isthmus_platform.changes import Kind
from isthmus_platform.database import PartyRole, Work, new_id, on_duty
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.insurance import covers, rating, steps
from isthmus_platform.insurance.quorum import Terms
from isthmus_platform.insurance.records import DUTY, InsuranceQuote, InsuranceTariff, OpenCover
from isthmus_platform.insurance.states import QUOTE, moved
from isthmus_platform.papers.parts import check_currency, check_text
from isthmus_platform.shipments import Shipment

LONGEST_DELAY = timedelta(days=366)


@dataclass(frozen=True)
class DelayDraft:
    """Delay cover as it is asked for; the carrier is the shipment's, the other two are named."""

    agreed: datetime
    after_days: int
    per_day: int
    most_days: int
    terminal: str
    customs: str


@dataclass(frozen=True)
class QuoteDraft:
    """What is to be insured; ``cif`` in minor units of the cover's currency, the goods' values by default.

    ``sails_on`` is the day, in UTC, on or about which the conveyance leaves; None where it is not known.
    """

    cover: UUID
    shipment: UUID
    clauses: Sequence[str]
    mode: str = "VESSEL"
    conveyance: str | None = None
    cif: int | None = None
    delay: DelayDraft | None = None
    sails_on: date | None = None


def publish(
    work: Work, currency: str, table: rating.Table, effective_from: datetime, hold_days: int = 14
) -> InsuranceTariff:
    """Publish the acting insurer's table for a currency, from a time that has not passed.

    Raises :class:`InvalidInput` naming the row, :class:`NotPermitted`, :class:`Conflict` (``tariff_exists``).
    """
    work.actor.require(PartyRole.INSURER)
    check_currency(currency, "currency")
    rating.checked(table)
    steps.check_amount(table.minimum, "minimumMinor", least=0)
    steps.check_days(hold_days, "quotesHoldDays", least=1)
    if effective_from < work.now:
        raise InvalidInput("A table holds from now on.", field="effectiveFrom", code="in_the_past")
    tariff = InsuranceTariff(
        id=new_id(),
        insurer_id=work.actor.party_id,
        currency=currency,
        effective_from=effective_from,
        quotes_hold_days=hold_days,
        rates=rating.to_json(table),
        published_at=work.now,
    )
    try:
        with work.session.begin_nested():
            work.session.add(tariff)
    except IntegrityError as error:
        raise Conflict(
            "You have a table from this time on.", field="effectiveFrom", code="tariff_exists"
        ) from error
    return tariff


def tariff_of(work: Work, tariff_id: UUID) -> InsuranceTariff:
    """Return a table of the acting insurer's, or raise :class:`NotFound`."""
    found = work.session.scalar(
        select(InsuranceTariff).where(
            InsuranceTariff.id == tariff_id, InsuranceTariff.insurer_id == work.actor.party_id
        )
    )
    if found is None:
        raise NotFound("There is no such table of yours.", field="tariff")
    return found


def tariffs(work: Work, *, after: UUID | None = None, first: int = 50) -> Sequence[InsuranceTariff]:
    """Return tables of the acting insurer's, newest first, those published before ``after``."""
    query = select(InsuranceTariff).where(InsuranceTariff.insurer_id == work.actor.party_id)
    if after is not None:
        query = query.where(InsuranceTariff.id < after)
    return work.session.scalars(query.order_by(InsuranceTariff.id.desc()).limit(first)).all()


def followed(work: Work, tariff_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return from when another table takes the place of each, of those that have one after them."""
    later = aliased(InsuranceTariff)
    found = work.session.execute(
        select(InsuranceTariff.id, func.min(later.effective_from))
        .join(
            later,
            (later.insurer_id == InsuranceTariff.insurer_id)
            & (later.currency == InsuranceTariff.currency)
            & (later.effective_from > InsuranceTariff.effective_from),
        )
        .where(InsuranceTariff.id.in_(tariff_ids), InsuranceTariff.insurer_id == work.actor.party_id)
        .group_by(InsuranceTariff.id)
    )
    return {row[0]: row[1] for row in found}


def in_force(work: Work, insurer_id: UUID, currency: str) -> InsuranceTariff | None:
    """Return the insurer's table in force now for a currency, whoever asks."""
    with on_duty(work, DUTY):
        return work.session.scalar(
            select(InsuranceTariff)
            .where(
                InsuranceTariff.insurer_id == insurer_id,
                InsuranceTariff.currency == currency,
                InsuranceTariff.effective_from <= work.now,
            )
            .order_by(InsuranceTariff.effective_from.desc())
            .limit(1)
        )


def request(work: Work, draft: QuoteDraft) -> InsuranceQuote:
    """Ask what insuring a shipment costs, as the cover's insured and the shipment's owner or its agent.

    Raises :class:`NotFound`, :class:`InvalidInput` naming the field and :class:`Conflict`
    (``cover_not_active``).
    """
    cover = covers.get(work, draft.cover)
    if work.actor.party_id != cover.insured_id:
        raise NotFound("There is no such thing of yours.", field="cover")
    check_in_force(cover, work.now)
    shipment = _own_shipment(work, draft.shipment)
    terms, risk = _asked(work, cover, shipment, draft)
    quote = InsuranceQuote(
        id=new_id(),
        cover_id=cover.id,
        insurer_id=cover.insurer_id,
        insured_id=cover.insured_id,
        shipment_id=shipment.id,
        tariff_id=None,
        state="REQUESTED",
        terms=terms,
        insured_minor=risk.insured,
        currency=cover.currency,
        premium_minor=None,
        deductible_minor=None,
        lines=None,
        valid_until=None,
        requested_at=work.now,
    )
    tariff = in_force(work, cover.insurer_id, cover.currency)
    # An arrival that was due already is insured, lost or not lost, by the insurer's own word alone.
    if tariff is not None and (draft.delay is None or draft.delay.agreed > work.now):
        _rate(work, quote, tariff, risk)
    work.session.add(quote)
    work.session.flush()
    told = Kind.QUOTE_REQUESTED if quote.state == "REQUESTED" else Kind.QUOTE_ANSWERED
    steps.tell(work, quote, told, {"quote": str(quote.id), "state": quote.state})
    return quote


def check_in_force(cover: OpenCover, now: datetime) -> None:
    """Raise :class:`Conflict` (``cover_not_active``) unless ``cover`` takes declarations at ``now``."""
    if cover.state not in ("ACTIVE", "ENDING") or not cover.valid_from <= now < cover.valid_until:
        raise Conflict("The cover is not in force now.", field="cover", code="cover_not_active")


def _own_shipment(work: Work, shipment_id: UUID) -> Shipment:
    shipment = shipments.get(work, shipment_id)
    if not work.session.scalar(select(func.acts_for(shipment.party_id))):
        raise NotFound("There is no such shipment of yours.", field="shipment")
    return shipment


def _rate(work: Work, quote: InsuranceQuote, tariff: InsuranceTariff, risk: rating.Risk) -> None:
    try:
        rated = rating.rate(rating.from_json(tariff.rates), risk)
    except rating.NotRated:
        return  # the insurer's own word is needed
    quote.tariff_id, quote.state = tariff.id, "QUOTED"
    quote.premium_minor, quote.deductible_minor = rated.premium, rated.deductible
    quote.lines = [asdict(line) for line in rated.lines]
    quote.valid_until = work.now + timedelta(days=tariff.quotes_hold_days)


def _asked(
    work: Work, cover: OpenCover, shipment: Shipment, draft: QuoteDraft
) -> tuple[dict[str, Any], rating.Risk]:
    clauses = rating.checked_clauses(draft.clauses)
    if not set(clauses) <= set(cover.clauses):
        raise InvalidInput("The cover is not under these clauses.", field="clauses", code="clauses")
    if draft.mode not in rating.MODES:
        raise InvalidInput("There is no such mode.", field="mode", code="unknown_mode")
    conveyance = draft.conveyance or shipment.vessel
    if conveyance is None:
        raise InvalidInput("Name the vessel or vehicle.", field="conveyance", code="missing")
    check_text(conveyance, "conveyance", 200)
    cif = _cif(cover, shipment, draft.cif)
    insured = steps.check_amount(rating.sum_insured(cif, cover.uplift_bp), "cifMinor")
    delay = None if draft.delay is None else _delay(work, shipment, draft.delay)
    if draft.sails_on is not None:
        check_sailing(draft.sails_on, delay, work.now)
    terms = {
        "clauses": list(clauses),
        "mode": draft.mode,
        "conveyance": conveyance_of(conveyance),
        "loading": shipment.origin,
        "discharge": shipment.destination,
        "ucr": shipment.ucr,
        "goods": [{"hs": item.hs_code, "description": item.description} for item in shipment.goods],
        "cif": cif,
        "upliftBp": cover.uplift_bp,
        "delay": delay,
        "sailsOn": None if draft.sails_on is None else draft.sails_on.isoformat(),
    }
    return terms, risk_of(shipment, terms, insured)


def check_sailing(on: date, delay: Mapping[str, Any] | None, now: datetime) -> None:
    """Let a day of sailing lie within a year of ``now``, and not after the arrival that is agreed."""
    if abs(on - now.date()) > LONGEST_DELAY:
        raise InvalidInput("The day of sailing lies within a year.", field="sailsOn", code="out_of_range")
    if delay is not None and on > datetime.fromisoformat(delay["agreed"]).astimezone(UTC).date():
        raise InvalidInput("It sails before it arrives.", field="sailsOn", code="out_of_range")


def conveyance_of(name: str) -> str:
    """Return the name of a vessel or vehicle as it is counted: without case and double spaces."""
    return " ".join(name.upper().split())


def risk_of(shipment: Shipment, terms: Mapping[str, Any], insured: int) -> rating.Risk:
    """Return what a table rates: the shipment's goods and way, under the terms of a quote."""
    items = [(item.hs_code, item.value_minor) for item in shipment.goods]
    if not sum(value for _, value in items):
        items = [(hs, 1) for hs, _ in items]
    delay = terms["delay"]
    return rating.Risk(
        tuple(rating.Item(hs, value) for hs, value in items),
        insured,
        shipment.origin[:2],
        shipment.destination[:2],
        terms["mode"],
        tuple(terms["clauses"]),
        0 if delay is None else delay["perDay"] * delay["mostDays"],
    )


def _cif(cover: OpenCover, shipment: Shipment, given: int | None) -> int:
    if given is not None:
        return steps.check_amount(given, "cifMinor")
    if not shipment.goods or {item.currency for item in shipment.goods} != {cover.currency}:
        raise InvalidInput(
            f"Say the CIF value in {cover.currency}: the goods' values are in another currency.",
            field="cifMinor",
            code="other_currency",
        )
    return steps.check_amount(sum(item.value_minor for item in shipment.goods), "cifMinor")


def _delay(work: Work, shipment: Shipment, draft: DelayDraft) -> dict[str, Any]:
    steps.check_days(draft.after_days, "delay.afterDays", most=90)
    steps.check_days(draft.most_days, "delay.mostDays", least=1, most=90)
    steps.check_amount(draft.per_day, "delay.perDayMinor", most=steps.LARGEST // 90)
    if abs(draft.agreed - work.now) > LONGEST_DELAY:
        raise InvalidInput(
            "The agreed arrival lies within a year.", field="delay.agreedArrival", code="out_of_range"
        )
    if shipment.carrier_id is None:
        raise InvalidInput("The shipment names no carrier.", field="delay", code="no_carrier")
    named = {"CARRIER": shipment.carrier_id}
    for role, wanted, name, field in (
        ("TERMINAL", PartyRole.TERMINAL, draft.terminal, "delay.terminal"),
        ("CUSTOMS", PartyRole.AUTHORITY, draft.customs, "delay.customs"),
    ):
        party = parties.by_name(work, name, field=field)
        if not party.has(wanted):
            raise InvalidInput(f"{party.name} is no {wanted.lower()}.", field=field, code="not_a_source")
        named[role] = party.id
    if len({*named.values(), work.actor.party_id, shipment.party_id}) < len(named) + len(
        {work.actor.party_id, shipment.party_id}
    ):
        raise InvalidInput(
            "The three sources are three parties, none of them insured.",
            field="delay",
            code="not_independent",
        )
    terms = Terms(draft.agreed, draft.after_days, draft.per_day, draft.most_days)
    return {
        "agreed": terms.agreed.isoformat(),
        "afterDays": terms.after_days,
        "perDay": terms.per_day,
        "mostDays": terms.most_days,
        "sources": {role: str(party_id) for role, party_id in named.items()},
    }


def answer(
    work: Work,
    quote_id: UUID,
    *,
    premium: int | None,
    deductible: int = 0,
    valid_until: datetime | None = None,
) -> InsuranceQuote:
    """Answer a quote that waits: a premium in minor units and until when it holds, or None to decline."""
    quote: InsuranceQuote = steps.lock(work, InsuranceQuote, quote_id, "quote")
    action = "DECLINE" if premium is None else "ANSWER"
    quote.state = moved(QUOTE, quote.state, action, steps.who(work, quote), "quote")
    if premium is not None:
        steps.check_amount(premium, "premiumMinor", least=0)
        steps.check_amount(deductible, "deductibleMinor", least=0, most=quote.insured_minor)
        if valid_until is None or valid_until <= work.now:
            raise InvalidInput(
                "A quote holds until a time to come.", field="validUntil", code="not_in_future"
            )
        quote.premium_minor, quote.deductible_minor = premium, deductible
        quote.valid_until = valid_until
        line = rating.Line("QUOTED", "", quote.insured_minor, None, premium, "as the insurer quoted")
        quote.lines = [asdict(line)]
    work.session.flush()
    told = {"quote": str(quote.id), "state": quote.state}
    steps.tell(work, quote, Kind.QUOTE_ANSWERED, told)
    return quote


def get(work: Work, quote_id: UUID) -> InsuranceQuote:
    """Return a quote that the actor asked for or was asked for, or raise :class:`NotFound`."""
    found: InsuranceQuote = covers.own(work, InsuranceQuote, quote_id, "quote")
    return found
