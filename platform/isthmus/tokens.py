"""Access tokens for the demonstration's parties, obtained as any machine client obtains them."""

import httpx

from isthmus.demo.member import UnexpectedAnswer, Unready, obtain_token
from isthmus.errors import CannotRun
from isthmus.home import Home
from isthmus.settings import Settings
from isthmus_protocol.keys import Holder, SigningKey


def obtain(home: Home, settings: Settings, party: str) -> str:
    """Return an access token for ``party`` with ``private_key_jwt`` (RFC 7523); raise :class:`CannotRun`."""
    clients = home.path / "demo" / "clients"
    known = sorted(file.stem for file in clients.glob("*.pem"))
    if party not in known:
        names = ", ".join(known) or "none yet: `isthmus demo` makes them"
        raise CannotRun(f"There is no demonstration party {party!r} here. Known: {names}.")
    pem = (clients / f"{party}.pem").read_bytes()
    kid = SigningKey.from_pem(Holder.PLATFORM, pem).kid
    with httpx.Client(timeout=10) as http:
        try:
            return obtain_token(http, settings.web_address, party, pem, kid)
        except httpx.TransportError:
            raise CannotRun(
                f"Nothing answers at {settings.web_address}: start it with `isthmus run`."
            ) from None
        except (UnexpectedAnswer, Unready) as refused:
            raise CannotRun(f"The platform gave no token: {refused}") from None
