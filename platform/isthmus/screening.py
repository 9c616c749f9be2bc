"""``isthmus screening``: the lists that are screened against, loaded and signed for by the operator."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.settings import load as load_settings

if TYPE_CHECKING:
    from isthmus_platform.database import Work
    from isthmus_platform.screening.listfile import ListDraft
    from isthmus_platform.screening.records import ScreeningList
    from isthmus_protocol.keys import SigningKey

TYPE = "isthmus-screening-list+jws"
MOST_SHOWN = 50

said = Console(highlight=False, soft_wrap=True, markup=False)

_party = click.option("--party", metavar="NAME", help="The operator's name, where there are several.")
_version = click.option("--version", "number", type=click.IntRange(1), help="The newest if not given.")


@click.group()
def screening() -> None:
    """Load the lists that parties, vessels and goods are screened against, and look at them."""


@screening.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--by", required=True, metavar="PERSON", help="Who answers for it; the signature says so.")
@click.option("--list", "name", metavar="NAME", help="For CSV: the list's name for machines.")
@click.option("--title", help="For CSV: its name for people.")
@click.option("--effective-from", metavar="TIME", help="For CSV: from when it counts, with offset.")
@click.option(
    "--key", type=click.Path(path_type=Path, dir_okay=False), help="The operator's key (PKCS #8 PEM)."
)
@_party
def load(
    file: Path,
    by: str,
    name: str | None,
    title: str | None,
    effective_from: str | None,
    key: Path | None,
    party: str | None,
) -> None:
    """Load FILE (.json or .csv) as the next version of its list; one with wrong lines changes nothing."""
    from isthmus_platform.screening import lists

    header = {"list": name, "title": title, "effectiveFrom": effective_from}
    draft = _read(file, {each: value for each, value in header.items() if value is not None})
    signer = _signer(key)
    with _operator(party) as work:
        row = lists.load(work, draft, by, lambda statement: signed(signer, statement))
        told = f"{row.entries} entries: {row.added} added, {row.changed} changed, {row.removed} removed"
        said.print(f"{row.code} version {row.version}, {told}; signed for by {row.loaded_by}.")
        said.print(
            f"It counts from {row.effective_from:%Y-%m-%d %H:%M} UTC; the worker screens everything anew."
        )
    said.print(f"Next: isthmus screening show {draft.code}")


@screening.command()
@click.argument("name", required=False)
@_version
@_party
def show(name: str | None, number: int | None, party: str | None) -> None:
    """Show the lists, or the list NAME: who signed for it, how far its screening is, its entries."""
    from isthmus_platform.screening import lists

    with _operator(party) as work:
        if name is None:
            for each in lists.page(work, first=500):
                said.print(f"{each.code:<30} {each.version:>4}  {each.entries:>7} entries  {_since(each)}")
            return
        row = lists.get(work, name, number)
        said.print(f"{row.title}: {row.code} version {row.version}, {row.entries} entries, {_since(row)}")
        said.print(f"Loaded at {row.loaded_at:%Y-%m-%d %H:%M} UTC by {row.loaded_by}: {checked(row)}.")
        run = lists.runs(work, [row.id]).get(row.id)
        if run is not None:
            state = "finished" if run.finished_at else "under way"
            said.print(f"Screening {state}: {run.done} done, {run.opened} hits opened.")
        for count, (reference, _, content) in enumerate(lists.entries(work, row)):
            if count == MOST_SHOWN:
                said.print(f"... and {row.entries - MOST_SHOWN} more.")
                break
            said.print(f"  {reference:<20} {content['kind']:<7} {_words(content)}")


@screening.command()
@click.argument("name")
@click.option("--from", "older", type=click.IntRange(1), help="The version before the other if not given.")
@_version
@_party
def diff(name: str, older: int | None, number: int | None, party: str | None) -> None:
    """Show what one version of the list NAME says otherwise than another."""
    from isthmus_platform.screening import lists

    with _operator(party) as work:
        newer = lists.get(work, name, number)
        before = lists.get(work, name, older or newer.version - 1)
        found = lists.difference(work, before, newer)
        said.print(f"{newer.code}: version {before.version} to {newer.version}")
        for reference, content in found.removed.items():
            said.print(f"- {reference}: {_words(content)}")
        for reference, content in found.added.items():
            said.print(f"+ {reference}: {_words(content)}")
        for reference, (was, now) in found.changed.items():
            said.print(f"~ {reference}: {_words(was)}\n  {'':<{len(reference)}}  {_words(now)}")


@screening.command()
def schema() -> None:
    """Print the JSON Schema of a list."""
    from isthmus_platform.screening import listfile

    click.echo(listfile.schema(), nl=False)


def signed(key: "SigningKey", statement: dict[str, Any]) -> str:
    """Return what is said of a list (JWS), signed by the operator's key."""
    from isthmus_protocol import statements

    return statements.sign(key, statement, TYPE)


