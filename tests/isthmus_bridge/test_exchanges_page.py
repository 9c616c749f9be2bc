"""The page on exchanges draws the very steps that the code takes."""

import re
from pathlib import Path

from isthmus_bridge.exchanges import TRANSITIONS
from isthmus_protocol.messages import ExchangeState, Reason

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "exchanges.md"


def test_the_diagram_has_each_step_that_can_be_taken_and_no_other() -> None:
    drawn = re.findall(r"^ +([A-Z]+) --> ([A-Z]+): ", PAGE.read_text(), re.MULTILINE)
    assert sorted(drawn) == sorted(
        (str(state), str(to)) for state, ends in TRANSITIONS.items() for to in ends
    )


def test_every_end_without_delivery_is_explained() -> None:
    text = PAGE.read_text()
    for reason in (Reason.RECEIVER_REFUSED, Reason.UNDELIVERABLE, Reason.TIMED_OUT, Reason.UNCONFIRMED):
        assert f"`{ExchangeState.FAILED}`, reason `{reason}`" in text
