"""Signed data of which each member can be shown alone: SD-JWT (RFC 9901) over canonical JSON.

The issuer signs digests of salted disclosures, one for each member and, in lists of objects, one for each
member of each object. Who shows the token leaves disclosures out; nobody can add or change one. No holder's
key is bound: a document proves what its issuer said, not who shows it.

None of the published libraries was kept up or knew SD-JWT at the time of writing, and the part that is needed
here is this file; it is held to the examples of the RFC.
"""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from isthmus_protocol import statements
from isthmus_protocol.canonical import JsonObject, JsonValue, MalformedJson, canonical, parse
from isthmus_protocol.keys import (
    Holder,
    Keyring,
    SignatureError,
    SigningKey,
    TrustedKey,
    decode_base64url,
    encode_base64url,
)

ALGORITHM = "sha-256"
RESERVED = frozenset({"_sd", "...", "_sd_alg"})
MOST_DISCLOSURES = 20_000


@dataclass(frozen=True)
class Shown:
    """What a token shows: the issuer's claims, the disclosed part of the data, and whose key signed."""

    claims: JsonObject
    data: JsonObject
    key: TrustedKey
    hidden: int
    """How many members of what is shown are not."""


def new_salt() -> str:
    """Return 128 random bits (RFC 9901 section 9.3)."""
    return encode_base64url(secrets.token_bytes(16))


def issue(
    key: SigningKey, typ: str, claims: JsonObject, data: JsonObject, *, salt: Callable[[], str] = new_salt
) -> str:
    """Return ``claims`` (always shown) and ``data`` (each member can be left out) as an SD-JWT.

    Raises ValueError for a member whose name SD-JWT keeps for itself.
    """
    disclosures: list[str] = []
    hidden = _hide(data, salt, disclosures)
    payload: JsonObject = {**claims, "_sd_alg": ALGORITHM, "data": hidden}
    return "~".join([statements.sign(key, payload, typ), *disclosures, ""])


def _hide(members: JsonObject, salt: Callable[[], str], disclosures: list[str]) -> JsonObject:
    digests: list[JsonValue] = []
    for name, value in sorted(members.items()):
        if name in RESERVED:
            raise ValueError(f"{name} is a name that SD-JWT keeps for itself")
        if isinstance(value, list):
            value = [_hide(each, salt, disclosures) if isinstance(each, dict) else each for each in value]
        disclosure = encode_base64url(canonical([salt(), name, value]))
        disclosures.append(disclosure)
        digests.append(digest_of(disclosure))
    # Sorted, so that their order tells nothing of the members' names (RFC 9901 section 4.2.4.1).
    return {"_sd": sorted(digests, key=str)}


def digest_of(disclosure: str) -> str:
    """Return the digest by which the issuer signs ``disclosure`` (RFC 9901 section 4.2.3)."""
    return encode_base64url(hashlib.sha256(disclosure.encode("ascii")).digest())


def present(token: str, fields: Collection[str]) -> str:
    """Return ``token`` showing ``fields`` alone, of those it shows.

    ``total`` names a member of the data with all in it, ``lines.amount`` a member of each object in a list.
    Raises :class:`SignatureError` for what is no token.
    """
    signed, disclosures = _split(token)
    payload = statements.payload_unverified(signed)
    kept = {
        digest
        for path, digest in _paths(payload["data"], _by_digest(disclosures), "")
        if any(_meet(path, field) for field in fields)
    }
    return "~".join([signed, *(each for each in disclosures if digest_of(each) in kept), ""])


def _meet(path: str, field: str) -> bool:
    """Return whether showing ``field`` shows what is at ``path``: it, what is in it, and what it is in."""
    return path == field or field.startswith(path + ".") or path.startswith(field + ".")


def paths(token: str) -> list[str]:
    """Return the fields that ``token`` shows, as :func:`present` names them, sorted."""
    signed, disclosures = _split(token)
    payload = statements.payload_unverified(signed)
    return sorted({path for path, _ in _paths(payload["data"], _by_digest(disclosures), "")})


def _paths(value: JsonValue, by_digest: dict[str, list[Any]], above: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for each in value:
            yield from _paths(each, by_digest, above)
    if not isinstance(value, dict):
        return
    for digest in _digests(value):
        if digest in by_digest:
            _, name, inner = by_digest[digest]
            path = f"{above}.{name}" if above else name
            yield path, digest
            yield from _paths(inner, by_digest, path)


def open_token(token: str, keyring: Keyring, typ: str, *holders: Holder | str) -> Shown:
    """Return what ``token`` shows once its signature and every disclosure hold, else raise SignatureError.

    As RFC 9901 section 7.1 wants it: a disclosure that no digest names, a digest that comes twice and a
    member that is there already are refused.
    """
    signed, disclosures = _split(token)
    statement = statements.open_statement(signed, keyring, typ, *holders)
    claims = dict(statement.payload)
    if claims.pop("_sd_alg", None) != ALGORITHM:
        raise SignatureError(f"the digests must be {ALGORITHM}")
    hidden = claims.pop("data", None)
    opened = _Opening(_by_digest(disclosures))
    data = opened.reveal(hidden)
    if not isinstance(data, dict):
        raise SignatureError("the token has no data")
    if opened.left:
        raise SignatureError("a disclosure is not among what the issuer signed")
    return Shown(claims, data, statement.key, opened.hidden)


class _Opening:
    """Puts disclosures where their digests are."""

    def __init__(self, by_digest: dict[str, list[Any]]) -> None:
        self.left = by_digest
        self.seen: set[str] = set()
        self.hidden = 0

    def reveal(self, value: JsonValue) -> JsonValue:
        if isinstance(value, list):
            return [self.reveal(each) for each in value]
        if not isinstance(value, dict):
            return value
        found: JsonObject = {name: self.reveal(inner) for name, inner in value.items() if name != "_sd"}
        for digest in _digests(value):
            if digest in self.seen:
                raise SignatureError("a digest comes twice")
            self.seen.add(digest)
            disclosure = self.left.pop(digest, None)
            if disclosure is None:
                self.hidden += 1
                continue
            _, name, inner = disclosure
            if name in found:
                raise SignatureError(f"the member {name} comes twice")
            found[name] = self.reveal(inner)
        return found


def _digests(value: JsonObject) -> list[str]:
    listed = value.get("_sd", [])
    if not isinstance(listed, list):
        raise SignatureError("_sd is a list of digests")
    if not all(isinstance(each, str) for each in listed):
        raise SignatureError("_sd is a list of digests")
    return [str(each) for each in listed]


def _split(token: str) -> tuple[str, list[str]]:
    signed, *disclosures = token.split("~")
    if not disclosures or disclosures.pop() != "":
        raise SignatureError("an SD-JWT ends with a tilde: no key of a holder is bound")
    if len(disclosures) > MOST_DISCLOSURES:
        raise SignatureError("the token has too many disclosures")
    return signed, disclosures


def _by_digest(disclosures: list[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for each in disclosures:
        try:
            value = parse(decode_base64url(each), max_bytes=4 * 1_048_576)
        except (ValueError, MalformedJson):
            raise SignatureError("a disclosure is not base64url of JSON") from None
        if (
            not isinstance(value, list)
            or len(value) != 3
            or not all(isinstance(one, str) for one in value[:2])
        ):
            raise SignatureError("a disclosure is a salt, a name and a value")
        if value[1] in RESERVED:
            raise SignatureError("a disclosure has a name that SD-JWT keeps for itself")
        digest = digest_of(each)
        if digest in found:
            raise SignatureError("a disclosure comes twice")
        found[digest] = value
    return found
