"""The bridge's log as one who trusts only signatures reads it: an answer is verified before it is told."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from isthmus.errors import CannotRun
from isthmus.home import home_of
from isthmus.keys import KeyFolder
from isthmus.settings import Settings, load
from isthmus_platform.clock import utc_now
from isthmus_protocol import merkle
from isthmus_protocol.canonical import MalformedJson, canonical, parse_object
from isthmus_protocol.checkpoint import Checkpoint, open_note
from isthmus_protocol.cosignature import cosignatures
from isthmus_protocol.http_signatures import sign_request
from isthmus_protocol.keys import Holder, Keyring, SignatureError, SigningKey
from isthmus_protocol.merkle import ProofError
from isthmus_protocol.shapes import HEX_DIGEST, MalformedMessage, Members

LONGEST_PROOF = 128

Held = TypeVar("Held")


@dataclass(frozen=True)
class SignedHead:
    """A checkpoint whose signatures hold, its note, and a line on each signature."""

    checkpoint: Checkpoint
    note: str
    told: tuple[str, ...]


@dataclass(frozen=True)
class Proof:
    """A proof that holds, as lines: its hashes, then what was verified."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Log:
    """The log of the bridge at ``url``; ``caller`` may read its entries, ``keyring`` is what is trusted."""

    url: str
    caller: SigningKey
    keyring: Keyring

    def checkpoint(self, *, newest: bool = False) -> SignedHead:
        """Return the newest cosigned checkpoint, or the newest of all. Raises :class:`CannotRun`."""
        query = "?cosigned=false" if newest else ""
        note = self._fetch(f"/v1/log/checkpoint{query}").decode(errors="replace")
        return self._opened(note, self.keyring)

    def inclusion(self, index: int) -> Proof:
        """Return the proof that entry ``index`` is in the newest tree. Raises :class:`CannotRun`."""
        head = self._head_over(index + 1)
        leaf, size = self._leaf(index), head.checkpoint.size
        proof = self._hashes(f"/v1/log/inclusion?index={index}&size={size}")
        _hold(lambda: merkle.verify_inclusion(leaf, index, size, proof, head.checkpoint.root))
        return Proof(
            (
                *(sibling.hex() for sibling in proof),
                f"verified: entry {index}, leaf {leaf.hex()}, is in the log of {size} entries",
                *head.told,
            )
        )

    def consistency(self, earlier: str, later: str) -> Proof:
        """Return the proof from one tree to another: sizes, or files of checkpoints kept.

        Raises :class:`CannotRun`.
        """
        kept = [None if each.isascii() and each.isdigit() else self._kept(each) for each in (earlier, later)]
        first, second = (
            int(each) if file is None else file.checkpoint.size
            for each, file in zip((earlier, later), kept, strict=True)
        )
        if not 0 < first <= second:
            raise CannotRun(f"There is no proof from {first} entries to {second}: ask for 0 < FROM <= TO.")
        head = self._head_over(second)
        roots = [
            self._root(size, head) if file is None else file.checkpoint.root
            for size, file in zip((first, second), kept, strict=True)
        ]
        proof = self._hashes(f"/v1/log/consistency?from={first}&to={second}")
        _hold(lambda: merkle.verify_consistency(first, roots[0], second, roots[1], proof))
        self._require_continuation(second, roots[1], head)
        grown = f"the log of {second} entries continues that of {first}"
        beyond = f"that of {head.checkpoint.size} continues both"
        return Proof((*(node.hex() for node in proof), f"verified: {grown}, and {beyond}", *head.told))

    def _root(self, size: int, head: SignedHead) -> bytes:
        """Return the root over the first ``size`` entries: its last entry's proof leads there."""
        if size == head.checkpoint.size:
            return head.checkpoint.root
        proof = self._hashes(f"/v1/log/inclusion?index={size - 1}&size={size}")
        return _hold(lambda: merkle.root_from_inclusion(self._leaf(size - 1), size - 1, size, proof))

    def _require_continuation(self, size: int, root: bytes, head: SignedHead) -> None:
        last = head.checkpoint
        proof = self._hashes(f"/v1/log/consistency?from={size}&to={last.size}")
        _hold(lambda: merkle.verify_consistency(size, root, last.size, last.root, proof))

    def _head_over(self, size: int) -> SignedHead:
        """Return a verified head of at least ``size`` entries, cosigned where there is such a one."""
        head = self.checkpoint()
        if head.checkpoint.size < size:
            head = self.checkpoint(newest=True)
        if head.checkpoint.size < size:
            raise CannotRun(f"The log has {head.checkpoint.size} entries, not {size}.")
        return head

    def _kept(self, file: str) -> SignedHead:
        try:
            # By a key that is revoked since, we kept it all the same: the newest head must continue it.
            return self._opened(Path(file).read_text("utf-8"), self.keyring.bare)
        except (OSError, UnicodeDecodeError):
            raise CannotRun(f"{file} is neither a number of entries nor a file with a checkpoint.") from None

    def _opened(self, note: str, keyring: Keyring) -> SignedHead:
        try:
            checkpoint = open_note(note, keyring, Holder.LOG)
            found = cosignatures(note, keyring)
        except SignatureError as error:
            raise CannotRun(f"The checkpoint is not in order: {error}.") from None
        told = [f"signed by the log {checkpoint.origin}, {checkpoint.size} entries"]
        told += [f"cosigned by the witness {each.name} at {each.at:%Y-%m-%d %H:%M:%S} UTC" for each in found]
        if not found:
            told.append("not cosigned: no trusted witness has put its name to this head")
        return SignedHead(checkpoint, note, tuple(told))

    def _leaf(self, index: int) -> bytes:
        """Return the hash of the entry ``index``, computed from the entry itself."""
        try:
            listed = Members(parse_object(self._fetch(f"/v1/log/entries?start={index}&limit=1")))
            (entry,) = listed.each("entries", lambda each, item: each.take(item), most=1)
            found = Members(entry)
            if found.integer("index") != index:
                raise ValueError("another entry")
            return merkle.leaf_hash(canonical(found.take("record")))
        except (MalformedJson, MalformedMessage, ValueError):
            raise CannotRun(f"The bridge does not give the entry {index}.") from None

    def _hashes(self, path: str) -> Sequence[bytes]:
        try:
            answer = Members(parse_object(self._fetch(path)))
            return answer.each(
                "proof", lambda each, item: bytes.fromhex(each.matching(item, HEX_DIGEST)), most=LONGEST_PROOF
            )
        except (MalformedJson, MalformedMessage) as error:
            raise CannotRun(f"The bridge gives no proof: {error}.") from None

    def _fetch(self, path: str) -> bytes:
        url = f"{self.url}{path}"
        headers = sign_request(self.caller, "GET", url, b"", now=utc_now())
        try:
            answer = httpx.get(url, headers=headers, timeout=10, trust_env=False)
        except httpx.TransportError:
            raise CannotRun(f"No bridge answers at {self.url}.") from None
        if not answer.is_success:
            raise CannotRun(f"The bridge refuses: {_reason(answer)}")
        return answer.content


