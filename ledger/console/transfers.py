"""Every movement in the console, and giving one back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts import search
from accounts.console.actions import ActionPage
from accounts.console.lists import ListForm, Moment, Page, before, page_after
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, link, moment, unbroken
from accounts.models import ApiKey
from accounts.requests import BankRequest
from ledger import selectors
from ledger.console.accounts import by_name_or_number
from ledger.console.exports import ExportTransfers
from ledger.console.money import AmountField, shown
from ledger.console.refund import Refund
from ledger.models import Account, Currency, Entry, Transfer
from ledger.services.gm import references_of

# How many movements one page looks through for those that are wanted, so that a rare kind costs no more than a common one.
LOOKED_THROUGH: Final = 20_000
ACCOUNTS_MEANT: Final = 50


class KeyChoice(forms.ModelChoiceField):
    """A device key by its name and prefix: two tills may have one name."""

    def label_from_instance(self, obj: Any) -> str:
        """``Bar till (nbk_ab12cd34)``."""
        return f"{obj.name} (nbk_{obj.prefix})"


class TransferListForm(ListForm):
    """Movements by account, kind, time, amount, device key, and who started them."""

    hint = gettext_lazy("Whose: the beginning of a name, or an account number.")
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), required=False)
    since = Moment(label=pgettext_lazy("time", "From"))
    until = Moment(label=pgettext_lazy("time", "To"))
    key = KeyChoice(
        ApiKey.objects.none(),
        label=gettext_lazy("Device key"),
        required=False,
        empty_label=gettext_lazy("all"),
    )

    by = forms.CharField(
        label=gettext_lazy("Started by"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("The beginning of a name."),
    )
    amount_from = AmountField(label=gettext_lazy("Amount from"), required=False)
    amount_to = AmountField(label=gettext_lazy("Amount to"), required=False)
    currency = forms.ModelChoiceField(
        Currency.objects.none(),
        label=gettext_lazy("Currency"),
        required=False,
        empty_label=gettext_lazy("all"),
    )
    # A pay run: no field shows it, its result page leads here.
    run = forms.CharField(max_length=100, required=False, widget=forms.HiddenInput)
    field_order = ("q", "kind", "since", "until", "amount_from", "amount_to", "currency", "by", "key", "run")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        currencies = list(Currency.objects.all())
        if len(currencies) > 1:
            self.fields["currency"].queryset = Currency.objects.all()  # type: ignore[attr-defined]
        else:
            del self.fields["currency"]
        asked = self.data.get("currency", "") if self.is_bound else ""
        meant = [one for one in currencies if str(one.pk) == asked] or currencies
        for name in ("amount_from", "amount_to"):
            if meant:
                cast(AmountField, self.fields[name]).take(meant[0])
            else:
                del self.fields[name]
        self.meant = meant[0] if meant else None
        self.fields["kind"].choices = [("", _("all")), *Transfer.Kind.choices]  # type: ignore[attr-defined]
        self.fields["key"].queryset = ApiKey.objects.all()  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        asked = self.cleaned_data
        lowest, highest = asked.get("amount_from"), asked.get("amount_to")
        currency = asked.get("currency") or (self.meant if lowest or highest else None)
        exact = {
            "kind": asked["kind"],
            "key": asked["key"],
            "currency": currency,
            "amount__gte": lowest,
            "amount__lte": highest,
        }
        rows = self.within(rows).filter(**{column: value for column, value in exact.items() if value})
        if text := asked["by"].strip():
            rows = rows.filter(actor__in=search.find(search.USER, text))
        if run := asked["run"]:
            rows = rows.filter(reference__range=references_of(run))
        return rows

    def within(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` of the time that was asked for."""
        asked = self.cleaned_data
        if asked["since"]:
            rows = rows.filter(posted_at__gte=asked["since"])
        return rows.filter(posted_at__lte=asked["until"]) if asked["until"] else rows

    @property
    def is_rare(self) -> bool:
        """Whether what is asked for may be far between: no index of the books leads to it."""
        asked = self.cleaned_data
        rare = ("kind", "amount_from", "amount_to", "currency")
        return any(map(asked.get, rare)) or any(asked[name].strip() for name in ("q", "by"))

    @property
    def said(self) -> str:
        run = self.cleaned_data.get("run") if self.is_bound and self.is_valid() else ""
        return _("Only what was paid in the run “%(run)s”.") % {"run": run} if run else ""


