"""What insurer and insured may do to claims: the forms of their pages."""

from typing import Any

from isthmus_portal import insurance_queries as queries
from isthmus_portal.forms import Act, Field, coded
from isthmus_portal.pages.insurance_acts import INSURED, WORDS, part

REASONS = ("LATE_NOTICE", "NOT_COVERED", "EXCLUDED", "NOT_PROVEN", "BELOW_DEDUCTIBLE")
UNDECIDED = frozenset({"NOTIFIED", "DOCUMENTED", "ASSESSED"})


def of_claim(claim: dict[str, Any]) -> list[Act]:
    """Return all that is ever done to a claim."""
    fixed = {"claim": claim["id"]}
    currency = claim["claimed"]["currency"]
    shipment = claim["declaration"]["shipment"] or {"documents": {"edges": []}}
    papers = tuple((edge["node"]["id"], edge["node"]["title"]) for edge in shipment["documents"]["edges"])
    return [
        Act(
            "document",
            "Add documents",
            queries.DOCUMENT_CLAIM,
            "The documents are part of the claim, by their digests.",
            (Field("documents", "Documents of the shipment", "choices", options=papers),),
            fixed=fixed,
            note="The insurer reads them by a grant: give it on the shipment's page.",
        ),
        Act(
            "assess",
            "Assess the claim",
            queries.ASSESS_CLAIM,
            "The claim is assessed.",
            (
                Field("assessedMinor", "The loss amounts to", "money", currency=currency),
                Field("remark", "How it was found", "area"),
            ),
            fixed=fixed,
        ),
        Act("accept", "Accept as assessed", queries.ACCEPT_CLAIM, "The claim is accepted.", fixed=fixed),
        Act(
            "settle",
            "Record the payment",
            queries.SETTLE_CLAIM,
            "The claim is settled.",
            (Field("reference", "Reference of the payment", longest=140),),
            fixed=fixed,
        ),
        Act(
            "decline",
            "Decline the claim",
            queries.DECLINE_CLAIM,
            "The claim is declined.",
            (
                Field("reason", "Reason", "choice", options=coded(REASONS, WORDS)),
                Field("remark", "In words", "area"),
            ),
            fixed=fixed,
            danger=True,
        ),
        Act(
            "withdraw",
            "Withdraw the claim",
            queries.WITHDRAW_CLAIM,
            "The claim is withdrawn.",
            fixed=fixed,
            danger=True,
        ),
    ]


def may_claim(claim: dict[str, Any], me: str) -> tuple[str, ...]:
    """Return what the party ``me`` may do to a claim now."""
    state = claim["state"]
    if part(claim, me) == INSURED:
        offered = [("document", {"NOTIFIED", "DOCUMENTED"}), ("withdraw", UNDECIDED)]
    else:
        offered = [
            ("assess", {"DOCUMENTED", "ASSESSED"}),
            ("accept", {"ASSESSED"}),
            ("settle", {"ACCEPTED"}),
            ("decline", UNDECIDED),
        ]
    return tuple(name for name, states in offered if state in states)
