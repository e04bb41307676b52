"""Asking for money with a code that somebody else confirms: made, paid once, taken back."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import audit, notify
from accounts.actors import Actor
from accounts.errors import Conflict, Denied, DomainError, Invalid
from accounts.units import unit_of_work
from ledger import codes, posting, selectors
from ledger.models import Account, Balance, PaymentRequest
from ledger.posting import Authority, Claim, Stored
from ledger.services.transfers import Paid, Payment, check_amount, check_memo, order_for, paid_of, shown

LIVES: Final = dt.timedelta(minutes=15)
LIVES_MIN: Final = dt.timedelta(seconds=30)
LIVES_MAX: Final = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment request, and whether this is an earlier answer again."""

    request: PaymentRequest
    replayed: bool = False


@unit_of_work
def ask(
    *,
    actor: Actor,
    amount: int,
    account: str | None = None,
    memo: str = "",
    lives: dt.timedelta = LIVES,
    claim: Claim | None = None,
) -> Asked | DomainError:
    """Ask for ``amount`` (minor units) to be paid into a merchant's account of the actor's, or that they work with.

    Once for each ``claim``. Without ``account`` it is the actor's first till. Raises ``NotFound`` (``unknown_account``),
    ``Denied`` (``not_a_merchant``), ``Invalid`` (``invalid_amount``, ``invalid_memo``, ``invalid_expiry``), ``Conflict``
    (``account_closed``, ``account_frozen``), ``Reused``.
    """
    actor.require("ledger.pay")
    check_asking(amount, memo, lives)
    claimed = posting.claim(actor=actor, claim=claim) if claim is not None else None
    if isinstance(claimed, Stored):
        if not claimed.same:
            raise posting.key_reused()
        return Asked(selectors.request_for(actor, claimed.refs[0]), replayed=True)
    till = selectors.till_for(actor, account)
    check_open(till)
    request = PaymentRequest.objects.create(
        code=codes.generate(),
        account=till,
        amount=amount,
        memo=memo,
        created_by=actor.user,
        expires_at=timezone.now() + lives,
    )
    audit.record(
        actor=actor, action="request.make", target=target(request), account=till.number, amount=amount
    )
    if claimed is not None:
        posting.settle(actor=actor, claimed=claimed, outcome="request_made", refs=[str(request.pk)])
    return Asked(request)


def check_asking(amount: int, memo: str, lives: dt.timedelta) -> None:
    """Raises ``Invalid`` (``invalid_amount``, ``invalid_memo``, ``invalid_expiry``)."""
    check_memo(memo)
    check_amount(amount)
    if not LIVES_MIN <= lives <= LIVES_MAX:
        raise Invalid(
            "invalid_expiry",
            _("Choose between 30 seconds and 7 days in which it can be paid."),
            field="expires_in",
        )


def check_open(till: Account) -> None:
    """Nobody stands at a bar with a code that cannot be paid: said now, and again by the posting."""
    [standing] = selectors.standings([till])
    if standing.balance.status == Balance.Status.CLOSED:
        raise Conflict("account_closed", _("Account %(number)s is closed.") % {"number": till.number})
    if standing.balance.freeze in (Balance.Freeze.CREDITS, Balance.Freeze.BOTH):
        raise Conflict(
            "account_frozen",
            _("Account %(number)s is frozen. Ask a game master.") % {"number": till.number},
        )


@unit_of_work
def pay(
    *, actor: Actor, request: str, from_account: str | None = None, claim: Claim | None = None
) -> Paid | DomainError:
    """Pay the request with this id or code from an account of the actor's (None: the primary one). It is settled once.

    Raises ``NotFound`` (``unknown_request``), ``Denied`` (``not_allowed``: it asks somebody else), ``Conflict``
    (``request_paid``, ``request_cancelled``, ``request_expired``, ``request_declined``) and every refusal of ``ledger.posting``.
    """
    actor.require("ledger.pay")
    asked = selectors.request_for(actor, request)
    _require_asked(actor, asked)
    payment = Payment(
        to_account=asked.account.number,
        amount=asked.amount,
        memo=asked.memo,
        from_account=from_account,
        # The database itself lets it stand on one transfer only, whatever became of the lock.
        reference=reference_of(asked.pk),
    )
    sides = selectors.sides_for(actor, {from_account}, {payment.to_account})
    order = order_for(payment, sides)
    posted = posting.post(
        actor=actor,
        transfers=[order],
        authority=Authority.PLAYER,
        idempotency_key=claim,
        settles=asked.pk,
    )
    if isinstance(posted, DomainError):
        return posted
    [paid] = paid_of(posted, [order], sides, actor)
    if asked.payer is not None and not paid.replayed:
        _tell_who_asked(
            asked,
            kind="request.paid",
            text=gettext_noop("%(name)s has paid the %(amount)s that you asked for."),
        )
    return paid


