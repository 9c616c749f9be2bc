"""Which scope each entry needs; one that is not in the table is closed to clients that have scopes.

GraphQL judges by what a document asks for, in ``isthmus_graphql.reach``.
"""

from isthmus_platform.database import Actor
from isthmus_platform.errors import NotPermitted

BY_CONTENT = frozenset({"graphql.graphql"})
NEEDS = {
    "events.track_and_trace_2": "write:events",
    "events.track_and_trace_3": "write:events",
    "event_feed.track_and_trace_2": "read:shipments",
    "event_feed.track_and_trace_3": "read:shipments",
    **{
        f"event_subscriptions.{name}_{version}": scope
        for version in (2, 3)
        for name, scope in (
            ("subscriptions", "read:webhooks"),
            ("subscription", "read:webhooks"),
            ("subscribe", "write:webhooks"),
            ("alter", "write:webhooks"),
            ("alter_secret", "write:webhooks"),
            ("stop", "write:webhooks"),
        )
    },
    "imports.take": "write:shipments",
    "imports.report": "read:shipments",
    "documents.store": "write:documents",
    "documents.store_version": "write:documents",
    "documents.content": "read:documents",
    "links.opened": "read:documents",
    "papers.signed": "read:documents",
    "papers.as_dcsa": "read:documents",
    "papers.as_pdf": "read:documents",
    "papers.as_ubl": "read:documents",
    "financing.evaluate": "write:finance",
    "access_log.export": "read:grants",
    "evidence.evidence": "read:crossings",
    "titles.file": "read:titles",
}


def check(actor: Actor, endpoint: str | None) -> None:
    """Raise :class:`NotPermitted` (``insufficient_scope``) unless ``actor`` may use the entry."""
    if actor.scopes is None or endpoint in BY_CONTENT:
        return
    scope = NEEDS.get(endpoint or "")
    if scope is None:
        raise NotPermitted("No scope opens this entry.", code="insufficient_scope")
    actor.need(scope)
