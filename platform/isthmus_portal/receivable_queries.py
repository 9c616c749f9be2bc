"""What the pages of receivables ask of the schema, each text once."""

from isthmus_portal.changing import change

_OFFERED = """
fragment Offered on ReceivableOffer {
  id state steps dueOn sellerCountry debtorCountry debtorRating validUntil offeredAt
  amount { amountMinor currency } outstanding { amountMinor currency }
  bank { name legalName } seller { name legalName }
  receivable { id number }
}
"""

OFFERS = (
    """
query PortalReceivableOffers($first: Int!, $after: String) {
  receivableOffers(first: $first, after: $after) {
    edges { node { ...Offered } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _OFFERED
)

INVOICES = (
    """
query PortalReceivables($first: Int!, $after: String) {
  receivables(first: $first, after: $after) {
    edges { node { id number dueOn amount { amountMinor currency } debtor { name } offers { ...Offered } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _OFFERED
)

NOTICES = (
    """
query PortalReceivableNotices($first: Int!, $after: String) {
  receivableNotices(first: $first, after: $after) {
    edges { node { action at offer { ...Offered } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _OFFERED
)

OFFER = (
    """
query PortalReceivableOffer($id: ID!) {
  receivableOffer(id: $id) {
    ...Offered
    advanceBp discountBp graceDays disbursedAt
    fee { amountMinor currency } advance { amountMinor currency } discount { amountMinor currency }
    paidOut { amountMinor currency } repaid { amountMinor currency }
    receivable {
      issuedOn sellerIdentifier debtor { name identifier country rating }
      document { title mediaType contentUrl }
      offers { id state bank { name legalName } }
    }
    history {
      sequence action at actor { name legalName }
      amount { amountMinor currency } outstanding { amountMinor currency }
    }
  }
}
"""
    + _OFFERED
)

PAPERS = """
query PortalReceivablePapers {
  shipments(first: 50) {
    edges { node { reference documents(first: 50) { edges { node { id type title owner { name } } } } } }
  }
}
"""

OFFER_INVOICE = change("offerReceivable", "receivable { id }")
QUOTE = change("quoteReceivable", "offer { id }")
TAKE_STEP = change("takeReceivableStep", "offer { id }")
REPAY = change("repayReceivable", "offer { id }")
