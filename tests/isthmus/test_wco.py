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


def test_wco_without_its_schemas_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ISTHMUS_WCO_MESSAGES", '["EXPORT_DECLARATION"]')
    monkeypatch.delenv("ISTHMUS_STANDARDS", raising=False)
    with pytest.raises(wco.SchemasNeeded, match="ISTHMUS_STANDARDS"):
        wco.speaker(load())
