"""Title has one holder at any time; another cannot move it, and is told no more than it must."""

from functools import partial
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from isthmus_platform import title
from isthmus_platform.database import Platform
from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted
from isthmus_platform.title import Phase, TitleBlocked
from isthmus_protocol import statements
from isthmus_protocol.canonical import canonical
from isthmus_protocol.title_file import TitleFile
from title_refusals import Told, refused, told
from title_trade import DIGEST, TitleTrade, open_title_trade


@pytest.fixture
def trade(platform: Platform) -> TitleTrade:
    return open_title_trade(platform)


class TestHolding:
    def test_it_passes_from_trader_to_bank_to_consignee_and_is_surrendered(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "ENDORSE_TO_ORDER", "bank")
        trade.act("trader", it, "TRANSFER", "bank")
        assert trade.holder(it) == "bank"
        trade.act("bank", it, "ENDORSE", "consignee")
        trade.act("bank", it, "TRANSFER", "consignee")
        assert trade.holder(it) == "consignee"
        assert trade.act("consignee", it, "SURRENDER_FOR_DELIVERY") == "DELIVERY_REQUESTED"
        assert trade.act("carrier", it, "SACC") == "SURRENDERED"
        standing = trade.standing("carrier", it)
        assert (standing.state, standing.surrendered) == (Phase.SURRENDERED, True)
        said = trade.verified("carrier", it)
        assert [line.split(" ")[3].rstrip(":") for line in said] == [
            *("ISSUE", "ENDORSE_TO_ORDER", "TRANSFER", "ENDORSE", "TRANSFER"),
            *("SURRENDER_FOR_DELIVERY", "SACC"),
        ]

    def test_a_rejected_surrender_leaves_it_with_its_holder(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "SURRENDER_FOR_DELIVERY")
        assert trade.holder(it) == "carrier"
        assert trade.act("carrier", it, "SREJ", comments="Freight is not paid") == "HELD"
        assert trade.holder(it) == "trader"

    def test_it_goes_to_paper_and_comes_back_as_a_new_one_that_names_it(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "SURRENDER_FOR_AMENDMENT", reason="SWTP")
        assert trade.act("carrier", it, "SACC") == "PAPER"
        assert refused(trade, trade.issue) == (Conflict, "title_exists", "replaces")
        again = trade.issue(replaces=it, recipient="bank")
        standing = trade.standing("carrier", again)
        assert (standing.version, trade.holder(again)) == (2, "bank")
        assert trade.verified("bank", again)
        assert f'"{it}"' in _terms(trade, again)
        assert refused(trade, lambda: trade.issue(replaces=it)) == (Conflict, "title_exists", "replaces")
        assert refused(trade, lambda: trade.act("trader", it, "SIGN"))[1] == "title_ended"

    def test_a_second_title_of_a_shipment_is_refused_while_one_lives_or_was_surrendered(
        self, trade: TitleTrade
    ) -> None:
        it = trade.issue()
        for replaces in (None, it):
            assert refused(trade, partial(trade.issue, replaces=replaces))[1] == "title_exists"
        trade.act("trader", it, "SURRENDER_FOR_DELIVERY")
        trade.act("carrier", it, "SACC")
        assert refused(trade, lambda: trade.issue(replaces=it))[1] == "title_exists"

    def test_the_same_number_is_not_issued_for_another_shipment(self, trade: TitleTrade) -> None:
        trade.issue()
        other = trade.papers.trade.ship(reference="R2", ucr="U2")
        assert refused(trade, lambda: trade.issue(shipment=other)) == (Conflict, "title_exists", "shipment")

    def test_a_switched_bill_has_another_number(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "SURRENDER_FOR_AMENDMENT", reason="SWI")
        assert trade.act("carrier", it, "SACC") == "VOID"
        again = trade.issue(replaces=it, number="BILL2")
        assert (trade.standing("carrier", again).number, trade.standing("carrier", again).version) == (
            "BILL2",
            1,
        )

    def test_what_happened_is_announced_to_who_used_it(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "SIGN")
        trade.act("trader", it, "TRANSFER", "bank")
        trade.act("bank", it, "SURRENDER_FOR_DELIVERY")
        trade.act("carrier", it, "SACC")
        found = trade.as_owner(
            "SELECT payload ->> 'name', party.name FROM outbox JOIN party ON party.id = outbox.party_id"
            " WHERE payload ->> 'name' LIKE 'title.%' ORDER BY outbox.id"
        )
        assert found == [
            ("title.issued", "carrier"),
            ("title.transferred", "trader"),
            ("title.surrendered", "bank"),
        ]


def _terms(trade: TitleTrade, title_id: UUID) -> str:
    """Return the payload of a title's issue."""
    file = TitleFile.from_bytes(trade.export("carrier", title_id))
    return canonical(statements.payload_unverified(file.steps[0])).decode()


