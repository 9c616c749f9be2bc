"""Conditions that members write themselves, in the Common Expression Language (CEL).

A bank adds a rule to its examination, an operator one to a risk profile: an expression over facts that a
service declares. It is checked against the declared names and types when it is written, so that a rule that
names a missing fact is refused then and not on the day it should have spoken. It reads nothing but its facts,
ends within a fixed number of steps, and matches patterns in linear time (RE2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel

from isthmus_platform.errors import InvalidInput, PlatformError

LONGEST = 2_000
"""Characters of an expression: what a person can review."""

BOOL, INT, DECIMAL, TEXT = cel.Type.BOOL, cel.Type.INT, cel.Type.DOUBLE, cel.Type.STRING
INSTANT, DURATION, ANY = cel.Type.TIMESTAMP, cel.Type.DURATION, cel.Type.DYN
RECORD = cel.Type.Map(TEXT, ANY)
RECORDS = cel.Type.List(RECORD)
TEXTS = cel.Type.List(TEXT)


class ConditionFailed(PlatformError):
    """The condition has no answer for these facts: one that it needs is missing, or a number overflows."""

    code = "condition_failed"
    status = 422


class Vocabulary:
    """The facts that a condition may speak of: names with their types, ``Vocabulary(amount=INT)``."""

    def __init__(self, **facts: cel.Type) -> None:
        self._environment = cel.NewEnv(variables=facts)

    def condition(self, text: str, *, field: str = "condition") -> "Condition":
        """Return the condition that ``text`` states.

        Raises:
            InvalidInput: it is too long (``condition_too_long``), no CEL over these facts
                (``condition_syntax``), or no statement that is true or false (``condition_type``).
        """
        if len(text) > LONGEST:
            raise InvalidInput(
                f"A condition has at most {LONGEST} characters.", field=field, code="condition_too_long"
            )
        try:
            expression = self._environment.compile(text)
        except RuntimeError as error:
            raise InvalidInput(_told(error), field=field, code="condition_syntax") from None
        if expression.return_type() != BOOL:
            kind = expression.return_type().name().lower()
            raise InvalidInput(
                f"A condition is true or false; this is of type {kind}.", field=field, code="condition_type"
            )
        return Condition(text, expression)


@dataclass(frozen=True)
class Condition:
    """A checked condition. Its answer depends on its text and the facts alone."""

    text: str
    _expression: cel.Expression

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Say whether the condition holds of these facts: plain values, aware times, lists and dicts of them.

        Raises:
            ConditionFailed: it cannot be said: a missing member, an overflow, too many steps.
        """
        try:
            answer = self._expression.eval(data=facts)
        except RuntimeError as error:
            raise ConditionFailed(_told(error)) from None
        if answer.type() != BOOL:
            raise ConditionFailed(_told(answer.value()))
        return bool(answer.value())


def _told(error: object) -> str:
    """Return the runtime's complaint in a line: ``1:8: found no matching overload for '_+_' ...``."""
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    said = re.sub(r"^(?:[A-Z_]+: )*(?:ERROR: )?(?:<input>:)?", "", first)
    return re.sub(r"( \(in container ''\))?( \[[A-Z_]+\])?$", "", said).strip()
