"""One thread delivers at a time, and nobody's wake is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from isthmus.bridge_worker import Delivering
from isthmus_bridge.delivery import Deliverer


class Slow:
    """Delivers as long as it is told to; the rounds are counted."""

    def __init__(self) -> None:
        self.rounds = 0
        self.at_it, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.fails = False

    def deliver(self, limit: int, *, pace: float) -> None:
        assert limit > 0 < pace
        self.rounds += 1
        self.at_it.release()
        assert self.go_on.acquire(timeout=30)
        if self.fails:
            raise ConnectionError


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
def wake(slow: Slow) -> Callable[[], None]:
    return Delivering(lambda: cast(Deliverer, slow)).wake


def test_who_wakes_it_while_it_delivers_goes_on_at_once_and_it_looks_again(
    slow: Slow, wake: Callable[[], None]
) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(wake)
        assert slow.at_it.acquire(timeout=30)
        for _ in range(3):
            wake()
        assert slow.rounds == 1, "nobody waited, and nobody delivers beside it"
        slow.go_on.release(2)
        first.result(30)
    assert slow.rounds == 2, "one more look for all who came meanwhile"


def test_after_a_failure_the_next_wake_is_heard(slow: Slow, wake: Callable[[], None]) -> None:
    slow.go_on.release(2)
    slow.fails = True
    with pytest.raises(ConnectionError):
        wake()
    slow.fails = False
    wake()
    assert slow.rounds == 2
