"""What the pages of gates, deliveries and emissions ask of the schema, each text once."""

from isthmus_portal.changing import change

_SLOT = """
fragment Slotted on GateSlot {
  id gate direction startsLocal endsLocal startsAt endsAt zone freeNumber open
  place { code name } terminal { name legalName }
}
"""

_LORRY = """
fragment Lorry on TruckAppointment {
  id state equipment vehicle reason bookedAt arrivedAt
  bookedBy { name legalName } haulier { name legalName } slot { ...Slotted }
}
"""

APPOINTMENTS = (
    """
query PortalAppointments($first: Int!, $after: String) {
  truckAppointments(first: $first, after: $after) {
    edges { node { ...Lorry } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _LORRY
    + _SLOT
)

SLOTS = (
    """
query PortalGateSlots($terminal: String!) {
  gateSlots(terminal: $terminal, first: 100) { edges { node { ...Slotted } } }
  bookings(first: 50) {
    edges { node { id reference status bookedBy { name } quote { request { origin destination } } } }
  }
}
"""
    + _SLOT
)

OTHER_SLOTS = (
    """
query PortalOtherSlots($terminal: String!) {
  gateSlots(terminal: $terminal, first: 100) { edges { node { ...Slotted } } }
}
"""
    + _SLOT
)

OWN_SLOTS = (
    """
query PortalOwnSlots($terminal: String!, $first: Int!, $slots: String) {
  gateSlots(terminal: $terminal, first: $first, after: $slots) {
    edges { node { ...Slotted } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _SLOT
)

APPOINTMENT = (
    """
query PortalAppointment($id: ID!) {
  truckAppointment(id: $id) { ...Lorry release { id shipment { reference } } booking { id reference } }
}
"""
    + _LORRY
    + _SLOT
)

_PROVEN = """
fragment Proven on DeliveryProof {
  id state equipment receivedBy deliveredAt inOrder remark recordedAt answeredAt
  recordedBy { name legalName } recipient { name legalName } place { code name }
}
"""

DELIVERIES = (
    """
query PortalDeliveries($first: Int!, $after: String) {
  deliveryProofs(first: $first, after: $after) {
    edges { node { ...Proven } }
    pageInfo { hasNextPage endCursor }
  }
  truckAppointments(first: 50) {
    edges { node { id state equipment haulier { name } bookedBy { name } } }
  }
  cargoReleases(first: 50) {
    edges {
      node {
        id state carrier { name } consignee { name }
        shipment { reference documents(first: 10) { edges { node { id title } } } }
      }
    }
  }
}
"""
    + _PROVEN
)

DELIVERY = (
    """
query PortalDelivery($id: ID!) {
  deliveryProof(id: $id) {
    ...Proven
    exceptions { kind what packages } evidence { name sha256 } release { id shipment { reference } }
  }
}
"""
    + _PROVEN
)

DELIVERY_FILE = "query PortalDeliveryFile($id: ID!) { deliveryProof(id: $id) { id file } }"

EMISSIONS = """
query PortalEmissions($reference: String!) {
  shipment(reference: $reference) {
    reference
    emissions {
      method massKg totalCo2eGrams refusals { subject message }
      legs {
        sequence mode assumed distanceKm distanceSource tonneKm co2eGrams
        origin { code name } destination { code name } refusal { message }
        factor { vehicle milligramsPerTonneKm provenance confirmed }
      }
    }
  }
}
"""

OFFER_SLOTS = change("offerGateSlots", "slots { id }")
CLOSE_SLOT = change("closeGateSlot", "slot { id }")
BOOK_LORRY = change("bookTruckAppointment", "appointment { id }")
RESCHEDULE_LORRY = change("rescheduleTruckAppointment", "appointment { id }")
MOVE_LORRY = change("moveTruckAppointment", "appointment { id }")
RECORD_PROOF = change("recordDeliveryProof", "proof { id }")
ANSWER_PROOF = change("answerDeliveryProof", "proof { id }")
WITHDRAW_PROOF = change("withdrawDeliveryProof", "proof { id }")
