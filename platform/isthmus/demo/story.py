"""The story in chapters, told over HTTP by ten parties. What must be refused is tried, and is refused.

Each chapter yields a :class:`Line` as it happens and raises :class:`~isthmus.demo.member.UnexpectedAnswer`
where the platform does anything but what the story says. Every write carries a fixed idempotency key and
every read by another party is looked up in the owner's log first, so that a second telling changes nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from isthmus.demo import consignment
from isthmus.demo.member import Member, UnexpectedAnswer, expect, nodes, until, until_metered
from isthmus_protocol.evidence import verify_bundle
from isthmus_protocol.keys import Keyring


@dataclass(frozen=True)
class Line:
    """Something that happened: done, or refused as it had to be, and why."""

    text: str
    refused: bool = False


@dataclass(frozen=True)
class Cast:
    """The parties' own systems, when it was first told, the keys all trust, and where evidence is kept."""

    trader: Member
    forwarder: Member
    carrier: Member
    bank: Member
    buyers_bank: Member
    insurer: Member
    consignee: Member
    terminal: Member
    operator: Member
    authority: Member
    first_played: datetime
    trust: Keyring
    folder: Path

    @property
    def period(self) -> str:
        """The month that is billed, as 2026-11."""
        return f"{self.first_played:%Y-%m}"


SHIPMENT = "query ($reference: String!) { shipment(reference: $reference) { %s } }"
TIMELINE = "status { code } eta timeline(first: 100) { edges { node { kind code title at correction } } }"
CROSSING = "id exchange state decision reason field fields logIndex answer { exists released }"


def shipment(member: Member, selection: str) -> dict[str, Any]:
    """Return the story's shipment as ``member`` sees it."""
    found = member.query(SHIPMENT % selection, reference=consignment.REFERENCE)["shipment"]
    if found is None:
        raise UnexpectedAnswer(f"{member.name} does not see the shipment")
    return dict(found)


def one_shipment(cast: Cast) -> Iterator[Line]:
    """1. The forwarder creates the shipment for the trader and uploads its documents."""
    cast.trader.done(
        "recordDelegation",
        "delegation { id }",
        {
            "idempotencyKey": "demo-delegation",
            "agent": "forwarder",
            "validUntil": (cast.first_played + timedelta(days=365)).isoformat(),
        },
    )
    yield Line("The trader lets the forwarder act on its behalf, for a year.")
    made = cast.forwarder.done(
        "createShipment",
        "shipment { reference equipment { reference } origin { name } destination { name } }",
        {"idempotencyKey": "demo-shipment", **consignment.shipment(cast.first_played)},
    )["shipment"]
    boxes = ", ".join(box["reference"] for box in made["equipment"])
    yield Line(
        f"Shipment {made['reference']}, {made['origin']['name']} to {made['destination']['name']}: {boxes}."
    )
    for type_code, (title, file_name) in consignment.DOCUMENTS.items():
        body = consignment.document(file_name)
        stored = cast.forwarder.send(
            "POST",
            f"/shipments/{consignment.REFERENCE}/documents",
            params={"type": type_code, "title": title},
            content=body,
            headers={"Content-Type": "application/xml", "Idempotency-Key": f"demo-document-{type_code}"},
        )
        expect(stored.status_code in (200, 201), f"upload of {title}: {stored.status_code} {stored.text}")
        expect(stored.json()["sha256"] == sha256(body).hexdigest(), f"digest of {title}")
        yield Line(f"{title}: {len(body):,} bytes, encrypted with the trader's key.")


def tracked(cast: Cast) -> Iterator[Line]:
    """2. The carrier's events arrive: one twice, one late, one corrected."""
    told = consignment.events(cast.first_played)
    first = [told[name] for name in ("gate in 1", "loaded 1", "loaded 2", "departed", "arrived Busan")]
    _post_events(cast.carrier, "/v2/events", first)
    yield Line("Five events in DCSA Track & Trace 2.2: gated in, loaded, departed, arrived at Busan.")
    again = _post_events(cast.carrier, "/v2/events", [told["departed"]])
    expect(again[0] in ("DUPLICATE", "STALE"), f"the repeated event counted as {again[0]}")
    yield Line("The departure comes a second time: nothing is added.")
    _post_events(cast.carrier, "/v2/events", [told["gate in 2"]])
    yield Line("The second container's gate-in arrives late, and takes its place before the departure.")
    _post_events(cast.carrier, "/v2/events", [told["departed, corrected"]])
    yield Line("The departure is corrected by six hours; the first version stays on record.")
    rest = [told["departed Busan"], told["arrival expected"]]
    _post_events(cast.carrier, "/v2/events", rest)
    _post_events(cast.carrier, "/v3/events", {"events": [consignment.event_as_dcsa_3(cast.first_played)]})
    seen = shipment(cast.forwarder, TIMELINE)
    yield Line(
        f"Departed Busan; arrival at Hamburg expected {seen['eta'][:10]} (DCSA 3.0)."
        f" Status {seen['status']['code']}."
    )


