"""Codes of the schema in words a person reads, and the tone in which a page shows them.

A code that is not listed is shown as itself in plain letters, so that a newer schema stays readable.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

MESSAGES = {
    "EXPORT_DECLARATION": "Export declaration",
    "DECLARATION_STATUS": "Declaration status",
    "DECLARATION_QUERY": "Question about a declaration",
    "DECLARATION_ANSWER": "Answer about a declaration",
    "EFTI_IDENTIFIERS": "Freight data announced",
    "EFTI_CONSIGNMENT": "Freight data shown",
    "EFTI_FOLLOW_UP": "Message on freight data",
}

PURPOSES = {
    "CUSTOMS_EXPORT_CLEARANCE": "Customs export clearance",
    "TRADE_FINANCE": "Trade finance",
    "FREIGHT_INFORMATION": "Freight information (eFTI)",
}

ACTIONS = {
    "METADATA": "Look",
    "CONTENT": "Download",
    "WINDOW_QUERY": "Question to customs",
    "BREAK_GLASS": "Opened by an authority",
    "FINANCEABLE": "Question before financing",
}

DIRECTIONS = {"TO_WINDOW": "To the single window", "FROM_WINDOW": "From the single window"}

REASONS = {
    "NO_AGREEMENT": "No agreement in force lets this message cross for this purpose.",
    "AGREEMENT_SUSPENDED": "The agreement is suspended by one of its two signatories.",
    "NOT_YET_VALID": "The agreement is not in force yet.",
    "EXPIRED": "It had run out.",
    "AUDIENCE_NOT_PERMITTED": "The agreement does not serve parties of this role.",
    "FIELD_NOT_PERMITTED": "The agreement does not list this field, so nothing crossed.",
    "FIELD_MALFORMED": "A listed field did not hold a plain value, so nothing crossed.",
    "NOTHING_TO_CROSS": "None of the permitted fields held a value.",
    "CONSENT_MISSING": "The owner has not consented to this reader for this purpose.",
    "CONSENT_EXPIRED": "The owner's consent had run out.",
    "RATE_EXCEEDED": "More was asked in the hour than the agreement allows.",
    "QUESTION_NOT_PERMITTED": "The agreement does not permit to answer what was asked.",
    "LEAKAGE_BUDGET": "The asker has had as many answers about this as the agreement allows for now.",
    "UNKNOWN_EXCHANGE": "The answer names a crossing that the bridge does not know.",
    "RECEIVER_REFUSED": "The receiving side did not take it.",
    "UNDELIVERABLE": "It could not be put in the form that the receiving side wants.",
    "TIMED_OUT": "The receiving side could not be reached in time.",
    "UNCONFIRMED": "Whether it arrived is not known: the receiving side was asked, and did not say.",
    "NO_GRANT": "No grant covers this.",
    "REVOKED": "The grant had been revoked.",
}

TONES = {
    "RELEASED": "good",
    "ARRIVED": "good",
    "DISCHARGED": "good",
    "GATED_OUT": "good",
    "DELIVERED": "good",
    "EMPTY_RETURNED": "good",
    "CANCELLED": "bad",
    "ROLLED": "warn",
    "CUSTOMS_HOLD": "bad",
    "CUSTOMS_REJECTED": "bad",
    "ETA_SLIPPED": "warn",
    "DELAYED": "bad",
    "LONG_DWELL": "warn",
    "SOURCES_DIFFER": "warn",
    "ACKNOWLEDGED": "good",
    "HELD": "good",
    "SURRENDERED": "good",
    "DELIVERY_REQUESTED": "warn",
    "AMENDMENT_REQUESTED": "warn",
    "PERMITTED": "good",
    "ALLOWED": "good",
    "GRANTED": "good",
    "GREEN": "good",
    "PAID": "good",
    "FINALISED": "good",
    "LPCO_GRANTED": "good",
    "YELLOW": "warn",
    "LPCO_REQUESTED": "warn",
    "VALID": "good",
    "VERIFIED": "good",
    "NOT_VERIFIED": "bad",
    "REVOKED": "bad",
    "RED": "bad",
    "REFUSED": "bad",
    "REJECTED": "bad",
    "FAILED": "bad",
    "TERMINATED": "bad",
    "LPCO_DENIED": "bad",
}

CHANNELS = {
    "GREEN": "Green: no check",
    "YELLOW": "Yellow: documents checked",
    "RED": "Red: goods examined",
}

ROLES = {
    "TRADER": "Trader",
    "FORWARDER": "Forwarder",
    "CARRIER": "Carrier",
    "TERMINAL": "Terminal",
    "BANK": "Bank",
    "INSURER": "Insurer",
    "OPERATOR": "Operator",
    "AUTHORITY": "Authority",
}

STEPS = {
    "SACC": "Surrender accepted",
    "SREJ": "Surrender rejected",
    "SWTP": "Switch to paper",
    "COD": "Change of destination",
    "SWI": "Switch bill of lading",
    "HOLD": "Customs hold",
    "DELIVERY_REQUESTED": "Surrendered, to be accepted",
    "AMENDMENT_REQUESTED": "To be amended",
}

_ALL = (
    STEPS
    | MESSAGES
    | PURPOSES
    | ACTIONS
    | DIRECTIONS
    | ROLES
    | {"LPCO_REQUESTED": "Licence requested", "ETA_SLIPPED": "ETA slipped"}
)


@dataclass(frozen=True)
class Vocabulary:
    """How codes are read and toned: what is common to all pages, and what a page adds."""

    words: Mapping[str, str]
    tones: Mapping[str, str]

    @classmethod
    def of(cls, words: Sequence[Mapping[str, str]], tones: Sequence[Mapping[str, str]]) -> Self:
        """Return the common one with what pages add.

        The first page's own comes before what is common, since services use one code in several ways
        (a booking that is confirmed is good, a hit that is confirmed is not); the other pages' come after it.
        """
        return cls(_joined(_ALL, words), _joined(TONES, tones))

    def plain(self, code: str | None) -> str:
        """Return a code in words: ``CHANNEL_ASSIGNED`` is "Channel assigned"."""
        if not code:
            return "—"
        return self.words.get(code) or code.replace("_", " ").replace(".", " ").capitalize()

    def reason(self, code: str | None) -> str:
        """Return why something was refused, as a sentence."""
        if not code:
            return ""
        return REASONS.get(code.upper()) or self.plain(code) + "."

    def tone(self, code: str | None) -> str:
        """Return ``good``, ``warn``, ``bad`` or ``plain``: the colour of a code's chip."""
        return self.tones.get((code or "").upper(), "plain")


