"""A bank that asks about a declared value, and a window that answers yes or no: on the bridge itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from counterparts import Signer, agreement
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.service import Bridge
from isthmus_protocol.agreements import Agreement
from isthmus_protocol.canonical import JsonObject

VALUE = "/declaredValueMinor"
WEIGHT = "/grossMassKg"
BITS = 8
HOURS = 24
ASKING = ("/ucr", "/asks/field", "/asks/predicate", "/asks/parameter")
AT_LEAST = {"name": "atLeast", "operator": "atLeast"}


def question_agreement(**changes: Any) -> Agreement:
    """Return the agreement on what a bank may ask the window."""
    return agreement(
        **{
            "id": "value-question",
            "message": "VALUE_QUESTION",
            "purpose": "TRADE_FINANCE",
            "audience": ["BANK", "INSURER"],
            "fields": [{"path": path, "transform": "keep"} for path in ASKING],
        }
        | changes
    )


def answer_agreement(bits: int = BITS, **changes: Any) -> Agreement:
    """Return the agreement on what the window answers; the budget is of ``bits`` in a day."""
    answer = {"transform": "answer", "predicates": [AT_LEAST, {"name": "present", "operator": "exists"}]}
    return agreement(
        **{
            "id": "value-answer",
            "message": "VALUE_ANSWER",
            "direction": "FROM_WINDOW",
            "purpose": "TRADE_FINANCE",
            "audience": ["BANK", "INSURER"],
            "fields": [{"path": path} | answer for path in (VALUE, WEIGHT)]
            + [{"path": "/mrn", "transform": "keep"}],
            "leakageBudget": {"bits": bits, "windowHours": HOURS},
        }
        | changes
    )


def ask(predicate: str = "atLeast", parameter: Any = 1, field: str = VALUE) -> dict[str, Any]:
    """Return one question."""
    put = {"field": field, "predicate": predicate}
    return put if parameter is None else put | {"parameter": parameter}


@dataclass(frozen=True)
class Border:
    """The bridge, and who asks and answers over it."""

    bridge: Bridge
    platform: Signer
    window: Signer
    numbers: "count[int]"

    def put(
        self, asks: Sequence[dict[str, Any]], party: str = "bank", subject: str = "UCR-1", **changes: Any
    ) -> str:
        """Let the question cross to the window, and return its exchange."""
        body = {
            "idempotencyKey": f"question-{next(self.numbers)}",
            "message": "VALUE_QUESTION",
            "direction": "TO_WINDOW",
            "purpose": "TRADE_FINANCE",
            "party": party,
            "role": "BANK",
            "owner": "trader",
            "subject": subject,
            "inReplyTo": None,
            "consents": [],
            "fields": list(ASKING),
            "payload": {"ucr": subject, "asks": list(asks)},
        } | changes
        answered = self.platform.post("/v1/exchanges", body).get_json()
        assert answered["state"] == "AGREED", answered
        deliver_due(self.bridge)
        return str(answered["exchange"])

    def reply(
        self, question: str, payload: JsonObject, fields: Sequence[str] = (VALUE,), **changes: Any
    ) -> dict[str, Any]:
        """Have the window answer from ``payload``, and return what the bridge says."""
        body = {
            "idempotencyKey": f"answer-{next(self.numbers)}",
            "message": "VALUE_ANSWER",
            "direction": "FROM_WINDOW",
            "purpose": "TRADE_FINANCE",
            "party": None,
            "role": None,
            "owner": None,
            "subject": None,
            "inReplyTo": question,
            "consents": [],
            "fields": list(fields),
            "payload": payload,
        } | changes
        said: dict[str, Any] = self.window.post("/v1/exchanges", body).get_json()
        return said

    def ask_and_answer(self, value: Any, *asks: dict[str, Any], **who: str) -> dict[str, Any]:
        """Put questions about a value, and return what the bridge says to the window's answer."""
        put = asks or (ask(),)
        return self.reply(
            self.put(put, **who),
            {"declaredValueMinor": value, "grossMassKg": value},
            [each["field"] for each in put],
        )


def outcome(said: dict[str, Any]) -> str:
    """Return ``AGREED``, or the reason why not."""
    return str(said["reason"] or said["state"])
