"""A cover's or claim's file verifies itself with the protocol alone; nothing can be changed or left out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject, canonical, digest, parse_object
from isthmus_protocol.insurance_chain import Kind
from isthmus_protocol.insurance_file import (
    ARRIVAL_TYPE,
    HEAD_TYPE,
    STEP_TYPE,
    Head,
    Party,
    make_file,
    verify_insurance,
)
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.verify import main

AT = datetime(2026, 6, 1, 9, tzinfo=UTC)
PLATFORM, INSURER, INSURED, CARRIER, TERMINAL, CUSTOMS = (
    SigningKey.generate(holder) for holder in (Holder.PLATFORM, *[Holder.PARTY] * 5)
)
NAMES = {"insurer": INSURER, "insured": INSURED, "carrier": CARRIER, "terminal": TERMINAL, "customs": CUSTOMS}
TRUST = Keyring([PLATFORM.public])
TERMS: dict[str, Any] = {"limit": 1_000, "insured": "insured"}


@dataclass
class Chain:
    """A chain in the making: steps by a party's name, or by the platform."""

    kind: Kind
    steps: list[Any] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)
    last: str | None = None

    def add(self, code: str, by: str | None = None, about: dict[str, Any] | None = None) -> "Chain":
        at = AT + timedelta(minutes=len(self.steps))
        said: dict[str, Any] = {
            "subject": "subject",
            "sequence": len(self.steps) + 1,
            "code": code,
            "about": about or {},
            "at": at.isoformat(),
        }
        said |= {"previous": self.last} if self.last else {}
        said |= {"actor": by} if by else {}
        self.steps.append(statements.sign(NAMES[by], said, STEP_TYPE) if by else said)
        self.last = digest(canonical(said))
        return self

    def report(self, role: str, by: str, arrived: str = "2026-07-08T09:00:00+00:00") -> "Chain":
        said: JsonObject = {
            "ucr": "UCR",
            "source": by,
            "role": role,
            "arrivedAt": arrived,
            "toldAt": AT.isoformat(),
        }
        self.reports.append(statements.sign(NAMES[by], said, ARRIVAL_TYPE))
        return self.add(
            "REPORT", None, {"role": role, "arrivedAt": arrived, "digest": digest(canonical(said))}
        )

    def head(self, **changes: Any) -> Head:
        parties = Party("insurer", "insurer"), Party("insured", "insured")
        made = Head(self.kind, "subject", *parties, len(self.steps), str(self.last), AT + timedelta(days=1))
        return replace(made, **changes)

    def file(self, head: Head | None = None, signers: tuple[str, ...] | None = None) -> bytes:
        used = {
            str(statements.unverified(token).get("actor") or statements.unverified(token).get("source"))
            for token in (*self.steps, *self.reports)
            if isinstance(token, str)
        }
        owners = [(NAMES[name].public.x, name) for name in (used if signers is None else signers)]
        return make_file(PLATFORM, head or self.head(), self.steps, self.reports, owners)


def cover() -> Chain:
    chain = Chain(Kind.COVER).add("OFFER", "insurer", TERMS).add("ACCEPT", "insured")
    return chain.add("DECLARE", "insured", {"declaration": "d1", "insured": 600, "number": 1})


def by_period(*declared: int, months: int = 12) -> Chain:
    """Return a cover that bears 1,000 in all and 500 in a policy period, and what is declared under it."""
    terms = {**TERMS, "perPeriod": 500, "periodMonths": months, "validFrom": AT.isoformat()}
    chain = Chain(Kind.COVER).add("OFFER", "insurer", terms).add("ACCEPT", "insured")
    for number, insured in enumerate(declared):
        chain.add("DECLARE", "insured", {"declaration": f"d{number}", "insured": insured})
    return chain


def restated(before: int, insured: int) -> tuple[str, str, dict[str, Any]]:
    """Return the step that adjusts the first declaration."""
    return "ADJUST_DECLARATION", "insured", {"declaration": "d0", "before": before, "insured": insured}


