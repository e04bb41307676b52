"""From an offence to the words a person or program reads."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, NotFound, Unauthenticated
from ledger import money
from ledger.models import Account
from ledger.posting.orders import Offence, Order

_FIELDS = {"from": "from_account", "to": "to_account", "amount": "amount", "reference": "reference"}


def refusal_for(*, actor: Actor, offence: Offence, transfers: Sequence[Order]) -> DomainError:
    """The error for ``offence``, with the index of the offending transfer when there are several.

    Balances are told only to people who may see them: a till learns that the payer has not enough, not how much he has.
    """
    order = transfers[offence.index] if offence.index < len(transfers) else transfers[0]
    error = _SENTENCES[offence.code](actor, offence, order)
    error.field = _FIELDS.get(offence.what)
    if len(transfers) > 1 and offence.code not in {"world_paused", "key_revoked", "key_expired"}:
        error.facts["index"] = offence.index
    return error


def _unknown_account(actor: Actor, offence: Offence, order: Order) -> DomainError:
    number = order.from_account if offence.what == "from" else order.to_account
    return NotFound(
        "unknown_account", _("There is no account %(number)s. Check the number.") % {"number": number[:20]}
    )


def _wrong_currency(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "wrong_currency", _("These accounts hold another currency. Choose accounts of one currency.")
    )


def _same_account(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict("same_account", _("Payer and payee are the same account. Choose another payee."))


def _invalid_amount(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Invalid(
        "invalid_amount", _("An amount is a whole number of minor units, from 1 to 9007199254740991.")
    )


def _account_closed(actor: Actor, offence: Offence, order: Order) -> DomainError:
    number = order.from_account if offence.what == "from" else order.to_account
    return Conflict("account_closed", _("Account %(number)s is closed.") % {"number": number})


def _account_frozen(actor: Actor, offence: Offence, order: Order) -> DomainError:
    number = order.from_account if offence.what == "from" else order.to_account
    return Conflict(
        "account_frozen", _("Account %(number)s is frozen. Ask a game master.") % {"number": number}
    )


def _limit_exceeded(actor: Actor, offence: Offence, order: Order) -> DomainError:
    shown = _shown(order, max(offence.limit or 0, 0))
    sentence = {
        "key_payment": _("This terminal takes at most %(limit)s at once."),
        "key_day": _("This terminal may take only %(limit)s more today."),
        "account_payment": _("This account pays at most %(limit)s at once."),
        "account_day": _("This account may pay only %(limit)s more today."),
    }[offence.what]
    if offence.what.startswith("account") and not _may_see_payer(actor):
        sentence = _("The payer's account has a limit that this would exceed.")
    return Conflict("limit_exceeded", sentence % {"limit": shown}, facts={"limit_kind": offence.what})


def _unknown_transfer(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return NotFound("unknown_transfer", _("There is no such transfer."))


def _refund_exceeds(actor: Actor, offence: Offence, order: Order) -> DomainError:
    left = offence.refundable or 0
    return Conflict(
        "refund_exceeds",
        _("Of this transfer %(left)s can still be given back.") % {"left": _shown(order, left)},
        facts={"refundable": left},
    )


def _insufficient_funds(actor: Actor, offence: Offence, order: Order) -> DomainError:
    if not _may_see_payer(actor):
        return Conflict(
            "insufficient_funds", _("The payer does not have enough. Ask for another way to pay.")
        )
    available = max(offence.available or 0, 0)
    return Conflict(
        "insufficient_funds",
        _("You have %(available)s; this needs %(needed)s.")
        % {"available": _shown(order, available), "needed": _shown(order, order.amount)}
        if actor.user is not None and not actor.may("ledger.view_all")
        else _("Account %(number)s has %(available)s; this needs %(needed)s.")
        % {
            "number": order.from_account,
            "available": _shown(order, available),
            "needed": _shown(order, order.amount),
        },
        facts={"available": available, "needed": order.amount},
    )


def _balance_limit(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict("balance_limit", _("No account can hold that much. Send less."))


def _reference_used(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "reference_used",
        _("The reference %(reference)s stands on another transfer.") % {"reference": order.reference},
    )


def _world_paused(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "world_paused",
        _("The game masters have paused the bank. Nothing was done; when it goes on, start anew."),
    )


def _request_paid(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "request_paid",
        _("This was paid before, and it is paid only once: nothing was taken from you now."),
    )


def _request_cancelled(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "request_cancelled", _("The payee has taken this back. Nothing was paid; ask for a new code.")
    )


def _request_expired(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "request_expired", _("The time to pay this is over. Nothing was paid; ask for a new code.")
    )


def _request_declined(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Conflict(
        "request_declined", _("You have declined this. Nothing was paid; the payee can ask again.")
    )


def _key_revoked(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Unauthenticated("key_revoked", _("This device key was revoked. Ask a game master for a new one."))


def _key_expired(actor: Actor, offence: Offence, order: Order) -> DomainError:
    return Unauthenticated("key_expired", _("This device key has expired. Ask a game master for a new one."))


def _may_see_payer(actor: Actor) -> bool:
    return actor.key is None or actor.has_scope("balance:any")


def _shown(order: Order, amount: int) -> str:
    account = Account.objects.filter(number=order.from_account).select_related("currency").first()
    if account is None:
        return str(amount)
    return money.display(amount, symbol=account.currency.symbol, exponent=account.currency.exponent)


_Sentence = Callable[[Actor, Offence, Order], DomainError]
_SENTENCES: dict[str, _Sentence] = {
    "unknown_account": _unknown_account,
    "wrong_currency": _wrong_currency,
    "same_account": _same_account,
    "invalid_amount": _invalid_amount,
    "account_closed": _account_closed,
    "account_frozen": _account_frozen,
    "limit_exceeded": _limit_exceeded,
    "unknown_transfer": _unknown_transfer,
    "refund_exceeds": _refund_exceeds,
    "insufficient_funds": _insufficient_funds,
    "balance_limit": _balance_limit,
    "reference_used": _reference_used,
    "request_paid": _request_paid,
    "request_cancelled": _request_cancelled,
    "request_expired": _request_expired,
    "request_declined": _request_declined,
    "world_paused": _world_paused,
    "key_revoked": _key_revoked,
    "key_expired": _key_expired,
}
