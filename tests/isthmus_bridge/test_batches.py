"""What many ask for at once is done together, and nobody pays for another's failure."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread

import pytest
from sqlalchemy import event

from counterparts import KEYS, Signer, declaration
from isthmus_bridge.batches import LARGEST, Batches
from isthmus_bridge.http import create_app
from isthmus_bridge.log import LogUnavailable
from isthmus_bridge.service import Bridge
from isthmus_protocol.keys import Holder


class Works:
    """Doubles numbers, slowly at first: ``began`` is set by the first batch, which waits for ``go``."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.began, self.go = Event(), Event()

    def __call__(self, jobs: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(jobs))
        self.began.set()
        assert self.go.wait(30)
        if any(job < 0 for job in jobs):
            raise ZeroDivisionError
        return [KeyError(job) if job == 13 else 2 * job for job in jobs]


def until_line_is(batches: Batches, long: int) -> None:
    while len(batches) < long:
        time.sleep(0.001)


def all_at_once(batches: Batches, works: Works, jobs: Sequence[int]) -> dict[int, int | Exception]:
    """Do ``jobs`` while the job 1 is being done, and return the outcome of each."""
    outcomes: dict[int, int | Exception] = {}

    def do(job: int) -> None:
        try:
            outcomes[job] = batches.do(job, works)
        except (KeyError, ZeroDivisionError) as error:
            outcomes[job] = error

    threads = [Thread(target=do, args=(1,))]
    threads[0].start()
    assert works.began.wait(30)
    for place, job in enumerate(jobs, start=1):
        threads.append(Thread(target=do, args=(job,)))
        threads[-1].start()
        until_line_is(batches, place)
    works.go.set()
    for thread in threads:
        thread.join(30)
    return outcomes


def test_who_waits_is_served_together_in_order_of_arrival() -> None:
    works = Works()
    outcomes = all_at_once(Batches(), works, range(20, 60))
    assert outcomes == {job: 2 * job for job in (1, *range(20, 60))}
    assert works.batches == [[1], list(range(20, 60))]


def test_a_batch_has_an_end() -> None:
    works = Works()
    all_at_once(Batches(), works, range(2, LARGEST + 12))
    assert [len(batch) for batch in works.batches] == [1, LARGEST, 10]


def test_an_outcome_that_is_an_error_is_raised_where_it_belongs() -> None:
    outcomes = all_at_once(Batches(), Works(), [12, 13, 14])
    assert isinstance(outcomes.pop(13), KeyError)
    assert outcomes == {1: 2, 12: 24, 14: 28}


def test_one_job_that_breaks_the_work_takes_no_other_with_it() -> None:
    outcomes = all_at_once(Batches(), Works(), [2, -1, 3])
    assert isinstance(outcomes.pop(-1), ZeroDivisionError)
    assert outcomes == {1: 2, 2: 4, 3: 6}


def test_who_is_served_goes_while_the_next_batch_is_being_done() -> None:
    batches, begun, go = Batches(), [Event(), Event(), Event()], [Event(), Event(), Event()]
    at = iter(range(3))

    def work(jobs: Sequence[int]) -> list[int]:
        number = next(at)
        begun[number].set()
        assert go[number].wait(30)
        return list(jobs)

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(batches.do, 1, work)
        assert begun[0].wait(30)
        second = [pool.submit(batches.do, 2, work)]
        until_line_is(batches, 1)
        second.append(pool.submit(batches.do, 3, work))
        until_line_is(batches, 2)
        go[0].set()
        assert begun[1].wait(30)
        third = pool.submit(batches.do, 4, work)
        until_line_is(batches, 1)
        go[1].set()
        assert begun[2].wait(30)
        assert [first.result(30), *(future.result(30) for future in second)] == [1, 2, 3]
        assert not third.done()
        go[2].set()
        assert third.result(30) == 4


def test_when_the_storage_fails_all_who_wait_are_told_at_once() -> None:
    batches, asked, go = Batches(), Event(), Event()

    def fail(_: Sequence[int]) -> list[int | Exception]:
        asked.set()
        assert go.wait(30)
        raise LogUnavailable("gone")

    with ThreadPoolExecutor(LARGEST + 40) as pool:
        first = pool.submit(batches.do, 0, fail)
        assert asked.wait(30)
        others = [pool.submit(batches.do, number, fail) for number in range(LARGEST + 20)]
        until_line_is(batches, len(others))
        asked.clear()
        go.set()
        for future in (first, *others):
            with pytest.raises(LogUnavailable):
                future.result(30)
    assert not asked.is_set()


def test_requests_at_once_are_committed_at_once(bridge: Bridge, agreed: None) -> None:
    app = create_app(bridge)
    commits: list[object] = []
    event.listen(bridge.engine, "commit", commits.append)
    together = Barrier(24)

    def ask(number: int) -> tuple[int, int]:
        signer = Signer(app.test_client(), KEYS[Holder.PLATFORM], bridge.clock)
        together.wait(30)
        answer = signer.post("/v1/exchanges", declaration(f"key-{number}"))
        return answer.status_code, answer.get_json()["logIndex"]

    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(ask, range(24)))
    assert {status for status, _ in answers} == {201}
    assert len({index for _, index in answers}) == 24
    assert len(commits) < 24
