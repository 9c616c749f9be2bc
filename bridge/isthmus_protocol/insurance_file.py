"""An open cover or a claim in one file that verifies itself: JSON of format ``isthmus-insurance/1``.

``steps`` are JWS by whoever made them, or what the platform itself noted, unsigned; each names the digest of
the one before. ``reports`` are the signed words of the sources of a delay, ``parties`` the platform's word
whose the keys are, ``head`` its word who insurer and insured are and which step is the last, so that the end
cannot be left out; ``keys`` are the platform's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import insurance_chain, statements, vouched
from isthmus_protocol.canonical import JsonObject, MalformedJson, canonical, digest, parse
from isthmus_protocol.documents import vouch
from isthmus_protocol.evidence import Check, Verdict
from isthmus_protocol.insurance_chain import Kind, NotAllowed, Standing, Step
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey, thumbprint
from isthmus_protocol.shapes import MalformedMessage, Members, format_time
from isthmus_protocol.vouched import BadFile, Owners

FORMAT = "isthmus-insurance/1"
STEP_TYPE = "isthmus-insurance-step+jws"
ARRIVAL_TYPE = "isthmus-arrival+jws"
HEAD_TYPE = "isthmus-insurance-head+jws"
LONGEST = 16 * 1_048_576
MOST_STEPS = 20_000


@dataclass(frozen=True)
class Party:
    """A party by its id, as steps name it, and by its name."""

    id: str
    name: str

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {"id": self.id, "name": self.name}

    @classmethod
    def read(cls, members: Members) -> "Party":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        party = cls(members.name("id"), members.name("name"))
        members.end()
        return party


@dataclass(frozen=True)
class Head:
    """What was the last step of what, between whom, at a time, by the platform's word."""

    kind: Kind
    subject: str
    insurer: Party
    insured: Party
    sequence: int
    step: str
    at: datetime

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "kind": self.kind.value,
            "subject": self.subject,
            "insurer": self.insurer.to_json(),
            "insured": self.insured.to_json(),
            "sequence": self.sequence,
            "step": self.step,
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Head":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        head = cls(
            members.one_of("kind", Kind),
            members.name("subject"),
            Party.read(members.members("insurer")),
            Party.read(members.members("insured")),
            members.integer("sequence", 1),
            members.digest("step"),
            members.time("at"),
        )
        members.end()
        return head


@dataclass(frozen=True)
class InsuranceFile:
    """The parts of the file; a step is a token, or what the platform noted."""

    steps: tuple[str | JsonObject, ...]
    reports: tuple[str, ...]
    parties: tuple[str, ...]
    head: str
    keys: tuple[TrustedKey, ...]

    @classmethod
    def from_bytes(cls, data: bytes) -> "InsuranceFile":
        """Read the file; raises :class:`MalformedJson` or :class:`MalformedMessage`."""
        found = parse(data, max_bytes=LONGEST)
        if canonical(found) != data:
            raise MalformedMessage("/", "not_canonical")
        members = Members(found)
        members.fixed("format", FORMAT)
        read = cls(
            members.each("steps", _step, MOST_STEPS),
            members.each("reports", _token, len(insurance_chain.ROLES)),
            members.each("parties", _token),
            members.text("head", statements.LONGEST),
            members.each("keys", lambda entry, item: TrustedKey.from_json(entry.take(item)), 2),
        )
        members.end()
        return read


def _token(entry: Members, item: str) -> str:
    return entry.text(item, statements.LONGEST)


def _step(entry: Members, item: str) -> str | JsonObject:
    value = entry.take(item)
    if not isinstance(value, str | dict):
        raise MalformedMessage("/steps", "not_a_step")
    return value


def make_file(
    platform: SigningKey,
    head: Head,
    steps: Sequence[str | JsonObject],
    reports: Sequence[str],
    owners: Iterable[tuple[str, str]],
) -> bytes:
    """Return the file; ``owners`` are (public key, party's id) of the keys that signed steps and reports."""
    now = platform.current
    keys = {}
    for x, party in owners:
        key = TrustedKey(thumbprint(x), Holder.PARTY, x)
        keys[key.kid] = vouch(now, party, key, head.at)
    return canonical(
        {
            "format": FORMAT,
            "steps": list(steps),
            "reports": list(reports),
            "parties": [keys[kid] for kid in sorted(keys)],
            "head": statements.sign(now, head.to_json(), HEAD_TYPE),
            "keys": [now.public.to_json()],
        }
    )


def is_insurance_file(data: bytes) -> bool:
    """Return whether ``data`` claims to be a cover's or claim's file (which says nothing of its truth)."""
    return vouched.claims_format(data, FORMAT, LONGEST)


def verify_insurance(data: bytes, trust: Keyring | None) -> tuple[Verdict, list[str]]:
    """Check the file ``data`` and return the verdict, and its steps in words if it holds.

    Without ``trust`` the platform's keys are those in the file.
    """
    try:
        file = InsuranceFile.from_bytes(data)
        checks, story = _verified(file, trust)
    except (MalformedJson, MalformedMessage) as error:
        return Verdict((Check("form", passed=False, detail=str(error)),), ()), []
    except BadFile as error:
        return Verdict((Check(error.check, passed=False, detail=str(error)),), ()), []
    return Verdict(checks, tuple(f"{key.holder} {key.kid}" for key in file.keys)), story


