"""What webhooks are told of a title: a step to who had part in it, issuer and holder; and no names."""

from collections.abc import Iterable
from types import MappingProxyType
from uuid import UUID

from isthmus_platform import changes
from isthmus_platform.changes import Kind
from isthmus_platform.database import Work
from isthmus_platform.title.chain import Action
from isthmus_platform.title.records import TitleBlock, TitleRecord

KINDS = MappingProxyType(
    {
        Action.ISSUE: Kind.TITLE_ISSUED,
        Action.TRANSFER: Kind.TITLE_TRANSFERRED,
        Action.ENDORSE: Kind.TITLE_ENDORSED,
        Action.ENDORSE_TO_ORDER: Kind.TITLE_ENDORSED,
        Action.BLANK_ENDORSE: Kind.TITLE_ENDORSED,
        Action.SIGN: Kind.TITLE_SIGNED,
        Action.SURRENDER_FOR_DELIVERY: Kind.TITLE_SURRENDERED,
        Action.SURRENDER_FOR_AMENDMENT: Kind.TITLE_SURRENDERED,
        Action.SACC: Kind.TITLE_SURRENDER_ACCEPTED,
        Action.SREJ: Kind.TITLE_SURRENDER_REFUSED,
    }
)
BLOCKS = MappingProxyType(
    {
        ("LIEN", False): Kind.TITLE_LIEN_PLACED,
        ("LIEN", True): Kind.TITLE_LIEN_RELEASED,
        ("HOLD", False): Kind.TITLE_HOLD_PLACED,
        ("HOLD", True): Kind.TITLE_HOLD_RELEASED,
    }
)
"""By what stands on a title, and whether it was released."""


def tell(work: Work, title: TitleRecord, action: Action, recipient_id: UUID | None) -> None:
    """Tell of a step that the acting party made on ``title``, which stands as the step left it."""
    parts = {work.actor.party_id, title.issuer_id, title.possessor_id}
    about = {"title": str(title.id), "action": action.value, "state": title.phase}
    _note(work, title, KINDS[action], parts if recipient_id is None else {*parts, recipient_id}, about)


def tell_of_block(work: Work, title: TitleRecord, block: TitleBlock) -> None:
    """Tell of a lien or hold that was placed or released: whose it is, who placed it, issuer and holder."""
    parts = {block.party_id, block.placed_by, title.issuer_id, title.possessor_id}
    kind = BLOCKS[block.kind, block.released_at is not None]
    _note(work, title, kind, parts, {"title": str(title.id), "block": str(block.id), "state": title.phase})


def _note(
    work: Work, title: TitleRecord, kind: Kind, party_ids: Iterable[UUID], about: dict[str, str]
) -> None:
    for party_id in sorted(party_ids):
        changes.note(work, kind, party_id, about, title_id=title.id)
