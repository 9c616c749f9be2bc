"""A window on a fresh database file, and the bridge's side of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from isthmus_window.http import create_app
from isthmus_window.service import Window
from standing import StandingClock
from window_counterpart import Counterpart, serving


@pytest.fixture
def counterpart(clock: StandingClock) -> Iterator[Counterpart]:
    with serving(Counterpart(clock)) as served:
        yield served


@pytest.fixture
def window(tmp_path: Path, counterpart: Counterpart, clock: StandingClock) -> Iterator[Window]:
    opened = Window(
        tmp_path / "window.sqlite",
        counterpart.window_key,
        counterpart.keyring,
        counterpart.url,
        clock,
        timedelta(seconds=1),
    )
    yield opened
    opened.close()


@pytest.fixture
def http(window: Window) -> FlaskClient:
    return create_app(window).test_client()