def _joined(common: Mapping[str, str], added: Sequence[Mapping[str, str]]) -> dict[str, str]:
    together: dict[str, str] = {}
    for said in reversed([*added[:1], common, *added[1:]]):
        together |= said
    return together


def fate(crossing: dict[str, Any]) -> str:
    """Return what became of the fields of a crossing: only what was delivered has crossed."""
    count = len(crossing["fields"])
    fields = f"{count} field{'' if count == 1 else 's'}"
    if crossing["decision"] == "REFUSED":
        return f"Nothing crossed; {fields} asked" if count else "Nothing crossed"
    if crossing["decision"] is None:
        return f"{fields} asked, not decided yet"
    if crossing["state"] in ("DELIVERED", "ACKNOWLEDGED"):
        return f"{fields} crossed"
    if crossing["state"] == "TERMINATED":
        return f"{fields} permitted, then stopped"
    if crossing["state"] == "FAILED":
        known = crossing.get("reason") != "UNCONFIRMED"
        return f"{'Nothing arrived' if known else 'Not known whether it arrived'}; {fields} permitted"
    return f"{fields} permitted, on the way"


def grouped(fields: list[str]) -> list[tuple[str, list[str]]]:
    """Return field paths by their first member: ``/goods/hsCode`` under ``goods`` as ``hsCode``.

    A path of one member stands in the group ``""``. The order within the list is kept.
    """
    groups: dict[str, list[str]] = {}
    for path in fields:
        head, _, rest = path.removeprefix("/").partition("/")
        groups.setdefault(head if rest else "", []).append(rest or head)
    return list(groups.items())
