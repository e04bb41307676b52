"""Sign-ins: opening one, ending one, ending them all. Each request looks at the row, so an end takes effect at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto, tokens
from accounts.actors import Actor
from accounts.errors import DomainError, NotFound, Unauthenticated
from accounts.models import CredentialTenant, LoginCode, LoginSession, User
from accounts.units import unit_of_work

DEVICE_NAME_MAX = 80


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session and, when one was asked for, its first refresh token, which nobody can show a second time."""

    session: LoginSession
    refresh_token: str | None = field(default=None, repr=False)


def open_session(
    *, actor: Actor, user: User, lasts: dt.timedelta, device_name: str = "", refreshable: bool = False
) -> OpenedSession:
    """Make a session of ``user`` that lasts for ``lasts``. Inside a unit."""
    session = LoginSession(
        user=user,
        device_name=device_name[:DEVICE_NAME_MAX],
        ip=actor.origin.ip,
        user_agent=actor.origin.user_agent[:200],
        expires_at=timezone.now() + lasts,
    )
    first = tokens.RefreshToken.first(session.pk) if refreshable else None
    if first is not None:
        session.refresh_digest = crypto.digest(first.secret)
    session.save()
    CredentialTenant.objects.create(handle=session.pk.hex, tenant=actor.tenant)
    audit.record(
        actor=actor,
        action="session.open",
        target=target(session),
        device=session.device_name,
        lasts_s=int(lasts.total_seconds()),
    )
    return OpenedSession(session, first.text() if first else None)


def end_sessions(*, actor: Actor, user: User, keep: LoginSession | None = None) -> int:
    """End every session of ``user`` but ``keep``; returns how many. Inside a unit."""
    living = LoginSession.objects.filter(user=user, revoked_at=None)
    if keep is not None:
        living = living.exclude(pk=keep.pk)
    return living.update(revoked_at=timezone.now())


def void_login_codes(*, actor: Actor, users: Sequence[User]) -> int:
    """Make every unused card and code of ``users`` worthless; returns how many. Inside a unit."""
    unused = LoginCode.objects.filter(user__in=users, used_at=None, voided_at=None)
    return unused.update(voided_at=timezone.now())


@unit_of_work
def end_all_sessions(*, actor: Actor, reason: str) -> int:
    """End every session of the actor's event, and with it every refresh token; returns how many. Raises ``Denied``."""
    actor.require("accounts.manage_people")
    ended = LoginSession.objects.filter(revoked_at=None).update(revoked_at=timezone.now())
    audit.record(
        actor=actor,
        action="session.end_all",
        target=f"accounts.tenant:{actor.tenant.slug}",
        ended=ended,
        reason=reason,
    )
    return int(ended)


@unit_of_work
def revoke_session(*, actor: Actor, session_id: uuid.UUID) -> LoginSession | DomainError:
    """End one session of the actor, or of anybody as a game master. Raises ``NotFound`` (``unknown_session``)."""
    found = LoginSession.objects.select_for_update(no_key=True).filter(pk=session_id, revoked_at=None)
    if not actor.may("accounts.manage_people"):
        found = found.filter(user=actor.user_id)
    session = found.first()
    if session is None:
        raise NotFound("unknown_session", _("There is no such sign-in. It may have ended already."))
    session.revoked_at = timezone.now()
    session.save(update_fields=["revoked_at"])
    # About the person: whose session it was is what somebody who finds himself signed out looks for.
    audit.record(
        actor=actor,
        action="session.revoke",
        target=f"accounts.user:{session.user_id}",
        session=str(session.pk),
        device=session.device_name,
    )
    return session


@unit_of_work
def end_other_sessions(*, actor: Actor) -> int:
    """End every sign-in of the actor but the one in use; returns how many. Raises ``Unauthenticated`` (``not_signed_in``)."""
    if actor.user is None or actor.session is None:
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    ended = end_sessions(actor=actor, user=actor.user, keep=actor.session)
    if ended:
        audit.record(
            actor=actor, action="session.end_others", target=f"accounts.user:{actor.user_id}", ended=ended
        )
    return ended


def logout(*, actor: Actor) -> None:
    """End the session the actor is using. Raises ``Unauthenticated`` (``not_signed_in``); ending it twice is no error."""
    if actor.session is None:
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    try:
        revoke_session(actor=actor, session_id=actor.session.pk)
    except NotFound:
        return


def target(session: LoginSession) -> str:
    """How the trail names a session."""
    return f"accounts.session:{session.pk}"
