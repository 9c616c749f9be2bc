"""``isthmus doctor``: each component looked at, and what to do where something is wrong."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import psycopg
from rich.console import Console

from isthmus import addresses, broker, children, health
from isthmus.home import Home, home_of
from isthmus.keys import KeyFolder
from isthmus.lodging import LEAST_SPACE
from isthmus.migrations import Database
from isthmus.settings import Process, Settings


@dataclass(frozen=True)
class Diagnosis:
    """What was looked at, what was found, and the remedy when it is not well."""

    what: str
    found: str
    remedy: str | None = None


def examine(settings: Settings, console: Console) -> bool:
    """Print what each component is like and return whether all is well."""
    home = home_of(settings.home)
    settings = addresses.located(home, settings)
    well = True
    for diagnosis in _diagnoses(home, settings):
        mark = "[green]well [/]" if diagnosis.remedy is None else "[red]WRONG[/]"
        console.print(f"  {mark}  {diagnosis.what:<22} {diagnosis.found}")
        if diagnosis.remedy is not None:
            well = False
            console.print(f"         {'':<22} [bold]{diagnosis.remedy}[/]")
    console.print("All is well." if well else "Something needs you: see above.")
    return well


def _diagnoses(home: Home, settings: Settings) -> Iterator[Diagnosis]:
    yield _home(home)
    yield _space(home)
    yield _supervisor(home)
    yield _keys(home)
    yield _database("platform", settings.database_url, "isthmus_app")
    yield _database("bridge", settings.bridge_database_url, "isthmus_bridge_app")
    yield _queue(settings.redis_url)
    for name, url in (
        ("web", settings.web_address),
        ("bridge", settings.bridge_address),
        ("single window", settings.window_address),
        ("witness", settings.witness_address),
    ):
        yield _service(name, url)


def _home(home: Home) -> Diagnosis:
    what = "state (ISTHMUS_HOME)"
    if not home.path.is_dir():
        return Diagnosis(what, f"{home.path} is not there yet", "isthmus run makes it")
    if not os.access(home.path, os.W_OK | os.X_OK) or home.path.stat().st_uid != os.geteuid():
        return Diagnosis(what, f"{home.path} belongs to another user", "run as that user, or choose another")
    return Diagnosis(what, str(home.path))


def _space(home: Home) -> Diagnosis:
    place = next(each for each in (home.path, *home.path.parents) if each.is_dir())
    free = shutil.disk_usage(place).free
    found = f"{free // 2**20:,} MiB free"
    return Diagnosis("disk", found, None if free >= LEAST_SPACE else "free some space")


def _supervisor(home: Home) -> Diagnosis:
    running = children.recorded(home)
    if "supervisor" not in running:
        left = f"{len(running)} processes of a killed run are left" if running else "nothing runs here"
        return Diagnosis("processes", left, "isthmus run starts everything, and ends what is left")
    names = sorted(set(running) - {"supervisor"})
    return Diagnosis("processes", f"{len(names)} run: {', '.join(names)}")


def _keys(home: Home) -> Diagnosis:
    problems = KeyFolder(home.keys).problems(*Process)
    if problems:
        return Diagnosis(
            "keys",
            f"in {home.keys}: {'; '.join(problems)}",
            "isthmus run makes missing keys (in development)",
        )
    return Diagnosis("keys", f"present and private in {home.keys}")


def _database(database: Database, url: str | None, role: str) -> Diagnosis:
    what = f"database ({database})"
    if url is None:
        return Diagnosis(what, "no address", "isthmus run starts one, or set its address")
    try:
        with psycopg.connect(url, connect_timeout=5, options=f"-c role={role}") as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            harmful = connection.execute(
                "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.errors.UndefinedTable:
        return Diagnosis(what, "empty", "isthmus migrate")
    except psycopg.Error as error:
        return Diagnosis(what, str(error).strip().splitlines()[0], "start it, or mend its address")
    if harmful and harmful[0]:
        return Diagnosis(what, f"{role} can bypass row-level security", f"ALTER ROLE {role} NOBYPASSRLS")
    present, expected = (row[0] if row else "none"), health.heads(database)
    if present != expected:
        return Diagnosis(what, f"schema {present}, this code needs {expected}", "isthmus migrate")
    return Diagnosis(what, f"schema {present}, as {role}")


def _queue(url: str | None) -> Diagnosis:
    if url is None:
        return Diagnosis("broker", "no address", "isthmus run starts one, or set REDIS_URL")
    try:
        broker.look(url)
    except broker.Silent as error:
        return Diagnosis("broker", str(error), "start Redis; nothing is lost meanwhile, only late")
    return Diagnosis("broker", "answers")


def _service(name: str, url: str) -> Diagnosis:
    try:
        answer = httpx.get(f"{url}/readyz", timeout=5)
    except httpx.HTTPError:
        return Diagnosis(name, f"nothing answers at {url}", "isthmus run")
    if answer.status_code != httpx.codes.OK:
        return Diagnosis(name, f"{url} is not ready: {answer.text.strip()}", "look at its log")
    return Diagnosis(name, f"ready at {url}")
