"""A transferable record and the steps that lead it from holder to holder, as a pure state machine.

MLETR (UNCITRAL 2017) asks that the record be identifiable as *the* one (Art. 10(1)(b)(i)), be subject to
control from its making until it ceases to have effect (10(1)(b)(ii)), and keep its integrity (10(1)(b)(iii));
and that one person be known to have exclusive control (Art. 11). Here that person is the **possessor**. Who
may claim the goods is a second question: the **named** party, or whoever possesses where none is named.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from isthmus_protocol.title_steps import Action, Form, Kind, Reason, Step, Terms


class Phase(StrEnum):
    """Where a title stands in its life; the last three end it."""

    HELD = "HELD"
    DELIVERY_REQUESTED = "DELIVERY_REQUESTED"
    AMENDMENT_REQUESTED = "AMENDMENT_REQUESTED"
    SURRENDERED = "SURRENDERED"
    VOID = "VOID"
    PAPER = "PAPER"

    @property
    def ended(self) -> bool:
        """Whether nothing more can be done with the record."""
        return self in (Phase.SURRENDERED, Phase.VOID, Phase.PAPER)


class Rule(StrEnum):
    """The rule that a step breaks."""

    NOT_ISSUED = "not_issued"
    ALREADY_ISSUED = "already_issued"
    ENDED = "title_ended"
    NOT_HOLDER = "not_holder"
    SURRENDER_PENDING = "surrender_pending"
    NOT_ISSUER = "not_issuer"
    NOT_REQUESTED = "not_requested"
    RECIPIENT = "recipient"
    TO_SELF = "to_self"
    TO_ISSUER = "to_issuer"
    STRAIGHT = "straight_title"
    NOT_CONSIGNEE = "not_consignee"
    NOT_NAMED = "not_named"
    NOT_TO_ORDER = "not_to_order"
    ALREADY_BLANK = "already_blank"
    CONSIGNEE = "consignee_required"
    REASON = "reason"
    TIME = "time"


WORDS: Mapping[Rule, str] = {
    Rule.NOT_ISSUED: "A title begins with its issue.",
    Rule.ALREADY_ISSUED: "A title is issued once.",
    Rule.ENDED: "The title has ended; nothing follows.",
    Rule.NOT_HOLDER: "Only the holder of the title may do this.",
    Rule.SURRENDER_PENDING: "The title is surrendered; its issuer accepts or rejects that first.",
    Rule.NOT_ISSUER: "Only the issuer of the title may do this.",
    Rule.NOT_REQUESTED: "No surrender was requested.",
    Rule.RECIPIENT: "The step names another recipient than it must, or one where there is none.",
    Rule.TO_SELF: "A party does this to another party, not to itself.",
    Rule.TO_ISSUER: "A title goes back to its issuer by surrender.",
    Rule.STRAIGHT: "A straight title is not endorsed.",
    Rule.NOT_CONSIGNEE: "A straight title goes to its consignee, or back to its shipper.",
    Rule.NOT_NAMED: "The title is made out to another party than its holder.",
    Rule.NOT_TO_ORDER: "The title was endorsed to a party, not to its order: it is endorsed no further.",
    Rule.ALREADY_BLANK: "The title is endorsed in blank already.",
    Rule.CONSIGNEE: "A straight title names a consignee, which is not its issuer.",
    Rule.REASON: "A reason is given for a surrender for amendment that it fits, and for nothing else.",
    Rule.TIME: "A step is not before the one it follows.",
}


class NotAllowed(Exception):
    """A step breaks a ``rule``; nothing is changed by it."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(WORDS[rule])
        self.rule = rule


@dataclass(frozen=True)
class Title:
    """A title as its steps have left it; parties by name.

    ``to_order`` says whether the named party may endorse; ``surrendered_by`` who asked the issuer last.
    """

    terms: Terms
    issuer: str
    shipper: str
    possessor: str
    named: str | None
    to_order: bool
    at: datetime
    phase: Phase = Phase.HELD
    surrendered_by: str | None = None
    reason: Reason | None = None

    @property
    def claimant(self) -> str:
        """Who may claim the goods: the party it is made out to, else whoever possesses it."""
        return self.possessor if self.named is None else self.named


def begin(step: Step) -> Title:
    """Return the title that an issue makes; raise :class:`NotAllowed`."""
    terms = step.terms
    if step.action is not Action.ISSUE or terms is None:
        raise NotAllowed(Rule.NOT_ISSUED)
    if step.recipient is None:
        raise NotAllowed(Rule.RECIPIENT)
    if step.recipient == step.actor:
        raise NotAllowed(Rule.TO_SELF)
    if step.reason is not None:
        raise NotAllowed(Rule.REASON)
    if terms.form is Form.STRAIGHT and terms.named in (None, step.actor):
        raise NotAllowed(Rule.CONSIGNEE)
    negotiable = terms.form is Form.NEGOTIABLE
    return Title(terms, step.actor, step.recipient, step.recipient, terms.named, negotiable, step.at)


