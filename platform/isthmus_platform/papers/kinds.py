"""The kinds of paper, each by its UNTDID 1001 code: what a document of that kind says, as data.

Members that are empty are not known, or were not shown: a paper read in part is of the same kind.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, TypeAlias

from isthmus_platform.drafts import INCOTERMS_2020
from isthmus_platform.errors import InvalidInput
from isthmus_platform.papers.carriage import FREIGHT, Carriage
from isthmus_platform.papers.parts import (
    MOST_LINES,
    Amount,
    Container,
    Goods,
    InvoiceLine,
    Location,
    Measure,
    TradeParty,
    check_count,
    check_country,
    check_currency,
    check_text,
    wrong,
)
from isthmus_platform.papers.shipping_instruction import ShippingInstruction


def _check(paper: "Paper", *names: str) -> None:
    """Check the number and the texts ``names``, and that lists are not endless."""
    check_text(paper.number, "number", 100)
    for name in names:
        check_text(getattr(paper, name), _spelt(name))
    check_text(paper.beyond, "beyond", 2_000_000)
    for name in ("lines", "goods", "containers"):
        if len(getattr(paper, name, ())) > MOST_LINES:
            raise wrong(name, "too_many", f"at most {MOST_LINES}")


def _spelt(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _check_terms(incoterm: str | None) -> None:
    if incoterm is not None and incoterm not in INCOTERMS_2020:
        raise wrong("incoterm", "unknown_incoterm", "one of the Incoterms 2020")


@dataclass(frozen=True, kw_only=True)
class CommercialInvoice:
    """What was sold, to whom, for how much (380)."""

    TYPES: ClassVar[tuple[str, ...]] = ("380",)

    number: str
    issued_on: date
    seller: TradeParty
    buyer: TradeParty
    currency: str
    total: Amount
    lines: tuple[InvoiceLine, ...]
    due_on: date | None = None
    order_reference: str | None = None
    ucr: str | None = None
    incoterm: str | None = None
    incoterm_place: Location | None = None
    payment_terms: str | None = None
    note: str | None = None
    beyond: str | None = None
    """All of what it came as, where that says more: UBL as canonical XML, DCSA as JSON."""

    def __post_init__(self) -> None:
        _check(self, "order_reference", "ucr", "payment_terms", "note")
        check_currency(self.currency, "currency")
        _check_terms(self.incoterm)
        if not self.lines:
            raise wrong("lines", "empty", "at least one line")


@dataclass(frozen=True, kw_only=True)
class PackingList:
    """How the goods are packed (271)."""

    TYPES: ClassVar[tuple[str, ...]] = ("271",)

    number: str
    issued_on: date | None = None
    shipper: TradeParty | None = None
    consignee: TradeParty | None = None
    ucr: str | None = None
    invoice_number: str | None = None
    gross_mass: Measure | None = None
    net_mass: Measure | None = None
    volume: Measure | None = None
    packages: int | None = None
    goods: tuple[Goods, ...] = ()
    containers: tuple[Container, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "ucr", "invoice_number", "note")
        check_count(self.packages, "packages")


@dataclass(frozen=True, kw_only=True)
class TransportDocument:
    """A bill of lading (705) or, where nobody can hold it to order, a sea waybill (710)."""

    TYPES: ClassVar[tuple[str, ...]] = ("705", "710")

    type: str
    number: str
    issued_on: date | None = None
    shipper: TradeParty | None = None
    carrier: TradeParty | None = None
    consignee: TradeParty | None = None
    notify: TradeParty | None = None
    to_order: bool | None = None
    ucr: str | None = None
    booking_reference: str | None = None
    vessel: str | None = None
    voyage: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    gross_mass: Measure | None = None
    volume: Measure | None = None
    packages: int | None = None
    freight: str | None = None
    shipped_on: date | None = None
    carriage: Carriage | None = None
    goods: tuple[Goods, ...] = ()
    containers: tuple[Container, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "ucr", "booking_reference", "vessel", "voyage", "note")
        check_count(self.packages, "packages")
        if self.type not in self.TYPES:
            raise wrong("type", "unknown_code", "705 or 710")
        if self.type == "710" and self.to_order:
            raise wrong("toOrder", "waybill_to_order", "no order: a sea waybill names its consignee")
        if self.freight is not None and self.freight not in FREIGHT:
            raise wrong("freight", "unknown_code", "PREPAID or COLLECT")


@dataclass(frozen=True, kw_only=True)
class CertificateOfOrigin:
    """Where the goods were made, by the word of a chamber or authority (861)."""

    TYPES: ClassVar[tuple[str, ...]] = ("861",)

    number: str
    issued_on: date | None = None
    exporter: TradeParty
    importer: TradeParty | None = None
    issuer: TradeParty
    issuing_country: str
    signatory: str
    certificate_type: str
    status: str = "Approved"
    ucr: str | None = None
    gross_mass: Measure | None = None
    packages: int | None = None
    goods: tuple[Goods, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "ucr", "signatory", "certificate_type", "status", "note")
        check_country(self.issuing_country, "issuingCountry")
        check_count(self.packages, "packages")


@dataclass(frozen=True, kw_only=True)
class ForwardingInstruction:
    """What the shipper asks its forwarder to do (610)."""

    TYPES: ClassVar[tuple[str, ...]] = ("610",)

    number: str
    issued_on: date | None = None
    shipper: TradeParty | None = None
    carrier: TradeParty | None = None
    forwarder: TradeParty | None = None
    consignee: TradeParty | None = None
    notify: TradeParty | None = None
    ucr: str | None = None
    incoterm: str | None = None
    vessel: str | None = None
    voyage: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    gross_mass: Measure | None = None
    net_mass: Measure | None = None
    volume: Measure | None = None
    packages: int | None = None
    instructions: str | None = None
    goods: tuple[Goods, ...] = ()
    containers: tuple[Container, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "ucr", "vessel", "voyage", "instructions", "note")
        check_count(self.packages, "packages")
        _check_terms(self.incoterm)


@dataclass(frozen=True, kw_only=True)
class InsuranceCertificate:
    """That the cargo is insured, for how much and under which clauses (520). UBL has no such document."""

    TYPES: ClassVar[tuple[str, ...]] = ("520",)

    number: str
    issued_on: date
    policy_number: str
    insurer: TradeParty
    insured: TradeParty
    insured_amount: Amount
    clauses: str
    ucr: str | None = None
    goods_description: str | None = None
    vessel: str | None = None
    voyage: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    containers: tuple[Container, ...] = ()
    claims_payable_at: Location | None = None
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "policy_number", "clauses", "ucr", "goods_description", "vessel", "voyage", "note")


@dataclass(frozen=True, kw_only=True)
class ExportDeclaration:
    """What is declared to customs of goods that leave (830); ``number`` is its MRN or the declarant's."""

    TYPES: ClassVar[tuple[str, ...]] = ("830",)

    number: str
    issued_on: date | None = None
    exporter: TradeParty
    consignee: TradeParty | None = None
    ucr: str | None = None
    transport_document: str | None = None
    incoterm: str | None = None
    customs_value: Amount | None = None
    vessel: str | None = None
    voyage: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    gross_mass: Measure | None = None
    net_mass: Measure | None = None
    packages: int | None = None
    goods: tuple[Goods, ...] = ()
    containers: tuple[Container, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "ucr", "transport_document", "vessel", "voyage", "note")
        check_count(self.packages, "packages")
        _check_terms(self.incoterm)


