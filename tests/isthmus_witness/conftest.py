"""A witness on a folder of its own, asked over HTTP."""

from collections.abc import Callable
from pathlib import Path

import pytest
from werkzeug.test import Client

from counterparts import KEYS, WITNESSED
from growing_log import GrowingLog
from isthmus_protocol.keys import Holder
from isthmus_witness.http import create_app
from isthmus_witness.record import Record
from isthmus_witness.witness import Witness
from standing import StandingClock

ORIGIN = "bridge.test/log"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


@pytest.fixture
def start(folder: Path, clock: StandingClock) -> Callable[[], Client]:
    """Start the witness on its folder, again as often as this is called."""

    def starting() -> Client:
        witness = Witness(
            ORIGIN, WITNESSED, KEYS[Holder.WITNESS], "witness.test/w1", Record(folder), clock=clock
        )
        return Client(create_app(witness))

    return starting


@pytest.fixture
def witness(start: Callable[[], Client]) -> Client:
    return start()


@pytest.fixture
def log() -> GrowingLog:
    return GrowingLog(ORIGIN, KEYS[Holder.LOG])
