"""Personal invitations to register: one code, one person."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto
from accounts.actors import Actor
from accounts.errors import DomainError, Invalid
from accounts.models import Faction, Invite
from accounts.units import unit_of_work

LIVES_AT_MOST = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class IssuedInvite:
    """A new invitation and its code, which nobody can show a second time."""

    invite: Invite
    code: str = field(repr=False)


@unit_of_work
def create_invite(
    *, actor: Actor, lives: dt.timedelta, faction: Faction | None = None
) -> IssuedInvite | DomainError:
    """Make an invitation that lives for ``lives`` (at most a year) and brings its bearer into ``faction``.

    Raises ``Denied``, ``Invalid`` (``invalid_invite``).
    """
    actor.require("accounts.manage_people")
    if not dt.timedelta() < lives <= LIVES_AT_MOST:
        raise Invalid("invalid_invite", _("An invitation lives for a year at most."), field="lives")
    code = secrets.token_urlsafe(18)
    invite = Invite.objects.create(
        digest=crypto.digest(code), faction=faction, created_by=actor.user, expires_at=timezone.now() + lives
    )
    audit.record(
        actor=actor, action="invite.create", target=target(invite), faction=faction.name if faction else None
    )
    return IssuedInvite(invite, code)


def redeem(*, actor: Actor, code: str, user_id: uuid.UUID) -> Invite | None:
    """Use the invitation with this code for the person who is about to be saved under ``user_id``; None when it is not good.

    One UPDATE decides, so of two who come with the same code one is let in. Inside a unit.
    """
    now = timezone.now()
    digest = crypto.digest(code)
    if not Invite.objects.filter(digest=digest, used_at=None, expires_at__gt=now).update(
        used_at=now, used_by=user_id
    ):
        return None
    return Invite.objects.select_related("faction").get(digest=digest)


def target(invite: Invite) -> str:
    """How the trail names an invitation."""
    return f"accounts.invite:{invite.pk}"
