"""Paying many people: who would get what, line by line, and then exactly that. The paying itself is ``gm.pay_run``.

A run is called by what it is for. The same list under the same name again pays whoever is missing, and nobody twice: a list
that was cut off, or whose bad lines were corrected, is simply sent once more. To pay everybody once more is said (``again``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from accounts import names, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, Invalid
from accounts.models import Faction
from ledger import money, numbers, selectors
from ledger.models import Account, Balance, Currency, Transfer
from ledger.payroll import CELL_MAX, PayRow, amount_of, is_torn
from ledger.services.gm import PayLine, PayRun, has_begun, pay_run, plan_faction, settled_in
from ledger.services.transfers import check_memo

PERMISSION: Final = "ledger.payroll"
SHOWN_MAX: Final = 40
_NAME_MAX: Final = 80
_ROUNDS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class PayFault:
    """A line that cannot be paid, why, and what to do about it."""

    line: int
    who: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Payee:
    """A line that can be paid: ``amount`` in minor units; ``paid`` is the transfer that has paid it in this run before."""

    line: int
    account: Account
    amount: int
    memo: str = ""
    paid: Transfer | None = None
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class PayPlan:
    """What a run would do. ``source`` pays, newly issued money when None; ``available`` is what it has, in minor units."""

    currency: Currency
    run: str
    reason: str
    source: Account | None
    available: int | None
    payees: list[Payee] = field(default_factory=list)
    faults: list[PayFault] = field(default_factory=list)

    @property
    def due(self) -> list[Payee]:
        """Who was not paid in this run before."""
        return [payee for payee in self.payees if payee.paid is None]

    @property
    def total(self) -> int:
        """What is still to be paid, in minor units."""
        return sum(payee.amount for payee in self.due)

    @property
    def missing(self) -> int:
        """How much the payer has too little, in minor units."""
        return 0 if self.available is None else max(0, self.total - self.available)

    @property
    def fingerprint(self) -> str:
        """The same for plans that pay the same people the same in the same run, however far it has come."""
        told = [[payee.account.number, payee.amount, payee.memo] for payee in self.payees]
        source = self.source.number if self.source else ""
        wrong = [fault.line for fault in self.faults]
        text = json.dumps([self.run, self.reason, source, told, wrong])
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all lines: what it is for (the name of the run, and the memo where a line has none), and who pays.

    ``again`` begins a new round for people who were paid under this name before. ``run`` is the run that somebody has looked
    at already, so that what is confirmed twice is one run.
    """

    reason: str
    from_account: str = ""
    again: bool = False
    run: str = ""


def plan_list(*, actor: Actor, rows: Sequence[PayRow], terms: Terms) -> PayPlan:
    """What paying ``rows`` would do; writes nothing.

    Raises ``Denied``, ``NotFound`` (``no_currency``, ``unknown_account``), ``Invalid`` (``reason_required``, ``invalid_memo``).
    """
    actor.require(PERMISSION)
    with tenancy.scope(actor.tenant):
        plan = _empty_plan(actor, terms)
        found = _judge_all(rows, plan)
        return _with_run(plan, terms, *found)


def plan_members(*, actor: Actor, faction: Faction, amount: int, terms: Terms) -> PayPlan:
    """What paying every active member of ``faction`` ``amount`` (minor units) would do; writes nothing.

    Raises as ``plan_list``, and ``Invalid`` (``invalid_amount``).
    """
    actor.require(PERMISSION)
    with tenancy.scope(actor.tenant):
        plan = _empty_plan(actor, terms)
        lines = plan_faction(actor=actor, faction=faction, amount=amount)
        rows = [
            PayRow(place, line.account, money.plain(line.amount, exponent=plan.currency.exponent))
            for place, line in enumerate(lines, start=1)
        ]
        return _with_run(plan, terms, *_judge_all(rows, plan))


def pay_planned(
    *, actor: Actor, plan: PayPlan, expected: str, progress: Callable[[int], None] | None = None
) -> PayRun:
    """Pay a plan that was made just now; ``expected`` is the fingerprint of the one that somebody has agreed to.

    Raises ``Denied``, ``Conflict`` (``pay_list_changed``: then nobody was paid), and what ``pay_run`` raises.
    """
    actor.require(PERMISSION)
    if plan.fingerprint != expected:
        raise Conflict(
            "pay_list_changed",
            _("Something has changed since you looked, so nobody was paid. Look again at what it says now."),
        )
    return pay_run(
        actor=actor,
        lines=[PayLine(payee.account.number, payee.amount, payee.memo) for payee in plan.payees],
        run=plan.run,
        reason=plan.reason,
        from_account=plan.source.number if plan.source else None,
        progress=progress,
    )


