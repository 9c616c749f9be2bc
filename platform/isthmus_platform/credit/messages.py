"""The issue of a credit (MT 700) as SWIFT text, out and in.

What SWIFT leaves to wording is worded here in one way: a document of 46A as
``+705 BILL OF LADING 3 ORIGINALS 0 COPIES``, and who the bill is made out to, who is notified, who pays
freight and how the goods are insured as conditions of 47A. A message that words it otherwise keeps it as a
condition.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from isthmus_platform import document_types
from isthmus_platform.credit import swift
from isthmus_platform.credit.swift import Fields, refused
from isthmus_platform.credit.terms import (
    ACCEPTANCE,
    ADVISING,
    DEFERRED,
    ISSUING,
    NEGOTIATION,
    RESERVED,
    SIGHT,
    RequiredDocument,
    Terms,
)
from isthmus_platform.drafts import INCOTERMS_2020
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.parts import Location

T = TypeVar("T")
FORM, RULES = "IRREVOCABLE", "UCP LATEST VERSION"
BANKS = {ISSUING: "ISSUING BANK", ADVISING: "ADVISING BANK"}
BY = {
    SIGHT: "BY PAYMENT",
    ACCEPTANCE: "BY ACCEPTANCE",
    NEGOTIATION: "BY NEGOTIATION",
    DEFERRED: "BY DEF PAYMENT",
}
FROM = {"SIGHT": "SIGHT", "SHIPMENT": "SHIPMENT DATE"}
ALLOWED = {"ALLOWED": True, "NOT ALLOWED": False}
CHARGES = "WITHOUT"
TENOR = re.compile(r"([0-9]{1,3}) DAYS AFTER (SIGHT|SHIPMENT DATE)")
DOCUMENT = re.compile(r"([0-9]{3})(?: [A-Z ]*?)? ([0-9]) ORIGINALS ([0-9]) COPIES(?: (.+))?")
TRADE_TERM = re.compile(rf"TERMS ({'|'.join(sorted(INCOTERMS_2020))})(?: (.+))?")
PERCENT = re.compile(r"([0-9]{3}) PERCENT OF CIF OR CIP VALUE")
TAGS = {
    "reference": "20",
    "currency": "32B",
    "amountMinor": "32B",
    "applicant": "50",
    "beneficiary": "59",
    "expiresOn": "31D",
    "expiresAt": "31D",
    "goods": "45A",
    "incoterm": "45A",
    "incotermPlace": "45A",
    "documents": "46A",
    "availableWith": "41D",
    "availableBy": "41D",
    "tenorDays": "42P",
    "tenorFrom": "42P",
    "tolerancePlus": "39A",
    "toleranceMinus": "39A",
    "partialShipments": "43P",
    "transhipment": "43T",
    "loading": "44E",
    "discharge": "44F",
    "receivedAt": "44A",
    "deliveredTo": "44B",
    "latestShipment": "44C",
    "presentationDays": "48",
}
"""Under which tag a member of the terms stands; the rest are conditions (47A)."""


@dataclass(frozen=True)
class Issue:
    """What MT 700 says: the terms, and the day of issue."""

    terms: Terms
    issued_on: date


def made(kind: type[T], given: dict[str, Any], tags: dict[str, str], other: str = "47A") -> T:
    """Return ``kind`` of what a message says; a refusal names the tag of the member it is about."""
    try:
        return kind(**given)
    except InvalidInput as wrong:
        tag = tags.get((wrong.field or "").split(".")[0], other)
        raise InvalidInput(f":{tag}: {wrong.message}", field=tag, code=wrong.code) from None


def write_700(message: Issue) -> str:
    """Return the text of MT 700."""
    terms = message.terms
    tenor = (
        None if terms.tenor_days is None else f"{terms.tenor_days} DAYS AFTER {FROM[terms.tenor_from or '']}"
    )
    drafts = terms.available_by in (ACCEPTANCE,)
    goods = [*swift.items("45A", [terms.goods, *_trade_term(terms)])]
    return swift.written(
        [
            ("27", "1/1"),
            ("40A", FORM),
            ("20", terms.reference),
            ("31C", swift.day(message.issued_on)),
            ("40E", RULES),
            ("31D", swift.day(terms.expires_on) + terms.expires_at),
            ("50", terms.applicant),
            ("59", terms.beneficiary),
            ("32B", swift.amount(terms.amount_minor, terms.currency)),
            ("39A", _tolerance(terms)),
            ("41D", (BANKS[terms.available_with], BY[terms.available_by])),
            ("42C", tenor if drafts else None),
            ("42P", None if drafts else tenor),
            ("43P", "ALLOWED" if terms.partial_shipments else "NOT ALLOWED"),
            ("43T", "ALLOWED" if terms.transhipment else "NOT ALLOWED"),
            ("44A", terms.received_at),
            ("44E", place_text(terms.loading)),
            ("44F", place_text(terms.discharge)),
            ("44B", terms.delivered_to),
            ("44C", None if terms.latest_shipment is None else swift.day(terms.latest_shipment)),
            ("45A", goods),
            ("46A", swift.items("46A", [_document(one) for one in terms.documents])),
            ("47A", swift.items("47A", _conditions(terms))),
            ("48", str(terms.presentation_days)),
            ("49", CHARGES),
        ]
    )


def read_700(text: str) -> Issue:
    """Return what a text of MT 700 says; a refusal names the tag and the rule it breaks."""
    fields = swift.parse(text)
    for tag, wanted, need in (
        ("27", "1/1", False),
        ("40A", FORM, True),
        ("40E", RULES, True),
        ("49", CHARGES, False),
    ):
        said = fields.line(tag, need=need)
        if said not in (None, wanted):
            raise refused(tag, "code_word", wanted)
    issued_on = swift.read_day("31C", fields.line("31C", need=True) or "")
    expiry = fields.line("31D", need=True) or ""
    minor, currency = swift.read_amount("32B", fields.line("32B", need=True) or "")
    given: dict[str, Any] = {
        "reference": fields.line("20", need=True),
        "expires_on": swift.read_day("31D", expiry[:6]),
        "expires_at": expiry[6:],
        "applicant": tuple(fields.need("50")),
        "beneficiary": tuple(fields.need("59")),
        "amount_minor": minor,
        "currency": currency,
        "partial_shipments": swift.chosen("43P", fields.line("43P"), ALLOWED, default=True),
        "transhipment": swift.chosen("43T", fields.line("43T"), ALLOWED, default=True),
        "received_at": fields.line("44A"),
        "loading": read_place("44E", fields.line("44E")),
        "discharge": read_place("44F", fields.line("44F")),
        "delivered_to": fields.line("44B"),
        "presentation_days": read_number("48", fields.line("48"), 21),
    }
    latest = fields.line("44C")
    given["latest_shipment"] = None if latest is None else swift.read_day("44C", latest)
    given |= _read_tolerance(fields.line("39A")) | _read_availability(fields)
    given |= _read_goods(fields.need("45A"))
    given["documents"] = tuple(_read_document(one) for one in swift.read_items("46A", fields.need("46A")))
    given |= _read_conditions(swift.read_items("47A", fields.take("47A") or []))
    fields.end()
    return Issue(made(Terms, given, TAGS), issued_on)


def _tolerance(terms: Terms) -> str | None:
    if not terms.tolerance_plus and not terms.tolerance_minus:
        return None
    return f"{terms.tolerance_plus:02}/{terms.tolerance_minus:02}"


def _read_tolerance(text: str | None) -> dict[str, int]:
    if text is None:
        return {}
    if not re.fullmatch(r"[0-9]{1,2}/[0-9]{1,2}", text):
        raise refused("39A", "format", "percentages more and less, such as 05/05")
    plus, minus = text.split("/")
    return {"tolerance_plus": int(plus), "tolerance_minus": int(minus)}


def _read_availability(fields: Fields) -> dict[str, Any]:
    lines = fields.need("41D")
    with_whom = next((code for code, name in BANKS.items() if lines[0] == name), None)
    by = next((code for code, words in BY.items() if lines[1:] == [words]), None)
    if with_whom is None or by is None:
        raise refused(
            "41D", "code_word", f"{' or '.join(BANKS.values())}, and then {' or '.join(BY.values())}"
        )
    drafts, deferred = fields.line("42C"), fields.line("42P")
    tag, text = ("42P", deferred) if drafts is None else ("42C", drafts)
    given: dict[str, Any] = {"available_with": with_whom, "available_by": by}
    if text in (None, "AT SIGHT"):
        return given
    found = TENOR.fullmatch(text or "")
    if found is None:
        raise refused(tag, "tenor", "such as 60 DAYS AFTER SHIPMENT DATE")
    since = next(code for code, words in FROM.items() if words == found.group(2))
    return {**given, "tenor_days": int(found.group(1)), "tenor_from": since}


def place_text(place: Location | None) -> str | None:
    """Return a place as the messages have it: its UN/LOCODE, then its name."""
    return None if place is None else " ".join(filter(None, (place.code, place.name)))


def read_place(tag: str, text: str | None) -> Location | None:
    """Return the place that ``text`` says."""
    if text is None:
        return None
    code, _, name = text.partition(" ")
    return made(Location, {"code": code, "name": name or None}, {}, tag)


def read_number(tag: str, text: str | None, default: int) -> int:
    """Return a number of up to three digits, ``default`` where there is none."""
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise refused(tag, "format", "a number of up to three digits")
    return int(text)


def _trade_term(terms: Terms) -> list[str]:
    return [" ".join(filter(None, ("TERMS", terms.incoterm, terms.incoterm_place)))] if terms.incoterm else []


def _read_goods(lines: Sequence[str]) -> dict[str, Any]:
    goods, *more = swift.read_items("45A", lines)
    if not more:
        return {"goods": goods}
    found = TRADE_TERM.fullmatch(more[0])
    if found is None or len(more) > 1:
        raise refused("45A", "format", "one item of goods, and one of TERMS and an Incoterm")
    return {"goods": goods, "incoterm": found.group(1), "incoterm_place": found.group(2)}


def _document(one: RequiredDocument) -> str:
    name = re.sub(r"[^A-Z ]", "", document_types.name_of(one.type).upper())
    said = f"{one.type} {name} {one.originals} ORIGINALS {one.copies} COPIES"
    return said if one.wording is None else f"{said} {one.wording}"


def _read_document(text: str) -> RequiredDocument:
    found = DOCUMENT.fullmatch(text)
    if found is None:
        raise refused("46A", "format", "such as +705 BILL OF LADING 3 ORIGINALS 0 COPIES")
    code, originals, copies, wording = found.groups()
    given = {"type": code, "originals": int(originals), "copies": int(copies), "wording": wording}
    return made(RequiredDocument, given, {}, "46A")


def _conditions(terms: Terms) -> list[str]:
    made_out, notify, freight, insured, covers = RESERVED
    found = [
        made_out + terms.bill_to if terms.bill_to else None,
        notify + terms.notify if terms.notify else None,
        freight + terms.freight if terms.freight else None,
        f"{insured}{terms.insurance_percent} PERCENT OF CIF OR CIP VALUE"
        if terms.insurance_percent != 110
        else None,
        covers + terms.insurance_clauses if terms.insurance_clauses else None,
    ]
    return [one for one in found if one is not None] + list(terms.conditions)


def _read_conditions(texts: Sequence[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    names = dict(
        zip(RESERVED, ("bill_to", "notify", "freight", "insurance_percent", "insurance_clauses"), strict=True)
    )
    conditions = []
    for start, rest in swift.pairs(texts, RESERVED):
        if start is None:
            conditions.append(rest)
        elif names[start] in given:
            raise refused("47A", "repeated", f"{start.strip()} once")
        elif names[start] == "insurance_percent":
            found = PERCENT.fullmatch(rest)
            if found is None:
                raise refused("47A", "percent", "three digits and PERCENT OF CIF OR CIP VALUE")
            given["insurance_percent"] = int(found.group(1))
        else:
            given[names[start]] = rest
    return {**given, "conditions": tuple(conditions)}
