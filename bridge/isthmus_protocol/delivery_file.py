"""A proof of delivery in one file that verifies itself: JSON of format ``isthmus-delivery/1``.

``proof`` is a JWS by who delivered or received, ``answer`` the recipient's to it (null where there is none),
``parties`` the platform's word whose the keys are, ``head`` its word how the proof stood when the file was
made, so that an answer cannot be left out; ``keys`` are the platform's.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from isthmus_protocol import statements, vouched
from isthmus_protocol.canonical import JsonObject, MalformedJson, canonical, digest, parse
from isthmus_protocol.deliveries import Answer, Proof, Standing
from isthmus_protocol.documents import vouch
from isthmus_protocol.evidence import Check, Verdict
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey, TrustedKey, thumbprint
from isthmus_protocol.shapes import MalformedMessage, Members, format_time
from isthmus_protocol.vouched import BadFile, Owners

FORMAT = "isthmus-delivery/1"
PROOF_TYPE = "isthmus-delivery+jws"
ANSWER_TYPE = "isthmus-delivery-answer+jws"
HEAD_TYPE = "isthmus-delivery-head+jws"
LONGEST = 1_048_576


@dataclass(frozen=True)
class Head:
    """How a proof stood at a time, and by which answer, by the platform's word."""

    proof: str
    answer: str | None
    standing: Standing
    at: datetime

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "proof": self.proof,
            "answer": self.answer,
            "standing": self.standing.value,
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Head":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        head = cls(
            members.digest("proof"),
            members.maybe("answer", members.digest),
            members.one_of("standing", Standing),
            members.time("at"),
        )
        members.end()
        return head


def digest_of(token: str) -> str:
    """Return the digest by which a signed statement is named."""
    return digest(token.encode("ascii"))


def sign_proof(key: SigningKey, proof: Proof) -> str:
    """Return ``proof`` as a JWS by its recorder's ``key``."""
    return statements.sign(key, proof.to_json(), PROOF_TYPE)


def sign_answer(key: SigningKey, answer: Answer) -> str:
    """Return ``answer`` as a JWS by the recipient's ``key``."""
    return statements.sign(key, answer.to_json(), ANSWER_TYPE)


def make_file(
    platform: SigningKey,
    proof: str,
    answer: str | None,
    standing: Standing,
    owners: Iterable[tuple[str, str]],
    at: datetime,
) -> bytes:
    """Return the file; ``owners`` are (public key, party) of the keys that signed."""
    now = platform.current
    keys = {}
    for x, party in owners:
        key = TrustedKey(thumbprint(x), Holder.PARTY, x)
        keys[key.kid] = vouch(now, party, key, at)
    head = Head(digest_of(proof), None if answer is None else digest_of(answer), standing, at)
    return canonical(
        {
            "format": FORMAT,
            "proof": proof,
            "answer": answer,
            "parties": [keys[kid] for kid in sorted(keys)],
            "head": statements.sign(now, head.to_json(), HEAD_TYPE),
            "keys": [now.public.to_json()],
        }
    )


def is_delivery_file(data: bytes) -> bool:
    """Return whether ``data`` claims to be a proof of delivery (which says nothing of its truth)."""
    return vouched.claims_format(data, FORMAT, LONGEST)


def verify_delivery(data: bytes, trust: Keyring | None) -> tuple[Verdict, list[str]]:
    """Check the file ``data`` and return the verdict, and what it says in words if it holds.

    Without ``trust`` the platform's keys are those in the file.
    """
    try:
        checks, said, keys = _verified(data, trust)
    except (MalformedJson, MalformedMessage) as error:
        return Verdict((Check("form", passed=False, detail=str(error)),), ()), []
    except BadFile as error:
        return Verdict((Check(error.check, passed=False, detail=str(error)),), ()), []
    return Verdict(checks, tuple(f"{key.holder} {key.kid}" for key in keys)), said


def _verified(
    data: bytes, trust: Keyring | None
) -> tuple[tuple[Check, ...], list[str], tuple[TrustedKey, ...]]:
    found = parse(data, max_bytes=LONGEST)
    if canonical(found) != data:
        raise MalformedMessage("/", "not_canonical")
    members = Members(found)
    members.fixed("format", FORMAT)
    proof_token = members.text("proof", statements.LONGEST)
    answer_token = members.maybe("answer", lambda name: members.text(name, statements.LONGEST))
    listed = members.each("parties", lambda entry, item: entry.text(item, statements.LONGEST), 2)
    head_token = members.text("head", statements.LONGEST)
    keys = members.each("keys", lambda entry, item: TrustedKey.from_json(entry.take(item)), 2)
    members.end()
    platform = Keyring(keys) if trust is None else trust
    parties = vouched.owners(listed, platform)
    proof, by_proof = _signed_proof(proof_token, parties)
    answer, by_answer = (None, None)
    if answer_token is not None:
        answer, by_answer = _signed_answer(answer_token, proof_token, proof, parties)
    if {by_proof, by_answer} - {None} != parties.keys():
        raise BadFile("parties", "the file has the key of a party that signed nothing")
    head = _head(head_token, platform)
    _check_head(head, proof_token, answer_token, answer)
    vouched.check_keys(keys, (head_token, *listed), platform)
    return _checks(proof, answer, head), _told(proof, answer), keys