def _empty_plan(actor: Actor, terms: Terms) -> PayPlan:
    reason = " ".join(terms.reason.split())
    check_memo(reason)
    if not reason:
        raise Invalid(
            "reason_required", _("Say what it is for: everybody who is paid reads it."), field="reason"
        )
    if not terms.from_account.strip():
        return PayPlan(selectors.first_currency(), terms.run, reason, None, None)
    source = selectors.account_for(actor, terms.from_account)
    if source.kind == Account.Kind.SYSTEM:
        raise Invalid(
            "invalid_payer",
            _("%(number)s is the bank's own. Leave it empty to issue the money newly.")
            % {"number": source.number},
            field="from_account",
        )
    balance = selectors.balances_of([source])[source.pk]
    return PayPlan(source.currency, terms.run, reason, source, selectors.available(balance))


# -- Judging the lines -------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Known:
    """The accounts that the lines may mean: by number, and the primary ones by their holders' names as they are compared."""

    by_number: dict[str, Account]
    by_name: dict[str, Account]
    balances: dict[int, Balance]
    lines: dict[int, int] = field(default_factory=dict)


def _judge_all(rows: Sequence[PayRow], plan: PayPlan) -> tuple[list[Payee], list[PayFault]]:
    known = _known(rows)
    payees, faults = [], []
    for row in rows:
        found = _judge(row, known, plan)
        if isinstance(found, Payee):
            payees.append(found)
        else:
            faults.append(PayFault(row.line, _shown(row.who), tuple(found)))
    return payees, faults


def _known(rows: Sequence[PayRow]) -> _Known:
    typed = {numbers.normalize(row.who) for row in rows if numbers.is_meant(row.who)}
    keys = {_key_of(row.who) for row in rows}
    everybody = Account.objects.select_related("holder__user", "currency").order_by()
    by_number = {account.number: account for account in everybody.filter(number__in=typed)}
    primary = everybody.filter(is_primary=True, holder__user__name_key__in=keys - {""})
    by_name = {str(account.holder.user.name_key): account for account in primary if account.holder.user}
    found = {account.pk: account for account in (*by_number.values(), *by_name.values())}
    return _Known(by_number, by_name, selectors.balances_of(found.values()))


def _key_of(name: str) -> str:
    try:
        return names.key(names.clean(name))
    except Invalid:
        return ""


def _judge(row: PayRow, known: _Known, plan: PayPlan) -> Payee | list[str]:
    """Somebody to be paid, or everything that is wrong with the line."""
    if columns := row.formulas():
        return [
            _(
                "In the column “%(columns)s”: what begins with = + - or @ is a formula for a spreadsheet. Write the text itself."
            )
            % {"columns": ", ".join(columns)}
        ]
    if any(len(cell) > CELL_MAX for cell in (row.who, row.amount, row.memo)):
        return [_("A cell is longer than %(count)d characters. Shorten it.") % {"count": CELL_MAX}]
    account = _account_of(row, known)
    faults = [account] if isinstance(account, str) else _faults_of(account, row, known, plan)
    if is_torn(row):
        faults.append(
            _("Is that one number? Write %(amount)s with a point, or divide the cells with semicolons.")
            % {"amount": f"{row.amount.strip()}.{row.memo.strip()}"}
        )
    amount, memo = 0, " ".join(row.memo.split())
    try:
        amount = amount_of(row.amount, exponent=plan.currency.exponent)
    except ValueError as error:
        faults.append(str(error))
    try:
        check_memo(memo)
    except Invalid as refusal:
        faults.append(refusal.sentence)
    if faults or isinstance(account, str):
        return faults
    is_frozen = known.balances[account.pk].status == Balance.Status.FROZEN
    return Payee(row.line, account, amount, memo, is_frozen=is_frozen)


