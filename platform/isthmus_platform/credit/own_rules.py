"""Rules that a bank adds to its examination, in CEL: written, tried on past presentations, turned on.

A rule's condition says when there is a discrepancy. One that has no answer for a presentation (it needs a
member that the documents lack) is a finding too: unknown is not complying.
"""

import re
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from isthmus_platform.conditions import RECORD, RECORDS, ConditionFailed, Vocabulary
from isthmus_platform.credit.case import Case
from isthmus_platform.credit.errors import NoSuchCredit, RuleUntried
from isthmus_platform.credit.examining import RULES
from isthmus_platform.credit.findings import Finding
from isthmus_platform.credit.records import ExaminationRule
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import check_text
from isthmus_platform.papers.plain import spelt

VOCABULARY = Vocabulary(credit=RECORD, presentation=RECORD, documents=RECORDS)
"""``credit`` has the terms, ``presentation`` amounts and days, ``documents`` type, data, face of each."""
CODE = re.compile(r"[A-Z][A-Z0-9_]{2,39}")
DRAFT, ON, OFF = "DRAFT", "ON", "OFF"


@dataclass(frozen=True)
class Trial:
    """What a rule would have said of a past presentation: its reference, and whether it finds something."""

    credit: str
    presentation: str
    finds: bool
    says: str


def facts(case: Case) -> dict[str, Any]:
    """Return what a rule may speak of: days as texts that CEL's ``timestamp`` reads, measures as numbers."""
    return {
        "credit": _plain(case.terms) | {"limitMinor": case.terms.limit_minor},
        "presentation": {
            "presentedOn": _plain(case.presented_on),
            "amountMinor": case.claimed_minor,
            "availableMinor": case.available_minor,
            "drawings": case.drawings,
        },
        "documents": [
            {"type": one.type, "data": _plain(one.paper), "face": _plain(one.face)} for one in case.documents
        ],
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        given = ((spelt(each.name), getattr(value, each.name)) for each in fields(value))
        return {name: _plain(inner) for name, inner in given if inner is not None}
    if isinstance(value, tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return f"{value}T00:00:00Z"
    return value


def write(work: Work, code: str, article: str, says: str, condition: str) -> ExaminationRule:
    """Write a rule, or write it anew: it is a draft then, and untried.

    Raises :class:`InvalidInput` naming the member; a condition is checked against the vocabulary.
    """
    work.actor.require(PartyRole.BANK)
    if not CODE.fullmatch(code):
        raise InvalidInput("3 to 40 capitals, digits and underscores.", field="code", code="format")
    if any(rule.code == code for rule in RULES):
        raise InvalidInput("This is a rule of UCP 600 or ISBP 821.", field="code", code="reserved")
    check_text(article, "article", 200)
    check_text(says, "says", 200)
    check_text(condition, "condition")
    VOCABULARY.condition(condition)
    texts = {"article": article, "says": says, "condition": condition, "state": DRAFT, "tried_at": None}
    given = {"id": new_id(), "party_id": work.actor.party_id, "code": code, "written_at": work.now, **texts}
    rule_id = work.session.scalar(
        insert(ExaminationRule)
        .values(given)
        .on_conflict_do_update(
            index_elements=[ExaminationRule.party_id, ExaminationRule.code],
            set_={**texts, "written_at": work.now},
        )
        .returning(ExaminationRule.id)
    )
    return work.session.get_one(ExaminationRule, rule_id, populate_existing=True)


def get(work: Work, rule_id: UUID) -> ExaminationRule:
    """Return a rule of the acting bank's; raise :class:`NoSuchCredit`."""
    found = work.session.scalar(
        select(ExaminationRule).where(
            ExaminationRule.id == rule_id, ExaminationRule.party_id == work.actor.party_id
        )
    )
    if found is None:
        raise NoSuchCredit("There is no such rule.", field="rule")
    return found


def of_bank(work: Work) -> list[ExaminationRule]:
    """Return the acting bank's rules by code."""
    query = select(ExaminationRule).where(ExaminationRule.party_id == work.actor.party_id)
    return list(work.session.scalars(query.order_by(ExaminationRule.code)))


def switch(work: Work, rule_id: UUID, *, on: bool) -> ExaminationRule:
    """Turn a rule on, which must have been tried as it is written, or off."""
    rule = get(work, rule_id)
    if on and rule.tried_at is None:
        raise RuleUntried("Try the rule on past presentations first.", field="rule")
    rule.state = ON if on else OFF
    work.session.flush()
    return rule


def judged(rule: ExaminationRule, case: Case) -> str | None:
    """Return what the rule finds in ``case``, in words; None where it finds nothing."""
    try:
        held = VOCABULARY.condition(rule.condition).holds(facts(case))
    except ConditionFailed as failed:
        return f"no answer: {failed.message}"[:500]
    return "the condition holds" if held else None


def findings(work: Work, case: Case) -> list[Finding]:
    """Return what the rules find that the acting bank turned on."""
    found = []
    for rule in of_bank(work):
        said = judged(rule, case) if rule.state == ON else None
        if said is not None:
            against = "the bank's own rule"
            found.append(
                Finding(rule.code, rule.article, "presentation", "documents", said, rule.says, against)
            )
    return found
