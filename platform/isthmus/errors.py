"""What keeps Isthmus from running, said so that a person can act on it."""

from collections.abc import Sequence


class CannotRun(Exception):
    """An expected failure: it says what is wrong and what to do; the command exits with ``exit_code``."""

    exit_code = 1


class Misconfigured(CannotRun):
    """The settings forbid starting; every problem is listed, so that one look mends them all."""

    exit_code = 2

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("The settings do not allow this:\n" + "\n".join(f"  - {each}" for each in problems))
