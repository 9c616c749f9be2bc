"""Scalars with one exact spelling each: time, decimal, large integer, JSON."""

import re
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from typing import Any

import graphene
from graphql import GraphQLError, ValueNode, value_from_ast_untyped
from graphql.language import IntValueNode, StringValueNode

LARGEST = 2**53 - 1
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,6})?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
DIGITS = re.compile(r"-?\d{1,20}(\.\d{1,12})?", re.ASCII)


def _refused(kind: str, rule: str) -> GraphQLError:
    return GraphQLError(f"{kind} {rule}.")


class DateTime(graphene.Scalar):
    """A time in RFC 3339, UTC: `2026-06-01T09:00:00Z`. Input may carry any offset, never none."""

    @staticmethod
    def serialize(value: datetime) -> str:
        """Write an aware time in UTC."""
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    @staticmethod
    def parse_value(value: object) -> datetime:
        """Read RFC 3339; refuse a time without an offset."""
        if isinstance(value, str) and RFC_3339.fullmatch(value):
            try:
                return datetime.fromisoformat(value.upper()).astimezone(UTC)
            except (ValueError, OverflowError):
                pass  # a 30 February, or a year that the offset moves out of range
        raise _refused("DateTime", "is RFC 3339 with an offset, such as 2026-06-01T09:00:00Z")

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: dict[str, Any] | None = None) -> datetime:
        """Read a string literal."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode) else None)


class Decimal(graphene.Scalar):
    """An exact decimal number, written as a string without exponent: `"18500.5"`."""

    @staticmethod
    def serialize(value: PyDecimal | str) -> str:
        """Write without exponent."""
        return format(PyDecimal(value), "f")

    @staticmethod
    def parse_value(value: object) -> PyDecimal:
        """Read a string or an integer; a float would already have lost digits."""
        if isinstance(value, str | int) and DIGITS.fullmatch(str(value)):
            return PyDecimal(value)
        raise _refused("Decimal", 'is a string of digits with an optional point, such as "18500.5"')

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: dict[str, Any] | None = None) -> PyDecimal:
        """Read a string or integer literal."""
        return cls.parse_value(node.value if isinstance(node, StringValueNode | IntValueNode) else None)


class Long(graphene.Scalar):
    """A whole number from -(2^53 - 1) to 2^53 - 1: exact in every JSON reader, beyond the 32 bits of Int."""

    @staticmethod
    def serialize(value: int) -> int:
        """Write a JSON number."""
        return Long.parse_value(int(value))

    @staticmethod
    def parse_value(value: object) -> int:
        """Read a JSON integer."""
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST:
            return value
        raise _refused("Long", "is a whole number within plus or minus 9007199254740991")

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: dict[str, Any] | None = None) -> int:
        """Read an integer literal."""
        return cls.parse_value(
            int(node.value) if isinstance(node, IntValueNode) and len(node.value) <= 17 else None
        )


class JSON(graphene.Scalar):
    """A JSON value as it is, for documents whose form another standard fixes (DCSA events)."""

    @staticmethod
    def serialize(value: object) -> object:
        """Pass on."""
        return value

    @staticmethod
    def parse_value(value: object) -> object:
        """Pass on."""
        return value

    @staticmethod
    def parse_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> object:
        """Read any literal, variables inside included."""
        return value_from_ast_untyped(node, variables)