def checked(row: "ScreeningList") -> str:
    """Return in words whether the signature of a version is the operator's and of what is kept of it."""
    from isthmus.keys import KeyFolder
    from isthmus_platform.screening import lists
    from isthmus_protocol import statements
    from isthmus_protocol.keys import Holder, SignatureError

    trust = KeyFolder(home_of(load_settings().home).keys).trust()
    try:
        said_then = statements.verify(row.signature, trust, TYPE, Holder.OPERATOR, at=row.loaded_at)
    except SignatureError as error:
        return f"NOT SIGNED: {error}"
    return (
        "signed by the operator's key" if said_then == lists.statement(row) else "THE SIGNATURE IS OF ANOTHER"
    )


def read(file: Path, header: dict[str, Any]) -> "ListDraft":
    """Return the list in a file, CSV by its name's end, else JSON; raises :class:`BadList`."""
    from isthmus_platform.screening import listfile

    if file.suffix.lower() == ".csv":
        return listfile.read_csv(file.read_bytes(), header)
    if header:
        raise click.UsageError("A list in JSON says its name, title and time itself.")
    return listfile.read_json(file.read_bytes())


def _read(file: Path, header: dict[str, Any]) -> "ListDraft":
    from isthmus_platform.screening.listfile import BadList

    try:
        return read(file, header)
    except BadList as refusal:
        lines = "\n".join(f"  {each.message} ({each.code})" for each in refusal.lines)
        raise CannotRun(f"{file} is not taken, nothing was changed:\n{lines}") from None


def _signer(key: Path | None) -> "SigningKey":
    from isthmus import agreement_bridge

    file = key or home_of(load_settings().home).keys / "operator.pem"
    if not file.is_file():
        raise CannotRun(f"There is no key {file}: name the operator's with --key.")
    return agreement_bridge.own_key("operator", file)


@contextmanager
def _operator(party: str | None) -> "Iterator[Work]":
    """Open a transaction on the platform's database as the operator; a refusal is told as it is."""
    from isthmus import addresses
    from isthmus_platform import parties
    from isthmus_platform.database import Duty, PartyRole, Platform, create_platform_engine
    from isthmus_platform.errors import PlatformError

    settings = load_settings()
    settings = addresses.located(home_of(settings.home), settings)
    engine = create_platform_engine(addresses.needed(settings.database_url, "DATABASE_URL"), pool_size=1)
    platform = Platform(engine)
    try:
        with platform.begin(Duty("onboarding")) as work:
            known = [each for each in parties.directory(work) if each.has(PartyRole.OPERATOR)]
        found = [each for each in known if party in (None, each.name)]
        if len(found) != 1:
            names = ", ".join(each.name for each in known) or "none"
            raise CannotRun(f"Name the operator with --party. There are: {names}.")
        with platform.begin(parties.actor_of(found[0], "command")) as work:
            yield work
    except PlatformError as refusal:
        raise CannotRun(f"{refusal.message} ({refusal.code})") from None
    finally:
        engine.dispose()


def _since(row: "ScreeningList") -> str:
    if row.began_at is not None:
        return f"since {row.began_at:%Y-%m-%d %H:%M} UTC"
    return f"from {row.effective_from:%Y-%m-%d %H:%M} UTC on"


def _words(content: dict[str, Any]) -> str:
    parts = [
        *content.get("names", ()),
        *([f"IMO {content['imo']}"] if "imo" in content else ()),
        *(f"HS {each}" for each in content.get("hsPrefixes", ())),
        *content.get("keywords", ()),
        *content.get("countries", ()),
    ]
    return ", ".join(parts) + (f" ({content['programme']})" if content.get("programme") else "")
