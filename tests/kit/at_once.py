"""Many calls at the same moment, and what came of each."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from isthmus_platform.errors import PlatformError


def at_once(calls: Sequence[Callable[[], object]]) -> Counter[str]:
    """Make all calls at the same moment; count what came of them: ``done``, or the code of a refusal."""
    together = Barrier(len(calls))

    def made(call: Callable[[], object]) -> str:
        together.wait()
        try:
            call()
        except PlatformError as refusal:
            return refusal.code
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(made, calls))
