"""Asking people by name for money: one of them for all of it, or several for equal parts of a bill."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, notify
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotFound
from accounts.ids import uuid7
from accounts.models import User
from accounts.units import unit_of_work
from ledger import codes, money, posting, selectors
from ledger.models import Account, PaymentRequest
from ledger.posting import Claim, Stored
from ledger.services.requests import check_asking, check_open, target
from ledger.services.transfers import check_amount, shown

LIVES: Final = dt.timedelta(days=3)
PEOPLE_MAX: Final = 30
UNANSWERED_MAX: Final = 5
IN_AN_HOUR_MAX: Final = 10


@dataclass(frozen=True, slots=True)
class Part:
    """What one person is asked for, in minor units."""

    payer: User
    amount: int


@dataclass(frozen=True, slots=True)
class Bill:
    """``total`` (minor units) into ``account``, as it is divided; ``own`` is the part of whoever asks."""

    account: Account
    total: int
    own: int
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Asked:
    """The requests that were made, in the order of the people, and whether this is an earlier answer again."""

    requests: list[PaymentRequest]
    total: int
    replayed: bool = False

    @property
    def own(self) -> int:
        """The part of whoever asked: what nobody else is asked for."""
        return self.total - sum(request.amount for request in self.requests)


def plan(
    *, actor: Actor, payers: Sequence[str], amount: int, with_me: bool = False, account: str | None = None
) -> Bill:
    """Who would be asked for what, by exact names or account numbers. Writes nothing.

    Parts are equal; what cannot be divided falls in single minor units to the first ones, whoever asks before all others.
    Raises ``NotFound`` (``unknown_person``, ``unknown_account``, ``no_account``), ``Invalid`` (``invalid_payers``,
    ``invalid_amount``).
    """
    actor.require("ledger.pay")
    into = selectors.account_to_ask_into(actor, account)
    wanted = [typed for typed in (" ".join(one.split()) for one in payers) if typed]
    people = [_person(typed) for typed in wanted[: PEOPLE_MAX + 1]]
    is_sound = 1 <= len(people) <= PEOPLE_MAX and len({person.pk for person in people}) == len(people)
    if not is_sound or actor.user_id in {person.pk for person in people}:
        raise Invalid(
            "invalid_payers",
            _("Name 1 to 30 people, each once, and not yourself: there is a box for your own part."),
            field="payers",
        )
    check_amount(amount)
    shares = money.split(amount, [1] * (len(people) + with_me))
    if min(shares) < 1:
        raise Invalid("invalid_amount", _("That is too little to be divided among so many."), field="amount")
    own = shares.pop(0) if with_me else 0
    parts = [Part(person, share) for person, share in zip(people, shares, strict=True)]
    return Bill(into, amount, own, parts)


def _person(typed: str) -> User:
    found = selectors.payee_named(typed)
    if found is None or found.holder.user is None or not found.holder.user.is_active:
        raise NotFound(
            "unknown_person",
            _("There is nobody called %(name)s here. Write the whole name, or the account number.")
            % {"name": f"“{typed[:64]}”"},
            field="payers",
        )
    return found.holder.user


@unit_of_work
def ask_people(
    *,
    actor: Actor,
    payers: Sequence[str],
    amount: int,
    memo: str = "",
    with_me: bool = False,
    account: str | None = None,
    lives: dt.timedelta = LIVES,
    claim: Claim | None = None,
) -> Asked | DomainError:
    """Ask each of ``payers`` for a part of ``amount``, as ``plan`` says; all of them, or nobody. Each is told.

    Once for each ``claim``. Raises what ``plan`` raises, ``Invalid`` (``invalid_memo``, ``invalid_expiry``), ``Conflict``
    (``account_closed``, ``account_frozen``, ``asked_enough``), ``Reused``.
    """
    actor.require("ledger.pay")
    check_asking(amount, memo, lives)
    claimed = posting.claim(actor=actor, claim=claim) if claim is not None else None
    if isinstance(claimed, Stored):
        if not claimed.same:
            raise posting.key_reused()
        made = [selectors.request_for(actor, ref) for ref in claimed.refs]
        return Asked(made, amount, replayed=True)
    bill = plan(actor=actor, payers=payers, amount=amount, with_me=with_me, account=account)
    check_open(bill.account)
    _refuse_pestering(actor, bill)
    split = uuid7() if len(bill.parts) > 1 or with_me else None
    requests = [
        _ask_one(actor, bill.account, part, memo, timezone.now() + lives, split) for part in bill.parts
    ]
    if claimed is not None:
        refs = [str(request.pk) for request in requests]
        posting.settle(actor=actor, claimed=claimed, outcome="requests_made", refs=refs)
    return Asked(requests, amount)


def _refuse_pestering(actor: Actor, bill: Bill) -> None:
    """At most five that wait for an answer, and ten in an hour: each is a line in somebody's inbox, taken back or not."""
    payers = [part.payer.pk for part in bill.parts]
    counts = selectors.unanswered(actor, payers)
    lately = selectors.asked_since(actor, payers, timezone.now() - dt.timedelta(hours=1))
    for part in bill.parts:
        if lately.get(part.payer.pk, 0) >= IN_AN_HOUR_MAX:
            raise Conflict(
                "asked_enough",
                _("You have asked %(name)s ten times within an hour. Talk to them, or wait a while.")
                % {"name": part.payer.character_name},
                field="payers",
            )
        if counts.get(part.payer.pk, 0) >= UNANSWERED_MAX:
            raise Conflict(
                "asked_enough",
                _("%(name)s has not answered five requests of yours yet. Take one back, or wait.")
                % {"name": part.payer.character_name},
                field="payers",
            )


def _ask_one(
    actor: Actor, account: Account, part: Part, memo: str, expires_at: dt.datetime, split: uuid.UUID | None
) -> PaymentRequest:
    request = PaymentRequest.objects.create(
        code=codes.generate(),
        account=account,
        amount=part.amount,
        memo=memo,
        payer=part.payer,
        split=split,
        created_by=actor.user,
        expires_at=expires_at,
    )
    audit.record(
        actor=actor,
        action="request.make",
        target=target(request),
        account=account.number,
        amount=part.amount,
        payer=part.payer.character_name,
    )
    facts = {"name": account.holder.name, "amount": shown(account, part.amount), "memo": memo}
    notify.publish(
        to=part.payer,
        kind="request.made",
        text=lambda: (
            (
                _("%(name)s asks you for %(amount)s: %(memo)s")
                if memo
                else _("%(name)s asks you for %(amount)s.")
            )
            % facts
        ),
        request=str(request.pk),
    )
    return request