def take(title: Title, step: Step) -> Title:
    """Return ``title`` after ``step``; raise :class:`NotAllowed`, saying which rule it breaks."""
    if step.action is Action.ISSUE or step.terms is not None:
        raise NotAllowed(Rule.ALREADY_ISSUED)
    if title.phase.ended:
        raise NotAllowed(Rule.ENDED)
    if step.at < title.at:
        raise NotAllowed(Rule.TIME)
    if step.reason is not None and step.action is not Action.SURRENDER_FOR_AMENDMENT:
        raise NotAllowed(Rule.REASON)
    if step.action in (Action.SACC, Action.SREJ):
        _check_answer(title, step)
    else:
        _check_holder(title, step)
    return replace(_EFFECTS[step.action](title, step), at=step.at)


def _check_answer(title: Title, step: Step) -> None:
    if step.actor != title.issuer:
        raise NotAllowed(Rule.NOT_ISSUER)
    if title.phase is Phase.HELD:
        raise NotAllowed(Rule.NOT_REQUESTED)
    if step.recipient != title.surrendered_by:
        raise NotAllowed(Rule.RECIPIENT)


def _check_holder(title: Title, step: Step) -> None:
    if step.actor != title.possessor:
        raise NotAllowed(Rule.NOT_HOLDER)
    if title.phase is not Phase.HELD:
        raise NotAllowed(Rule.SURRENDER_PENDING)
    if (step.recipient is None) is not (step.action in _ALONE):
        raise NotAllowed(Rule.RECIPIENT)
    if step.recipient == step.actor:
        raise NotAllowed(Rule.TO_SELF)


def _transfer(title: Title, step: Step) -> Title:
    recipient = _recipient(step)
    if recipient == title.issuer:
        raise NotAllowed(Rule.TO_ISSUER)
    if title.terms.form is Form.STRAIGHT and recipient not in (title.named, title.shipper):
        raise NotAllowed(Rule.NOT_CONSIGNEE)
    return replace(title, possessor=recipient)


def _endorse(title: Title, step: Step) -> Title:
    if title.terms.form is Form.STRAIGHT:
        raise NotAllowed(Rule.STRAIGHT)
    _check_claim(title)
    if not title.to_order:
        raise NotAllowed(Rule.NOT_TO_ORDER)
    if step.action is Action.BLANK_ENDORSE and title.named is None:
        raise NotAllowed(Rule.ALREADY_BLANK)
    if step.recipient == title.issuer:
        raise NotAllowed(Rule.TO_ISSUER)
    return replace(title, named=step.recipient, to_order=step.action is not Action.ENDORSE)


def _sign(title: Title, _step: Step) -> Title:
    return title


def _surrender(title: Title, step: Step) -> Title:
    if step.recipient != title.issuer:
        raise NotAllowed(Rule.RECIPIENT)
    _check_claim(title)
    if title.terms.kind is Kind.WAREHOUSE_RECEIPT and step.reason in (Reason.COD, Reason.SWI):
        raise NotAllowed(Rule.REASON)
    delivery = step.action is Action.SURRENDER_FOR_DELIVERY
    return replace(
        title,
        possessor=title.issuer,
        phase=Phase.DELIVERY_REQUESTED if delivery else Phase.AMENDMENT_REQUESTED,
        surrendered_by=step.actor,
        reason=step.reason,
    )


def _check_claim(title: Title) -> None:
    """Raise unless the holder may deal with the goods (DCSA EBL_SUR 3.0, surrender guarantee 2)."""
    entitled = {title.claimant}
    if title.terms.form is Form.STRAIGHT:
        entitled.add(title.shipper)
    if title.possessor not in entitled:
        raise NotAllowed(Rule.NOT_NAMED)


def _accept(title: Title, _step: Step) -> Title:
    if title.phase is Phase.DELIVERY_REQUESTED:
        return replace(title, phase=Phase.SURRENDERED)
    return replace(title, phase=Phase.PAPER if title.reason is Reason.SWTP else Phase.VOID)


def _reject(title: Title, step: Step) -> Title:
    return replace(title, possessor=_recipient(step), phase=Phase.HELD, surrendered_by=None, reason=None)


def _recipient(step: Step) -> str:
    if step.recipient is None:
        raise NotAllowed(Rule.RECIPIENT)
    return step.recipient


_ALONE = (Action.SIGN, Action.BLANK_ENDORSE)
"""What has no recipient (DCSA: "No Party")."""
_EFFECTS: Mapping[Action, Callable[[Title, Step], Title]] = {
    Action.TRANSFER: _transfer,
    Action.ENDORSE: _endorse,
    Action.ENDORSE_TO_ORDER: _endorse,
    Action.BLANK_ENDORSE: _endorse,
    Action.SIGN: _sign,
    Action.SURRENDER_FOR_DELIVERY: _surrender,
    Action.SURRENDER_FOR_AMENDMENT: _surrender,
    Action.SACC: _accept,
    Action.SREJ: _reject,
}
