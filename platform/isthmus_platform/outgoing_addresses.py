"""Addresses that others name and we call: of the public internet alone, judged after resolution.

A name may resolve to anything, and to something else a moment later (DNS rebinding). So the caller is given
the very addresses that were judged and connects to these; the name only goes into TLS and ``Host``. IPv4 is
refused by the IANA special-purpose registry, IPv6 admitted only from global unicast (2000::/3) less what is
special or carries an IPv4 address inside (6to4, Teredo, ISATAP; NAT64 and mapped lie outside of 2000::/3).
"""

import socket
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from isthmus_platform.errors import InvalidInput

Address: TypeAlias = IPv4Address | IPv6Address
Resolve: TypeAlias = Callable[[str, int], list[str]]

LONGEST_URL = 2_000
LOWEST_FREE_PORT = 1024
TLS_PORT = 443
MOST_ADDRESSES = 4

REFUSED_IPV4 = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
GLOBAL_UNICAST = ip_network("2000::/3")
REFUSED_IPV6 = tuple(
    ip_network(each)
    for each in (
        "2001::/23",  # protocol assignments, Teredo (2001::/32) among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)
ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214)."""


class AddressRefused(InvalidInput):
    """The address is none that may be called from here; what it resolves to is not told."""

    code = "address_refused"


@dataclass(frozen=True)
class Destination:
    """Where to connect: one of ``addresses``, speaking to ``host`` at ``port`` about ``target``."""

    host: str
    port: int
    target: str
    addresses: tuple[str, ...]
    encrypted: bool


@dataclass(frozen=True)
class Outgoing:
    """What may be called. ``loopback`` also admits this machine, and http on it: never in production."""

    loopback: bool = False

    def check(self, url: str, *, field: str = "url") -> None:
        """Raise :class:`AddressRefused` for what no resolution could make good; asks no name server."""
        host, port, _ = self._parts(url, field)
        try:
            numeric = _looked_up(host, port, socket.AI_NUMERICHOST)
        except OSError:
            numeric = []
        self._judge(numeric, urlsplit(url).scheme, field)
        if not numeric and "." not in host.strip(".") and not self._is_here(host):
            raise _refused("The host's name has no dot, so it is of a local network.", field)

    def resolve(self, url: str, look_up: Resolve | None = None) -> Destination:
        """Return where to connect for ``url``.

        Raises :class:`AddressRefused` when any of its addresses may not be called, and :class:`OSError` when
        the name does not resolve.
        """
        host, port, parts = self._parts(url, "url")
        found = (look_up or _looked_up)(host, port)
        if not found:
            raise OSError("the name has no address")
        self._judge(found, parts.scheme, "url")
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return Destination(host, port, target, tuple(found[:MOST_ADDRESSES]), parts.scheme == "https")

    def _parts(self, url: str, field: str) -> tuple[str, int, SplitResult]:
        if len(url) > LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
            raise _refused("An address is plain ASCII without spaces, 2000 characters at most.", field)
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _refused("This is no address.", field) from None
        if parts.scheme != "https" and not (self.loopback and parts.scheme == "http"):
            raise _refused("An address begins with https://.", field)
        if not parts.hostname or "@" in parts.netloc or "%" in parts.netloc or parts.fragment:
            raise _refused("An address names a host, no user and no fragment.", field)
        port = port if port is not None else (TLS_PORT if parts.scheme == "https" else 80)
        if port != TLS_PORT and port < LOWEST_FREE_PORT and not (self.loopback and port == 80):
            raise _refused("The port is 443 or above 1023.", field)
        return parts.hostname, port, parts

    def _judge(self, found: list[str], scheme: str, field: str) -> None:
        for each in found:
            address = ip_address(each.partition("%")[0])
            here = self.loopback and address.is_loopback
            if "%" in each or not (here or is_public(address)):
                raise _refused("The address does not lead to the public internet.", field)
            if scheme == "http" and not here:
                raise _refused("An address begins with https://.", field)

    def _is_here(self, host: str) -> bool:
        return self.loopback and host == "localhost"


def is_public(address: Address) -> bool:
    """Tell whether ``address`` is one of the public internet, and hides no other inside."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in REFUSED_IPV4)
    if address not in GLOBAL_UNICAST or any(address in network for network in REFUSED_IPV6):
        return False
    return (int(address) >> 32) & 0xFFFF_FFFF not in ISATAP


def _looked_up(host: str, port: int, flags: int = 0) -> list[str]:
    """Return the addresses of ``host``; numbers in any spelling (``127.1``, ``2130706433``) are numbers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    except UnicodeError as error:  # an empty or overlong label
        raise OSError(str(error)) from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _refused(message: str, field: str) -> AddressRefused:
    return AddressRefused(message, field=field)
