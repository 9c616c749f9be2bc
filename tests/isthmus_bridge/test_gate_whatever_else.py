"""Whatever else a payload holds, the gate lets the same bytes out; what is ambiguous never gets in."""

from collections.abc import Callable
from typing import Any

import pytest

from counterparts import Signer, agreement, declaration
from isthmus_bridge.gate import Permitted, Question, Standing, decide
from isthmus_protocol.agreements import Direction
from isthmus_protocol.canonical import JsonObject, canonical
from isthmus_protocol.records import Phase
from standing import StandingClock

PATHS = ("/ucr", "/goods/hsCode")
GOODS = [{"hsCode": "845811"}, {"hsCode": "845710"}]
QUESTION = Question(
    message="EXPORT_DECLARATION",
    direction=Direction.TO_WINDOW,
    purpose="CUSTOMS_EXPORT_CLEARANCE",
    party="forwarder",
    role="FORWARDER",
    owner="trader",
    consents=(),
    fields=PATHS,
)


def payload(beside: dict[str, Any]) -> dict[str, Any]:
    return {"ucr": "6TW1", "goods": GOODS} | beside


def nested(depth: int) -> Any:
    value: Any = "secret"
    for _ in range(depth):
        value = {"goods": [value]}
    return value


def within(beside: dict[str, Any]) -> dict[str, Any]:
    """Put something into every entry of the allowed branch."""
    return payload({"goods": [{"hsCode": code} | beside for code in ("845811", "845710")]})


WHATEVER: dict[str, JsonObject] = {
    "nested in an allowed branch": within({"margin": {"hsCode": "secret", "ucr": "secret"}}),
    "an allowed name elsewhere": payload({"invoice": {"ucr": "secret", "goods": [{"hsCode": "secret"}]}}),
    "entries without permitted leaves": payload({"goods": [*GOODS, {"margin": "secret"}, None, 7]}),
    "Greek upsilon for u": payload({"\u03c5cr": "secret"}),
    "full width": payload({"\uff55\uff43\uff52": "secret"}),
    "a zero-width space": within({"hs\u200bCode": "secret"}),
    "a combining mark": payload({"ucr\u0301": "secret"}),
    "another case": payload({"UCR": "secret", "Goods": [{"HSCODE": "secret"}]}),
    "a path for a name": payload({"/ucr": "secret", "goods/hsCode": "secret"}),
    "deep nesting": payload({"deep": nested(20_000)}),
    "ten megabytes": payload({"long": "s" * 10_000_000}),
    "infinity": payload({"large": float("1e400")}),
    "not a number": within({"margin": float("nan")}),
}


@pytest.mark.parametrize("other", WHATEVER.values(), ids=WHATEVER)
def test_whatever_else_it_holds_the_same_bytes_come_out(other: JsonObject, clock: StandingClock) -> None:
    plain, held = (
        decide(Phase.AGREED, Standing(agreement()), QUESTION, each, clock()) for each in (payload({}), other)
    )
    assert isinstance(plain, Permitted)
    assert isinstance(held, Permitted)
    assert held == plain
    assert canonical(held.projection) == canonical(plain.projection)
    assert b"secret" not in canonical(held.projection)


READ_DIFFERENTLY = {
    "duplicate_member": b'"ucr":"6TW1","ucr":"6TW2"',
    "float": b'"large":1e400',
    "not_a_number": b'"large":NaN',
    "too_deep": b'"deep":' + b"[" * 1000 + b"]" * 1000,
    "lone_surrogate": b'"\\ud800":1',
    "too_large": b'"long":"' + b"s" * 10_000_000 + b'"',
}


@pytest.mark.parametrize("rule", READ_DIFFERENTLY)
def test_what_two_readers_could_read_differently_does_not_get_in(
    rule: str, put_in_force: Callable[..., None], as_platform: Signer
) -> None:
    put_in_force(agreement())
    before = as_platform.client.get("/v1/log/checkpoint").get_data()
    told = set()
    for code in ("845811", "845710"):
        body = canonical(declaration(payload={"goods": [{"hsCode": code}]}))
        text = body.replace(b'"payload":{', b'"payload":{' + READ_DIFFERENTLY[rule] + b",")
        refused = as_platform.send("POST", "/v1/exchanges", text, {"Content-Type": "application/json"})
        told.add((refused.status_code, refused.get_json()["code"]))
    assert told == {(413, "request_entity_too_large") if rule == "too_large" else (400, rule)}, told
    assert as_platform.client.get("/v1/log/checkpoint").get_data() == before
