"""What screening finds about a party stays on this side of the bridge."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import isthmus_platform.crossings
from border import Border, open_border
from isthmus_platform.database import Platform
from isthmus_protocol.canonical import canonical
from paperwork import open_paperwork
from screening_trade import CONSIGNEE, GOODS, Screening, screened
from standing import StandingClock


@pytest.fixture
def border(platform: Platform, bridge_url: str, clock: StandingClock) -> Iterator[Border]:
    papers = open_paperwork(platform)
    with open_border(papers, bridge_url, clock) as opened:
        opened.agree()
        yield opened


def decided(border: Border, platform_url: str) -> Screening:
    """Confirm a hit about a party of the consignment, one about the owner itself, and leave one open."""
    screening = screened(border.papers.trade, platform_url)
    screening.work()
    member = {"reference": "SECRET-MEMBER", "kind": "PARTY", "names": ["Trader Ltd"]}
    screening.load(
        {**CONSIGNEE, "reference": "SECRET-1"}, {**GOODS, "reference": "SECRET-2"}, member, list="secret-list"
    )
    border.papers.trade.ship()
    screening.work()
    consignee, goods = sorted(screening.hits(), key=lambda hit: hit.reference)
    screening.decide(consignee.id, "CONFIRM")
    (owner,) = screening.hits("operator")
    screening.decide(owner.id, "CONFIRM", "operator")
    assert goods.state == "OPEN"
    return screening


def test_a_hit_about_a_party_never_crosses_the_bridge(border: Border, platform_url: str) -> None:
    screening = decided(border, platform_url)
    border.declare()
    border.drain()
    border.deliver()
    assert border.sent, "the declaration crossed"
    assert border.window.received, "and was delivered"
    crossed = b"\n".join([*border.sent, *map(canonical, border.window.bodies)])
    for hit in (*screening.hits(), *screening.hits("operator")):
        for secret in (hit.reference, hit.list_code, str(hit.id), hit.entry_digest, "CONFIRM"):
            assert secret.encode() not in crossed
    assert b"creening" not in crossed


def test_a_declaration_is_the_same_whether_there_are_hits_or_not(border: Border, platform_url: str) -> None:
    border.papers.trade.ship()
    border.declare()
    border.drain()
    before = len(border.sent)
    screening = screened(border.papers.trade, platform_url)
    screening.load(CONSIGNEE, GOODS)
    assert screening.hits()
    assert border.drain() == 0
    assert len(border.sent) == before, "a hit sends nothing of its own accord"


def test_neither_of_the_two_modules_knows_the_other() -> None:
    crossings = Path(isthmus_platform.crossings.__file__).parent
    for folder, other in ((crossings, "screening"), (crossings.parent / "screening", "crossings")):
        for file in folder.glob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom | ast.Import):
                    assert other not in ast.unparse(node), file.name
