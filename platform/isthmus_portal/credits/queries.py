"""What the pages of credits ask of the schema, and the changes that they send."""

_PARTIES = """
fragment Between on Credit {
  id reference state terms
  applicant { name legalName } beneficiary { name legalName }
  issuingBank { name legalName } advisingBank { name legalName }
  limit { amountMinor currency } drawn { amountMinor currency } balance { amountMinor currency }
}
"""

CREDITS = (
    """
query PortalCredits($first: Int!, $after: String) {
  credits(first: $first, after: $after) {
    edges { node {
      ...Between
      amendments { state }
      presentations { id number state examineBy maturesOn paidBy { name } debt { state } }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _PARTIES
)

CREDIT = (
    """
query PortalCredit($id: ID!) {
  credit(id: $id) {
    ...Between
    appliedAt issuedAt advisedAt closedAt
    history {
      sequence action at actor { name legalName }
      drawn { amountMinor currency } balance { amountMinor currency }
    }
    amendments { id number state changes proposedAt answeredAt }
    presentations {
      id number reference ucr state presentedAt presentedOn examineBy examinedAt precluded maturesOn
      claimed { amountMinor currency } drawn { amountMinor currency } paidBy { name legalName }
      debt { state amount { amountMinor currency } owedAt repaidAt }
      documents findings { rule article document field found expected against }
    }
  }
}
"""
    + _PARTIES
)

HOLIDAYS = "query PortalBankHolidays { bankHolidays { day } bankRestDays }"

OWN_SHIPMENTS = """
query PortalShipmentsToPresent {
  shipments(first: 50) { edges { node { reference } } }
}
"""

OWN_DOCUMENTS = """
query PortalDocumentsToPresent($reference: String!) {
  shipment(reference: $reference) {
    ucr documents(first: 50) { edges { node { id type typeName title issuedAt revokedAt contentUrl } } }
  }
}
"""

MESSAGES = """
query PortalCreditMessage($id: ID!) {
  node(id: $id) {
    ... on Credit { reference mt700 }
    ... on CreditAmendment { number mt707 }
    ... on Presentation { reference mt734 }
  }
}
"""

APPLY = """
mutation PortalApplyForCredit($input: ApplyForCreditInput!) {
  applyForCredit(input: $input) { credit { id } userErrors { code field message } }
}
"""

STEP = """
mutation PortalTakeCreditStep($input: TakeCreditStepInput!) {
  takeCreditStep(input: $input) { credit { id } userErrors { code field message } }
}
"""

AMEND = """
mutation PortalProposeCreditAmendment($input: ProposeCreditAmendmentInput!) {
  proposeCreditAmendment(input: $input) { amendment { id } userErrors { code field message } }
}
"""

ANSWER = """
mutation PortalAnswerCreditAmendment($input: AnswerCreditAmendmentInput!) {
  answerCreditAmendment(input: $input) { amendment { id } userErrors { code field message } }
}
"""

PRESENT = """
mutation PortalPresentDocuments($input: PresentDocumentsInput!) {
  presentDocuments(input: $input) { presentation { id number } userErrors { code field message } }
}
"""

EXAMINE = """
mutation PortalExaminePresentation($input: ExaminePresentationInput!) {
  examinePresentation(input: $input) {
    presentation { id state findings { rule } } userErrors { code field message }
  }
}
"""

SETTLE = """
mutation PortalSettlePresentation($input: SettlePresentationInput!) {
  settlePresentation(input: $input) { presentation { id state } userErrors { code field message } }
}
"""
