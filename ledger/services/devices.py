"""Device keys for accounts of this bank."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Conflict, DomainError
from accounts.services.keys import IssuedKey, make_key
from accounts.units import unit_of_work
from ledger import posting, selectors
from ledger.posting import Claim


@unit_of_work
def issue_key_for(
    *,
    actor: Actor,
    account: str,
    name: str,
    place: str,
    scopes: Collection[str],
    limit_per_payment: int,
    limit_per_day: int,
    expires_at: dt.datetime | None,
    claim: Claim,
) -> IssuedKey | DomainError:
    """Issue a key bound to ``account`` (limits in minor units of its currency), once for each ``claim``.

    A key's text is shown only where it was made, so a second request with the same claim cannot be answered again: it is
    refused (``Conflict``, ``key_issued_already``) and makes no second key. Raises ``Denied``, ``NotFound``, ``Invalid``.
    """
    actor.require("accounts.manage_keys")
    found = selectors.account_for(actor, account)
    held = posting.claim(actor=actor, claim=claim)
    if isinstance(held, posting.Stored):
        if not held.same:
            raise posting.key_reused()
        raise Conflict(
            "key_issued_already",
            _(
                "This form was sent before, and its key was shown then. If nobody saw it: revoke it, and issue another."
            ),
        )
    issued = make_key(
        actor=actor,
        name=name,
        account_number=found.number,
        limit_per_payment=limit_per_payment,
        limit_per_day=limit_per_day,
        place=place,
        scopes=scopes,
        expires_at=expires_at,
    )
    posting.settle(actor=actor, claimed=held, outcome="key_issued", refs=[str(issued.key.pk)])
    return issued
