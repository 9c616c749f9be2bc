"""The platform's one door to the bridge; nothing else on the platform knows the protocol.

A service asks with :func:`request`; :class:`Sender` sends it after the commit; :class:`Inbox` takes what
comes back. What a message means is the service's, told through :class:`Outgoing` and :data:`Incoming`.
"""

from isthmus_platform.crossings.asked import Agreement, Question, answered, fields_of, permit, questions
from isthmus_platform.crossings.asked import read as read_questions
from isthmus_platform.crossings.asking import TOPIC, Ask, request
from isthmus_platform.crossings.bridge_client import (
    BridgeClient,
    BridgeRefused,
    BridgeUnavailable,
    LogEntry,
    LogPage,
)
from isthmus_platform.crossings.inbox import Inbox, Incoming, Unasked
from isthmus_platform.crossings.publishing import publish_dataset
from isthmus_platform.crossings.records import (
    BRIDGE,
    Crossing,
    by_exchange,
    first_delivered,
    get,
    page,
    signed_words,
)
from isthmus_platform.crossings.sending import Outgoing, Sender

__all__ = [
    "BRIDGE",
    "TOPIC",
    "Agreement",
    "Ask",
    "BridgeClient",
    "BridgeRefused",
    "BridgeUnavailable",
    "Crossing",
    "Inbox",
    "Incoming",
    "LogEntry",
    "LogPage",
    "Outgoing",
    "Question",
    "Sender",
    "Unasked",
    "answered",
    "by_exchange",
    "fields_of",
    "first_delivered",
    "get",
    "page",
    "permit",
    "publish_dataset",
    "questions",
    "read_questions",
    "request",
    "signed_words",
]
