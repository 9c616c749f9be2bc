"""A title's steps as its parties sign them, without a platform: a chain to verify, and to tamper with."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from isthmus_protocol import documents, statements, title_file
from isthmus_protocol.keys import Holder, Keyring, SigningKey
from isthmus_protocol.title_file import Head, TitleFile
from isthmus_protocol.title_steps import Action, Form, Step, Terms
from isthmus_protocol.titles import Title, begin, take

PLATFORM = SigningKey.generate(Holder.PLATFORM)
TRUST = Keyring([PLATFORM.public])
PARTIES = ("carrier", "trader", "bank", "consignee", "stranger")
KEYS = {name: SigningKey.generate(Holder.PARTY) for name in PARTIES}
AT = datetime(2026, 6, 1, tzinfo=UTC)
TITLE = "0197f2a0-0000-7000-8000-000000000001"
TERMS = Terms("BILL1", 1, "sha-256:" + "ab" * 32, Form.NEGOTIABLE)
LAST = {Action.SURRENDER_FOR_DELIVERY: "carrier", Action.SURRENDER_FOR_AMENDMENT: "carrier"}
STORY = (
    (Action.SIGN, "trader", None),
    (Action.ENDORSE_TO_ORDER, "trader", "bank"),
    (Action.TRANSFER, "trader", "bank"),
    (Action.ENDORSE, "bank", "consignee"),
    (Action.TRANSFER, "bank", "consignee"),
    (Action.SURRENDER_FOR_DELIVERY, "consignee", "carrier"),
    (Action.SACC, "carrier", "consignee"),
)


def issued(**changes: Any) -> Step:
    """Return the carrier's issue to the trader, in blank, with ``changes`` to its terms."""
    terms = replace(TERMS, **changes)
    return Step(TITLE, 1, None, Action.ISSUE, "carrier", "trader", AT, terms=terms)


def next_step(steps: Sequence[str], action: Action, actor: str, recipient: str | None, **more: Any) -> Step:
    number = len(steps) + 1
    previous = title_file.digest_of(steps[-1])
    at = AT + timedelta(hours=number)
    return replace(Step(TITLE, number, previous, action, actor, recipient, at), **more)


def walked(*steps: tuple[Action, str, str | None], **terms: Any) -> Title:
    """Return the title after its issue and ``steps``, each as (action, actor, recipient)."""
    title = begin(issued(**terms))
    for number, (action, actor, recipient) in enumerate(steps, start=2):
        title = take(title, Step(TITLE, number, "", action, actor, recipient, AT))
    return title


@dataclass
class Chain:
    """Signed steps, to which more are added; nothing is judged here."""

    tokens: list[str] = field(default_factory=lambda: [title_file.sign_step(KEYS["carrier"], issued())])

    def add(
        self, action: Action, actor: str, recipient: str | None, *, by: str | None = None, **more: Any
    ) -> None:
        step = next_step(self.tokens, action, actor, recipient, **more)
        self.tokens.append(title_file.sign_step(KEYS[by or actor], step))

    def file(self, *, signers: Sequence[str] = PARTIES, head: Head | None = None) -> TitleFile:
        """Return the file of these steps, vouching for the ``signers`` that signed one of them."""
        used = {statements._parts(token)[0]["kid"] for token in self.tokens}
        vouched = sorted(
            (KEYS[name].kid, documents.vouch(PLATFORM, name, KEYS[name].public, AT))
            for name in signers
            if KEYS[name].kid in used
        )
        last = head or Head(
            TITLE, len(self.tokens), title_file.digest_of(self.tokens[-1]), AT + timedelta(days=9)
        )
        return TitleFile(
            tuple(self.tokens),
            tuple(token for _, token in vouched),
            title_file.sign_head(PLATFORM, last),
            (PLATFORM.public,),
        )


def story() -> Chain:
    """Return the chain trader, bank, consignee, surrendered and accepted."""
    chain = Chain()
    for action, actor, recipient in STORY:
        chain.add(action, actor, recipient)
    return chain
