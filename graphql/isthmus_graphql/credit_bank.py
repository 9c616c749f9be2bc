"""What a bank keeps for its examinations: holidays, and rules of its own that are tried before they hold."""

from datetime import date
from typing import Any
from uuid import UUID

import graphene

from isthmus_graphql import identity
from isthmus_graphql.context import Info
from isthmus_graphql.credit import BankHolidayType, ExaminationRuleType, Weekday
from isthmus_graphql.examination_trials import ExaminationTrial
from isthmus_graphql.mutations import Change, Changed, Operation, change, perform
from isthmus_graphql.papers import desk_of
from isthmus_graphql.scalars import JSON
from isthmus_platform import credit
from isthmus_platform.credit import own_rules
from isthmus_platform.database import Work
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain


class AddBankHolidaysInput(Change):
    """Days on which your bank is closed, beside its days of rest of each week."""

    holidays = JSON(required=True, description='Days with names: `{"2026-12-25": "Christmas"}`.')


class SetBankRestDaysInput(Change):
    """The days of the week on which your bank rests from now on; Saturday and Sunday before it says so."""

    days = graphene.List(
        graphene.NonNull(Weekday), required=True, description="Each once; not all seven of them."
    )


class WriteExaminationRuleInput(Change):
    """A rule of your bank's own; one of the same code is written anew."""

    code = graphene.String(required=True, description="3 to 40 capitals, digits and underscores.")
    article = graphene.String(required=True, description="What it rests on, 1 to 200 characters.")
    says = graphene.String(required=True, description="What it holds, 1 to 200 characters.")
    condition = graphene.String(
        required=True, description="When there is a discrepancy, in CEL over credit, presentation, documents."
    )


class TryExaminationRuleInput(Change):
    """The rule that is tried on your past presentations."""

    rule = graphene.ID(required=True, description="Global id of the rule.")


class SwitchExaminationRuleInput(Change):
    """The rule that is turned on or off."""

    rule = graphene.ID(required=True, description="Global id of the rule.")
    on = graphene.Boolean(required=True, description="Whether it is held from now on.")


class BankHolidaysPayload(Changed):
    """The holidays, or why nothing was changed."""

    holidays = graphene.List(graphene.NonNull(BankHolidayType), description="All of your bank's.")


class BankRestDaysPayload(Changed):
    """The days of rest, or why nothing was changed."""

    days = graphene.List(graphene.NonNull(Weekday), description="As they stand, Monday first.")


class ExaminationRulePayload(Changed):
    """The rule, or why nothing was changed."""

    rule = graphene.Field(ExaminationRuleType, description="As it stands.")


class TryExaminationRulePayload(Changed):
    """What the rule would have found, or why it was not tried."""

    rule = graphene.Field(ExaminationRuleType, description="As it stands.")
    trials = graphene.List(graphene.NonNull(ExaminationTrial), description="The newest presentation first.")
    unexamined = graphene.Int(description="Presentations that nobody examined, which were left out.")


def _rule(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
    return {"rule": own_rules.get(work, UUID(ids["rule"]))}


def add_bank_holidays(_root: Any, info: Info, input: Any) -> BankHolidaysPayload:  # noqa: A002
    """Add holidays."""

    def write(work: Work) -> dict[str, Any]:
        if not isinstance(input.holidays, dict):
            raise InvalidInput("Days with names.", field="holidays", code="type")
        given: dict[date, str] = {}
        for day, name in input.holidays.items():
            if not isinstance(name, str):
                raise InvalidInput("A holiday has a name.", field=f"holidays.{day}"[:60], code="type")
            given[plain.day(day, "holidays")] = name
        credit.add_holidays(work, given)
        return {}

    def answer(work: Work, _ids: dict[str, Any]) -> dict[str, Any]:
        return {"holidays": credit.holidays(work)}

    return perform(BankHolidaysPayload, info, input, Operation("addBankHolidays", write, answer))


def set_bank_rest_days(_root: Any, info: Info, input: Any) -> BankRestDaysPayload:  # noqa: A002
    """Say when the bank rests."""

    def write(work: Work) -> dict[str, Any]:
        credit.set_rest_days(work, input.days)
        return {}

    def answer(work: Work, _ids: dict[str, Any]) -> dict[str, Any]:
        return {"days": credit.rest_days(work)}

    return perform(BankRestDaysPayload, info, input, Operation("setBankRestDays", write, answer))


def write_examination_rule(_root: Any, info: Info, input: Any) -> ExaminationRulePayload:  # noqa: A002
    """Write a rule."""

    def write(work: Work) -> dict[str, Any]:
        rule = own_rules.write(work, input.code, input.article, input.says, input.condition)
        return {"rule": str(rule.id)}

    return perform(ExaminationRulePayload, info, input, Operation("writeExaminationRule", write, _rule))


def try_examination_rule(_root: Any, info: Info, input: Any) -> TryExaminationRulePayload:  # noqa: A002
    """Try a rule."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("ExaminationRule", input.rule, "rule")
        tried = credit.try_rule(work, desk_of(info.context).vault, key)
        trials = [vars(one) for one in tried.trials]
        return {"rule": str(key), "trials": trials, "unexamined": tried.unexamined}

    def answer(work: Work, ids: dict[str, Any]) -> dict[str, Any]:
        return {**_rule(work, ids), "trials": ids["trials"], "unexamined": ids.get("unexamined")}

    operation = Operation("tryExaminationRule", write, answer)
    return perform(TryExaminationRulePayload, info, input, operation)


def switch_examination_rule(_root: Any, info: Info, input: Any) -> ExaminationRulePayload:  # noqa: A002
    """Turn a rule on or off."""

    def write(work: Work) -> dict[str, Any]:
        key = identity.key_of("ExaminationRule", input.rule, "rule")
        return {"rule": str(own_rules.switch(work, key, on=input.on).id)}

    return perform(ExaminationRulePayload, info, input, Operation("switchExaminationRule", write, _rule))


class CreditBankMutation(graphene.ObjectType):
    """A bank's holidays and rules."""

    add_bank_holidays = change(
        BankHolidaysPayload, AddBankHolidaysInput, add_bank_holidays, "For a bank: say when it is closed."
    )
    set_bank_rest_days = change(
        BankRestDaysPayload,
        SetBankRestDaysInput,
        set_bank_rest_days,
        "For a bank: say on which days of the week it rests; what was presented before keeps its time.",
    )
    write_examination_rule = change(
        ExaminationRulePayload,
        WriteExaminationRuleInput,
        write_examination_rule,
        "For a bank: write a rule of its own; it is not held until it was tried and turned on.",
    )
    try_examination_rule = change(
        TryExaminationRulePayload,
        TryExaminationRuleInput,
        try_examination_rule,
        "Try a rule on the presentations that your bank examined, as they were then; nothing else changes.",
    )
    switch_examination_rule = change(
        ExaminationRulePayload, SwitchExaminationRuleInput, switch_examination_rule, "Turn a rule on or off."
    )
