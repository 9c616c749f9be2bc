"""The steps of a transferable record: what each says, and what an issue sets, as their actors sign them.

Actions have the codes of DCSA: ``EBL_SUR`` 3.0, ``EndorsementChainLink``, and PINT 3.0 for the carrier's
answer to a surrender (``SACC``, ``SREJ``). What follows from a step is :mod:`isthmus_protocol.titles`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from isthmus_protocol.canonical import JsonObject, JsonValue
from isthmus_protocol.shapes import Members, format_time

LONGEST_COMMENT = 255
"""Characters of a comment (DCSA EBL_SUR 3.0, ``comments``)."""


class Action(StrEnum):
    """What a step does."""

    ISSUE = "ISSUE"
    TRANSFER = "TRANSFER"
    ENDORSE = "ENDORSE"
    ENDORSE_TO_ORDER = "ENDORSE_TO_ORDER"
    BLANK_ENDORSE = "BLANK_ENDORSE"
    SIGN = "SIGN"
    SURRENDER_FOR_DELIVERY = "SURRENDER_FOR_DELIVERY"
    SURRENDER_FOR_AMENDMENT = "SURRENDER_FOR_AMENDMENT"
    SACC = "SACC"
    SREJ = "SREJ"


class Kind(StrEnum):
    """What is transferable (MLETR Art. 2 names both)."""

    BILL_OF_LADING = "BILL_OF_LADING"
    WAREHOUSE_RECEIPT = "WAREHOUSE_RECEIPT"


class Form(StrEnum):
    """Whether the rights pass by endorsement (``isToOrder``), or stay with the consignee named at issue."""

    NEGOTIABLE = "NEGOTIABLE"
    STRAIGHT = "STRAIGHT"


class Reason(StrEnum):
    """Why a record is surrendered for amendment (DCSA ``reasonCode``)."""

    SWTP = "SWTP"
    """Switch to paper (MLETR Art. 18)."""
    COD = "COD"
    """Change of destination."""
    SWI = "SWI"
    """Switch bill of lading."""


@dataclass(frozen=True)
class Replaced:
    """The title that a new one takes the place of: its id, and the digest of its last step."""

    title: str
    head: str

    def to_json(self) -> JsonObject:
        """Return ``{"head", "title"}``."""
        return {"title": self.title, "head": self.head}

    @classmethod
    def from_json(cls, value: JsonValue) -> "Replaced":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        found = cls(members.name("title"), members.digest("head"))
        members.end()
        return found


@dataclass(frozen=True)
class Terms:
    """What is issued: by number and version, the digest of its document, its form and its kind.

    ``named`` is the consignee of a straight title, the first endorsee of a negotiable one; a negotiable title
    without is in blank.
    """

    number: str
    version: int
    document: str
    form: Form
    named: str | None = None
    replaces: Replaced | None = None
    kind: Kind = Kind.BILL_OF_LADING

    def to_json(self) -> JsonObject:
        """Return the JSON form; ``kind`` is there where it is no bill of lading."""
        said: JsonObject = {} if self.kind is Kind.BILL_OF_LADING else {"kind": self.kind.value}
        return said | {
            "number": self.number,
            "version": self.version,
            "document": self.document,
            "form": self.form.value,
            "named": self.named,
            "replaces": None if self.replaces is None else self.replaces.to_json(),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Terms":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        terms = cls(
            members.text("number", 35),
            members.integer("version", 1),
            members.digest("document"),
            members.one_of("form", Form),
            members.maybe("named", members.name),
            members.maybe("replaces", lambda name: members.nested(name, Replaced.from_json)),
            members.optional("kind", lambda name: members.one_of(name, Kind)) or Kind.BILL_OF_LADING,
        )
        members.end()
        return terms


@dataclass(frozen=True)
class Step:
    """One step as its actor signs it; ``previous`` is the digest of the step before, null for the issue."""

    title: str
    sequence: int
    previous: str | None
    action: Action
    actor: str
    recipient: str | None
    at: datetime
    reason: Reason | None = None
    comments: str | None = None
    terms: Terms | None = None

    def to_json(self) -> JsonObject:
        """Return the JSON form, with DCSA's names where DCSA has one."""
        return {
            "title": self.title,
            "sequence": self.sequence,
            "previous": self.previous,
            "actionCode": self.action.value,
            "actionDateTime": format_time(self.at),
            "actor": self.actor,
            "recipient": self.recipient,
            "reasonCode": None if self.reason is None else self.reason.value,
            "comments": self.comments,
            "terms": None if self.terms is None else self.terms.to_json(),
        }

    @classmethod
    def from_json(cls, value: JsonValue) -> "Step":
        """Read what :meth:`to_json` wrote; raises :class:`MalformedMessage`."""
        members = Members(value)
        step = cls(
            title=members.name("title"),
            sequence=members.integer("sequence", 1),
            previous=members.maybe("previous", members.digest),
            action=members.one_of("actionCode", Action),
            at=members.time("actionDateTime"),
            actor=members.name("actor"),
            recipient=members.maybe("recipient", members.name),
            reason=members.maybe("reasonCode", lambda name: members.one_of(name, Reason)),
            comments=members.maybe("comments", lambda name: members.text(name, LONGEST_COMMENT)),
            terms=members.maybe("terms", lambda name: members.nested(name, Terms.from_json)),
        )
        members.end()
        return step