class TestRefusals:
    STEPS: ClassVar[dict[tuple[str, str | None], Told]] = {
        ("TRANSFER", "trader"): (InvalidInput, "to_self", "recipient"),
        ("TRANSFER", "nobody"): (NotFound, "unknown_party", "recipient"),
        ("TRANSFER", "operator"): (InvalidInput, "cannot_hold", "recipient"),
        ("TRANSFER", "authority"): (InvalidInput, "cannot_hold", "recipient"),
        ("TRANSFER", "carrier"): (InvalidInput, "to_issuer", "recipient"),
        ("TRANSFER", None): (InvalidInput, "wrong_recipient", "recipient"),
        ("SIGN", "bank"): (InvalidInput, "wrong_recipient", "recipient"),
        ("BLANK_ENDORSE", None): (InvalidInput, "already_blank", "action"),
        ("SURRENDER_FOR_DELIVERY", "bank"): (InvalidInput, "wrong_recipient", "recipient"),
        ("SACC", None): (NotPermitted, "not_issuer", "title"),
        ("ISSUE", "bank"): (Conflict, "title_exists", "action"),
    }

    def test_a_step_that_breaks_a_rule_changes_nothing(self, trade: TitleTrade) -> None:
        it = trade.issue()
        before = trade.everything()
        for (action, to), refusal in self.STEPS.items():
            assert told(partial(trade.act, "trader", it, action, to)) == refusal
        assert trade.everything() == before

    def test_a_past_holder_is_told_that_it_is_not_the_holder(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "TRANSFER", "bank")
        for action in ("TRANSFER", "ENDORSE", "ENDORSE_TO_ORDER"):
            refusal = refused(trade, partial(trade.act, "trader", it, action, "consignee"))
            assert refusal == (NotPermitted, "not_holder", "title")
        refusal = refused(trade, lambda: trade.act("trader", it, "SURRENDER_FOR_DELIVERY"))
        assert refusal == (NotPermitted, "not_holder", "title")
        assert trade.holder(it) == "bank"

    def test_to_a_party_that_has_no_part_in_it_there_is_no_such_title(self, trade: TitleTrade) -> None:
        it = trade.issue()
        before = trade.everything()
        for stranger in ("consignee", "bank", "rival", "operator", "authority"):
            for one in (it, uuid4()):
                for call in (
                    partial(trade.act, stranger, one, "TRANSFER", "bank"),
                    partial(trade.act, stranger, one, "SACC"),
                    partial(trade.pledge, one, by=stranger),
                    partial(trade.standing, stranger, one),
                    partial(trade.export, stranger, one),
                ):
                    assert told(call) == (NotFound, "not_found", "title")
            assert trade.holder_of(stranger) is None
        assert trade.everything() == before

    def test_only_the_shipments_carrier_issues(self, trade: TitleTrade) -> None:
        assert refused(trade, lambda: trade.issue("trader"))[1] == "role_required"
        assert refused(trade, lambda: trade.issue("rival")) == (NotFound, "not_found", "shipment")

    ISSUES: ClassVar[tuple[tuple[dict[str, Any], str, str], ...]] = (
        ({"number": "bill 1"}, "format", "number"),
        ({"number": "B" * 21}, "format", "number"),
        ({"number": "BILL2"}, "other_number", "number"),
        ({"document_digest": "ab"}, "format", "documentDigest"),
        ({"document_digest": DIGEST.upper()}, "format", "documentDigest"),
        ({"recipient": "nobody"}, "unknown_party", "recipient"),
        ({"recipient": "carrier"}, "to_self", "recipient"),
        ({"recipient": "operator"}, "cannot_hold", "recipient"),
        ({"form": "STRAIGHT"}, "consignee_required", "named"),
        ({"form": "STRAIGHT", "named": "carrier"}, "consignee_required", "named"),
        ({"named": "nobody"}, "unknown_party", "named"),
        ({"replaces": uuid4()}, "not_found", "replaces"),
    )

    def test_a_wrong_issue_names_its_field(self, trade: TitleTrade) -> None:
        before = trade.everything()
        for changes, code, field in self.ISSUES:
            assert told(partial(trade.issue, **changes))[1:] == (code, field), changes
        assert trade.everything() == before

    def test_a_comment_is_one_line_of_255_characters(self, trade: TitleTrade) -> None:
        it = trade.issue()
        for said in ("", " ", "x" * 256, "a\nb"):
            refusal = refused(trade, partial(trade.act, "trader", it, "SIGN", comments=said))
            assert refusal == (InvalidInput, "length", "comments")
        assert trade.act("trader", it, "SIGN", comments="Gesehen, Köln ✓") == "HELD"
        assert trade.verified("trader", it)

    def test_a_reason_belongs_to_an_amendment(self, trade: TitleTrade) -> None:
        it = trade.issue()
        refusal = refused(trade, lambda: trade.act("trader", it, "SURRENDER_FOR_DELIVERY", reason="SWTP"))
        assert refusal == (InvalidInput, "wrong_reason", "reason")


