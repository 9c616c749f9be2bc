"""Why the register refuses: one class a rule, with a stable code. A refusal changes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from isthmus_platform.errors import Conflict, InvalidInput, NotFound, NotPermitted, PlatformError
from isthmus_platform.title.chain import WORDS, NotAllowed, Rule


class NoSuchTitle(NotFound):
    """There is no such title: absent, and not for this reader, answer alike."""


class NotHolder(NotPermitted):
    """Only the holder of the title may do this."""

    code = "not_holder"


class NotIssuer(NotPermitted):
    """Only the issuer of the title may do this."""

    code = "not_issuer"


class NotNamed(NotPermitted):
    """The title is made out to another party than its holder."""

    code = "not_named"


class NotToOrder(NotPermitted):
    """The title was endorsed to a party, not to its order: it is endorsed no further."""

    code = "not_to_order"


class TitleEnded(Conflict):
    """The title has ended; nothing follows."""

    code = "title_ended"


class SurrenderPending(Conflict):
    """The title is surrendered; its issuer accepts or rejects that first."""

    code = "surrender_pending"


class NotRequested(Conflict):
    """No surrender was requested."""

    code = "not_requested"


class TitleExists(Conflict):
    """The shipment has a title already; a new one replaces one that was voided or went to paper."""

    code = "title_exists"


class StepTaken(Conflict):
    """Another step came in between; look at the title again."""

    code = "step_taken"


class AlreadyBlocked(Conflict):
    """This party's lien or hold stands on the title already."""

    code = "already_blocked"


class PartySuspended(Conflict):
    """A party to the step is suspended from the register."""

    code = "party_suspended"


class ToSelf(InvalidInput):
    """A party does this to another party, not to itself."""

    code = "to_self"


class ToIssuer(InvalidInput):
    """A title goes back to its issuer by surrender."""

    code = "to_issuer"


class CannotHold(InvalidInput):
    """The operator and authorities hold no title."""

    code = "cannot_hold"


class StraightTitle(InvalidInput):
    """A straight title is not endorsed."""

    code = "straight_title"


class NotConsignee(InvalidInput):
    """A straight title goes to its consignee, or back to its shipper."""

    code = "not_consignee"


class AlreadyBlank(InvalidInput):
    """The title is endorsed in blank already."""

    code = "already_blank"


class ConsigneeRequired(InvalidInput):
    """A straight title names a consignee, which is not its issuer."""

    code = "consignee_required"


class WrongRecipient(InvalidInput):
    """The step takes another recipient than given, or none."""

    code = "wrong_recipient"


class WrongReason(InvalidInput):
    """A reason is given for a surrender for amendment, and for nothing else."""

    code = "wrong_reason"


@dataclass(frozen=True)
class Block:
    """What keeps a title where it is: a ``LIEN`` or a ``HOLD``, by whom, since when, and why.

    Whoever placed it, or in whose favour it is, alone can clear it. ``by`` and ``reason`` are None where the
    reader is not told.
    """

    kind: str
    by: str | None
    since: datetime
    reason: str | None


class TitleBlocked(Conflict):
    """A lien or a customs hold stands on the title: ``blocks`` says which, who can clear it, since when."""

    code = "title_lien"

    def __init__(self, blocks: Sequence[Block]) -> None:
        said = "; ".join(_said(block) for block in blocks)
        super().__init__(f"The title cannot move: {said}.", field="title")
        self.blocks = tuple(blocks)
        if any(block.kind == "HOLD" for block in blocks):
            self.code = TitleHeldByCustoms.code


class TitleHeldByCustoms(TitleBlocked):
    """A customs hold stands on the title; the authority that placed it can clear it."""

    code = "title_hold"


def _said(block: Block) -> str:
    what = "a customs hold" if block.kind == "HOLD" else "a lien"
    whose = "" if block.by is None else f" of {block.by}, who can clear it"
    why = "" if block.reason is None else f" ({block.reason})"
    return f"{what}{whose}, since {block.since:%Y-%m-%d %H:%M} UTC{why}"


_REFUSALS: Mapping[Rule, tuple[type[PlatformError], str]] = {
    Rule.NOT_HOLDER: (NotHolder, "title"),
    Rule.NOT_ISSUER: (NotIssuer, "title"),
    Rule.NOT_NAMED: (NotNamed, "title"),
    Rule.NOT_TO_ORDER: (NotToOrder, "title"),
    Rule.ENDED: (TitleEnded, "title"),
    Rule.SURRENDER_PENDING: (SurrenderPending, "title"),
    Rule.NOT_REQUESTED: (NotRequested, "title"),
    Rule.NOT_ISSUED: (NoSuchTitle, "title"),
    Rule.ALREADY_ISSUED: (TitleExists, "action"),
    Rule.TO_SELF: (ToSelf, "recipient"),
    Rule.TO_ISSUER: (ToIssuer, "recipient"),
    Rule.RECIPIENT: (WrongRecipient, "recipient"),
    Rule.STRAIGHT: (StraightTitle, "action"),
    Rule.NOT_CONSIGNEE: (NotConsignee, "recipient"),
    Rule.ALREADY_BLANK: (AlreadyBlank, "action"),
    Rule.CONSIGNEE: (ConsigneeRequired, "named"),
    Rule.REASON: (WrongReason, "reason"),
    Rule.TIME: (StepTaken, "title"),
}


def refusal(broken: NotAllowed) -> PlatformError:
    """Return the register's refusal of a step that breaks a rule of the machine."""
    kind, field = _REFUSALS[broken.rule]
    return kind(WORDS[broken.rule], field=field)
