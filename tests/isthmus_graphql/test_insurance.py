"""Insurance through GraphQL: every mutation once for its key, and nothing of it to anybody else."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from graphql_relay import from_global_id, to_global_id
from sqlalchemy import select

from graphql_client import Asker, nodes, register_cast, serve
from graphql_trade import ship, upload
from held import rows
from insurance_trade import DESK, EVERYTHING
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.insurance_changes import CoverMutation
from isthmus_graphql.insurance_claims import CargoMutation
from isthmus_graphql.planner import Planner
from isthmus_graphql.schema import build
from isthmus_platform import parties
from isthmus_platform.changes import Change
from isthmus_platform.database import Duty, PartyRole, Platform
from standing import StandingClock

NOW, LATER = "2026-06-01T09:00:00Z", "2027-06-01T09:00:00Z"
AGREED = "2026-06-20T00:00:00Z"
COVER = "cover { id state balance { amountMinor currency } declared { amountMinor } }"
QUOTE = "quote { id state premium { amountMinor } lines { clause ratePpm base amount said } }"
DECLARED = "declaration { id number state certificate { type title } sumInsured { amountMinor } }"
CLAIM = "claim { id state late paid { amountMinor } }"
OFFER: dict[str, Any] = {
    "insured": "trader",
    "number": "OC-1",
    "currency": "USD",
    "limitMinor": 20_000_000_000,
    "perConveyanceMinor": 20_000_000_000,
    "perLocationMinor": 20_000_000_000,
    "perPeriodMinor": 20_000_000_000,
    "periodMonths": 6,
    "clauses": ["ICC_A", "WAR"],
    "validFrom": NOW,
    "validUntil": LATER,
}
TARIFF: dict[str, Any] = {
    "currency": "USD",
    "effectiveFrom": NOW,
    "minimumMinor": 5_000,
    "rows": [
        {"hsPrefix": "84", "origin": "ASIA", "clause": "ICC_A", "ratePpm": 1_000},
        {"clause": "WAR", "ratePpm": 250},
        {"clause": "DELAY", "ratePpm": 50_000},
    ],
    "regions": [{"name": "ASIA", "countries": ["TW"]}],
}
WIDER = {"limitMinor": 30_000_000_000, "perPeriodMinor": 25_000_000_000}
DELAY: dict[str, Any] = {
    "agreedArrival": AGREED,
    "afterDays": 2,
    "perDayMinor": 100_000,
    "mostDays": 10,
    "terminal": "terminal",
    "customs": "authority",
}


@pytest.fixture
def askers(platform: Platform) -> dict[str, Asker]:
    cast = register_cast(platform)
    with platform.begin(Duty("onboarding")) as work:
        party = parties.register(work, "terminal", "Terminal GmbH", "DE", [PartyRole.TERMINAL])
        cast["terminal"] = parties.actor_of(party, "client:terminal")
    schema = build()
    return serve(GraphQL(platform, schema, planner=Planner(platform, schema), desk=DESK), cast)


def quote_input(cover: str, shipment: str) -> dict[str, Any]:
    return {"cover": cover, "shipment": shipment, "clauses": ["ICC_A", "WAR"], "delay": DELAY}


class Story:
    """Every mutation in an order in which each can be made: who makes it, and its input."""

    def __init__(self, platform: Platform, askers: dict[str, Asker], clock: StandingClock) -> None:
        self.platform, self.askers, self.clock = platform, askers, clock
        self.shipment = ship(askers["trader"])["id"]
        self.document = to_global_id("Document", str(upload(platform, askers["trader"])))
        self.ids: dict[str, str] = {}

    def told(self, kind: str, payload: dict[str, Any]) -> None:
        if payload.get(kind):
            self.ids[kind] = payload[kind]["id"]

    def cases(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        ids = self.ids
        yield "insurer", "offerCover", COVER, OFFER
        yield "trader", "answerCover", COVER, {"cover": ids["cover"], "accept": True}
        yield "insurer", "adjustCover", COVER, {"cover": ids["cover"], **WIDER}
        yield "trader", "requestInsuranceQuote", QUOTE, quote_input(ids["cover"], self.shipment)
        until = {"premiumMinor": 9_000, "validUntil": LATER}
        yield "insurer", "answerInsuranceQuote", QUOTE, {"quote": ids["quote"], **until}
        yield "trader", "declareCargo", DECLARED, {"quote": ids["quote"]}
        dearer = {
            "declaration": ids["declaration"],
            "reason": "Dearer",
            "cifMinor": 30_000_000,
            "sailsOn": "2026-06-05",
        }
        yield "trader", "adjustCargoDeclaration", DECLARED, dearer
        taken_back = {"declaration": ids["declaration"], "reason": "Sold"}
        yield "trader", "cancelCargoDeclaration", DECLARED, taken_back
        yield "insurer", "publishInsuranceTariff", "tariff { id currency rates }", TARIFF
        again = quote_input(ids["cover"], self.shipment)
        yield "trader", "requestInsuranceQuote", QUOTE, again
        yield "trader", "declareCargo", DECLARED, {"quote": ids["quote"]}
        for settled in ("WITHDRAWN", "DECLINED", "SETTLED"):
            yield from self.claim(settled)
        self.clock.advance(days=30)
        for source in ("carrier", "terminal"):
            told = {"ucr": "6TW24536806-1", "arrivedAt": "2026-06-25T12:00:00Z"}
            yield source, "tellArrival", "digests", told
        yield "trader", "cancelCover", COVER, {"cover": ids["cover"], "reason": "Dear"}

    def claim(self, outcome: str) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        given: dict[str, Any] = {"declaration": self.ids["declaration"], "kind": "DAMAGE", "occurredAt": NOW}
        given |= {"claimedMinor": 500_000, "description": outcome}
        yield "trader", "notifyClaim", CLAIM, given
        claim = {"claim": self.ids["claim"]}
        if outcome == "WITHDRAWN":
            yield "trader", "withdrawClaim", CLAIM, claim
            return
        yield "trader", "documentClaim", CLAIM, {**claim, "documents": [self.document]}
        yield "insurer", "assessClaim", CLAIM, {**claim, "assessedMinor": 400_000, "remark": "Survey"}
        if outcome == "DECLINED":
            declined = {**claim, "reason": "EXCLUDED", "remark": "Inherent vice"}
            yield "insurer", "declineClaim", CLAIM, declined
            return
        yield "insurer", "acceptClaim", CLAIM, claim
        yield "insurer", "settleClaim", CLAIM, {**claim, "reference": "PAY-1"}

    def make(self, by: str, mutation: str, selection: str, given: dict[str, Any], key: str) -> dict[str, Any]:
        payload = self.askers[by].done(mutation, selection, **given, idempotencyKey=key)
        for kind in ("cover", "quote", "declaration", "claim"):
            self.told(kind, payload)
        return payload


@pytest.fixture
def story(platform: Platform, askers: dict[str, Asker], clock: StandingClock) -> Story:
    return Story(platform, askers, clock)


def absent(value: Any) -> Any:
    """Return an id of the same kind that is of nothing; what is no id of ours stays."""
    kinds = ("OpenCover", "InsuranceQuote", "CoverDeclaration", "InsuranceClaim", "Shipment", "Document")
    if isinstance(value, list):
        return [absent(each) for each in value]
    if isinstance(value, str) and from_global_id(value).type in kinds:
        return to_global_id(from_global_id(value).type, str(uuid4()))
    return value


def test_every_mutation_is_made_once_for_its_key_and_to_others_there_is_no_such_thing(
    platform: Platform, story: Story
) -> None:
    made = set()
    for number, (by, mutation, selection, given) in enumerate(story.cases()):
        before = rows(platform, EVERYTHING)
        for stranger in ("rival", "bank", "operator"):
            known = story.askers[stranger].change(mutation, selection, **given)
            nothing = {name: absent(value) for name, value in given.items()}
            assert known == story.askers[stranger].change(mutation, selection, **nothing), mutation
            assert known["userErrors"][0]["code"] in ("not_found", "role_required"), mutation
        assert rows(platform, EVERYTHING) == before, mutation
        first = story.make(by, mutation, selection, given, f"key {number}")
        after = rows(platform, EVERYTHING)
        assert after != before, mutation
        assert story.make(by, mutation, selection, given, f"key {number}") == first
        changed = {**given, next(iter(given)): "another"}
        if mutation == "requestInsuranceQuote":
            changed = {**given, "mode": "AIR"}
        refused = story.askers[by].refused(mutation, selection, **changed, idempotencyKey=f"key {number}")
        assert refused == [("idempotency_key_reused", "idempotencyKey")]
        assert rows(platform, EVERYTHING) == after, mutation
        made.add(mutation)
    fields = build().mutation_type.fields  # type: ignore[union-attr]
    own = {
        "".join([name.split("_")[0], *map(str.title, name.split("_")[1:])])
        for name in (*CoverMutation._meta.fields, *CargoMutation._meta.fields)
    }
    assert {name for name in fields if name in own} == made


LISTS = (
    "{ openCovers { edges { node { id perPeriod { amountMinor } periodMonths"
    " periods { number begins ends limit { amountMinor } declared { amountMinor } balance { amountMinor } }"
    " insurer { name } insured { name } steps { code actor { name } } } } }"
    " insuranceQuotes { edges { node { id state premium { amountMinor } lines { amount } terms } } }"
    " coverDeclarations { edges { node { id state sumInsured { amountMinor }"
    " premium { amountMinor } deductible { amountMinor }"
    " claims { kind state paid { amountMinor } steps { code digest previous signature } }"
    " delay { measuredDays paidDays paidMinor basisRiskDays told { role source { name } days apart } } } } }"
    " insuranceClaims { edges { node { id state kind claimed { amountMinor currency } } } } }"
)


def play(story: Story) -> None:
    for number, case in enumerate(story.cases()):
        story.make(*case, key=f"key {number}")


def test_what_was_insured_is_read_by_both_and_by_nobody_else(
    platform: Platform, askers: dict[str, Asker], story: Story
) -> None:
    play(story)
    seen = {name: asker.data(LISTS) for name, asker in askers.items()}
    assert seen["insurer"] == seen["trader"]
    nothing: dict[str, Any] = {"edges": []}
    for name in sorted(askers.keys() - {"insurer", "trader"}):
        assert all(found == nothing for found in seen[name].values()), name
    ids = [edge["id"] for found in seen["insurer"].values() for edge in nodes(found)]
    node = "query ($id: ID!) { node(id: $id) { id } }"
    for one in ids:
        assert askers["insurer"].data(node, id=one)["node"] == {"id": one}
        for name in ("rival", "carrier", "operator"):
            assert askers[name].ask(node, id=one) == askers[name].ask(node, id=absent(one))
    (cover,) = nodes(seen["trader"]["openCovers"])
    (period,) = cover["periods"]  # it was cancelled, and ends with its notice
    assert period["limit"]["amountMinor"] == 25_000_000_000
    (live, taken_back) = nodes(seen["trader"]["coverDeclarations"])
    assert taken_back["state"] == "CANCELLED"
    assert period["declared"] == live["sumInsured"]
    insured = live["sumInsured"]["amountMinor"]
    assert period["balance"]["amountMinor"] == 25_000_000_000 - insured
    assert live["delay"]["measuredDays"] == 5
    assert (live["delay"]["paidDays"], live["delay"]["paidMinor"]) == (3, 300_000)
    assert [told["source"]["name"] for told in live["delay"]["told"]] == ["carrier", "terminal"]
    states = [(claim["kind"], claim["state"]) for claim in live["claims"]]
    assert states == [
        ("DAMAGE", "WITHDRAWN"),
        ("DAMAGE", "DECLINED"),
        ("DAMAGE", "SETTLED"),
        ("DELAY", "SETTLED"),
    ]
    quoted, by_hand = nodes(seen["trader"]["insuranceQuotes"])
    assert quoted["premium"]["amountMinor"] == sum(line["amount"] for line in quoted["lines"])
    assert by_hand["premium"]["amountMinor"] == 9_000


def test_both_parties_webhooks_are_told_and_others_are_not(
    platform: Platform, askers: dict[str, Asker], story: Story
) -> None:
    play(story)
    kinds = {}
    for name in ("insurer", "trader", "carrier", "operator"):
        with platform.begin(askers[name].actor) as work:
            seen = select(Change.kind).where(Change.insurance_id.is_not(None)).order_by(Change.sequence)
            kinds[name] = [*work.session.scalars(seen)]
    assert kinds["insurer"] == kinds["trader"]
    assert {"cover.offered", "quote.requested", "cover.declared", "claim.notified", "claim.settled"} <= {
        *kinds["insurer"]
    }
    assert kinds["carrier"] == kinds["operator"] == []


def test_an_insurer_lists_its_tables_with_when_each_holds_and_nobody_else_does(
    askers: dict[str, Asker], story: Story
) -> None:
    query = (
        "query ($c: String) { insuranceTariffs(first: 1, after: $c) { pageInfo { endCursor }"
        " edges { node { id effectiveFrom effectiveUntil quotesHoldDays rates } } } }"
    )
    play(story)
    insurer = askers["insurer"]
    first = insurer.data(query)["insuranceTariffs"]
    (held,) = nodes(first)
    assert (held["effectiveUntil"], held["quotesHoldDays"], held["rates"]["minimum"] >= 0) == (None, 14, True)
    later = {"effectiveFrom": "2026-12-01T00:00:00Z", "currency": "USD", "minimumMinor": 0}
    rows = [{"clause": "ICC_A", "ratePpm": 1}]
    insurer.done("publishInsuranceTariff", "tariff { id }", **later, rows=rows)
    newest = insurer.data(query)["insuranceTariffs"]
    assert [each["effectiveFrom"] for each in nodes(newest)] == ["2026-12-01T00:00:00Z"]
    (before,) = nodes(insurer.data(query, c=newest["pageInfo"]["endCursor"])["insuranceTariffs"])
    assert (before["id"], before["effectiveUntil"]) == (held["id"], "2026-12-01T00:00:00Z")
    for name in ("trader", "carrier", "operator"):
        assert nodes(askers[name].data(query)["insuranceTariffs"]) == []
