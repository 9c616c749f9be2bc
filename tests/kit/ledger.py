"""A log kept in memory by its real key, honest until it is told to cheat."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agreed import KEYRING, KEYS, ORIGIN, agreement, record
from isthmus_protocol import merkle
from isthmus_protocol.auditing import Audit, Kept, audit
from isthmus_protocol.canonical import JsonObject, canonical, parse_object
from isthmus_protocol.chains import Chain, Link
from isthmus_protocol.checkpoint import Checkpoint, sign_note
from isthmus_protocol.keys import Holder
from isthmus_protocol.promises import Promise, sign_promise
from isthmus_protocol.records import AgreementRecord, Change, Kind, LogRecord, Phase, read_record

LOG = KEYS[Holder.LOG]
DOCUMENT = agreement("/ucr")
AGREEMENT_CHANGE = AgreementRecord(
    Change.PROPOSED,
    "export-declaration",
    1,
    DOCUMENT.digest,
    (Holder.OPERATOR,),
    (DOCUMENT.digest,),
    record(None).at,
).to_json()


@dataclass
class Ledger:
    """The entries of a log, as a bridge would list them."""

    records: list[JsonObject] = field(default_factory=list)
    serial: int = 0

    def append(self, party: str = "forwarder", subject: str = "a", *, kind: Kind = Kind.DECISION) -> int:
        """Append a decision (or a receipt) about ``party`` and ``subject``, linked, and return its index."""
        self.serial += 1
        about = record(
            DOCUMENT,
            kind=kind,
            phase=Phase.AGREED if kind is Kind.DECISION else Phase.DELIVERED,
            exchange=f"exchange-{self.serial}",
            party=party,
            subject=subject * 64,
            chain=None,
        )
        self.records.append(about.to_json())
        self.relink(len(self.records) - 1)
        return len(self.records) - 1

    def append_agreement(self) -> None:
        """Append a change of an agreement, which is in no chain."""
        self.records.append(dict(AGREEMENT_CHANGE))

    def relink(self, start: int = 0) -> None:
        """Link the entries from ``start`` on to those before them, whatever they said before."""
        for index in range(start, len(self.records)):
            if self.records[index]["kind"] != "AGREEMENT":
                chain = Chain(self._link(index, "party"), self._link(index, "subject"))
                self.records[index] = self.records[index] | {"chain": chain.to_json()}

    def _link(self, index: int, member: str) -> Link:
        same = [
            earlier
            for earlier, each in enumerate(self.records[:index])
            if each.get(member) == self.records[index][member]
        ]
        return Link(len(same) + 1, same[-1] if same else None)

    @property
    def hashes(self) -> list[bytes]:
        return [merkle.leaf_hash(canonical(each)) for each in self.records]

    def checkpoint(self, size: int | None = None) -> str:
        """Return the signed checkpoint of the first ``size`` entries, of all when none is given."""
        hashes = self.hashes[:size]
        return sign_note(Checkpoint(ORIGIN, len(hashes), merkle.root_of(hashes)), LOG, ORIGIN)

    def promise(self, index: int, **changes: Any) -> str:
        """Return the signed promise of the entry at ``index``; ``changes`` replace its parts."""
        about = read_record(self.records[index])
        assert isinstance(about, LogRecord)
        parts: dict[str, Any] = {
            "origin": ORIGIN,
            "exchange": about.exchange,
            "log_index": index,
            "leaf_hash": about.leaf_hash,
            "chain": about.chain or Chain(),
        }
        return sign_promise(LOG, Promise(**parts | changes))

    def copy(self) -> "Ledger":
        """Return a log with the same entries, which goes its own way from here."""
        return Ledger([parse_object(canonical(each)) for each in self.records], self.serial + 1000)

    def audited(
        self, promises: Sequence[str] = (), checkpoints: Sequence[str] = (), words: Sequence[str] = ()
    ) -> Audit:
        """Return what an auditor finds who holds these, and downloads the log as it is now."""
        return audit(self.records, self.checkpoint(), KEYRING, Kept(checkpoints, promises, words))


def ledger(*entries: str) -> Ledger:
    """Return an honest log of decisions; ``bank/a`` is one about the party bank and the subject a."""
    made = Ledger()
    for entry in entries:
        made.append(*entry.split("/"))
    return made
