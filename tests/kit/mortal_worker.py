"""The platform's worker on disbursements, in a process of its own that is killed around any of its commits.

It is run as a script: it loads the platform once and forks a process for each life, armed with the number of
the point at which it sends itself SIGKILL (0: never).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from isthmus_billing import metering
from isthmus_platform import domain_events, receivables
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_platform.outbox import drain
from mortal import TOLD, Death, watch_transactions


def _live(database: str, now: datetime, at: int) -> None:
    """Do what waits, or be killed on the way."""
    death = Death(at)
    watch_transactions(death)
    platform = Platform(create_platform_engine(database), lambda: now)
    drain(platform, receivables.TOPIC, partial(receivables.pay_out, platform))
    drain(platform, domain_events.TOPIC, partial(metering.record, platform))


def main() -> None:
    """Fork a life for every line that comes in, and say how it ended."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, TOLD)
    while line := sys.stdin.readline():
        told = json.loads(line)
        life = os.fork()
        if life == 0:
            _live(told["database"], datetime.fromisoformat(told["now"]), told["at"])
            os._exit(0)
        _, status = os.waitpid(life, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))


@dataclass(frozen=True)
class MortalWorker:
    """The tests' side."""

    launcher: "subprocess.Popen[str]"
    database: str

    def work(self, now: datetime, at: int = 0) -> int:
        """Let a worker live at ``now``, killed at the ``at``-th point; return its exit code."""
        stdin, stdout = self.launcher.stdin, self.launcher.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"database": self.database, "now": now.isoformat(), "at": at}) + "\n")
        stdin.flush()
        return int(stdout.readline())


@contextmanager
def mortal_worker(database: str) -> Iterator[MortalWorker]:
    """Start a launcher of workers on ``database``."""
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as launcher:
        yield MortalWorker(launcher, database)
        assert launcher.stdin is not None
        launcher.stdin.close()  # which ends it


if __name__ == "__main__":
    main()
