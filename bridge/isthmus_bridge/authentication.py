"""Who calls: the holder of the key that signed the request (RFC 9421), each signature good for one use."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from wsgiref.util import request_uri

import orjson
from flask import Request
from sqlalchemy import text
from sqlalchemy.orm import Session

from isthmus_bridge.service import Bridge
from isthmus_protocol.http_signatures import Caller, verify_request
from isthmus_protocol.keys import Holder, SignatureError

SKEW = timedelta(seconds=60)
"""How much longer than its signature a nonce is kept: other processes' clocks may be behind."""

# A few of the old ones go each time, so that the table stays as small as the traffic of two minutes.
_USE_UP = text(
    "WITH forgotten AS (DELETE FROM seen_nonce WHERE (kid, nonce) IN"
    " (SELECT kid, nonce FROM seen_nonce WHERE expires_at < :now LIMIT :most FOR UPDATE SKIP LOCKED))"
    " INSERT INTO seen_nonce (kid, nonce, expires_at) SELECT kid, nonce, ends FROM"
    " json_to_recordset(CAST(:given AS json)) AS given (kid text, nonce text, ends timestamptz)"
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
    caller = _signer(bridge, request)
    with bridge.begin() as session:
        fresh = use_up(session, [caller], bridge.clock())
    if not fresh:
        raise NotAuthenticated("the request was seen before")
    return _among(holders, caller)


def identify(bridge: Bridge, request: Request, *holders: Holder) -> Caller:
    """Return who signed ``request``, as :func:`authenticate` does; the caller has yet to :func:`use_up`."""
    return _among(holders, _signer(bridge, request))


def _signer(bridge: Bridge, request: Request) -> Caller:
    try:
        return verify_request(
            bridge.keyring,
            request.method,
            request_uri(request.environ),
            dict(request.headers.items()),
            request.get_data(),
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
    if not callers:
        return set()
    given = [{"kid": caller.kid, "nonce": caller.nonce, "ends": caller.expires + SKEW} for caller in callers]
    kept = {"given": orjson.dumps(given).decode(), "now": now, "most": 10 * len(callers)}
    return {(row[0], row[1]) for row in session.execute(_USE_UP, kept)}
