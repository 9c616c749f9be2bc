"""Title: who holds a shipment's bill of lading, or its warehouse receipt, at any moment exactly one party.

Other services stand on the names below. Acting: :func:`issue`, :func:`act`. What keeps a title where it is:
:func:`place_lien`, :func:`release_lien`, :func:`place_hold`, :func:`release_hold`. Asking: :func:`holder_of`
by shipment, :func:`standing` by title.
"""

from isthmus_platform.title.blocks import (
    place_hold,
    place_lien,
    release,
    release_hold,
    release_lien,
    release_own,
)
from isthmus_platform.title.chain import Action, Form, Kind, Phase, Reason
from isthmus_platform.title.errors import Block, TitleBlocked
from isthmus_platform.title.membership import readmit, suspend
from isthmus_platform.title.reading import Standing, export, holder_of, standing
from isthmus_platform.title.register import IssueDraft, act, issue

__all__ = [
    "Action",
    "Block",
    "Form",
    "IssueDraft",
    "Kind",
    "Phase",
    "Reason",
    "Standing",
    "TitleBlocked",
    "act",
    "export",
    "holder_of",
    "issue",
    "place_hold",
    "place_lien",
    "readmit",
    "release",
    "release_hold",
    "release_lien",
    "release_own",
    "standing",
    "suspend",
]
