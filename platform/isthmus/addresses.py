"""Where the embedded servers of a running installation are, for the other commands on the same home."""

import os

from isthmus import children
from isthmus.errors import CannotRun
from isthmus.home import Home, read_json, write_json
from isthmus.settings import ON_BRIDGE, ON_PLATFORM, Process, Settings

VARIABLES = (
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "BRIDGE_DATABASE_URL",
    "BRIDGE_DATABASE_OWNER_URL",
    "REDIS_URL",
    "BRIDGE_REDIS_URL",
)
SECRETS = ("ISTHMUS_SECRET_KEY", "STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET")


def publish(home: Home, settings: Settings) -> None:
    """Write down the addresses in use, for the home's owner only."""
    write_json(home.run / "addresses.json", _as_environment(settings))


def located(home: Home, settings: Settings) -> Settings:
    """Return ``settings`` with the addresses of what runs on ``home``, where none are set."""
    if "supervisor" not in children.recorded(home):
        return completed(settings)
    return completed(settings, read_json(home.run / "addresses.json"))


def completed(settings: Settings, found: dict[str, str] | None = None) -> Settings:
    """Return ``settings`` with unset addresses from ``found``, or from the address each defaults to."""
    known = _as_environment(settings)
    for variable in VARIABLES:
        if variable not in known and variable in (found or {}):
            known[variable] = (found or {})[variable]
    for variable, fallback in (
        ("DATABASE_OWNER_URL", "DATABASE_URL"),
        ("BRIDGE_DATABASE_OWNER_URL", "BRIDGE_DATABASE_URL"),
        ("BRIDGE_REDIS_URL", "REDIS_URL"),
    ):
        if variable not in known and fallback in known:
            known[variable] = known[fallback]
    return settings.model_copy(update={variable.lower(): url for variable, url in known.items()})


def needed(address: str | None, variable: str) -> str:
    """Return ``address``; raise :class:`CannotRun` when there is none."""
    if address is None:
        raise CannotRun(
            f"{variable} is not set and no Isthmus runs on this ISTHMUS_HOME:"
            " start it with `isthmus run`, or set the address of a server."
        )
    return address


def environment_for(process: Process, home: Home, settings: Settings) -> dict[str, str]:
    """Return a child's environment: what it needs to know, no address or secret of the other side."""
    secret = {*VARIABLES, *SECRETS}
    environment = {name: value for name, value in os.environ.items() if name not in secret}
    known = _as_environment(settings)
    wanted: set[str] = set()
    if process in ON_PLATFORM:
        wanted = {"DATABASE_URL", "REDIS_URL", *SECRETS}
    elif process in ON_BRIDGE:
        wanted = {"BRIDGE_DATABASE_URL", "BRIDGE_REDIS_URL"}
    known |= {name: os.environ[name] for name in SECRETS if name in os.environ}
    environment |= {name: known[name] for name in wanted if name in known}
    return environment | {
        "ISTHMUS_HOME": str(home.path),
        "ISTHMUS_PORT": str(settings.port),
        "ISTHMUS_INSTANCES": str(settings.instances),
    }


def _as_environment(settings: Settings) -> dict[str, str]:
    values = {variable: getattr(settings, variable.lower()) for variable in VARIABLES}
    return {variable: url for variable, url in values.items() if url is not None}