class TestSuspension:
    def test_a_party_suspended_midway_keeps_what_it_holds_and_cannot_move_it(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.suspend("trader")
        refusal = refused(trade, lambda: trade.act("trader", it, "TRANSFER", "bank"))
        assert refusal == (Conflict, "party_suspended", "title")
        assert trade.holder(it) == "trader"
        trade.readmit("trader")
        trade.suspend("bank", by="authority")
        refusal = refused(trade, lambda: trade.act("trader", it, "TRANSFER", "bank"))
        assert refusal == (Conflict, "party_suspended", "recipient")
        assert refused(trade, lambda: trade.readmit("bank")) == (NotFound, "not_found", "party")
        trade.readmit("bank", by="authority")
        assert trade.act("trader", it, "TRANSFER", "bank") == "HELD"

    def test_only_the_operator_and_authorities_suspend_and_each_once(self, trade: TitleTrade) -> None:
        assert refused(trade, lambda: trade.suspend("bank", by="trader"))[1] == "role_required"
        assert refused(trade, lambda: trade.suspend("operator"))[1] == "own_party"
        trade.suspend("bank")
        assert refused(trade, lambda: trade.suspend("bank"))[1] == "suspended_before"
        trade.suspend("bank", by="authority")


class TestBlocks:
    MOVES = (
        ("TRANSFER", "bank"),
        ("ENDORSE", "bank"),
        ("ENDORSE_TO_ORDER", "bank"),
        ("SURRENDER_FOR_DELIVERY", None),
        ("SURRENDER_FOR_AMENDMENT", None),
    )

    def test_a_lien_blocks_every_move_and_says_whose_it_is_and_since_when(self, trade: TitleTrade) -> None:
        it = trade.issue()
        lien = trade.pledge(it)
        for action, to in self.MOVES:
            with pytest.raises(TitleBlocked) as blocked:
                trade.act("trader", it, action, to)
            (block,) = blocked.value.blocks
            assert (blocked.value.code, block.kind, block.by, block.reason) == (
                "title_lien",
                "LIEN",
                "bank",
                "LOAN-1",
            )
            assert block.since == trade.platform.clock()
            assert "a lien of bank, who can clear it, since 20" in blocked.value.message
        assert trade.act("trader", it, "SIGN") == "HELD"
        trade.release("bank", lien)
        assert trade.act("trader", it, "TRANSFER", "consignee") == "HELD"

    def test_a_customs_hold_blocks_delivery_that_was_asked_for_before(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.act("trader", it, "SURRENDER_FOR_DELIVERY")
        hold = trade.hold()
        with pytest.raises(TitleBlocked, match="a customs hold of authority, who can clear it") as blocked:
            trade.act("carrier", it, "SACC")
        assert blocked.value.code == "title_hold"
        trade.release("authority", hold)
        assert trade.act("carrier", it, "SACC") == "SURRENDERED"

    def test_all_that_stands_is_told_at_once(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.pledge(it)
        trade.pledge(it, "other-bank")
        trade.hold()
        with pytest.raises(TitleBlocked) as blocked:
            trade.act("trader", it, "TRANSFER", "consignee")
        told = [(block.kind, block.by) for block in blocked.value.blocks]
        assert told == [("LIEN", "bank"), ("LIEN", "other-bank"), ("HOLD", "authority")]

    def test_nobody_else_clears_it(self, trade: TitleTrade) -> None:
        it = trade.issue()
        lien, hold = trade.pledge(it), trade.hold()
        before = trade.everything()
        for by in ("trader", "carrier", "other-bank", "operator"):
            for block in (lien, hold, uuid4()):
                refusal = told(partial(trade.release, by, block))
                assert refusal == (NotFound, "not_found", "block")
        assert trade.everything() == before
        trade.release("bank", lien)
        trade.release("bank", lien)

    def test_by_title_a_bank_clears_its_lien_and_customs_its_hold(self, trade: TitleTrade) -> None:
        it = trade.issue()
        trade.pledge(it)
        trade.hold()
        with trade.platform.begin(trade["bank"]) as work:
            title.release_lien(work, it)
            with pytest.raises(NotFound):
                title.release_hold(work, it)
        with trade.platform.begin(trade["authority"]) as work:
            title.release_hold(work, it)
        assert trade.standing("trader", it).free

    def test_a_lien_is_the_holders_to_give_to_a_bank_once(self, trade: TitleTrade) -> None:
        it = trade.issue()
        assert refused(trade, lambda: trade.pledge(it, by="carrier"))[1] == "not_holder"
        assert refused(trade, lambda: trade.pledge(it, "consignee"))[1] == "not_a_bank"
        assert refused(trade, lambda: trade.pledge(it, "nobody"))[1] == "unknown_party"
        trade.pledge(it)
        assert refused(trade, lambda: trade.pledge(it))[1] == "already_blocked"
        trade.act("trader", it, "SIGN")

    def test_a_hold_is_an_authoritys_on_a_consignment_that_has_a_title(self, trade: TitleTrade) -> None:
        assert refused(trade, trade.hold) == (NotFound, "not_found", "ucr")
        it = trade.issue()
        assert refused(trade, lambda: trade.hold("trader"))[1] == "role_required"
        assert refused(trade, lambda: trade.hold(ucr="NO-SUCH")) == (NotFound, "not_found", "ucr")
        trade.hold()
        assert refused(trade, trade.hold)[1] == "already_blocked"
        assert not trade.standing("carrier", it).free
