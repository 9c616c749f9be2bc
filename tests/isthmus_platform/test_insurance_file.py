"""What the platform gives out of a cover and a claim verifies offline, for its two parties alone."""

from datetime import timedelta
from uuid import UUID

import pytest

from insurance_trade import DESK, SOURCES, TRUST, InsuredTrade, open_insured_trade
from isthmus_platform.database import Platform
from isthmus_platform.errors import NotFound
from isthmus_platform.insurance import exporting
from isthmus_protocol.insurance_file import verify_insurance
from standing import StandingClock


@pytest.fixture
def trade(platform: Platform) -> InsuredTrade:
    opened = open_insured_trade(platform)
    opened.publish()
    return opened


def verified(trade: InsuredTrade, kind: str, key: UUID, by: str = "insurer") -> dict[str, str]:
    """Return what the checks of the file say, by name, all of which must hold."""
    with trade.platform.begin(trade[by]) as work:
        file = getattr(exporting, kind)(work, DESK, key)
    verdict, _ = verify_insurance(file, TRUST)
    assert verdict.passed, verdict.checks
    return {check.name: check.detail for check in verdict.checks}


def test_a_cover_says_what_stands_declared_and_a_claim_what_was_paid(trade: InsuredTrade) -> None:
    document = trade.papers.store().document_id
    cover = trade.cover()
    declaration = trade.declared(cover)
    said = verified(trade, "cover", cover, by="trader")["standing"]
    assert said == f"ACTIVE; {declaration.insured_minor} of 100000000 minor units stand declared"
    claim = trade.notify(declaration.id).id
    trade.claim("trader", "document", claim, [document])
    trade.claim("insurer", "assess", claim, 2_000_000, "By the surveyor")
    trade.claim("insurer", "accept", claim)
    trade.claim("insurer", "settle", claim, "PAY-1")
    assert verified(trade, "claim", claim)["standing"].startswith("SETTLED; 2000000 minor units claimed")
    with trade.platform.begin(trade["stranger"]) as work, pytest.raises(NotFound):
        exporting.claim(work, DESK, claim)


def test_a_delay_is_proven_by_the_sources_own_signatures(trade: InsuredTrade, clock: StandingClock) -> None:
    declaration = trade.declared(trade.cover(), delay=trade.delay())
    agreed = trade.now + timedelta(days=30)
    clock.advance(days=40)
    for source, days in zip(SOURCES, (1, 7, 7), strict=True):
        trade.arrived(source, agreed + timedelta(days=days))
    (claim,) = trade.claims_of(declaration.id)
    said = verified(trade, "claim", claim.id)
    assert said["quorum"] == "3 independent sources signed: CARRIER, TERMINAL, CUSTOMS"
    assert said["standing"] == "SETTLED; 500000 minor units claimed, 500000 minor units paid"
