"""Accounts and their balances."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from django.db import connection, transaction
from django.db.models import (
    CharField,
    Exists,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    UUIDField,
)
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.compiled import Compiled
from accounts.errors import Denied, NotFound, Unprocessable
from accounts.models import Faction, User
from accounts.units import writers_turn
from ledger import numbers
from ledger.models import Account, AccountStaff, Balance, Currency, Entry

# Longer than any writer keeps SQLite's lock: an entry stamped before this has been committed, or never will be.
_SETTLED_AFTER = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Sides:
    """Accounts of a payment by number; ``payable`` also has the primary one under None."""

    payable: dict[str | None, Account]
    named: dict[str, Account]


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as it stands now; amounts in minor units."""

    account: Account
    balance: Balance

    @property
    def available(self) -> int:
        """What may go out now."""
        return available(self.balance)


@dataclass(frozen=True, slots=True)
class AsOf:
    """The balance of an account at a moment, in minor units."""

    account: Account
    amount: int
    at: dt.datetime


def first_currency() -> Currency:
    """The tenant's first currency. Raises ``NotFound`` (``no_currency``) while the bank is not set up."""
    currency = Currency.objects.filter(position=0).first()
    if currency is None:
        raise NotFound(
            "no_currency", _("This event has no currency yet. Ask a game master to set up the bank.")
        )
    return currency


def currencies() -> list[Currency]:
    """The tenant's currencies, the first one first. Raises ``NotFound`` (``no_currency``) while the bank is not set up."""
    return list(Currency.objects.order_by("position")) or [first_currency()]


def issuance(currency: Currency) -> Account:
    """The account from which ``currency`` is issued and into which it is burnt."""
    return Account.objects.get(number=numbers.mint(currency.code, first=currency.position == 0))


def with_names() -> QuerySet[Account]:
    """Accounts with everything that is shown beside their number."""
    return Account.objects.select_related("holder__user", "currency")


def _mine(actor: Actor) -> Q:
    """Accounts that the actor works with as their own."""
    if actor.user is not None:
        works_there = AccountStaff.objects.filter(account=OuterRef("pk"), user=actor.user_id)
        return Q(holder__user=actor.user_id) | Q(Exists(works_there))
    if actor.key is not None:
        return Q(number=actor.key.account_number)
    return Q(pk__in=())


def account_for(actor: Actor, number: str) -> Account:
    """The account with ``number``, when the actor may look into it. Raises ``NotFound`` (``unknown_account``)."""
    found = with_names().filter(number=numbers.normalize(number))
    if not (actor.may("ledger.view_all") or actor.has_scope("balance:any")):
        found = found.filter(_mine(actor))
    account = found.first()
    if account is None:
        raise _unknown(number)
    return account


def sides_for(actor: Actor, payers: Collection[str | None], payees: Collection[str]) -> Sides:
    """The accounts that a payment names, in one query (two for a shared account): the payers
    as far as the actor may debit them, and the payees.

    None among ``payers`` stands for the actor's primary account. Somebody else's money is never payable, not even by a game
    master: that moves by adjusting, with a reason.
    """
    numbers_paying = {numbers.normalize(number) for number in payers if number is not None}
    wanted = sorted(numbers_paying | set(map(numbers.normalize, payees)))
    user = actor.user_id if None in payers else None
    found: Iterable[Account]
    if len(wanted) == 1 and user is not None:
        found = _PAYEE_AND_PRIMARY.all(number=wanted[0], user=user)
    elif len(wanted) == 2 and user is None:
        found = _TWO.all(one=wanted[0], other=wanted[1])
    else:
        found = _sides(wanted, user)
    named = {account.number: account for account in found}
    mine: dict[str | None, Account] = {}
    for account in named.values():
        if actor.user is None or account.holder.user_id != actor.user_id:
            continue
        mine[account.number] = account
        if account.is_primary:
            mine[None] = account
    others = [named[number] for number in numbers_paying if number in named and number not in mine]
    if others and actor.user is not None:
        works_there = AccountStaff.objects.filter(user=actor.user_id, account__in=others)
        staffed = set(works_there.values_list("account_id", flat=True))
        mine.update((account.number, account) for account in others if account.pk in staffed)
    return Sides(mine, named)


def _sides(wanted: Collection[Any], user: Any) -> QuerySet[Account]:
    """The accounts with the numbers ``wanted``, and the primary one of a user where one is given."""
    by_number = Q(number__in=wanted)
    if user is not None:
        # As a value of its own: with a join inside the OR, every account of the event would be read.
        primary = Account.objects.filter(holder__user=user, is_primary=True).order_by().values("pk")[:1]
        by_number |= Q(pk=Subquery(primary))
    # Every payment comes through here: no column more than it shows.
    return Account.objects.filter(by_number).select_related("holder", "currency").order_by()


_PAYEE_AND_PRIMARY: Final = Compiled[Account](
    lambda number, user: _sides([number], user), number=CharField(), user=UUIDField()
)
_TWO: Final = Compiled[Account](
    lambda one, other: _sides([one, other], None), one=CharField(), other=CharField()
)


def staff_of(account: Account) -> list[User]:
    """The people who work with ``account`` (already allowed to the reader) without holding it, by name."""
    return list(User.objects.filter(staffed__account=account).order_by("character_name", "id"))


