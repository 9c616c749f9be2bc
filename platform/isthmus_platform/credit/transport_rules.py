"""Rules on bills of lading and other transport documents (UCP 600 articles 20, 26, 27; ISBP 821 part E)."""

from collections.abc import Iterator

from isthmus_platform.credit.case import Case, Presented, alike, contains, words
from isthmus_platform.credit.findings import Mark, Rule, short_of_originals
from isthmus_platform.credit.wording import denies, done_by, originals_stated, same_name, whose_order
from isthmus_platform.papers.kinds import TransportDocument
from isthmus_platform.papers.parts import Location

SIGNERS = ("CARRIER", "MASTER", "AGENT_FOR_CARRIER", "AGENT_FOR_MASTER")
TO_ORDER = "TO ORDER"
UNNAMED = frozenset({"intended", "tba", "tbn"})
"""Words by which a bill names no vessel, or one that is not sure yet."""


def unsigned(case: Case) -> Iterator[Mark]:
    """Find where the bill is not signed by the carrier, the master or a named agent of one of them."""
    for one, _ in case.bills:
        if one.face.signed_by is None or one.face.signed_as not in SIGNERS:
            said = "none" if one.face.signed_by is None else f"{one.face.signed_by} as {one.face.signed_as}"
            yield Mark(one.label, "signedBy", said, "the carrier, the master, or an agent of one", "UCP 600")


def no_carrier(case: Case) -> Iterator[Mark]:
    """Find where the bill does not name the carrier."""
    for one, paper in case.bills:
        if paper.carrier is None:
            yield Mark(one.label, "carrier.name", "none", "the carrier's name", "UCP 600")


def not_on_board(case: Case) -> Iterator[Mark]:
    """Find where the bill does not say that the goods were shipped on board, when, and on which vessel."""
    for one, paper in case.bills:
        named = set(words(paper.vessel or ""))
        if not named or named & UNNAMED:
            yield Mark(one.label, "vessel", paper.vessel or "none", "a named vessel", "UCP 600")
        if one.face.on_board is None and paper.shipped_on is None:
            yield Mark(one.label, "onBoard", "none", "a dated on-board notation", "UCP 600")


def _port(one: Presented, said: Location | None, wanted: Location | None, name: str) -> Iterator[Mark]:
    if wanted is not None and (said is None or said.code != wanted.code):
        found = "none" if said is None else said.code or said.name or "none"
        yield Mark(one.label, name, found, wanted.code or "")


def loading(case: Case) -> Iterator[Mark]:
    """Find where the port of loading is another than the credit states."""
    for one, paper in case.bills:
        yield from _port(one, paper.loading, case.terms.loading, "loading.code")


def discharge(case: Case) -> Iterator[Mark]:
    """Find where the port of discharge is another than the credit states."""
    for one, paper in case.bills:
        yield from _port(one, paper.discharge, case.terms.discharge, "discharge.code")


def unclean(case: Case) -> Iterator[Mark]:
    """Find where the bill bears a clause that declares the goods or their packaging defective."""
    for one, _ in case.bills:
        for clause in one.face.clauses:
            yield Mark(one.label, "clauses", clause, "no such clause", "UCP 600")


def transhipped(case: Case) -> Iterator[Mark]:
    """Find where goods outside containers are transhipped, which the credit forbids (article 20 c ii)."""
    for one, paper in case.bills:
        if one.face.transhipped and not case.terms.transhipment and not paper.containers:
            yield Mark(one.label, "transhipped", "yes", "not allowed")


def _made_out(paper: TransportDocument) -> str:
    name = None if paper.consignee is None else paper.consignee.name
    if not paper.to_order:
        return name or "none"
    if name is None or alike(name, TO_ORDER):
        return TO_ORDER
    return name if contains(name[: len(TO_ORDER)], TO_ORDER) else f"{TO_ORDER} OF {name}"


def consignee(case: Case) -> Iterator[Mark]:
    """Find where the bill is made out otherwise than the credit requires."""
    wanted = case.terms.bill_to
    for one, paper in case.bills:
        if wanted is not None and not alike(_made_out(paper), wanted):
            yield Mark(one.label, "consignee.name", _made_out(paper), wanted)


def notify(case: Case) -> Iterator[Mark]:
    """Find where the bill names another notify party than the credit requires."""
    wanted = case.terms.notify
    for one, paper in case.bills:
        said = None if paper.notify is None else paper.notify.name
        if wanted is not None and (said is None or not contains(said, wanted)):
            yield Mark(one.label, "notify.name", said or "none", wanted)


