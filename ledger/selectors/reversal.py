"""The preview of a reversal: everything that an account or person sent, or a device key took, since a moment.

What an account sent is whatever left it, also what a till took. What a person sent is what left the accounts they hold (but for
what went from one of them to another), and what they started from accounts that they work with. What a key took is what it
moved; what it gave back stands on the lines that it gave back.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.actors import Actor
from accounts.errors import Conflict, Unprocessable
from accounts.models import ApiKey, User
from ledger.models import Account, AccountStaff, Balance, Currency, Entry, Refunded, Transfer
from ledger.reversal import Part, Purse, Sent, Why, fingerprint, unwind
from ledger.selectors.accounts import account_for, available, balances_of, database_now, with_names
from ledger.selectors.history import transfers_by_ids

LINES_MAX: Final = 1000
"""What one posting can carry: more is narrowed by time, so that all of it is done or nothing."""

_WHY: Final[dict[Why, Any]] = {
    Why.GIVEN_BACK: gettext_lazy("The rest was given back before."),
    Why.SHORT: gettext_lazy("The receiver has no more than that now."),
}
_WHY_NOTHING: Final[dict[Why, Any]] = {
    Why.REFUND: gettext_lazy("It was a refund itself; those stay."),
    Why.GIVEN_BACK: gettext_lazy("All of it was given back before."),
    Why.BANK: gettext_lazy("It went to the bank itself. If that was wrong, refund it by itself."),
    Why.PAYER_CLOSED: gettext_lazy("The account it came from is closed."),
    Why.PAYEE_CLOSED: gettext_lazy("The receiver's account is closed."),
    Why.SHORT: gettext_lazy("The receiver has nothing left."),
}

Subject = Account | User | ApiKey


@dataclass(frozen=True, slots=True)
class ReversalLine:
    """One movement: ``given_back`` before, ``take`` now, and ``why`` not all of it; minor units."""

    transfer: Transfer
    given_back: int
    take: int
    why: Why | None
    is_frozen: bool

    @property
    def remarks(self) -> str:
        """Why not all of it comes back, in words, and that a freeze does not stop it; "" when there is nothing to say."""
        said = [str((_WHY if self.take else _WHY_NOTHING)[self.why])] if self.why else []
        if self.is_frozen and self.take:
            said.append(_("The receiver is frozen; that does not stop you."))
        return " ".join(said)

    @property
    def lost(self) -> int:
        """What neither came back before nor comes back now."""
        return self.transfer.amount - self.given_back - self.take


@dataclass(frozen=True, slots=True)
class ReversalTotal:
    """``count`` movements of one currency, and their sums in minor units: ``sent`` is the other three together."""

    currency: Currency
    count: int
    sent: int
    given_back: int
    take: int
    lost: int


@dataclass(frozen=True, slots=True)
class ReversalChange:
    """What an account has now, and what it will have."""

    account: Account
    now: int
    then: int


@dataclass(frozen=True)
class Reversal:
    """What would be done, newest line first. ``until`` None: up to now, whenever that is."""

    subject: Subject
    since: dt.datetime
    until: dt.datetime | None
    lines: list[ReversalLine]
    own: list[Account]
    balances: dict[int, Balance]

    @cached_property
    def digest(self) -> str:
        """The same for two previews exactly when they do the same."""
        about = [
            type(self.subject).__name__,
            str(self.subject.pk),
            _stamp(self.since),
            _stamp(self.until) if self.until else "",
        ]
        return fingerprint(
            about, [(str(line.transfer.pk), line.given_back, line.take) for line in self.lines]
        )

    @cached_property
    def taking(self) -> list[ReversalLine]:
        """The lines of which something comes back."""
        return [line for line in self.lines if line.take]

    @cached_property
    def totals(self) -> list[ReversalTotal]:
        """The sums, for each currency that was sent."""
        currencies = {line.transfer.currency_id: line.transfer.currency for line in self.lines}
        return [
            _total(currency, [line for line in self.lines if line.transfer.currency_id == pk])
            for pk, currency in currencies.items()
        ]

    @cached_property
    def accounts(self) -> list[Account]:
        """Every account of people and factions that this is about; those of the bank itself are left alone."""
        return _sides([line.transfer for line in self.lines], self.own)

    def change(self, account: Account) -> ReversalChange:
        """What ``account`` has before and after."""
        comes = sum(line.take for line in self.lines if line.transfer.from_account_id == account.pk)
        goes = sum(line.take for line in self.lines if line.transfer.to_account_id == account.pk)
        amount = self.balances[account.pk].amount
        return ReversalChange(account, amount, amount + comes - goes)

    @cached_property
    def changes(self) -> list[ReversalChange]:
        """What becomes of the accounts that it is about, where something does."""
        changes = [self.change(account) for account in self.own]
        return [change for change in changes if change.then != change.now]


def reversal(
    actor: Actor, subject: Subject, *, since: dt.datetime, until: dt.datetime | None = None
) -> Reversal:
    """What would be taken back of everything that ``subject`` sent or took from ``since`` on (``until``: that included).

    Raises ``Denied``, ``NotFound``, ``Unprocessable`` (``future_moment``; ``too_many_lines``: more than 1000), ``Conflict``
    (``bank_account``: for the bank's own).
    """
    actor.require("ledger.reverse")
    if since > database_now():
        raise Unprocessable(
            "future_moment",
            _("That moment is still to come. Choose one in the past."),
            field="since",
        )
    own, staffed = _accounts_of(actor, subject)
    ids = _sent_by(subject, own, staffed, since, until)
    if len(ids) > LINES_MAX:
        raise Unprocessable(
            "too_many_lines",
            _(
                "There are more than %(most)d movements in that time. Choose a later beginning, or an end, and take them "
                "back piece by piece."
            )
            % {"most": LINES_MAX},
            facts={"most": LINES_MAX},
        )
    moved = sorted(
        transfers_by_ids(ids), key=lambda transfer: (transfer.posted_at, transfer.pk), reverse=True
    )
    concerned = {transfer.from_account_id for transfer in moved} | {
        transfer.to_account_id for transfer in moved
    }
    own = [*own, *(account for account in staffed if account.pk in concerned)]
    balances = balances_of(_sides(moved, own))
    return Reversal(subject, since, until, _lines(moved, balances), own, balances)


def _accounts_of(actor: Actor, subject: Subject) -> tuple[list[Account], list[Account]]:
    """The subject's own accounts, and those that it only works with. Raises ``NotFound``, ``Conflict`` (``bank_account``)."""
    accounts = with_names().exclude(kind=Account.Kind.SYSTEM).order_by("id")
    if isinstance(subject, User):
        works_at = AccountStaff.objects.filter(user=subject.pk).values("account")
        own = list(accounts.filter(holder__user=subject.pk))
        return own, list(accounts.filter(pk__in=works_at).exclude(holder__user=subject.pk))
    if isinstance(subject, ApiKey):
        return list(accounts.filter(number=subject.account_number)), []
    if subject.kind == Account.Kind.SYSTEM:
        raise Conflict(
            "bank_account",
            _("%(number)s is the bank's own. What it paid is given back one by one.")
            % {"number": subject.number},
        )
    return [account_for(actor, subject.number)], []


def _sent_by(
    subject: Subject,
    own: Sequence[Account],
    staffed: Sequence[Account],
    since: dt.datetime,
    until: dt.datetime | None,
) -> list[uuid.UUID]:
    """The transfers, at least one more than ``LINES_MAX`` where there are more."""
    span = Q(posted_at__gte=since) & (Q(posted_at__lte=until) if until else Q())
    if isinstance(subject, ApiKey):
        taken = Transfer.objects.filter(span, key=subject.pk).exclude(kind=Transfer.Kind.REFUND)
        return list(taken.order_by("-posted_at").values_list("pk", flat=True)[: LINES_MAX + 1])
    if not isinstance(subject, User):
        return _out_of(own, span)
    to_others = ~Q(transfer__to_account__in=[account.pk for account in own])
    return [*_out_of(own, span & to_others), *_out_of(staffed, span & Q(transfer__actor=subject.pk))]


def _out_of(accounts: Iterable[Account], wanted: Q) -> list[uuid.UUID]:
    """The transfers that left ``accounts``, along the entries of each: no other index leads to a payer."""
    found: list[uuid.UUID] = []
    for account in accounts:
        debits = Entry.objects.filter(wanted, account=account.pk, shard=0, amount__lt=0)
        found += debits.order_by("-posted_at").values_list("transfer_id", flat=True)[: LINES_MAX + 1]
    return found


def _lines(moved: Sequence[Transfer], balances: dict[int, Balance]) -> list[ReversalLine]:
    given_back: dict[Any, int] = dict(
        Refunded.objects.filter(pk__in=[transfer.pk for transfer in moved]).values_list("pk", "amount")
    )
    sent = [
        Sent(
            payer=transfer.from_account_id,
            payee=transfer.to_account_id,
            amount=transfer.amount,
            given_back=given_back.get(transfer.pk, 0),
            is_refund=transfer.kind == Transfer.Kind.REFUND,
        )
        for transfer in moved
    ]
    purses = {pk: _purse(balances.get(pk)) for line in sent for pk in (line.payer, line.payee)}
    return [
        _line(transfer, one, part, balances)
        for transfer, one, part in zip(moved, sent, unwind(sent, purses), strict=True)
    ]


def _line(transfer: Transfer, sent: Sent, part: Part, balances: dict[int, Balance]) -> ReversalLine:
    receiver = balances.get(transfer.to_account_id)
    is_frozen = receiver is not None and receiver.status == Balance.Status.FROZEN
    return ReversalLine(transfer, sent.given_back, part.take, part.why, is_frozen)


def _purse(balance: Balance | None) -> Purse:
    if balance is None:
        return Purse(is_bank=True)
    return Purse(available(balance), is_closed=balance.status == Balance.Status.CLOSED)


def _sides(moved: Iterable[Transfer], own: Iterable[Account]) -> list[Account]:
    """Every account that is not the bank's own, once."""
    found = {account.pk: account for account in own}
    for transfer in moved:
        for account in (transfer.from_account, transfer.to_account):
            found.setdefault(account.pk, account)
    return [account for account in found.values() if account.kind != Account.Kind.SYSTEM]


def _total(currency: Currency, lines: Sequence[ReversalLine]) -> ReversalTotal:
    return ReversalTotal(
        currency,
        count=len(lines),
        sent=sum(line.transfer.amount for line in lines),
        given_back=sum(line.given_back for line in lines),
        take=sum(line.take for line in lines),
        lost=sum(line.lost for line in lines),
    )


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat()
