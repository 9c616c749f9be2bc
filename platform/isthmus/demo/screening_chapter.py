"""What a shipment names is held against lists; two people of the trader decide of a hit, no machine does."""

from collections.abc import Iterator
from typing import Any

from isthmus.demo import cast as people
from isthmus.demo import consignment
from isthmus.demo.member import Member, expect, nodes, until, until_metered
from isthmus.demo.person import Person
from isthmus.demo.story import Cast, Line

HITS = (
    "query ($shipment: ID!) { screeningHits(first: 100, shipment: $shipment) { edges { node { id state place"
    " reference explanation { given listed score threshold pairs { given listed score } } } } } }"
)
SHIPMENT = "query ($reference: String!) { shipment(reference: $reference) { id } }"
PARTY, GOODS = "W-001", "D-2B201"
"""Entries of the sample lists that the consignment comes close to."""
REASON = "Another company: registered in Hamburg, known for twelve years"


def screened(cast: Cast) -> Iterator[Line]:
    """Find the hits, see a machine refused and one person alone, and release by two."""
    found = until(lambda: _hits(cast.trader), "the screening of the shipment")
    for reference in (PARTY, GOODS):
        yield Line(f"Screening of the shipment: {_told(found[reference]['explanation'])}.")
    hit = found[PARTY]["id"]
    given = {"idempotencyKey": "demo-screening", "hit": hit, "decision": "RELEASE", "reason": REASON}
    errors = cast.trader.write("proposeScreeningDecision", "hit { id }", given)["userErrors"]
    expect([error["code"] for error in errors] == ["person_required"], f"the machine was answered {errors}")
    yield Line(f"The trader's system tries to release the party: {errors[0]['message']}", refused=True)
    with Person(cast, "trader") as first, Person(cast, people.COLLEAGUE) as second:
        if found[PARTY]["state"] == "OPEN":
            expect(
                _decide(first, hit, step="propose", decision="RELEASE", reason=REASON), "the proposal failed"
            )
        yield Line(f"A person of the trader proposes its release: {REASON}.")
        alone = _decide(first, hit, step="approve", decision="RELEASE")
        expect(not alone, "one person released a hit alone")
        yield Line("The same person tries to approve it.", refused=True)
        if _state(cast.trader, PARTY) == "PROPOSED":
            expect(_decide(second, hit, step="approve", decision="RELEASE"), "the approval failed")
    expect(_state(cast.trader, PARTY) == "RELEASED", "the hit is not released")
    yield Line("A colleague approves it. The goods wait for theirs; neither has held up the shipment.")
    others = [
        nodes(each.query(HITS, shipment=_shipment(cast.trader))["screeningHits"]) for each in _others(cast)
    ]
    expect(not any(others), f"others see hits: {others}")
    yield Line(
        "Operator, authority, carrier and bank see nothing of it, and nothing of it crosses the bridge."
    )
    until_metered(cast.period, (cast.trader, "screening.performed", 1))


def _others(cast: Cast) -> tuple[Member, ...]:
    return cast.operator, cast.authority, cast.carrier, cast.bank


def _shipment(trader: Member) -> str:
    return str(trader.query(SHIPMENT, reference=consignment.REFERENCE)["shipment"]["id"])


def _hits(trader: Member) -> dict[str, dict[str, Any]] | None:
    """Return the hits that the chapter is about, by entry; None until there are both."""
    hits = nodes(trader.query(HITS, shipment=_shipment(trader))["screeningHits"])
    found = {hit["reference"]: hit for hit in hits if hit["place"] in ("consignee", "goods.1")}
    return found if found.keys() >= {PARTY, GOODS} else None


def _state(trader: Member, reference: str) -> str:
    return str((_hits(trader) or {})[reference]["state"])


def _told(why: dict[str, Any]) -> str:
    pairs = ", ".join(f"{pair['given']} ~ {pair['listed']} {pair['score']}" for pair in why["pairs"])
    return (
        f"{why['given']!r} comes close to {why['listed']!r} ({pairs}):"
        f" {why['score']} of 100, {why['threshold']} is a hit"
    )


def _decide(person: Person, hit: str, **step: str) -> bool:
    """Let a person take a step on a hit's page; say whether it was taken."""
    return person.send(f"/screening/{hit}", f"demo-screening-{person.name}-{step['step']}", **step)


CHAPTER = ("What is named is screened", screened)