def open_log(trust: Path | None = None, settings: Settings | None = None) -> Log:
    """Return the log of the bridge that this home's settings name. Raises :class:`CannotRun`."""
    settings = settings or load()
    folder = KeyFolder(home_of(settings.home).keys)
    return Log(settings.bridge_address, _caller(folder), folder.trust() if trust is None else _trusted(trust))


def _caller(folder: KeyFolder) -> SigningKey:
    """Return the key of one who may read the log: whichever side this machine is of."""
    readers = (Holder.AUTHORITY, Holder.PLATFORM)
    here = [reader for reader in readers if (folder.path / f"{reader.value.lower()}.pem").exists()]
    return folder.signing_key(here[0] if here else Holder.PLATFORM)


def _trusted(file: Path) -> Keyring:
    try:
        return Keyring.from_json(json.loads(file.read_bytes()))
    except (OSError, ValueError, MalformedMessage) as error:
        raise CannotRun(f"{file} is not a list of trusted keys: {error}.") from None


def _reason(answer: httpx.Response) -> str:
    try:
        told = parse_object(answer.content)
    except MalformedJson:
        return f"HTTP {answer.status_code}"
    return f"{told.get('detail')} ({told.get('code')})"


def _hold(step: Callable[[], Held]) -> Held:
    try:
        return step()
    except ProofError as error:
        raise CannotRun(f"NOT VERIFIED: {error}. Keep this answer; do not rely on this log.") from None
