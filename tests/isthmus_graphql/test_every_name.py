"""Every change that takes no id, for a stranger: what it names of another's answers as what is nobody's does.

What names nothing of another's changes nothing that a stranger sees. With the changes of ``test_every_pair``
that is every change of the schema, which is held here.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from graphql import GraphQLSchema, get_named_type
from sqlalchemy import text

from credit_case import TERMS
from graphql_client import Asker, register_cast, serve
from graphql_trade import departure, ship
from isthmus_graphql.execution import GraphQL
from isthmus_graphql.schema import build
from isthmus_platform import parties, tokens
from isthmus_platform.database import Duty, PartyRole, Platform
from isthmus_platform.outgoing_addresses import Outgoing
from isthmus_platform.papers import plain
from isthmus_platform.webhook_signing import SigningSecrets
from same_work import listening
from title_trade import DESK

SCHEMA: GraphQLSchema = build()
UCR, NO_UCR = "6TW24536806-1", "6TW00000000-0"
REFERENCE, NO_REFERENCE = "KHH-HAM-1", "NO-SUCH-1"
LATER = "2026-12-01T00:00:00Z"
HELD = {"legalBasis": "Union Customs Code, Article 15", "reason": "curious"}
STRANGERS = ("rival", "bank", "terminal", "operator")
JWKS = json.dumps({"keys": [tokens.public_jwk(Ed25519PrivateKey.generate())]})
MARKS = [hashlib.sha512(b"417").hexdigest()]


@dataclass(frozen=True)
class Named:
    """A change that names a thing in ``place``: what the trader's is called, and what nobody's is."""

    place: str
    known: str
    unknown: str
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Alone:
    """A change that names nothing of another's: who makes it, and in which tables everybody may see that."""

    by: str
    given: dict[str, Any]
    open_to_all: frozenset[str] = frozenset()


NAMED = {
    "askWindow": Named("ucr", UCR, NO_UCR, {"purpose": "TRADE_FINANCE"}),
    "breakGlass": Named("ucr", UCR, NO_UCR, HELD),
    "placeTitleHold": Named("ucr", UCR, NO_UCR, HELD),
    "holdCargoForCustoms": Named("ucr", UCR, NO_UCR, HELD),
    "consentToRelease": Named("ucr", UCR, NO_UCR),
    "tellArrival": Named("ucr", UCR, NO_UCR, {"arrivedAt": "2026-06-01T09:00:00Z"}),
    "submitDeclaration": Named("shipment", REFERENCE, NO_REFERENCE),
    "issueDocument": Named("shipment", REFERENCE, NO_REFERENCE, {"type": "380", "data": {}}),
    "publishFreightData": Named(
        "shipment",
        REFERENCE,
        NO_REFERENCE,
        {
            "mainCarriage": {
                "mode": "ROAD",
                "dangerousGoods": False,
                "meansOfTransport": "HH-IS 417",
                "registrationCountry": "DE",
            }
        },
    ),
}
COVER = {
    "insured": "trader",
    "number": "OC-1",
    "currency": "USD",
    "limitMinor": 1_000,
    "perConveyanceMinor": 1_000,
    "perLocationMinor": 1_000,
    "clauses": ["ICC_A"],
    "validFrom": "2026-06-02T00:00:00Z",
    "validUntil": LATER,
}
TARIFF = {
    "currency": "USD",
    "effectiveFrom": "2026-06-02T00:00:00Z",
    "minimumMinor": 0,
    "rows": [{"clause": "ICC_A", "ratePpm": 100}],
}
FREIGHT = {
    "origin": "TWKHH",
    "destination": "DEHAM",
    "goods": "Machines",
    "equipmentType": "22G1",
    "units": 1,
    "closesAt": LATER,
    "of": ["carrier"],
}
SLOTS = {
    "place": "DEHAM",
    "zone": "Europe/Berlin",
    "gate": "G1",
    "direction": "PICK_UP",
    "day": "2026-06-02",
    "opens": "06:00",
    "closes": "07:00",
    "minutes": 60,
    "capacity": 1,
}
RISK = {
    "code": "DEAR_GOODS",
    "about": "OWNER",
    "category": "PRICE",
    "says": "Dear goods",
    "condition": "shipment.valueMinor > 1",
}
OWN_RULE = {
    "code": "OWN_RULE",
    "article": "Bank policy 7",
    "says": "as we see fit",
    "condition": "presentation.drawings >= 0",
}
CREDIT = {
    "issuingBank": "bank",
    "advisingBank": "other-bank",
    "beneficiary": "trader",
    "terms": plain.to_json(TERMS),
}
ALONE = {
    "createShipment": Alone(
        "trader", {"reference": "OWN-1", "ucr": "U1", "origin": "TWKHH", "destination": "DEHAM"}
    ),
    "recordEvents": Alone(
        "carrier", {"standard": "DCSA_2_2", "events": [departure(1, "2026-05-20T06:00:00Z")]}
    ),
    "recordDelegation": Alone("trader", {"agent": "forwarder", "validUntil": LATER}),
    "registerClient": Alone("trader", {"name": "desk", "jwks": JWKS}),
    "registerWebhook": Alone("trader", {"url": "http://127.0.0.1:8099/hook"}),
    "closeBillingPeriod": Alone("operator", {"period": "2026-05"}),
    "offerCover": Alone("insurer", COVER),
    "publishInsuranceTariff": Alone("insurer", TARIFF),
    "requestFreightQuotes": Alone("trader", FREIGHT),
    "offerGateSlots": Alone("terminal", SLOTS, frozenset({"gate_slot"})),
    "writeRiskRule": Alone("trader", RISK),
    "writeExaminationRule": Alone("bank", OWN_RULE),
    "addBankHolidays": Alone("bank", {"holidays": {"2026-12-25": "Christmas"}}, frozenset({"bank_holiday"})),
    "setBankRestDays": Alone("bank", {"days": ["FRIDAY"]}, frozenset({"bank_week"})),
    "applyForCredit": Alone("buyer", CREDIT),
    "askFinanced": Alone("bank", {"marks": MARKS}),
    "registerFinancing": Alone("bank", {"marks": MARKS}),
    "disputeFinancing": Alone("other-bank", {"marks": MARKS, "reason": "It is mine."}),
    "suspendTitleMember": Alone("operator", {"party": "trader", "reason": "curious"}),
    "readmitTitleMember": Alone("operator", {"party": "trader"}),
}


