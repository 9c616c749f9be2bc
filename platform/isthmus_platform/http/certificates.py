"""Client certificates (mutual TLS, RFC 8705), as the proxy that ends TLS tells of them (RFC 9440).

The header says what its sender likes. It is looked at where the request comes from one of the proxies that
the installation names, and from nowhere else; those must take away what a client sends under its name.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

from cryptography.x509 import load_der_x509_certificate
from flask import request

from isthmus_platform.tokens import refused

HEADER = "Client-Cert"
LONGEST = 16 * 1024
Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class CertificateDesk:
    """Where the present request's client certificate is read; ``proxies`` are those that are believed."""

    proxies: Sequence[Network]

    def thumbprint(self) -> str | None:
        """Return ``x5t#S256`` of the certificate that the client proved to hold; None where there is none.

        Raises :class:`NotAuthenticated` (``certificate_invalid``) for a proxy's header that holds none.
        """
        given = request.headers.get(HEADER)
        if given is None or not self._is_proxy(request.remote_addr):
            return None
        return thumbprint(given)

    def _is_proxy(self, address: str | None) -> bool:
        try:
            at = ip_address(address or "")
        except ValueError:
            return False
        at = getattr(at, "ipv4_mapped", None) or at
        return any(at in network for network in self.proxies)


def thumbprint(header: str) -> str:
    """Return the SHA-256 thumbprint (RFC 8705 section 3.1) of the certificate in a ``Client-Cert`` header."""
    try:
        if not (1 < len(header) <= LONGEST and header.startswith(":") and header.endswith(":")):
            raise ValueError("a byte sequence of RFC 8941 stands between colons")
        der = base64.b64decode(header[1:-1], validate=True)
        load_der_x509_certificate(der)
    except (ValueError, binascii.Error):
        raise refused(
            "certificate_invalid", "Client-Cert is not one certificate as RFC 9440 writes it."
        ) from None
    return base64.urlsafe_b64encode(hashlib.sha256(der).digest()).rstrip(b"=").decode()
