"""A platform at the border: a trader's paperwork and goods on the way, and the bridge in agreement."""

from collections.abc import Iterator

import pytest

from border import Border, open_border
from isthmus_platform.database import Platform
from paperwork import open_paperwork
from standing import StandingClock


@pytest.fixture
def border(platform: Platform, bridge_url: str, clock: StandingClock) -> Iterator[Border]:
    """Open one, in which the trader has shipped."""
    papers = open_paperwork(platform)
    papers.trade.ship()
    with open_border(papers, bridge_url, clock) as opened:
        opened.agree()
        yield opened
