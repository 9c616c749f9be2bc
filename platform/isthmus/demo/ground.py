"""What must stand before the story can be told: agreements with both signatures, and an approved tariff."""

import json
from datetime import UTC, datetime
from importlib import resources

import httpx

from isthmus.demo.member import UnexpectedAnswer
from isthmus.keys import KeyFolder
from isthmus.screening import signed
from isthmus_billing import tariffs
from isthmus_billing.tariffs import Price
from isthmus_platform.database import Actor, Platform
from isthmus_platform.screening import listfile, lists
from isthmus_protocol.agreements import Agreement, sign_agreement
from isthmus_protocol.canonical import canonical
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder

PRICES = (
    Price("shipment.created", 250),
    Price("events.recorded", 2, free_allowance=5),
    Price("document.stored", 40),
    Price("document.read", 150),
    Price("declaration.submitted", 900),
    Price("window.asked", 500),
    Price("financing.asked", 100),
    Price("financing.registered", 300),
    Price("financeable.read", 250),
    Price("receivable.offered", 150),
    Price("receivable.disbursed", 1500),
    Price("receivable.repaid", 100),
    Price("credit.issued", 4000),
    Price("presentation.examined", 2500),
    Price("title.issued", 1200),
    Price("title.transferred", 400),
    Price("title.surrendered", 400),
    Price("cover.declared", 300),
    Price("cover.declaration_adjusted", 150),
    Price("claim.settled", 800),
    Price("delivery_order.issued", 600),
    Price("booking.made", 500),
    Price("risk.assessed", 20),
    Price("risk.simulated", 1),
    Price("appointment.booked", 150),
    Price("delivery.proven", 200),
    Price("screening.performed", 15),
)
CONCESSION_BASIS_POINTS = 1250
DUAL_USE = {
    "list": "sample-dual-use",
    "title": "Sample of dual-use goods",
    "effectiveFrom": "2026-01-01T00:00:00Z",
}


def agreements() -> list[Agreement]:
    """Return the demonstration's agreements, unsigned."""
    folder = resources.files("isthmus.demo").joinpath("agreements")
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".json")), key=lambda file: file.name
    )
    return [Agreement.from_json(json.loads(file.read_bytes())) for file in files]


def conclude_agreements(http: httpx.Client, bridge_url: str, keys: KeyFolder) -> list[Agreement]:
    """Sign each agreement for both sides, whose keys this one machine holds, and put it to the bridge."""
    sides = [keys.signing_key(Holder.OPERATOR), keys.signing_key(Holder.AUTHORITY)]
    caller = keys.signing_key(Holder.PLATFORM)
    concluded = agreements()
    address = f"{bridge_url}/v1/agreements"
    for agreement in concluded:
        signatures = [sign_agreement(side, agreement) for side in sides]
        body = canonical({"document": agreement.to_json(), "signatures": [*signatures]})
        headers = sign_request(caller, "POST", address, body, now=datetime.now(UTC))
        answer = http.post(address, content=body, headers={**headers, "Content-Type": "application/json"})
        if not answer.is_success:
            raise UnexpectedAnswer(f"agreement {agreement.id}: {answer.status_code} {answer.text}")
    return concluded


def approve_tariff(platform: Platform, operator: Actor, authority: Actor) -> None:
    """Let the operator propose the price list and the authority approve it, once."""
    with platform.begin(operator) as work:
        proposed = tariffs.versions(work) or [
            tariffs.propose(
                work,
                currency="USD",
                prices=PRICES,
                concession_basis_points=CONCESSION_BASIS_POINTS,
                effective_from=work.now,
            )
        ]
    if all(tariff.approved_by is None for tariff in proposed):
        with platform.begin(authority) as work:
            tariffs.approve(work, proposed[0].id)


def load_lists(platform: Platform, operator: Actor, keys: KeyFolder) -> None:
    """Load the sample lists to screen against, signed for by the operator; again, nothing changes."""
    folder, signer = resources.files("isthmus.demo").joinpath("screening"), keys.signing_key(Holder.OPERATOR)
    drafts = (
        listfile.read_json(folder.joinpath("watch.json").read_bytes()),
        listfile.read_csv(folder.joinpath("dual-use.csv").read_bytes(), DUAL_USE),
    )
    for draft in drafts:
        with platform.begin(operator) as work:
            lists.load(work, draft, "Ada Byron", lambda statement: signed(signer, statement))
