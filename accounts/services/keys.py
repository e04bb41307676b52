"""Device keys: issuing and revoking."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, crypto, keytext, roles, search
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotFound
from accounts.models import ApiKey, CredentialTenant
from accounts.units import unit_of_work

NAME_MAX = 64
LIMIT_MAX = 2**53 - 1


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key and its text, which nobody can show a second time."""

    key: ApiKey
    secret: str = field(repr=False)


def make_key(
    *,
    actor: Actor,
    name: str,
    account_number: str,
    limit_per_payment: int,
    limit_per_day: int,
    place: str = "",
    scopes: Collection[str] = ("credit",),
    expires_at: dt.datetime | None = None,
) -> IssuedKey:
    """Make a key bound to the account with ``account_number``; limits in minor units of its currency.

    Whether that account exists is for the caller to know: this floor does not see the ledger. Raises ``Denied``, ``Invalid``
    (``invalid_key``, ``invalid_amount``). For use inside a unit; ``issue_key`` is the same as a unit of its own.
    """
    actor.require("accounts.manage_keys")
    name, place = name.strip(), place.strip()
    if not 1 <= len(name) <= NAME_MAX or len(place) > NAME_MAX:
        raise Invalid(
            "invalid_key",
            _("A key has a name of 1 to 64 characters, and a place of at most 64."),
            field="name",
        )
    unknown = set(scopes) - roles.SCOPES.keys()
    if unknown:
        raise Invalid(
            "invalid_key", _("There is no scope %(scope)s.") % {"scope": min(unknown)}, field="scopes"
        )
    for value in (limit_per_payment, limit_per_day):
        if type(value) is not int or not 1 <= value <= LIMIT_MAX:
            raise Invalid(
                "invalid_amount", _("A key needs both limits, as whole minor units."), field="limits"
            )
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid("invalid_key", _("The key would have expired already."), field="expires_at")
    text = keytext.draw()
    key = ApiKey.objects.create(
        prefix=text.prefix,
        digest=crypto.digest(text.secret),
        name=name,
        place=place,
        scopes=sorted(set(scopes)),
        account_number=account_number,
        limit_per_payment=limit_per_payment,
        limit_per_day=limit_per_day,
        created_by=actor.user,
        expires_at=expires_at,
    )
    CredentialTenant.objects.create(handle=text.prefix, tenant=actor.tenant)
    search.index(kind=search.KEY, target=search.target_of(search.KEY, key.pk), text=f"{name} {place}")
    audit.record(
        actor=actor,
        action="key.issue",
        target=target(key),
        name=name,
        place=place,
        scopes=key.scopes,
        account=account_number,
        limit_per_payment=limit_per_payment,
        limit_per_day=limit_per_day,
    )
    return IssuedKey(key, str(text))


issue_key = unit_of_work(make_key)


@unit_of_work
def revoke_key(*, actor: Actor, key_id: uuid.UUID, reason: str = "") -> ApiKey | DomainError:
    """End a key at once: postings lock its row, so when this has returned none of its payments commits any more.

    Raises ``Denied``, ``NotFound`` (``unknown_key``), ``Conflict`` (``key_revoked_already``).
    """
    actor.require("accounts.manage_keys")
    key = ApiKey.objects.select_for_update(no_key=True).filter(pk=key_id).first()
    if key is None:
        raise NotFound("unknown_key", _("There is no such device key."))
    if key.revoked_at is not None:
        raise Conflict("key_revoked_already", _("This key was revoked before."))
    key.revoked_at = timezone.now()
    key.save(update_fields=["revoked_at"])
    audit.record(actor=actor, action="key.revoke", target=target(key), reason=reason)
    return key


def target(key: ApiKey) -> str:
    """How the trail names a key."""
    return f"accounts.key:{key.prefix}"
