"""Opening accounts, and what game masters change about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts import audit, notify
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Invalid, Unavailable
from accounts.models import Faction, User
from accounts.units import RunAgain, unit_of_work
from ledger import numbers, posting, selectors
from ledger.models import Account, AccountHolder, AccountStaff, Balance, Currency
from ledger.money import is_amount

ISSUANCE_SHARDS = 16
_TRIES_FOR_A_FREE_NUMBER = 5


def open_person(*, actor: Actor, user: User) -> Account:
    """Make ``user`` an account holder with a primary checking account in the tenant's first currency. Inside a unit."""
    holder = AccountHolder.objects.create(
        kind=AccountHolder.Kind.PERSON, name=str(user.character_name), user=user
    )
    return open_account(actor=actor, holder=holder, currency=selectors.first_currency(), primary=True)


def open_people(*, actor: Actor, users: Sequence[User]) -> list[Account]:
    """``open_person`` for many people at once, in their order. Inside a unit.

    Raises ``RunAgain`` when a number that was drawn has just been taken.
    """
    currency = selectors.first_currency()
    holders = AccountHolder.objects.bulk_create(
        AccountHolder(kind=AccountHolder.Kind.PERSON, name=str(user.character_name), user=user)
        for user in users
    )
    try:
        accounts: list[Account] = Account.objects.bulk_create(
            Account(
                number=number,
                holder=holder,
                currency=currency,
                kind=Account.Kind.CHECKING,
                is_primary=True,
            )
            for holder, number in zip(holders, _free_numbers(len(holders)), strict=True)
        )
    except IntegrityError as error:
        raise RunAgain from error
    Balance.objects.bulk_create(Balance(account=account, shard=0) for account in accounts)
    lines = [(target(account), {"holder": account.holder.name}) for account in accounts]
    audit.record_all(actor=actor, action="account.open", lines=lines)
    return accounts


def _free_numbers(count: int) -> list[str]:
    drawn: set[str] = set()
    while len(drawn) < count:
        drawn |= {numbers.generate() for _missing in range(count - len(drawn))}
        drawn -= set(Account.objects.filter(number__in=drawn).values_list("number", flat=True))
    return list(drawn)


def open_faction(*, actor: Actor, faction: Faction) -> Account:
    """Make ``faction`` an account holder with a primary account. Inside a unit."""
    holder = AccountHolder.objects.create(kind=AccountHolder.Kind.FACTION, name=faction.name, faction=faction)
    return open_account(actor=actor, holder=holder, currency=selectors.first_currency(), primary=True)


def open_account(
    *,
    actor: Actor,
    holder: AccountHolder,
    currency: Currency,
    kind: Account.Kind = Account.Kind.CHECKING,
    primary: bool = False,
    merchant: bool = False,
    label: str = "",
) -> Account:
    """Open an account with a new random number and a balance of zero. Inside a unit."""
    for _try in range(_TRIES_FOR_A_FREE_NUMBER):
        try:
            with transaction.atomic():
                account = Account.objects.create(
                    number=numbers.generate(),
                    holder=holder,
                    currency=currency,
                    kind=kind,
                    is_primary=primary,
                    is_merchant=merchant,
                    label=label,
                )
        except IntegrityError as error:
            if "account_number_unique" not in str(error) and "number" not in str(error):
                raise
            continue
        Balance.objects.create(account=account, shard=0)
        audit.record(actor=actor, action="account.open", target=target(account), holder=holder.name)
        return account
    raise Unavailable("busy", _("The bank is very busy. Nothing was done; try again."), retry_after=2)


def add_staff(*, actor: Actor, account: Account, user: User) -> None:
    """Let ``user`` work with ``account``. Inside a unit."""
    AccountStaff.objects.get_or_create(account=account, user=user)
    audit.record(actor=actor, action="account.staff", target=target(account), user=str(user.pk))


