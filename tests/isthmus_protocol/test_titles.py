"""A title's file proves who held it when, offline; whoever changes, drops or forges a step is named."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from isthmus_protocol import documents, statements, title_file, verify
from isthmus_protocol.keys import Keyring, SigningKey
from isthmus_protocol.title_file import Head, TitleFile, verify_title
from isthmus_protocol.title_steps import Action, Form, Kind, Reason, Step, Terms
from isthmus_protocol.titles import NotAllowed, Phase, Rule, begin, take
from title_chain import AT, KEYS, PLATFORM, TERMS, TITLE, TRUST, Chain, issued, story, walked

TRANSFER, ENDORSE, TO_ORDER = Action.TRANSFER, Action.ENDORSE, Action.ENDORSE_TO_ORDER
BLANK, SIGN = Action.BLANK_ENDORSE, Action.SIGN
DELIVERY, AMENDMENT = Action.SURRENDER_FOR_DELIVERY, Action.SURRENDER_FOR_AMENDMENT
SACC, SREJ = Action.SACC, Action.SREJ
STRAIGHT = {"form": Form.STRAIGHT, "named": "consignee"}
SURRENDERED = (DELIVERY, "trader", "carrier")
Made = tuple[Action, str, str | None]


def kid_vouched(token: str) -> str:
    key = statements.unverified(token)["key"]
    assert isinstance(key, dict)
    return str(key["kid"])


def failed(data: bytes, trust: Keyring | None = TRUST) -> tuple[str, str]:
    verdict, said = verify_title(data, trust)
    assert (verdict.passed, said) == (False, [])
    (check,) = [check for check in verdict.checks if not check.passed]
    return check.name, check.detail


class TestRules:
    def test_possession_passes_by_transfer_and_the_claim_by_endorsement(self) -> None:
        title = walked((TO_ORDER, "trader", "bank"))
        assert (title.possessor, title.claimant) == ("trader", "bank")
        title = walked((TO_ORDER, "trader", "bank"), (TRANSFER, "trader", "bank"))
        assert (title.possessor, title.claimant) == ("bank", "bank")

    def test_in_blank_whoever_holds_it_may_claim(self) -> None:
        assert walked((TRANSFER, "trader", "stranger")).claimant == "stranger"

    @pytest.mark.parametrize(
        ("reason", "phase"),
        [(None, Phase.VOID), (Reason.COD, Phase.VOID), (Reason.SWI, Phase.VOID), (Reason.SWTP, Phase.PAPER)],
    )
    def test_an_accepted_amendment_ends_it_and_a_switch_to_paper_says_so(
        self, reason: Reason | None, phase: Phase
    ) -> None:
        asked = Step(TITLE, 2, "", AMENDMENT, "trader", "carrier", AT, reason)
        title = take(take(walked(), asked), Step(TITLE, 3, "", SACC, "carrier", "trader", AT))
        assert (title.phase, title.possessor) == (phase, "carrier")

    def test_a_rejected_surrender_goes_back_to_whoever_made_it(self) -> None:
        title = walked(SURRENDERED, (SREJ, "carrier", "trader"))
        assert (title.phase, title.possessor, title.surrendered_by) == (Phase.HELD, "trader", None)

    @pytest.mark.parametrize(
        ("terms", "before", "made", "rule"),
        [
            ({}, (), (TRANSFER, "bank", "consignee"), Rule.NOT_HOLDER),
            ({}, ((TRANSFER, "trader", "bank"),), (TRANSFER, "trader", "consignee"), Rule.NOT_HOLDER),
            ({}, (), (TRANSFER, "trader", "trader"), Rule.TO_SELF),
            ({}, (), (TRANSFER, "trader", "carrier"), Rule.TO_ISSUER),
            ({}, (), (TRANSFER, "trader", None), Rule.RECIPIENT),
            ({}, (), (SIGN, "trader", "bank"), Rule.RECIPIENT),
            ({}, (), (BLANK, "trader", None), Rule.ALREADY_BLANK),
            ({}, (), (ENDORSE, "trader", "carrier"), Rule.TO_ISSUER),
            ({"named": "bank"}, (), (ENDORSE, "trader", "consignee"), Rule.NOT_NAMED),
            ({"named": "bank"}, (), SURRENDERED, Rule.NOT_NAMED),
            (
                {},
                ((ENDORSE, "trader", "bank"), (TRANSFER, "trader", "bank")),
                (TO_ORDER, "bank", "consignee"),
                Rule.NOT_TO_ORDER,
            ),
            (STRAIGHT, (), (ENDORSE, "trader", "bank"), Rule.STRAIGHT),
            (STRAIGHT, (), (BLANK, "trader", None), Rule.STRAIGHT),
            (STRAIGHT, (), (TRANSFER, "trader", "bank"), Rule.NOT_CONSIGNEE),
            ({}, (), (DELIVERY, "trader", "bank"), Rule.RECIPIENT),
            ({}, (), (SACC, "carrier", "trader"), Rule.NOT_REQUESTED),
            ({}, (SURRENDERED,), (SACC, "bank", "trader"), Rule.NOT_ISSUER),
            ({}, (SURRENDERED,), (SREJ, "carrier", "bank"), Rule.RECIPIENT),
            ({}, (SURRENDERED,), (TRANSFER, "trader", "bank"), Rule.NOT_HOLDER),
            ({}, (SURRENDERED,), (TRANSFER, "carrier", "bank"), Rule.SURRENDER_PENDING),
            ({}, (SURRENDERED, (SACC, "carrier", "trader")), (SIGN, "carrier", None), Rule.ENDED),
            ({}, (), (Action.ISSUE, "carrier", "bank"), Rule.ALREADY_ISSUED),
        ],
    )
    def test_what_breaks_a_rule_is_refused_by_its_name(
        self, terms: dict[str, str], before: tuple[Made, ...], made: Made, rule: Rule
    ) -> None:
        title = walked(*before, **terms)
        action, actor, recipient = made
        with pytest.raises(NotAllowed) as refused:
            take(title, Step(TITLE, len(before) + 2, "", action, actor, recipient, AT))
        assert refused.value.rule is rule

    @pytest.mark.parametrize(
        ("changes", "rule"),
        [
            ({"action": TRANSFER}, Rule.NOT_ISSUED),
            ({"terms": None}, Rule.NOT_ISSUED),
            ({"recipient": "carrier"}, Rule.TO_SELF),
            ({"recipient": None}, Rule.RECIPIENT),
            ({"reason": Reason.COD}, Rule.REASON),
            ({"terms": replace(TERMS, form=Form.STRAIGHT)}, Rule.CONSIGNEE),
        ],
        ids=["another action", "no terms", "to itself", "to nobody", "with a reason", "no consignee"],
    )
    def test_it_begins_with_an_issue(self, changes: dict[str, object], rule: Rule) -> None:
        with pytest.raises(NotAllowed) as refused:
            begin(replace(issued(), **changes))  # type: ignore[arg-type]  # wrong on purpose
        assert refused.value.rule is rule

    def test_a_straight_title_goes_to_its_consignee_and_back(self) -> None:
        there = walked((TRANSFER, "trader", "consignee"), **STRAIGHT)
        assert there.possessor == "consignee"
        back = walked((TRANSFER, "trader", "consignee"), (TRANSFER, "consignee", "trader"), **STRAIGHT)
        assert back.possessor == "trader"
        assert walked(SURRENDERED, **STRAIGHT).phase is Phase.DELIVERY_REQUESTED

    def test_a_receipt_says_what_it_is_and_is_amended_for_no_reason_of_carriage(self) -> None:
        receipt = replace(TERMS, kind=Kind.WAREHOUSE_RECEIPT)
        assert Terms.from_json(receipt.to_json()) == receipt
        assert Terms.from_json(TERMS.to_json()) == TERMS
        assert "kind" not in TERMS.to_json(), "files that were made before stay as they are"
        stored = walked(kind=Kind.WAREHOUSE_RECEIPT)
        for reason in (Reason.COD, Reason.SWI):
            with pytest.raises(NotAllowed, match="reason"):
                take(stored, Step(TITLE, 2, "", AMENDMENT, "trader", "carrier", AT, reason))
        paper = take(stored, Step(TITLE, 2, "", AMENDMENT, "trader", "carrier", AT, Reason.SWTP))
        assert paper.phase is Phase.AMENDMENT_REQUESTED

    def test_time_does_not_run_backwards(self) -> None:
        early = Step(TITLE, 2, "", SIGN, "trader", None, AT - timedelta(seconds=1))
        with pytest.raises(NotAllowed, match="not before"):
            take(walked(), early)


class TestFile:
    def test_it_verifies_and_tells_its_steps(self) -> None:
        verdict, said = verify_title(story().file().to_bytes(), TRUST)
        assert verdict.passed, verdict.checks
        assert "carrier has control; SURRENDERED" in str(verdict.checks)
        assert [line.split(" ", 3)[3] for line in said[:3]] == [
            "ISSUE: carrier -> trader",
            "SIGN: trader",
            "ENDORSE_TO_ORDER: trader -> bank",
        ]

    def test_it_verifies_in_itself_and_not_by_another_platforms_key(self) -> None:
        data = story().file().to_bytes()
        assert verify_title(data, None)[0].passed
        other = Keyring([SigningKey.generate(PLATFORM.holder).public])
        assert failed(data, other)[0] == "parties"

    def test_any_flipped_byte_fails(self) -> None:
        data = story().file().to_bytes()
        for at in range(0, len(data), 41):
            flipped = bytearray(data)
            flipped[at] ^= 1
            # What no longer says that it is a title is looked at as something else, which it is not.
            assert not verify_title(bytes(flipped), TRUST)[0].passed, f"byte {at}"

    @pytest.mark.parametrize("dropped", range(7))
    def test_a_dropped_step_fails(self, dropped: int) -> None:
        whole = story().file()
        steps = whole.steps[:dropped] + whole.steps[dropped + 1 :]
        check, detail = failed(replace(whole, steps=steps).to_bytes())
        assert check in ("chain", "parties"), detail
        kept = Chain(list(steps)).file()  # the vouching, and the head, fit what is left
        assert failed(kept.to_bytes())[0] == "chain"

    def test_the_last_step_cannot_be_left_out(self) -> None:
        whole = story().file()
        assert failed(replace(whole, steps=whole.steps[:-1]).to_bytes()) == (
            "head",
            "the last step was number 8; it is not the last in the file",
        )

    def test_steps_in_another_order_fail(self) -> None:
        chain = story()
        chain.tokens[2], chain.tokens[3] = chain.tokens[3], chain.tokens[2]
        assert failed(chain.file().to_bytes()) == ("chain", "step 4 stands where step 3 belongs")

    def test_a_step_after_another_than_the_one_before_fails(self) -> None:
        chain = story()
        other = Chain()
        other.add(SIGN, "trader", None)
        chain.tokens[1] = other.tokens[1]  # the same words, but signed anew over another issue
        other.tokens[0] = title_file.sign_step(KEYS["carrier"], issued(number="BILL2"))
        chain.tokens[0] = other.tokens[0]
        check, detail = failed(chain.file().to_bytes())
        assert (check, detail) == ("chain", "step 2 follows another step than the one before it")

    def test_a_step_of_another_title_fails(self) -> None:
        chain = Chain()
        chain.add(TRANSFER, "trader", "bank", title="0197f2a0-0000-7000-8000-000000000002")
        assert failed(chain.file().to_bytes()) == ("chain", "step 2 is of another title")

    def test_a_step_by_somebody_who_is_not_the_holder_fails(self) -> None:
        chain = Chain()
        chain.add(TRANSFER, "stranger", "consignee")
        check, detail = failed(chain.file().to_bytes())
        assert check == "holder"
        assert "step 2, TRANSFER by stranger" in detail
        assert "not_holder" in detail

    def test_a_step_in_the_holders_name_by_another_key_fails(self) -> None:
        chain = Chain()
        chain.add(TRANSFER, "trader", "stranger", by="stranger")
        assert failed(chain.file().to_bytes()) == ("signature", "step 2 of trader is signed by stranger")

    def test_a_key_that_nobody_vouches_for_fails(self) -> None:
        check, detail = failed(story().file(signers=("carrier", "trader", "bank")).to_bytes())
        assert (check, detail) == ("signature", "step 7: the statement is signed by an unknown key")

    def test_what_is_beside_the_steps_is_held_to_them(self) -> None:
        chain = story()
        whole = chain.file()
        idle = documents.vouch(PLATFORM, "stranger", KEYS["stranger"].public, AT)
        kids = [*whole.parties, idle]
        kids.sort(key=kid_vouched)
        assert failed(replace(whole, parties=tuple(kids)).to_bytes())[0] == "parties"
        assert failed(replace(whole, parties=whole.parties[::-1]).to_bytes())[0] == "parties"
        more = (*whole.keys, SigningKey.generate(PLATFORM.holder).public)
        assert failed(replace(whole, keys=more).to_bytes())[0] == "form"
        assert failed(replace(whole, steps=()).to_bytes())[0] == "form"
        last = title_file.digest_of(whole.steps[-1])
        early = chain.file(head=Head(TITLE, len(whole.steps), last, AT))
        assert failed(early.to_bytes()) == ("head", "the file was made before its last step")
        other = chain.file(head=Head(TITLE, len(whole.steps), "sha-256:" + "0" * 64, AT))
        assert failed(other.to_bytes())[0] == "head"

    def test_a_file_that_is_none_is_refused(self) -> None:
        for data in (b"", b"{}", b'{"format":"isthmus-title/1"}', b"[]", b'{ "format": "isthmus-title/1" }'):
            assert not verify_title(data, TRUST)[0].passed
        data = story().file().to_bytes()
        assert TitleFile.from_bytes(data).to_bytes() == data

    def test_the_command_verifies_it(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        file = tmp_path / "title.json"
        file.write_bytes(story().file().to_bytes())
        assert verify.main([str(file)]) == 0
        said = capsys.readouterr().out
        assert "8. 2026-06-01 08:00 SACC: carrier -> consignee" in said
        assert "pass  holder      carrier has control; SURRENDERED" in said
        chain = Chain()
        chain.add(TRANSFER, "stranger", "consignee")
        file.write_bytes(chain.file().to_bytes())
        assert verify.main([str(file)]) == 1
        assert "FAIL  holder" in capsys.readouterr().out