class TransferPages(ConsoleAdmin):
    """Movements, newest first. They are the books: nothing here changes one, a refund is another."""

    view_permission = "ledger.view_all"
    singular, plural = gettext_lazy("Transfer"), gettext_lazy("Transfers")
    place = 30
    ordering = ("-posted_at", "-id")
    list_form = TransferListForm
    list_display = ("when", "amount_in_words", "payer", "payee", "kind_in_words", "what_for", "by")
    empty_list = gettext_lazy("No such movement.")
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (Refund,)
    export = ExportTransfers

    def rows(self) -> QuerySet[Transfer]:
        return Transfer.objects.select_related(
            "from_account__holder", "to_account__holder", "currency", "actor", "key"
        )

    def found(self, text: str) -> Q:
        meant = list(
            Account.objects.filter(by_name_or_number(text)).values_list("pk", flat=True)[:ACCOUNTS_MEANT]
        )
        return Q(from_account__in=meant) | Q(to_account__in=meant)

    def page(self, request: BankRequest, form: ListForm, after: str) -> Page:
        if not (form.is_bound and form.is_valid() and isinstance(form, TransferListForm) and form.is_rare):
            return super().page(request, form, after)
        start = self.find(after) if after else None
        span = form.within(Transfer.objects.all())
        if start is not None:
            span = span.filter(before(start, self.ordering))
        last = (
            span.order_by(*self.ordering).only("id", "posted_at")[LOOKED_THROUGH - 1 : LOOKED_THROUGH].first()
        )
        rows = self.asked_for(form)
        if last is not None:
            rows = rows.filter(posted_at__gte=last.posted_at)
        found = page_after(rows, ordering=self.ordering, after=start)
        if found.last is not None or last is None:
            return found
        return Page(found.rows, last, moment(last.posted_at))

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("When"))
    def when(self, transfer: Transfer) -> Any:
        return moment(transfer.posted_at)

    @admin.display(description=gettext_lazy("Amount"))
    def amount_in_words(self, transfer: Transfer) -> Cell:
        return Cell(shown(transfer.amount, transfer.currency), is_amount=True)

    @admin.display(description=gettext_lazy("From"))
    def payer(self, transfer: Transfer) -> Any:
        return account_link(transfer.from_account)

    @admin.display(description=gettext_lazy("To"))
    def payee(self, transfer: Transfer) -> Any:
        return account_link(transfer.to_account)

    @admin.display(description=gettext_lazy("Kind"))
    def kind_in_words(self, transfer: Transfer) -> str:
        return transfer.get_kind_display()

    @admin.display(description=gettext_lazy("What for"))
    def what_for(self, transfer: Transfer) -> Cell:
        return Cell(transfer.memo or NOTHING, tone="quiet")

    @admin.display(description=gettext_lazy("By"))
    def by(self, transfer: Transfer) -> str:
        return by_whom(transfer)

    # -- the page ------------------------------------------------------------------------------------------------------

    def title_of(self, row: Transfer) -> str:
        return _("%(amount)s from %(payer)s to %(payee)s") % {
            "amount": shown(row.amount, row.currency),
            "payer": row.from_account.holder.name,
            "payee": row.to_account.holder.name,
        }

    def figure_of(self, row: Transfer) -> Fact:
        return Fact(_("Amount"), shown(row.amount, row.currency))

    def facts(self, request: BankRequest, row: Transfer) -> list[Fact]:
        left = selectors.refundable(row)
        facts = [
            Fact(_("When"), moment(row.posted_at)),
            Fact(_("From"), account_link(row.from_account)),
            Fact(_("To"), account_link(row.to_account)),
            Fact(_("Kind"), self.kind_in_words(row)),
            Fact(_("What for"), row.memo or NOTHING),
            Fact(_("By"), by_whom(row)),
            Fact(_("Number"), str(row.pk)),
        ]
        if row.reference:
            facts.append(Fact(_("Reference"), row.reference))
        if row.refunds_id:
            facts.append(Fact(_("Gives back"), link(self._url(row.refunds_id), _("this transfer"))))
        elif left != row.amount:
            given = _("%(given)s of %(all)s; %(left)s are left") % {
                "given": shown(row.amount - left, row.currency),
                "all": shown(row.amount, row.currency),
                "left": shown(left, row.currency),
            }
            facts.append(Fact(_("Given back"), given))
        if request.user.has_perm("accounts.view_audit"):
            facts += [
                Fact(_("Address"), row.ip or NOTHING),
                Fact(_("Device"), row.device_id or NOTHING),
                Fact(_("Request"), row.request_id or NOTHING),
            ]
        return facts

    def panels(self, request: BankRequest, row: Transfer) -> list[Panel]:
        entries = (
            Entry.objects.filter(transfer=row)
            .select_related("account__holder", "transfer")
            .order_by("amount")
        )
        lines = [
            [
                Cell(account_link(entry.account)),
                Cell(shown(entry.amount, row.currency), is_amount=True),
                Cell(
                    shown(entry.balance_after, row.currency) if entry.account.shards == 1 else NOTHING,
                    is_amount=True,
                ),
            ]
            for entry in entries
        ]
        books = Panel(_("In the books"), table=Table([_("Account"), _("Amount"), _("Balance after")], lines))
        refunds = (
            Transfer.objects.filter(refunds=row).select_related("currency", "actor", "key").order_by("-id")
        )
        given_back = [
            [
                Cell(link(self._url(refund.pk), moment(refund.posted_at))),
                Cell(shown(refund.amount, refund.currency), is_amount=True),
                Cell(by_whom(refund)),
                Cell(refund.memo or NOTHING, tone="quiet"),
            ]
            for refund in refunds
        ]
        if not given_back:
            return [books]
        table = Table([_("When"), _("Amount"), _("By"), _("What for")], given_back)
        return [books, Panel(_("Given back so far"), table=table)]

    def _url(self, pk: Any) -> str:
        return reverse("admin:ledger_transfer_change", args=[pk])


def account_link(account: Account) -> Any:
    """The way to an account, by its holder and number."""
    url = reverse("admin:ledger_account_change", args=[account.number])
    return link(url, format_html("{} · {}", account.holder.name, unbroken(account.number)))


def by_whom(transfer: Transfer) -> str:
    """Who started it."""
    if transfer.actor is not None:
        return str(transfer.actor.character_name)
    return str(transfer.key.name) if transfer.key is not None else _("the bank itself")
