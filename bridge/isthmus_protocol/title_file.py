"""A title with all its steps in one file that verifies itself: JSON of format ``isthmus-title/1``.

``steps`` are JWS by the parties that made them, each with the digest of the one before; ``parties`` is the
platform's word whose the parties' keys are; ``head`` its word which step was the last when the file was made;
``keys`` are the platform's. What is read is replayed by :mod:`isthmus_protocol.titles`: nobody's word is
taken for who held the title when.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import statements, titles, vouched
from isthmus_protocol.canonical import JsonObject, MalformedJson, canonical, digest, parse
from isthmus_protocol.evidence import Check, Verdict
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey
from isthmus_protocol.shapes import MalformedMessage, Members, format_time
from isthmus_protocol.title_steps import Step
from isthmus_protocol.titles import NotAllowed, Title
from isthmus_protocol.vouched import BadFile, Owners

FORMAT = "isthmus-title/1"
STEP_TYPE = "isthmus-title-step+jws"
HEAD_TYPE = "isthmus-title-head+jws"
LONGEST = 16 * 1_048_576
MOST_STEPS = 1000


@dataclass(frozen=True)
class Head:
    """What was the last step of a title at a time, by the platform's word."""

    title: str
    sequence: int
    step: str
    at: datetime

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "title": self.title,
            "sequence": self.sequence,
            "step": self.step,
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Head":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        head = cls(
            members.name("title"),
            members.integer("sequence", 1),
            members.digest("step"),
            members.time("at"),
        )
        members.end()
        return head


