"""A quota is one for all processes, never exceeded, and counted by each alone while Redis is away."""

import threading
from uuid import uuid4

import limits
import pytest
from flask import Flask
from structlog.testing import capture_logs

from isthmus_platform.database import Actor, new_id
from isthmus_platform.http import problems
from isthmus_platform.http.turnstile import Turnstile
from isthmus_platform.quotas import QuotaExceeded, Quotas
from standing import StandingClock


def quotas(url: str | None, clock: StandingClock, words: str = "1000/minute") -> Quotas:
    return Quotas({"requests": limits.parse(words)}, url, clock)


def admitted(desk: Quotas, client: str, times: int, amount: int = 1) -> int:
    count = 0
    for _ in range(times):
        try:
            desk.take(client, "requests", amount)
            count += 1
        except QuotaExceeded:
            pass
    return count


@pytest.mark.parametrize("amount", [1, 7])
def test_two_processes_share_one_quota(redis_url: str, clock: StandingClock, amount: int) -> None:
    client, processes = str(uuid4()), [quotas(redis_url, clock) for _ in range(2)]
    counted: list[int] = []

    def count(one: Quotas) -> None:
        counted.append(admitted(one, client, 1200, amount))

    work = [threading.Thread(target=count, args=(one,)) for one in processes]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert 1000 - 60 - 2 * amount <= sum(counted) * amount <= 1000
    assert admitted(quotas(redis_url, clock), str(uuid4()), 1) == 1, "another client has its own"


def test_one_process_gives_out_all_of_it_and_no_more(redis_url: str, clock: StandingClock) -> None:
    client, desk = str(uuid4()), quotas(redis_url, clock)
    assert admitted(desk, client, 1100) == 1000
    clock.advance(seconds=60)
    assert admitted(desk, client, 1) == 1


def test_what_is_left_is_told_exactly_in_one_process(redis_url: str, clock: StandingClock) -> None:
    client, desk = str(uuid4()), quotas(redis_url, clock, "10/minute")
    assert [desk.take(client, "requests").left for _ in range(10)] == list(range(9, -1, -1))


def test_while_redis_is_away_each_process_counts_alone(clock: StandingClock) -> None:
    desk = quotas("redis://127.0.0.1:1/0", clock, "5/minute")
    with capture_logs() as logs:
        assert admitted(desk, "client", 8) == 5
    assert {entry["event"] for entry in logs} == {"quota.alone"}


def test_a_refused_request_is_told_when_to_come_again(clock: StandingClock) -> None:
    web, turnstile = Flask("web"), Turnstile(quotas(None, clock, "1/minute"))
    actor = Actor(new_id(), frozenset(), "client:1")
    problems.install(web)

    @web.get("/")
    def enter() -> str:
        turnstile.admit(actor)
        return "in"

    first = web.test_client().get("/")
    resets = 60 - int(clock().timestamp()) % 60
    assert first.status_code == 200
    assert first.headers["RateLimit-Policy"] == '"requests";q=1;w=60'
    assert first.headers["RateLimit"] == f'"requests";r=0;t={resets}'
    second = web.test_client().get("/")
    assert (second.status_code, second.get_json()["code"]) == (429, "too_many_requests")
    assert second.headers["Retry-After"] == str(resets)
    assert second.headers["RateLimit"] == f'"requests";r=0;t={resets}'
