"""Rules on the presentation as a whole and on the commercial invoice (UCP 600 articles 6, 14 to 18, 31)."""

from collections.abc import Iterator
from decimal import Decimal

from isthmus_platform.credit.case import Case, shipment_day
from isthmus_platform.credit.findings import Mark, Rule
from isthmus_platform.credit.terms import in_units
from isthmus_platform.credit.wording import names, same_name, whose_order

PRESENTATION = "presentation"


def _money(value: Decimal, currency: str) -> str:
    return f"{value:f} {currency}"


def expired(case: Case) -> Iterator[Mark]:
    """Find where the presentation was made after the credit's expiry."""
    if case.presented_on > case.expires_on:
        yield Mark(PRESENTATION, "presentedOn", str(case.presented_on), f"by {case.expires_on}")


def late_presentation(case: Case) -> Iterator[Mark]:
    """Find where the presentation was made too many days after shipment."""
    if case.present_by is not None and case.presented_on > case.present_by:
        yield Mark(
            PRESENTATION,
            "presentedOn",
            str(case.presented_on),
            f"by {case.present_by}, {case.terms.presentation_days} days after shipment on {case.shipped_on}",
        )


def late_shipment(case: Case) -> Iterator[Mark]:
    """Find where the goods were shipped after the latest date of shipment."""
    limit = case.terms.latest_shipment
    for one, paper in case.bills:
        shipped = shipment_day(one, paper)
        if limit is not None and shipped is not None and shipped > limit:
            yield Mark(one.label, "shippedOn", str(shipped), f"by {limit}")


def overdrawn(case: Case) -> Iterator[Mark]:
    """Find where more is claimed than is left, tolerance considered."""
    currency = case.terms.currency
    if case.claimed_minor > case.available_minor:
        left = _money(in_units(case.available_minor, currency), currency)
        yield Mark(PRESENTATION, "amount", _money(case.claimed, currency), f"at most {left}")


def partial_shipment(case: Case) -> Iterator[Mark]:
    """Find a second drawing, or one for less than the whole, where partial shipments are not allowed."""
    if case.terms.partial_shipments:
        return
    currency = case.terms.currency
    least = case.terms.least_minor
    if case.drawings:
        yield Mark(PRESENTATION, "drawings", str(case.drawings + 1), "one drawing alone")
    elif case.claimed_minor < least:
        wanted = _money(in_units(least, currency), currency)
        yield Mark(PRESENTATION, "amount", _money(case.claimed, currency), f"at least {wanted}")


def missing_document(case: Case) -> Iterator[Mark]:
    """Find where a document that the credit requires was not presented."""
    for required in case.terms.documents:
        if not case.of(required.type):
            yield Mark(PRESENTATION, f"documents.{required.type}", "none", "one, which 46A requires")


def missing_original(case: Case) -> Iterator[Mark]:
    """Find where of a document that the credit requires not even one original was presented."""
    for required in case.terms.documents:
        for one in case.of(required.type)[:1]:
            if required.originals and not sum(each.face.originals for each in case.of(required.type)):
                yield Mark(one.label, "originals", "0", "at least 1")


def too_few(case: Case) -> Iterator[Mark]:
    """Find where fewer originals, or fewer documents in all, than the credit requires."""
    for required in case.terms.documents:
        given = case.of(required.type)
        originals = sum(each.face.originals for each in given)
        if not given or (required.originals and not originals):
            continue
        total = originals + sum(each.face.copies for each in given)
        if originals < required.originals:
            yield Mark(given[0].label, "originals", str(originals), f"at least {required.originals}")
        elif total < required.originals + required.copies:
            wanted = required.originals + required.copies
            yield Mark(given[0].label, "copies", str(total - originals), f"{wanted} documents in all")


def dated_after(case: Case) -> Iterator[Mark]:
    """Find where a document bears a date after that of its presentation."""
    for one in case.documents:
        if one.dated is not None and one.dated > case.presented_on:
            yield Mark(one.label, "dated", str(one.dated), f"by {case.presented_on}", PRESENTATION)


def invoice_issuer(case: Case) -> Iterator[Mark]:
    """Find where the invoice is not the beneficiary's."""
    for one, paper in case.invoices:
        if not names(case.terms.beneficiary, paper.seller.name):
            yield Mark(one.label, "seller.name", paper.seller.name, case.terms.beneficiary[0])


def invoice_buyer(case: Case) -> Iterator[Mark]:
    """Find where the invoice is not made out to the applicant."""
    for one, paper in case.invoices:
        if not names(case.terms.applicant, paper.buyer.name):
            yield Mark(one.label, "buyer.name", paper.buyer.name, case.terms.applicant[0])


