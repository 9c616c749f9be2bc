"""Whose turn it is: what :mod:`isthmus_platform.credit.machine` lets each party of a credit do now.

The register decides; this only keeps a page from offering what would be refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from isthmus_platform.credit.days import EXAMINATION_DAYS, Calendar
from isthmus_platform.credit.machine import (
    OPEN,
    TRANSITIONS,
    Action,
    AmendmentState,
    CreditState,
    DebtState,
    Part,
    PresentationState,
    State,
)
from isthmus_platform.credit.terms import ACCEPTANCE, ADVISING, DEFERRED

SAID = {
    Action.ISSUE: "issue it",
    Action.DECLINE: "decline it",
    Action.ADVISE: "advise it",
    Action.CLOSE: "close it",
    Action.AMEND: "propose an amendment",
    Action.ACCEPT_AMENDMENT: "accept the amendment",
    Action.REFUSE_AMENDMENT: "refuse the amendment",
    Action.PRESENT: "present documents",
    Action.EXAMINE: "examine the documents",
    Action.WAIVE: "waive the discrepancies",
    Action.RETURN: "return the documents",
    Action.ACCEPT: "accept to pay at maturity",
    Action.PAY: "pay",
    Action.REIMBURSE: "reimburse the bank that paid",
    Action.REPAY: "note that the applicant paid it back",
}
"""What a party may do, after "may"."""
WEEKDAYS = Calendar()
"""What is counted for who is not told when a bank is closed."""


@dataclass(frozen=True)
class Turn:
    """That a party of the schema, being ``part`` of the credit, may do ``action`` now."""

    party: dict[str, Any]
    part: Part
    action: Action

    @property
    def said(self) -> str:
        """What it may do, in words."""
        return SAID[self.action]


def whose(credit: dict[str, Any]) -> dict[Part, dict[str, Any]]:
    """Return the party of each part; the nominated bank is one of the two banks."""
    nominated = "advisingBank" if credit["terms"].get("availableWith") == ADVISING else "issuingBank"
    return {
        Part.APPLICANT: credit["applicant"],
        Part.ISSUING: credit["issuingBank"],
        Part.ADVISING: credit["advisingBank"],
        Part.NOMINATED: credit[nominated],
        Part.BENEFICIARY: credit["beneficiary"],
    }


def parts(credit: dict[str, Any], name: str) -> list[Part]:
    """Return what the party of this name is to a credit, nominated apart."""
    found = whose(credit).items()
    return [part for part, party in found if party["name"] == name and part is not Part.NOMINATED]


def of_credit(credit: dict[str, Any], today: date) -> list[Turn]:
    """Return what may be done with the credit itself."""
    turns = _turns(credit, CreditState(credit["state"]))
    if credit["state"] == CreditState.ADVISED:
        turns += _turns(credit, None, Action.PRESENT)
        if not _proposed(credit):
            turns += _turns(credit, None, Action.AMEND)
    return [turn for turn in turns if turn.action is not Action.CLOSE or _closable(credit, today)]


def of_amendment(credit: dict[str, Any], amendment: dict[str, Any]) -> list[Turn]:
    """Return what may be answered to an amendment."""
    return _turns(credit, AmendmentState(amendment["state"]))


def of_presentation(credit: dict[str, Any], presentation: dict[str, Any], today: date) -> list[Turn]:
    """Return what may be done with a presentation."""
    state = PresentationState(presentation["state"])
    later = credit["terms"].get("availableBy") in (ACCEPTANCE, DEFERRED)
    matures, payer = presentation["maturesOn"], presentation["paidBy"] or {}
    due = matures is None or date.fromisoformat(matures) <= today
    holds = {
        Action.ACCEPT: later,
        Action.PAY: due if state is PresentationState.ACCEPTED else not later,
        Action.REIMBURSE: payer.get("name") != credit["issuingBank"]["name"],
    }
    turns = [turn for turn in _turns(credit, state) if holds.get(turn.action, True)]
    debt = presentation.get("debt")  # told to applicant and issuing bank
    return turns if debt is None else turns + _turns(credit, DebtState(debt["state"]))


def every(credit: dict[str, Any], today: date) -> list[Turn]:
    """Return everything that may be done under a credit now, what is most awaited first."""
    turns = [turn for one in credit["presentations"] for turn in of_presentation(credit, one, today)]
    turns += [turn for one in credit["amendments"] for turn in of_amendment(credit, one)]
    return turns + of_credit(credit, today)


def by_party(turns: Iterable[Turn]) -> dict[str, list[str]]:
    """Return what each party may do, by its name as people know it."""
    found: dict[str, list[str]] = {}
    for turn in turns:
        said = found.setdefault(turn.party["legalName"] or turn.party["name"], [])
        if turn.said not in said:
            said.append(turn.said)
    return found


def days_left(examine_by: str, today: date, calendar: Calendar = WEEKDAYS) -> int:
    """Return how many banking days are left to examine, today included: 5 at most, none afterwards."""
    last = date.fromisoformat(examine_by)
    days = (today + timedelta(days=number) for number in range((last - today).days + 1))
    return min(sum(calendar.open_on(day) for day in days), EXAMINATION_DAYS)


def _turns(credit: dict[str, Any], state: State | None, action: Action | None = None) -> list[Turn]:
    """Return the turns that the tables give from a state; one for each party, though it be two parts."""
    holders = whose(credit)
    found: dict[tuple[str, Action], Turn] = {}
    for row in TRANSITIONS:
        # States of different machines have the same names, so their kinds are compared too.
        if type(row.before) is type(state) and row.before == state and action in (None, row.action):
            for part in sorted(row.who & holders.keys()):
                found.setdefault((holders[part]["name"], row.action), Turn(holders[part], part, row.action))
    return list(found.values())


def _proposed(credit: dict[str, Any]) -> bool:
    return any(one["state"] == AmendmentState.PROPOSED.value for one in credit["amendments"])


def _closable(credit: dict[str, Any], today: date) -> bool:
    unsettled = any(one["state"] in [state.value for state in OPEN] for one in credit["presentations"])
    over = today > date.fromisoformat(credit["terms"]["expiresOn"]) or not credit["balance"]["amountMinor"]
    return over and not unsettled and not _proposed(credit)
