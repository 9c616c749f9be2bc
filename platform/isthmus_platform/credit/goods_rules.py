"""Rules on the goods: as the credit has them, none beside them, and no others on any document.

UCP 600 articles 14 e and 18 c, ISBP 821 paragraph C12. Words are compared without regard to case, punctuation
and number; words that say nothing of what the goods are (general cargo, crates, as per invoice) are not.
"""

from collections.abc import Iterator

from isthmus_platform.credit.case import Case, Presented, alike, words
from isthmus_platform.credit.findings import Mark, Rule
from isthmus_platform.credit.wording import NUMBERS
from isthmus_platform.papers.kinds import CommercialInvoice, InsuranceCertificate

ALIKE_LETTERS = 5
"""Words that begin with the same letters, so many, are of one family: machine, machinery, machining."""


def _stem(word: str) -> str:
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-3] + "y" if word.endswith("ies") else word[:-1]
    return word


def _vocabulary(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in words(text))


GLUE = frozenset(words("a all an and any as at by each for from in is no nos of on only or per the to with"))
UNITS = _vocabulary("pc pce pcs piece set unit")
SAYS_NOTHING = UNITS | _vocabulary(
    "article attached bag bale box brand bulk bundle cargo carton case consignment consolidated contain"
    " container contract count crate credit dated description documentary drum export fak following free"
    " freight gen general goods gross invoice item kg kgs kilogram kind list load lot marked mentioned"
    " merchandise model mt net new number order pack package packaging packed packing pallet proforma"
    " quantity roll sack said seaworthy shipment shipper specified stc stow ton tonne type used various"
    " weight wooden"
)
"""Words of packing, counting and reference, which any goods may have."""
BESIDE_GOODS = UNITS | _vocabulary(
    "additional advance agreed allowance amount balance charge commission cost deduct deduction deposit"
    " discount documentation fee freight handling inland insurance less ocean paid payment prepaid premium"
    " rebate rounding subtotal surcharge total transport value cfr cif cip cpt dap ddp dpu exw fas fca fob"
)
"""Words of a line that adds or deducts money and sells nothing (ISBP 821 paragraphs C7 and C9)."""
DETAILS = _vocabulary("mark serial sn hs code")
"""Words with which a line begins that only says more of the goods."""


def _stems(text: str) -> list[str]:
    return [_stem(word) for word in words(text) if word not in GLUE]


def _joined(text: str) -> str:
    return " ".join(word for word in words(text) if word != "and")


def _described(goods: str, paper: CommercialInvoice) -> bool:
    """Say whether a line, or all lines that sell what the credit calls for, describe its goods."""
    every = [line.description for line in paper.lines]
    sold = [text for text in every if set(_uncounted(text)) <= set(_stems(goods)) | UNITS]
    one_line = any(alike(goods, text) for text in (*every, ", ".join(every)))
    return one_line or _joined(goods) == _joined(", ".join(sold))


def _uncounted(line: str) -> list[str]:
    """Return the words of a line of an invoice without the number that it begins with."""
    said = _stems(line)
    return said[1:] if said and (said[0].isdigit() or said[0] in NUMBERS) else said


def _called_for(goods: str, line: str) -> bool:
    """Say whether a line of an invoice sells goods of the credit, or no goods at all."""
    said, wanted = _uncounted(line), frozenset(_stems(goods))
    if alike(goods, line) or set(said) <= wanted | BESIDE_GOODS or said[:2] == ["country", "origin"]:
        return True
    plain = {word for word in said if word.isalpha()}
    known = SAYS_NOTHING | BESIDE_GOODS | DETAILS
    return plain <= (known | wanted if said[0] in DETAILS else known)


def goods_description(case: Case) -> Iterator[Mark]:
    """Find where the invoice describes other goods than the credit."""
    goods = case.terms.goods
    for one, paper in case.invoices:
        if not _described(goods, paper):
            said = ", ".join(line.description for line in paper.lines)
            yield Mark(one.label, "lines.description", said[:500], goods[:500])


def extra_goods(case: Case) -> Iterator[Mark]:
    """Find goods on the invoice, beside those of the credit, that it does not call for, even if free."""
    goods = case.terms.goods
    for one, paper in case.invoices:
        for line in paper.lines if _described(goods, paper) else ():
            if not _called_for(goods, line.description):
                wanted = f"no goods but {goods}"
                yield Mark(one.label, "lines.description", line.description[:500], wanted[:500])


def _meaning(text: str) -> set[str]:
    """Return the words that say what goods are: without counts, packing, references."""
    said = [word for word in _stems(text) if word not in SAYS_NOTHING and word not in NUMBERS]
    return {word for word in said if len(word) > 1 and not word.isdigit()}


def _related(one: str, other: str) -> bool:
    return one == other or (len(one) >= ALIKE_LETTERS and one[:ALIKE_LETTERS] == other[:ALIKE_LETTERS])


def _descriptions(one: Presented) -> Iterator[tuple[str, str]]:
    if isinstance(one.paper, InsuranceCertificate):
        if one.paper.goods_description is not None:
            yield "goodsDescription", one.paper.goods_description
    else:
        for item in getattr(one.paper, "goods", ()):
            yield "goods.description", item.description


def other_goods(case: Case) -> Iterator[Mark]:
    """Find goods on a document that have no word in common with those of the credit: general terms may."""
    wanted = _meaning(case.terms.goods)
    for one in case.documents:
        for field, text in _descriptions(one):
            said = _meaning(text)
            if said and wanted and not any(_related(word, other) for word in said for other in wanted):
                yield Mark(one.label, field, text[:500], case.terms.goods[:500])


RULES: tuple[Rule, ...] = (
    Rule(
        "GOODS_DESCRIPTION",
        "UCP 600 art. 18 c",
        ("380",),
        "the goods as the credit has them",
        goods_description,
    ),
    Rule("GOODS_EXTRA", "ISBP 821 para. C12", ("380",), "no goods beside them, even free", extra_goods),
    Rule("GOODS_OTHER", "UCP 600 art. 14 e", (), "no other goods, in whatever general terms", other_goods),
)
