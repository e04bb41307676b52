"""Signing in with a name and a password."""

from __future__ import annotations

from dataclasses import replace

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from accounts import audit, limits, names, passwords, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import DomainError, Invalid, Unauthenticated
from accounts.models import User
from accounts.services import people, sessions
from accounts.units import unit_of_work
from identity.devices import Device
from identity.services import arrivals
from identity.services.stay import SignedIn, Stay


def login(
    *, actor: Actor, character_name: str, password: str, stay: Stay, device: Device, device_name: str = ""
) -> SignedIn:
    """Sign somebody in. ``actor`` is a visitor.

    An unknown name, a wrong password and a login that was switched off get one answer, after the same work. Raises
    ``Unauthenticated`` (``bad_login``, in the trail), ``TooMany``.
    """
    with tenancy.scope(actor.tenant):
        user = selectors.login_named(character_name)
    is_known = user is not None and device.knows(user.pk)
    if user is not None and is_known:
        limits.hit("login_known", user.pk.hex)
    else:
        limits.hit("login", limits.network(actor.origin.ip))
    attempt = limits.Attempt(
        tenant=str(actor.tenant.pk),
        name_key=user.name_key if user else _key_of_nobody(character_name),
        ip=actor.origin.ip,
        device=device.id,
        is_known=is_known,
    )
    attempt.begin()
    verdict = passwords.verify(user, password)
    if user is None or not verdict.is_right or not user.is_active:
        _record_refusal(actor=actor, user=user)
        raise _bad_login()
    signed_in = _open(
        actor=actor,
        user=user,
        new_hash=make_password(password) if verdict.is_outdated else None,
        stay=stay,
        device=device,
        device_name=device_name,
    )
    attempt.succeeded()
    arrivals.tell(actor=actor, signed_in=signed_in)
    return signed_in


def _key_of_nobody(typed: str) -> str:
    """What tries are counted under when there is no such login: however it is spelled, as if there were one."""
    try:
        return names.key(names.clean(typed))
    except Invalid:
        return typed


@unit_of_work
def _open(
    *, actor: Actor, user: User, new_hash: str | None, stay: Stay, device: Device, device_name: str
) -> SignedIn | DomainError:
    """Open the session, if nothing has changed since the password was compared with the hash of ``user``."""
    current = people.locked(user.pk)
    if not current.is_active or current.password != user.password:
        return _refused(actor, user)
    if new_hash is not None:
        current.password = new_hash
        current.save(update_fields=["password"])
    opened = sessions.open_session(
        actor=replace(actor, user=current),
        user=current,
        lasts=stay.lasts(),
        device_name=device_name,
        refreshable=stay is Stay.REFRESHABLE,
    )
    current.faction = user.faction
    return SignedIn(
        current,
        opened.session,
        stay,
        device.after_sign_in(user.pk),
        opened.refresh_token,
        is_elsewhere=arrivals.note(user=current, session=opened.session, device=device),
    )


@unit_of_work
def _record_refusal(*, actor: Actor, user: User | None) -> None:
    _refused(actor, user)


def _refused(actor: Actor, user: User | None) -> Unauthenticated:
    # What was typed for a name is not kept: people type their passwords there.
    audit.record(
        actor=actor, action="session.open", target=people.target(user) if user else "", status="bad_login"
    )
    return _bad_login()


def _bad_login() -> Unauthenticated:
    return Unauthenticated(
        "bad_login", _("Name or password are not right. Try again, or ask a game master for help.")
    )