def _verified(file: InsuranceFile, trust: Keyring | None) -> tuple[tuple[Check, ...], list[str]]:
    platform = Keyring(file.keys) if trust is None else trust
    head = _head(file, platform)
    parties = vouched.owners(file.parties, platform)
    payloads, signers = _signed(file.steps, parties)
    steps = [Step.from_json(payload) for payload in payloads]
    _chained(payloads, steps, head)
    standing = _replayed(steps, head)
    told = _reports(file, steps, parties, head)
    if signers | told != parties.keys():
        raise BadFile("parties", "the file has the key of a party that signed nothing of it")
    vouched.check_keys(file.keys, (file.head, *file.parties), platform)
    noted = sum(1 for step in steps if step.actor is None)
    checks = (
        Check("signature", passed=True, detail=f"{len(steps) - noted} steps by who made them, {noted} noted"),
        Check("chain", passed=True, detail="each step names the one before"),
        Check("standing", passed=True, detail=_said(standing)),
        *([Check("quorum", passed=True, detail=_quorum(standing))] if standing.by_quorum else []),
        Check("head", passed=True, detail=f"complete as of {head.at:%Y-%m-%d %H:%M} UTC"),
    )
    return checks, [_told(step, head) for step in steps]


def _head(file: InsuranceFile, platform: Keyring) -> Head:
    try:
        return Head.from_json(statements.verify(file.head, platform, HEAD_TYPE, Holder.PLATFORM))
    except (SignatureError, MalformedMessage) as error:
        raise BadFile("head", str(error)) from error


def _opened(token: str, typ: str, parties: Owners, signer: str, check: str) -> tuple[JsonObject, str]:
    """Return what ``token`` says and its ``kid``; its member ``signer`` must name whose the key is."""
    try:
        opened = statements.open_statement(
            token, Keyring(key for _, key in parties.values()), typ, Holder.PARTY
        )
    except SignatureError as error:
        raise BadFile(check, str(error)) from error
    if opened.payload.get(signer) != parties[opened.key.kid][0]:
        raise BadFile(check, "it is signed by another party than it names")
    return opened.payload, opened.key.kid


def _signed(steps: Sequence[str | JsonObject], parties: Owners) -> tuple[list[JsonObject], set[str]]:
    payloads: list[JsonObject] = []
    used: set[str] = set()
    for number, step in enumerate(steps, start=1):
        if isinstance(step, dict):
            if "actor" in step:
                raise BadFile("signature", f"step {number} names who made it, and is not signed")
            payloads.append(step)
            continue
        try:
            payload, kid = _opened(step, STEP_TYPE, parties, "actor", "signature")
        except BadFile as error:
            raise BadFile(error.check, f"step {number}: {error}") from error
        payloads.append(payload)
        used.add(kid)
    if not payloads:
        raise BadFile("form", "the file has no steps")
    return payloads, used


def _chained(payloads: Sequence[JsonObject], steps: Sequence[Step], head: Head) -> None:
    previous: str | None = None
    for number, (payload, step) in enumerate(zip(payloads, steps, strict=True), start=1):
        if step.subject != head.subject:
            raise BadFile("chain", f"step {number} is of another cover or claim")
        if step.sequence != number or step.previous != previous:
            raise BadFile("chain", f"step {number} does not follow the one before it")
        previous = digest(canonical(payload))
    if (head.sequence, head.step) != (len(steps), previous):
        raise BadFile("head", f"the last step was number {head.sequence}; it is not the last here")
    if head.at < steps[-1].at:
        raise BadFile("head", "the file was made before its last step")


def _replayed(steps: Sequence[Step], head: Head) -> Standing:
    taken: list[Step] = []

    def one_by_one() -> Iterable[Step]:
        for step in steps:
            taken.append(step)
            yield step

    try:
        return insurance_chain.replay(head.kind, one_by_one(), head.insurer.id, head.insured.id)
    except NotAllowed as error:
        raise BadFile("standing", f"step {taken[-1].sequence}, {taken[-1].code}: {error}") from error


def _reports(file: InsuranceFile, steps: Sequence[Step], parties: Owners, head: Head) -> set[str]:
    """Hold each source's signed word to the step that names it; return the keys that signed them."""
    named = [step.about for step in steps if step.code == "REPORT"]
    if len(named) != len(file.reports):
        raise BadFile("quorum", "the file has not the word of each source that it names")
    used, sources = set(), {head.insurer.id, head.insured.id}
    for about, token in zip(named, file.reports, strict=True):
        payload, kid = _opened(token, ARRIVAL_TYPE, parties, "source", "quorum")
        told = {name: payload.get(name) for name in ("role", "arrivedAt")}
        if digest(canonical(payload)) != about.get("digest") or told != {
            name: about.get(name) for name in ("role", "arrivedAt")
        }:
            raise BadFile("quorum", "a source's word is not the one that the step names")
        if payload["source"] in sources:
            raise BadFile("quorum", "a source is not a party of its own")
        sources.add(str(payload["source"]))
        used.add(kid)
    return used


def _said(standing: Standing) -> str:
    if standing.kind is Kind.COVER:
        return f"{standing.state}; {standing.declared} of {standing.limit} minor units stand declared"
    paid = "" if standing.paid is None else f", {standing.paid} minor units paid"
    return f"{standing.state}; {standing.claimed} minor units claimed{paid}"


def _quorum(standing: Standing) -> str:
    return f"{len(standing.roles)} independent sources signed: {', '.join(standing.roles)}"


def _told(step: Step, head: Head) -> str:
    names = {head.insurer.id: head.insurer.name, head.insured.id: head.insured.name}
    who = "the platform" if step.actor is None else names[step.actor]
    return f"{step.sequence}. {step.at:%Y-%m-%d %H:%M} {step.code}: {who}"
