"""Refresh tokens: each is good once, and an old one that comes back ends the sign-in it belonged to."""

from __future__ import annotations

import datetime as dt
import hmac

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto, limits, notify
from accounts.actors import Actor
from accounts.errors import DomainError, Unauthenticated
from accounts.models import LoginSession
from accounts.services import people
from accounts.tokens import RefreshToken
from accounts.units import unit_of_work
from identity.devices import Device
from identity.services.stay import SignedIn, Stay

# A phone whose answer was lost asks again with the same token.
REPEATED_WITHIN = dt.timedelta(seconds=10)
# How far back an old token is recognised as one: a month of one refresh in ten minutes.
_GENERATIONS_MAX = 4_500


def refresh(*, actor: Actor, token: RefreshToken) -> SignedIn:
    """Exchange a refresh token for its successor.

    ``actor`` is a visitor in the tenant of the token's session. The token's immediate child may be asked for again within ten
    seconds and is the same one. Any older token ends the session, and its owner is told. Raises ``Unauthenticated``
    (``bad_refresh_token``, ``refresh_reused``, ``session_ended``), ``TooMany``.
    """
    limits.hit("refresh", token.sid.hex)
    return _refresh(actor=actor, token=token)


@unit_of_work
def _refresh(*, actor: Actor, token: RefreshToken) -> SignedIn | DomainError:
    # Two who come at once with one token would agree anyway, since its successor is derived; the lock keeps a slow one from
    # putting the family back to where it was when he looked.
    session: LoginSession | None = (
        LoginSession.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user__faction")
        .filter(pk=token.sid, refresh_digest__isnull=False)
        .first()
    )
    if session is None:
        raise bad_refresh_token()
    now = timezone.now()
    sent, child = crypto.digest(token.secret), token.successor()
    if _equal(sent, session.refresh_digest):
        _require_live(session, now)
        session.refresh_digest, session.parent_digest = crypto.digest(child.secret), sent
        session.rotated_at = session.last_used_at = now
        session.expires_at = now + Stay.REFRESHABLE.lasts()
        session.save(
            update_fields=["refresh_digest", "parent_digest", "rotated_at", "last_used_at", "expires_at"]
        )
    elif _equal(sent, session.parent_digest) and _is_recent(session, now):
        _require_live(session, now)
    elif _is_ancestor(token, session):
        return _reused(actor, session, now)
    else:
        raise bad_refresh_token()
    return SignedIn(session.user, session, Stay.REFRESHABLE, Device(), child.text())


def bad_refresh_token() -> Unauthenticated:
    """The one answer to a refresh token that is malformed, unknown or forged."""
    return Unauthenticated("bad_refresh_token", _("This refresh token is not known. Sign in again."))


def _reused(actor: Actor, session: LoginSession, now: dt.datetime) -> Unauthenticated:
    """Two hold tokens of one family, and one of them has stolen his: nobody can tell which, so both are out."""
    if session.revoked_at is None:
        session.revoked_at = now
        session.save(update_fields=["revoked_at"])
        # About the person: whoever sent it has not said who he is, and she is to find it in her trail.
        audit.record(
            actor=actor,
            action="session.reuse",
            target=people.target(session.user),
            status="refresh_reused",
            session=str(session.pk),
            device=session.device_name,
        )
        notify.publish(
            to=session.user,
            kind="session.reuse",
            text=lambda: _(
                "A used refresh token came back, so one of your sign-ins was ended. If that was not you, change your password."
            ),
            device=session.device_name,
        )
    return Unauthenticated(
        "refresh_reused", _("This refresh token was used before, so this sign-in was ended. Sign in again.")
    )


def _is_ancestor(token: RefreshToken, session: LoginSession) -> bool:
    """Whether ``token`` was one of this family: then its successors lead to the living one.

    Without looking, anybody who has seen a session's id could end it with any text.
    """
    for _generation in range(_GENERATIONS_MAX):
        token = token.successor()
        if _equal(crypto.digest(token.secret), session.refresh_digest):
            return True
    return False


def _is_recent(session: LoginSession, now: dt.datetime) -> bool:
    return session.rotated_at is not None and now - session.rotated_at <= REPEATED_WITHIN


def _require_live(session: LoginSession, now: dt.datetime) -> None:
    if session.revoked_at is not None or session.expires_at <= now or not session.user.is_active:
        raise Unauthenticated("session_ended", _("This sign-in has ended. Sign in again."))


def _equal(sent: bytes, stored: bytes | memoryview | None) -> bool:
    return stored is not None and hmac.compare_digest(sent, bytes(stored))
