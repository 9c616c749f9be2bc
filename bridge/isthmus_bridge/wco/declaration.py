"""A declaration of the WCO Data Model, as the UK's CDS profiles it.

The classes of the model are those of the published schema (``WCO_DEC_2_DMS.xsd``), every one with every
element, in the schema's order; elements that are alike share one class. DE numbers are those of the Union
Customs Code's data elements (Commission Delegated Regulation (EU) 2015/2446, annex B).
"""

from dataclasses import dataclass
from typing import ClassVar

from isthmus_bridge.wco.documents import Amendment, HeaderDocument, HeaderInformation
from isthmus_bridge.wco.goods import CurrencyExchange
from isthmus_bridge.wco.parties import Agent, Authentication, AuthorisationHolder, Office, Party, Trader
from isthmus_bridge.wco.schemas import META_DATA
from isthmus_bridge.wco.shipment import GoodsShipment, ObligationGuarantee
from isthmus_bridge.wco.transport import BorderTransportMeans, SafetyConsignment
from isthmus_bridge.wco.values import Amount, Instant, Quantity


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A declaration (WCO class 42A)."""

    acceptance_date_time: Instant | None = None
    function_code: str
    functional_reference_id: str | None = None
    id: str | None = None
    issue_date_time: Instant | None = None
    issue_location_id: str | None = None
    type_code: str | None = None
    goods_item_quantity: Quantity | None = None
    declaration_office_id: str | None = None
    invoice_amount: Amount | None = None
    loading_list_quantity: Quantity | None = None
    total_gross_mass_measure: Quantity | None = None
    total_package_quantity: Quantity | None = None
    specific_circumstances_code_code: str | None = None
    authentication: Authentication | None = None
    submitter: Party | None = None
    additional_document: tuple[HeaderDocument, ...] = ()
    additional_information: tuple[HeaderInformation, ...] = ()
    agent: Agent | None = None
    amendment: tuple[Amendment, ...] = ()
    authorisation_holder: tuple[AuthorisationHolder, ...] = ()
    border_transport_means: BorderTransportMeans | None = None
    consignment: SafetyConsignment | None = None
    currency_exchange: tuple[CurrencyExchange, ...] = ()
    declarant: Trader | None = None
    exit_office: Office | None = None
    exporter: Trader | None = None
    goods_shipment: GoodsShipment | None = None
    obligation_guarantee: tuple[ObligationGuarantee, ...] = ()
    presentation_office: Office | None = None
    supervising_office: Office | None = None


@dataclass(frozen=True, kw_only=True)
class MetaData:
    """A declaration as it is sent: with the version and the profile of the data model it keeps to."""

    namespace: ClassVar[str] = META_DATA

    wco_data_model_version_code: str | None = None
    wco_type_name: str | None = None
    responsible_country_code: str | None = None
    responsible_agency_name: str | None = None
    agency_assigned_customization_code: str | None = None
    agency_assigned_customization_version_code: str | None = None
    declaration: Declaration
