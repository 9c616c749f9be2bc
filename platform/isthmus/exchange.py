"""``isthmus exchange``: what waits at the bridge, what was set aside and why, and how it goes on.

Either signatory of the agreements may look and resume, with its own key and from its own machine; neither
sees contents.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click
from rich.console import Console

from isthmus.errors import CannotRun

if TYPE_CHECKING:
    from isthmus_protocol.keys import SigningKey

PAGE = 200

said = Console(highlight=False, soft_wrap=True, markup=False)

_side = click.option(
    "--as",
    "side",
    type=click.Choice(["operator", "authority"]),
    default="operator",
    show_default=True,
    help="For whom you look or resume.",
)
_key = click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="That party's private key, Ed25519 in PKCS #8 PEM; the one in ISTHMUS_HOME if not given.",
)


@click.group()
def exchange() -> None:
    """See what waits to cross the bridge, and resume what was set aside."""


@exchange.command("list")
@click.option("--set-aside", is_flag=True, help="Only what is set aside and waits for somebody.")
@_side
@_key
def list_(*, set_aside: bool, side: str, key: Path | None) -> None:
    """List what waits: under way, or ended and its originator not told yet. Oldest first."""
    from isthmus.exchange_words import table

    signer = _signer(side, key)
    answer = page = _call("GET", _page_from(0, set_aside=set_aside), signer)
    found = page["exchanges"]
    while len(page["exchanges"]) == PAGE:
        page = _call("GET", _page_from(found[-1]["logIndex"] + 1, set_aside=set_aside), signer)
        found += page["exchanges"]
    doubtful = f", {answer['inDoubt']} in doubt" if answer["inDoubt"] else ""
    said.print(f"{answer['waiting']} wait, {answer['setAside']} of them set aside{doubtful}.")
    if found:
        said.print(table(found))
    if answer["setAside"]:
        said.print("Next: isthmus exchange show ID, then resume ID (or resume --all).")


@exchange.command()
@click.argument("id_", metavar="ID", type=click.UUID)
@_side
@_key
def show(id_: UUID, side: str, key: Path | None) -> None:
    """Show how far the exchange ID has come, what it waits for, and what went wrong."""
    from isthmus.exchange_words import lines

    for line in lines(_call("GET", f"/{id_}", _signer(side, key))):
        said.print(line)


@exchange.command()
@click.argument("id_", metavar="[ID]", type=click.UUID, required=False)
@click.option("--all", "everything", is_flag=True, help="Everything that is set aside.")
@_side
@_key
def resume(id_: UUID | None, *, everything: bool, side: str, key: Path | None) -> None:
    """Try the exchange ID again at once, or with --all everything that is set aside."""
    if (id_ is None) != everything:
        raise click.UsageError("Name one exchange, or give --all.")
    signer = _signer(side, key)
    if everything:
        said.print(f"{_call('POST', '/resume', signer)['resumed']} resumed.")
        return
    behind = _call("POST", f"/{id_}/resume", signer)["behind"]
    said.print(f"Resumed; it waits behind {behind}." if behind else "Resumed: it is due now.")


def _page_from(log_index: int, *, set_aside: bool) -> str:
    return f"?setAside={int(set_aside)}&start={log_index}&limit={PAGE}"


def _signer(side: str, key: Path | None) -> "SigningKey":
    from isthmus import agreement_bridge
    from isthmus.home import home_of
    from isthmus.settings import load

    file = key or home_of(load().home).keys / f"{side}.pem"
    if not file.is_file():
        raise CannotRun(f"There is no key {file}: name the {side}'s with --key.")
    return agreement_bridge.own_key(side, file)


def _call(method: str, path: str, signer: "SigningKey") -> dict[str, Any]:
    from isthmus import agreement_bridge

    return agreement_bridge.call(method, f"/v1/waiting{path}", None, signer)
