"""Settings, read from the environment; nothing else decides how a process runs.

``ISTHMUS_HOME`` holds all state of one machine. Where no address of a server is set, the embedded servers are
meant. A production process refuses to start on what is only fit for development, and lists all of it.
"""

from enum import StrEnum
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import unquote, urlsplit

import limits
from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from isthmus.errors import Misconfigured

MEBIBYTE = 1024 * 1024
SHORTEST_SECRET = 32
DEVELOPMENT_ORIGIN = "isthmus.invalid/bridge"
DEVELOPMENT_WITNESS = "isthmus.invalid/witness"
WORTHLESS_PASSWORDS = frozenset(
    {"", "postgres", "isthmus", "password", "secret", "changeme", "test", "redis"}
)


class Process(StrEnum):
    """The processes of the design; each runs alone with ``isthmus <name>`` or under ``isthmus run``."""

    WEB = "web"
    WORKER = "worker"
    BEAT = "beat"
    BRIDGE = "bridge"
    BRIDGE_WORKER = "bridge-worker"
    WINDOW = "window"
    WITNESS = "witness"


ON_PLATFORM = frozenset({Process.WEB, Process.WORKER, Process.BEAT})
ON_BRIDGE = frozenset({Process.BRIDGE, Process.BRIDGE_WORKER})


