"""docs/title.md is true: its diagram and its table of steps are what the machine does from every state."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from isthmus_platform.database import Platform
from isthmus_protocol.title_steps import Action, Form, Reason, Step, Terms
from isthmus_protocol.titles import NotAllowed, Phase, Title, begin, take
from pages import Page
from title_trade import DESK, DIGEST, UCR, open_title_trade

PAGE = Page("docs/title.md")
TEXT = PAGE.text
ARROW = re.compile(r"    (\S+) --> (\S+): ([A-Z_]+(?:, [A-Z_]+)*) \((\w+)\)(.*)")
PARTIES = ("carrier", "shipper", "buyer")
TERMS = Terms("B1", 1, "sha-256:" + "0" * 64, Form.NEGOTIABLE)
ISSUE = Step("t", 1, None, Action.ISSUE, "carrier", "shipper", datetime(2026, 6, 1, tzinfo=UTC), terms=TERMS)
Told = tuple[str, str, str, str]
"""From where, where to, by which step, and whose it is."""


def issued() -> Iterator[Title]:
    for form, named in ((Form.NEGOTIABLE, None), (Form.NEGOTIABLE, "buyer"), (Form.STRAIGHT, "buyer")):
        yield begin(replace(ISSUE, terms=replace(TERMS, form=form, named=named)))


def tried() -> dict[Title, list[tuple[Step, Title]]]:
    """Return every title that steps lead to, with each step that is let and what comes of it."""
    found: dict[Title, list[tuple[Step, Title]]] = {}
    waiting = list(issued())
    every = list(product(Action, PARTIES, (None, *PARTIES), (None, *Reason)))
    while waiting:
        title = waiting.pop()
        if title in found:
            continue
        found[title] = []
        for action, actor, recipient, reason in every:
            step = replace(ISSUE, action=action, actor=actor, recipient=recipient, reason=reason, terms=None)
            try:
                after = take(title, step)
            except NotAllowed:
                continue
            found[title].append((step, after))
            waiting.append(after)
    return found


def test_the_diagram_has_every_transition_and_no_other() -> None:
    told: set[Told] = {
        (before, after, action, who)
        for before, after, actions, who, _ in ARROW.findall(TEXT)
        for action in actions.split(", ")
    }
    done: set[Told] = {("[*]", title.phase.value, "ISSUE", "carrier") for title in issued()}
    for title, steps in tried().items():
        who = "holder" if title.phase is Phase.HELD else "issuer"
        for step, after in steps:
            assert step.actor == title.possessor
            assert (step.actor == title.issuer) is (who == "issuer")
            done.add((title.phase.value, after.phase.value, step.action.value, who))
    assert told == done
    ends = set(re.findall(r"    ([A-Z]+) --> \[\*\]", TEXT))
    assert ends == {phase.value for phase in Phase if phase.ended}


def test_what_an_arrow_says_of_its_reason_is_so() -> None:
    said = {
        after: more
        for before, after, _, _, more in ARROW.findall(TEXT)
        if "reason" in more or "otherwise" in more
    }
    assert said == {"PAPER": ", reason SWTP", "VOID": ", otherwise"}
    ended = {
        (title.reason, after.phase)
        for title, steps in tried().items()
        for step, after in steps
        if step.action is Action.SACC and title.phase is Phase.AMENDMENT_REQUESTED
    }
    assert ended == {
        (reason, Phase.PAPER if reason is Reason.SWTP else Phase.VOID) for reason in (None, *Reason)
    }


def test_the_table_of_steps_has_each_with_whose_it_is() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]+) \|", TEXT, re.MULTILINE)
    whose, last = {}, ""
    for action, who in rows:
        last = last if who.startswith("as above") else who
        whose[action] = next(word for word in ("carrier", "holder", "issuer") if word in last)
    assert whose == {
        action.value: {"ISSUE": "carrier", "SACC": "issuer", "SREJ": "issuer"}.get(action.value, "holder")
        for action in Action
    }


def test_the_calls_of_the_page_do_what_is_said_beside_them(platform: Platform) -> None:
    trade = open_title_trade(platform)
    known: dict[str, Any] = {
        "desk": DESK,
        "shipment_id": trade.shipment,
        "document_digest": DIGEST,
        "ucr": UCR,
    }
    whose = {"carrier": "carrier", "holder": "trader", "bank": "bank", "authority": "authority"}
    answers = []
    for line in PAGE.block("python").splitlines():
        call, _, beside = line.partition("#")
        by = next((actor for name, actor in whose.items() if beside.endswith(name)), "trader")
        with platform.begin(trade[by]) as known["work"]:
            if call.startswith("title."):
                answers.append(eval(call.strip(), known))
            else:
                exec(call.strip(), known)
    newest, standing, lien, cleared, *held, passed = answers
    assert newest == standing
    assert [block.kind for block in (lien, cleared, *held[0], held[1])] == ["LIEN", "LIEN", "HOLD", "HOLD"]
    assert passed.phase == "HELD"
    assert trade.holder(known["title_id"]) == "bank"
    assert trade.standing("bank", known["title_id"]).free
