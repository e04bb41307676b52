"""Who plays, with which seeds and limits."""

from __future__ import annotations

import datetime as dt
from typing import cast
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Denied, NotFound
from accounts.models import Tenant, User
from casino import playing
from casino.models import PlayLimit
from ledger.models import Account


def player_of(actor: Actor) -> User:
    """The person who plays. Raises ``Denied`` (``not_for_devices``) for a device or a command."""
    if actor.user is None:
        raise Denied("not_for_devices", _("A device cannot play. Sign in as a person."))
    return actor.user


def account_of(user: User) -> Account:
    """The account that ``user`` plays from: the primary one. Raises ``NotFound`` (``no_account``)."""
    account = (
        Account.objects.filter(holder__user=user, is_primary=True)
        .select_related("holder", "currency")
        .first()
    )
    if account is None:
        raise no_account()
    return cast(Account, account)


def no_account() -> NotFound:
    """The refusal for a login that has no bank account."""
    return NotFound(
        "no_account",
        _("This login was made for staff and has no bank account. To play, sign in as a character."),
    )


def limit_of(user: User) -> PlayLimit | None:
    """What ``user`` has set against themselves, None for nothing."""
    return cast("PlayLimit | None", PlayLimit.objects.filter(user=user).first())


def asked_limits(row: PlayLimit | None) -> playing.Asked:
    """What a row says, as the rules read it."""
    if row is None:
        return playing.Asked(playing.Limits(), playing.Limits(), None)
    return playing.Asked(
        playing.Limits(row.stake_max, row.loss_per_day, row.loss_per_session),
        playing.Limits(row.later_stake_max, row.later_loss_per_day, row.later_loss_per_session),
        row.later_at,
    )


def limits_at(row: PlayLimit | None, moment: dt.datetime) -> playing.Limits:
    """The limits that hold at ``moment``."""
    return playing.at(asked_limits(row), moment).now


def local_text(moment: dt.datetime, tenant: Tenant) -> str:
    """A moment as people of the event read it: ``2026-11-21 20:00``."""
    return f"{moment.astimezone(ZoneInfo(tenant.time_zone)):%Y-%m-%d %H:%M}"
