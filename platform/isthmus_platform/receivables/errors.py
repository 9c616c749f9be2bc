"""Why a step of a receivable is refused: one class a rule, with a stable code. A refusal changes nothing."""

from isthmus_platform.errors import Conflict, NotFound, NotPermitted


class NoSuchOffer(NotFound):
    """There is no such receivable or offer: absent, and not for this reader, answer alike."""


class WrongPart(NotPermitted):
    """The party sees the offer, but this step is another's."""

    code = "wrong_part"


class WrongState(Conflict):
    """The step does not follow from where the offer stands."""

    code = "wrong_state"


class QuoteLapsed(Conflict):
    """The quote holds no more."""

    code = "quote_lapsed"


class DueDatePassed(Conflict):
    """The invoice is due already."""

    code = "due_date_passed"


class AlreadyFinanced(Conflict):
    """A bank finances this invoice, or one nearly like it; which one is not told."""

    code = "already_financed"


class NotRegistered(Conflict):
    """The bank let the registration go; what is not registered is not paid out."""

    code = "not_registered"


class Disputed(Conflict):
    """Another bank disputes the registration; its dispute stands for 30 days at most."""

    code = "disputed"


class AlreadyOffered(Conflict):
    """The seller offers this invoice, or a document with the same contents."""

    code = "already_offered"


class AlreadyPaidOut(Conflict):
    """A bank paid out on this invoice, or on a document with the same contents, whether repaid or not."""

    code = "already_paid_out"


class OverPayment(Conflict):
    """More than is outstanding."""

    code = "over_payment"


class OtherCurrency(Conflict):
    """The invoice is in another currency."""

    code = "other_currency"
