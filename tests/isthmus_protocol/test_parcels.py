"""A parcel holds messages as they would go alone, and its answer one result for each of them."""

import pytest

from isthmus_protocol.canonical import MalformedJson, canonical
from isthmus_protocol.parcels import MOST, Item, Kind, Result, answer, open_parcel, pack, read_answer
from isthmus_protocol.shapes import MalformedMessage


def nested(levels: int) -> bytes:
    return b'{"a":' * levels + b"1" + b"}" * levels


def test_what_is_packed_is_what_is_opened_in_its_order_and_canonical() -> None:
    items = [
        Item(Kind.NOTICE, "request-2", {"exchange": "b"}),
        Item(Kind.ENVELOPE, 'request-"1"', {"body": {"z": 1, "ä": [None]}}),
    ]
    parcel = pack((each.kind, each.request_id, canonical(each.content)) for each in items)
    assert open_parcel(parcel) == items
    assert (
        canonical(
            {
                "items": [
                    {"notice": {"exchange": "b"}, "requestId": "request-2"},
                    {"envelope": {"body": {"z": 1, "ä": [None]}}, "requestId": 'request-"1"'},
                ]
            }
        )
        == parcel
    )


def test_an_item_may_nest_as_deep_as_a_message_and_no_deeper() -> None:
    assert len(open_parcel(pack([(Kind.ENVELOPE, "r", nested(32))]))) == 1
    with pytest.raises(MalformedJson, match="too_deep"):
        open_parcel(pack([(Kind.ENVELOPE, "r", nested(33))]))


@pytest.mark.parametrize(
    ("parcel", "field", "rule"),
    [
        (b"[]", "/", "not_an_object"),
        (b"{}", "/items", "missing"),
        (b'{"items":{}}', "/items", "not_an_array"),
        (b'{"items":[],"more":1}', "/more", "unknown_member"),
        (b'{"items":[{"requestId":"r"}]}', "/items/0/notice", "missing"),
        (b'{"items":[{"envelope":1,"notice":1,"requestId":"r"}]}', "/items/0/notice", "unknown_member"),
        (b'{"items":[{"envelope":1}]}', "/items/0/requestId", "missing"),
        (b'{"items":[%s]}' % b",".join([b"1"] * (MOST + 1)), "/items", "length"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_parcel_is_refused(parcel: bytes, field: str, rule: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        open_parcel(parcel)
    assert (refused.value.field, refused.value.rule) == (field, rule)


def test_an_answer_has_a_result_for_each_item_or_is_none() -> None:
    results = [Result(200, {"receipt": "a.b.c"}), Result(422, {"code": "unknown_message"})]
    assert read_answer(answer(results), 2) == results
    for count in (1, 3):
        with pytest.raises(MalformedMessage, match="/results: length"):
            read_answer(answer(results), count)
    for body in (b'{"results":[{"status":99,"body":{}}]}', b'{"results":[{"status":200,"body":"a"}]}'):
        with pytest.raises(MalformedMessage):
            read_answer(body, 1)