def _postgres_address(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in {"postgres", "postgresql", "postgresql+psycopg"}:
        raise ValueError("must begin with postgresql://")
    return f"postgresql://{rest}"


PostgresUrl = Annotated[str, AfterValidator(_postgres_address)]


def _quota(words: str) -> str:
    limits.parse(words)
    return words


def _network(words: str) -> str:
    ip_network(words)
    return words


Network = Annotated[str, AfterValidator(_network)]
Quota = Annotated[str, AfterValidator(_quota)]
Http = Annotated[str, Field(pattern=r"^https?://[^/\s]+$")]


class Settings(BaseSettings):
    """Everything a process needs to know; unset addresses belong to the embedded servers of this machine."""

    model_config = SettingsConfigDict(
        env_prefix="ISTHMUS_", populate_by_name=True, extra="ignore", frozen=True
    )

    home: Path = Path(".isthmus")
    data: Path | None = Field(
        None, description="where the embedded servers keep their data; in the home if unset"
    )
    env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(
        8080, ge=1, le=65532, description="the web's; bridge, window and witness take the next three"
    )
    instances: int = Field(
        1, ge=1, le=8, description="of web, worker, bridge and bridge-worker, side by side"
    )
    processes: int = Field(1, ge=1, le=64, description="serving processes of one web or bridge instance")
    threads: int = Field(8, ge=1, le=64, description="requests that one serving process handles at once")
    bridge_threads: int = Field(32, ge=1, le=256, description="the same for the bridge, which commits many")
    secret_key: SecretStr | None = None
    database_url: PostgresUrl | None = Field(None, validation_alias="DATABASE_URL")
    database_owner_url: PostgresUrl | None = Field(None, validation_alias="DATABASE_OWNER_URL")
    bridge_database_url: PostgresUrl | None = Field(None, validation_alias="BRIDGE_DATABASE_URL")
    bridge_database_owner_url: PostgresUrl | None = Field(None, validation_alias="BRIDGE_DATABASE_OWNER_URL")
    redis_url: str | None = Field(None, validation_alias="REDIS_URL")
    bridge_redis_url: str | None = Field(
        None, validation_alias=AliasChoices("BRIDGE_REDIS_URL"), description="the bridge's broker, if its own"
    )
    log_origin: str = Field(
        DEVELOPMENT_ORIGIN, pattern=r"^[^\s+]+$", description="the name of the bridge's log"
    )
    witness_name: str = Field(
        DEVELOPMENT_WITNESS, pattern=r"^[^\s+]+$", description="the name under which the witness cosigns"
    )
    stripe_api_key: SecretStr | None = Field(None, validation_alias="STRIPE_API_KEY")
    stripe_webhook_secret: SecretStr | None = Field(None, validation_alias="STRIPE_WEBHOOK_SECRET")
    upload_limit: int = Field(100 * MEBIBYTE, ge=1, description="bytes of one document")
    body_limit: int = Field(MEBIBYTE, ge=1024, description="bytes of any other request")
    public_url: Http | None = Field(None, description="where people and machines reach the web")
    platform_url: Http | None = Field(None, description="where the bridge reaches the web, if elsewhere")
    bridge_url: Http | None = None
    window_url: Http | None = None
    witness_url: Http | None = Field(None, description="where the bridge reaches the witness")
    delivery_hours: int = Field(
        72, ge=1, le=8760, description="how long the bridge tries to deliver what it agreed to"
    )
    request_quota: Quota = Field("3000/minute", description="requests of one client")
    cost_quota: Quota = Field(
        "10000000/minute", description="GraphQL fields that one client's requests may ask for"
    )
    certificate_proxies: tuple[Network, ...] = Field(
        (), description="the TLS proxies, as a JSON list of networks, whose Client-Cert header is believed"
    )
    request_seconds: float = Field(
        20, gt=0, le=600, description="how long a request may take, its SQL included"
    )
    operations: Path | None = Field(
        None, description="the list of registered GraphQL operations (Apollo's manifest)"
    )
    only_listed_operations: bool = Field(default=False, description="whether no other GraphQL operation runs")
    standards: Path | None = Field(None, description="the folder of published standards, for their schemas")
    wco_messages: frozenset[Literal["EXPORT_DECLARATION", "DECLARATION_STATUS"]] = Field(
        frozenset(), description="what bridge and window say as WCO XML instead of JSON"
    )
    webhook_loopback: bool = Field(
        default=False, description="webhooks to this machine, by http too; in development only"
    )
    streams: int = Field(8, ge=0, le=256, description="open subscriptions of one serving process")
    graphiql: bool | None = Field(None, description="GraphiQL and introspection; in development only")

    @property
    def production(self) -> bool:
        """Whether real parties use it."""
        return self.env == "production"

    @property
    def web_address(self) -> str:
        """Where people and machines reach the web; also the audience of its tokens."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def platform_address(self) -> str:
        """Where the bridge reaches the platform."""
        return self.platform_url or self.web_address

    @property
    def bridge_address(self) -> str:
        """Where the platform and the window reach the bridge."""
        return self.bridge_url or f"http://127.0.0.1:{self.port + 1}"

    @property
    def window_address(self) -> str:
        """Where the bridge reaches the single window."""
        return self.window_url or f"http://127.0.0.1:{self.port + 2}"

    @property
    def witness_address(self) -> str:
        """Where the bridge reaches the authority's witness."""
        return self.witness_url or f"http://127.0.0.1:{self.port + 3}"

    @property
    def shows_graphiql(self) -> bool:
        """Whether ``/graphql`` shows GraphiQL to browsers and answers introspection."""
        return not self.production if self.graphiql is None else self.graphiql

    def port_of(self, process: Process) -> int | None:
        """Return the port that ``process`` listens on; ``None`` for one that listens on none."""
        offsets = {Process.WEB: 0, Process.BRIDGE: 1, Process.WINDOW: 2, Process.WITNESS: 3}
        return self.port + offsets[process] if process in offsets else None


def load(**given: object) -> Settings:
    """Read the environment, ``given`` first; raise :class:`Misconfigured` naming each bad setting."""
    try:
        return Settings(**given)  # type: ignore[arg-type]  # checked by pydantic
    except ValidationError as error:
        raise Misconfigured([f"{_variable(each['loc'])}: {each['msg']}" for each in error.errors()]) from None


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0])
    return name if name.isupper() else f"ISTHMUS_{name.upper()}"


