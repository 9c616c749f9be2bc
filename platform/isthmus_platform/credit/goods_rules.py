"""Rules on the goods: as the credit has them, none beside them, and no others on any document.

UCP 600 articles 14 e and 18 c, ISBP 821 paragraph C12. Words are compared without regard to case, punctuation
and number; words that say nothing of what the goods are (general cargo, crates, as per invoice) are not.
"""

from collections.abc import Iterator

from isthmus_platform.credit.case import Case, Presented, words
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


def _joined(text: str) -> list[str]:
    return [word for word in words(text) if word != "and"]


class _Wanted:
    """The credit's description of goods, read once: an invoice may have many lines."""

    def __init__(self, goods: str) -> None:
        self.words, self.joined, self.stems = words(goods), _joined(goods), frozenset(_stems(goods))

    def described(self, paper: CommercialInvoice) -> bool:
        """Say whether a line, or all lines that sell what the credit calls for, describe its goods."""
        every = [line.description for line in paper.lines]
        sold = [text for text in every if set(_uncounted(text)) <= self.stems | UNITS]
        one_line = any(self.words == words(text) for text in (*every, ", ".join(every)))
        return one_line or self.joined == _joined(", ".join(sold))

    def calls_for(self, line: str) -> bool:
        """Say whether a line of an invoice sells goods of the credit, or no goods at all."""
        said = _uncounted(line)
        if self.words == words(line) or set(said) <= self.stems | BESIDE_GOODS:
            return True
        plain = {word for word in said if word.isalpha()}
        known = SAYS_NOTHING | BESIDE_GOODS | DETAILS
        return said[:2] == ["country", "origin"] or plain <= (
            known | self.stems if said[0] in DETAILS else known
        )


def _uncounted(line: str) -> list[str]:
    """Return the words of a line of an invoice without the number that it begins with."""
    said = _stems(line)
    return said[1:] if said and (said[0].isdigit() or said[0] in NUMBERS) else said


def goods_description(case: Case) -> Iterator[Mark]:
    """Find where the invoice describes other goods than the credit."""
    wanted = _Wanted(case.terms.goods)
    for one, paper in case.invoices:
        if not wanted.described(paper):
            said = ", ".join(line.description for line in paper.lines)
            yield Mark(one.label, "lines.description", said[:500], case.terms.goods[:500])


def extra_goods(case: Case) -> Iterator[Mark]:
    """Find goods on the invoice, beside those of the credit, that it does not call for, even if free."""
    wanted = _Wanted(case.terms.goods)
    for one, paper in case.invoices:
        for line in paper.lines if wanted.described(paper) else ():
            if not wanted.calls_for(line.description):
                expected = f"no goods but {case.terms.goods}"
                yield Mark(one.label, "lines.description", line.description[:500], expected[:500])


def _families(text: str) -> set[str]:
    """Return how the words begin that say what goods are: without counts, packing, references."""
    said = [word for word in _stems(text) if word not in SAYS_NOTHING and word not in NUMBERS]
    return {word[:ALIKE_LETTERS] for word in said if len(word) > 1 and not word.isdigit()}


def _descriptions(one: Presented) -> Iterator[tuple[str, str]]:
    if isinstance(one.paper, InsuranceCertificate):
        if one.paper.goods_description is not None:
            yield "goodsDescription", one.paper.goods_description
    else:
        for item in getattr(one.paper, "goods", ()):
            yield "goods.description", item.description


def other_goods(case: Case) -> Iterator[Mark]:
    """Find goods on a document that have no word in common with those of the credit: general terms may."""
    wanted = _families(case.terms.goods)
    for one in case.documents:
        for field, text in _descriptions(one):
            said = _families(text)
            if said and wanted and not said & wanted:
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
