"""Starting without the garbage collector: what a process makes before its work, it keeps for good."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

OBJECTS_BETWEEN_COLLECTIONS = 20_000
"""A page of objects, which are no cycles, is not looked through again and again."""


@contextmanager
def settling() -> Iterator[None]:
    """Let modules, schema and application be made, and never be looked at by the collector.

    To look through them while they come takes a quarter of a start. What is forked later shares them.
    """
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    gc.enable()
