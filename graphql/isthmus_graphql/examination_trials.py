"""Trials of a bank's own rules: what each would have found, as it is kept beside the rule."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql.context import Info
from isthmus_graphql.scalars import DateTime
from isthmus_platform.credit import trying
from isthmus_platform.credit.records import ExaminationRule as RuleRow
from isthmus_platform.credit.records import ExaminationTrial as TrialRow


class ExaminationTrial(graphene.ObjectType):
    """What a rule would have said of a past presentation."""

    credit = graphene.String(required=True, description="The credit's reference.")
    presentation = graphene.String(required=True, description="The presentation's reference.")
    finds = graphene.Boolean(required=True, description="Whether it would have found a discrepancy.")
    says = graphene.String(required=True, description="What it would have said.")


class ExaminationRuleTrial(graphene.ObjectType):
    """A trial of a rule of your bank's on its past presentations."""

    class Meta:
        possible_types = (TrialRow,)

    condition = graphene.String(required=True, description="The rule's condition as it was tried, in CEL.")
    tried_by = graphene.String(
        required=True, description="Who of yours tried it: `user:` or `client:` with an id."
    )
    tried_at = DateTime(required=True, description="When, in UTC.")
    tried = graphene.Int(required=True, description="Presentations that it was tried on. The number.")
    found = graphene.Int(required=True, description="Of these, found discrepant. The number.")
    unexamined = graphene.Int(
        required=True, description="Presentations that nobody had examined, left out. The number."
    )
    since = DateTime(description="When the oldest of them was presented, in UTC; null without any.")
    until = DateTime(description="When the newest of them was presented, in UTC; null without any.")
    results = graphene.List(
        graphene.NonNull(ExaminationTrial), required=True, description="The newest presentation first."
    )


def rule_trials() -> Any:
    """Return the field of a rule that is its trials."""
    return graphene.List(
        graphene.NonNull(ExaminationRuleTrial),
        required=True,
        description="Its trials, also as it was written before, the newest 10, newest first.",
        resolver=_trials,
    )


def _trials(row: RuleRow, info: Info) -> Sequence[TrialRow]:
    """Return its trials, read with those of the whole list."""
    context = info.context

    def read(ids: Sequence[UUID]) -> dict[UUID, list[TrialRow]]:
        return trying.of_rules(context.reading, ids)

    return context.loader.load("examination rule", row.id, "trials", read) or []
