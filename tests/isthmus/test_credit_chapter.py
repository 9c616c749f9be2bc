"""The demonstration's credit: its documents have the discrepancies that are planted in them, and no other."""

from datetime import date

from isthmus.demo import credit_chapter
from isthmus_platform.credit.case import Case, read_documents
from isthmus_platform.credit.days import Calendar
from isthmus_platform.credit.examining import examine
from isthmus_platform.credit.terms import Terms
from isthmus_platform.papers import plain

PLAYED = date(2026, 5, 20)


def case(played: date) -> Case:
    amount = credit_chapter.AMOUNT_MINOR
    terms = plain.from_json(Terms, credit_chapter.terms(played))
    documents = read_documents(credit_chapter.documents(played))
    return Case(terms, played, amount, amount, 0, Calendar(), documents)


def test_the_chapters_documents_have_the_planted_discrepancies_alone() -> None:
    found = [finding.rule for finding in examine(case(PLAYED))]
    assert found == sorted(credit_chapter.PLANTED)
