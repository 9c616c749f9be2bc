"""Mutations: one ``input`` with an idempotency key, one transaction, a payload with result or user errors.

A service's refusal rolls the transaction back and becomes ``userErrors``. The same key with the same input
answers what was answered first, read anew; with another input it is refused (``idempotency_key_reused``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar

import graphene

from isthmus_graphql.context import Info
from isthmus_platform import idempotency
from isthmus_platform.database import Work
from isthmus_platform.errors import PlatformError

Payload = TypeVar("Payload")


class UserError(graphene.ObjectType):
    """Why a mutation changed nothing."""

    code = graphene.String(required=True, description="Stable code of the rule, such as `check_digit`.")
    field = graphene.String(
        description="The input field at fault, as a path such as `equipment.0.reference`."
    )
    message = graphene.String(required=True, description="What is wrong and what can be done, in English.")


class Change(graphene.InputObjectType):
    """What every mutation's input carries."""

    idempotency_key = graphene.String(
        required=True,
        description="1 to 200 characters of the caller's choice. Sent again with the same input, the change"
        " is made once and the first answer given again.",
    )


class Changed(graphene.ObjectType):
    """What every mutation's payload carries."""

    user_errors = graphene.List(
        graphene.NonNull(UserError),
        required=True,
        description="Empty when the change was made; otherwise nothing was changed.",
    )


@dataclass(frozen=True)
class Operation:
    """A mutation in two parts: ``write`` makes the change and returns ids, ``answer`` reads the result.

    The name tells operations apart under one idempotency key.
    """

    name: str
    write: Callable[[Work], dict[str, Any]]
    answer: Callable[[Work, dict[str, Any]], dict[str, Any]]


def perform(
    payload: Callable[..., Payload], info: Info, given: dict[str, Any], operation: Operation
) -> Payload:
    """Run ``operation`` once for the key in ``given``; return its ``payload``."""
    try:
        with info.context.writing() as work:
            ids = idempotency.once(
                work,
                given["idempotency_key"],
                operation.name,
                plain(given),
                lambda: operation.write(work),
            )
            work.session.flush()
            return payload(user_errors=[], **operation.answer(work, ids))
    except PlatformError as refusal:
        errors = [UserError(code=one.code, field=one.field, message=one.message) for one in refusal.reasons]
        return payload(user_errors=errors)


def plain(value: Any) -> Any:
    """Return an input as JSON, the same for the same meaning, to be compared under an idempotency key."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return value.name if isinstance(value, Enum) else value


def change(
    payload: type[Changed], given: type[Change], resolver: Callable[..., Any], description: str
) -> graphene.Field:
    """Return the field of a mutation; ``resolver`` takes (root, info, input)."""
    return graphene.Field(
        payload,
        description=description,
        input=graphene.Argument(given, required=True, description="The change."),
        resolver=resolver,
    )
