"""``isthmus key``: which keys are trusted, and replacing one while everything runs."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from rich.console import Console

from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.keys import OURS
from isthmus.settings import load
from isthmus_protocol.keys import Holder
from isthmus_protocol.shapes import MalformedMessage, Members

if TYPE_CHECKING:
    from isthmus.keys import KeyFolder
    from isthmus_protocol.keys import TrustedKey

HOLDER = click.Choice([holder.value for holder in OURS], case_sensitive=False)

said = Console(highlight=False, soft_wrap=True, markup=False)


@click.group()
def key() -> None:
    """List, rotate and revoke the keys that sign: no process need be stopped for it."""


@key.command("list")
def list_() -> None:
    """Show the keys that are trusted here, and which of them sign on this machine."""
    from isthmus import key_rotation

    folder = _folder()
    now = datetime.now(UTC)
    for each in sorted(folder.trust(), key=lambda each: (each.holder, _told(each.not_before))):
        state = _state(each, now, signs=key_rotation.signs_now(folder, each))
        times = [f"from {_told(each.not_before)}"] if each.not_before else []
        times += [f"revoked {_told(each.revoked_at)}"] if each.revoked_at else []
        said.print(f"{each.holder.value:<10} {each.kid}  {state:<10} {', '.join(times)}".rstrip())


@key.command()
@click.argument("holder", type=HOLDER)
@click.option(
    "--announce", is_flag=True, help="Only have the next key trusted: carry trust.json around, then rotate."
)
def rotate(holder: str, *, announce: bool) -> None:
    """Let a new key of HOLDER sign from now on; the old one stays trusted until it is revoked.

    With several machines, --announce first and carry trust.json to the others, for a signature by a key that
    they do not know is refused (and sent again later).
    """
    from isthmus import key_rotation

    folder, now = _folder(), datetime.now(UTC)
    if announce:
        new = key_rotation.announce(folder, Holder(holder), now)
        said.print(f"{new.holder} {new.kid}: trusted from now on, and not signing yet.")
        said.print(f"Next: carry {folder.path / 'trust.json'} to the other machines,")
        said.print(f"then: isthmus key rotate {holder}")
        return
    new, old = key_rotation.rotate(folder, Holder(holder), now)
    said.print(f"{new.holder} {new.kid}: signs from now on.")
    said.print(f"{old.holder} {old.kid}: still trusted.")
    said.print(f"Next, when nothing that it signed is under way: isthmus key revoke {old.kid}")


# A thumbprint may begin with a dash, and then looks like an option.
@key.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})
@click.argument("kid")
@click.option("--at", "moment", metavar="TIME", help="From then on, RFC 3339 in UTC; now if not given.")
def revoke(kid: str, moment: str | None) -> None:
    """Let the key KID not count any more: what it signed before, by the log, still does.

    Where a key was stolen, TIME is when, as far as is known: what it signed since is taken back.
    """
    from isthmus import key_rotation

    revoked = key_rotation.revoke(_folder(), kid, _time(moment))
    said.print(f"{revoked.holder} {kid}: revoked from {_told(revoked.revoked_at)} on.")
    said.print("Next: carry trust.json to every other machine and to those who audit.")


def _folder() -> "KeyFolder":
    from isthmus.keys import KeyFolder

    return KeyFolder(home_of(load().home).keys)


def _time(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        return Members({"at": text}).time("at")
    except MalformedMessage:
        raise CannotRun(f"{text} is no time: write it as 2026-06-01T12:00:00Z.") from None


def _told(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _state(each: "TrustedKey", now: datetime, *, signs: bool) -> str:
    if not each.in_force(now):
        return "revoked" if each.revoked_at is not None and each.revoked_at <= now else "not yet"
    return "signs here" if signs else "trusted"
