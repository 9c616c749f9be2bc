"""Errors as they go out: a service's refusal in its own words, the unforeseen in none.

Codes in ``errors[].extensions.code``: those of a service's refusal in lower case (``not_found``), ours in
upper case: ``PARSE_FAILED``, ``VALIDATION_FAILED``, ``OPERATION`` (which one to run), ``INPUT`` (a value of
the wrong type), ``INTROSPECTION``, ``DEADLINE``, ``UNAVAILABLE`` (try again), ``INTERNAL``, and those of
:mod:`isthmus_graphql.limits`.
"""

from typing import Any

import structlog
from graphql import GraphQLError
from psycopg.errors import QueryCanceled
from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError

from isthmus_platform.deadline import DeadlinePassed
from isthmus_platform.errors import PlatformError

log = structlog.get_logger(__name__)

NOT_SERVING = ("08", "53", "57P")
"""SQLSTATE classes of a server that breaks off, is full, starts or stops (PostgreSQL, appendix A)."""

LONGEST_MESSAGE = 500


def located(error: Exception) -> GraphQLError:
    """Return ``error`` as one of GraphQL's, at no place in the document unless it has one."""
    return error if isinstance(error, GraphQLError) else GraphQLError("", original_error=error)


def outward(error: GraphQLError, request_id: str) -> GraphQLError:
    """Return an error as it goes out: a service's refusal in its words, the unforeseen in none."""
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, DeadlinePassed):
        return _told(error, cause.message, {"code": "DEADLINE"}, cause)
    if isinstance(cause, PlatformError):
        facts = {"code": cause.code} | ({"field": cause.field} if cause.field else {})
        return _told(error, cause.message, facts, cause)
    if cause is None or isinstance(cause, GraphQLError):
        return _told(error, error.message, error.extensions or {"code": "INPUT"})
    if isinstance(cause.orig if isinstance(cause, OperationalError) else cause, QueryCanceled):
        log.warning("graphql.deadline", request_id=request_id, path=error.path)
        return _told(error, "This took too long; ask for less.", {"code": "DEADLINE"})
    if _database_is_gone(cause):
        log.error("graphql.unavailable", request_id=request_id, path=error.path, problem=str(cause))
        facts = {"code": "UNAVAILABLE", "requestId": request_id}
        return _told(error, "The database does not answer; try again.", facts)
    log.error("graphql.failed", request_id=request_id, path=error.path, exc_info=cause)
    return _told(error, "Something went wrong on our side.", {"code": "INTERNAL", "requestId": request_id})


def _database_is_gone(cause: Exception) -> bool:
    """Tell whether the database was not reached, or broke off: what was asked may be asked again as it is."""
    if isinstance(cause, DBAPIError) and cause.connection_invalidated:
        return True
    if isinstance(cause, OperationalError):
        state = getattr(cause.orig, "sqlstate", None)
        return state is None or state.startswith(NOT_SERVING)
    # What is asked of a connection after it broke, in the same request.
    return isinstance(cause, PendingRollbackError)


def _told(
    error: GraphQLError, message: str, extensions: dict[str, Any], cause: Exception | None = None
) -> GraphQLError:
    # A message may repeat what it complains of, which may be as long as the request.
    shown = message if len(message) <= LONGEST_MESSAGE else message[:LONGEST_MESSAGE] + "…"
    return GraphQLError(
        shown, error.nodes, error.source, error.positions, error.path, cause, extensions=extensions
    )
