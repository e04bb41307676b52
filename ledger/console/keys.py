"""Device keys in the console: which there are, what they may, and ending one. The text of a key is in no row, so in no page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from accounts import search
from accounts.console.actions import ActionPage, Done, Effect
from accounts.console.lists import ListForm, address
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, link, moment, unbroken
from accounts.console.trail import trail_of
from accounts.models import ApiKey
from accounts.requests import BankRequest
from accounts.services.keys import revoke_key, target
from ledger import numbers
from ledger.console.key_actions import SCOPE_WORDS
from ledger.console.money import shown
from ledger.models import Account, Currency, Transfer

# What a key that may do more than take approved payments is marked with.
FAR_REACHING = ("debit:any", "balance:any")


class RevokeKey(ActionPage):
    """End a key."""

    name = "revoke"
    permission = "accounts.manage_keys"
    label = gettext_lazy("Revoke")
    noted_as = "key.revoke"
    tone = "bad"
    in_one_step = True
    asks_password = True
    row: ApiKey

    @classmethod
    def is_offered(cls, row: ApiKey) -> bool:
        return row.revoked_at is None

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        sentence = _(
            "The device %(name)s (%(place)s) stops working at once. A revoked key cannot be brought back."
        )
        return Effect(
            [
                sentence % {"name": self.row.name, "place": self.row.place or _("no place noted")},
                _("What it has taken so far stays where it is. Afterwards you can give it back."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.row.revoked_at is None else _("This key was revoked before. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        revoked = revoke_key(actor=self.actor, key_id=self.row.pk, reason=typed["reason"])
        done = _("The key of %(name)s is revoked.") % {"name": revoked.name}
        here = self.pages.url_of(revoked)
        if not Transfer.objects.filter(key=revoked.pk).exists():
            return Done(done, here)
        way = link(self.pages.url_of(revoked, "reverse"), _("Give back what it took since …"))
        return Done(format_html("{} {}", done, way), here)


class KeyListForm(ListForm):
    """Keys by name, prefix, account, state."""

    hint = gettext_lazy("A name or place, the first characters of a key, or the number of its account.")
    live = forms.BooleanField(label=gettext_lazy("Only those that work"), required=False)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(revoked_at=None) if self.cleaned_data["live"] else rows


class KeyPages(ConsoleAdmin):
    """Device keys, each under its prefix."""

    view_permission = "ledger.view_all"
    singular, plural = gettext_lazy("Device key"), gettext_lazy("Device keys")
    place = 40
    url_key = "prefix"
    ordering = ("-id",)
    list_form = KeyListForm
    list_display = ("name", "prefix_as_written", "where", "account", "may", "limits", "last_used", "state")
    empty_list = gettext_lazy("No key. To issue one, open the account it is to take money for.")
    console_actions: ClassVar[Sequence[type[ActionPage]]] = (RevokeKey,)

    def rows(self) -> QuerySet[ApiKey]:
        return ApiKey.objects.select_related("created_by")

    def find(self, key: str) -> ApiKey:
        row: ApiKey = super().find(key)
        self.prepare([row])
        return row

    def found(self, text: str) -> Q:
        typed = text.removeprefix("nbk_")[:8]
        # Prefixes are eight letters and digits: both ends of the range mean the same in every order a database may keep.
        return (
            Q(prefix__gte=typed.ljust(8, "0"), prefix__lte=typed.ljust(8, "z"))
            | Q(pk__in=search.find(search.KEY, text))
            | Q(account_number=numbers.normalize(text))
        )

    def prepare(self, rows: list[ApiKey]) -> None:
        currencies = currencies_of(rows)
        for row in rows:
            row.currency = currencies.get(row.account_number)  # type: ignore[attr-defined]  # for the columns below

    # -- columns -------------------------------------------------------------------------------------------------------

    @admin.display(description=gettext_lazy("Key"))
    def prefix_as_written(self, key: ApiKey) -> Any:
        return unbroken(f"nbk_{key.prefix}_…")

    @admin.display(description=gettext_lazy("Place"))
    def where(self, key: ApiKey) -> str:
        return key.place or NOTHING

    @admin.display(description=gettext_lazy("Account"))
    def account(self, key: ApiKey) -> Any:
        return account_link(key)

    @admin.display(description=pgettext_lazy("device key", "May"))
    def may(self, key: ApiKey) -> Cell:
        return scopes_cell(key)

    @admin.display(description=gettext_lazy("At once / a day"))
    def limits(self, key: ApiKey) -> Cell:
        return limits_cell(key, key.currency)  # type: ignore[attr-defined]

    @admin.display(description=gettext_lazy("Last used"))
    def last_used(self, key: ApiKey) -> Any:
        return moment(key.last_used_at)

    @admin.display(description=gettext_lazy("State"))
    def state(self, key: ApiKey) -> Cell:
        fact = state_of(key)
        return Cell(fact.value, fact.tone)

    # -- the page ------------------------------------------------------------------------------------------------------

    def title_of(self, row: ApiKey) -> str:
        return row.name

    def number_of(self, row: ApiKey) -> str:
        return f"nbk_{row.prefix}_…"

    def state_of(self, row: ApiKey) -> Fact:
        return state_of(row)

    def facts(self, request: BankRequest, row: ApiKey) -> list[Fact]:
        currency: Currency | None = row.currency  # type: ignore[attr-defined]
        return [
            Fact(_("Place"), row.place or NOTHING),
            Fact(_("Bound to"), account_link(row)),
            Fact(_("At most at once"), limit_in_words(row.limit_per_payment, currency)),
            Fact(_("At most a day"), limit_in_words(row.limit_per_day, currency)),
            Fact(_("Last used"), moment(row.last_used_at) if row.last_used_at else _("never")),
            Fact(_("Issued"), moment(row.created_at)),
            Fact(
                _("Issued by"), row.created_by.character_name if row.created_by else _("staff at the machine")
            ),
            Fact(_("Works until"), moment(row.expires_at) if row.expires_at else _("it is revoked")),
            *([Fact(_("Revoked"), moment(row.revoked_at), "bad")] if row.revoked_at else []),
        ]

    def panels(self, request: BankRequest, row: ApiKey) -> list[Panel]:
        rights = [
            Fact(scope, SCOPE_WORDS.get(scope, NOTHING), "bad" if scope in FAR_REACHING else "")
            for scope in row.scopes
        ]
        transfers = address(reverse("admin:ledger_transfer_changelist"), {"key": str(row.pk)})
        done_to_it = trail_of(request, target(row))
        return [
            Panel(_("What it may do"), facts=rights),
            Panel(_("What it took"), facts=[Fact(_("Transfers"), link(transfers, _("Show them")))]),
            *([done_to_it] if done_to_it else []),
        ]


def keys_table(keys: Sequence[ApiKey], currencies: Mapping[str, Currency]) -> Table:
    """Keys in short, for another page."""
    rows = [
        [
            Cell(link(reverse("admin:accounts_apikey_change", args=[key.prefix]), key.name)),
            Cell(key.place or NOTHING),
            scopes_cell(key),
            limits_cell(key, currencies.get(key.account_number)),
            Cell(moment(key.last_used_at)),
            Cell((fact := state_of(key)).value, fact.tone),
        ]
        for key in keys
    ]
    columns = [
        _("Name"),
        _("Place"),
        pgettext("device key", "May"),
        _("At once / a day"),
        _("Last used"),
        _("State"),
    ]
    return Table(columns, rows, empty=_("No device is bound to this account."))


def currencies_of(keys: Sequence[ApiKey]) -> dict[str, Currency]:
    """By account number, the currency that a key's limits are in; one query."""
    numbers = {key.account_number for key in keys}
    found = Account.objects.filter(number__in=numbers).select_related("currency")
    return {account.number: account.currency for account in found}


def account_link(key: ApiKey) -> Any:
    """The way to the account a key is bound to."""
    return link(
        reverse("admin:ledger_account_change", args=[key.account_number]), unbroken(key.account_number)
    )


def limit_in_words(limit: int, currency: Currency | None) -> str:
    """A limit in its currency; in minor units when the account is not of this bank."""
    return _("%(count)d minor units") % {"count": limit} if currency is None else shown(limit, currency)


def limits_cell(key: ApiKey, currency: Currency | None) -> Cell:
    """Both limits."""
    both = (limit_in_words(key.limit_per_payment, currency), limit_in_words(key.limit_per_day, currency))
    return Cell(format_html("{} / {}", *map(unbroken, both)))


def scopes_cell(key: ApiKey) -> Cell:
    """What a key may do; far-reaching ones stand out."""
    return Cell(", ".join(key.scopes), "bad" if set(key.scopes) & set(FAR_REACHING) else "")


def state_of(key: ApiKey) -> Fact:
    """Whether a key works."""
    if key.revoked_at is not None:
        return Fact(_("State"), _("revoked"), "quiet")
    return Fact(_("State"), _("works"), "good") if key.is_live else Fact(_("State"), _("expired"), "quiet")
