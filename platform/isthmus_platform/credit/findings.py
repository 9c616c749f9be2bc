"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from isthmus_platform.credit.case import Case, Presented

CREDIT = "credit"
STATED = "STATED"
"""The rule of a discrepancy that a bank states in a notice of its own."""


@dataclass(frozen=True)
class Mark:
    """What a check saw: in ``document`` at ``field`` stands ``found``, and ``expected`` by ``against``."""

    document: str
    field: str
    found: str
    expected: str
    against: str = CREDIT


@dataclass(frozen=True)
class Finding:
    """A discrepancy: the rule and the article it breaks, the document, the field and both values."""

    rule: str
    article: str
    document: str
    field: str
    found: str
    expected: str
    against: str

    @property
    def sentence(self) -> str:
        """The discrepancy in a line, as a notice of refusal states it: a bank's own words stay."""
        if self.rule == STATED:
            return self.found
        said = f"{self.field} is {self.found}, {self.against} says {self.expected}"
        return f"{self.document}: {said} ({self.article})"


def stated(discrepancies: Sequence[str]) -> list[Finding]:
    """Return what a bank states in MT 734, each under its rule :data:`STATED`, in the bank's words."""
    article = "UCP 600 art. 16 c ii"
    return [Finding(STATED, article, "MT 734", "77J", one, "as required", CREDIT) for one in discrepancies]


Check = Callable[[Case], Iterator[Mark]]


@dataclass(frozen=True)
class Rule:
    """A rule of examination: its code, the article or paragraph, the documents it looks at, and its check.

    ``article`` cites UCP 600 by article, or ISBP 821 by paragraph. ``documents`` are UNTDID 1001 codes, none
    where the rule looks at the presentation as a whole.
    """

    code: str
    article: str
    documents: tuple[str, ...]
    says: str
    check: Check

    def findings(self, case: Case) -> list[Finding]:
        """Return what the rule finds."""
        return [
            Finding(self.code, self.article, one.document, one.field, one.found, one.expected, one.against)
            for one in self.check(case)
        ]


def short_of_originals(case: Case, one: Presented, stated: int) -> Iterator[Mark]:
    """Find where fewer originals of a document are presented than it says it was issued in."""
    same = [each for each in case.of(one.type) if each.label == one.label]
    given = sum(each.face.originals for each in same)
    if given < stated and one is same[0]:
        yield Mark(one.label, "originals", str(given), f"{stated}, as it says it was issued in", one.label)