def check_production(settings: Settings, *processes: Process, demo: bool = False) -> None:
    """Raise :class:`Misconfigured` with all that forbids ``processes`` in production; pass in development."""
    if not settings.production:
        return
    wanted = frozenset(processes)
    problems = [
        *_secret_problems(settings, wanted),
        *_server_problems(settings, wanted),
        *_address_problems(settings, wanted),
    ]
    if demo:
        problems.append("The demo's parties have known passwords: production does not load them.")
    if wanted & (ON_BRIDGE | {Process.WITNESS}) and settings.log_origin == DEVELOPMENT_ORIGIN:
        problems.append("ISTHMUS_LOG_ORIGIN: name the bridge's log, for example bridge.example.org/log.")
    if wanted & {Process.WITNESS} and settings.witness_name == DEVELOPMENT_WITNESS:
        problems.append("ISTHMUS_WITNESS_NAME: name the witness, for example witness.example.org/w1.")
    if wanted & {Process.WINDOW} and not _is_loopback(settings.host):
        problems.append(
            "ISTHMUS_HOST: the reference window's pages ask nobody who they are; let it listen on 127.0.0.1,"
            " behind a proxy that does."
        )
    if settings.shows_graphiql:
        problems.append("ISTHMUS_GRAPHIQL: production shows neither GraphiQL nor the schema; unset it.")
    if settings.webhook_loopback:
        problems.append("ISTHMUS_WEBHOOK_LOOPBACK: production calls nothing on its own machine; unset it.")
    if problems:
        raise Misconfigured(problems)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret_problems(settings: Settings, wanted: frozenset[Process]) -> list[str]:
    problems = []
    if wanted & {Process.WEB}:
        secret = settings.secret_key.get_secret_value() if settings.secret_key else ""
        if len(secret) < SHORTEST_SECRET or len(set(secret)) < SHORTEST_SECRET // 4:
            problems.append(
                f"ISTHMUS_SECRET_KEY: set at least {SHORTEST_SECRET} random characters"
                " (python3 -c 'import secrets; print(secrets.token_urlsafe(48))')."
            )
    if wanted & {Process.WORKER} and settings.stripe_api_key is None:
        problems.append("STRIPE_API_KEY: without it invoices go to a stand-in that takes no money.")
    return problems


def _server_problems(settings: Settings, wanted: frozenset[Process]) -> list[str]:
    needed: dict[str, str | None] = {}
    if wanted & {Process.WEB, Process.WORKER}:
        needed["DATABASE_URL"] = settings.database_url
    if wanted & ON_PLATFORM:
        needed["REDIS_URL"] = settings.redis_url
    if wanted & ON_BRIDGE:
        needed["BRIDGE_DATABASE_URL"] = settings.bridge_database_url
        needed["BRIDGE_REDIS_URL"] = settings.bridge_redis_url or settings.redis_url
    problems = []
    for variable, url in needed.items():
        if url is None:
            problems.append(f"{variable}: not set; the embedded servers are for development.")
        elif _password_is_worthless(url):
            problems.append(f"{variable}: its password is a default or missing.")
    return problems


def _password_is_worthless(url: str) -> bool:
    parts = urlsplit(url)
    if "sslcert=" in parts.query:
        return False
    return unquote(parts.password or "").lower() in WORTHLESS_PASSWORDS


def _address_problems(settings: Settings, wanted: frozenset[Process]) -> list[str]:
    needed: dict[str, str | None] = {}
    if wanted & {Process.WEB}:
        needed["ISTHMUS_PUBLIC_URL"] = settings.public_url
    if wanted & ON_BRIDGE:
        needed["ISTHMUS_PLATFORM_URL"] = settings.platform_url or settings.public_url
        needed["ISTHMUS_WINDOW_URL"] = settings.window_url
        needed["ISTHMUS_WITNESS_URL"] = settings.witness_url
    if wanted & {Process.WEB, Process.WORKER, Process.WINDOW}:
        needed["ISTHMUS_BRIDGE_URL"] = settings.bridge_url
    return [
        f"{variable}: set the https:// address that others reach it by."
        for variable, url in needed.items()
        if url is None or not url.startswith("https://")
    ]
