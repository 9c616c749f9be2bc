"""Peers that want an environment of their own: made once beside the results, from what pip finds."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".environments"


class NoPeer(Exception):
    """The peer cannot be installed here."""


def ask(peer: str, requirements: tuple[str, ...], *arguments: str) -> dict[str, Any]:
    """Run ``benchmarks/PEER.py`` in an environment with ``requirements`` and return the JSON it prints.

    Raises :class:`NoPeer`.
    """
    environment = ENVIRONMENTS / peer
    python = environment / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", environment], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=True)
        command = [str(python), "-W", "ignore", str(HERE / f"{peer}.py"), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise NoPeer(f"{peer}: {error} {getattr(error, 'stderr', '')}") from error
    found: dict[str, Any] = json.loads(done.stdout)
    return found