def declared(cast: Cast) -> Iterator[Line]:
    """3. The forwarder declares the export; only permitted fields cross."""
    refused = cast.forwarder.done(
        "submitDeclaration",
        f"crossing {{ {CROSSING} }}",
        {
            "idempotencyKey": "demo-declaration-with-account",
            "shipment": consignment.REFERENCE,
            "additionalFields": ["/invoice/bankAccount"],
        },
    )["crossing"]
    refused = _settled(cast.forwarder, refused["id"], "REFUSED")
    expect(refused["reason"] == "FIELD_NOT_PERMITTED", f"refused for {refused['reason']}")
    yield Line(
        f"The forwarder tries to send {refused['field']} along: {refused['reason']},"
        f" log entry {refused['logIndex']}.",
        refused=True,
    )
    sent = cast.forwarder.done(
        "submitDeclaration",
        f"crossing {{ {CROSSING} }}",
        {"idempotencyKey": "demo-declaration", "shipment": consignment.REFERENCE},
    )["crossing"]
    sent = _settled(cast.forwarder, sent["id"], "DELIVERED")
    expect(not [path for path in sent["fields"] if path in HELD_BACK], f"crossed: {sent['fields']}")
    yield Line(
        f"The declaration crosses with {len(sent['fields'])} permitted fields, log entry {sent['logIndex']}."
    )
    yield Line("Payment terms, discount and bank account, which the platform holds too, stay behind.")
    told: set[str] = set()

    def released() -> dict[str, Any] | None:
        found = shipment(
            cast.forwarder, "declaration { mrn status channel duty { amountMinor currency } } " + TIMELINE
        )
        told.update(node["title"] for node in nodes(found["timeline"]) if node["kind"] == "CUSTOMS")
        return found if (found["declaration"] or {}).get("status") == "RELEASED" else None

    found = until(released, "the release of the declaration")
    for node in sorted(nodes(found["timeline"]), key=lambda node: node["at"]):
        if node["kind"] == "CUSTOMS":
            yield Line(f"Customs: {node['title']}")


HELD_BACK = ("/invoice/number", "/invoice/paymentTerms", "/invoice/discountMinor", "/invoice/bankAccount")


def financed(cast: Cast) -> Iterator[Line]:
    """4. The trader opens two documents to the bank, which fetches them and asks the window one question."""
    documents = {
        node["type"]: node
        for node in nodes(
            shipment(
                cast.trader, "documents(first: 20) { edges { node { id type title sha256 contentUrl } } }"
            )["documents"]
        )
    }
    granted = [documents["380"], documents["705"]]
    cast.trader.done(
        "grantAccess",
        "grant { id }",
        {
            "idempotencyKey": "demo-grant",
            "reader": "bank",
            "documents": [document["id"] for document in granted],
            "purpose": "TRADE_FINANCE",
            "validUntil": (cast.first_played + timedelta(days=30)).isoformat(),
        },
    )
    yield Line("The trader grants the bank invoice and bill of lading, for trade finance, for 30 days.")
    already = _read_before(cast)
    for document in granted:
        if (document["title"], "ALLOWED") not in already:
            fetched = cast.bank.send("GET", document["contentUrl"])
            expect(fetched.status_code == 200, f"the bank's fetch: {fetched.status_code}")
            expect(
                sha256(fetched.content).hexdigest() == document["sha256"], "the digest of what was fetched"
            )
        yield Line(f"The bank fetches {document['title']}; the digest matches.")
    packing_list = documents["271"]
    if (packing_list["title"], "REFUSED") not in already:
        answer = cast.bank.send("GET", packing_list["contentUrl"])
        expect(answer.status_code == 404, f"the bank's try at the packing list: {answer.status_code}")
    yield Line("The bank tries the packing list: there is no such document, for the bank.", refused=True)
    asked = cast.bank.done(
        "askWindow",
        f"crossing {{ {CROSSING} }}",
        {"idempotencyKey": "demo-question", "ucr": consignment.UCR, "purpose": "TRADE_FINANCE"},
    )["crossing"]
    answered = until(lambda: _answered(cast.bank, asked["id"]), "the window's answer to the bank")
    expect(answered == {"exists": True, "released": True}, f"the answer was {answered}")
    yield Line(
        "Does the declaration exist, is it released? The window answers yes and yes, and nothing more."
    )
    log = nodes(cast.trader.query(ACCESS_LOG)["accessLog"])
    refusals = [entry for entry in log if entry["outcome"] == "REFUSED"]
    yield Line(f"The trader sees {len(log)} reads by others, {len(refusals)} of them refused.")


ACCESS_LOG = (
    "{ accessLog(first: 100) { edges { node {"
    " reader { name } action outcome reason purpose document { title } } } } }"
)


