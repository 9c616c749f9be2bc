"""Who calls: the holder of the key that signed the request (RFC 9421), each signature good for one use."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from wsgiref.types import WSGIEnvironment
from wsgiref.util import request_uri

import orjson
from flask import Request
from sqlalchemy.orm import Session

from isthmus_bridge.service import Bridge
from isthmus_bridge.together import Rows, Statement, together
from isthmus_protocol.http_signatures import HEADERS, Caller, verify_request
from isthmus_protocol.keys import Holder, SignatureError

SKEW = timedelta(seconds=60)
"""How much longer than its signature a nonce is kept: other processes' clocks may be behind."""

# A few of the old ones go each time, so that the table stays as small as the traffic of two minutes.
_USE_UP = (
    "WITH forgotten AS (DELETE FROM seen_nonce WHERE (kid, nonce) IN"
    " (SELECT kid, nonce FROM seen_nonce WHERE expires_at < CAST($1 AS timestamptz)"
    " LIMIT CAST($2 AS bigint) FOR UPDATE SKIP LOCKED))"
    " INSERT INTO seen_nonce (kid, nonce, expires_at) SELECT kid, nonce, ends FROM"
    " json_to_recordset(CAST($3 AS json)) AS given (kid text, nonce text, ends timestamptz)"
    " ON CONFLICT DO NOTHING RETURNING kid, nonce"
)


class NotAuthenticated(Exception):
    """The request is not signed as it must be."""


class NotPermitted(Exception):
    """The caller is known, and this is not theirs to do."""


def authenticate(bridge: Bridge, request: Request, *holders: Holder) -> Caller:
    """Return who signed ``request``, one of ``holders`` (anyone trusted when none is named).

    The nonce is committed before the request is looked at, so that no failure makes it good again. Raises
    :class:`NotAuthenticated` or :class:`NotPermitted`.
    """
    caller = _signer(bridge, request.environ, request.get_data())
    with bridge.begin() as session:
        fresh = use_up(session, [caller], bridge.clock())
    if not fresh:
        raise NotAuthenticated("the request was seen before")
    return _among(holders, caller)


def identify(bridge: Bridge, environ: WSGIEnvironment, body: bytes, *holders: Holder) -> Caller:
    """Return who signed a request, as :func:`authenticate` does; its nonce has yet to be used up."""
    return _among(holders, _signer(bridge, environ, body))


def _signer(bridge: Bridge, environ: WSGIEnvironment, body: bytes) -> Caller:
    headers = {name: environ.get(f"HTTP_{name.upper().replace('-', '_')}", "") for name in HEADERS}
    try:
        return verify_request(
            bridge.keyring,
            environ["REQUEST_METHOD"],
            request_uri(environ),
            headers,
            body,
            now=bridge.clock(),
        )
    except SignatureError as error:
        raise NotAuthenticated(str(error)) from error


def _among(holders: Sequence[Holder], caller: Caller) -> Caller:
    if holders and caller.holder not in holders:
        raise NotPermitted(f"The holder of the {caller.holder} key may not do this.")
    return caller


def use_up(session: Session, callers: Sequence[Caller], now: datetime) -> set[tuple[str, str]]:
    """Keep the nonces of ``callers`` and return those that were not kept before, each with its key's id."""
    return used_up(together(session, [using_up(callers, now)])[0])


def using_up(callers: Sequence[Caller], now: datetime) -> Statement:
    """Return the statement that keeps the nonces of ``callers``; :func:`used_up` reads its answer."""
    given = [{"kid": caller.kid, "nonce": caller.nonce, "ends": caller.expires + SKEW} for caller in callers]
    return _USE_UP, [now, 10 * len(callers), orjson.dumps(given).decode()]


def used_up(rows: Rows) -> set[tuple[str, str]]:
    """Return the nonces that were not kept before, each with its key's id."""
    return {(row[0], row[1]) for row in rows}
