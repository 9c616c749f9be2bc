"""What a machine client may do of what its party may do (RFC 6749 section 3.3).

A client without scopes of its own may do all that its party may; people always do. A token may be narrower
than its client, never wider, and what a client loses is lost to its tokens too.
"""

from collections.abc import Collection

from isthmus_platform.errors import InvalidInput

SCOPES = {
    "read:shipments": "shipments, their tracking and events",
    "write:shipments": "make shipments, alone or from files",
    "write:events": "send tracking events",
    "read:documents": "documents and their contents",
    "write:documents": "store documents and versions",
    "read:crossings": "declarations, crossings of the bridge, their evidence",
    "write:crossings": "submit declarations, publish freight data, ask the single window",
    "read:grants": "grants, delegations, and who saw the party's data",
    "write:grants": "give and revoke grants and delegations",
    "read:titles": "titles, who holds them, their steps and files",
    "write:titles": "issue titles, make steps on them, pledge and release them",
    "read:webhooks": "webhooks and what was delivered to them",
    "write:webhooks": "register, change and remove webhooks",
    "read:insurance": "covers, rates, quotes, declarations under covers, claims",
    "write:insurance": "offer covers, quote, declare, claim and settle, tell of arrivals",
    "read:finance": "credits, presentations, rules of examination, receivables, what the bank registered",
    "write:finance": "make the steps of credits and receivables, examine, register what is financed",
    "read:logistics": "freight quotes, bookings, releases of cargo and orders, lorries, proofs of delivery",
    "write:logistics": "ask for freight, quote, book, release and hold cargo, order and prove its delivery",
    "read:risk": "risk rules, simulations, findings, and findings about the party",
    "write:risk": "write, simulate and activate risk rules, decide findings, appeal and review appeals",
    "read:screening": "hits of the screening and their review, the lists that are screened against",
    "write:screening": "propose and approve what becomes of hits (people alone may, signed in)",
    "read:clients": "the party's machine clients",
    "write:clients": "register machine clients, exchange their keys, suspend and resume them",
    "read:billing": "usage and invoices",
    "write:billing": "close billing periods",
}


def checked(scopes: Collection[str], *, field: str = "scopes") -> list[str]:
    """Return known scopes in the table's order, or raise :class:`InvalidInput` (``unknown_scope``)."""
    for scope in scopes:
        if scope not in SCOPES:
            raise InvalidInput(f"There is no scope {scope[:60]!r}.", field=field, code="unknown_scope")
    return [scope for scope in SCOPES if scope in scopes]


def narrowed(held: Collection[str] | None, wanted: Collection[str] | None) -> frozenset[str] | None:
    """Return what is in both; None stands for all."""
    if held is None or wanted is None:
        either = wanted if held is None else held
        return None if either is None else frozenset(either)
    return frozenset(held) & frozenset(wanted)


def written(scopes: Collection[str] | None) -> str | None:
    """Return scopes as OAuth writes them; None where there is no restriction."""
    return None if scopes is None else " ".join(scope for scope in SCOPES if scope in scopes)
