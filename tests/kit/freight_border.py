"""The platform, the real bridge with the eFTI schemas, and the reference window as the authorities' gate."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from border import documented
from counterparts import KEYRING, KEYS, serving, signed
from isthmus_bridge import agreements, log
from isthmus_bridge.database import create_bridge_engine
from isthmus_bridge.delivery import deliver_due
from isthmus_bridge.http import create_app
from isthmus_bridge.service import Bridge
from isthmus_platform import crossings, freight, outbox, window_messages
from isthmus_platform.crossings import BridgeClient, Crossing, Inbox, Sender
from isthmus_platform.freight_dataset import MainCarriage
from isthmus_platform.http import bridge_inbox
from isthmus_protocol.canonical import parse_object
from isthmus_protocol.keys import Holder
from isthmus_protocol.records import LogRecord, read_record
from isthmus_protocol.xml import parse
from isthmus_window.http import create_app as create_window
from isthmus_window.service import Window
from paperwork import Paperwork
from standards import STANDARDS
from trade import DRAFT

SCHEMAS = STANDARDS / "efti" / "xsd"
EDELIVERY = "http://efti.eu/v1/edelivery"
TRUCK = MainCarriage("ROAD", dangerous_goods=False, means="HH-IS 417", country="DE", equipment_country="TW")
AGREEMENTS = ("freight-identifiers", "freight-consignment", "freight-follow-up")


@dataclass(frozen=True)
class FreightBorder:
    """Both sides, each on a port of its own; ``gate`` is where an authority's officer asks."""

    papers: Paperwork
    bridge: Bridge
    sender: Sender
    gate: FlaskClient

    def agree(self, *names: str) -> None:
        """Put agreements of the demonstration in force."""
        for name in names:
            with self.bridge.begin() as session:
                agreements.store(session, self.bridge.keyring, signed(documented(name)), self.bridge.clock())

    def publish(self, by: str = "trader", carriage: MainCarriage = TRUCK) -> UUID:
        """Ask for the shipment's freight data to be published, and return the crossing's id."""
        with self.papers.platform.begin(self.papers[by]) as work:
            return freight.publish(work, DRAFT.reference, carriage).crossing.id

    def drain(self) -> int:
        """Let the platform's worker send what waits."""
        return outbox.drain(self.papers.platform, crossings.TOPIC, self.sender)

    def deliver(self) -> None:
        """Let the bridge's worker deliver what is due."""
        deliver_due(self.bridge)

    def crossing(self, crossing_id: UUID, by: str = "trader") -> Crossing:
        with self.papers.platform.begin(self.papers[by]) as work:
            return crossings.get(work, crossing_id)

    def ask(self, identifier: str) -> list[str]:
        """Return the datasets that the gate knows by an identifier."""
        query = f'<identifierQuery xmlns="{EDELIVERY}" requestId="q"><identifier>{identifier}</identifier>'
        answer = self.gate.post("/v0/identifier-queries", data=f"{query}</identifierQuery>")
        return [str(each.text) for each in parse(answer.data).iter(f"{{{EDELIVERY}}}datasetId")]

    def see(self, dataset: object, *subsets: str) -> TestResponse:
        """Let an authority ask its gate to see a consignment in ``subsets``."""
        named = "".join(f"<subsetId>{subset}</subsetId>" for subset in subsets)
        return self.gate.post(
            "/v0/uil-queries",
            data=f'<uilQuery xmlns="{EDELIVERY}" requestId="r1">{_uil(dataset)}{named}</uilQuery>'.encode(),
        )

    def tell(self, dataset: object, message: str) -> TestResponse:
        """Let an authority write about a consignment."""
        told = etree.Element("message")
        told.text = message
        text = etree.tostring(told, encoding="unicode")
        return self.gate.post(
            "/v0/follow-ups",
            data=f'<postFollowUpRequest xmlns="{EDELIVERY}" requestId="r2" uilQueryRequestId="r1">'
            f"{_uil(dataset)}{text}</postFollowUpRequest>".encode(),
        )

    def logged(self) -> list[tuple[str, str, str]]:
        """Return message, phase and decision of each of the log's decisions."""
        with self.bridge.begin() as session:
            page = log.entries(session, 0, 100)
        read = [read_record(parse_object(record.encode())) for _, record in page]
        return [
            (record.message, record.phase.value, record.decision.value)
            for record in read
            if isinstance(record, LogRecord)
        ]


def _uil(dataset: object) -> str:
    return (
        f"<uil><gateId>ISTHMUS</gateId><platformId>isthmus</platformId><datasetId>{dataset}</datasetId></uil>"
    )


@contextmanager
def open_freight_border(
    papers: Paperwork,
    database_url: str,
    clock: Callable[[], datetime],
    folder: Path,
    schemas: Path | None = SCHEMAS,
) -> Iterator[FreightBorder]:
    """Serve platform, bridge and window; the window calls the bridge, and the bridge the window."""
    web, front = Flask("platform", static_folder=None), Flask("bridge", static_folder=None)
    engine = create_bridge_engine(database_url, pool_size=12)
    with serving(web) as platform_url, serving(front) as bridge_url:
        window = Window(
            folder / "window.sqlite", KEYS[Holder.WINDOW], KEYRING, bridge_url, clock, timedelta(seconds=1)
        )
        gate = create_window(window)
        with serving(gate) as window_url:
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
            front.wsgi_app = create_app(bridge, schemas).wsgi_app  # type: ignore[method-assign]
            client = BridgeClient(bridge_url, KEYS[Holder.PLATFORM], KEYRING, clock)
            inbox = Inbox(papers.platform, client, window_messages.INCOMING, window_messages.OUTGOING)
            web.register_blueprint(bridge_inbox.blueprint(inbox))
            sender = Sender(papers.platform, client, window_messages.OUTGOING)
            yield FreightBorder(papers, bridge, sender, gate.test_client())
            client.http.close()
        window.close()
    engine.dispose()
