"""Documents, statements and references of a declaration, as the WCO Data Model names them."""

from dataclasses import dataclass
from decimal import Decimal

from isthmus_bridge.wco.parties import DocumentSubmitter
from isthmus_bridge.wco.values import Amount, Instant, Quantity


@dataclass(frozen=True, kw_only=True)
class HeaderDocument:
    """A document for the declaration as a whole (DE 2/6: deferred payment)."""

    category_code: str | None = None
    id: str | None = None
    type_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """A place in the declaration: WCO class (``67A``), its occurrence, and WCO data element."""

    sequence_numeric: Decimal | None = None
    document_section_code: str | None = None
    tag_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class HeaderInformation:
    """A statement about the declaration, or about the places it points to."""

    statement_code: str | None = None
    statement_description: str | None = None
    statement_type_code: str | None = None
    pointer: tuple[Pointer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """What an amending declaration changes, and why."""

    change_reason_code: str | None = None
    pointer: tuple[Pointer, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WriteOff:
    """What is written off a licence."""

    quantity_quantity: Quantity | None = None
    amount_amount: Amount | None = None


@dataclass(frozen=True, kw_only=True)
class AdditionalDocument:
    """A document, certificate or licence for an item (DE 2/3)."""

    category_code: str | None = None
    effective_date_time: Instant | None = None
    id: str | None = None
    name: str | None = None
    type_code: str | None = None
    lpco_exemption_code: str | None = None
    submitter: DocumentSubmitter | None = None
    write_off: WriteOff | None = None


@dataclass(frozen=True, kw_only=True)
class AdditionalInformation:
    """A statement about an item (DE 2/2)."""

    statement_code: str | None = None
    statement_description: str | None = None
    statement_type_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class PreviousDocument:
    """What came before (DE 2/1): ``DCR`` is the declaration's UCR."""

    category_code: str | None = None
    id: str | None = None
    type_code: str | None = None
    line_numeric: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class UCR:
    """The unique consignment reference (DE 2/4)."""

    id: str | None = None
    trader_assigned_reference_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Invoice:
    """An invoice."""

    id: str | None = None
    issue_date_time: Instant | None = None
