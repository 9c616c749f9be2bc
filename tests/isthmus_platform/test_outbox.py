"""The outbox does what was committed, and nothing that was not."""

import pytest

from isthmus_platform import outbox
from isthmus_platform.database import Actor, Duty, PartyRole, Platform, new_id
from standing import StandingClock

ACTOR = Actor(new_id(), frozenset({PartyRole.TRADER}), "user:test")


def test_a_message_is_handled_once_after_its_transaction_commits(platform: Platform) -> None:
    with platform.begin(ACTOR) as work:
        outbox.emit(work, "greeting", {"say": "hello"})
    seen: list[outbox.Message] = []
    assert outbox.drain(platform, "greeting", seen.append) == 1
    assert outbox.drain(platform, "greeting", seen.append) == 0
    assert [message.payload for message in seen] == [{"say": "hello"}]


def test_a_message_of_a_rolled_back_transaction_is_never_handled(platform: Platform) -> None:
    def fail_halfway() -> None:
        with platform.begin(ACTOR) as work:
            outbox.emit(work, "greeting", {})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_halfway()
    assert outbox.drain(platform, "greeting", lambda message: pytest.fail(f"handled {message}")) == 0


def test_a_message_whose_handler_cannot_reach_the_other_side_waits_and_comes_back(
    platform: Platform,
    clock: "StandingClock",
) -> None:
    with platform.begin(ACTOR) as work:
        outbox.emit(work, "greeting", {})

    def away(message: outbox.Message) -> None:
        raise outbox.TryLater("nobody at home")

    assert outbox.drain(platform, "greeting", away) == 0
    seen: list[outbox.Message] = []
    assert outbox.drain(platform, "greeting", seen.append) == 0, "it waits before it is tried again"
    clock.advance(seconds=5)
    assert outbox.drain(platform, "greeting", seen.append) == 1
    with platform.begin(Duty("outbox")) as work:
        assert outbox.waiting(work) == {}


def test_another_partys_messages_are_not_visible_without_the_duty(platform: Platform) -> None:
    with platform.begin(ACTOR) as work:
        outbox.emit(work, "greeting", {})
    with platform.begin(ACTOR) as work:
        assert outbox.waiting(work) == {}
