"""The delivery order is refused with its reasons, and issued once title, customs, freight and bank agree."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from isthmus.demo import consignment, credit_chapter, delivery_chapter
from isthmus.demo.member import UnexpectedAnswer, nodes, until_metered
from isthmus.demo.story import Cast, Line, shipment

ORDER = "order { id number state token }"
BASIS = "Regulation (EU) No 952/2013, Article 198"
FOUND = "{ cargoReleases { edges { node { id state verdict { findings { condition holds says } } %s } } } }"
DONE = frozenset({"wrong_state"})
"""What a try is answered in a second telling, when the cargo is gone."""


def too_early(cast: Cast) -> Iterator[Line]:
    """Open the release before the title is surrendered, and try to order delivery."""
    cast.carrier.done(
        "openCargoRelease",
        "release { id }",
        {
            "idempotencyKey": "demo-release-open",
            "shipment": shipment(cast.carrier, "id")["id"],
            "consignee": "consignee",
            "document": "BILL_OF_LADING",
            "terminal": "terminal",
        },
    )
    yield Line("The carrier opens the release of the cargo to the consignee, at the terminal.")
    said = _refused(cast, "early", {"title_not_surrendered", "freight_unpaid"})
    yield Line(f"It tries to order the delivery: {said}", refused=True)


def released(cast: Cast) -> Iterator[Line]:
    """Hold the cargo, pay its freight, lift the hold, have the bank consent, hand it out, and prove it."""
    release = _release(cast)["id"]
    held = cast.authority.done(
        "holdCargoForCustoms",
        "holds { id }",
        {
            "idempotencyKey": "demo-release-hold",
            "ucr": consignment.UCR,
            "legalBasis": BASIS,
            "reason": "Selected for an X-ray",
        },
    )["holds"]
    yield Line(
        "The title is surrendered and customs released the goods; customs now holds them for an X-ray."
    )
    said = _refused(cast, "held", {"freight_unpaid", "cargo_held", "bank_consent_missing"})
    yield Line(f"The carrier tries again: {said}", refused=True)
    paid = {"idempotencyKey": "demo-release-paid", "release": release, "paid": True, "reference": "Wire 4711"}
    cast.carrier.done("stateFreight", "release { id }", paid)
    yield Line("The freight is paid, says the carrier.")
    for number, hold in enumerate(held):
        lifted = {"idempotencyKey": f"demo-release-lift-{number}", "hold": hold["id"]}
        cast.authority.done("liftCargoHold", "hold { liftedAt }", lifted)
    yield Line("Customs lifts its hold.")
    consent = {"idempotencyKey": "demo-release-consent", "ucr": consignment.UCR}
    cast.buyers_bank.done("consentToRelease", "consents { givenAt }", consent)
    yield Line(
        "The consignee's bank, which paid under the credit, consents: the consignee is to have the goods."
    )
    order = cast.carrier.done("issueDeliveryOrder", ORDER, _order(cast, release, "issued"))["order"]
    yield Line(f"Every condition holds: delivery order {order['number']} is issued to the consignee.")
    seen = _order_of(cast, order["id"])
    yield from delivery_chapter.booked(cast, seen["number"], seen["token"])
    _handed_out(cast, seen)
    yield Line("It shows the consignee's token, and the cargo is handed out.")
    yield from delivery_chapter.delivered(cast, _order_of(cast, order["id"])["endedAt"])
    yield credit_chapter.repaid(cast)
    until_metered(cast.period, (cast.carrier, "delivery_order.issued", 1))


def _release(cast: Cast) -> dict[str, Any]:
    (found,) = nodes(cast.carrier.query(FOUND % "orders { id }")["cargoReleases"])
    return found


def _order(cast: Cast, release: str, key: str) -> dict[str, Any]:
    until_when = (cast.first_played + timedelta(days=90)).isoformat()
    return {"idempotencyKey": f"demo-release-{key}", "release": release, "expiresAt": until_when}


def _refused(cast: Cast, key: str, codes: set[str]) -> str:
    """Try to order delivery, which must be refused for exactly ``codes``; return why in words."""
    release = _release(cast)
    errors = cast.carrier.write("issueDeliveryOrder", ORDER, _order(cast, release["id"], key))["userErrors"]
    found = {error["code"] for error in errors}
    if found != codes and found != DONE and release["state"] != "PICKED_UP":
        raise UnexpectedAnswer(f"the delivery order was answered with {errors}")
    return " ".join(error["message"] for error in errors)


def _order_of(cast: Cast, order: str) -> dict[str, Any]:
    """Return the delivery order as the consignee sees it: with its token while it is live."""
    (seen,) = nodes(cast.consignee.query(FOUND % "orders { id number token endedAt }")["cargoReleases"])
    return dict(next(each for each in seen["orders"] if each["id"] == order))


def _handed_out(cast: Cast, order: dict[str, Any]) -> None:
    if order["token"] is None:
        return
    given = {"idempotencyKey": "demo-release-pick-up", "order": order["id"], "token": order["token"]}
    cast.terminal.done("recordPickUp", ORDER, given)


TOO_EARLY = ("The cargo is asked for too early", too_early)
CHAPTER = ("The cargo is released, and its delivery proven", released)
