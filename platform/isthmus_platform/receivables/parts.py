"""What a bank learns of a consignment in one answer, as data: each part with its source, time and proof.

A part that is not known says why; then it says nothing else. No I/O.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class ProofKind(StrEnum):
    """What kind of proof is given."""

    LOG_ENTRY = "LOG_ENTRY"
    RECEIPT = "RECEIPT"
    CHAIN_HEAD = "CHAIN_HEAD"
    SIGNED_DOCUMENT = "SIGNED_DOCUMENT"


@dataclass(frozen=True)
class Proof:
    """What a bank can check or hold against who said it.

    ``value`` is the log's promise, a receipt as JWS, or the digest of a chain's head or a signed file;
    ``sequence`` is its place in the log or chain, ``kid`` whose key, ``url`` where the whole is to be had.
    """

    kind: ProofKind
    value: str
    sequence: int | None = None
    kid: str | None = None
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part: whether it is ``known`` and else ``why`` not, its source, its time (UTC), its proof."""

    source: str
    known: bool = True
    why: str | None = None
    at: datetime | None = None
    proof: Proof | None = None


@dataclass(frozen=True, kw_only=True)
class DeclarationPart(Part):
    """Whether there is a declaration and the goods are released: the window's yes or no."""

    exists: bool | None = None
    released: bool | None = None


@dataclass(frozen=True, kw_only=True)
class BalancePart(Part):
    """What of the declared value no bank finances yet: minor units by currency."""

    left: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class DuplicatePart(Part):
    """Whether the invoice is financed: by another bank, by the bank that asks."""

    by_another: bool | None = None
    by_you: bool | None = None


@dataclass(frozen=True, kw_only=True)
class TitlePart(Part):
    """Who holds the title, how it stands, and whether a lien or hold is on it."""

    title_id: UUID | None = None
    holder_id: UUID | None = None
    state: str | None = None
    free: bool | None = None


@dataclass(frozen=True, kw_only=True)
class InsurancePart(Part):
    """Whether the cargo is insured, by the certificate that was opened to the bank."""

    insured: bool | None = None
    number: str | None = None
    insurer: str | None = None
    amount: str | None = None
    currency: str | None = None
    clauses: str | None = None
    document_id: UUID | None = None


@dataclass(frozen=True)
class Truth:
    """All parts, of one consignment at one time."""

    ucr: str
    at: datetime
    declaration: DeclarationPart
    balance: BalancePart
    duplicate: DuplicatePart
    title: TitlePart
    insurance: InsurancePart
