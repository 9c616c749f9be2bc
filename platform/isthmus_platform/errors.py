"""What a service says when it refuses: a stable code, the field and rule, and what a person can do about it.

Raising one of these leaves the transaction to its opener, who rolls it back: nothing is changed.
"""

from collections.abc import Sequence


class PlatformError(Exception):
    """A refusal with a stable ``code``; ``field`` names the input at fault, in the caller's spelling."""

    code = "refused"
    status = 400

    def __init__(self, message: str, *, field: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code

    @property
    def reasons(self) -> "Sequence[PlatformError]":
        """What is refused, each for itself where there are several reasons."""
        return (self,)


class InvalidInput(PlatformError):
    """The input breaks a rule; ``code`` says which (``check_digit``, ``unknown_place``, ``too_long`` ...)."""

    code = "invalid"
    status = 422


class NotFound(PlatformError):
    """There is no such thing for this reader: absent and not theirs answer alike."""

    code = "not_found"
    status = 404


class NotPermitted(PlatformError):
    """The actor may see the thing but not do this to it."""

    code = "not_permitted"
    status = 403


class NotAuthenticated(PlatformError):
    """The caller did not prove who they are."""

    code = "not_authenticated"
    status = 401


class Conflict(PlatformError):
    """The state of the thing forbids it, or an idempotency key came again with another body."""

    code = "conflict"
    status = 409


class StorageFull(PlatformError):
    """There is no room to keep what was sent; nothing of it was."""

    code = "storage_full"
    status = 507

    def __init__(self) -> None:
        super().__init__("There is no room to keep this now; nothing was changed. Try again later.")


class TooLarge(PlatformError):
    """The body exceeds what this entry takes."""

    code = "too_large"
    status = 413
