"""What the ledger adds to the trail: transfers in words, the pages of what lines are about, and amounts in their currency."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.activity import Activity
from accounts.console import trail
from accounts.console.parts import link, unbroken
from accounts.console.trail import Told
from ledger.console.money import shown
from ledger.models import Account, Currency, Transfer
from ledger.selectors.activity import ACTION, TARGET, TRANSFER

PAYROLL: Final = "payroll.pay"
Accounts = Mapping[str, Account]


def tell(lines: Sequence[Activity]) -> dict[uuid.UUID, Told]:
    """The ledger's own lines in words, and everybody's amounts: in the currency of the account that a line names."""
    named = {number for line in lines for number in _numbers(line)}
    found = Account.objects.filter(number__in=named).select_related("holder", "currency") if named else ()
    accounts = {account.number: account for account in found}
    is_about_event = any(line.target.startswith("accounts.tenant:") for line in lines)
    first = Currency.objects.filter(position=0).first() if is_about_event else None
    return {line.id: _told(line, accounts, first) for line in lines}


def _told(line: Activity, accounts: Accounts, first: Currency | None) -> Told:
    if line.record == TRANSFER:
        return _transfer(line, accounts)
    account = accounts.get(_about(line))
    currency = account.currency if account else first
    amounts = partial(shown, currency=currency) if currency else None
    if line.action == PAYROLL and account:
        return _payroll(line, account)
    is_target = account is not None and line.target == f"{TARGET}{account.number}"
    return Told(amounts, about=_link(account) if account and is_target else None)


def _transfer(line: Activity, accounts: Accounts) -> Told:
    """A movement: the amount first, then between whom."""
    payer, payee = accounts[line.details["from_account"]], accounts[line.details["to_account"]]
    amount, memo = line.details["amount_display"], line.details["memo"]
    kind = Transfer.Kind(line.action.removeprefix(ACTION))
    if kind == Transfer.Kind.ADMIN:
        is_given = payer.kind == Account.Kind.SYSTEM
        what = _("Gave %(amount)s") if is_given else _("Took %(amount)s")
        return _moved(what, amount, payee if is_given else payer, [(_("reason"), memo)])
    what = str(_VERBS.get(kind, f"{capfirst(kind.label)}: %(amount)s"))
    # Who pays what is theirs stands there already, as who did it.
    payer_name = "" if payer.holder.user_id == line.actor_id is not None else payer.holder.name
    why = _("reason") if kind == Transfer.Kind.REFUND else _("for")
    return _moved(what, amount, payee, [(_("from"), payer_name), (why, memo)])


def _moved(what: str, amount: str, about: Account, details: Sequence[tuple[str, str]]) -> Told:
    said = unbroken(what % {"amount": amount})
    return Told(None, said, _link(about), [(name, value) for name, value in details if value])


_VERBS: Final[Mapping[str, Any]] = {
    Transfer.Kind.REFUND: gettext_lazy("Gave back %(amount)s"),
    Transfer.Kind.TRANSFER: gettext_lazy("Paid %(amount)s"),
    Transfer.Kind.VOUCHER: gettext_lazy("Redeemed a voucher: %(amount)s"),
    Transfer.Kind.CASINO_BET: gettext_lazy("Bet %(amount)s in the casino"),
    Transfer.Kind.CASINO_WIN: gettext_lazy("Won %(amount)s in the casino"),
    Transfer.Kind.PRIZE: gettext_lazy("Was given a prize of %(amount)s"),
}


def _payroll(line: Activity, source: Account) -> Told:
    """A chunk of salaries in one line; what it paid from stands where others have what they were done to."""
    noted = line.details
    details = [
        (_("people"), str(noted.get("lines", ""))),
        (_("from"), source.holder.name),
        (_("reason"), str(noted.get("reason", ""))),
        (_("run"), str(noted.get("run", ""))),
    ]
    total = shown(int(noted.get("total", 0)), source.currency)
    return Told(None, _("Salaries: %(total)s") % {"total": total}, trail.NOTHING, details)


def _link(account: Account) -> Any:
    url = reverse("admin:ledger_account_change", args=[account.number])
    return link(url, format_html("{} · {}", account.holder.name, unbroken(account.number)))


def _numbers(line: Activity) -> set[str]:
    if line.record == TRANSFER:
        return {line.details["from_account"], line.details["to_account"]}
    return {_about(line)} - {""}


def _about(line: Activity) -> str:
    """The number of the account that a line is about, or of the one that its key is bound to."""
    if line.target.startswith(TARGET):
        return line.target.removeprefix(TARGET)
    return str(line.details.get("account", ""))


trail.tellers.append(tell)
trail.done_elsewhere |= {PAYROLL, "accounts.export", "transfers.export"}
trail.words |= {
    "account.adjust": gettext_lazy("Adjust balance"),
    "account.floor": gettext_lazy("Lowest balance"),
    "account.freeze": gettext_lazy("Freeze"),
    "account.limits": gettext_lazy("Set limits"),
    "account.merchant": gettext_lazy("Till on or off"),
    "account.open": gettext_lazy("New account"),
    "account.reverse": gettext_lazy("Reverse since"),
    "account.staff": gettext_lazy("Let somebody work with the account"),
    "account.staff_end": gettext_lazy("End somebody's work with the account"),
    "accounts.export": gettext_lazy("Accounts taken away as CSV"),
    "account.unfreeze": gettext_lazy("Unfreeze"),
    "currency.create": gettext_lazy("New currency"),
    "event.export": gettext_lazy("Books carried out"),
    "event.import": gettext_lazy("Books brought in"),
    "event.restore": gettext_lazy("Backup brought back"),
    "faction.freeze": gettext_lazy("Freeze all accounts"),
    "faction.unfreeze": gettext_lazy("Unfreeze all accounts"),
    "key.reverse": gettext_lazy("Reverse what a device took"),
    PAYROLL: gettext_lazy("Salaries"),
    "request.cancel": gettext_lazy("Payment request taken back"),
    "request.decline": gettext_lazy("Payment request declined"),
    "request.make": gettext_lazy("Payment request"),
    "terminal.debit": gettext_lazy("Take money at a terminal"),
    **{f"{ACTION}{kind.value}": kind.label for kind in Transfer.Kind},
    "transfer.admin": gettext_lazy("Money given or taken"),
    "transfer.refund": gettext_lazy("Refund"),
    "voucher.make": gettext_lazy("Make vouchers"),
    "voucher.print": gettext_lazy("Print vouchers"),
    "voucher.void": gettext_lazy("Void vouchers"),
    "transfers.export": gettext_lazy("Transfers taken away as CSV"),
    "user.reverse": gettext_lazy("Reverse what somebody sent"),
}
trail.pages |= {
    "ledger.account": "admin:ledger_account_change",
    TRANSFER: "admin:ledger_transfer_change",
    "ledger.vouchers": "admin:ledger_voucherbatch_change",
    "accounts.key": "admin:accounts_apikey_change",
    "accounts.tenant": "admin:accounts_tenant_change",
}
