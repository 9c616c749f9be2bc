"""The window at work: what is due is done, by one thread, beside the server that takes requests."""

import threading
from dataclasses import dataclass, field

import structlog
from sqlalchemy import exists, or_, select

from isthmus_window import outgoing, processing
from isthmus_window.database import Application, Declaration, Outgoing, reading, writing
from isthmus_window.service import Window

log = structlog.get_logger(__name__)

IDLE = 0.1
"""How long, in seconds, the thread rests between two looks at what is due."""
AFTER_FAILURE = 1.0


def run_due(window: Window) -> int:
    """Take every step that is due and send what waits; return how much was done.

    Safe to run twice at a time, and to be killed anywhere: what was not committed is done again.
    """
    if not _is_anything_due(window):
        return 0
    done = 0
    with writing(window.engine) as session:
        done += processing.hear_agencies(session, window.clock(), window.pace)
    while True:
        with writing(window.engine) as session:
            if not processing.advance_due(session, window.clock(), window.pace):
                break
        done += 1
    return done + outgoing.send_due(window)


def _is_anything_due(window: Window) -> bool:
    """Look before taking the one writer's place, so that an idle window holds up nobody."""
    now = window.clock()
    with reading(window.engine) as session:
        looks = (
            exists().where(Declaration.due_at <= now),
            exists().where(Application.due_at <= now),
            exists().where(Outgoing.state == "WAITING", Outgoing.due_at <= now),
        )
        return bool(session.scalar(select(or_(*looks))))


@dataclass(frozen=True)
class Worker:
    """The running thread; :meth:`stop` ends it after what it is doing."""

    thread: threading.Thread
    stopped: threading.Event = field(default_factory=threading.Event)

    def stop(self) -> None:
        """End the thread and wait for it."""
        self.stopped.set()
        self.thread.join()


def start(window: Window) -> Worker:
    """Start the thread that does what is due until it is stopped.

    What a window was sending when it was killed is sent again at once.
    """
    outgoing.resume(window)
    stopped = threading.Event()
    thread = threading.Thread(target=_work, args=(window, stopped), name="window-work", daemon=True)
    worker = Worker(thread, stopped)
    thread.start()
    return worker


def _work(window: Window, stopped: threading.Event) -> None:
    rest = IDLE
    while not stopped.wait(rest):
        try:
            run_due(window)
            rest = IDLE
        except Exception:
            log.exception("window.work_failed")
            rest = AFTER_FAILURE
