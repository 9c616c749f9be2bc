"""What a document reaches for, judged for machine clients: the scopes it needs, and what it costs.

A type is opened by one scope, or by none where it is part of others; a type that is not in the table is shut
to clients with scopes. What a type or a field shows of another service needs that one's scope too. All is
found once for a document and its page sizes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
)

from isthmus_graphql import limits as limit
from isthmus_graphql.limits import Limits
from isthmus_platform.database import Actor
from isthmus_platform.errors import NotPermitted

LONGEST_REMEMBERED = 8_000

TYPES = {
    "read:shipments": (
        "Shipment MilestoneTime TrackingSource Milestone TrackingConflict ShipmentException Dwell ShipmentLeg"
        " Consignee Status Equipment GoodsItem TimelineEntry EventOutcome ShipmentChange"
        " ShipmentEmissions LegEmissions EmissionFactor EmissionRefusal"
    ),
    "read:documents": (
        "Document DocumentVersion PaperData CommercialInvoice CommercialInvoiceLine PackingList"
        " TransportDocument CertificateOfOrigin ForwardingInstruction InsuranceCertificate"
        " DocumentaryCredit ExportDeclaration ShippingInstruction"
        " PaperContainer PaperGoods GoodsLoad TradeParty"
        " Carriage CarriageContact PostalAddress Location Measure Amount Discrepancy Citation DownloadLink"
    ),
    "read:crossings": "Crossing Agreement WindowAnswer WindowQuestion Declaration FreightMessage",
    "read:grants": "Grant Delegation AccessLogEntry",
    "read:webhooks": "Webhook WebhookDelivery WebhookAttempt",
    "read:insurance": (
        "OpenCover CoverPeriod CoverAdjustment PremiumLine InsuranceQuote InsuranceTariff ArrivalWord"
        " ArrivalSource DelaySettlement"
        " InsuranceClaim CoverDeclaration InsuranceStepEntry Contracted"
    ),
    "read:finance": (
        "Financing FinancingDispute Credit CreditAmendment CreditDebt"
        " CreditHistoryEntry Presentation ExaminationFinding"
        " ExaminationRule StandingRule ExaminationTrial ExaminationRuleTrial BankHoliday"
        " Receivable ReceivableOffer ReceivableHistoryEntry ReceivableNotice Debtor FinanceableTruth"
        " TruthProof TruthPart DeclarationTruth BalanceTruth DuplicateTruth TitleTruth InsuranceTruth"
    ),
    "read:screening": (
        "ScreeningHit ScreeningList ScreeningPair ScreeningDeduction ScreeningExplanation ScreeningStep"
        " ScreeningProgress"
    ),
    "read:clients": "ApiClient ApiClientKey",
    "read:titles": "Title TitleStepEntry TitleHindrance",
    "read:logistics": (
        "CargoRelease ReleaseVerdict ReleaseFinding ReleaseHold ReleaseConsent DeliveryOrder"
        " FreightRequest FreightQuote FreightCharge QuoteComparison"
        " Booking BookingCutOff VerifiedGrossMass"
        " BookingTerms RequestedEquipment ReeferSettings BookingCommodity DangerousGoods"
        " BookingDocumentParties BookingParty BookingOtherParty BookingOffice BookingPartyAddress"
        " BookingContact BookingPartyCode BookingTaxReference BookingVoyage BookingArrival"
        " GateSlot TruckAppointment DeliveryProof DeliveryException DeliveryEvidence"
    ),
    "read:risk": (
        "RiskRule RiskSimulation RiskCatch RiskEvidence RiskFinding RiskAppeal RiskNotice RiskReading"
        " ShipmentRisk PartyRisk PartyPrice StateCount"
    ),
    "read:billing": "Usage UsageLine Invoice InvoiceLine UsageEvent",
}
JUDGED = "read:shipments read:documents read:finance"
"""What a rule of risk may ask of: whoever sees what it caught learns of these."""
SHOWS = {
    "RiskReading": JUDGED,
    "RiskEvidence": JUDGED,
    "RiskSimulation": JUDGED,
    "RiskCatch": JUDGED,
    "RiskFinding": JUDGED,
    "PartyPrice": "read:shipments",
    "PartyRisk.firstAt": "read:shipments",
    "PartyRisk.lastAt": "read:shipments",
    "PartyRisk.shipments": "read:shipments",
    "PartyRisk.recent": "read:shipments",
    "PartyRisk.invoices": "read:shipments",
    "PartyRisk.alike": "read:shipments",
    "PartyRisk.presented": "read:finance",
    "PartyRisk.refused": "read:finance",
    "PartyRisk.offers": "read:finance",
    "ShipmentRisk.screenedAt": "read:screening",
}
"""What a type, or a field of it alone, shows of other services: their scopes, beside its own."""
CHANGES = {
    "createShipment": "write:shipments",
    "recordEvents": "write:events",
    "submitDeclaration": "write:crossings",
    "publishFreightData": "write:crossings",
    "askWindow": "write:crossings",
    "issueDocument": "write:documents",
    "issueDocumentVersion": "write:documents",
    "issueDownloadLink": "read:documents",
    "revokeDocument": "write:documents",
    "breakGlass": "write:grants",
    "grantAccess": "write:grants",
    "revokeAccess": "write:grants",
    "passAccessOn": "write:grants",
    "takeAccessBack": "write:grants",
    "recordDelegation": "write:grants",
    "revokeDelegation": "write:grants",
    "registerWebhook": "write:webhooks",
    "rotateWebhookSecret": "write:webhooks",
    "removeWebhook": "write:webhooks",
    "replayWebhookDelivery": "write:webhooks",
    "askFinanced": "write:finance",
    "registerFinancing": "write:finance",
    "releaseFinancing": "write:finance",
    "disputeFinancing": "write:finance",
    "withdrawFinancingDispute": "write:finance",
    "offerCover": "write:insurance",
    "answerCover": "write:insurance",
    "adjustCover": "write:insurance",
    "cancelCover": "write:insurance",
    "publishInsuranceTariff": "write:insurance",
    "requestInsuranceQuote": "write:insurance",
    "answerInsuranceQuote": "write:insurance",
    "declareCargo": "write:insurance",
    "adjustCargoDeclaration": "write:insurance",
    "cancelCargoDeclaration": "write:insurance",
    "notifyClaim": "write:insurance",
    "documentClaim": "write:insurance",
    "assessClaim": "write:insurance",
    "acceptClaim": "write:insurance",
    "declineClaim": "write:insurance",
    "settleClaim": "write:insurance",
    "withdrawClaim": "write:insurance",
    "tellArrival": "write:insurance",
    "applyForCredit": "write:finance",
    "takeCreditStep": "write:finance",
    "proposeCreditAmendment": "write:finance",
    "answerCreditAmendment": "write:finance",
    "presentDocuments": "write:finance",
    "examinePresentation": "write:finance",
    "settlePresentation": "write:finance",
    "addBankHolidays": "write:finance",
    "setBankRestDays": "write:finance",
    "writeExaminationRule": "write:finance",
    "tryExaminationRule": "write:finance",
    "switchExaminationRule": "write:finance",
    "offerReceivable": "write:finance",
    "quoteReceivable": "write:finance",
    "takeReceivableStep": "write:finance",
    "repayReceivable": "write:finance",
    "registerClient": "write:clients",
    "rotateClientKeys": "write:clients",
    "suspendClient": "write:clients",
    "resumeClient": "write:clients",
    "closeBillingPeriod": "write:billing",
    "issueTitle": "write:titles",
    "takeTitleStep": "write:titles",
    "placeTitleLien": "write:titles",
    "placeTitleHold": "write:titles",
    "releaseTitle": "write:titles",
    "suspendTitleMember": "write:titles",
    "readmitTitleMember": "write:titles",
    "proposeScreeningDecision": "write:screening",
    "approveScreeningDecision": "write:screening",
    "sendBackScreeningDecision": "write:screening",
    "openCargoRelease": "write:logistics",
    "stateFreight": "write:logistics",
    "holdCargo": "write:logistics",
    "holdCargoForCustoms": "write:logistics",
    "liftCargoHold": "write:logistics",
    "consentToRelease": "write:logistics",
    "withdrawReleaseConsent": "write:logistics",
    "issueDeliveryOrder": "write:logistics",
    "revokeDeliveryOrder": "write:logistics",
    "recordPickUp": "write:logistics",
    "requestFreightQuotes": "write:logistics",
    "quoteFreight": "write:logistics",
    "withdrawFreightQuote": "write:logistics",
    "acceptFreightQuote": "write:logistics",
    "requestBooking": "write:logistics",
    "moveBooking": "write:logistics",
    "submitShippingInstruction": "write:logistics",
    "submitGrossMass": "write:logistics",
    "recordCargoDelivery": "write:logistics",
    "writeRiskRule": "write:risk",
    "simulateRiskRule": "write:risk",
    "activateRiskRule": "write:risk",
    "retireRiskRule": "write:risk",
    "assessShipment": "write:risk",
    "decideRiskFinding": "write:risk",
    "appealRiskFinding": "write:risk",
    "reviewRiskAppeal": "write:risk",
    "tieBooking": "write:logistics",
    "offerGateSlots": "write:logistics",
    "closeGateSlot": "write:logistics",
    "bookTruckAppointment": "write:logistics",
    "rescheduleTruckAppointment": "write:logistics",
    "moveTruckAppointment": "write:logistics",
    "recordDeliveryProof": "write:logistics",
    "answerDeliveryProof": "write:logistics",
    "withdrawDeliveryProof": "write:logistics",
}
SHARED = frozenset(
    {
        "Query",
        "Mutation",
        "Subscription",
        "Money",
        "Party",
        "Place",
        "Node",
        "PageInfo",
        "Viewer",
        "UserError",
    }
)
SHUT = "(none opens it)"

_scope_of = {name: scope for scope, names in TYPES.items() for name in names.split()}


@dataclass(frozen=True)
class Reach:
    """What a document needs and costs."""

    scopes: frozenset[str]
    cost: int

    def check(self, actor: Actor) -> None:
        """Raise :class:`NotPermitted` (``insufficient_scope``) unless ``actor`` has all the scopes."""
        lacking = sorted(self.scopes - actor.scopes) if actor.scopes is not None else []
        if lacking:
            message = f"The document needs scopes that the token lacks: {' '.join(lacking)}."
            raise NotPermitted(message, code="insufficient_scope")


def reach(query: str, schema: GraphQLSchema, limits: Limits, variables: Mapping[str, Any]) -> Reach | None:
    """Return what ``query`` reaches for; None when it will be refused for what it says."""
    pages = tuple(
        (name, value if value is None or isinstance(value, int | float) else "")
        for name, value in sorted(variables.items())
    )
    try:
        short = len(query) + sum(len(name) for name in variables) <= LONGEST_REMEMBERED
        measure = _measured if short else _measured.__wrapped__
        found: Reach = measure(query, schema, limits, pages)
    except GraphQLError:
        return None
    return found


@lru_cache(maxsize=1024)
def _measured(
    query: str, schema: GraphQLSchema, limits: Limits, pages: tuple[tuple[str, object], ...]
) -> Reach:
    document = limit.read_once(query, limits)
    cost = limit.check_reach(schema, document, dict(pages), limits)
    return Reach(scopes(schema, document), cost)


def scopes(schema: GraphQLSchema, document: DocumentNode) -> frozenset[str]:
    """Return the scopes that the fields of ``document`` need."""
    needed: set[str] = set()
    for parent, field in _fields(schema, document):
        if parent == "Mutation":
            needed.add(CHANGES.get(field, SHUT))
        elif (scope := scope_of(parent)) is not None:
            needed.add(scope)
        for shown in (_bare(parent), f"{parent}.{field}"):
            needed.update(SHOWS.get(shown, "").split())
    return frozenset(needed)


def _fields(schema: GraphQLSchema, document: DocumentNode) -> frozenset[tuple[str, str]]:
    """Return the fields that ``document`` asks for, each with its type's name.

    Those of types that the schema has not are left out: validation will say so.
    """
    found: set[tuple[str, str]] = set()
    ahead: list[tuple[SelectionSetNode | None, GraphQLNamedType | None]] = []
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            ahead.append((definition.selection_set, schema.get_root_type(definition.operation)))
        elif isinstance(definition, FragmentDefinitionNode):
            ahead.append((definition.selection_set, schema.get_type(definition.type_condition.name.value)))
    while ahead:
        inside, parent = ahead.pop()
        if inside is None or parent is None:
            continue
        for choice in inside.selections:
            if isinstance(choice, FieldNode):
                found.add((parent.name, choice.name.value))
                ahead.append((choice.selection_set, _type_of(parent, choice.name.value)))
            elif isinstance(choice, InlineFragmentNode):
                named = choice.type_condition
                inner = schema.get_type(named.name.value) if named else parent  # type: ignore[truthy-bool]
                ahead.append((choice.selection_set, inner))
    return frozenset(found)


def _type_of(parent: GraphQLNamedType, field: str) -> GraphQLNamedType | None:
    if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or field not in parent.fields:
        return None
    inner: GraphQLNamedType = get_named_type(parent.fields[field].type)
    return inner


def scope_of(name: str) -> str | None:
    """Return the scope that opens a type; None for what is part of others."""
    if name in SHARED or name.startswith("__") or name.endswith("Payload"):
        return None
    return _scope_of.get(_bare(name), SHUT)


def _bare(name: str) -> str:
    """Return the type whose page or edge ``name`` is."""
    return name.removesuffix("Connection").removesuffix("Edge")
