"""What is spoken with the window is a setting; JSON unless it is told otherwise."""

import pytest

import cds
from isthmus import wco
from isthmus.settings import load
from isthmus_bridge.service import as_it_is
from standards import STANDARDS


def test_json_is_spoken_where_nothing_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISTHMUS_WCO_MESSAGES", raising=False)
    assert wco.speaker(load()) is as_it_is


@cds.needed
def test_wco_is_spoken_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_WCO_MESSAGES", '["EXPORT_DECLARATION"]')
    monkeypatch.setenv("ISTHMUS_STANDARDS", str(STANDARDS))
    other = {"message": "DECLARATION_QUERY"}
    assert wco.speaker(load())(other) == wco.listener(load())(other) == other  # type: ignore[arg-type]
    assert wco.speaker(load()) is not as_it_is


@cds.needed
def test_each_message_is_put_in_wco_only_where_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_WCO_MESSAGES", '["DECLARATION_STATUS"]')
    monkeypatch.setenv("ISTHMUS_STANDARDS", str(STANDARDS))
    assert wco.speaker(load()) is as_it_is
    status = {
        "message": "DECLARATION_STATUS",
        "inReplyTo": "1",
        "fields": ["/at", "/status"],
        "payload": {"status": "RELEASED", "at": "2026-06-01T09:00:00Z"},
    }
    said = wco.window_speaker(load())(status)  # type: ignore[arg-type]
    assert said != status
    assert wco.bridge_listener(load())(said) == status
    monkeypatch.setenv("ISTHMUS_WCO_MESSAGES", '["EXPORT_DECLARATION"]')
    assert wco.window_speaker(load())(status) == status  # type: ignore[arg-type]
    assert wco.bridge_listener(load()) is as_it_is


def test_wco_without_its_schemas_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_WCO_MESSAGES", '["EXPORT_DECLARATION"]')
    monkeypatch.delenv("ISTHMUS_STANDARDS", raising=False)
    with pytest.raises(wco.SchemasNeeded, match="ISTHMUS_STANDARDS"):
        wco.speaker(load())
