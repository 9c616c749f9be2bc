"""What the pages of insurance ask of the schema, each text once."""

from isthmus_portal.changing import change

_CONTRACT = "insurer { name legalName } insured { name legalName }"

_COVERED = (
    """
fragment Covered on OpenCover {
  id number state clauses validFrom validUntil """
    + _CONTRACT
    + """
  limit { amountMinor currency } perConveyance { amountMinor currency } perLocation { amountMinor currency }
  perPeriod { amountMinor currency } periodMonths
  declared { amountMinor currency } balance { amountMinor currency }
}
"""
)

_STEPPED = """
fragment Stepped on InsuranceStepEntry {
  sequence code about at digest signature actor { name legalName }
}
"""

_QUOTED = (
    """
fragment Quoted on InsuranceQuote {
  id state terms validUntil requestedAt """
    + _CONTRACT
    + """
  sumInsured { amountMinor currency } premium { amountMinor currency } deductible { amountMinor currency }
  cover { id number } shipment { reference }
}
"""
)

_DECLARED = (
    """
fragment Declared on CoverDeclaration {
  id number ucr conveyance state declaredAt cancelledAt """
    + _CONTRACT
    + """
  sumInsured { amountMinor currency } premium { amountMinor currency } deductible { amountMinor currency }
  cover { id number } shipment { reference }
}
"""
)

_CLAIMED = (
    """
fragment Claimed on InsuranceClaim {
  id kind state description occurredAt notifiedAt late documentsDue reason settledAt """
    + _CONTRACT
    + """
  claimed { amountMinor currency } assessed { amountMinor currency }
  payable { amountMinor currency } paid { amountMinor currency }
}
"""
)


def _listed(name: str, fields: str, *fragments: str) -> str:
    """Return the query for a page of the list ``name``."""
    return (
        f"query Portal{name[0].upper()}{name[1:]}($first: Int!, $after: String) {{"
        f" {name}(first: $first, after: $after)"
        f" {{ edges {{ node {{ {fields} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    ) + "".join(fragments)


COVERS = _listed("openCovers", "...Covered", _COVERED)
QUOTES = _listed("insuranceQuotes", "...Quoted", _QUOTED)
DECLARATIONS = _listed("coverDeclarations", "...Declared", _DECLARED)
CLAIMS = _listed("insuranceClaims", "...Claimed declaration { id number ucr cover { number } }", _CLAIMED)

COVER = (
    """
query PortalCover($id: ID!) {
  node(id: $id) {
    ... on OpenCover {
      ...Covered upliftBp noticeDays documentsDays cancellationDays steps { ...Stepped }
      periods {
        number begins ends limit { amountMinor currency } declared { amountMinor currency }
        balance { amountMinor currency }
      }
    }
  }
  coverDeclarations(first: 50, cover: $id) { edges { node { ...Declared } } pageInfo { hasNextPage } }
  insuranceQuotes(first: 50, cover: $id) { edges { node { ...Quoted } } pageInfo { hasNextPage } }
  shipments(first: 100) { edges { node { id reference } } }
}
"""
    + _COVERED
    + _STEPPED
    + _DECLARED
    + _QUOTED
)

QUOTE = (
    """
query PortalInsuranceQuote($id: ID!) {
  node(id: $id) {
    ... on InsuranceQuote { ...Quoted lines { clause hs base ratePpm amount said } }
  }
}
"""
    + _QUOTED
)

DECLARATION = (
    """
query PortalCoverDeclaration($id: ID!) {
  node(id: $id) {
    ... on CoverDeclaration {
      ...Declared
      cover { id number noticeDays documentsDays }
      quote { id terms }
      certificate { title sha256 version mediaType contentUrl }
      claims { ...Claimed }
      adjustments {
        number reason madeAt terms termsBefore
        sumInsuredBefore { amountMinor currency } sumInsured { amountMinor currency }
        premiumBefore { amountMinor currency } premium { amountMinor currency }
        difference { amountMinor currency } lines { clause hs base ratePpm amount said }
      }
      delay {
        agreedArrival afterDays perDayMinor mostDays decidesBy decidedAt measuredDays paidDays paidMinor
        basisRiskDays sources { role party { name legalName } }
        told { role arrivedAt toldAt days apart digest source { name legalName } }
      }
    }
  }
}
"""
    + _DECLARED
    + _CLAIMED
)

CLAIM = (
    """
query PortalInsuranceClaim($id: ID!) {
  node(id: $id) {
    ... on InsuranceClaim {
      ...Claimed
      declaration {
        id number ucr sumInsured { amountMinor currency } cover { id number noticeDays documentsDays }
        shipment { reference documents(first: 50) { edges { node { id title typeName } } } }
      }
      steps { ...Stepped }
    }
  }
}
"""
    + _CLAIMED
    + _STEPPED
)

_RATED = "id currency effectiveFrom effectiveUntil quotesHoldDays rates"
TARIFFS = _listed("insuranceTariffs", _RATED)
TARIFF = (
    f"query PortalInsuranceTariff($id: ID!) {{ node(id: $id) {{ ... on InsuranceTariff {{ {_RATED} }} }} }}"
)

FILE = """
query PortalInsuranceFile($id: ID!) {
  node(id: $id) { ... on OpenCover { file } ... on InsuranceClaim { file } }
}
"""

PUBLISH_TARIFF = change("publishInsuranceTariff", "tariff { id }")
OFFER_COVER = change("offerCover", "cover { id }")
ANSWER_COVER = change("answerCover", "cover { id }")
ADJUST_COVER = change("adjustCover", "cover { id }")
CANCEL_COVER = change("cancelCover", "cover { id }")
REQUEST_QUOTE = change("requestInsuranceQuote", "quote { id }")
ANSWER_QUOTE = change("answerInsuranceQuote", "quote { id }")
DECLARE_CARGO = change("declareCargo", "declaration { id }")
ADJUST_DECLARATION = change("adjustCargoDeclaration", "declaration { id }")
CANCEL_DECLARATION = change("cancelCargoDeclaration", "declaration { id }")
NOTIFY_CLAIM = change("notifyClaim", "claim { id }")
DOCUMENT_CLAIM = change("documentClaim", "claim { id }")
ASSESS_CLAIM = change("assessClaim", "claim { id }")
ACCEPT_CLAIM = change("acceptClaim", "claim { id }")
DECLINE_CLAIM = change("declineClaim", "claim { id }")
SETTLE_CLAIM = change("settleClaim", "claim { id }")
WITHDRAW_CLAIM = change("withdrawClaim", "claim { id }")
TELL_ARRIVAL = change("tellArrival", "digests")
