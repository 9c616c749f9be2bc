"""Telling the supervisor that a process is at work: it leaves a file where the supervisor said."""

import os
from pathlib import Path


def tell() -> None:
    """Say that this process is at work, if anybody asked to be told."""
    file = os.environ.get("ISTHMUS_READY_FILE")
    if file:
        Path(file).touch()
