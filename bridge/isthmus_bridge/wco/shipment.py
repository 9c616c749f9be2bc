"""The shipment a declaration is for, as the WCO Data Model names it."""

from dataclasses import dataclass

from isthmus_bridge.wco.documents import UCR, Invoice, PreviousDocument
from isthmus_bridge.wco.goods import CustomsValuation, Destination, ExportCountry, GovernmentAgencyGoodsItem
from isthmus_bridge.wco.parties import Office, Party, RoleHolder, Trader, TypedID
from isthmus_bridge.wco.transport import Consignment
from isthmus_bridge.wco.values import Amount, Instant


@dataclass(frozen=True, kw_only=True)
class TradeTerms:
    """The terms of delivery (DE 4/1): ``condition_code`` is the Incoterm."""

    condition_code: str | None = None
    country_relationship_code: str | None = None
    description: str | None = None
    location_id: str | None = None
    location_name: str | None = None


@dataclass(frozen=True, kw_only=True)
class GoodsShipment:
    """The shipment and its items."""

    exit_date_time: Instant | None = None
    transaction_nature_code: str | None = None
    aeo_mutual_recognition_party: tuple[RoleHolder, ...] = ()
    buyer: Trader | None = None
    consignee: Party | None = None
    consignment: Consignment | None = None
    consignor: Party | None = None
    customs_valuation: CustomsValuation | None = None
    destination: Destination | None = None
    domestic_duty_tax_party: tuple[RoleHolder, ...] = ()
    export_country: ExportCountry | None = None
    government_agency_goods_item: tuple[GovernmentAgencyGoodsItem, ...] = ()
    importer: Trader | None = None
    invoice: Invoice | None = None
    payer: Party | None = None
    previous_document: tuple[PreviousDocument, ...] = ()
    seller: Trader | None = None
    surety: Party | None = None
    trade_terms: TradeTerms | None = None
    ucr: UCR | None = None
    warehouse: TypedID | None = None


@dataclass(frozen=True, kw_only=True)
class ObligationGuarantee:
    """A guarantee (DE 8/2, 8/3)."""

    amount_amount: Amount | None = None
    id: str | None = None
    reference_id: str | None = None
    security_details_code: str | None = None
    access_code: str | None = None
    guarantee_office: Office | None = None
