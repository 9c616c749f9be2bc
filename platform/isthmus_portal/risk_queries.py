"""What the pages of risk ask of the schema."""

from isthmus_portal.changing import change

_RUN = """ done total caught share unanswered confirmed dismissed reviewsPerThousand
    reviewCost { amountMinor currency } costPerThousand { amountMinor currency }
    cost { amountMinor currency } since until startedBy startedAt finishedAt"""
_EVIDENCE = " evidence { source place value against document event }"
_FINDING = f""" id state says openedAt decidedAt decidedBy reason party {{ name legalName }}
    shipment {{ reference }}
    rule {{ id code version }} appeal {{ state statement lodgedAt reviewedAt reason }} {_EVIDENCE}"""

LISTS = f"""query PortalRisk($first: Int!, $after: String) {{
    riskRules(first: $first, after: $after) {{ edges {{ node {{
        id code version about category says state writtenAt
        simulations {{ {_RUN} }} }} cursor }} pageInfo {{ hasNextPage endCursor }} }}
    riskNotices(first: 20) {{ edges {{ node {{ id category state openedAt changedAt
        appeal {{ state statement reason }} }} }} }}
    riskFindings(first: 20) {{ edges {{ node {{ id state says openedAt party {{ name legalName }}
        shipment {{ reference }} rule {{ id code version }} appeal {{ state }} }} }} }}
}}"""
RULE = f"""query PortalRiskRule($id: ID!) {{ riskRule(id: $id) {{
    id code version about category says condition state writtenAt activatedAt retiredAt
    simulations {{ {_RUN} catches(first: 20) {{ edges {{ node {{
        says earlier shipment {{ reference }} {_EVIDENCE} }} }} }} }} }} }}"""
SHIPMENT = """query PortalRiskOf($reference: String!) {
    shipment(reference: $reference) { id reference ucr owner { name } } }"""
_CITED = "document path value"
SCREEN = f"""query PortalShipmentRisk($id: ID!, $own: Boolean!) {{ shipmentRisk(shipment: $id) {{
    shipment {{
        id reference ucr exceptions {{ code description since until equipmentReference }}
        discrepancies @include(if: $own) {{ field one {{ {_CITED} }} other {{ {_CITED} }} }}
        documents(first: 100) {{ edges {{ node {{ id title }} }} }} }}
    assessedAt screenedAt
    readings {{ name standsOut says {_EVIDENCE} }}
    findings {{ {_FINDING} }}
    screeningHits {{ id state score place list reference decision reason }}
    presentations {{ id number reference state presentedAt examinedAt precluded
        claimed {{ amountMinor currency }}
        findings {{ rule article document field found expected against }} }} }} }}"""

PARTY = f"""query PortalPartyRisk($name: String!) {{ partyRisk(party: $name) {{
    party {{ name legalName }} firstAt lastAt ageDays shipments recent invoices alike presented refused
    rush {{ standsOut says {_EVIDENCE} }}
    prices {{ heading currency lines lowest median highest widest }}
    offers {{ state number }} findings {{ state number }} appeals {{ state number }} }} }}"""

WRITE = change("writeRiskRule", "rule { id }")
SIMULATE = change("simulateRiskRule", "simulation { id }")
ACTIVATE = change("activateRiskRule", "rule { id }")
RETIRE = change("retireRiskRule", "rule { id }")
ASSESS = change("assessShipment", "opened { id }")
DECIDE = change("decideRiskFinding", "finding { id }")
REVIEW = change("reviewRiskAppeal", "finding { id }")
APPEAL = change("appealRiskFinding", "notice { id }")
