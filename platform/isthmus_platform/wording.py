"""What an event's codes say to people."""

from isthmus_platform import places
from isthmus_platform.milestones import TrackingEvent

TRANSPORT = {"ARRI": ("Arrived", "Arrival", "at"), "DEPA": ("Departed", "Departure", "from")}
EQUIPMENT = {
    "LOAD": ("loaded", "loading"),
    "DISC": ("discharged", "discharge"),
    "GTIN": ("gated in", "gate-in"),
    "GTOT": ("gated out", "gate-out"),
    "STUF": ("stuffed", "stuffing"),
    "STRP": ("stripped", "stripping"),
    "PICK": ("picked up", "pick-up"),
    "DROP": ("dropped off", "drop-off"),
    "INSP": ("inspected", "inspection"),
    "RSEA": ("resealed", "resealing"),
    "RMVD": ("removed", "removal"),
    "AVPU": ("available for pick-up", "availability for pick-up"),
    "AVDO": ("available for drop-off", "availability for drop-off"),
    "CROS": ("crossed the border", "border crossing"),
    "CUSI": ("selected for inspection by customs", "customs inspection"),
    "CUSR": ("released by customs", "customs release"),
    "CUSS": ("selected for scan by customs", "customs scan"),
}
DOCUMENTS = {
    "ARN": "Arrival notice",
    "BKG": "Booking",
    "CBR": "Booking request",
    "SHI": "Shipping instructions",
    "SRM": "Shipment release message",
    "TRD": "Transport document",
    "VGM": "Verified gross mass",
    "CUC": "Customs clearance",
    "CUS": "Customs inspection",
    "DEO": "Delivery order",
    "PFD": "Proof of delivery",
}
SHIPMENT = {
    "APPR": "approved",
    "CACF": "cancellation confirmed",
    "CANC": "cancelled",
    "CMPL": "completed",
    "CONF": "confirmed",
    "DECL": "declined",
    "DRFT": "drafted",
    "HOLD": "on hold",
    "ISSU": "issued",
    "PENA": "pending approval",
    "PENU": "pending update",
    "RECE": "received",
    "REJE": "rejected",
    "RELS": "released",
    "REQS": "requested",
    "SUBM": "submitted",
    "SURR": "surrendered",
    "VOID": "voided",
}
OTHERS = {
    ("IOT", "DETC"): "Signal from the container",
    ("REEFER", "MEAS"): "Reefer measured",
    ("REEFER", "ADJU"): "Reefer adjusted",
}
EXPECTED = {"EST": "expected", "PLN": "planned"}


def title(event: TrackingEvent) -> str:
    """Return one line that says what happened, or is expected to, and where."""
    known = places.known(event.place) if event.place else None
    spot = known.name if known else event.location
    words, preposition = _words(event)
    return f"{words} {preposition} {spot}" if spot else words


def _words(event: TrackingEvent) -> tuple[str, str]:
    expected = EXPECTED.get(event.classifier)
    if event.kind == "TRANSPORT":
        done, thing, preposition = TRANSPORT[event.code]
        return (f"{thing} {expected}" if expected else done), preposition
    if event.kind == "EQUIPMENT":
        what, thing = EQUIPMENT[event.code]
        whose = event.equipment_reference or "Equipment"
        return (f"{whose}: {thing} {expected}" if expected else f"{whose} {what}"), "at"
    if event.kind == "SHIPMENT":
        document = DOCUMENTS.get(event.document_type or "", event.document_type or "Shipment")
        return f"{document} {SHIPMENT.get(event.code, event.code)}", "at"
    return OTHERS[event.kind, event.code], "at"
