"""Both sides of the real bridge on the loopback: the platform's web, and a window told what to say."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from flask import Flask

from counterparts import KEYRING, KEYS, Neighbour, serving, signed
from isthmus_bridge import agreements
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_platform import crossings, declarations, outbox, window_messages
from isthmus_platform.crossings import BridgeClient, Crossing, Inbox, Sender
from isthmus_platform.errors import NotAuthenticated
from isthmus_platform.http import bridge_inbox, documents, evidence
from isthmus_protocol.agreements import Agreement
from isthmus_protocol.canonical import JsonObject, canonical, parse
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder
from isthmus_protocol.projection import leaf_paths
from isthmus_protocol.receipts import Receiver
from paperwork import Paperwork

AGREEMENTS = Path(__file__).parents[2] / "platform" / "isthmus" / "demo" / "agreements"


def documented(name: str) -> Agreement:
    """Return one of the agreements that the demonstration signs."""
    return Agreement.from_json(parse((AGREEMENTS / f"{name}.json").read_bytes()))


@dataclass(frozen=True)
class Border:
    """The platform with its papers, the bridge, the window, and how the platform reaches the bridge."""

    papers: Paperwork
    bridge: Bridge
    window: Neighbour
    client: BridgeClient
    sender: Sender
    platform_url: str
    bridge_url: str
    sent: list[bytes]
    """Every body the platform sent to the bridge."""

    def agree(self, *names: str) -> None:
        """Put agreements in force, all four of the demonstration when none is named."""
        for name in names or (
            "export-declaration",
            "declaration-status",
            "declaration-query",
            "declaration-answer",
        ):
            with self.bridge.begin() as session:
                document = signed(documented(name))
                agreements.store(session, self.bridge.keyring, document, self.bridge.clock())

    def drain(self) -> int:
        """Let the platform's worker send what waits."""
        return outbox.drain(self.papers.platform, crossings.TOPIC, self.sender)

    def deliver(self) -> None:
        """Let the bridge's worker deliver what is due."""
        deliver_due(self.bridge)

    def declare(self, by: str = "trader", *additional: str) -> UUID:
        """Submit the declaration and return its crossing's id."""
        with self.papers.platform.begin(self.papers[by]) as work:
            return declarations.submit(work, "KHH-HAM-1", additional).crossing.id

    def ask(self, ucr: str, by: str = "bank", purpose: str = "TRADE_FINANCE") -> UUID:
        """Put the bank's question and return its crossing's id."""
        with self.papers.platform.begin(self.papers[by]) as work:
            return declarations.ask_window(work, ucr, purpose).id

    def crossing(self, crossing_id: UUID, by: str = "trader") -> Crossing:
        with self.papers.platform.begin(self.papers[by]) as work:
            return crossings.get(work, crossing_id)

    def crossings(self, by: str = "trader") -> list[Crossing]:
        """Return a party's crossings, oldest first."""
        with self.papers.platform.begin(self.papers[by]) as work:
            return list(reversed(crossings.page(work)))

    def window_says(self, message: str, purpose: str, to: UUID | None, payload: dict[str, Any]) -> JsonObject:
        """Let the window send ``payload`` in reply to an exchange and return the bridge's answer."""
        body = canonical(
            {
                "idempotencyKey": str(uuid4()),
                "message": message,
                "direction": "FROM_WINDOW",
                "purpose": purpose,
                "party": None,
                "role": None,
                "owner": None,
                "subject": None,
                "inReplyTo": str(to),
                "consents": [],
                "fields": [*leaf_paths(payload)],
                "payload": payload,
            }
        )
        url = f"{self.bridge_url}/v1/exchanges"
        headers = sign_request(KEYS[Holder.WINDOW], "POST", url, body, now=self.bridge.clock())
        headers["Content-Type"] = "application/json"
        answer: JsonObject = httpx.post(url, content=body, headers=headers, trust_env=False).json()
        return answer

    def status(self, to: UUID | None, status: str, **more: Any) -> JsonObject:
        """Let the window tell a declaration's status, now by the clock, and the bridge deliver it."""
        at = more.pop("at", self.bridge.clock())
        payload = {"status": status, "at": at.isoformat().replace("+00:00", "Z")} | more
        answer = self.window_says("DECLARATION_STATUS", "CUSTOMS_EXPORT_CLEARANCE", to, payload)
        self.deliver()
        return answer

    def post(self, path: str, body: bytes, holder: Holder = Holder.BRIDGE, **signing: Any) -> httpx.Response:
        """Send a body to the platform's inbox, signed as ``holder``."""
        url = f"{self.platform_url}{path}"
        headers = sign_request(KEYS[holder], "POST", url, body, now=self.bridge.clock(), **signing)
        headers["Content-Type"] = "application/json"
        return httpx.post(url, content=body, headers=headers, trust_env=False)

    def get(self, path: str, by: str) -> httpx.Response:
        """Read from the platform's web as a party."""
        headers = {"Authorization": f"Bearer {by}"}
        return httpx.get(f"{self.platform_url}{path}", headers=headers, trust_env=False)


def web_of(papers: Paperwork) -> tuple[Flask, Callable[[str], Any]]:
    """Return an empty web application, and an authenticator to which a bearer token is a party's name."""

    def authenticate(authorization: str) -> Any:
        name = authorization.removeprefix("Bearer ")
        if name not in papers.trade.actors:
            raise NotAuthenticated("Who are you?", code="token_missing")
        return papers[name]

    return Flask("platform", static_folder=None), authenticate


@contextmanager
def open_border(papers: Paperwork, database_url: str, clock: Callable[[], datetime]) -> Iterator[Border]:
    """Serve platform, bridge and window, each on a port of its own."""
    window = Neighbour(Receiver.WINDOW, clock)
    web, authenticate = web_of(papers)
    engine = create_bridge_engine(database_url, pool_size=12)
    sent: list[bytes] = []
    with (
        serving(window.app()) as window_url,
        serving(web) as platform_url,
        httpx.Client(trust_env=False, timeout=5) as http,
    ):
        http.event_hooks["request"] = [lambda request: sent.append(request.content)]
        bridge = Bridge(
            engine=engine,
            keyring=KEYRING,
            signing_key=KEYS[Holder.BRIDGE],
            log_key=KEYS[Holder.LOG],
            subject_key=b"s" * 32,
            window_url=window_url,
            platform_url=platform_url,
            origin="bridge.test/log",
            clock=clock,
        )
        with serving(create_app(bridge)) as bridge_url:
            client = BridgeClient(bridge_url, KEYS[Holder.PLATFORM], KEYRING, clock, http)
            sender = Sender(papers.platform, client, window_messages.OUTGOING)
            inbox = Inbox(papers.platform, client, window_messages.INCOMING, window_messages.OUTGOING)
            web.register_blueprint(bridge_inbox.blueprint(inbox))
            web.register_blueprint(evidence.blueprint(papers.platform, client, authenticate))
            web.register_blueprint(documents.blueprint(papers.platform, papers.vault, authenticate))
            yield Border(papers, bridge, window, client, sender, platform_url, bridge_url, sent)
    engine.dispose()