def _account_of(row: PayRow, known: _Known) -> Account | str:
    """The account that is meant, or why there is none."""
    who = row.who.strip()
    if not who:
        return _("It does not say who. Write an account number, or a character's whole name.")
    if numbers.is_meant(who):
        number = numbers.normalize(who)
        if not numbers.is_valid(number) and number not in known.by_number:
            return _("This number has a typing mistake. Compare it, sign by sign.")
        return known.by_number.get(number) or _("There is no account with this number.")
    try:
        name = names.clean(who)
    except Invalid:
        return _("Nobody is called so: it holds signs that no name has. Type the name anew.")
    named = known.by_name.get(names.key(name))
    if named is None:
        return _("Nobody is called so. Write the whole name, or the account number.")
    if named.holder.name.casefold() != name.casefold():
        return _("Nobody is called so, but “%(name)s” looks alike. Write it exactly, or the number.") % {
            "name": named.holder.name
        }
    return named


def _faults_of(account: Account, row: PayRow, known: _Known, plan: PayPlan) -> list[str]:
    """Why this account cannot be paid in this run, whatever the amount."""
    faults = []
    above = known.lines.setdefault(account.pk, row.line)
    if above != row.line:
        faults.append(
            _("Line %(line)d pays this account already; a run pays nobody twice. Add the two up in one.")
            % {"line": above}
        )
    if account.kind == Account.Kind.SYSTEM:
        faults.append(_("This is the bank's own account. Nobody is paid there."))
    elif known.balances[account.pk].status == Balance.Status.CLOSED:
        faults.append(_("This account is closed. Write another one of this person, or take the line out."))
    if account.currency_id != plan.currency.pk:
        faults.append(
            _("This account keeps %(theirs)s, and this run pays %(ours)s.")
            % {"theirs": account.currency.code, "ours": plan.currency.code}
        )
    if plan.source is not None and account.pk == plan.source.pk:
        faults.append(_("This is the account that pays. Take the line out."))
    return faults


def _shown(text: str) -> str:
    """What stands in a cell, on one line; what cannot be seen, as its number."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in text[:SHOWN_MAX])


# -- Which run it is ---------------------------------------------------------------------------------------------------


def _with_run(plan: PayPlan, terms: Terms, payees: list[Payee], faults: list[PayFault]) -> PayPlan:
    """The plan with its run, and what that has paid before. Whoever was paid otherwise there is a fault."""
    name = _name_of(plan.reason)
    accounts = [payee.account.number for payee in payees]
    # Of the run, not of this list's accounts: who stands in none of the earlier rounds is paid in the newest one, once.
    begun = 0
    while begun < _ROUNDS_MAX and has_begun(round_of(name, begun + 1)):
        begun += 1
    run = round_of(name, begun + 1 if terms.again else max(begun, 1))
    if terms.run in {round_of(name, turn) for turn in range(1, begun + 2)}:
        run = terms.run
    settled = settled_in(run, accounts)
    source = plan.source or selectors.issuance(plan.currency)
    whole = PayPlan(plan.currency, run, plan.reason, plan.source, plan.available, faults=faults)
    for payee in payees:
        paid = settled.get(payee.account.number)
        if paid is not None and (paid.amount, paid.from_account_id) != (payee.amount, source.pk):
            whole.faults.append(PayFault(payee.line, payee.account.holder.name, (_paid_otherwise(paid),)))
        else:
            whole.payees.append(
                Payee(payee.line, payee.account, payee.amount, payee.memo, paid, payee.is_frozen)
            )
    whole.faults.sort(key=lambda fault: fault.line)
    return whole


def _paid_otherwise(paid: Transfer) -> str:
    shown = money.display(paid.amount, symbol=paid.currency.symbol, exponent=paid.currency.exponent)
    return _(
        "Was paid %(amount)s from %(payer)s under this name before. To pay more, choose another name or a new round."
    ) % {"amount": shown, "payer": paid.from_account.holder.name}


def _name_of(reason: str) -> str:
    """The run that a reason names; letters' case is nothing to be paid twice for."""
    name = reason.casefold()
    if len(name) <= _NAME_MAX:
        return name
    return f"{name[: _NAME_MAX - 13]} {hashlib.sha256(name.encode()).hexdigest()[:12]}"


def round_of(name: str, turn: int) -> str:
    """How the ``turn``th round of a run is called."""
    return name if turn == 1 else f"{name} ({turn})"
