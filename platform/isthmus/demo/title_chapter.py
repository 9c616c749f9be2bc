"""Title passes from trader to bank to consignee, and is surrendered; a lien stops it on the way."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from isthmus.demo import consignment
from isthmus.demo.member import Member, expect, until_metered
from isthmus.demo.story import Cast, Line, shipment
from isthmus_protocol.title_file import verify_title

STANDING = "title { id state holder { name } fileUrl }"
FILE = "title.json"


def titled(cast: Cast) -> Iterator[Line]:
    """Issue the bill of lading as a title, pledge it, pass it on, surrender it, and verify its file."""
    bill = consignment.document(consignment.DOCUMENTS["705"][1])
    issued = cast.carrier.done(
        "issueTitle",
        STANDING,
        {
            "idempotencyKey": "demo-title-issue",
            "shipment": shipment(cast.carrier, "id")["id"],
            "number": consignment.BILL_OF_LADING,
            "documentDigest": f"sha-256:{sha256(bill).hexdigest()}",
            "form": "NEGOTIABLE",
            "recipient": "trader",
        },
    )["title"]
    title = issued["id"]
    yield Line(f"The carrier issues {consignment.BILL_OF_LADING} as a title, to the trader, who holds it.")
    pledged = cast.trader.done(
        "placeTitleLien",
        "title { hindrances { kind by } }",
        {
            "idempotencyKey": "demo-title-lien",
            "title": title,
            "inFavourOf": "bank",
            "reference": "Loan 2026-0417",
        },
    )["title"]
    yield Line("The trader pledges it to the bank that finances the shipment.")
    if pledged["hindrances"]:  # told again it is cleared, and the try would not be refused
        _refused(cast.trader, title, "consignee", "title_lien")
    yield Line("The trader tries to pass it to the consignee: the bank's lien stands on it.", refused=True)
    cast.bank.done("releaseTitle", STANDING, {"idempotencyKey": "demo-title-release", "title": title})
    yield Line("The bank clears its lien against the title itself:")
    for member, action, recipient, said in STEPS:
        answer = _step(getattr(cast, member), title, f"{member}-{action}".lower(), action, recipient)
        expect(not answer["userErrors"], f"{member}, {action}: {answer['userErrors']}")
        yield Line(said)
        if (member, action) == ("trader", "TRANSFER"):
            _refused(cast.trader, title, "consignee", "not_holder", "title_ended")
            yield Line("The trader tries to transfer it a second time: it is not the holder.", refused=True)
    yield _verified(cast, title)
    until_metered(
        cast.period,
        (cast.carrier, "title.issued", 1),
        (cast.trader, "title.transferred", 2),
        (cast.bank, "title.transferred", 2),
        (cast.consignee, "title.surrendered", 1),
    )


STEPS = (
    ("trader", "ENDORSE_TO_ORDER", "bank", "The trader endorses it to the order of the bank,"),
    ("trader", "TRANSFER", "bank", "and transfers it: the bank holds it."),
    ("bank", "ENDORSE", "consignee", "The bank endorses it to the consignee, who has paid,"),
    ("bank", "TRANSFER", "consignee", "and transfers it: the consignee holds it."),
    ("consignee", "SURRENDER_FOR_DELIVERY", None, "The consignee surrenders it for delivery."),
    ("carrier", "SACC", None, "The carrier accepts: the title has come to its end."),
)


def _step(member: Member, title: str, key: str, action: str, recipient: str | None) -> dict[str, Any]:
    given = {"idempotencyKey": f"demo-title-{key}", "title": title, "action": action, "recipient": recipient}
    return member.write("takeTitleStep", STANDING, given)


def _refused(member: Member, title: str, recipient: str, *codes: str) -> None:
    """Try a transfer that must be refused, with one of ``codes``."""
    errors = _step(member, title, f"refused-{codes[0]}", "TRANSFER", recipient)["userErrors"]
    expect(len(errors) == 1 and errors[0]["code"] in codes, f"{member.name}'s transfer: {errors}")


def _verified(cast: Cast, title: str) -> Line:
    found = cast.carrier.query("query ($id: ID!) { title(id: $id) { state fileUrl } }", id=title)["title"]
    expect(found["state"] == "SURRENDERED", f"the title is {found['state']}")
    answer = cast.carrier.send("GET", found["fileUrl"])
    expect(answer.status_code == 200, f"the title's file: {answer.status_code} {answer.text}")
    verdict, steps = verify_title(answer.content, cast.trust)
    expect(verdict.passed, f"the title's file: {verdict.checks}")
    cast.folder.mkdir(parents=True, exist_ok=True)
    (cast.folder / FILE).write_bytes(answer.content)
    return Line(
        f"Its file verifies offline, {len(steps)} steps, each signed by the party that made it: {FILE}."
    )


CHAPTER = ("Title passes from trader to bank to consignee", titled)