def audited(cast: Cast) -> Iterator[Line]:
    """5. The authority reads the bridge's log, takes one bundle of evidence and checks it offline."""
    log = nodes(
        cast.authority.query(
            "{ crossings(first: 100) { edges { node {"
            " exchange message direction decision reason logIndex evidenceUrl } } } }"
        )["crossings"]
    )
    refusals = [entry for entry in log if entry["decision"] == "REFUSED"]
    yield Line(f"The authority lists the log: {len(log)} entries, {len(refusals)} of them refusals.")
    crossed = next(
        entry
        for entry in log
        if entry["message"] == "EXPORT_DECLARATION" and entry["decision"] == "PERMITTED"
    )

    def proven() -> bytes | None:
        """While the witness is away a bundle lacks its word, and is not what the trusted keys ask for."""
        answer = cast.authority.send("GET", crossed["evidenceUrl"])
        expect(answer.status_code == 200, f"evidence: {answer.status_code} {answer.text}")
        return answer.content if verify_bundle(answer.content, cast.trust).passed else None

    evidence = until(proven, "evidence of the declaration that verifies")
    cast.folder.mkdir(parents=True, exist_ok=True)
    bundle = cast.folder / "evidence.json"
    bundle.write_bytes(evidence)
    yield Line(f"One bundle of evidence, {len(evidence):,} bytes, verifies offline: {bundle.name}.")
    flipped = bytearray(evidence)
    flipped[len(flipped) // 2] ^= 1
    expect(not verify_bundle(bytes(flipped), cast.trust).passed, "a bundle with a flipped bit")
    yield Line("With one bit of it flipped it does not.", refused=True)


def billed(cast: Cast) -> Iterator[Line]:
    """6. The operator closes the month, and cannot open a document."""
    titles = '{ shipment(reference: "%s") { documents(first: 1) { edges { node { contentUrl } } } } }'
    address = nodes(cast.trader.query(titles % consignment.REFERENCE)["shipment"]["documents"])[0][
        "contentUrl"
    ]
    expect(cast.operator.send("GET", address).status_code == 404, "the operator's try at a document")
    yield Line("The operator tries to open a document: there is none, for the operator.", refused=True)
    period = cast.period
    until_metered(
        period,
        (cast.forwarder, "shipment.created", 1),
        (cast.forwarder, "document.stored", 3),
        (cast.forwarder, "declaration.submitted", 1),
        (cast.bank, "document.read", 2),
        (cast.bank, "window.asked", 1),
    )
    invoices = cast.operator.done(
        "closeBillingPeriod",
        "invoices { number party { name } total { amountMinor currency } concessionFee { amountMinor } }",
        {"idempotencyKey": f"demo-close-{period}", "period": period},
    )["invoices"]
    for invoice in invoices:
        total, fee = invoice["total"], invoice["concessionFee"]
        yield Line(
            f"Invoice {invoice['number']} to {invoice['party']['name']}: {_money(total['amountMinor'])}"
            f" {total['currency']}, of which concession fee {_money(fee['amountMinor'])}."
        )
    expect({"forwarder", "bank"} <= {invoice["party"]["name"] for invoice in invoices}, "whom was billed")


CHAPTERS: tuple[tuple[str, Callable[[Cast], Iterator[Line]]], ...] = (
    ("The forwarder opens the shipment", one_shipment),
    ("The carrier's events arrive", tracked),
    ("The declaration crosses the bridge", declared),
    ("The bank fetches what it was granted", financed),
    ("The authority checks the crossings", audited),
    ("The operator closes the month", billed),
)


def _money(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _post_events(carrier: Member, path: str, events: Any) -> list[str]:
    answer = carrier.send("POST", path, json=events)
    expect(answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}")
    return [outcome["outcome"] for outcome in answer.json()["outcomes"]]


ARRIVED = ("DELIVERED", "ACKNOWLEDGED")
ENDED = ("REFUSED", "FAILED", "TERMINATED", *ARRIVED)


def _settled(member: Member, crossing_id: str, state: str) -> dict[str, Any]:
    """Wait until the crossing has come to an end, which must be ``state``."""

    def look() -> dict[str, Any] | None:
        found = member.query(f"query ($id: ID!) {{ crossing(id: $id) {{ {CROSSING} }} }}", id=crossing_id)[
            "crossing"
        ]
        return dict(found) if found["state"] in ENDED else None

    found = until(look, f"the end of crossing {crossing_id}")
    ended = "DELIVERED" if found["state"] in ARRIVED else found["state"]
    expect(ended == state, f"the crossing ended as {found}")
    return found


def _answered(member: Member, crossing_id: str) -> dict[str, bool] | None:
    found = member.query(f"query ($id: ID!) {{ crossing(id: $id) {{ {CROSSING} }} }}", id=crossing_id)[
        "crossing"
    ]
    expect(found["state"] not in ("REFUSED", "FAILED", "TERMINATED"), f"the question ended as {found}")
    return found["answer"] and dict(found["answer"])


def _read_before(cast: Cast) -> set[tuple[str, str]]:
    """Return (title, outcome) of what the bank has read or tried before, by the trader's access log."""
    return {
        (entry["document"]["title"], entry["outcome"])
        for entry in nodes(cast.trader.query(ACCESS_LOG)["accessLog"])
        if entry["reader"]["name"] == "bank" and entry["document"]
    }
