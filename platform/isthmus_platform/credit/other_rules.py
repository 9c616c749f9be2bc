"""Rules on insurance (UCP 600 article 28) and on what documents say of the same thing (article 14 d)."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from isthmus_platform.credit.case import Case
from isthmus_platform.credit.findings import Mark, Rule, short_of_originals
from isthmus_platform.credit.terms import in_units, places_of
from isthmus_platform.credit.wording import covers, originals_stated
from isthmus_platform.papers.comparing import Source, discrepancies

INSURERS = ("INSURER", "UNDERWRITER", "AGENT", "PROXY")


def cover_amount(case: Case) -> Iterator[Mark]:
    """Find where the goods are insured for less than the percentage of the greater of claim and invoice."""
    currency = case.terms.currency
    invoiced = sum((p.total.value for _, p in case.invoices if p.total.currency == currency), Decimal(0))
    value = max(invoiced, in_units(case.claimed_minor, currency))
    least = value * case.terms.insurance_percent / 100
    for one, paper in case.covers:
        insured = paper.insured_amount
        if insured.currency == currency and insured.value < least:
            wanted = f"at least {least:.{places_of(currency)}f} {currency}"
            percent = f"{wanted}, {case.terms.insurance_percent} % of {value:f}"
            yield Mark(one.label, "insuredAmount", f"{insured.value:f} {insured.currency}", percent)


def cover_currency(case: Case) -> Iterator[Mark]:
    """Find where the goods are insured in another currency than the credit's."""
    for one, paper in case.covers:
        if paper.insured_amount.currency != case.terms.currency:
            said = paper.insured_amount.currency
            yield Mark(one.label, "insuredAmount.currency", said, case.terms.currency)


def cover_date(case: Case) -> Iterator[Mark]:
    """Find where the cover takes effect after shipment."""
    shipped = case.shipped_on
    for one, _ in case.covers:
        begins = one.face.effective_on or one.dated
        if shipped is not None and begins is not None and begins > shipped:
            yield Mark(one.label, "effectiveOn", str(begins), f"by {shipped}", case.bills[0][0].label)


def cover_signed(case: Case) -> Iterator[Mark]:
    """Find where the insurance document is not signed by an insurer, an underwriter, their agent or proxy."""
    for one, _ in case.covers:
        if one.face.signed_by is None or one.face.signed_as not in INSURERS:
            said = "none" if one.face.signed_by is None else f"{one.face.signed_by} as {one.face.signed_as}"
            yield Mark(
                one.label, "signedBy", said, "insurer, underwriter, or agent or proxy of one", "UCP 600"
            )


def cover_risks(case: Case) -> Iterator[Mark]:
    """Find where the insurance document does not cover the risks that the credit requires."""
    wanted = case.terms.insurance_clauses
    for one, paper in case.covers:
        if wanted is not None and not covers(paper.clauses, wanted):
            yield Mark(one.label, "clauses", paper.clauses[:500], wanted)


def cover_places(case: Case) -> Iterator[Mark]:
    """Find where the cover does not say that it runs from the place of loading to that of discharge."""
    for one, paper in case.covers:
        for name in ("loading", "discharge"):
            said, wanted = getattr(paper, name), getattr(case.terms, name)
            if wanted is not None and (said is None or said.code != wanted.code):
                found = "none" if said is None else said.code or said.name or "none"
                yield Mark(one.label, f"{name}.code", found, wanted.code or "")


def cover_originals(case: Case) -> Iterator[Mark]:
    """Find where not all originals are presented that the insurance document says were issued."""
    for one, paper in case.covers:
        stated = max(originals_stated(paper.note or ""), originals_stated(paper.clauses))
        yield from short_of_originals(case, one, stated)


def differing(field: str) -> Callable[[Case], Iterator[Mark]]:
    """Return the check that no two documents say different things of ``field``."""

    def check(case: Case) -> Iterator[Mark]:
        sources = [Source(f"{one.label}", one.paper) for one in case.documents]
        for one in discrepancies(sources):
            if one.field == field:
                yield Mark(one.other.source, one.other.path, one.other.value, one.one.value, one.one.source)

    return check


def _same(code: str, field: str, says: str) -> Rule:
    return Rule(code, "UCP 600 art. 14 d", (), says, differing(field))


COVER = ("520",)
RULES: tuple[Rule, ...] = (
    Rule(
        "COVER_AMOUNT", "UCP 600 art. 28 f ii", COVER, "at least 110 % of the CIF or CIP value", cover_amount
    ),
    Rule("COVER_CURRENCY", "UCP 600 art. 28 f i", COVER, "in the credit's currency", cover_currency),
    Rule("COVER_DATE", "UCP 600 art. 28 e", COVER, "effective by the date of shipment", cover_date),
    Rule(
        "COVER_SIGNED", "UCP 600 art. 28 a", COVER, "signed by insurer, underwriter or theirs", cover_signed
    ),
    Rule("COVER_RISKS", "UCP 600 art. 28 g", COVER, "covers the risks that are required", cover_risks),
    Rule("COVER_PLACES", "UCP 600 art. 28 f iii", COVER, "from loading to discharge", cover_places),
    Rule("COVER_ORIGINALS", "UCP 600 art. 28 b", COVER, "all originals that were issued", cover_originals),
    _same("GROSS_MASS", "grossMass", "one gross weight"),
    _same("NET_MASS", "netMass", "one net weight"),
    _same("VOLUME", "volume", "one volume"),
    _same("PACKAGES", "packages", "one count of packages"),
    _same("CONTAINERS", "containers", "the same containers"),
    _same("VESSEL", "vessel", "one vessel"),
    _same("VOYAGE", "voyage", "one voyage"),
    _same("INVOICE_NUMBER", "invoiceNumber", "the invoice's number"),
    _same("ORIGIN_COUNTRY", "originCountry", "the same countries of origin"),
    _same("HS_CODE", "hsCode", "the same commodity codes"),
    _same("UCR", "ucr", "one consignment reference"),
)
