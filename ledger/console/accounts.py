"""Accounts in the console: finding one, and everything about it on one page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import search
from accounts.console.actions import ActionPage
from accounts.console.lists import ListForm, address
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, extension_of, link, moment
from accounts.console.trail import trail_of
from accounts.models import ApiKey, Faction, User
from accounts.requests import BankRequest
from ledger import numbers, selectors
from ledger.console.account_actions import Adjust, Freeze, SetLimits, Unfreeze
from ledger.console.exports import ExportAccounts
from ledger.console.key_actions import IssueKey
from ledger.console.keys import keys_table
from ledger.console.merchants import Dismiss, EndMerchant, Hire, MakeMerchant, staff_panel, till_fact
from ledger.console.money import balance_of, or_none, shown, with_balances
from ledger.models import Account, Balance, Spent
from ledger.services.accounts import target

LINES_SHOWN: Final = 25
# Shorter pieces fit too many numbers to be meant as one, unless they are written like one.
_PIECE_MIN: Final = 3
_SURELY_A_NUMBER: Final = re.compile(r"\s*nc[\s-]", re.ASCII | re.IGNORECASE)


def by_number(text: str) -> Q | None:
    """The accounts whose number begins as typed (any case, hyphens or none, ``NC`` or not), as a range; None when it cannot.

    A whole number is 8 characters after ``NC``, so both ends of the range have the hyphens in the same places: it means the
    same in every order that a database may keep.
    """
    piece = re.sub(r"[\s-]", "", text).upper().removeprefix("NC")
    shortest = 1 if _SURELY_A_NUMBER.match(text) else _PIECE_MIN
    if not re.fullmatch(rf"[0-9A-Z]{{{shortest},8}}", piece):
        return None
    # Reserved numbers are words (MINT); in all others a letter that looks like a digit is one.
    return _range(piece) | _range(numbers.normalize(piece.ljust(8, "0")).replace("-", "")[2:][: len(piece)])


def _range(piece: str) -> Q:
    first, last = (f"NC-{end[:4]}-{end[4:]}" for end in (piece.ljust(8, "0"), piece.ljust(8, "Z")))
    return Q(number__gte=first, number__lte=last)


def by_name_or_number(text: str) -> Q:
    """The accounts of people and factions whose name has words that begin so, and those whose number does."""
    found = Q(holder__user__in=search.find(search.USER, text))
    found |= Q(holder__faction__in=search.find(search.FACTION, text))
    number = by_number(text)
    return found if number is None else found | number


class AccountListForm(ListForm):
    """Accounts by holder or number, and by state."""

    hint = gettext_lazy("The beginning of a name, or an account number.")
    frozen = forms.BooleanField(label=gettext_lazy("Only frozen ones"), required=False)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.cleaned_data["frozen"]:
            rows = rows.filter(pk__in=Balance.objects.filter(status=Balance.Status.FROZEN).values("account"))
        return rows


class AccountPages(ConsoleAdmin):
    """Accounts: the balance, what moved lately, what binds it, and what was done to it."""

    view_permission = "ledger.view_all"
    singular, plural = gettext_lazy("Account"), gettext_lazy("Accounts")
    place = 20
    url_key = "number"
    ordering = ("-id",)
    list_form = AccountListForm
    list_display = ("its_number", "held_by", "balance", "state", "kind_in_words")
    empty_list = gettext_lazy("No such account. Type only the beginning of the name or number.")
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (
        Freeze,
        Unfreeze,
        Adjust,
        SetLimits,
        MakeMerchant,
        EndMerchant,
        Hire,
        Dismiss,
        IssueKey,
    )
    export = ExportAccounts

    def rows(self) -> QuerySet[Account]:
        return Account.objects.select_related("holder__user", "holder__faction", "currency")

    def find(self, key: str) -> Account:
        [account] = with_balances([super().find(key)])
        return account

    def found(self, text: str) -> Q:
        return by_name_or_number(text)

    def shortcut(self, form: ListForm) -> str:
        typed = form.cleaned_data["q"] if form.is_bound and form.is_valid() else ""
        number = numbers.normalize(typed)
        found = Account.objects.filter(number=number).first() if len(number) == len("NC-XXXX-XXXX") else None
        return self.url_of(found) if found else ""

    def prepare(self, rows: list[Account]) -> None:
        with_balances(rows)

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Number"))
    def its_number(self, account: Account) -> str:
        return account.number

    @admin.display(description=gettext_lazy("Holder"))
    def held_by(self, account: Account) -> str:
        return account.holder.name

    @admin.display(description=gettext_lazy("Balance"))
    def balance(self, account: Account) -> Cell:
        amount = balance_of(account).amount
        is_short = amount < 0 and account.kind != Account.Kind.SYSTEM
        return Cell(shown(amount, account.currency), tone="bad" if is_short else "", is_amount=True)

    @admin.display(description=gettext_lazy("State"))
    def state(self, account: Account) -> Cell:
        fact = state_of(balance_of(account))
        return Cell(fact.value, tone="" if fact.tone == "good" else fact.tone)

    @admin.display(description=gettext_lazy("Kind"))
    def kind_in_words(self, account: Account) -> str:
        kind = str(Account.Kind(account.kind).label)
        return f"{kind} · {account.label}" if account.label else kind

    # -- the page ------------------------------------------------------------------------------------------------------

    def title_of(self, row: Account) -> str:
        return row.holder.name

    def number_of(self, row: Account) -> str:
        return row.number

    def state_of(self, row: Account) -> Fact:
        return state_of(balance_of(row))

    def figure_of(self, row: Account) -> Fact:
        return Fact(_("Balance"), shown(balance_of(row).amount, row.currency))

    def facts(self, request: BankRequest, row: Account) -> list[Fact]:
        balance, currency = balance_of(row), row.currency
        free = selectors.available(balance)
        facts = [
            Fact(_("Holder"), self._holder(request, row)),
            Fact(_("Kind"), self.kind_in_words(row)),
            Fact(_("Currency"), f"{currency.code} · {currency.name}"),
            Fact(_("At most at once"), or_none(balance.limit_per_payment, currency)),
            Fact(_("At most a day"), self._day(request, row)),
            till_fact(row),
            Fact(_("Opened"), moment(row.created_at)),
        ]
        if balance.floor is not None and free != balance.amount:
            facts.insert(0, Fact(_("Of that free to spend"), shown(free, currency)))
        if balance.floor is None:
            facts.append(Fact(_("Lowest balance"), _("none: this account issues money")))
        elif balance.floor:
            facts.append(Fact(_("Lowest balance"), shown(balance.floor, currency), "bad"))
        return facts

    def panels(self, request: BankRequest, row: Account) -> list[Panel]:
        keys = ApiKey.objects.filter(account_number=row.number)
        note = _("Money that game masters gave or took stands above, among the movements.")
        done_to_it = trail_of(request, target(row), note=note)
        return [
            self._movements(request, row),
            Panel(_("Device keys"), table=keys_table(list(keys), {row.number: row.currency})),
            staff_panel(request, row),
            *([done_to_it] if done_to_it else []),
        ]

    def _holder(self, request: BankRequest, row: Account) -> Any:
        holder = row.holder
        if holder.user_id and request.user.has_perm("accounts.view_people"):
            return link(reverse("admin:accounts_user_change", args=[holder.user_id]), holder.name)
        if holder.faction_id and request.user.has_perm("accounts.view_people"):
            return link(reverse("admin:accounts_faction_change", args=[holder.faction_id]), holder.name)
        return holder.name

    def _day(self, request: BankRequest, row: Account) -> str:
        limit = or_none(balance_of(row).limit_per_day, row.currency)
        if row.kind == Account.Kind.SYSTEM or request.tenant is None:
            return limit
        today = request.tenant.day_of(timezone.now())
        spent = Spent.objects.filter(scope=Spent.Scope.ACCOUNT, subject=str(row.pk), day=today).first()
        paid = shown(spent.amount if spent else 0, row.currency)
        return _("%(limit)s (%(paid)s paid today)") % {"limit": limit, "paid": paid}

    def _movements(self, request: BankRequest, row: Account) -> Panel:
        asked = request.GET.get("older", "")
        history = selectors.history([row], cursor=_place_of(asked, row) if asked else None, limit=LINES_SHOWN)
        here, currency = self.url_of(row), row.currency
        rows = [
            [
                Cell(
                    link(
                        reverse("admin:ledger_transfer_change", args=[line.transfer.pk]),
                        moment(line.entry.posted_at),
                    )
                ),
                Cell(
                    shown_signed(line.entry.amount, currency),
                    "good" if line.entry.amount > 0 else "",
                    is_amount=True,
                ),
                Cell(
                    NOTHING if line.balance_after is None else shown(line.balance_after, currency),
                    is_amount=True,
                ),
                Cell(line.transfer.get_kind_display()),
                Cell(link(self.url_of(line.counterparty), line.counterparty.holder.name)),
                Cell(line.transfer.memo or NOTHING, tone="quiet"),
            ]
            for line in history.lines
        ]
        table = Table(
            [_("When"), _("Amount"), _("Balance after"), _("Kind"), _("With"), _("What for")],
            rows,
            empty=_("Nothing has moved yet."),
            older=address(here, {}, older=_place_as_text(history.next, row)) if history.next else "",
            newest=here if asked else "",
        )
        note = _("This account's balance is kept in several parts, so no line has a balance of its own.")
        return Panel(_("Movements"), table=table, note=note if row.shards > 1 else "")


def state_of(balance: Balance) -> Fact:
    """Active, frozen (and what that stops) or closed, in words."""
    label = _("State")
    if balance.status == Balance.Status.FROZEN:
        how = str(Balance.Freeze(balance.freeze).label)
        return Fact(label, _("FROZEN: %(how)s") % {"how": how}, "bad")
    if balance.status == Balance.Status.CLOSED:
        return Fact(label, _("closed"), "quiet")
    return Fact(label, _("active"), "good")


def shown_signed(amount: int, currency: Any) -> str:
    """An amount with the sign in front, also when it came in."""
    return ("+" if amount > 0 else "") + shown(amount, currency)


def _place_of(text: str, account: Account) -> dict[str, int]:
    """A page's place in an account's history: the seq of each shard, ``"120"`` or ``"7,,12"``. Raises ``Http404``."""
    parts = text.split(",")
    if len(parts) != account.shards or not all(re.fullmatch(r"[0-9]{0,18}", part) for part in parts):
        raise Http404
    return {f"{account.number}.{shard}": int(part) for shard, part in enumerate(parts) if part}


def _place_as_text(place: dict[str, Any], account: Account) -> str:
    return ",".join(str(place.get(f"{account.number}.{shard}", "")) for shard in range(account.shards))


# -- on the pages of the ground floor ----------------------------------------------------------------------------------


def accounts_panel(request: BankRequest, row: User | Faction) -> Panel | None:
    """The accounts of a person or faction, with their balances."""
    if not request.user.has_perm("ledger.view_all"):
        return None
    held = Q(holder__user=row.pk) if isinstance(row, User) else Q(holder__faction=row.pk)
    accounts = with_balances(Account.objects.filter(held).select_related("holder", "currency").order_by("id"))
    rows = [
        [
            Cell(link(reverse("admin:ledger_account_change", args=[account.number]), account.number)),
            Cell(shown(balance_of(account).amount, account.currency), is_amount=True),
            Cell(
                (fact := state_of(balance_of(account))).value, tone="" if fact.tone == "good" else fact.tone
            ),
        ]
        for account in accounts
    ]
    return Panel(
        _("Accounts"), table=Table([_("Number"), _("Balance"), _("State")], rows, empty=_("No account yet."))
    )


def holders_by_number(text: str) -> Q | None:
    """The people who hold an account whose number begins as typed."""
    number = by_number(text)
    return None if number is None else Q(pk__in=Account.objects.filter(number).values("holder__user"))


extension_of(User).panels.append(accounts_panel)
extension_of(User).finders.append(holders_by_number)
extension_of(Faction).panels.append(accounts_panel)