@dataclass(frozen=True, kw_only=True)
class DocumentaryCredit:
    """What a bank undertakes to pay against which documents (465, UCP 600). UBL has no such document."""

    TYPES: ClassVar[tuple[str, ...]] = ("465",)

    number: str
    issued_on: date
    applicant: TradeParty
    beneficiary: TradeParty
    issuing_bank: TradeParty
    credit_amount: Amount
    expires_on: date
    expires_at: Location | None = None
    latest_shipment_on: date | None = None
    partial_shipments: bool | None = None
    ucr: str | None = None
    incoterm: str | None = None
    loading: Location | None = None
    discharge: Location | None = None
    goods_description: str | None = None
    documents_required: tuple[str, ...] = ()
    note: str | None = None
    beyond: str | None = None

    def __post_init__(self) -> None:
        _check(self, "ucr", "goods_description", "note")
        _check_terms(self.incoterm)
        if len(self.documents_required) > MOST_LINES:
            raise wrong("documentsRequired", "too_many", f"at most {MOST_LINES}")
        for index, each in enumerate(self.documents_required):
            check_text(each, f"documentsRequired.{index}")


Paper: TypeAlias = (
    CommercialInvoice
    | PackingList
    | TransportDocument
    | CertificateOfOrigin
    | ForwardingInstruction
    | InsuranceCertificate
    | DocumentaryCredit
    | ExportDeclaration
    | ShippingInstruction
)
KINDS: tuple[type[Paper], ...] = (
    CommercialInvoice,
    PackingList,
    TransportDocument,
    CertificateOfOrigin,
    ForwardingInstruction,
    InsuranceCertificate,
    DocumentaryCredit,
    ExportDeclaration,
    ShippingInstruction,
)


def kind_of(code: str) -> type[Paper]:
    """Return the kind of paper with this UNTDID 1001 code, or raise :class:`InvalidInput`."""
    for kind in KINDS:
        if code in kind.TYPES:
            return kind
    listed = ", ".join(sorted(each for kind in KINDS for each in kind.TYPES))
    raise InvalidInput(
        f"Documents of type {code[:20]!r} carry no typed data; these do: {listed}.",
        field="type",
        code="no_typed_data",
    )


def code_of(paper: Paper) -> str:
    """Return the UNTDID 1001 code of ``paper``."""
    return paper.type if isinstance(paper, TransportDocument) else paper.TYPES[0]
