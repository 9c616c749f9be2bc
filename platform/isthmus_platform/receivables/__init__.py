"""Receivable and invoice finance: an invoice offered to chosen banks, blind until one accepts.

Acting: :func:`offer`, :func:`quote`, :func:`step`, :func:`repay`; by the worker :func:`pay_out`, by the clock
:func:`watch`. The pure parts are :mod:`.machine` and :mod:`.terms`; what a bank may learn of a consignment in
one answer is :mod:`.truth`.
"""

from isthmus_platform.receivables.machine import Action, Part, State
from isthmus_platform.receivables.offering import Draft, offer
from isthmus_platform.receivables.paying import TOPIC, pay_out, repay
from isthmus_platform.receivables.register import quote, step
from isthmus_platform.receivables.terms import Invoice, Quote
from isthmus_platform.receivables.watching import watch

__all__ = [
    "TOPIC",
    "Action",
    "Draft",
    "Invoice",
    "Part",
    "Quote",
    "State",
    "offer",
    "pay_out",
    "quote",
    "repay",
    "step",
    "watch",
]
