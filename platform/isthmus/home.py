"""The folder that holds all state of one machine (``ISTHMUS_HOME``), and who may use it."""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isthmus.errors import CannotRun


@dataclass(frozen=True)
class Home:
    """Where things lie in the home folder."""

    path: Path

    @property
    def keys(self) -> Path:
        """Signing keys, token keys, the master key."""
        return self.path / "keys"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """What runs now: pids, ports, addresses of the embedded servers."""
        return self.path / "run"

    @property
    def secrets(self) -> Path:
        """Passwords of the embedded servers and the development secret key; readable by the owner only."""
        return self.path / "secrets.json"

    @property
    def window_database(self) -> Path:
        """The reference single window's SQLite file."""
        return self.path / "window" / "window.sqlite3"

    @property
    def witness(self) -> Path:
        """The witness's record: the last checkpoint it cosigned."""
        return self.path / "witness"

    def prepare(self) -> None:
        """Make the folders. Others may pass through (the embedded servers' user must) but not look around."""
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o711)
        for private in (self.keys, self.logs, self.run, self.window_database.parent, self.witness):
            private.mkdir(mode=0o700, exist_ok=True)


def home_of(path: Path) -> Home:
    """Return the home at ``path`` (made absolute), not yet prepared."""
    return Home(Path(os.path.abspath(path.expanduser())))  # noqa: PTH100 (keeps symbolic links as named)


def write_private(path: Path, content: bytes) -> None:
    """Write ``content`` so that only the owner reads it, and whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def write_json(path: Path, content: object) -> None:
    """Write ``content`` as JSON, as :func:`write_private` does."""
    write_private(path, json.dumps(content, indent=1).encode())


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in ``path``; an empty one when it is missing or was cut short."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def local_secrets(home: Home) -> dict[str, str]:
    """Return the passwords of the embedded servers and the development secret key, making what is missing."""
    names = (
        "postgres",
        "isthmus_owner",
        "isthmus_app",
        "isthmus_bridge_owner",
        "isthmus_bridge_app",
        "redis",
        "secret_key",
    )
    known = read_json(home.secrets)
    if not all(name in known for name in names):
        known |= {name: secrets.token_urlsafe(24) for name in names if name not in known}
        write_json(home.secrets, known)
    return known


@contextlib.contextmanager
def sole_use(home: Home) -> Iterator[None]:
    """Hold the home for this process; raise :class:`CannotRun` naming the holder if another has it.

    The kernel lets go when the holder ends, however it ends, so a lock cannot be left behind.
    """
    descriptor = os.open(home.run / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
            raise CannotRun(
                f"Isthmus already runs on {home.path} (process {holder})."
                " Stop it there, or choose another ISTHMUS_HOME and ISTHMUS_PORT."
            ) from None
        except OSError as error:
            raise CannotRun(
                f"{home.path} cannot be locked ({error.strerror}): choose an ISTHMUS_HOME on a local disk."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)
