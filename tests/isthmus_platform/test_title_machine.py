"""Whatever is tried: one holder, an export that verifies, and no refusal changes anything."""

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from isthmus_platform.database import Platform
from isthmus_platform.errors import PlatformError
from isthmus_platform.title import Action
from playing import play
from title_trade import TitleTrade, open_title_trade

PARTIES = ("trader", "bank", "consignee", "stranger")
ACTIONS = [action.value for action in Action if action not in (Action.ISSUE, Action.SACC, Action.SREJ)]
REASONS = st.sampled_from([None, None, "SWTP", "COD"])


class Titles(RuleBasedStateMachine):
    """One shipment and the titles that follow each other on it, against a model of who holds the last."""

    trade: TitleTrade
    shipments = 0

    @initialize(form=st.sampled_from(["NEGOTIABLE", "NEGOTIABLE", "STRAIGHT"]))
    def issue(self, form: str) -> None:
        Titles.shipments += 1
        number = f"B{Titles.shipments}"
        shipment = self.trade.papers.trade.ship(
            reference=number, ucr=f"U{number}", bill_of_lading=None, booking_reference=None
        )
        self.given: dict[str, Any] = {"shipment": shipment, "number": number, "form": form, "named": None}
        if form == "STRAIGHT":
            self.given["named"] = "consignee"
        self.ucr = f"U{number}"
        self.title = self.trade.issue(**self.given)
        self.holder, self.before, self.ended = "trader", "trader", False
        self.blocks: dict[str, tuple[str, object]] = {}

    def tried(self, moved: bool, call: object) -> bool:
        """Make a call; on a refusal nothing at all may have changed. Return whether it was made."""
        before = self.trade.everything()
        try:
            call()  # type: ignore[operator]
        except PlatformError:
            assert self.trade.everything() == before
            return False
        assert not (moved and self.blocks), "a blocked title moved"
        return True

    @rule(
        by=st.sampled_from(PARTIES), action=st.sampled_from(ACTIONS), to=st.sampled_from(PARTIES), why=REASONS
    )
    def step(self, by: str, action: str, to: str, why: str | None) -> None:
        alone = action in ("SIGN", "BLANK_ENDORSE") or action.startswith("SURRENDER")
        reason = why if action == "SURRENDER_FOR_AMENDMENT" else None
        if self.tried(
            action != "SIGN",
            lambda: self.trade.act(by, self.title, action, None if alone else to, reason=reason),
        ):
            assert by == self.holder, f"{by} made a step on a title of {self.holder}"
            assert not self.ended
            if action == "TRANSFER":
                self.holder = to
            elif action.startswith("SURRENDER"):
                self.holder, self.before = "carrier", by

    @precondition(lambda self: self.holder == "carrier" and not self.ended)
    @rule(accept=st.booleans())
    def answer(self, accept: bool) -> None:
        call = "SACC" if accept else "SREJ"
        if self.tried(accept, lambda: self.trade.act("carrier", self.title, call)):
            self.ended = accept
            self.holder = "carrier" if accept else self.before

    @precondition(lambda self: self.ended)
    @rule()
    def issue_again(self) -> None:
        given = {**self.given, "replaces": self.title}
        made = []
        if self.tried(False, lambda: made.append(self.trade.issue(**given))):
            self.title, self.holder, self.ended = made[0], "trader", False

    @rule(by=st.sampled_from(PARTIES), bank=st.sampled_from(["bank", "other-bank"]))
    def pledge(self, by: str, bank: str) -> None:
        made = []
        if self.tried(False, lambda: made.append(self.trade.pledge(self.title, bank, by))):
            assert by == self.holder
            self.blocks[bank] = (bank, made[0])

    @precondition(lambda self: not self.ended)
    @rule()
    def hold(self) -> None:
        made = []
        if self.tried(False, lambda: made.append(self.trade.hold(ucr=self.ucr))):
            self.blocks["authority"] = ("authority", made[0])

    @precondition(lambda self: self.blocks)
    @rule(data=st.data())
    def clear(self, data: st.DataObject) -> None:
        whose = data.draw(st.sampled_from(sorted(self.blocks)))
        by, block = self.blocks.pop(whose)
        self.trade.release(by, block)  # type: ignore[arg-type]

    @invariant()
    def one_holder(self) -> None:
        assert self.trade.holder(self.title) == self.holder
        assert len(self.trade.standing("carrier", self.title).blocks) == len(self.blocks)
        live = self.trade.as_owner(
            f"SELECT count(*) FROM title WHERE shipment_id = '{self.given['shipment']}'"
            " AND phase IN ('HELD', 'DELIVERY_REQUESTED', 'AMENDMENT_REQUESTED')"
        )
        assert live == [(0 if self.ended else 1,)]

    @invariant()
    def the_export_verifies(self) -> None:
        self.trade.verified(self.holder, self.title)


@pytest.fixture
def machine(platform: Platform) -> type[Titles]:
    Titles.trade = open_title_trade(platform)
    return Titles


def test_there_is_one_holder_and_a_file_that_verifies_whatever_is_tried(machine: type[Titles]) -> None:
    play(machine, runs=12, steps=12)
