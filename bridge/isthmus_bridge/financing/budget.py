"""How much each party may have evaluated by the key behind the marks of invoices.

Whoever may ask without end could still try a dictionary, one guess at a time. So each party has a budget, and
what it used is kept. See :mod:`isthmus_protocol.financing`.
"""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isthmus_bridge.database import new_id
from isthmus_bridge.models import EvaluationMade

BUDGET = 1_500
"""Elements that one party may have evaluated in any 24 hours: the marks of 500 invoices."""
WINDOW = timedelta(hours=24)
LOCK = 0x1A55E55
"""Of the advisory lock that puts a party's requests in order."""


class BudgetSpent(Exception):
    """The party has had as many evaluations as it may; ``left`` is how many it still may have now."""

    def __init__(self, left: int) -> None:
        super().__init__(
            f"{BUDGET} elements in 24 hours are what a party may have evaluated; {left} are left."
        )
        self.left = left


def spend(session: Session, party: str, elements: int, now: datetime) -> None:
    """Count ``elements`` against the budget of ``party``; raises :class:`BudgetSpent`, counting none."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK, func.hashtext(party))))
    used = session.scalar(
        select(func.coalesce(func.sum(EvaluationMade.elements), 0)).where(
            EvaluationMade.party == party, EvaluationMade.at > now - WINDOW
        )
    )
    left = BUDGET - int(used or 0)
    if elements > left:
        raise BudgetSpent(left)
    session.add(EvaluationMade(id=new_id(), party=party, elements=elements, at=now))
