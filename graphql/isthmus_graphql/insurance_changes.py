"""Offering and holding covers, quoting, declaring, claiming and settling, telling of arrivals."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity, insurance, insurance_declared
from isthmus_graphql.context import Info
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.scalars import DateTime, Long
from isthmus_platform.database import Work
from isthmus_platform.insurance import covers, quotes, rating
from isthmus_platform.papers import plain
from isthmus_platform.papers.signing import Desk

MINOR = "Minor units of the cover's currency"
CLAUSES = "`ICC_A`, `ICC_B`, `ICC_C`, `WAR`, `STRIKES`"


def _texts(description: str) -> graphene.List:
    return graphene.List(graphene.NonNull(graphene.String), required=True, description=description)


def named(of: str) -> graphene.ID:
    """Return an input field that names a thing by its global id."""
    return graphene.ID(required=True, description=f"Global id of the {of}.")


class CoverPayload(Changed):
    """The cover, or why nothing was changed."""

    cover = graphene.Field(insurance.OpenCover, description="As it stands.")


class InsuranceTariffPayload(Changed):
    """The table, or why nothing was changed."""

    tariff = graphene.Field(insurance.InsuranceTariff, description="As it is kept.")


class InsuranceQuotePayload(Changed):
    """The quote, or why nothing was changed."""

    quote = graphene.Field(insurance.InsuranceQuote, description="As it stands.")


class CoverDeclarationPayload(Changed):
    """The declaration, or why nothing was changed."""

    declaration = graphene.Field(insurance_declared.CoverDeclaration, description="As it stands.")


class InsuranceClaimPayload(Changed):
    """The claim, or why nothing was changed."""

    claim = graphene.Field(insurance_declared.InsuranceClaim, description="As it stands.")


class ArrivalPayload(Changed):
    """The digests of what you signed, or why nothing was changed."""

    digests = graphene.List(graphene.NonNull(graphene.String), description="One for each cover of the delay.")


PAYLOADS: dict[str, tuple[type[Changed], str]] = {
    "cover": (CoverPayload, "OpenCover"),
    "tariff": (InsuranceTariffPayload, "InsuranceTariff"),
    "quote": (InsuranceQuotePayload, "InsuranceQuote"),
    "declaration": (CoverDeclarationPayload, "CoverDeclaration"),
    "claim": (InsuranceClaimPayload, "InsuranceClaim"),
}
Write = Callable[[Work, Desk, Any], Any]


def mutation(name: str, kind: str, given: type[Change], write: Write, description: str) -> graphene.Field:
    """Return a mutation that answers the ``kind`` of thing that ``write`` returns."""
    payload, type_name = PAYLOADS[kind]

    def resolve(_root: Any, info: Info, input: Any) -> Changed:  # noqa: A002
        def make(work: Work) -> dict[str, Any]:
            return {kind: str(write(work, desk_of(info.context), input).id)}

        def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
            row = insurance_declared.READERS[type_name](work, UUID(ids[kind]))
            if kind != "tariff":
                insurance.keep(info.context, [row])
            return {kind: row}

        return perform(payload, info, input, Operation(name, make, answer))

    return change(payload, given, resolve, description)


class OfferCoverInput(Change):
    """An open cover for a trader or forwarder."""

    insured = graphene.String(required=True, description="Name of the party that is to hold it.")
    number = graphene.String(required=True, description="1 to 30 capital letters, digits, `-` and `/`.")
    currency = graphene.String(required=True, description="ISO 4217 code.")
    limit_minor = Long(required=True, description="Minor units: the most that stands declared.")
    per_conveyance_minor = Long(required=True, description="Minor units: the most on one conveyance.")
    per_location_minor = Long(required=True, description="Minor units: the most in one place.")
    per_period_minor = Long(
        description="Minor units: the most that is declared within a policy period; left away, none."
    )
    period_months = graphene.Int(
        default_value=covers.DEFAULT_PERIOD, description="Calendar months of a policy period, 1 to 36."
    )
    clauses = _texts(f"Some of {CLAUSES}.")
    valid_from = DateTime(required=True, description="From when.")
    valid_until = DateTime(required=True, description="Until when, up to three years.")
    uplift_bp = graphene.Int(
        default_value=covers.DEFAULT_UPLIFT,
        description="Basis points of the CIF value (minor units) that are insured: 11000 is 110 %.",
    )
    notice_days = graphene.Int(default_value=7, description="Notice of a claim, in days of 24 hours.")
    documents_days = graphene.Int(
        default_value=60, description="Until a claim is documented, in days of 24 hours."
    )
    cancellation_days = graphene.Int(
        default_value=30, description="Notice of cancellation, in days of 24 hours."
    )


def _offer(work: Work, desk: Desk, given: Any) -> Any:
    return covers.offer(
        work,
        desk,
        covers.CoverDraft(
            given.insured,
            given.number,
            given.currency,
            given.limit_minor,
            given.per_conveyance_minor,
            given.per_location_minor,
            tuple(given.clauses),
            given.valid_from,
            given.valid_until,
            given.uplift_bp,
            given.notice_days,
            given.documents_days,
            given.cancellation_days,
            given.per_period_minor,
            given.period_months,
        ),
    )


class AnswerCoverInput(Change):
    """Whether you take a cover that you were offered."""

    cover = named("cover")
    accept = graphene.Boolean(required=True, description="Take it, and sign its certificates as its proxy.")


def _cover(given: Any) -> UUID:
    return identity.key_of("OpenCover", given.cover, "cover")


def _answer_cover(work: Work, desk: Desk, given: Any) -> Any:
    return covers.answer(work, desk, _cover(given), accept=given.accept)


class AdjustCoverInput(Change):
    """What is widened; left away it stays."""

    cover = named("cover")
    limit_minor = Long(description=f"{MINOR}: the most that stands declared.")
    per_conveyance_minor = Long(description=f"{MINOR}: the most on one conveyance.")
    per_location_minor = Long(description=f"{MINOR}: the most in one place.")
    per_period_minor = Long(description=f"{MINOR}: the most that is declared within a policy period.")
    valid_until = DateTime(description="A later end.")


def _adjust(work: Work, desk: Desk, given: Any) -> Any:
    wanted = covers.Adjustment(
        given.limit_minor,
        given.per_conveyance_minor,
        given.per_location_minor,
        given.valid_until,
        given.per_period_minor,
    )
    return covers.adjust(work, desk, _cover(given), wanted)


class CancelCoverInput(Change):
    """The cover that ends after its notice."""

    cover = named("cover")
    reason = graphene.String(required=True, description="Why, 1 to 500 characters.")


def _cancel_cover(work: Work, desk: Desk, given: Any) -> Any:
    return covers.cancel(work, desk, _cover(given), given.reason)


class RateRowInput(graphene.InputObjectType):
    """One row of a table."""

    hs_prefix = graphene.String(default_value="", description="First digits of the HS code; empty: all.")
    origin = graphene.String(default_value="*", description="Country, region of the table, or `*`.")
    destination = graphene.String(default_value="*", description="Country, region of the table, or `*`.")
    mode = graphene.String(default_value="*", description="`VESSEL`, `BARGE`, `RAIL`, `TRUCK`, `AIR` or `*`.")
    clause = graphene.String(required=True, description=f"{CLAUSES} or `DELAY`.")
    rate_ppm = graphene.Int(
        required=True, name="ratePpm", description="Parts per million of the sum in minor units."
    )
    deductible_ppm = graphene.Int(
        default_value=0, name="deductiblePpm", description="Parts per million of the sum in minor units."
    )


class RateRegionInput(graphene.InputObjectType):
    """Your own name for some countries."""

    name = graphene.String(required=True, description="3 to 30 capital letters and `_`.")
    countries = _texts("ISO 3166-1 alpha-2 codes.")


class PublishInsuranceTariffInput(Change):
    """Your table of rates in a currency."""

    currency = graphene.String(required=True, description="ISO 4217 code.")
    effective_from = DateTime(required=True, description="From when; not in the past.")
    minimum_minor = Long(required=True, description="Minor units: the least premium.")
    rows = graphene.List(graphene.NonNull(RateRowInput), required=True, description="The rates.")
    regions = graphene.List(
        graphene.NonNull(RateRegionInput), default_value=(), description="Names that rows use."
    )
    quotes_hold_days = graphene.Int(
        default_value=14, description="How long a quote holds, in days of 24 hours."
    )


def _publish(work: Work, _desk: Desk, given: Any) -> Any:
    rows = tuple(
        rating.Row(
            row.hs_prefix,
            row.origin,
            row.destination,
            row.mode,
            row.clause,
            row.rate_ppm,
            row.deductible_ppm,
        )
        for row in given.rows
    )
    regions = {region.name: tuple(region.countries) for region in given.regions}
    table = rating.Table(rows, given.minimum_minor, regions)
    return quotes.publish(work, given.currency, table, given.effective_from, given.quotes_hold_days)


class DelayCoverInput(graphene.InputObjectType):
    """Delay cover: settled by the word of two of carrier, terminal and customs."""

    agreed_arrival = DateTime(required=True, description="From when a delay is counted.")
    after_days = graphene.Int(required=True, description="Not paid, in days of 24 hours.")
    per_day_minor = Long(required=True, description=f"{MINOR}: paid for each further day.")
    most_days = graphene.Int(required=True, description="Paid at most, in days of 24 hours.")
    terminal = graphene.String(required=True, description="Name of the terminal.")
    customs = graphene.String(required=True, description="Name of the authority.")


SAILS = "The day on or about which it sails, ISO 8601, by UTC; the certificate says it."


def sails_on(given: Any) -> date | None:
    """Return the day of sailing that an input names; None where it names none."""
    return None if given.sails_on is None else plain.day(given.sails_on, "sailsOn")


class RequestInsuranceQuoteInput(Change):
    """What is to be insured."""

    cover = named("cover")
    shipment = named("shipment")
    clauses = _texts(f"One of `ICC_A`, `ICC_B`, `ICC_C`, and some of {CLAUSES}.")
    mode = graphene.String(default_value="VESSEL", description="`VESSEL`, `BARGE`, `RAIL`, `TRUCK` or `AIR`.")
    conveyance = graphene.String(description="Vessel or vehicle; the shipment's vessel by default.")
    cif_minor = Long(description=f"{MINOR}: the CIF value; the goods' values by default.")
    delay = graphene.Field(DelayCoverInput, description="Delay cover beside it.")
    sails_on = graphene.String(description=SAILS)


def _request(work: Work, _desk: Desk, given: Any) -> Any:
    late = given.delay
    delay = late and quotes.DelayDraft(
        late.agreed_arrival, late.after_days, late.per_day_minor, late.most_days, late.terminal, late.customs
    )
    draft = quotes.QuoteDraft(
        _cover(given),
        identity.key_of("Shipment", given.shipment, "shipment"),
        tuple(given.clauses),
        given.mode,
        given.conveyance,
        given.cif_minor,
        delay,
        sails_on(given),
    )
    return quotes.request(work, draft)


class AnswerInsuranceQuoteInput(Change):
    """Your premium for a quote that waits."""

    quote = named("quote")
    premium_minor = Long(description=f"{MINOR}; left away, you decline.")
    deductible_minor = Long(default_value=0, description=f"{MINOR}: what the insured bears.")
    valid_until = DateTime(description="Until when it holds.")


def quote_of(given: Any) -> UUID:
    """Return the key of the quote that an input names."""
    return identity.key_of("InsuranceQuote", given.quote, "quote")


def _answer_quote(work: Work, _desk: Desk, given: Any) -> Any:
    return quotes.answer(
        work,
        quote_of(given),
        premium=given.premium_minor,
        deductible=given.deductible_minor,
        valid_until=given.valid_until,
    )


class CoverMutation(graphene.ObjectType):
    """Offering and holding covers, rating and quoting."""

    offer_cover = mutation(
        "offerCover", "cover", OfferCoverInput, _offer, "For an insurer: offer an open cover; you sign it."
    )
    answer_cover = mutation(
        "answerCover", "cover", AnswerCoverInput, _answer_cover, "Take a cover offered to you, or decline."
    )
    adjust_cover = mutation(
        "adjustCover", "cover", AdjustCoverInput, _adjust, "For an insurer: widen a cover in force."
    )
    cancel_cover = mutation(
        "cancelCover", "cover", CancelCoverInput, _cancel_cover, "End a cover after its notice."
    )
    publish_insurance_tariff = mutation(
        "publishInsuranceTariff",
        "tariff",
        PublishInsuranceTariffInput,
        _publish,
        "For an insurer: publish rates from a time on.",
    )
    request_insurance_quote = mutation(
        "requestInsuranceQuote",
        "quote",
        RequestInsuranceQuoteInput,
        _request,
        "Ask what insuring a shipment costs: answered by the insurer's table at once, else by its own word.",
    )
    answer_insurance_quote = mutation(
        "answerInsuranceQuote",
        "quote",
        AnswerInsuranceQuoteInput,
        _answer_quote,
        "For an insurer: answer a quote that no table rates.",
    )
