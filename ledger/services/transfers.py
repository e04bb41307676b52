"""Payments of people and terminals."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import audit, notify
from accounts.actors import Actor
from accounts.errors import Conflict, Denied, DomainError, Invalid, NotFound
from accounts.units import unit_of_work
from ledger import money, numbers, posting, selectors
from ledger.models import Account, Transfer
from ledger.posting import Authority, Claim, Order, Posting, Stored

MEMO_MAX = 140
# The bank's own references make something happen once for ever; nobody may take one beforehand.
RESERVED_REFERENCES = ("welcome:", "run:", "request:", "opening:", "voucher:")
TERMINAL_REFUND_WITHIN = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Payment:
    """One transfer as somebody asks for it: account numbers as typed, amount in minor units.

    ``from_account`` None is the payer's primary account.
    """

    to_account: str
    amount: int
    memo: str = ""
    from_account: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Paid:
    """A posted transfer, the payer's balance after it (minor units), and whether this is an earlier answer again."""

    transfer: Transfer
    new_balance: int
    replayed: bool = False


@unit_of_work
def transfer(*, actor: Actor, payment: Payment, claim: Claim | None = None) -> Paid | DomainError:
    """Pay from an account of the actor. Raises every refusal of ``ledger.posting`` and ``Invalid`` (``invalid_memo``)."""
    paid = _pay(actor, [payment], claim)
    return paid if isinstance(paid, DomainError) else paid[0]


@unit_of_work
def transfer_batch(
    *, actor: Actor, payments: Sequence[Payment], claim: Claim | None = None
) -> list[Paid] | DomainError:
    """Pay 1 to 1000 times, all or nothing; a refusal names the offender by index. Raises as ``transfer``."""
    return _pay(actor, payments, claim)


def _pay(actor: Actor, payments: Sequence[Payment], claim: Claim | None) -> list[Paid] | DomainError:
    actor.require("ledger.pay")
    if not 1 <= len(payments) <= posting.MAX_BATCH:
        raise Invalid("invalid_batch", _("A batch has 1 to 1000 transfers."), field="transfers")
    for payment in payments:
        check_memo(payment.memo)
        _check_reference(payment.reference)
    sides = selectors.sides_for(
        actor, {payment.from_account for payment in payments}, {payment.to_account for payment in payments}
    )
    orders = [order_for(payment, sides) for payment in payments]
    posted = posting.post(actor=actor, transfers=orders, authority=Authority.PLAYER, idempotency_key=claim)
    if isinstance(posted, DomainError):
        return posted
    return paid_of(posted, orders, sides, actor)


def order_for(payment: Payment, sides: selectors.Sides) -> Order:
    """What the posting engine is asked for. Raises ``NotFound`` (``no_account``) where there is no account to pay from."""
    if payment.from_account is None and None not in sides.payable:
        raise NotFound(
            "no_account",
            _("This login was made for staff and has no bank account. To pay, sign in as a character."),
        )
    number = None if payment.from_account is None else numbers.normalize(payment.from_account)
    payer = sides.payable.get(number)
    return Order(
        from_account=payer.number if payer else str(number),
        to_account=numbers.normalize(payment.to_account),
        amount=payment.amount,
        memo=payment.memo,
        reference=payment.reference,
        may_debit=payer is not None,
    )


def paid_of(posted: Posting, orders: Sequence[Order], sides: selectors.Sides, actor: Actor) -> list[Paid]:
    """What was posted, without asking the database again; an earlier answer is read back."""
    if posted.replayed or posted.posted_at is None:
        return _paid_before(posted.ids)
    return [
        Paid(
            Transfer(
                id=order.id,
                tenant=actor.tenant,
                from_account=sides.named[order.from_account],
                to_account=sides.named[order.to_account],
                currency=sides.named[order.from_account].currency,
                amount=order.amount,
                kind=order.kind,
                memo=order.memo,
                reference=order.reference,
                refunds_id=order.refunds,
                actor_id=actor.user_id,
                key_id=actor.key_id,
                posted_at=posted.posted_at,
            ),
            leg.balance_after,
        )
        for order, leg in zip(orders, posted.debits, strict=True)
    ]