@dataclass(frozen=True)
class TitleFile:
    """The parts of the file."""

    steps: tuple[str, ...]
    parties: tuple[str, ...]
    head: str
    keys: tuple[TrustedKey, ...]

    def to_bytes(self) -> bytes:
        """Return the file."""
        return canonical(
            {
                "format": FORMAT,
                "steps": list(self.steps),
                "parties": list(self.parties),
                "head": self.head,
                "keys": [key.to_json() for key in self.keys],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "TitleFile":
        """Read the file; raises :class:`MalformedJson` or :class:`MalformedMessage`."""
        found = parse(data, max_bytes=LONGEST)
        if canonical(found) != data:
            raise MalformedMessage("/", "not_canonical")
        members = Members(found)
        members.fixed("format", FORMAT)
        read = cls(
            members.each("steps", _token, MOST_STEPS),
            members.each("parties", _token, MOST_STEPS),
            members.text("head", statements.LONGEST),
            members.each("keys", lambda entry, item: TrustedKey.from_json(entry.take(item))),
        )
        members.end()
        return read


def _token(entry: Members, item: str) -> str:
    return entry.text(item, statements.LONGEST)


def sign_step(key: SigningKey, step: Step) -> str:
    """Return ``step`` as a JWS by its actor's ``key``."""
    return statements.sign(key, step.to_json(), STEP_TYPE)


def digest_of(token: str) -> str:
    """Return the digest of a signed step, by which the next one names it."""
    return digest(token.encode("ascii"))


def sign_head(platform: SigningKey, head: Head) -> str:
    """Return the platform's word which step is the last."""
    return statements.sign(platform, head.to_json(), HEAD_TYPE)


def is_title_file(data: bytes) -> bool:
    """Return whether ``data`` claims to be a title's file (which says nothing of its truth)."""
    return vouched.claims_format(data, FORMAT, LONGEST)


def verify_title(data: bytes, trust: Keyring | None) -> tuple[Verdict, list[str]]:
    """Check the file ``data`` and return the verdict, and its steps in words if it holds.

    Without ``trust`` the platform's keys are those in the file.
    """
    try:
        file = TitleFile.from_bytes(data)
    except (MalformedJson, MalformedMessage) as error:
        return Verdict((Check("form", passed=False, detail=str(error)),), ()), []
    try:
        checks, story = _verified(file, trust)
    except BadFile as error:
        return Verdict((Check(error.check, passed=False, detail=str(error)),), ()), []
    fingerprints = tuple(f"{key.holder} {key.kid}" for key in file.keys)
    return Verdict(checks, fingerprints), story


def _verified(file: TitleFile, trust: Keyring | None) -> tuple[tuple[Check, ...], list[str]]:
    platform = Keyring(file.keys) if trust is None else trust
    parties = vouched.owners(file.parties, platform)
    steps = _signed(file.steps, parties)
    _chained(file.steps, steps)
    title = _replayed(steps)
    head = _head(file, platform)
    last = digest_of(file.steps[-1])
    if (head.title, head.sequence, head.step) != (steps[0].title, len(steps), last):
        raise BadFile("head", f"the last step was number {head.sequence}; it is not the last in the file")
    if head.at < title.at:
        raise BadFile("head", "the file was made before its last step")
    vouched.check_keys(file.keys, (file.head, *file.parties), platform)
    terms = title.terms
    checks = (
        Check("signature", passed=True, detail=f"{len(steps)} steps, each by the party that made it"),
        Check("chain", passed=True, detail="each step names the one before"),
        Check("holder", passed=True, detail=f"{title.possessor} has control; {title.phase}"),
        Check("head", passed=True, detail=f"complete as of {head.at:%Y-%m-%d %H:%M} UTC"),
        Check("document", passed=True, detail=f"{terms.number} version {terms.version}, {terms.document}"),
    )
    return checks, [_told(step) for step in steps]


def _signed(tokens: Sequence[str], parties: Owners) -> list[Step]:
    keys = Keyring(key for _, key in parties.values())
    steps: list[Step] = []
    used: set[str] = set()
    for number, token in enumerate(tokens, start=1):
        try:
            opened = statements.open_statement(token, keys, STEP_TYPE, Holder.PARTY)
            step = Step.from_json(opened.payload)
        except (SignatureError, MalformedMessage) as error:
            raise BadFile("signature", f"step {number}: {error}") from error
        signer = parties[opened.key.kid][0]
        if signer != step.actor:
            raise BadFile("signature", f"step {number} of {step.actor} is signed by {signer}")
        used.add(opened.key.kid)
        steps.append(step)
    if not steps:
        raise BadFile("form", "the file has no steps")
    if used != parties.keys():
        raise BadFile("parties", "the file has the key of a party that made no step")
    return steps


def _chained(tokens: Sequence[str], steps: Sequence[Step]) -> None:
    previous: str | None = None
    for number, (token, step) in enumerate(zip(tokens, steps, strict=True), start=1):
        if step.title != steps[0].title:
            raise BadFile("chain", f"step {number} is of another title")
        if step.sequence != number:
            raise BadFile("chain", f"step {step.sequence} stands where step {number} belongs")
        if step.previous != previous:
            raise BadFile("chain", f"step {number} follows another step than the one before it")
        previous = digest_of(token)


def _replayed(steps: Iterable[Step]) -> Title:
    title: Title | None = None
    for step in steps:
        try:
            title = titles.begin(step) if title is None else titles.take(title, step)
        except NotAllowed as error:
            detail = f"step {step.sequence}, {step.action} by {step.actor}: {error} ({error.rule})"
            raise BadFile("holder", detail) from error
    if title is None:
        raise BadFile("form", "the file has no steps")
    return title


def _head(file: TitleFile, platform: Keyring) -> Head:
    try:
        return Head.from_json(statements.verify(file.head, platform, HEAD_TYPE, Holder.PLATFORM))
    except (SignatureError, MalformedMessage) as error:
        raise BadFile("head", str(error)) from error


def _told(step: Step) -> str:
    to = "" if step.recipient is None else f" -> {step.recipient}"
    why = "" if step.reason is None else f" ({step.reason})"
    return f"{step.sequence}. {step.at:%Y-%m-%d %H:%M} {step.action}{why}: {step.actor}{to}"
