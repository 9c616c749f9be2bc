"""Amendment (MT 707) and notice of refusal (MT 734) as SWIFT text, out and in."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from isthmus_platform.credit import swift
from isthmus_platform.credit.amending import Changes
from isthmus_platform.credit.messages import ALLOWED, TAGS, made, place_text, read_number, read_place
from isthmus_platform.credit.swift import refused


@dataclass(frozen=True)
class Amendment:
    """What MT 707 says: which credit of which day, the amendment's number and day, and what changes."""

    reference: str
    issued_on: date
    number: int
    amended_on: date
    currency: str
    changes: Changes


@dataclass(frozen=True)
class Refusal:
    """What MT 734 says (UCP 600 article 16 c): each discrepancy, and what becomes of the documents."""

    reference: str
    presentation: str
    presented_on: date
    amount_minor: int
    currency: str
    discrepancies: tuple[str, ...]
    disposal: str


DISPOSALS = {"HOLD": "/HOLD/", "RETURN": "/RETURN/", "NOTIFY": "/NOTIFY/"}
"""Article 16 c iii: held for instructions, returned, or held until the applicant waives."""


def write_707(message: Amendment) -> str:
    """Return the text of MT 707."""
    changes, currency = message.changes, message.currency
    expiry = (
        None if changes.expires_on is None else swift.day(changes.expires_on) + (changes.expires_at or "")
    )
    return swift.written(
        [
            ("27", "1/1"),
            ("20", message.reference),
            ("21", "NONREF"),
            ("31C", swift.day(message.issued_on)),
            ("26E", str(message.number)),
            ("30", swift.day(message.amended_on)),
            ("22A", "ISSU"),
            ("31D", expiry),
            (
                "32B",
                None if changes.increase_minor is None else swift.amount(changes.increase_minor, currency),
            ),
            (
                "33B",
                None if changes.decrease_minor is None else swift.amount(changes.decrease_minor, currency),
            ),
            ("43P", _allowed(changes.partial_shipments)),
            ("43T", _allowed(changes.transhipment)),
            ("44E", place_text(changes.loading)),
            ("44F", place_text(changes.discharge)),
            ("44C", None if changes.latest_shipment is None else swift.day(changes.latest_shipment)),
            ("45B", None if changes.goods is None else swift.items("45B", [f"/REPALL/{changes.goods}"])),
            ("48", None if changes.presentation_days is None else str(changes.presentation_days)),
        ]
    )


def _allowed(value: bool | None) -> str | None:  # noqa: FBT001
    return None if value is None else next(words for words, meaning in ALLOWED.items() if meaning == value)


def read_707(text: str) -> Amendment:
    """Return what a text of MT 707 says; a refusal names the tag and the rule it breaks."""
    fields = swift.parse(text)
    for tag in ("27", "21", "22A"):
        fields.line(tag)
    reference = fields.line("20", need=True) or ""
    issued_on = swift.read_day("31C", fields.line("31C", need=True) or "")
    number = read_number("26E", fields.line("26E", need=True), 0)
    amended_on = swift.read_day("30", fields.line("30", need=True) or "")
    given: dict[str, Any] = {}
    currency = ""
    for tag, name in (("32B", "increase_minor"), ("33B", "decrease_minor")):
        said = fields.line(tag)
        if said is not None:
            given[name], currency = swift.read_amount(tag, said)
    expiry = fields.line("31D")
    if expiry is not None:
        given |= {"expires_on": swift.read_day("31D", expiry[:6]), "expires_at": expiry[6:] or None}
    for tag, name in (("43P", "partial_shipments"), ("43T", "transhipment")):
        said = fields.line(tag)
        given[name] = None if said is None else swift.chosen(tag, said, ALLOWED, default=True)
    given["loading"] = read_place("44E", fields.line("44E"))
    given["discharge"] = read_place("44F", fields.line("44F"))
    latest, days = fields.line("44C"), fields.line("48")
    given["latest_shipment"] = None if latest is None else swift.read_day("44C", latest)
    given["presentation_days"] = None if days is None else read_number("48", days, 0)
    goods = fields.take("45B")
    if goods is not None:
        (item, *more) = swift.read_items("45B", goods)
        if more or not item.startswith("/REPALL/"):
            raise refused("45B", "code_word", "one item with /REPALL/ and all of the goods")
        given["goods"] = item.removeprefix("/REPALL/")
    fields.end()
    tags = {**TAGS, "increaseMinor": "32B", "decreaseMinor": "33B", "goods": "45B"}
    return Amendment(reference, issued_on, number, amended_on, currency, made(Changes, given, tags, "20"))


def write_734(message: Refusal) -> str:
    """Return the text of MT 734; discrepancies are told in the characters that SWIFT has."""
    lines = [line for text in message.discrepancies for line in swift.wrap("77J", f"+{text}", 50)]
    if len(lines) > 70:
        raise refused("77J", "lines", "at most 70 lines")
    return swift.written(
        [
            ("20", message.reference),
            ("21", message.presentation),
            ("32A", swift.day(message.presented_on) + swift.amount(message.amount_minor, message.currency)),
            ("77J", lines),
            ("77B", DISPOSALS[message.disposal]),
        ]
    )


def read_734(text: str) -> Refusal:
    """Return what a text of MT 734 says; a refusal names the tag and the rule it breaks."""
    fields = swift.parse(text)
    reference = fields.line("20", need=True) or ""
    presentation = fields.line("21", need=True) or ""
    said = fields.line("32A", need=True) or ""
    minor, currency = swift.read_amount("32A", said[6:])
    discrepancies = tuple(swift.read_items("77J", fields.need("77J")))
    word = fields.line("77B", need=True)
    disposal = next((code for code, words in DISPOSALS.items() if words == word), None)
    if disposal is None:
        raise refused("77B", "code_word", " or ".join(DISPOSALS.values()))
    fields.end()
    return Refusal(
        reference, presentation, swift.read_day("32A", said[:6]), minor, currency, discrepancies, disposal
    )


def in_x(text: str) -> str:
    """Return ``text`` with each character that SWIFT's larger set lacks replaced, words of at most 45."""
    plain = re.sub(r"[^A-Za-z0-9/\-?:().,'+ =!\"%&*<>;{@#_]", ".", text)
    words = [word[at : at + 45] for word in plain.split() for at in range(0, len(word), 45)]
    return " ".join(words)