def claim() -> Chain:
    chain = Chain(Kind.CLAIM).add("NOTIFY", "insured", {"late": False, "claimed": 500})
    chain.add("EVENT", None, {"event": "e1", "digest": "sha-256:" + "ab" * 32})
    chain.add("DOCUMENT", "insured", {"document": "p1", "sha256": "cd" * 32})
    chain.add("ASSESS", "insurer", {"assessed": 400, "payable": 300}).add(
        "ACCEPT", "insurer", {"payable": 300}
    )
    return chain.add("SETTLE", "insurer", {"paid": 300, "reference": "PAY-1"})


def delay() -> Chain:
    chain = Chain(Kind.CLAIM).add("NOTIFY", None, {"late": False, "claimed": 500})
    chain.report("CARRIER", "carrier").report("TERMINAL", "terminal")
    return chain.add("ACCEPT", None, {"days": 7, "payable": 500}).add("SETTLE", None, {"paid": 500})


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (cover, "ACTIVE; 600 of 1000 minor units stand declared"),
        (
            lambda: by_period(300, 200).add(*restated(300, 250)),
            "ACTIVE; 450 of 1000 minor units stand declared",
        ),
        (claim, "SETTLED; 500 minor units claimed, 300 minor units paid"),
        (delay, "SETTLED; 500 minor units claimed, 500 minor units paid"),
    ],
    ids=["cover", "period", "claim", "delay"],
)
def test_what_was_done_verifies_and_says_how_it_stands(made: Callable[[], Chain], said: str) -> None:
    verdict, story = verify_insurance(made().file(), TRUST)
    assert verdict.passed, verdict.checks
    assert said in [check.detail for check in verdict.checks]
    assert len(story) == len(made().steps)


def test_a_delay_says_whose_signed_words_settled_it() -> None:
    verdict, _ = verify_insurance(delay().file(), TRUST)
    assert "2 independent sources signed: CARRIER, TERMINAL" in [check.detail for check in verdict.checks]


def failed(file: bytes) -> str:
    verdict, story = verify_insurance(file, TRUST)
    assert not verdict.passed
    assert story == []
    return verdict.checks[-1].name


def test_a_step_left_out_changed_or_moved_is_found() -> None:
    whole = cover()
    end = replace(whole, steps=whole.steps[:-1])
    assert failed(end.file(whole.head())) == "head"
    middle = replace(whole, steps=[whole.steps[0], whole.steps[2]])
    assert failed(middle.file(whole.head())) == "chain"
    noted = claim()
    noted.steps[1] = {**noted.steps[1], "about": {"event": "e2"}}
    assert failed(noted.file(signers=("insurer", "insured"))) == "chain"
    said, other = whole.steps[2].rpartition(".")[0], whole.steps[1].rpartition(".")[2]
    forged = replace(whole, steps=[*whole.steps[:2], f"{said}.{other}"])
    assert failed(forged.file()) == "signature"
    by_another = statements.sign(CARRIER, statements.unverified(whole.steps[2]), STEP_TYPE)
    forged = replace(whole, steps=[*whole.steps[:2], by_another])
    assert failed(forged.file(signers=("insurer", "insured", "carrier"))) == "signature"


