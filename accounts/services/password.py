"""Passwords: confirming, changing, a game master's reset, and the one by letter."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import replace
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto, limits, notify, passwords, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import Denied, DomainError, Unauthenticated
from accounts.models import LoginCode, LoginSession, User
from accounts.services import login_codes, people
from accounts.services.sessions import end_sessions, void_login_codes
from accounts.units import unit_of_work

RESET_WITHIN: Final = dt.timedelta(hours=1)


def confirm_password(*, actor: Actor, password: str) -> None:
    """Make sure that it is still the actor who sits there. The page then notes it with ``confirmation.remember``.

    Raises ``Denied`` (``wrong_password``, in the trail), ``TooMany`` after ten tries in a minute, ``Unauthenticated``.
    """
    _check(actor, password, action="password.confirm")


def change_password(*, actor: Actor, current: str, new: str) -> int:
    """Give the actor a new password and end every sign-in but the one in use; returns how many ended.

    Raises as ``confirm_password``, and ``Invalid`` (``invalid_password``).
    """
    user = _check(actor, current, action="password.change")
    with tenancy.scope(actor.tenant):
        new_hash = passwords.hash_of(new, owner=user, field="new_password")
    return _replace(actor=actor, person=user, checked=user.password, new_hash=new_hash, keep=actor.session)


def choose_password(*, actor: Actor, new: str) -> int:
    """Give the actor a password without asking for the one until now, where ``selectors.may_choose_password`` says so.

    Ends every sign-in but the one in use; returns how many. Raises ``Denied`` (``old_password_needed``), ``Invalid``
    (``invalid_password``), ``Unauthenticated``.
    """
    user = actor.user
    if user is None:
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    with tenancy.scope(actor.tenant):
        if not selectors.may_choose_password(actor):
            raise Denied(
                "old_password_needed",
                _("Type your password until now, too. Lost it? A game master can show you a sign-in code."),
            )
        new_hash = passwords.hash_of(new, owner=user, field="new_password")
    return _replace(actor=actor, person=user, checked=user.password, new_hash=new_hash, keep=actor.session)


def reset_password(*, actor: Actor, person: User, new: str) -> int:
    """Give somebody who has lost it a new password and end all of that person's sign-ins; returns how many ended.

    Raises ``Denied`` (``not_allowed``, ``own_role``, ``platform_role``; in the trail), ``Invalid`` (``invalid_password``).
    """
    with tenancy.scope(actor.tenant):
        new_hash = passwords.hash_of(new, owner=person)
    return _replace(actor=actor, person=person, checked=None, new_hash=new_hash, keep=None)


# -- By letter ---------------------------------------------------------------------------------------------------------


@unit_of_work
def ask_for_reset(*, actor: Actor, person: User | None) -> str | DomainError:
    """The code of a letter with which ``person`` can choose a new password, once, within an hour; "" where none can be sent.

    The code of an earlier letter stops working; login cards go on. The trail has the request also where nobody was meant.
    """
    user = people.locked(person.pk) if person is not None else None
    about = people.target(user) if user is not None else ""
    if user is None or not user.is_active or user.email_confirmed_at is None:
        status = "unknown_person" if user is None else "no_email" if user.is_active else "login_off"
        audit.record(actor=actor, action="password.forgot", target=about, status=status)
        return ""
    earlier = LoginCode.objects.filter(user=user, kind=LoginCode.Kind.RESET, used_at=None, voided_at=None)
    earlier.update(voided_at=timezone.now())
    code = secrets.token_urlsafe(18)
    LoginCode.objects.create(
        user=user,
        kind=LoginCode.Kind.RESET,
        digest=crypto.digest(code),
        expires_at=timezone.now() + RESET_WITHIN,
    )
    audit.record(actor=actor, action="password.forgot", target=about)
    return code


def reset_with_code(*, actor: Actor, code: str, new: str) -> User:
    """Give the person of a letter's ``code`` a new password and end all of that person's sign-ins. ``actor`` is a visitor.

    Raises ``NotFound`` (``unknown_login_code``), ``Conflict`` (``login_code_used``, ``login_code_replaced``,
    ``login_code_expired``, ``login_off``), ``Invalid`` (``invalid_password``), ``TooMany``.
    """
    limits.hit("login_code", limits.network(actor.origin.ip))
    with tenancy.scope(actor.tenant):
        row = login_codes.find(code, kinds=login_codes.BY_LETTER)
        if (refusal := login_codes.why_not(row)) is not None:
            raise refusal
        new_hash = passwords.hash_of(new, owner=row.user, field="new_password")
    return _reset_with_code(actor=actor, code=code, new_hash=new_hash)


@unit_of_work
def _reset_with_code(*, actor: Actor, code: str, new_hash: str) -> User | DomainError:
    user = people.locked(login_codes.find(code, kinds=login_codes.BY_LETTER).user_id)
    row = login_codes.find(code, kinds=login_codes.BY_LETTER)
    if (refusal := login_codes.why_not(row)) is not None:
        return login_codes.refused(actor=actor, row=row, refusal=refusal)
    reader = replace(actor, user=user)
    login_codes.use(actor=reader, row=row, device_id="")
    _put_in_place(actor=reader, user=user, new_hash=new_hash, keep=None, action="password.reset")
    return user


# -- What they share ---------------------------------------------------------------------------------------------------


def _check(actor: Actor, password: str, *, action: str) -> User:
    if actor.user is None:
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    limits.hit("confirm", str(actor.user_id))
    if not passwords.verify(actor.user, password).is_right:
        _record_wrong(actor=actor, action=action)
    return actor.user


@unit_of_work
def _record_wrong(*, actor: Actor, action: str) -> DomainError:
    about = f"accounts.user:{actor.user_id}"
    refusal = Denied("wrong_password", _("That is not your password. Try again."), field="current_password")
    return people.refused(actor, action, about, refusal)


@unit_of_work
def _replace(
    *, actor: Actor, person: User, checked: str | None, new_hash: str, keep: LoginSession | None
) -> int | DomainError:
    """Replace the hash. ``checked`` is the one that the right password was compared with, None for a game master's reset."""
    user = people.locked(person.pk)
    action = "password.reset" if checked is None else "password.change"
    if checked is None:
        refusal = people.why_not_manage(actor, user, "accounts.manage_people")
    elif user.password != checked:
        # Changed by somebody else while the slow hash was computed.
        refusal = Denied(
            "wrong_password", _("That is not your password. Try again."), field="current_password"
        )
    else:
        refusal = None
    if refusal is not None:
        return people.refused(actor, action, people.target(user), refusal)
    return _put_in_place(actor=actor, user=user, new_hash=new_hash, keep=keep, action=action)


def _put_in_place(*, actor: Actor, user: User, new_hash: str, keep: LoginSession | None, action: str) -> int:
    """The new hash, everything that the old password had opened closed; returns how many sign-ins ended. Inside a unit."""
    user.password, user.password_changed_at = new_hash, timezone.now()
    user.save(update_fields=["password", "password_changed_at"])
    ended = end_sessions(actor=actor, user=user, keep=keep)
    void_login_codes(actor=actor, users=[user])
    audit.record(actor=actor, action=action, target=people.target(user), sessions_ended=ended)
    notify.publish(
        to=user,
        kind="password.changed",
        text=lambda: _("Your password was changed. If that was not you, ask a game master at once."),
    )
    return ended