@unit_of_work
def set_merchant(*, actor: Actor, account: str, merchant: bool, reason: str = "") -> Account | DomainError:
    """Make ``account`` a till (people who work with it may charge), or end that. What is asked for already can be paid still.

    Raises ``Denied``, ``NotFound``, ``Conflict`` (``system_account``).
    """
    actor.require("ledger.merchants")
    found = _of_somebody(actor, account)
    Account.objects.filter(pk=found.pk).update(is_merchant=merchant)
    found.is_merchant = merchant
    audit.record(
        actor=actor, action="account.merchant", target=target(found), merchant=merchant, reason=reason
    )
    return found


@unit_of_work
def hire(*, actor: Actor, account: str, person: User) -> Account | DomainError:
    """Let ``person`` work with ``account``: charge, see its takings, give back, and pay from it; they are told.

    Raises ``Denied``, ``NotFound``, ``Conflict`` (``system_account``, ``own_account``).
    """
    actor.require("ledger.merchants")
    found = _of_somebody(actor, account)
    if found.holder.user_id == person.pk:
        raise Conflict(
            "own_account", _("%(name)s holds this account already.") % {"name": person.character_name}
        )
    add_staff(actor=actor, account=found, user=person)
    notify.publish(
        to=person,
        kind="account.staff",
        text=lambda: (
            _("You may work with the account %(name)s (%(number)s) now.")
            % {"name": found.label or found.holder.name, "number": found.number}
        ),
        account=found.number,
    )
    return found


@unit_of_work
def dismiss(*, actor: Actor, account: str, person: User) -> Account | DomainError:
    """End that ``person`` works with ``account``, from the next click on; they are told. Raises as ``hire``."""
    actor.require("ledger.merchants")
    found = _of_somebody(actor, account)
    gone, _rows = AccountStaff.objects.filter(account=found, user=person).delete()
    if gone:
        audit.record(actor=actor, action="account.staff_end", target=target(found), user=str(person.pk))
        notify.publish(
            to=person,
            kind="account.staff",
            text=lambda: (
                _("You no longer work with the account %(name)s (%(number)s).")
                % {"name": found.label or found.holder.name, "number": found.number}
            ),
            account=found.number,
        )
    return found


def _of_somebody(actor: Actor, number: str) -> Account:
    found = selectors.account_for(actor, number)
    if found.kind == Account.Kind.SYSTEM:
        raise Conflict("system_account", _("This account is the bank's own: nobody works with it."))
    return found


@unit_of_work
def freeze(
    *, actor: Actor, account: str, how: str = Balance.Freeze.BOTH, reason: str = ""
) -> Account | DomainError:
    """Stop postings that people and terminals start on ``account``: its debits, credits or both.

    When this has returned, no such posting commits any more. Raises ``Denied``, ``NotFound``, ``Conflict``
    (``account_closed``), ``Invalid`` (``invalid_freeze``).
    """
    actor.require("ledger.freeze")
    if how not in Balance.Freeze.values:
        raise Invalid("invalid_freeze", _("Choose debits, credits or both."), field="freeze")
    found = selectors.account_for(actor, account)
    locked = posting.lock(actor=actor, accounts=[found])
    if any(row.status == Balance.Status.CLOSED for row in locked):
        return _refused_closed(actor, found, "account.freeze")
    posting.set_state(actor=actor, account=found, status=Balance.Status.FROZEN, freeze=how)
    audit.record(actor=actor, action="account.freeze", target=target(found), how=how, reason=reason)
    _tell_holders([found], frozen=True)
    return found


@unit_of_work
def unfreeze(*, actor: Actor, account: str, reason: str = "") -> Account | DomainError:
    """Let postings on ``account`` go on. Raises ``Denied``, ``NotFound``, ``Conflict`` (``account_closed``)."""
    actor.require("ledger.freeze")
    found = selectors.account_for(actor, account)
    locked = posting.lock(actor=actor, accounts=[found])
    if any(row.status == Balance.Status.CLOSED for row in locked):
        return _refused_closed(actor, found, "account.unfreeze")
    was_frozen = any(row.freeze for row in locked)
    posting.set_state(actor=actor, account=found, status=Balance.Status.ACTIVE, freeze="")
    audit.record(actor=actor, action="account.unfreeze", target=target(found), reason=reason)
    if was_frozen:
        _tell_holders([found], frozen=False)
    return found


