"""The servers that tests run against: embedded ones, without durability, for one test run."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from isthmus import embedded, lodging
from isthmus.home import home_of


@dataclass(frozen=True)
class TestServers:
    """A PostgreSQL and a Redis that end with the test run, and their addresses."""

    __test__ = False
    folder: Path
    servers: embedded.Servers
    postgres_url: str
    redis_url: str

    def stop(self) -> None:
        self.servers.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def start() -> TestServers:
    """Start both servers in a folder of their own."""
    folder = Path(tempfile.mkdtemp(prefix="isthmus-tests-"))
    folder.chmod(0o711)
    home = home_of(folder / "home")
    home.prepare()
    servers = embedded.prepare(home, lodging.find(home, None), durable=False)
    servers.start()
    url = embedded.postgres_url(servers.secrets, "postgres", servers.postgres.port, "postgres")
    return TestServers(folder, servers, url, servers.addresses()["REDIS_URL"])
