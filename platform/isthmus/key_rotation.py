"""Replacing a key while everything runs, and revoking one that must not count any more.

A new key is trusted before it signs: ``trust.json`` is replaced first, the private key second, each at once
and whole. The old key stays trusted until it is revoked, so that what it has signed arrives. A revoked key
stays in the list, with the time: what it signed before, by the log, must be told from what it signed after.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from isthmus.errors import CannotRun
from isthmus.home import write_private
from isthmus.keys import KeyFolder, publish
from isthmus_protocol.keys import Holder, Keyring, SigningKey, TrustedKey

CLOCKS_DIFFER = timedelta(seconds=60)
"""How much earlier a new key counts than our clock says: as much as a signed request may be early."""


def announce(folder: KeyFolder, holder: Holder, now: datetime) -> TrustedKey:
    """Make the next key of ``holder`` and have it trusted; nothing is signed with it yet.

    The same again gives the same key.
    """
    with _alone(folder.path):
        return _announce(folder, holder, now).public


def rotate(folder: KeyFolder, holder: Holder, now: datetime) -> tuple[TrustedKey, TrustedKey]:
    """Let the next key of ``holder`` sign from now on; return it and the one before, still trusted."""
    with _alone(folder.path):
        before = folder.signing_key(holder).public
        new = _announce(folder, holder, now)
        _next_file(folder, holder).replace(folder.signing_file(holder))
        return new.public, before


def revoke(folder: KeyFolder, kid: str, at: datetime) -> TrustedKey:
    """Let the key ``kid`` not count from ``at`` on, and return it as it is now trusted.

    Raises :class:`CannotRun` for one that is unknown, still signs here, or was revoked for an earlier time:
    what counts no more does not count again.
    """
    with _alone(folder.path):
        trust = folder.trust()
        known = trust.get(kid)
        if known is None:
            raise CannotRun(f"No key {kid} is trusted here: isthmus key list shows those that are.")
        if known.revoked_at is not None and known.revoked_at <= at:
            raise CannotRun(
                f"The key {kid} was revoked already, at {known.revoked_at:%Y-%m-%d %H:%M:%S} UTC."
            )
        if signs_now(folder, known):
            raise CannotRun(
                f"The key {kid} still signs for the {known.holder}:"
                f" isthmus key rotate {known.holder} first, then revoke it."
            )
        revoked = replace(known, revoked_at=at)
        publish(folder.path, Keyring([*(key for key in trust if key.kid != kid), revoked]))
        return revoked


def signs_now(folder: KeyFolder, key: TrustedKey) -> bool:
    """Say whether ``key`` is the one that its holder signs with on this machine."""
    file = folder.signing_file(key.holder)
    return file.exists() and folder.signing_key(key.holder).kid == key.kid


def _announce(folder: KeyFolder, holder: Holder, now: datetime) -> SigningKey:
    file = _next_file(folder, holder)
    if not file.exists():
        write_private(file, SigningKey.generate(holder).to_pem())
    new = SigningKey.from_pem(holder, file.read_bytes())
    trust = folder.trust()
    if trust.get(new.kid) is None:
        publish(folder.path, Keyring([*trust, replace(new.public, not_before=now - CLOCKS_DIFFER)]))
    return new


def _next_file(folder: KeyFolder, holder: Holder) -> Path:
    return folder.path / f"{holder.value.lower()}.next.pem"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one command at a time change the keys of a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
