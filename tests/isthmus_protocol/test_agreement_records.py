"""A change of an agreement is a leaf of its own kind, which is never taken for a crossing's."""

from dataclasses import replace

import pytest

from agreed import NOW, agreement, bundle, record
from isthmus_protocol.canonical import canonical, parse_object
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.keys import Holder
from isthmus_protocol.records import AgreementRecord, Change, LogRecord, read_record
from isthmus_protocol.shapes import MalformedMessage

DOCUMENT = agreement("/ucr")
STATEMENT = "sha-256:" + "ab" * 32
ACTIVATED = AgreementRecord(
    Change.ACTIVATED, DOCUMENT.id, 1, DOCUMENT.digest, (Holder.AUTHORITY,), (STATEMENT,), NOW
)
STOPPED = replace(ACTIVATED, change=Change.SUSPENDED, version=None, digest=None)


@pytest.mark.parametrize("change", [ACTIVATED, STOPPED, replace(STOPPED, version=2)])
def test_it_is_read_as_it_was_written(change: AgreementRecord) -> None:
    assert read_record(parse_object(change.leaf)) == change


def test_a_crossing_is_read_as_one() -> None:
    crossing = record(DOCUMENT)
    assert read_record(parse_object(crossing.leaf)) == crossing


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"version": None}, "/agreement/version"),
        ({"digest": None}, "/agreement/digest"),
        ({"by": ()}, "/by"),
        ({"by": (Holder.WINDOW,)}, "/by"),
        ({"by": (Holder.OPERATOR, Holder.OPERATOR), "statements": (STATEMENT, STATEMENT)}, "/by"),
        ({"statements": (STATEMENT, STATEMENT)}, "/by"),
    ],
)
def test_a_change_of_nothing_or_by_nobody_is_no_record(changes: dict[str, object], field: str) -> None:
    with pytest.raises(MalformedMessage) as refused:
        replace(ACTIVATED, **changes)  # type: ignore[arg-type]  # wrong on purpose
    assert refused.value.field == field


def test_it_proves_no_crossing() -> None:
    with pytest.raises(MalformedMessage):
        LogRecord.from_json(parse_object(ACTIVATED.leaf))
    whole = parse_object(bundle(record(DOCUMENT), DOCUMENT, None).to_bytes())
    assert verify_bundle(canonical(whole)).passed
    assert not verify_bundle(canonical(whole | {"record": ACTIVATED.to_json()})).passed