def _opened(token: str, parties: Owners, typ: str, signer: str, check: str) -> tuple[JsonObject, str]:
    """Return what a party's token says and the ``kid``; ``signer`` is the member that names the party."""
    keys = Keyring(key for _, key in parties.values())
    try:
        opened = statements.open_statement(token, keys, typ, Holder.PARTY)
    except SignatureError as error:
        raise BadFile(check, str(error)) from error
    name = parties[opened.key.kid][0]
    if opened.payload.get(signer) != name:
        raise BadFile(check, f"what {opened.payload.get(signer)} says is signed by {name}")
    return opened.payload, opened.key.kid


def _signed_proof(token: str, parties: Owners) -> tuple[Proof, str]:
    payload, kid = _opened(token, parties, PROOF_TYPE, "recorder", "signature")
    proof = Proof.from_json(payload)
    if proof.delivered_at > proof.recorded_at:
        raise BadFile("signature", "the delivery is later than its recording")
    return proof, kid


def _signed_answer(token: str, proof_token: str, proof: Proof, parties: Owners) -> tuple[Answer, str]:
    payload, kid = _opened(token, parties, ANSWER_TYPE, "recipient", "answer")
    answer = Answer.from_json(payload)
    if answer.proof != digest_of(proof_token):
        raise BadFile("answer", "the answer is to another proof")
    if answer.recipient != proof.recipient:
        raise BadFile("answer", f"the answer is {answer.recipient}'s, and {proof.recipient} received")
    if answer.standing not in (Standing.CONFIRMED, Standing.DISPUTED):
        raise BadFile("answer", f"{answer.standing} is no answer")
    if answer.at < proof.recorded_at:
        raise BadFile("answer", "the answer is earlier than the proof")
    return answer, kid


def _head(token: str, platform: Keyring) -> Head:
    try:
        return Head.from_json(statements.verify(token, platform, HEAD_TYPE, Holder.PLATFORM))
    except (SignatureError, MalformedMessage) as error:
        raise BadFile("head", str(error)) from error


def _check_head(head: Head, proof: str, answer: str | None, said: Answer | None) -> None:
    if (head.proof, head.answer) != (digest_of(proof), None if answer is None else digest_of(answer)):
        raise BadFile("head", "the file is not of the proof, or not with the answer, that there was")
    expected = (Standing.RECORDED, Standing.WITHDRAWN) if said is None else (said.standing,)
    if head.standing not in expected:
        raise BadFile("head", f"the proof stood as {head.standing}, which the file does not show")
    if head.standing is Standing.WITHDRAWN:
        raise BadFile("head", "the proof was WITHDRAWN by who recorded it")


def _checks(proof: Proof, answer: Answer | None, head: Head) -> tuple[Check, ...]:
    told = "not answered yet" if answer is None else f"{answer.standing} by {answer.recipient}"
    condition = f"{len(proof.exceptions)} exceptions" if proof.exceptions else "in order"
    return (
        Check("signature", passed=True, detail=f"signed by {proof.recorder}"),
        Check("delivery", passed=True, detail=f"{len(proof.equipment)} containers, {condition}"),
        Check("answer", passed=True, detail=told),
        Check("head", passed=True, detail=f"complete as of {head.at:%Y-%m-%d %H:%M} UTC"),
    )


def _told(proof: Proof, answer: Answer | None) -> list[str]:
    where = f"{proof.delivered_at:%Y-%m-%d %H:%M} {proof.place} {proof.ucr}"
    units = " ".join(proof.equipment)
    lines = [f"{where} to {proof.recipient}, received by {proof.received_by}: {units}"]
    for each in proof.exceptions:
        packages = "" if each.packages is None else f" ({each.packages} packages)"
        lines.append(f"{each.kind}: {each.what}{packages}")
    lines += [f"evidence {each.name}: sha-256 {each.sha256}" for each in proof.evidence]
    if answer is not None:
        remark = "" if answer.remark is None else f": {answer.remark}"
        lines.append(f"{answer.at:%Y-%m-%d %H:%M} {answer.standing} by {answer.recipient}{remark}")
    return lines
