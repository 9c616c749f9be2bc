"""Who calls: the holder of the key that signed the request (RFC 9421), each signature good for one use."""

from datetime import timedelta
from wsgiref.util import request_uri

from flask import Request
from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert

from isthmus_bridge.models import SeenNonce
from isthmus_bridge.service import Bridge
from isthmus_protocol.http_signatures import Caller, verify_request
from isthmus_protocol.keys import Holder, SignatureError

SKEW = timedelta(seconds=60)
"""How much longer than its signature a nonce is kept: other processes' clocks may be behind."""


class NotAuthenticated(Exception):
    """The request is not signed as it must be."""


class NotPermitted(Exception):
    """The caller is known, and this is not theirs to do."""


def authenticate(bridge: Bridge, request: Request, *holders: Holder) -> Caller:
    """Return who signed ``request``, one of ``holders`` (anyone trusted when none is named).

    The nonce is committed before the request is looked at, so that no failure makes it good again. Raises
    :class:`NotAuthenticated` or :class:`NotPermitted`.
    """
    try:
        caller = verify_request(
            bridge.keyring,
            request.method,
            request_uri(request.environ),
            dict(request.headers.items()),
            request.get_data(),
            now=bridge.clock(),
        )
    except SignatureError as error:
        raise NotAuthenticated(str(error)) from error
    _use_up(bridge, caller)
    if holders and caller.holder not in holders:
        raise NotPermitted(f"The holder of the {caller.holder} key may not do this.")
    return caller


def _use_up(bridge: Bridge, caller: Caller) -> None:
    now = bridge.clock()
    forgotten = (
        select(SeenNonce.kid, SeenNonce.nonce)
        .where(SeenNonce.expires_at < now)
        .limit(10)
        .with_for_update(skip_locked=True)
    )
    with bridge.begin() as session:
        fresh = session.execute(
            insert(SeenNonce)
            .values(kid=caller.kid, nonce=caller.nonce, expires_at=caller.expires + SKEW)
            .on_conflict_do_nothing()
            .returning(SeenNonce.nonce)
        ).all()
        # A few of the old ones go each time, so that the table stays as small as the traffic of two minutes.
        session.execute(delete(SeenNonce).where(tuple_(SeenNonce.kid, SeenNonce.nonce).in_(forgotten)))
    if not fresh:
        raise NotAuthenticated("the request was seen before")
