"""Every message that may go to the window or come from it, with the service that stands behind it."""

from collections.abc import Mapping
from types import MappingProxyType

from isthmus_platform import declarations, freight
from isthmus_platform.crossings import Incoming, Outgoing, Unasked

OUTGOING: Mapping[str, Outgoing] = MappingProxyType({**declarations.OUTGOING, **freight.OUTGOING})
"""For :class:`crossings.Sender` and :class:`crossings.Inbox`."""
INCOMING: Mapping[str, Incoming | Unasked] = MappingProxyType({**declarations.INCOMING, **freight.INCOMING})
"""For :class:`crossings.Inbox`."""
