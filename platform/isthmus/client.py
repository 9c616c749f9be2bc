"""``isthmus client``: the machines that may come in, as the operator registers and stops them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.settings import load

if TYPE_CHECKING:
    from isthmus_platform.access import ApiClient
    from isthmus_platform.database import Work

said = Console(highlight=False, soft_wrap=True, markup=False)

_jwks = click.option(
    "--jwks",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help='Its public keys, a JWK Set: {"keys": [...]}, Ed25519 or P-256.',
)


@click.group()
def client() -> None:
    """Register the parties' machines, exchange their keys, suspend and resume them.

    A party does the same for its own machines by GraphQL (registerClient and its neighbours).
    """


@client.command()
@click.argument("client_id")
@click.option("--party", required=True, metavar="NAME", help="The party that it acts for.")
@_jwks
@click.option(
    "--scope", "scopes", multiple=True, help="What it may do; repeat it. All that the party may if none."
)
@click.option("--bearer", is_flag=True, help="Let it use tokens that are not bound to a key of its own.")
def add(client_id: str, party: str, jwks: Path, scopes: tuple[str, ...], *, bearer: bool) -> None:
    """Let the machine CLIENT_ID come in for a party."""
    from isthmus_platform import access, clients

    with _onboarding() as work:
        keys = clients.keys_in(jwks.read_text())
        access.add_client(work, party, client_id, keys, scopes=scopes or None, demands_proof=not bearer)
    said.print(f"{client_id}: comes in for {party} from now on.")
    said.print("Next: docs/access.md tells its people how it obtains a token.")


@client.command("list")
@click.option("--party", metavar="NAME", help="Those of this party alone.")
def list_(party: str | None) -> None:
    """Show the machines, with their keys and what they may do."""
    from isthmus_platform import clients

    with _onboarding() as work:
        for each, name in clients.every(work, party):
            scopes = "all" if each.scopes is None else " ".join(each.scopes) or "none"
            bound = "bound" if each.demands_proof else "bearer"
            said.print(f"{each.client_id:<30} {name:<20} {_state(each):<10} {bound:<7} {scopes}")
            for key in each.public_keys:
                said.print(
                    f"    {key['kid']}{_told(' from', key.get('nbf'))}{_told(' until', key.get('exp'))}"
                )


@client.command()
@click.argument("client_id")
@_jwks
@click.option(
    "--overlap", default=24, show_default=True, type=click.IntRange(0, 720), metavar="HOURS",
    help="How long the keys before the new ones hold too; 0 where one was stolen.",
)  # fmt: skip
def rotate(client_id: str, jwks: Path, overlap: int) -> None:
    """Give the machine CLIENT_ID new keys; those before them hold for a while, so nothing is refused."""
    from isthmus_platform import access, clients

    with _onboarding() as work:
        found = access.client_named(work, client_id)
        until = work.now + timedelta(hours=overlap)
        clients.rotate(work, found, clients.keys_in(jwks.read_text()), until)
    said.print(f"{client_id}: its new keys hold from now on, those before until {until:%Y-%m-%d %H:%M} UTC.")


@client.command()
@click.argument("client_id")
@click.option("--resume", is_flag=True, help="Let it in again.")
def suspend(client_id: str, *, resume: bool) -> None:
    """Let the machine CLIENT_ID in no more until it is resumed; its tokens end at once."""
    from isthmus_platform import access, clients

    with _onboarding() as work:
        (clients.resume if resume else clients.suspend)(work, access.client_named(work, client_id))
    said.print(f"{client_id}: {'let in again' if resume else 'let in no more, its tokens included'}.")


@contextmanager
def _onboarding() -> "Iterator[Work]":
    """Open a transaction on the platform's database as who lets parties in; a refusal is told as it is."""
    from isthmus import addresses
    from isthmus_platform.database import Duty, Platform, create_platform_engine
    from isthmus_platform.errors import PlatformError

    settings = load()
    settings = addresses.located(home_of(settings.home), settings)
    engine = create_platform_engine(addresses.needed(settings.database_url, "DATABASE_URL"), pool_size=1)
    try:
        with Platform(engine).begin(Duty("onboarding")) as work:
            yield work
    except PlatformError as refusal:
        raise CannotRun(f"{refusal.message} ({refusal.code})") from None
    finally:
        engine.dispose()


def _state(each: "ApiClient") -> str:
    if each.revoked_at is not None:
        return "revoked"
    return "admitted" if each.suspended_at is None else "suspended"


def _told(word: str, seconds: int | None) -> str:
    return "" if seconds is None else f"{word} {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
