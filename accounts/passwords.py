"""Passwords: which are good enough, and whether one is right. Hashing takes long on purpose: never inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.contrib.auth.hashers import make_password, verify_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import User

MAX_LENGTH: Final = 256


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right, and whether its hash was made with another algorithm or cost than ours of today."""

    is_right: bool
    is_outdated: bool = False


def hash_of(password: str, *, owner: User, field: str = "password") -> str:
    """The hash of a new password for ``owner`` (not yet saved). Raises ``Invalid`` (``invalid_password``, with ``field``)."""
    if len(password) > MAX_LENGTH or not _is_text(password):
        raise Invalid(
            "invalid_password",
            _("A password has at most 256 characters, each of which can be typed."),
            field=field,
        )
    try:
        validate_password(password, user=owner)
    except ValidationError as error:
        raise Invalid("invalid_password", " ".join(error.messages), field=field) from None
    return make_password(password)


def verify(user: User | None, password: str) -> Verdict:
    """Whether ``password`` is ``user``'s; without a user it is wrong, after the same work: one hash is computed either way."""
    if len(password) > MAX_LENGTH or not _is_text(password):
        # Nobody has such a password, whatever the name: nothing is told by answering at once.
        return Verdict(is_right=False)
    if user is None:
        make_password(password)
        return Verdict(is_right=False)
    return Verdict(*verify_password(password, user.password))


def _is_text(password: str) -> bool:
    """Half a surrogate pair can be written in JSON, but not in UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in password)