def invoice_currency(case: Case) -> Iterator[Mark]:
    """Find where the invoice is in another currency than the credit."""
    for one, paper in case.invoices:
        if paper.total.currency != case.terms.currency:
            yield Mark(one.label, "total.currency", paper.total.currency, case.terms.currency)


def invoice_amount(case: Case) -> Iterator[Mark]:
    """Find where the invoices are for another amount than is claimed."""
    currency = case.terms.currency
    ours = [(one, paper) for one, paper in case.invoices if paper.total.currency == currency]
    total = sum((paper.total.value for _, paper in ours), Decimal(0))
    if ours and total < case.claimed:
        yield Mark(
            ours[0][0].label,
            "total.value",
            _money(total, currency),
            f"at least {_money(case.claimed, currency)}",
            PRESENTATION,
        )


def invoice_over_credit(case: Case) -> Iterator[Mark]:
    """Find where an invoice is for more than the credit permits."""
    currency = case.terms.currency
    limit = in_units(case.terms.limit_minor, currency)
    for one, paper in case.invoices:
        if paper.total.currency == currency and paper.total.value > limit:
            yield Mark(
                one.label,
                "total.value",
                _money(paper.total.value, currency),
                f"at most {_money(limit, currency)}",
            )


def invoice_incoterm(case: Case) -> Iterator[Mark]:
    """Find where the invoice does not state the trade term of the credit."""
    for one, paper in case.invoices:
        if case.terms.incoterm is not None and paper.incoterm != case.terms.incoterm:
            yield Mark(one.label, "incoterm", paper.incoterm or "none", case.terms.incoterm)


def origin_signed(case: Case) -> Iterator[Mark]:
    """Find where the certificate of origin is not signed."""
    for one, paper in case.origins:
        if one.face.signed_by is None:
            yield Mark(one.label, "signedBy", "none", f"a signature of {paper.issuer.name}", "ISBP")


def origin_goods(case: Case) -> Iterator[Mark]:
    """Find where the certificate of origin names an importer who is neither applicant nor consignee."""
    consignees = [whose_order(paper.consignee.name) for _, paper in case.bills if paper.consignee is not None]
    for one, paper in case.origins:
        if paper.importer is None or names(case.terms.applicant, paper.importer.name):
            continue
        if not any(same_name(name, paper.importer.name) for name in consignees):
            yield Mark(one.label, "importer.name", paper.importer.name, case.terms.applicant[0])


INVOICE, ORIGIN = ("380",), ("861",)
RULES: tuple[Rule, ...] = (
    Rule("EXPIRED", "UCP 600 art. 6 d i", (), "presented by the expiry date", expired),
    Rule("LATE_PRESENTATION", "UCP 600 art. 14 c", (), "presented in time after shipment", late_presentation),
    Rule(
        "LATE_SHIPMENT", "UCP 600 art. 20 a ii", ("705", "710"), "shipped by the latest date", late_shipment
    ),
    Rule("OVERDRAWN", "UCP 600 art. 30 a", (), "no more is claimed than is left of the credit", overdrawn),
    Rule("PARTIAL_SHIPMENT", "UCP 600 art. 31 a", (), "one whole drawing, where told so", partial_shipment),
    Rule(
        "MISSING_DOCUMENT", "UCP 600 art. 14 a", (), "each required document is presented", missing_document
    ),
    Rule("MISSING_ORIGINAL", "UCP 600 art. 17 a", (), "at least one original of each", missing_original),
    Rule("TOO_FEW_DOCUMENTS", "ISBP 821 para. A29", (), "as many originals and copies as required", too_few),
    Rule("DATED_AFTER", "UCP 600 art. 14 i", (), "no document is dated after presentation", dated_after),
    Rule("INVOICE_ISSUER", "UCP 600 art. 18 a i", INVOICE, "issued by the beneficiary", invoice_issuer),
    Rule("INVOICE_BUYER", "UCP 600 art. 18 a ii", INVOICE, "made out to the applicant", invoice_buyer),
    Rule("INVOICE_CURRENCY", "UCP 600 art. 18 a iii", INVOICE, "in the credit's currency", invoice_currency),
    Rule("INVOICE_AMOUNT", "UCP 600 art. 14 d", INVOICE, "for no less than is claimed", invoice_amount),
    Rule("INVOICE_OVER_CREDIT", "UCP 600 art. 18 b", INVOICE, "not beyond the credit", invoice_over_credit),
    Rule("INVOICE_INCOTERM", "ISBP 821 para. C8", INVOICE, "the credit's trade term", invoice_incoterm),
    Rule("ORIGIN_SIGNED", "ISBP 821 para. L1", ORIGIN, "signed", origin_signed),
    Rule("ORIGIN_IMPORTER", "ISBP 821 para. L5", ORIGIN, "to the applicant or consignee", origin_goods),
)
