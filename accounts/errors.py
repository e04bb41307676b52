"""What a service may refuse, as values that every door (API, page, command, admin) shows in its own way.

A refusal has a stable ``code`` for programs, a sentence that tells the person what to do next, and ``facts`` (plain JSON
values) from which the sentence can be built again when the same request is repeated later.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A refusal. Raised before anything was written, or returned by a unit of work that must commit first."""

    status: ClassVar[int] = 500
    title: ClassVar[Any] = _("Error")

    def __init__(
        self,
        code: str,
        sentence: str,
        *,
        field: str | None = None,
        facts: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.field = field
        self.facts = facts or {}
        self.retry_after = retry_after

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.sentence!r})"


class Invalid(DomainError):
    """The request itself is wrong: another try with the same words will fail again."""

    status = 400
    title = _("Invalid request")


class Unauthenticated(DomainError):
    """Nobody is signed in, or the credential is not (or no longer) good."""

    status = 401
    title = _("Sign in first")


class Denied(DomainError):
    """Known, but not allowed to do this."""

    status = 403
    title = _("Not allowed")


class NotFound(DomainError):
    """Absent, or not yours: the answer is the same for both."""

    status = 404
    title = _("Not found")


class Conflict(DomainError):
    """The state of the world does not allow it now."""

    status = 409
    title = _("Not possible now")


class Reused(DomainError):
    """An idempotency key or nonce came back with another request."""

    status = 422
    title = _("Key used before")


class Unprocessable(DomainError):
    """Well formed, but it cannot mean anything: a balance of tomorrow."""

    status = 422
    title = _("Cannot be done")


class TooMany(DomainError):
    """Over a rate limit; ``retry_after`` says how many seconds to wait."""

    status = 429
    title = _("Too many requests")


class Unavailable(DomainError):
    """The server cannot do it now, nothing was done; ``retry_after`` says when to try again (seconds)."""

    status = 503
    title = _("Busy")