@pytest.mark.parametrize(
    "wrong",
    [
        Chain(Kind.COVER).add("OFFER", "insured", TERMS),
        Chain(Kind.COVER).add("OFFER", "insurer", TERMS).add("ACCEPT", "insurer"),
        Chain(Kind.COVER).add("OFFER", None, TERMS),
        Chain(Kind.COVER).add("OFFER", "insurer", {**TERMS, "insured": "carrier"}),
        cover().add("DECLARE", "insured", {"declaration": "d2", "insured": 401}),
        cover().add("DECLARE", "insured", {"declaration": "d1", "insured": 1}),
        cover().add("CANCEL_DECLARATION", "insured", {"declaration": "d1", "insured": 599}),
        cover().add("ADJUST", "insurer", {**TERMS, "limit": 999}),
        by_period(300, 201),
        by_period(300, 200).add(*restated(300, 301)),
        by_period(300, 200).add(*restated(299, 100)),
        by_period(300).add("ADJUST", "insurer", TERMS),
        cover().add("SETTLE", "insurer", {"paid": 1}),
        claim().add("SETTLE", "insurer", {"paid": 300}),
        Chain(Kind.CLAIM).add("NOTIFY", "insured", {"claimed": 5}).add("ACCEPT", "insurer", {"payable": 5}),
        Chain(Kind.CLAIM).add("NOTIFY", "insured", {"claimed": 5}).add("SETTLE", None, {"paid": 5}),
        Chain(Kind.CLAIM).add("NOTIFY", "carrier", {"claimed": 5}),
        Chain(Kind.CLAIM)
        .add("NOTIFY", None, {"claimed": 5})
        .report("CARRIER", "carrier")
        .add("ACCEPT", None, {"payable": 5}),
    ],
    ids=[
        "offered-by-insured", "taken-by-insurer", "offered-by-nobody", "terms-for-another",
        "over-the-limit", "declared-twice", "taken-back-otherwise", "narrowed", "over-the-period",
        "adjusted-over-it", "adjusted-otherwise", "period-dropped", "a-claim's-step", "paid-twice",
        "accepted-unassessed", "paid-by-nobody", "notified-by-a-stranger", "one-source-alone",
    ],
)  # fmt: skip
def test_a_step_that_does_not_follow_proves_nothing_though_it_is_signed(wrong: Chain) -> None:
    assert failed(wrong.file()) == "standing"


def test_the_words_of_sources_cannot_be_left_out_exchanged_or_made_up() -> None:
    whole = delay()
    assert failed(replace(whole, reports=whole.reports[:1]).file(signers=("carrier", "terminal"))) == "quorum"
    assert failed(replace(whole, reports=whole.reports[::-1]).file()) == "quorum"
    twice = Chain(Kind.CLAIM).add("NOTIFY", None, {"claimed": 5}).report("CARRIER", "carrier")
    twice.report("TERMINAL", "carrier").add("ACCEPT", None, {"payable": 5})
    assert failed(twice.file()) == "quorum"
    by_insured = Chain(Kind.CLAIM).add("NOTIFY", None, {"claimed": 5}).report("CARRIER", "carrier")
    by_insured.report("TERMINAL", "insured").add("ACCEPT", None, {"payable": 5})
    assert failed(by_insured.file()) == "quorum"


def test_who_insurer_and_insured_are_is_the_platforms_word_alone() -> None:
    whole = cover()
    swapped = whole.head(insurer=Party("insured", "insured"), insured=Party("insurer", "insurer"))
    assert failed(whole.file(swapped)) == "standing"
    assert failed(whole.file(signers=("insurer",))) == "signature"
    assert failed(whole.file(signers=("insurer", "insured", "carrier"))) == "parties"
    found = parse_object(whole.file())
    head = statements.sign(INSURER, whole.head().to_json(), HEAD_TYPE)
    assert failed(canonical({**found, "head": head})) == "head"
    assert failed(canonical({**found, "more": 1})) == "form"
    assert failed(whole.file(whole.head(at=AT))) == "head"


def test_the_command_says_so_and_another_platform_is_not_trusted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, trust = tmp_path / "claim.json", tmp_path / "keys.json"
    file.write_bytes(claim().file())
    trust.write_bytes(canonical({"keys": [PLATFORM.public.to_json()]}))
    assert main([str(file), "--trust", str(trust)]) == 0
    said = capsys.readouterr().out
    assert "6. 2026-06-01 09:05 SETTLE: insurer" in said
    assert "VERIFIED against the trusted keys." in said
    trust.write_bytes(canonical({"keys": [SigningKey.generate(Holder.PLATFORM).public.to_json()]}))
    assert main([str(file), "--trust", str(trust)]) == 1