def _paid_before(ids: Sequence[uuid.UUID]) -> list[Paid]:
    transfers = selectors.transfers_by_ids(ids)
    balances = selectors.debits_after(ids)
    return [Paid(row, balances[row.pk], replayed=True) for row in transfers]


@unit_of_work
def refund(
    *,
    actor: Actor,
    transfer_id: uuid.UUID,
    amount: int | None = None,
    memo: str = "",
    claim: Claim | None = None,
) -> Paid | DomainError:
    """Give back ``amount`` (minor units) of a transfer, or all that is left of it.

    By who received it, by the terminal that took it within 24 hours, or by a game master. If the money is gone it is refused,
    naming what is there (``facts["available"]``). Raises ``NotFound``, ``Denied``, ``Conflict`` (``not_refundable``,
    ``refund_exceeds``, ``insufficient_funds`` and the other refusals of ``ledger.posting``).
    """
    check_memo(memo)
    claimed = posting.claim(actor=actor, claim=claim) if claim is not None else None
    if isinstance(claimed, Stored):
        # Whoever was right then gets that answer now, also when the right has ended since.
        return _refunded_before(actor, transfer_id, amount, claimed)
    original = selectors.transfer_for(actor, transfer_id)
    authority = _right_to_refund(actor, original)
    if authority is None:
        if claimed is not None:
            posting.release(actor=actor, claimed=claimed)
        audit.record(
            actor=actor,
            action="transfer.refund",
            target=f"ledger.transfer:{original.pk}",
            status="not_allowed",
        )
        return Denied("not_allowed", _("Only who received this, or a game master, can give it back."))
    if original.kind == Transfer.Kind.REFUND:
        raise Conflict("not_refundable", _("A refund cannot be refunded. Pay again instead."))
    if amount is None:
        amount = posting.refundable(actor=actor, transfer=original) or original.amount
    order = _giving_back(original, amount, memo)
    posted = posting.post(actor=actor, transfers=[order], authority=authority, idempotency_key=claimed)
    if isinstance(posted, DomainError):
        if authority is Authority.GM:
            audit.record(
                actor=actor,
                action="transfer.refund",
                target=f"ledger.transfer:{original.pk}",
                status=posted.code,
                amount=amount,
            )
        return posted
    [paid] = paid_of(posted, [order], _sides_of(original), actor)
    if original.from_account.holder.user is not None:
        notify.publish(
            to=original.from_account.holder.user,
            kind="transfer.refunded",
            text=lambda: (
                _("%(name)s gave you %(amount)s back.")
                % {
                    "name": original.to_account.holder.name,
                    "amount": shown(original.from_account, paid.transfer.amount),
                }
            ),
            transfer=str(paid.transfer.pk),
        )
    return paid


def _refunded_before(
    actor: Actor, transfer_id: uuid.UUID, amount: int | None, stored: Stored
) -> Paid | DomainError:
    orders = []
    if stored.same:
        # Otherwise the transfer in the address was never looked at, and need not be there.
        [original] = selectors.transfers_by_ids([transfer_id])
        orders = [_giving_back(original, amount or original.amount, "")]
    outcome = posting.from_stored(actor=actor, stored=stored, transfers=orders)
    return outcome if isinstance(outcome, DomainError) else _paid_before(outcome.ids)[0]


def _giving_back(original: Transfer, amount: int, memo: str) -> Order:
    return Order(
        from_account=original.to_account.number,
        to_account=original.from_account.number,
        amount=amount,
        kind=Transfer.Kind.REFUND,
        memo=memo,
        refunds=original.pk,
    )


def _sides_of(transfer: Transfer) -> selectors.Sides:
    return selectors.Sides(
        {}, {account.number: account for account in (transfer.from_account, transfer.to_account)}
    )


