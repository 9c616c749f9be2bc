"""What is told of a title to whom, and what the database holds beneath the register."""

from contextlib import suppress
from functools import partial

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from isthmus_platform.database import Platform, on_duty
from isthmus_platform.errors import NotPermitted
from isthmus_platform.title import Phase, reading
from title_refusals import refused
from title_trade import TitleTrade, open_title_trade


@pytest.fixture
def trade(platform: Platform) -> TitleTrade:
    return open_title_trade(platform)


class TestWhoIsTold:
    def test_a_past_holder_sees_its_own_steps_and_not_who_holds_it_now(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "TRANSFER", "bank")
        trade.act("bank", it, "TRANSFER", "other-bank")
        trade.act("other-bank", it, "TRANSFER", "consignee")
        seen = {}
        for name in ("carrier", "trader", "bank", "other-bank", "consignee"):
            with trade.platform.begin(trade[name]) as work:
                seen[name] = [step.sequence for step in reading.steps(work, [it]).get(it, [])]
        assert seen == {
            "carrier": [1, 2, 3, 4],
            "trader": [1, 2],
            "bank": [2, 3],
            "other-bank": [3, 4],
            "consignee": [1, 2, 3, 4],
        }
        assert trade.standing("bank", it).holder is None
        assert refused(trade, lambda: trade.export("bank", it)) == (NotPermitted, "not_holder", "title")

    def test_the_shipments_owner_and_a_reader_with_its_grant_are_told_the_holder_and_no_steps(
        self, trade: TitleTrade
    ) -> None:
        it = trade.issue(recipient="bank")
        assert trade.holder_of("insurer") is None
        trade.grant_bill("insurer")
        for name in ("trader", "insurer"):
            standing = trade.holder_of(name)
            assert standing is not None
            assert (standing.title_id, standing.holder) == (it, trade["bank"].party_id)
            with trade.platform.begin(trade[name]) as work:
                assert reading.steps(work, [it]) == {}
            assert refused(trade, partial(trade.export, name, it))[1] == "not_holder"

    def test_whose_lien_it_is_only_holder_issuer_and_that_bank_are_told(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.grant_bill("insurer")
        trade.pledge(it)
        trade.hold()
        told = {
            name: [block.by for block in trade.standing(name, it).blocks]
            for name in ("carrier", "trader", "bank", "authority", "insurer")
        }
        assert told == {
            "carrier": ["bank", "authority"],
            "trader": ["bank", "authority"],
            "bank": ["bank", None],
            "authority": [None, "authority"],
            "insurer": [None, None],
        }
        assert trade.standing("bank", it).holder == trade["trader"].party_id
        assert trade.standing("authority", it).holder is None

    def test_the_newest_title_of_a_shipment_is_the_one_that_is_told(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "SURRENDER_FOR_AMENDMENT", reason="SWTP")
        trade.act("carrier", it, "SACC")
        standing = trade.holder_of("trader")
        assert standing is not None
        assert standing.state is Phase.PAPER
        again = trade.issue(replaces=it)
        standing = trade.holder_of("trader")
        assert standing is not None
        assert standing.title_id == again


class TestTheDatabase:
    """What holds from below, whatever the code above it forgets."""

    STATEMENTS = (
        "UPDATE title SET possessor_id = acting_party(), sequence = sequence + 1",
        "UPDATE title_step SET token = 'forged'",
        "DELETE FROM title_step",
        "DELETE FROM title",
        "UPDATE title_block SET released_at = now()",
    )

    def test_a_past_holder_cannot_write(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "TRANSFER", "bank")
        trade.pledge(it, "other-bank", by="bank")
        before = trade.everything()
        for statement in self.STATEMENTS:
            with suppress(ProgrammingError), trade.platform.begin(trade["trader"]) as work:
                work.session.execute(text(statement))
            assert trade.everything() == before, statement

    def test_its_holder_cannot_move_it_but_step_by_step(self, trade: TitleTrade) -> None:
        trade.issue()
        statement = text("UPDATE title SET sequence = sequence + :by")
        for by in (0, 2, -1):
            with (
                pytest.raises(DBAPIError, match="step by step"),
                trade.platform.begin(trade["trader"]) as work,
            ):
                work.session.execute(statement, {"by": by})

    def test_the_registers_duty_locks_and_does_not_write(self, trade: TitleTrade) -> None:
        trade.issue()
        with (
            pytest.raises(DBAPIError, match="row-level security"),
            trade.platform.begin(trade["stranger"]) as work,
            on_duty(work, "title-register"),
        ):
            work.session.execute(text("UPDATE title SET sequence = sequence + 1"))

    def test_two_steps_of_one_number_cannot_be(self, trade: TitleTrade) -> None:
        it = trade.issue()
        with (
            pytest.raises(DBAPIError, match="pk_title_step"),
            trade.platform.begin(trade["carrier"]) as work,
        ):
            work.session.execute(
                text(
                    "INSERT INTO title_step SELECT title_id, sequence, actor_id, recipient_id, action,"
                    " reason, at, token, 'other', kid, x FROM title_step"
                )
            )
        assert trade.act("trader", it, "SIGN") == "HELD"