def endorsement(case: Case) -> Iterator[Mark]:
    """Find where a bill to order, or to the shipper's order, is not endorsed by the shipper."""
    for one, paper in case.bills:
        if not paper.to_order:
            continue
        shipper = None if paper.shipper is None else paper.shipper.name
        order = "" if paper.consignee is None else whose_order(paper.consignee.name)
        to_shipper = alike(order, "shipper") or (shipper is not None and same_name(order, shipper))
        if words(order) and not to_shipper:
            continue
        by = one.face.endorsed_by
        if by is None or denies(by, shipper or "") or (shipper is not None and not done_by(by, shipper)):
            yield Mark(one.label, "endorsedBy", by or "none", shipper or "the shipper", "ISBP")


def not_full_set(case: Case) -> Iterator[Mark]:
    """Find where fewer originals are presented than the bill says it was issued in."""
    for one, paper in case.bills:
        terms = None if paper.carriage is None or paper.carriage.electronic else paper.carriage
        stated = originals_stated(paper.note or "")
        if terms is not None:
            numbers = terms.number_of_originals_with_charges, terms.number_of_originals_without_charges
            stated = max(stated, sum(number or 0 for number in numbers))
        yield from short_of_originals(case, one, stated)


def freight(case: Case) -> Iterator[Mark]:
    """Find where the bill says otherwise than the credit who pays the freight."""
    wanted = case.terms.freight
    for one, paper in case.bills:
        if wanted is not None and paper.freight != wanted:
            yield Mark(one.label, "freight", paper.freight or "none", wanted)


def charter_party(case: Case) -> Iterator[Mark]:
    """Find where the bill is subject to a charter party."""
    for one, _ in case.bills:
        if one.face.charter_party:
            yield Mark(one.label, "charterParty", "subject to a charter party", "no charter party", "UCP 600")


def on_deck(case: Case) -> Iterator[Mark]:
    """Find where the bill says that the goods are or will be loaded on deck."""
    for one, _ in case.bills:
        if one.face.on_deck:
            yield Mark(one.label, "onDeck", "loaded on deck", "not on deck", "UCP 600")


def undated(case: Case) -> Iterator[Mark]:
    """Find where the bill bears no date of issue."""
    for one, _ in case.bills:
        if one.dated is None:
            yield Mark(one.label, "issuedOn", "none", "a date of issue", "UCP 600")


SEA = ("705", "710")
BILL = ("705",)
RULES: tuple[Rule, ...] = (
    Rule("BILL_SIGNED", "UCP 600 art. 20 a i", SEA, "signed by carrier, master or their agent", unsigned),
    Rule("BILL_CARRIER", "UCP 600 art. 20 a i", SEA, "names the carrier", no_carrier),
    Rule("BILL_ON_BOARD", "UCP 600 art. 20 a ii", SEA, "shipped on board a named vessel", not_on_board),
    Rule("BILL_LOADING", "UCP 600 art. 20 a iii", SEA, "from the port of loading", loading),
    Rule("BILL_DISCHARGE", "UCP 600 art. 20 a iii", SEA, "to the port of discharge", discharge),
    Rule("BILL_CLEAN", "UCP 600 art. 27", SEA, "clean", unclean),
    Rule("BILL_TRANSHIPMENT", "UCP 600 art. 20 c", SEA, "not transhipped, where told so", transhipped),
    Rule("BILL_CONSIGNEE", "ISBP 821 para. E12", SEA, "made out as the credit requires", consignee),
    Rule("BILL_NOTIFY", "ISBP 821 para. E14", SEA, "notifies whom the credit names", notify),
    Rule("BILL_ENDORSED", "ISBP 821 para. E13", BILL, "endorsed by the shipper, if to order", endorsement),
    Rule("BILL_FREIGHT", "ISBP 821 para. E26", SEA, "freight paid as the credit says", freight),
    Rule("BILL_CHARTER_PARTY", "UCP 600 art. 20 a vi", SEA, "subject to no charter party", charter_party),
    Rule("BILL_ON_DECK", "UCP 600 art. 26 a", SEA, "not loaded on deck", on_deck),
    Rule("BILL_ORIGINALS", "UCP 600 art. 20 a iv", SEA, "all originals that were issued", not_full_set),
    Rule("BILL_DATED", "UCP 600 art. 20 a ii", SEA, "bears a date", undated),
)
