"""One's e-mail address: nothing but the question goes there before its owner has answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.core import signing
from django.db import IntegrityError
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import audit, crypto, limits, mail, notify
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, NotFound, Unauthenticated
from accounts.models import User
from accounts.services import people
from accounts.services.password import confirm_password
from accounts.units import RunAgain, unit_of_work

CONFIRM_WITHIN_S: Final = 24 * 3600
_SALT: Final = "neobank.accounts.email"


@dataclass(frozen=True, slots=True)
class Asked:
    """An address that ``user`` wants to have, proved by whoever can read what is sent there."""

    user: User
    address: str


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The person with the new address; ``before`` is the confirmed one until now, "" when there was none."""

    user: User
    before: str


def ask(*, actor: Actor, email: str, password: str) -> tuple[str, str]:
    """What a letter to ``email`` has to carry so that the actor gets that address: (address, token). Changes nothing yet.

    Raises ``Conflict`` (``mail_off``), ``Invalid`` (``invalid_email``), ``Denied`` (``wrong_password``), ``TooMany``,
    ``Unauthenticated``.
    """
    if not mail.is_on():
        raise Conflict("mail_off", _("No e-mail is sent from here, so an address would be of no use."))
    address = people.clean_email(email)
    confirm_password(actor=actor, password=password)
    limits.hit("letter_asked", str(actor.user_id))
    limits.hit("letter_asked", _index(address).hex())
    _note(actor=actor)
    return address, token_of(_signed_in(actor), address)


def token_of(user: User, address: str) -> str:
    """Proof that its holder has read a letter to ``address``: good for a day, until that person's password or address changes."""
    return signing.dumps([user.pk.hex, address, _state(user)], salt=_SALT, compress=True)


def find(token: str) -> Asked:
    """Whose address a token wants to confirm. Reads only. Raises ``NotFound`` (``unknown_link``)."""
    try:
        user_id, address, state = signing.loads(token, salt=_SALT, max_age=CONFIRM_WITHIN_S)
    except signing.BadSignature:
        raise _unknown_link() from None
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not (state == _state(user) or is_confirmed(user, address)):
        raise _unknown_link()
    return Asked(user, address)


@unit_of_work
def confirm(*, actor: Actor, token: str) -> Confirmed | DomainError:
    """Give the person of ``token`` the address in it; doing it again changes nothing. Whoever holds the token may.

    Somebody else's claim to it, never confirmed, goes. Raises ``NotFound`` (``unknown_link``), ``Conflict`` (``email_taken``).
    """
    user = people.locked(find(token).user.pk)
    asked = find(token)
    if is_confirmed(user, asked.address):
        return Confirmed(user, "")
    index = _index(asked.address)
    other = User.objects.filter(email_index=index).exclude(pk=user.pk).first()
    if other is not None:
        if other.email_confirmed_at is not None:
            raise Conflict(
                "email_taken",
                _("That e-mail address belongs to another character here. Remove it there first."),
                field="email",
            )
        _clear(other)
        audit.record(actor=actor, action="email.remove", target=people.target(other), why="another's")
    before = crypto.open_from(user, "email") if user.email_confirmed_at else ""
    crypto.seal_into(user, "email", asked.address)
    user.email_index, user.email_confirmed_at = index, timezone.now()
    try:
        user.save(update_fields=["email", "email_index", "email_confirmed_at"])
    except IntegrityError as error:
        # Somebody else confirmed it a moment ago; looked at again, it is the refusal above.
        raise RunAgain from error
    audit.record(actor=actor, action="email.confirm", target=people.target(user))
    notify.publish(
        to=user,
        kind="email.confirm",
        text=lambda: _("Your e-mail address was set. If that was not you, change your password at once."),
    )
    return Confirmed(user, before)


def remove(*, actor: Actor, password: str) -> str:
    """Take the actor's address away; returns the confirmed one until now, "" when there was none.

    Raises ``Denied`` (``wrong_password``), ``TooMany``, ``Unauthenticated``.
    """
    confirm_password(actor=actor, password=password)
    return _remove(actor=actor)


def address_of(user: User) -> str:
    """The address of ``user``, confirmed or not; "" when there is none."""
    return crypto.open_from(user, "email")


def is_confirmed(user: User, address: str) -> bool:
    """Whether ``address`` is the confirmed one of ``user``."""
    return user.email_confirmed_at is not None and bytes(user.email_index or b"") == _index(address)


@unit_of_work
def _note(*, actor: Actor) -> None:
    audit.record(actor=actor, action="email.ask", target=f"accounts.user:{actor.user_id}")


@unit_of_work
def _remove(*, actor: Actor) -> str | DomainError:
    user = people.locked(actor.user_id)
    if user.email_index is None:
        return ""
    before = crypto.open_from(user, "email") if user.email_confirmed_at else ""
    _clear(user)
    audit.record(actor=actor, action="email.remove", target=people.target(user))
    return before


def _clear(user: User) -> None:
    user.email, user.email_index, user.email_confirmed_at = b"", None, None
    user.save(update_fields=["email", "email_index", "email_confirmed_at"])


def _index(address: str) -> bytes:
    return crypto.blind_index("email", address.casefold())


def _state(user: User) -> str:
    """Changes with the password and with the address."""
    parts = (user.password, bytes(user.email_index or b"").hex(), str(user.email_confirmed_at))
    return salted_hmac(_SALT, "\0".join(parts), algorithm="sha256").hexdigest()[:32]


def _signed_in(actor: Actor) -> User:
    if actor.user is None:
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    return actor.user


def _unknown_link() -> NotFound:
    return NotFound(
        "unknown_link",
        _("This link is too old, or was used already. Ask for another letter on your profile."),
    )