@unit_of_work
def freeze_faction(
    *, actor: Actor, faction: Faction, how: str = Balance.Freeze.BOTH, reason: str = ""
) -> int | DomainError:
    """Freeze every account of ``faction`` and of its members; returns how many. Closed accounts stay as they are.

    Whom it changes anything for is told. Raises ``Denied``, ``Invalid`` (``invalid_freeze``).
    """
    return _faction(
        actor, faction, {"status": Balance.Status.FROZEN, "freeze": how}, "faction.freeze", reason
    )


@unit_of_work
def unfreeze_faction(*, actor: Actor, faction: Faction, reason: str = "") -> int | DomainError:
    """Take the freeze from every account of ``faction`` and of its members; returns how many."""
    return _faction(
        actor, faction, {"status": Balance.Status.ACTIVE, "freeze": ""}, "faction.unfreeze", reason
    )


def _faction(actor: Actor, faction: Faction, state: dict[str, str], action: str, reason: str) -> int:
    actor.require("ledger.freeze")
    if state["freeze"] and state["freeze"] not in Balance.Freeze.values:
        raise Invalid("invalid_freeze", _("Choose debits, credits or both."), field="freeze")
    accounts = list(selectors.accounts_of_faction(faction))
    # All rows at once, in the lock order, before any of them is changed.
    locked = posting.lock(actor=actor, accounts=accounts)
    closed = {row.account_id for row in locked if row.status == Balance.Status.CLOSED}
    changing = [account for account in accounts if account.pk not in closed]
    otherwise = {row.account_id for row in locked if row.freeze != state["freeze"]}
    for account in changing:
        posting.set_state(actor=actor, account=account, **state)
    audit.record(
        actor=actor,
        action=action,
        target=f"accounts.faction:{faction.pk}",
        accounts=len(changing),
        reason=reason,
        how=state["freeze"],
    )
    _tell_holders([one for one in changing if one.pk in otherwise], frozen=bool(state["freeze"]))
    return len(changing)


def _tell_holders(accounts: Iterable[Account], *, frozen: bool) -> None:
    """A line for each person whose account was stopped, or goes on."""
    notify.publish_all(
        (
            (account.holder.user, _freeze_told(account, frozen), {"account": account.number})
            for account in accounts
            if account.holder.user is not None
        ),
        kind="account.frozen" if frozen else "account.unfrozen",
    )


def _freeze_told(account: Account, frozen: bool) -> str:
    if frozen:
        return _("Your account %(number)s was frozen by the game masters.") % {"number": account.number}
    return _("Your account %(number)s is no longer frozen: you can pay and be paid again.") % {
        "number": account.number
    }


@unit_of_work
def set_limits(
    *, actor: Actor, account: str, per_payment: int | None, per_day: int | None
) -> Account | DomainError:
    """Set what ``account`` may pay at once and on one day of the tenant (minor units; None takes the limit away).

    Raises ``Denied``, ``NotFound``, ``Invalid`` (``invalid_amount``), ``Conflict`` (``sharded_account``).
    """
    actor.require("ledger.limits")
    for value in (per_payment, per_day):
        if value is not None and not is_amount(value):
            raise Invalid("invalid_amount", _("A limit is a whole number of minor units."), field="limit")
    found = selectors.account_for(actor, account)
    posting.set_state(actor=actor, account=found, limit_per_payment=per_payment, limit_per_day=per_day)
    audit.record(
        actor=actor, action="account.limits", target=target(found), per_payment=per_payment, per_day=per_day
    )
    return found


def target(account: Account) -> str:
    """How the trail names an account."""
    return f"ledger.account:{account.number}"


def _refused_closed(actor: Actor, account: Account, action: str) -> DomainError:
    audit.record(actor=actor, action=action, target=target(account), status="account_closed")
    return Conflict("account_closed", _("Account %(number)s is closed.") % {"number": account.number})
