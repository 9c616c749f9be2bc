"""Operations known by the SHA-256 of their text, so that the text need not be sent, or may not be.

A client names one by ``documentId: "sha256:…"`` (GraphQL over HTTP, persisted documents) or by
``extensions.persistedQuery`` (Apollo). ``listed`` are those that the operator registered; others are kept in
Redis for the party that sent their text with their hash, and for no other.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import redis
import structlog

from isthmus_platform.database import Actor

log = structlog.get_logger(__name__)

DIGEST = re.compile(r"[0-9a-f]{64}")
KEPT = 24 * 60 * 60
"""Seconds for which a text is kept after it was last sent."""
LONGEST_KEPT = 32 * 1024


class OperationRefused(Exception):
    """The request names no operation that may run; ``code`` and the message are Apollo's where it has one."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Operations:
    """The operations that are known; where ``only_listed``, no other runs."""

    listed: Mapping[str, str] = field(default_factory=dict)
    only_listed: bool = False
    store: "redis.Redis | None" = None

    def text(self, actor: Actor, query: str | None, digest: str | None) -> tuple[str, bool]:
        """Return the text to run, and whether it was known before.

        Raises :class:`OperationRefused`: ``PERSISTED_QUERY_NOT_FOUND`` (send the text along),
        ``PERSISTED_QUERY_MISMATCH`` (the hash is another text's) or ``OPERATION_NOT_LISTED``.
        """
        if query is not None:
            actual = digest_of(query)
            if digest is not None and digest != actual:
                raise OperationRefused("PERSISTED_QUERY_MISMATCH", "The hash is not that of the query.")
            known = actual in self.listed
            if self.only_listed and not known:
                raise OperationRefused("OPERATION_NOT_LISTED", "Only listed operations run here.")
            if digest is not None and not known:
                self._keep(actor, digest, query)
            return query, known
        found = self.listed.get(digest or "")
        if found is None and self.only_listed:
            raise OperationRefused("OPERATION_NOT_LISTED", "Only listed operations run here.")
        if found is None:
            found = self._recall(actor, digest or "")
        if found is None:
            raise OperationRefused("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return found, True

    def _keep(self, actor: Actor, digest: str, query: str) -> None:
        if self.store is None or len(query) > LONGEST_KEPT:
            return
        try:
            self.store.set(_key(actor, digest), query.encode("utf-8", "surrogatepass"), ex=KEPT)
        except redis.RedisError as error:  # the client sends the text again
            log.warning("persisted.not_kept", problem=str(error))

    def _recall(self, actor: Actor, digest: str) -> str | None:
        if self.store is None:
            return None
        try:
            found = self.store.get(_key(actor, digest))
        except redis.RedisError as error:
            log.warning("persisted.not_recalled", problem=str(error))
            return None
        # What comes from a cache is believed by its hash alone.
        text = found.decode("utf-8", "replace") if isinstance(found, bytes) else None
        return text if text is not None and digest_of(text) == digest else None


def digest_of(query: str) -> str:
    """Return the SHA-256 of an operation's text, in hexadecimal."""
    return hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()


def named(data: Mapping[str, Any]) -> str | None:
    """Return the digest that a request names, if any; raise :class:`ValueError` for what is none."""
    named = data.get("documentId")
    extensions = data.get("extensions")
    apollo = extensions.get("persistedQuery") if isinstance(extensions, Mapping) else None
    if apollo is not None:
        if not isinstance(apollo, Mapping) or apollo.get("version") != 1 or named is not None:
            raise ValueError("extensions.persistedQuery has version 1 and a sha256Hash, and stands alone.")
        digest = apollo.get("sha256Hash")
    elif named is not None:
        scheme, _, digest = str(named).partition(":")
        digest = digest if scheme == "sha256" and isinstance(named, str) else None
    else:
        return None
    if not isinstance(digest, str) or not DIGEST.fullmatch(digest):
        raise ValueError("An operation is named by its SHA-256 in hexadecimal, in small letters.")
    return digest


def manifest(content: bytes) -> dict[str, str]:
    """Read a list of operations in Apollo's format (``apollo-persisted-query-manifest``).

    Raises :class:`ValueError`; each ``id`` is the SHA-256 of its ``body``.
    """
    try:
        read = orjson.loads(content)
        listed = {each["id"]: each["body"] for each in read["operations"]}
    except (KeyError, TypeError) as error:
        raise ValueError(f"the list of operations lacks {error}") from None
    for digest, body in listed.items():
        if not isinstance(body, str) or digest_of(body) != digest:
            raise ValueError(f"the operation {digest!r} is not named by its SHA-256")
    return listed


def _key(actor: Actor, digest: str) -> str:
    return f"isthmus/operation/{actor.party_id}/{digest}"
