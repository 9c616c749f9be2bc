"""What an examiner has before him: the credit, the presentation and the face of each document."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from isthmus_platform.credit.days import Calendar
from isthmus_platform.credit.terms import Terms, in_units
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers import plain
from isthmus_platform.papers.comparing import same_word
from isthmus_platform.papers.kinds import (
    CertificateOfOrigin,
    CommercialInvoice,
    InsuranceCertificate,
    PackingList,
    Paper,
    TransportDocument,
    code_of,
)
from isthmus_platform.papers.parts import check_text, wrong

MOST_DOCUMENTS = 50
CAPACITIES = frozenset(
    [
        "CARRIER",
        "MASTER",
        "AGENT_FOR_CARRIER",
        "AGENT_FOR_MASTER",
        "INSURER",
        "UNDERWRITER",
        "AGENT",
        "PROXY",
        "ISSUER",
    ]
)


@dataclass(frozen=True, kw_only=True)
class Face:
    """What a document shows beside its data: how many there are, who signed it as what, and its notations."""

    originals: int = 1
    copies: int = 0
    dated: date | None = None
    signed_by: str | None = None
    signed_as: str | None = None
    on_board: date | None = None
    clauses: tuple[str, ...] = ()
    endorsed_by: str | None = None
    transhipped: bool = False
    charter_party: bool = False
    on_deck: bool = False
    effective_on: date | None = None

    def __post_init__(self) -> None:
        for name in ("originals", "copies"):
            if not 0 <= getattr(self, name) <= 99:
                raise wrong(name, "out_of_range", "0 to 99")
        check_text(self.signed_by, "signedBy", 300)
        check_text(self.endorsed_by, "endorsedBy", 300)
        if self.signed_as is not None and self.signed_as not in CAPACITIES:
            raise wrong("signedAs", "unknown_code", " or ".join(sorted(CAPACITIES)))
        if len(self.clauses) > 20:
            raise wrong("clauses", "too_many", "at most 20")
        for index, clause in enumerate(self.clauses):
            check_text(clause, f"clauses.{index}", 500)


@dataclass(frozen=True)
class Presented:
    """One kind of document as presented: its data and its face."""

    paper: Paper
    face: Face = field(default_factory=Face)

    @property
    def type(self) -> str:
        """Its UNTDID 1001 code."""
        return code_of(self.paper)

    @property
    def label(self) -> str:
        """What it is called when it is cited: ``705 MCLKHH2611042``."""
        return f"{self.type} {self.paper.number}"

    @property
    def dated(self) -> date | None:
        """The date it bears."""
        return self.face.dated or self.paper.issued_on


@dataclass(frozen=True)
class Case:
    """A presentation under its credit.

    ``available_minor`` may still be drawn, ``drawings`` were made before; ``calendar`` is of the bank to
    which the documents were presented.
    """

    terms: Terms
    presented_on: date
    claimed_minor: int
    available_minor: int
    drawings: int
    calendar: Calendar
    documents: tuple[Presented, ...]

    @property
    def expires_on(self) -> date:
        """The last day of presentation: expiry, or the first banking day after it (articles 6 d, 29 a)."""
        return self.calendar.first_from(self.terms.expires_on)

    @property
    def present_by(self) -> date | None:
        """The last day after shipment, or the first banking day after it (articles 14 c, 29 a)."""
        if self.shipped_on is None:
            return None
        return self.calendar.first_from(self.shipped_on + timedelta(days=self.terms.presentation_days))

    def of(self, *types: str) -> list[Presented]:
        """Return the documents of these types."""
        return [one for one in self.documents if one.type in types]

    @property
    def claimed(self) -> Decimal:
        """The amount claimed, in units of the credit's currency."""
        return in_units(self.claimed_minor, self.terms.currency)

    @property
    def invoices(self) -> list[tuple[Presented, CommercialInvoice]]:
        """The commercial invoices."""
        return [(one, one.paper) for one in self.documents if isinstance(one.paper, CommercialInvoice)]

    @property
    def bills(self) -> list[tuple[Presented, TransportDocument]]:
        """The transport documents."""
        return [(one, one.paper) for one in self.documents if isinstance(one.paper, TransportDocument)]

    @property
    def covers(self) -> list[tuple[Presented, InsuranceCertificate]]:
        """The insurance documents."""
        return [(one, one.paper) for one in self.documents if isinstance(one.paper, InsuranceCertificate)]

    @property
    def packing_lists(self) -> list[tuple[Presented, PackingList]]:
        """The packing lists."""
        return [(one, one.paper) for one in self.documents if isinstance(one.paper, PackingList)]

    @property
    def origins(self) -> list[tuple[Presented, CertificateOfOrigin]]:
        """The certificates of origin."""
        return [(one, one.paper) for one in self.documents if isinstance(one.paper, CertificateOfOrigin)]

    @property
    def shipped_on(self) -> date | None:
        """The day of shipment: of several bills the last of one vessel, else the first (ISBP 821 E6)."""
        days = [day for one, paper in self.bills if (day := shipment_day(one, paper)) is not None]
        vessels = {(paper.vessel, paper.voyage) for _, paper in self.bills}
        return (max if len(vessels) == 1 else min)(days, default=None)


def shipment_day(one: Presented, paper: TransportDocument) -> date | None:
    """Return the date of shipment: of the on-board notation, as shipped, or else of issue."""
    return one.face.on_board or paper.shipped_on or one.dated


def words(text: str) -> list[str]:
    """Return the words of a text without regard to case and punctuation."""
    return str(same_word(text)).split()


def alike(one: str, other: str) -> bool:
    """Say whether two texts have the same words in the same order."""
    return words(one) == words(other)


def contains(text: str, part: str) -> bool:
    """Say whether the words of ``part`` stand in ``text`` together."""
    said, wanted = words(text), words(part)
    return any(said[at : at + len(wanted)] == wanted for at in range(len(said) - len(wanted) + 1))


def read_documents(given: object) -> tuple[Presented, ...]:
    """Return the documents that JSON says: a list of ``{type, data, face}``; names what is wrong."""
    if not isinstance(given, list) or not 0 < len(given) <= MOST_DOCUMENTS:
        raise wrong("documents", "count", f"1 to {MOST_DOCUMENTS} documents")
    return tuple(_read(one, f"documents.{index}") for index, one in enumerate(given))


def _read(given: object, path: str) -> Presented:
    if not isinstance(given, Mapping) or set(given) - {"type", "data", "face"}:
        raise wrong(path, "type", "an object of type, data and face")
    kind = given.get("type")
    if not isinstance(kind, str):
        raise wrong(f"{path}.type", "missing", "a UNTDID 1001 code")
    try:
        paper = plain.paper(kind, given.get("data"))
    except InvalidInput as refusal:
        place = f"{path}.type" if refusal.field == "type" else f"{path}.data.{refusal.field}"
        raise InvalidInput(f"{path}: {refusal.message}", field=place, code=refusal.code) from None
    return Presented(paper, plain.from_json(Face, given.get("face") or {}, f"{path}.face"))


def documents_json(documents: Sequence[Presented]) -> list[dict[str, Any]]:
    """Return documents as JSON, as :func:`read_documents` reads them."""
    return [
        {"type": one.type, "data": plain.to_json(one.paper), "face": plain.to_json(one.face)}
        for one in documents
    ]