def primary_account(actor: Actor) -> Account:
    """The actor's primary account. Raises ``NotFound`` (``no_account``), ``Denied`` for a device."""
    if actor.user is None:
        raise Denied("not_for_devices", _("A device has no account of its own here. Sign in as a person."))
    account = with_names().filter(holder__user=actor.user_id, is_primary=True).first()
    if account is None:
        raise NotFound(
            "no_account",
            _("This login was made for staff and has no bank account. To pay, sign in as a character."),
        )
    return account


def accounts_of(actor: Actor) -> QuerySet[Account]:
    """The actor's own accounts and those they work with, oldest first."""
    if actor.user is None:
        return with_names().filter(_mine(actor)).order_by("id")
    # A union, not an OR over two tables, which would read every account of the event.
    own = Account.objects.filter(holder__user=actor.user_id).order_by().values("pk")
    works_there = AccountStaff.objects.filter(user=actor.user_id).values("account")
    return with_names().filter(pk__in=own.union(works_there)).order_by("id")


def accounts_of_faction(faction: Faction) -> QuerySet[Account]:
    """The accounts of a faction and of its members."""
    return with_names().filter(Q(holder__faction=faction) | Q(holder__user__faction=faction)).order_by("id")


def balances_of(accounts: Iterable[Account]) -> dict[int, Balance]:
    """One row per account id, an account's shards summed up (a row that is not stored: it is only to be read)."""
    rows = (
        Balance.objects.filter(account__in=list(accounts))
        .values("account_id")
        .annotate(
            total=Sum("amount"),
            reserved=Sum("held"),
            lowest=Min("floor"),
            state=Max("status"),
            stop=Max("freeze"),
            per_payment=Min("limit_per_payment"),
            per_day=Min("limit_per_day"),
        )
    )
    return {
        row["account_id"]: Balance(
            account_id=row["account_id"],
            shard=0,
            amount=row["total"],
            held=row["reserved"],
            floor=row["lowest"],
            status=row["state"],
            freeze=row["stop"],
            limit_per_payment=row["per_payment"],
            limit_per_day=row["per_day"],
        )
        for row in rows
    }


def standings(accounts: Sequence[Account]) -> list[Standing]:
    """``accounts`` as they stand now, in their order."""
    balances = balances_of(accounts)
    return [Standing(account, balances[account.pk]) for account in accounts]


def standing_for_device(actor: Actor, number: str) -> Standing:
    """An account as a device may see it: its own with ``balance:read``, any with ``balance:any``.

    Raises ``NotFound`` (``unknown_account``), ``Denied`` (``scope_missing``).
    """
    account = account_for(actor, number)
    if not (actor.has_scope("balance:read") or actor.has_scope("balance:any")):
        raise Denied(
            "scope_missing",
            _("This key may not read balances. Ask a game master for the scope balance:read."),
        )
    [standing] = standings([account])
    return standing


def exponent_for_device(actor: Actor) -> int:
    """The decimals of the currency that a device takes: that of the account it is bound to. Raises ``NotFound``."""
    return account_for(actor, actor.key.account_number if actor.key else "").currency.exponent


def available(balance: Balance) -> int:
    """What may go out now, in minor units: amount less what is held, above the floor."""
    return balance.amount - balance.held - (balance.floor or 0)


def as_of(actor: Actor, number: str, moment: dt.datetime | None) -> AsOf:
    """The balance of an account as of ``moment``, or now. Raises as ``account_for`` and ``balance_at``."""
    account = account_for(actor, number)
    if moment is not None:
        return AsOf(account, balance_at(actor, account, moment), moment)
    [standing] = standings([account])
    return AsOf(account, standing.balance.amount, timezone.now())


def balance_at(actor: Actor, account: Account, moment: dt.datetime) -> int:
    """The balance of ``account`` as of an aware ``moment``, in minor units; exact also while postings run.

    Raises ``Unprocessable`` (``future_moment``) for a moment that is still to come.
    """
    if moment > database_now():
        raise Unprocessable(
            "future_moment", _("That moment is still to come. Ask for one in the past."), field="at"
        )
    if connection.vendor == "postgresql":
        with transaction.atomic():
            # Waits for whoever is posting: an entry stamped earlier can no longer appear after this.
            rows = Balance.objects.filter(account=account).order_by("account_id", "shard")
            list(rows.select_for_update(of=("self",), no_key=True).values_list("shard"))
            return _sum_at(account, moment)
    if moment > timezone.now() - _SETTLED_AFTER:
        # In line with this process's writers: whoever only polls for the lock may starve.
        with writers_turn(), transaction.atomic():
            return _sum_at(account, moment)
    return _sum_at(account, moment)


def database_now() -> dt.datetime:
    """The clock that stamps entries: on PostgreSQL the database's own, which may differ from this machine's."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cast(dt.datetime, cursor.fetchone()[0])


def _sum_at(account: Account, moment: dt.datetime) -> int:
    last_of_shards: Sequence[Entry] = [
        entry
        for shard in range(account.shards)
        if (
            entry := Entry.objects.filter(account=account, shard=shard, posted_at__lte=moment)
            .order_by("-posted_at", "-seq")
            .first()
        )
    ]
    return sum(entry.balance_after for entry in last_of_shards)


def _unknown(number: str) -> NotFound:
    return NotFound(
        "unknown_account",
        _("There is no account %(number)s. Check the number.") % {"number": number[:20]},
    )
