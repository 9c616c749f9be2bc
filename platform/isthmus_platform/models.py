"""Every model of the platform's database, imported so that its metadata is whole."""

from isthmus_platform.access import ApiClient, ClientAssertion, User
from isthmus_platform.access_log import AccessLogEntry, Custodian
from isthmus_platform.changes import Change
from isthmus_platform.contents import DocumentChunk, OwnerKey
from isthmus_platform.credit.records import (
    BankHoliday,
    BankWeek,
    Credit,
    CreditAmendment,
    CreditDebt,
    CreditEntry,
    CreditPresentation,
    ExaminationRule,
    PresentedShipment,
)
from isthmus_platform.crossings.records import BarredExchange, BridgeNonce, Crossing
from isthmus_platform.database import Base
from isthmus_platform.declarations import CustomsEvent, Declaration
from isthmus_platform.documents import Document, DocumentVersion
from isthmus_platform.emergencies import EmergencyAccess
from isthmus_platform.ended_sessions import EndedSession
from isthmus_platform.event_subscriptions import EventSubscription
from isthmus_platform.financed import Financing, FinancingDispute, FinancingMark
from isthmus_platform.freight import FreightMessage, FreightPublication
from isthmus_platform.grants import AccessGrant, GrantedDocument
from isthmus_platform.idempotency import IdempotencyRecord
from isthmus_platform.imports import ShipmentImport, ShipmentImportRow
from isthmus_platform.insurance.records import (
    ArrivalReport,
    CoverDeclaration,
    InsuranceClaim,
    InsuranceQuote,
    InsuranceStep,
    InsuranceTariff,
    OpenCover,
)
from isthmus_platform.links import DownloadLink
from isthmus_platform.logistics.appointment_records import GateSlot, TruckAppointment
from isthmus_platform.logistics.booking_records import (
    Booking,
    CutOffNotice,
    InstructionGrant,
    VerifiedGrossMass,
)
from isthmus_platform.logistics.delivery_records import DeliveryProof
from isthmus_platform.logistics.quote_records import FreightInvitation, FreightQuote, FreightRequest
from isthmus_platform.logistics.records import CargoRelease, DeliveryOrder, ReleaseConsent, ReleaseHold
from isthmus_platform.outbox import OutboxMessage
from isthmus_platform.papers.issuing import IssuedPaper, PartyKey
from isthmus_platform.parties import Delegation, Party
from isthmus_platform.proofs import UsedProof
from isthmus_platform.receivables.records import (
    Receivable,
    ReceivableEntry,
    ReceivableNotice,
    ReceivableOffer,
)
from isthmus_platform.risk.records import (
    RiskAppeal,
    RiskAssessment,
    RiskCatch,
    RiskFinding,
    RiskNotice,
    RiskRule,
    RiskSimulation,
)
from isthmus_platform.screening.records import (
    ScreeningEntry,
    ScreeningHit,
    ScreeningList,
    ScreeningRun,
    ScreeningStep,
    ScreeningSubject,
)
from isthmus_platform.shipments import CommercialTerms, Equipment, GoodsItem, Shipment
from isthmus_platform.title.records import (
    TitleBlock,
    TitleParty,
    TitleRecord,
    TitleStep,
    TitleSuspension,
)
from isthmus_platform.tracking import RecordedEvent
from isthmus_platform.tracking_records import (
    ShipmentException,
    ShipmentLeg,
    ShipmentSource,
    ShipmentTracking,
)
from isthmus_platform.webhook_records import WebhookAttempt, WebhookDelivery, WebhookEndpoint

__all__ = [
    "AccessGrant",
    "AccessLogEntry",
    "ApiClient",
    "ArrivalReport",
    "BankHoliday",
    "BankWeek",
    "BarredExchange",
    "Base",
    "Booking",
    "BridgeNonce",
    "CargoRelease",
    "Change",
    "ClientAssertion",
    "CommercialTerms",
    "CoverDeclaration",
    "Credit",
    "CreditAmendment",
    "CreditDebt",
    "CreditEntry",
    "CreditPresentation",
    "Crossing",
    "Custodian",
    "CustomsEvent",
    "CutOffNotice",
    "Declaration",
    "Delegation",
    "DeliveryOrder",
    "DeliveryProof",
    "Document",
    "DocumentChunk",
    "DocumentVersion",
    "DownloadLink",
    "EmergencyAccess",
    "EndedSession",
    "Equipment",
    "EventSubscription",
    "ExaminationRule",
    "Financing",
    "FinancingDispute",
    "FinancingMark",
    "FreightInvitation",
    "FreightMessage",
    "FreightPublication",
    "FreightQuote",
    "FreightRequest",
    "GateSlot",
    "GoodsItem",
    "GrantedDocument",
    "IdempotencyRecord",
    "InstructionGrant",
    "InsuranceClaim",
    "InsuranceQuote",
    "InsuranceStep",
    "InsuranceTariff",
    "IssuedPaper",
    "OpenCover",
    "OutboxMessage",
    "OwnerKey",
    "Party",
    "PartyKey",
    "PresentedShipment",
    "Receivable",
    "ReceivableEntry",
    "ReceivableNotice",
    "ReceivableOffer",
    "RecordedEvent",
    "ReleaseConsent",
    "ReleaseHold",
    "RiskAppeal",
    "RiskAssessment",
    "RiskCatch",
    "RiskFinding",
    "RiskNotice",
    "RiskRule",
    "RiskSimulation",
    "ScreeningEntry",
    "ScreeningHit",
    "ScreeningList",
    "ScreeningRun",
    "ScreeningStep",
    "ScreeningSubject",
    "Shipment",
    "ShipmentException",
    "ShipmentImport",
    "ShipmentImportRow",
    "ShipmentLeg",
    "ShipmentSource",
    "ShipmentTracking",
    "TitleBlock",
    "TitleParty",
    "TitleRecord",
    "TitleStep",
    "TitleSuspension",
    "TruckAppointment",
    "UsedProof",
    "User",
    "VerifiedGrossMass",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
]
