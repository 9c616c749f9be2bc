"""``isthmus demo``: load the parties, then tell the story chapter by chapter, as it happens."""

from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console
from sqlalchemy.exc import OperationalError

from isthmus.addresses import needed
from isthmus.demo import cast, ground
from isthmus.demo.chapters import CHAPTERS
from isthmus.demo.member import Member, UnexpectedAnswer
from isthmus.demo.story import Cast
from isthmus.errors import CannotRun
from isthmus.home import Home, home_of, read_json, write_json
from isthmus.keys import KeyFolder
from isthmus.settings import Settings
from isthmus_platform.database import Platform, create_platform_engine
from isthmus_protocol.keys import Holder, SigningKey


def play(settings: Settings, console: Console) -> None:
    """Tell the story on the running installation; raise :class:`CannotRun` where it does not go as told."""
    home = home_of(settings.home)
    engine = create_platform_engine(needed(settings.database_url, "DATABASE_URL"), pool_size=1)
    try:
        with httpx.Client(timeout=30) as http:
            players = _prepare(settings, home, Platform(engine), http, console)
            _tell(players, console)
    except UnexpectedAnswer as otherwise:
        raise CannotRun(f"The story did not go as told: {otherwise}") from otherwise
    except (httpx.TransportError, OperationalError) as error:
        raise CannotRun(f"No answer ({error}). Is it running? Start it with `isthmus run`.") from error
    finally:
        engine.dispose()
    _say_where_to_look(settings, home, console)


def _prepare(
    settings: Settings, home: Home, platform: Platform, http: httpx.Client, console: Console
) -> Cast:
    keys = KeyFolder(home.keys)
    actors = cast.enrol(platform, home)
    console.print(f"\n[bold]The parties[/]\n  {', '.join(actors)}.")
    concluded = ground.conclude_agreements(http, settings.bridge_address, keys)
    console.print("[bold]What may cross[/], each agreement signed by operator and authority:")
    for agreement in concluded:
        basis = agreement.legal_basis.citation
        console.print(f"  {agreement.title} [dim]({len(agreement.fields)} fields; {basis})[/]")
    ground.approve_tariff(platform, actors["operator"], actors["authority"])
    ground.load_lists(platform, actors["operator"], keys)

    def member(name: str) -> Member:
        pem = (home.path / "demo" / "clients" / f"{name}.pem").read_bytes()
        kid = SigningKey.from_pem(Holder.PLATFORM, pem).kid
        return Member(name, settings.web_address, pem, kid, http)

    return Cast(
        trader=member("trader"),
        forwarder=member("forwarder"),
        carrier=member("carrier"),
        bank=member("bank"),
        buyers_bank=member("buyers-bank"),
        insurer=member("insurer"),
        consignee=member("consignee"),
        terminal=member("terminal"),
        operator=member("operator"),
        authority=member("authority"),
        first_played=_first_played(home.path / "demo" / "story.json"),
        trust=keys.trust(),
        folder=home.path / "demo",
    )


def _first_played(file: Path) -> datetime:
    """Return when the story was first told: its dates are counted from then, whenever it is told again."""
    known = read_json(file)
    if "first_played" not in known:
        known = {"first_played": datetime.now(UTC).replace(microsecond=0).isoformat()}
        write_json(file, known)
    return datetime.fromisoformat(known["first_played"])


def _tell(players: Cast, console: Console) -> None:
    for number, (title, chapter) in enumerate(CHAPTERS, start=1):
        console.print(f"\n[bold]{number}. {title}[/]")
        with console.status("", spinner="dots"):
            for line in chapter(players):
                mark = "[yellow]✗ refused[/] " if line.refused else "[green]✓[/] "
                console.print(f"  {mark}{line.text}", highlight=False)


def _say_where_to_look(settings: Settings, home: Home, console: Console) -> None:
    console.print("\n[bold]Look around[/]")
    for what, address in (
        ("portal", settings.web_address),
        ("GraphQL", f"{settings.web_address}/graphql"),
        ("single window", f"{settings.window_address}/declarations"),
        ("bridge's log", f"{settings.bridge_address}/v1/log/checkpoint"),
    ):
        console.print(f"  {what:<14} {address}")
    console.print("\n[bold]Sign in as[/]")
    for name, known in cast.sign_ins(home).items():
        console.print(f"  {known.email:<28} {known.password:<14} isthmus token --party {name}")
    evidence = home.path / "demo" / "evidence.json"
    console.print(
        f"\nNext: isthmus verify {evidence} --trust {home.keys / 'trust.json'}\n      isthmus doctor",
        soft_wrap=True,
    )
