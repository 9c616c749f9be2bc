"""The servers that tests run against: embedded ones, without durability, for one test run."""

from dataclasses import dataclass
from pathlib import Path

from isthmus import embedded, lodging
from isthmus.home import home_of


@dataclass(frozen=True)
class TestServers:
    """A PostgreSQL and a Redis that end with the test run, and their addresses."""

    __test__ = False
    servers: embedded.Servers
    postgres_url: str
    redis_url: str

    def stop(self) -> None:
        self.servers.stop()


def start(folder: Path) -> TestServers:
    """Start both servers in ``folder``, which any user may pass through."""
    home = home_of(folder / "servers")
    home.prepare()
    servers = embedded.prepare(home, lodging.find(home, None), durable=False)
    servers.start()
    url = embedded.postgres_url(servers.secrets, "postgres", servers.postgres.port, "postgres")
    return TestServers(servers, url, servers.addresses()["REDIS_URL"])