@unit_of_work
def decline(*, actor: Actor, request: str) -> PaymentRequest | DomainError:
    """Say no to a request that asks the actor by name; whoever asked is told. One that is over already stays as it is.

    Raises ``NotFound`` (``unknown_request``), ``Denied`` (``not_allowed``: it asks nobody by name, or somebody else),
    ``Conflict`` (``request_paid``).
    """
    actor.require("ledger.pay")
    asked = selectors.request_for(actor, request)
    if asked.payer_id is None:
        raise Denied("not_allowed", _("This asks nobody by name. To decline, do not pay it."))
    _require_asked(actor, asked)
    state = _state_under_lock(asked)
    if state == PaymentRequest.State.PAID:
        raise Conflict("request_paid", _("You have just paid it. Ask the payee to give the money back."))
    if state == PaymentRequest.State.OPEN:
        state = PaymentRequest.State.DECLINED
        audit.record(
            actor=actor, action="request.decline", target=target(asked), account=asked.account.number
        )
        _tell_who_asked(
            asked, kind="request.declined", text=gettext_noop("%(name)s has declined to pay the %(amount)s.")
        )
    _note(asked, state)
    return asked


def _require_asked(actor: Actor, asked: PaymentRequest) -> None:
    """Raises ``Denied`` (``not_allowed``) when it asks somebody else by name."""
    if asked.payer is not None and asked.payer_id != actor.user_id:
        raise Denied(
            "not_allowed",
            _("This asks %(name)s, and nobody else can answer it.") % {"name": asked.payer.character_name},
        )


def _tell_who_asked(asked: PaymentRequest, *, kind: str, text: str) -> None:
    """``text`` as it stands in the code; it is told in the event's language."""
    facts = {
        "name": asked.payer.character_name if asked.payer else "",
        "amount": shown(asked.account, asked.amount),
    }
    notify.publish(to=asked.created_by, kind=kind, text=lambda: _(text) % facts, request=str(asked.pk))


def _state_under_lock(asked: PaymentRequest) -> str:
    """The state, read again under the lock that a payment takes too: one of the two comes first."""
    locked: PaymentRequest = PaymentRequest.objects.select_for_update(no_key=True).get(pk=asked.pk)
    asked.state = locked.state
    return locked.state_at(timezone.now())


def _note(asked: PaymentRequest, state: str) -> None:
    """Write ``state`` down where it is another one than stands there."""
    if asked.state != state:
        asked.state = state
        PaymentRequest.objects.filter(pk=asked.pk).update(state=state)


@unit_of_work
def cancel(*, actor: Actor, request: str) -> PaymentRequest | DomainError:
    """Take a request back that nobody has paid; one that is over already stays as it is.

    Raises ``NotFound`` (``unknown_request``, also for whoever does not work with its account), ``Conflict``
    (``request_paid``).
    """
    actor.require("ledger.pay")
    asked = selectors.request_to_own(actor, request)
    state = _state_under_lock(asked)
    if state == PaymentRequest.State.PAID:
        raise Conflict(
            "request_paid", _("It has just been paid. To give the money back, refund the payment.")
        )
    if state == PaymentRequest.State.OPEN:
        state = PaymentRequest.State.CANCELLED
        audit.record(actor=actor, action="request.cancel", target=target(asked), account=asked.account.number)
    _note(asked, state)
    return asked


def target(request: PaymentRequest) -> str:
    """How the trail names a request."""
    return f"ledger.request:{request.pk}"


def reference_of(request_id: uuid.UUID) -> str:
    """The reference of the transfer that settles a request."""
    return f"request:{request_id}"
