"""Offering an invoice: one row for the seller, and one for each bank with no more than it may know."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from babel.numbers import get_currency_precision

from isthmus_platform import documents, parties
from isthmus_platform.database import PartyRole, Work, new_id
from isthmus_platform.documents import Document
from isthmus_platform.encryption import Vault, VersionKey
from isthmus_platform.errors import Conflict, InvalidInput, NotFound
from isthmus_platform.papers import issuing, plain
from isthmus_platform.parties import Party
from isthmus_platform.receivables.machine import Action, State
from isthmus_platform.receivables.once import check_once
from isthmus_platform.receivables.records import Receivable, ReceivableOffer
from isthmus_platform.receivables.stepping import enter
from isthmus_platform.receivables.terms import MOST_BANKS, Invoice

COMMERCIAL_INVOICE = "380"


@dataclass(frozen=True)
class Draft:
    """What a seller offers, and to which banks, by their names."""

    document: UUID
    banks: tuple[str, ...]
    invoice: Invoice


def offer(work: Work, vault: Vault, draft: Draft) -> Receivable:
    """Offer an invoice to banks, as its seller; none of them learns of the others.

    Raises :class:`NotFound` for a document that is not the actor's, :class:`InvalidInput` naming the field
    (``banks``, ``wrong_role``, ``dueOn`` ...) and :class:`Conflict` (``not_as_documented``) for an invoice
    that says otherwise than its document's data; and as :func:`.once.check_once`.
    """
    document = _own(work, draft.document)
    invoice = draft.invoice
    invoice.check_due(work.now.date())
    seller = parties.get(work, document.party_id)
    banks = _banks(work, draft.banks, seller.id)
    _check_said(work, vault, document, invoice)
    check_once(work, document)
    receivable_id = new_id()
    row = Receivable(
        id=receivable_id,
        party_id=seller.id,
        document_id=document.id,
        shipment_id=document.shipment_id,
        currency=invoice.currency,
        amount_minor=invoice.amount_minor,
        due_on=invoice.due_on,
        sealed=_sealed(vault, receivable_id, invoice),
        offered_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    for bank in banks:
        _to(work, row, invoice, seller, bank)
    return row


def _to(work: Work, row: Receivable, invoice: Invoice, seller: Party, bank: Party) -> None:
    offered = ReceivableOffer(
        id=new_id(),
        receivable_id=row.id,
        party_id=row.party_id,
        bank_id=bank.id,
        state=State.OFFERED.value,
        currency=row.currency,
        amount_minor=row.amount_minor,
        due_on=row.due_on,
        seller_country=seller.country,
        debtor_country=invoice.country,
        debtor_rating=invoice.rating,
        repaid_minor=0,
        sequence=0,
        offered_at=work.now,
        disbursed_at=None,
    )
    work.session.add(offered)
    work.session.flush()
    enter(work, offered, Action.OFFER)


def _own(work: Work, document_id: UUID) -> Document:
    work.actor.require(PartyRole.TRADER)
    document = next(iter(documents.own(work, [document_id])), None)
    if document is None or document.party_id != work.actor.party_id:
        raise NotFound("There is no such document of yours.", field="document")
    if document.type != COMMERCIAL_INVOICE:
        raise InvalidInput("This is no commercial invoice (380).", field="document", code="not_an_invoice")
    return document


def _banks(work: Work, names: Sequence[str], seller_id: UUID) -> list[Party]:
    if not 0 < len(names) <= MOST_BANKS or len(set(names)) != len(names):
        raise InvalidInput(f"Name 1 to {MOST_BANKS} banks, each once.", field="banks", code="banks")
    found = []
    for index, name in enumerate(names):
        bank = parties.by_name(work, name, field=f"banks.{index}")
        if not bank.has(PartyRole.BANK):
            raise InvalidInput("This party is no bank.", field=f"banks.{index}", code="wrong_role")
        if bank.id == seller_id:
            raise InvalidInput("Nobody finances his own invoice.", field=f"banks.{index}", code="same_party")
        found.append(bank)
    return found


def _check_said(work: Work, vault: Vault, document: Document, invoice: Invoice) -> None:
    """Hold the invoice against the data of its document, where that has any."""
    said = issuing.said(work, vault, [document]).get(document.id)
    if said is None:
        return
    if said.issued.revoked_at is not None:
        raise Conflict("The invoice was revoked.", field="document", code="revoked")
    for field, here, there in _pairs(invoice, said.data):
        if there is not None and here != there:
            raise Conflict(f"The document says {there}.", field=field, code="not_as_documented")


def _pairs(invoice: Invoice, data: dict[str, Any]) -> list[tuple[str, object, object]]:
    total, seller, buyer = data["total"], data["seller"], data["buyer"]
    units = Decimal(invoice.amount_minor).scaleb(-get_currency_precision(invoice.currency))
    return [
        ("number", invoice.number, data["number"]),
        ("issuedOn", invoice.issued_on.isoformat(), data["issuedOn"]),
        ("dueOn", invoice.due_on.isoformat(), data.get("dueOn")),
        ("amount.currency", invoice.currency, total["currency"]),
        ("amount.amountMinor", units, Decimal(total["value"])),
        ("debtor", invoice.debtor, buyer["name"]),
        ("debtorIdentifier", invoice.buyer, buyer.get("identifier")),
        ("sellerIdentifier", invoice.seller, seller.get("identifier")),
        ("debtorCountry", invoice.country, (buyer.get("address") or {}).get("country")),
    ]


def _key(vault: Vault, receivable_id: UUID) -> VersionKey:
    return VersionKey(receivable_id, vault.secret(f"receivable invoice {receivable_id}"))


def _sealed(vault: Vault, receivable_id: UUID, invoice: Invoice) -> bytes:
    (sealed,) = _key(vault, receivable_id).seal([orjson.dumps(plain.to_json(invoice))])
    return sealed


def invoice_of(vault: Vault, row: Receivable) -> Invoice:
    """Return what the invoice says; for whoever sees the row."""
    return plain.from_json(Invoice, orjson.loads(_key(vault, row.id).open_one(0, row.sealed, last=True)))
