"""Everything the portal asks of the schema, each text once; the pages say which are theirs."""

VIEWER = "query PortalViewer { viewer { subject party { name legalName roles } } }"

_PLACE = "fragment At on Place { code name country latitude longitude }"

_ROUTE = """
fragment Route on Shipment {
  reference ucr eta
  origin { ...At } destination { ...At } transhipments { ...At }
  status { code description at place { code name } }
}
"""

_CROSSING = """
fragment Crossed on Crossing {
  id exchange direction message purpose legalBasis party owner state decision reason field fields
  agreement { id version } answer { exists released } logIndex at evidenceUrl
}
"""

SHIPMENTS = (
    """
query PortalShipments($first: Int!, $after: String, $filter: ShipmentFilter) {
  shipments(first: $first, after: $after, filter: $filter) {
    edges { node { ...Route owner { name legalName } declaration { status channel } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ROUTE
    + _PLACE
)

SHIPMENT = (
    """
query PortalShipment($reference: String!) {
  shipment(reference: $reference) {
    ...Route
    id bookingReference billOfLading incoterm createdAt
    owner { name legalName country } forwarder { name legalName } carrier { name legalName }
    equipment { reference isoCode }
    goods {
      sequence description hsCode grossMassKg netMassKg packages packageType originCountry
      value { amountMinor currency }
    }
    timeline(first: 100) {
      edges { node {
        id at kind code classifier title place { code name } equipmentReference source sourceEventId
        correction receivedAt
      } }
    }
    documents(first: 50) {
      edges { node {
        id type typeName title version sha256 size mediaType createdAt contentUrl
        grants {
          id purpose validUntil revokedAt createdAt
          reader { name legalName } documents { id title } shipment { reference }
        }
      } }
    }
    declaration { mrn status channel duty { amountMinor currency } releasedAt }
    crossings(first: 50) { edges { node { ...Crossed } } }
    delayHours expectedArrival { ...Said }
    exceptions { code description since until equipmentReference }
    conflicts {
      code classifier place { name } otherPlace { name } equipmentReference hoursApart explanation
      follows { ...Said } insteadOf { ...Said }
    }
    dwells { place { name } equipmentReference until hours }
  }
}
fragment Said on MilestoneTime { at toldAt source { name kind } }
"""
    + _ROUTE
    + _PLACE
    + _CROSSING
)

DESK = (
    """
query PortalDesk($first: Int!, $after: String) {
  grants(first: $first, after: $after) {
    edges { node {
      id purpose validUntil revokedAt owner { name legalName }
      documents { ...Granted }
      shipment { documents(first: 20) { edges { node { ...Granted } } } }
    } }
    pageInfo { hasNextPage endCursor }
  }
  crossings(first: 50) {
    edges { node { ...Crossed shipment { reference } asked { field predicate parameter holds } } }
  }
}
fragment Granted on Document {
  id type typeName title version sha256 size mediaType shipmentReference ucr createdAt contentUrl
}
"""
    + _CROSSING
)

CROSSINGS = (
    """
query PortalCrossings($first: Int!, $after: String, $filter: CrossingFilter) {
  crossings(first: $first, after: $after, filter: $filter) {
    edges { node { ...Crossed } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _CROSSING
)

CROSSING = "query PortalCrossing($id: ID!) { crossing(id: $id) { ...Crossed } }" + _CROSSING

_TITLE = """
fragment Titled on Title {
  id number version kind form state since
  shipment { reference } issuer { name legalName } holder { name legalName }
  hindrances { kind by since reason }
}
"""

TITLES = (
    """
query PortalTitles($first: Int!, $after: String) {
  titles(first: $first, after: $after) {
    edges { node { ...Titled } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _TITLE
)

TITLE = (
    """
query PortalTitle($id: ID!) {
  title(id: $id) {
    ...Titled
    named { name legalName } documentDigest issuedAt fileUrl
    steps { sequence action reason at actor { name legalName } recipient { name legalName } }
  }
}
"""
    + _TITLE
)

TAKE_TITLE_STEP = """
mutation PortalTakeTitleStep($input: TakeTitleStepInput!) {
  takeTitleStep(input: $input) { title { id } userErrors { code field message } }
}
"""

ACCESS_LOG = """
query PortalAccessLog($first: Int!, $after: String) {
  accessLog(first: $first, after: $after) {
    edges { node {
      id at action outcome reason purpose reader { name legalName }
      document { title } shipment { reference }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

USAGE = """
query PortalUsage($period: String!) {
  usage(period: $period) {
    period total { amountMinor currency }
    lines {
      meter title quantity freeQuantity party { name legalName }
      unitPrice { amountMinor currency } amount { amountMinor currency }
    }
  }
}
"""

INVOICES = """
query PortalInvoices($first: Int!, $after: String) {
  invoices(first: $first, after: $after) {
    edges { node {
      id number period status finalisedAt party { name legalName }
      total { amountMinor currency } concessionFee { amountMinor currency }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

INVOICE = """
query PortalInvoice($id: ID!) {
  node(id: $id) {
    ... on Invoice {
      id number period status currency finalisedAt party { name legalName country }
      total { amountMinor currency } concessionFee { amountMinor currency }
      outstanding { amountMinor currency }
      lines {
        title meter month quantity freeQuantity
        unitPrice { amountMinor currency } amount { amountMinor currency }
        usageEvents(first: 50) {
          edges { node { id name at quantity about } }
          pageInfo { hasNextPage }
        }
      }
    }
  }
}
"""

GRANT_ACCESS = """
mutation PortalGrantAccess($input: GrantAccessInput!) {
  grantAccess(input: $input) { grant { id } userErrors { code field message } }
}
"""

REVOKE_ACCESS = """
mutation PortalRevokeAccess($input: RevokeAccessInput!) {
  revokeAccess(input: $input) { grant { id } userErrors { code field message } }
}
"""

SUBMIT_DECLARATION = """
mutation PortalSubmitDeclaration($input: SubmitDeclarationInput!) {
  submitDeclaration(input: $input) { crossing { id decision reason } userErrors { code field message } }
}
"""

ASK_WINDOW = """
mutation PortalAskWindow($input: AskWindowInput!) {
  askWindow(input: $input) { crossing { id } userErrors { code field message } }
}
"""

CLOSE_BILLING_PERIOD = """
mutation PortalCloseBillingPeriod($input: CloseBillingPeriodInput!) {
  closeBillingPeriod(input: $input) { invoices { id } userErrors { code field message } }
}
"""