def _right_to_refund(actor: Actor, original: Transfer) -> Authority | None:
    if actor.may("ledger.refund_any"):
        return Authority.GM
    if actor.key is not None:
        in_time = timezone.now() - original.posted_at <= TERMINAL_REFUND_WITHIN
        return Authority.REFUND if original.key_id == actor.key_id and in_time else None
    received = selectors.accounts_of(actor).filter(pk=original.to_account_id).exists()
    return Authority.REFUND if received and actor.may("ledger.refund_own") else None


@unit_of_work
def terminal_payment(
    *,
    actor: Actor,
    from_account: str,
    to_account: str,
    amount: int,
    memo: str = "",
    claim: Claim | None = None,
) -> Paid | DomainError:
    """A device takes ``amount`` (minor units) from a player's account by its number alone, into its own account.

    Needs the scope ``debit:any``; the payer is told at once. Raises ``Denied`` (``scope_missing``, ``not_its_account``) and
    every refusal of ``ledger.posting``.
    """
    check_memo(memo)
    denied = _terminal_denied(actor, to_account)
    if denied is not None:
        audit.record(
            actor=actor,
            action="terminal.debit",
            target=f"ledger.account:{numbers.normalize(from_account)}"[:100],
            status=denied.code,
        )
        return denied
    sides = selectors.sides_for(actor, set(), {from_account, to_account})
    order = Order(
        from_account=numbers.normalize(from_account),
        to_account=numbers.normalize(to_account),
        amount=amount,
        kind=Transfer.Kind.TERMINAL,
        memo=memo,
        metadata={"scope": "debit:any"},
        may_debit=_is_personal(sides.named.get(numbers.normalize(from_account))),
    )
    posted = posting.post(actor=actor, transfers=[order], authority=Authority.PLAYER, idempotency_key=claim)
    if isinstance(posted, DomainError):
        return posted
    [paid] = paid_of(posted, [order], sides, actor)
    payer = paid.transfer.from_account
    if not paid.replayed and payer.holder.user is not None:
        notify.publish(
            to=payer.holder.user,
            kind="terminal.debit",
            text=lambda: (
                _("%(device)s took %(amount)s from your account.")
                % {
                    "device": actor.key.name if actor.key else "",
                    "amount": shown(payer, paid.transfer.amount),
                }
            ),
            transfer=str(paid.transfer.pk),
        )
    return paid


def _terminal_denied(actor: Actor, to_account: str) -> DomainError | None:
    if actor.key is None or not actor.has_scope("debit:any"):
        return Denied(
            "scope_missing",
            _("This key may not take money by account number. Ask a game master for the scope debit:any."),
        )
    if numbers.normalize(to_account) != actor.key.account_number:
        return Denied(
            "not_its_account",
            _("This key takes payments into %(number)s only.") % {"number": actor.key.account_number},
            field="to_account",
        )
    return None


def _is_personal(account: Account | None) -> bool:
    """Whether a device may debit it: issuance and the house are as unknown to it as a number that does not exist."""
    return account is not None and account.kind != Account.Kind.SYSTEM


def _check_reference(reference: str | None) -> None:
    if reference is not None and reference.startswith(RESERVED_REFERENCES):
        raise Invalid(
            "invalid_reference", _("That reference is the bank's own. Choose another."), field="reference"
        )


def check_memo(memo: str) -> None:
    """Raises ``Invalid`` (``invalid_memo``) for a memo that is too long or not one line of text."""
    if len(memo) > MEMO_MAX or any(
        ord(character) < 32 or "\ud800" <= character <= "\udfff" for character in memo
    ):
        raise Invalid("invalid_memo", _("A memo is one line of at most 140 characters."), field="memo")


def check_amount(amount: int, *, field: str = "amount") -> None:
    """Raises ``Invalid`` (``invalid_amount``) for what is no amount of minor units; ``field`` is where it was typed."""
    if not money.is_amount(amount):
        raise Invalid(
            "invalid_amount",
            _("An amount is a whole number of minor units, from 1 to 9007199254740991."),
            field=field,
        )


def shown(account: Account, amount: int) -> str:
    """``amount`` as a person reads it, in the currency of ``account``."""
    return money.display(amount, symbol=account.currency.symbol, exponent=account.currency.exponent)
