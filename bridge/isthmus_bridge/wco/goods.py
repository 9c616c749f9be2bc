"""Goods and what is due on them, as the WCO Data Model names it."""

from dataclasses import dataclass
from decimal import Decimal

from isthmus_bridge.wco.documents import UCR, AdditionalDocument, AdditionalInformation, PreviousDocument
from isthmus_bridge.wco.parties import Party, RoleHolder, Trader
from isthmus_bridge.wco.transport import NumberedID
from isthmus_bridge.wco.values import Amount, Quantity


@dataclass(frozen=True, kw_only=True)
class CurrencyExchange:
    """A rate of exchange (DE 4/15)."""

    currency_type_code: str | None = None
    rate_numeric: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class ChargeDeduction:
    """An addition or deduction (DE 4/9)."""

    charges_type_code: str | None = None
    other_charge_deduction_amount: Amount | None = None


@dataclass(frozen=True, kw_only=True)
class CustomsValuation:
    """Charges on the whole shipment."""

    freight_charge_amount: Amount | None = None
    charge_deduction: tuple[ChargeDeduction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Destination:
    """The country of destination (DE 5/8)."""

    country_code: str | None = None
    region_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ExportCountry:
    """The country the goods are exported from (DE 5/14)."""

    id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Classification:
    """A commodity code; ``TSP`` is the combined nomenclature (DE 6/14 to 6/17)."""

    id: str | None = None
    identification_type_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class DangerousGoods:
    """A UN number of dangerous goods (DE 6/12)."""

    undgid: str | None = None


@dataclass(frozen=True, kw_only=True)
class Payment:
    """What is paid, and how (DE 4/7, 4/8)."""

    method_code: str | None = None
    tax_assessed_amount: Amount | None = None
    payment_amount: Amount | None = None


@dataclass(frozen=True, kw_only=True)
class DutyTaxFee:
    """A duty, tax or fee (DE 4/3 to 4/6)."""

    ad_valorem_tax_base_amount: Amount | None = None
    deduct_amount: Amount | None = None
    duty_regime_code: str | None = None
    specific_tax_base_quantity: Quantity | None = None
    tax_rate_numeric: Decimal | None = None
    type_code: str | None = None
    quota_order_id: str | None = None
    payment: Payment | None = None


@dataclass(frozen=True, kw_only=True)
class GoodsMeasure:
    """Masses in kilograms (DE 6/5, 6/1) and supplementary units (DE 6/2)."""

    gross_mass_measure: Quantity | None = None
    net_net_weight_measure: Quantity | None = None
    tariff_quantity: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class InvoiceLine:
    """The price of an item (DE 4/14)."""

    item_charge_amount: Amount | None = None


@dataclass(frozen=True, kw_only=True)
class Commodity:
    """What an item is."""

    description: str | None = None
    classification: tuple[Classification, ...] = ()
    dangerous_goods: tuple[DangerousGoods, ...] = ()
    duty_tax_fee: tuple[DutyTaxFee, ...] = ()
    goods_measure: GoodsMeasure | None = None
    invoice_line: InvoiceLine | None = None
    transport_equipment: tuple[NumberedID, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ItemValuation:
    """How an item is valued (DE 4/16, 4/9)."""

    method_code: str | None = None
    charge_deduction: tuple[ChargeDeduction, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GovernmentProcedure:
    """The procedure, or an additional one (DE 1/10, 1/11)."""

    current_code: str | None = None
    previous_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an item is from (DE 5/15, 5/16)."""

    country_code: str | None = None
    region_id: str | None = None
    type_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Packaging:
    """Packages: marks, number and kind (DE 6/11, 6/10, 6/9)."""

    sequence_numeric: Decimal
    marks_numbers_id: str | None = None
    quantity_quantity: Quantity | None = None
    type_code: str | None = None
    packing_material_description: str | None = None
    length_measure: Quantity | None = None
    width_measure: Quantity | None = None
    height_measure: Quantity | None = None
    volume_measure: Quantity | None = None


@dataclass(frozen=True, kw_only=True)
class ValuationAdjustment:
    """What adjusts the value (DE 4/13)."""

    addition_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class GovernmentAgencyGoodsItem:
    """One item of goods."""

    customs_value_amount: Amount | None = None
    sequence_numeric: Decimal
    statistical_value_amount: Amount | None = None
    transaction_nature_code: str | None = None
    additional_document: tuple[AdditionalDocument, ...] = ()
    additional_information: tuple[AdditionalInformation, ...] = ()
    aeo_mutual_recognition_party: tuple[RoleHolder, ...] = ()
    buyer: Trader | None = None
    commodity: Commodity | None = None
    consignee: Party | None = None
    consignor: Party | None = None
    customs_valuation: ItemValuation | None = None
    destination: Destination | None = None
    domestic_duty_tax_party: tuple[RoleHolder, ...] = ()
    export_country: ExportCountry | None = None
    government_procedure: tuple[GovernmentProcedure, ...] = ()
    origin: tuple[Origin, ...] = ()
    packaging: tuple[Packaging, ...] = ()
    previous_document: tuple[PreviousDocument, ...] = ()
    seller: Trader | None = None
    ucr: UCR | None = None
    valuation_adjustment: ValuationAdjustment | None = None
