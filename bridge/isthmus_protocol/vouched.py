"""What a file claims to be, and whose its keys are: by the platform's word, and none that signed nothing."""

from collections.abc import Iterable

from isthmus_protocol import statements
from isthmus_protocol.canonical import MalformedJson, parse
from isthmus_protocol.documents import ISSUER_TYPE
from isthmus_protocol.keys import Holder, Keyring, SignatureError, TrustedKey
from isthmus_protocol.shapes import MalformedMessage, Members

Owners = dict[str, tuple[str, TrustedKey]]
"""Whose each party's key is, by ``kid``."""


class BadFile(Exception):
    """A check of a file that is to prove something failed; ``check`` names it, the message says how."""

    def __init__(self, check: str, detail: str) -> None:
        super().__init__(detail)
        self.check = check


def claims_format(data: bytes, format_: str, most: int) -> bool:
    """Return whether ``data``, at most ``most`` bytes, claims to be of ``format_``, which proves nothing."""
    try:
        found = parse(data, max_bytes=most)
    except MalformedJson:
        return False
    return isinstance(found, dict) and found.get("format") == format_


def owners(tokens: Iterable[str], platform: Keyring) -> Owners:
    """Return whose the keys are that ``tokens`` vouch for, each once, sorted by ``kid``.

    Raises :class:`BadFile` (``parties``).
    """
    listed = list(tokens)
    found: Owners = {}
    for token in listed:
        try:
            members = Members(statements.verify(token, platform, ISSUER_TYPE, Holder.PLATFORM))
            party = members.name("party")
            key = TrustedKey.from_json(members.take("key"))
        except (SignatureError, MalformedMessage) as error:
            raise BadFile("parties", f"a party's key is not vouched for: {error}") from error
        found[key.kid] = party, key
    if list(found) != sorted(found) or len(found) != len(listed):
        raise BadFile("parties", "the parties' keys are not listed once each, in order")
    return found


def check_keys(keys: Iterable[TrustedKey], tokens: Iterable[str], platform: Keyring) -> None:
    """Raise :class:`BadFile` (``form``) unless ``keys`` are those, each once, that signed ``tokens``."""
    used = {statements.signer(token, platform).kid for token in tokens}
    listed = [key.kid for key in keys]
    if used != set(listed) or len(listed) != len(used):
        raise BadFile("form", "the keys in the file are not those that signed it")