@pytest.fixture
def askers(platform: Platform) -> dict[str, Asker]:
    cast = register_cast(platform)
    more = {"terminal": PartyRole.TERMINAL, "other-bank": PartyRole.BANK, "buyer": PartyRole.TRADER}
    with platform.begin(Duty("onboarding")) as work:
        for name, role in more.items():
            party = parties.register(work, name, f"{name.title()} Ltd", "DE", [role])
            cast[name] = parties.actor_of(party, f"client:{name}")
    push = (Outgoing(loopback=True), SigningSecrets(b"m" * 32))
    return serve(GraphQL(platform, SCHEMA, desk=DESK, push=push), cast)


def test_every_change_takes_an_id_or_is_known_here() -> None:
    assert SCHEMA.mutation_type is not None
    changes = SCHEMA.mutation_type.fields
    by_id = [
        name
        for name, made in changes.items()
        if any(
            get_named_type(each.type).name == "ID"
            for each in get_named_type(made.args["input"].type).fields.values()
        )
    ]
    assert sorted([*by_id, *NAMED, *ALONE]) == sorted(changes), "say how it is nobody else's"


def test_what_is_named_of_anothers_answers_as_what_is_nobodys_and_does_the_same_work(
    platform: Platform, askers: dict[str, Asker]
) -> None:
    ship(askers["trader"])
    for mutation, it in NAMED.items():
        for stranger in STRANGERS:
            answers, work = [], []
            for name in (it.known, it.unknown):
                with listening(platform) as sent:
                    answers.append(
                        askers[stranger].change(mutation, "__typename", **it.rest, **{it.place: name})
                    )
                work.append(sent)
            assert answers[0] == answers[1], (mutation, stranger)
            assert work[0] == work[1], (mutation, stranger)
            assert answers[0]["userErrors"] or mutation == "askWindow", (mutation, stranger)


def sight(platform: Platform, asker: Asker) -> dict[str, int]:
    """Return how many rows of each table a party sees."""
    tables = (
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
        " AND relnamespace = 'public'::regnamespace AND has_table_privilege(oid, 'SELECT')"
    )
    with platform.begin(asker.actor) as work:
        names = [str(name) for name in work.session.scalars(text(tables))]
        counted = " UNION ALL ".join(f"SELECT '{name}', count(*) FROM {name}" for name in names)
        return {str(name): int(number) for name, number in work.session.execute(text(counted))}


def test_what_one_party_does_alone_changes_nothing_that_a_stranger_sees(
    platform: Platform, askers: dict[str, Asker]
) -> None:
    ship(askers["trader"])
    before = sight(platform, askers["rival"])
    assert (before["party"] > 0, before["shipment"]) == (True, 0)
    for mutation, it in ALONE.items():
        askers[it.by].done(mutation, "__typename", **it.given)
        after = sight(platform, askers["rival"])
        assert {name for name in after if after[name] != before[name]} == it.open_to_all, mutation
        before = after
