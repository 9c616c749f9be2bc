"""Claims: what must never cross, whatever is asked, said beside the agreements and checked against them.

A file of claims is JSON::

    {"format": "isthmus-claims/1", "claims": [
      {"says": "No bank receives the goods' value without the owner's consent",
       "never": {"role": "BANK", "field": "/goods/statisticalValueMinor", "unless": "consent"}},
      {"says": "Nothing flows to the window for marketing",
       "never": {"direction": "TO_WINDOW", "purpose": "MARKETING"}}]}

``never`` describes the flows that must not be. Each of ``message``, ``direction``, ``purpose``, ``role`` and
``field`` is a value, an array of which any will do, or ``{"otherThan": [...]}``; what is left out may be
anything. A ``field`` names also all that lies below it. ``from`` and ``until`` bound the time: from this
moment on, until before that. ``unless`` is what makes such a flow right after all, or an array of which any
does: ``"consent"`` (the owner's, to this reader, for this purpose, not ended) or a form that the field may
have (``{"transform": "mask", "argument": 4}``): that form, or one from which no more can be told. The form
``{"transform": "answer"}`` is a yes or no to any question, and with ``predicates`` to those alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from isthmus_protocol.agreements import Agreement, Direction, Field, Role, Transform
from isthmus_protocol.canonical import JsonValue
from isthmus_protocol.fields import check_path
from isthmus_protocol.shapes import CODE, MalformedMessage, Members

FORMAT = "isthmus-claims/1"
_ANY_FIELD = "/any"


class Unless(StrEnum):
    """A condition of the request that makes a flow right."""

    CONSENT = "consent"


@dataclass(frozen=True)
class Choice:
    """Some values, or all others."""

    values: tuple[str, ...]
    other_than: bool = False

    def admits(self, value: str) -> bool:
        """Say whether ``value`` is chosen."""
        return (value in self.values) != self.other_than

    def admits_path(self, path: str) -> bool:
        """Say whether ``path`` is one of the values, or below one."""
        named = any(path == each or path.startswith(f"{each}/") for each in self.values)
        return named != self.other_than


@dataclass(frozen=True)
class Claim:
    """Flows that must never be; a part that is None may be anything."""

    says: str
    message: Choice | None = None
    direction: Choice | None = None
    purpose: Choice | None = None
    role: Choice | None = None
    field: Choice | None = None
    since: datetime | None = None
    until: datetime | None = None
    unless_consent: bool = False
    unless_shown: tuple[Field, ...] = ()
    unless_answered: bool = False

    def concerns(self, agreement: Agreement, field: Field) -> bool:
        """Say whether the claim forbids ``field`` to cross under ``agreement`` in the form it has there.

        The gate lets cross only what is of the agreement's own message, direction and purpose.
        """
        for choice, code in (
            (self.message, agreement.message),
            (self.direction, agreement.direction),
            (self.purpose, agreement.purpose),
        ):
            if choice is not None and not choice.admits(code):
                return False
        if self.field is not None and not self.field.admits_path(field.path):
            return False
        if self.unless_answered and field.transform is Transform.ANSWER:
            return False
        return not any(tells_no_more(field, form) for form in self.unless_shown)


def tells_no_more(field: Field, than: Field) -> bool:
    """Say whether from a leaf crossing as ``field`` no more can be told than from it crossing as ``than``.

    The paths are not compared. ``mask`` with no characters left tells no more than any other ``mask``; of two
    other lengths or steps, neither is counted as less, for a short value or an odd step tells in either.
    Answers tell no more than others to which all their questions may be put.
    """
    if than.transform is Transform.KEEP:
        return True
    if field.transform is not than.transform:
        return False
    if field.transform is Transform.ANSWER:
        return replace(than, path=field.path).covers(field)
    return field.argument == than.argument or (field.transform is Transform.MASK and field.argument == 0)


def read_claims(value: JsonValue) -> tuple[Claim, ...]:
    """Return the claims of a file; raises :class:`MalformedMessage` naming the member and the rule."""
    members = Members(value)
    members.fixed("format", FORMAT)
    claims = members.each("claims", lambda entry, item: entry.nested(item, _claim))
    members.end()
    return claims


def _claim(value: JsonValue) -> Claim:
    members = Members(value)
    says = members.text("says", 500)
    never = members.object("never")
    if not set(never) - {"unless"}:
        raise MalformedMessage("/never", "missing")
    parts = Members({name: part for name, part in never.items() if name != "unless"}, "/never")
    shown: list[Field] = []
    consent = answered = False
    unless = never.get("unless", [])
    for position, each in enumerate(unless if isinstance(unless, list) else [unless]):
        if each == Unless.CONSENT.value:
            consent = True
        elif each == {"transform": Transform.ANSWER.value}:
            answered = True
        else:
            shown.append(_form(each, f"/never/unless/{position}"))
    claim = Claim(
        says=says,
        message=parts.optional("message", lambda name: _choice(parts, name, _code)),
        direction=parts.optional("direction", lambda name: _choice(parts, name, _one_of(Direction))),
        purpose=parts.optional("purpose", lambda name: _choice(parts, name, _code)),
        role=parts.optional("role", lambda name: _choice(parts, name, _one_of(Role))),
        field=parts.optional("field", lambda name: _choice(parts, name, check_path)),
        since=parts.optional("from", parts.time),
        until=parts.optional("until", parts.time),
        unless_consent=consent,
        unless_shown=tuple(shown),
        unless_answered=answered,
    )
    parts.end()
    members.end()
    return claim


def _choice(parts: Members, name: str, check: Callable[[str, str], str]) -> Choice:
    value = parts.take(name)
    where = f"/never/{name}"
    other_than = isinstance(value, dict)
    if isinstance(value, dict):
        inner = Members(value, where)
        value, where = inner.take("otherThan"), f"{where}/otherThan"
        inner.end()
    values = value if isinstance(value, list) else [value]
    if not values and not other_than:
        raise MalformedMessage(where, "length")
    for each in values:
        if not isinstance(each, str):
            raise MalformedMessage(where, "not_a_string")
    return Choice(tuple(check(str(each), where) for each in values), other_than)


def _code(value: str, where: str) -> str:
    if CODE.fullmatch(value) is None:
        raise MalformedMessage(where, "pattern")
    return value


def _one_of(choices: type[StrEnum]) -> Callable[[str, str], str]:
    def check(value: str, where: str) -> str:
        if value not in {choice.value for choice in choices}:
            raise MalformedMessage(where, "unknown_code")
        return value

    return check


def _form(value: JsonValue, where: str) -> Field:
    if not isinstance(value, dict):
        raise MalformedMessage(where, "unknown_code")
    try:
        return Field.from_json({"path": _ANY_FIELD, **value})
    except MalformedMessage as error:
        raise MalformedMessage(where + error.field, error.rule) from error
