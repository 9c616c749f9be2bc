"""The broker is a convenience: dead or deaf, it delays nothing that waits for an answer and loses nothing."""

import socket
import time
from collections.abc import Iterator

import pytest

from isthmus import broker, worker
from isthmus_platform import outbox
from isthmus_platform.database import Actor, Duty, PartyRole, Platform, new_id

TRADER = Actor(new_id(), frozenset({PartyRole.TRADER}), "user:test")


@pytest.fixture
def nobody() -> str:
    """Return the address of a broker that is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://127.0.0.1:{probe.getsockname()[1]}/0"


@pytest.fixture
def deaf() -> Iterator[str]:
    """Yield the address of a broker that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        yield f"redis://127.0.0.1:{listener.getsockname()[1]}/0"


@pytest.mark.parametrize("kind", ["nobody", "deaf"])
@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_does_not_answer_holds_up_no_request(
    kind: str, scheme: str, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(kind).replace("redis", scheme)
    wake = worker.waker(url)
    began = time.monotonic()
    for _ in range(20):
        wake("crossing")
    with pytest.raises(broker.Silent):
        broker.look(url)
    assert time.monotonic() - began < 4


def test_a_write_is_committed_though_the_broker_is_dead(platform: Platform, nobody: str) -> None:
    with Platform(platform.engine, platform.clock, worker.waker(nobody)).begin(TRADER) as work:
        outbox.emit(work, "crossing", {})
    with platform.begin(Duty("outbox")) as work:
        assert outbox.waiting(work) == {"crossing": 1}


def test_a_wake_up_reaches_the_worker_over_a_real_broker(platform: Platform, redis_url: str) -> None:
    handled: list[outbox.Message] = []
    app = worker.create_worker(redis_url, ("greeting",), lambda: (platform, {"greeting": handled.append}))
    with Platform(platform.engine, platform.clock, worker.waker(redis_url)).begin(TRADER) as work:
        outbox.emit(work, "greeting", {"say": "hello"})
    with app.connection_for_read() as connection, connection.SimpleQueue(worker.QUEUE) as queue:
        message = queue.get(timeout=5)
        message.ack()
    assert message.headers["task"] == worker.DRAIN
    assert message.headers["argsrepr"] == "('greeting',)"
    app.tasks[worker.DRAIN]("greeting")
    assert [message.payload for message in handled] == [{"say": "hello"}]


def test_every_topic_is_swept_without_any_wake_up(nobody: str) -> None:
    app = worker.create_worker(
        nobody, ("crossing", "invoice"), lambda: pytest.fail("no connection is needed")
    )
    swept = {entry["args"] for entry in app.conf.beat_schedule.values()}
    assert swept == {("crossing",), ("invoice",)}
    assert all(entry["schedule"] <= 2 for entry in app.conf.beat_schedule.values())


def test_a_killed_workers_task_comes_back_and_no_task_outlives_its_visibility(nobody: str) -> None:
    conf = broker.create_celery("test", nobody).conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.task_time_limit < conf.broker_transport_options["visibility_timeout"]
    assert conf.broker_transport_options["unacked_restore_interval"] == 1
    assert conf.broker_transport_options["unacked_restore_throttle"] == 1
