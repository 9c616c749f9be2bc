"""What is said of a delivery: the proof by who delivered or received, and the recipient's answer to it.

Both are signed and checked in :mod:`isthmus_protocol.delivery_file`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from isthmus_protocol.canonical import JsonObject
from isthmus_protocol.shapes import HEX_DIGEST, Members, format_time

MOST_UNITS, MOST_ITEMS = 500, 50


class Lacking(StrEnum):
    """What was not in order with the goods."""

    SHORTAGE = "SHORTAGE"
    DAMAGE = "DAMAGE"
    OTHER = "OTHER"


class Standing(StrEnum):
    """How a proof stands."""

    RECORDED = "RECORDED"
    CONFIRMED = "CONFIRMED"
    DISPUTED = "DISPUTED"
    WITHDRAWN = "WITHDRAWN"


@dataclass(frozen=True)
class Irregular:
    """Something that was not in order: of which kind, what, and how many packages of it (None: not told)."""

    kind: Lacking
    what: str
    packages: int | None


@dataclass(frozen=True)
class Evidence:
    """A picture or file by its name and the SHA-256 of its bytes (hexadecimal)."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Proof:
    """Who delivered which containers of which consignment to whom, when, where, and in which condition."""

    id: str
    ucr: str
    equipment: tuple[str, ...]
    recorder: str
    recipient: str
    received_by: str
    place: str
    delivered_at: datetime
    recorded_at: datetime
    exceptions: tuple[Irregular, ...]
    evidence: tuple[Evidence, ...]

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "id": self.id,
            "ucr": self.ucr,
            "equipment": list(self.equipment),
            "recorder": self.recorder,
            "recipient": self.recipient,
            "receivedBy": self.received_by,
            "place": self.place,
            "deliveredAt": format_time(self.delivered_at),
            "recordedAt": format_time(self.recorded_at),
            "exceptions": [
                {"kind": each.kind.value, "what": each.what, "packages": each.packages}
                for each in self.exceptions
            ],
            "evidence": [{"name": each.name, "sha256": each.sha256} for each in self.evidence],
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Proof":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        proof = cls(
            members.text("id"),
            members.text("ucr", 35),
            members.each("equipment", lambda entry, item: entry.text(item, 11), MOST_UNITS),
            members.text("recorder"),
            members.text("recipient"),
            members.text("receivedBy"),
            members.text("place", 5),
            members.time("deliveredAt"),
            members.time("recordedAt"),
            members.each("exceptions", _exception, MOST_ITEMS),
            members.each("evidence", _evidence, MOST_ITEMS),
        )
        members.end()
        return proof


def _exception(entry: Members, item: str) -> Irregular:
    members = entry.members(item)
    found = Irregular(
        members.one_of("kind", Lacking),
        members.text("what", 500),
        members.maybe("packages", members.integer),
    )
    members.end()
    return found


def _evidence(entry: Members, item: str) -> Evidence:
    members = entry.members(item)
    found = Evidence(members.text("name"), members.matching("sha256", HEX_DIGEST))
    members.end()
    return found


@dataclass(frozen=True)
class Answer:
    """What the recipient says to a proof, named by its token's digest: it is so, or it is not."""

    proof: str
    recipient: str
    standing: Standing
    remark: str | None
    at: datetime

    def to_json(self) -> JsonObject:
        """Return the JSON form."""
        return {
            "proof": self.proof,
            "recipient": self.recipient,
            "standing": self.standing.value,
            "remark": self.remark,
            "at": format_time(self.at),
        }

    @classmethod
    def from_json(cls, value: JsonObject) -> "Answer":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        answer = cls(
            members.digest("proof"),
            members.text("recipient"),
            members.one_of("standing", Standing),
            members.maybe("remark", lambda name: members.text(name, 500)),
            members.time("at"),
        )
        members.end()
        return answer
