"""Why a step of a credit is refused: one class a rule, with a stable code. A refusal changes nothing."""

from isthmus_platform.errors import Conflict, NotFound, NotPermitted


class NoSuchCredit(NotFound):
    """There is no such credit, amendment or presentation: absent, and not for this reader, answer alike."""


class WrongPart(NotPermitted):
    """The party sees the credit, but this step is another part's."""

    code = "wrong_part"


class WrongState(Conflict):
    """The step does not follow from where the credit, amendment or presentation stands."""

    code = "wrong_state"


class ReferenceTaken(Conflict):
    """The reference is used already."""

    code = "reference_taken"


class Overdrawn(Conflict):
    """Nothing is left of the credit, or an amendment would leave less than is drawn."""

    code = "overdrawn"


class CreditExpired(Conflict):
    """The credit's expiry has passed."""

    code = "credit_expired"


class CreditOpen(Conflict):
    """The credit has a balance and has not expired, or something is still to be settled under it."""

    code = "credit_open"


class NotMatured(Conflict):
    """Payment is due at a later day."""

    code = "not_matured"


class WrongAvailability(Conflict):
    """The credit is available otherwise: at sight where a time draft is accepted, or the other way round."""

    code = "wrong_availability"


class NothingToReimburse(Conflict):
    """The issuing bank paid itself."""

    code = "nothing_to_reimburse"


class RuleUntried(Conflict):
    """A rule is tried on past presentations before it is turned on."""

    code = "rule_untried"
