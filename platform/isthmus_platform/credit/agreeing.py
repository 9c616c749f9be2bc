"""A bank's SWIFT message held against the case that it is of: what does not agree is refused by its tag.

What a message leaves out is not asked: MT 707 without an amount names no currency.
"""

from dataclasses import fields
from datetime import date

from isthmus_platform.credit.messages import TAGS, Issue
from isthmus_platform.credit.notices import Amendment, Refusal, write_734
from isthmus_platform.credit.records import Credit, CreditPresentation
from isthmus_platform.credit.terms import Terms
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain


def check_issue(said: Issue, terms: Terms, today: date) -> None:
    """Hold MT 700 against the terms that were applied for; raise :class:`InvalidInput` naming the tag."""
    for one in fields(Terms):
        tag, name = TAGS.get(plain.spelt(one.name), "47A"), one.name
        if getattr(said.terms, name) != getattr(terms, name):
            raise InvalidInput(
                f":{tag}: The message says other terms than were applied for.", field=tag, code="other_terms"
            )
    _check_day("31C", said.issued_on, today)


def check_amendment(said: Amendment, credit: Credit, number: int, today: date) -> None:
    """Hold MT 707 against its credit, of which it is the amendment ``number``; raise as above."""
    _check_credit(said.reference, credit)
    _check_day("31C", said.issued_on, None if credit.issued_at is None else credit.issued_at.date())
    if said.number != number:
        raise InvalidInput(":26E: The message is of another amendment.", field="26E", code="other_amendment")
    _check_day("30", said.amended_on, today)
    tag = "32B" if said.changes.decrease_minor is None else "33B"
    _check_currency(tag, said.currency or credit.currency, credit)


def check_refusal(said: Refusal, credit: Credit, row: CreditPresentation) -> None:
    """Hold MT 734 against the presentation that it refuses; raise as above."""
    _check_credit(said.reference, credit)
    if said.presentation != row.reference:
        raise InvalidInput(
            ":21: The message is of another presentation.", field="21", code="other_presentation"
        )
    _check_day("32A", said.presented_on, row.presented_on)
    _check_currency("32A", said.currency, credit)
    if said.amount_minor != row.claimed_minor:
        raise InvalidInput(":32A: The message is of another amount.", field="32A", code="other_amount")
    write_734(said)  # what is found is told again


def _check_credit(reference: str, credit: Credit) -> None:
    if reference != credit.reference:
        raise InvalidInput(":20: The message is of another credit.", field="20", code="other_credit")


def _check_day(tag: str, said: date, stands: date | None) -> None:
    if said != stands:
        raise InvalidInput(f":{tag}: The message is of another day.", field=tag, code="other_day")


def _check_currency(tag: str, currency: str, credit: Credit) -> None:
    if currency != credit.currency:
        raise InvalidInput(f":{tag}: The message is in another currency.", field=tag, code="other_currency")
