"""A rule is tried on the past, turned on, and catches a shipment; the carrier appeals against the finding."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from isthmus.demo.cast import REVIEWER
from isthmus.demo.member import Member, expect, nodes, until, until_metered
from isthmus.demo.person import Person
from isthmus.demo.story import Cast, Line
from isthmus_protocol.keys import Holder, SigningKey

RULE = {
    "code": "LONG_WAY_ROUND",
    "about": "CARRIER",
    "category": "ROUTE",
    "says": "A way more than twice as long as the shortest, that this trade does not take",
    "condition": "route.known && route.detour > 2.0 && !route.usual && route.trips > 3",
}
SANTOS = "BRSSZ"
PAST = ((), (), (), (), (SANTOS,))
"""By which places the consignee's purchases came before."""
RUN = "done total caught reviewsPerThousand costPerThousand { amountMinor } finishedAt"
NOTICES = "{ riskNotices { edges { node { id category state } } } }"


def watched(cast: Cast) -> Iterator[Line]:
    """Simulate and activate a rule, catch a shipment by it, confirm, appeal, review."""
    consignee = cast.consignee
    for number, way in enumerate(PAST, start=1):
        _ship(cast, f"KHH-HAM-P{number}", way)
    until_metered(cast.period, (consignee, "shipment.created", len(PAST)))
    given = {"idempotencyKey": "demo-risk-rule", **RULE}
    rule = consignee.done("writeRiskRule", "rule { id }", given)["rule"]["id"]
    yield Line("The consignee writes a rule against ways that make no sense, over its own shipments alone.")
    run = _simulated(cast, rule)
    cost = run["costPerThousand"]["amountMinor"] / 100
    yield Line(
        f"On its {run['done']} past shipments it would have caught {run['caught']}:"
        f" {run['reviewsPerThousand']} reviews for 1,000 shipments, which cost it USD {cost:,.2f}."
    )
    activate = {"idempotencyKey": "demo-risk-activate", "rule": rule}
    consignee.done("activateRiskRule", "rule { state }", activate)
    _ship(cast, "KHH-HAM-0612", (SANTOS,), carrier="carrier")
    finding = until(lambda: _found(consignee), "the finding about the way by Santos")
    [evidence] = finding["evidence"]
    yield Line(f"It is active, and catches the next shipment: {evidence['value']} ({evidence['against']}).")
    decide = {"finding": finding["id"], "confirm": True, "reason": "Nobody told us of another port"}
    consignee.done("decideRiskFinding", "finding { id }", {"idempotencyKey": "demo-risk-confirm", **decide})
    [notice] = nodes(cast.carrier.query(NOTICES)["riskNotices"])
    yield Line(f"It confirms. The carrier sees a finding about it, and why: {notice['category']}. No more.")
    yield from _appealed(cast, finding["id"], notice["id"])
    until_metered(cast.period, (consignee, "risk.simulated", len(PAST)), (consignee, "risk.assessed", 1))


def _appealed(cast: Cast, finding: str, notice: str) -> Iterator[Line]:
    statement = "Kaohsiung was closed by a strike for nine days; the box went with the next vessel."
    given = {"idempotencyKey": "demo-risk-appeal", "notice": notice, "statement": statement}
    cast.carrier.done("appealRiskFinding", "notice { state }", given)
    yield Line("The carrier appeals: a strike at the port.")
    review: dict[str, Any] = {"finding": finding, "uphold": False, "reason": "The strike is in the papers"}
    own = {"idempotencyKey": "demo-risk-review-own", **review}
    [error] = cast.consignee.write("reviewRiskAppeal", "finding { id }", own)["userErrors"]
    expect(error["code"] in ("own_decision", "wrong_state"), f"the own review was answered with {error}")
    yield Line(f"Who confirmed it tries to review the appeal: {error['message']}", refused=True)
    other = {"idempotencyKey": "demo-risk-review-machine", **review}
    [error] = _reviewer(cast).write("reviewRiskAppeal", "finding { id }", other)["userErrors"]
    expect(error["code"] in ("person_required", "wrong_state"), f"the machine was answered with {error}")
    yield Line(f"Another system of the consignee's tries it: {error['message']}", refused=True)
    if _state(cast, finding) == "CONFIRMED":
        with Person(cast, "consignee") as person:
            act = {"act": f"withdraw.{finding}", "reason": review["reason"]}
            person.send("/risk/shipments/KHH-HAM-0612", "demo-risk-review", **act)
    expect(_state(cast, finding) == "WITHDRAWN", f"the finding is {_state(cast, finding)}")
    yield Line("A person at the consignee looks again, and withdraws the finding.")


def _state(cast: Cast, finding: str) -> str:
    told = cast.consignee.query("query ($id: ID!) { riskFinding(id: $id) { state } }", id=finding)
    return str(told["riskFinding"]["state"])


def _simulated(cast: Cast, rule: str) -> dict[str, Any]:
    """Run the rule on the past, wait for the end, and return the run."""
    cost = {"amountMinor": 2_500, "currency": "USD"}
    given = {"idempotencyKey": "demo-risk-simulate", "rule": rule, "reviewCost": cost}
    begun = cast.consignee.done("simulateRiskRule", "simulation { id }", given)["simulation"]["id"]

    def look() -> dict[str, Any] | None:
        query = f"query ($id: ID!) {{ riskSimulation(id: $id) {{ {RUN} }} }}"
        run: dict[str, Any] = cast.consignee.query(query, id=begun)["riskSimulation"]
        return run if run["finishedAt"] is not None else None

    return until(look, "the end of the simulation")


def _found(consignee: Member) -> dict[str, Any] | None:
    query = "{ riskFindings { edges { node { id shipment { reference } evidence { value against } } } } }"
    found = nodes(consignee.query(query)["riskFindings"])
    return next((one for one in found if one["shipment"]["reference"] == "KHH-HAM-0612"), None)


def _ship(cast: Cast, reference: str, way: tuple[str, ...], **more: str) -> None:
    given = {
        "idempotencyKey": f"demo-risk-{reference}",
        "reference": reference,
        "ucr": f"6DE81203-{reference}",
        "origin": "TWKHH",
        "destination": "DEHAM",
        "transhipments": list(way),
        "bookedAt": (cast.first_played - timedelta(days=2)).isoformat(),
        **more,
    }
    cast.consignee.done("createShipment", "shipment { id }", given)


def _reviewer(cast: Cast) -> Member:
    """Return the other client of the consignee's."""
    pem = (cast.folder / "clients" / f"{REVIEWER}.pem").read_bytes()
    kid = SigningKey.from_pem(Holder.PLATFORM, pem).kid
    return replace(cast.consignee, name=REVIEWER, private_key=pem, kid=kid, _tokens=[])


CHAPTER = ("A rule catches a shipment, and the carrier appeals", watched)
