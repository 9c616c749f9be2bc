"""What the pages of logistics ask of the schema, each text once."""

from isthmus_portal.changing import change

_RELEASED = """
fragment Released on CargoRelease {
  id state document openedAt freightPaidAt freightReference
  shipment { id reference ucr } carrier { name legalName } consignee { name legalName }
  terminal { name legalName }
  verdict { releasable findings { condition holds says clearedBy since source } }
}
"""

RELEASES = (
    """
query PortalReleases($first: Int!, $after: String) {
  cargoReleases(first: $first, after: $after) {
    edges { node { ...Released } }
    pageInfo { hasNextPage endCursor }
  }
  shipments(first: 100) { edges { node { id reference carrier { name } } } }
  cargoHolds(first: 25) {
    edges { node { id kind reason legalBasis placedAt liftedAt by { name legalName } } }
  }
}
"""
    + _RELEASED
)

RELEASE = (
    """
query PortalRelease($id: ID!) {
  cargoRelease(id: $id) {
    ...Released
    holds { id kind reason legalBasis placedAt liftedAt by { name legalName } }
    orders { id number state issuedAt expiresAt endedAt endReason token releaseTo { name legalName } }
  }
}
"""
    + _RELEASED
)

_ASKED = """
fragment Asked on FreightRequest {
  id origin destination goods equipmentType units charges state closesAt askedAt
  asker { name legalName }
}
"""

_QUOTED = """
fragment Quoted on FreightQuote {
  id state transitDays validUntil quotedAt by { name legalName }
  charges {
    kind name quantity calculationBasis paymentTerm
    unitPrice { amountMinor currency } amount { amountMinor currency }
  }
}
"""

_BOOKED = """
fragment Booked on Booking {
  id status reason reference units bookedAt instructedAt
  bookedBy { name legalName } carrier { name legalName }
  quote { id request { id origin destination goods equipmentType } }
  cutOffs { code at metAt status }
}
"""

_WANTED = """
fragment Wanted on BookingTerms {
  receiptType deliveryType movementAtOrigin movementAtDestination
  freightPaymentTerm incoterm serviceContract expectedDeparture
  partialLoadAllowed equipmentSubstitutionAllowed exportDeclarationRequired importLicenseRequired
  exportDeclarationReference importLicenseReference expectedArrival { first last }
  voyage { vesselName vesselImo serviceName serviceCode serviceReference voyage voyageReference }
  contacts { name phone email }
  parties {
    bookingAgent { ...Named } shipper { ...Named } consignee { ...Named } serviceContractOwner { ...Named }
    carrierBookingOffice { name place contacts { name phone email } }
    other { function party { ...Named } }
  }
  equipment {
    isoCode units shipperOwned tareWeight tareUnit nonOperatingReefer
    reefer { temperature unit humidity o2 co2 ventilationOpen coldTreatment preCooling }
    commodities {
      commodityType hsCodes grossWeight weightUnit packages
      grossVolume volumeUnit exportLicenseIssued exportLicenseExpires
      dangerousGoods {
        unNumber properShippingName imoClass subsidiaryRisk packingGroup marinePollutant limitedQuantity
      }
    }
  }
}

fragment Named on BookingParty {
  name reference purchaseOrder
  address { street streetNumber floor postCode city stateRegion country }
  contacts { name phone email }
  codes { provider code listName }
  taxReferences { type country value }
}
"""

FREIGHT_REQUESTS = (
    """
query PortalFreightRequests($first: Int!, $after: String) {
  freightRequests(first: $first, after: $after) {
    edges { node { ...Asked quotes { id state validUntil } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ASKED
)

FREIGHT_REQUEST = (
    "query PortalFreightRequest($id: ID!) { freightRequest(id: $id) { ...Asked quotes { ...Quoted } } }"
    + _ASKED
    + _QUOTED
)

COMPARISON = (
    """
query PortalComparison($id: ID!, $currency: String!, $rates: [ExchangeRateInput!]!) {
  freightRequest(id: $id) {
    comparison(currency: $currency, rates: $rates) {
      status why total { amountMinor currency } quote { ...Quoted }
    }
  }
}
"""
    + _QUOTED
)

BOOKINGS = (
    """
query PortalBookings($first: Int!, $after: String) {
  bookings(first: $first, after: $after) {
    edges { node { ...Booked } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _BOOKED
)

BOOKING = (
    """
query PortalBooking($id: ID!) {
  booking(id: $id) {
    ...Booked
    masses { equipment massKg method responsible weighedAt submittedAt }
    shipment { id reference }
    terms { ...Wanted }
  }
  instructions: shipments(first: 50) {
    edges {
      node {
        id reference owner { name } forwarder { name } origin { code } destination { code }
        documents(first: 50) { edges { node { id type title } } }
      }
    }
  }
}
"""
    + _BOOKED
    + _WANTED
)

OPEN_RELEASE = change("openCargoRelease", "release { id }")
STATE_FREIGHT = change("stateFreight", "release { id }")
HOLD_CARGO = change("holdCargo", "hold { id }")
HOLD_FOR_CUSTOMS = change("holdCargoForCustoms", "holds { id }")
LIFT_HOLD = change("liftCargoHold", "hold { id }")
ISSUE_ORDER = change("issueDeliveryOrder", "order { id }")
REVOKE_ORDER = change("revokeDeliveryOrder", "order { id }")
RECORD_PICK_UP = change("recordPickUp", "order { id }")
REQUEST_FREIGHT = change("requestFreightQuotes", "request { id }")
QUOTE_FREIGHT = change("quoteFreight", "quote { id }")
WITHDRAW_FREIGHT = change("withdrawFreightQuote", "quote { id }")
ACCEPT_FREIGHT = change("acceptFreightQuote", "quote { id }")
REQUEST_BOOKING = change("requestBooking", "booking { id }")
MOVE_BOOKING = change("moveBooking", "booking { id }")
INSTRUCT = change("submitShippingInstruction", "booking { id }")
TIE_BOOKING = change("tieBooking", "booking { id }")
SUBMIT_MASS = change("submitGrossMass", "booking { id }")
RECORD_DELIVERY = change("recordCargoDelivery", "booking { id }")
