"""Amounts as the console shows them and takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from ledger import money, selectors
from ledger.forms import amount_typed
from ledger.models import Account, Balance, Currency

LENGTH_MAX = 40


def shown(amount: int, currency: Currency) -> str:
    """``amount`` (minor units) as a person reads it."""
    return money.display(amount, symbol=currency.symbol, exponent=currency.exponent)


def plain(amount: int, currency: Currency) -> str:
    """``amount`` (minor units) as a person would type it."""
    return money.plain(amount, exponent=currency.exponent)


def or_none(amount: int | None, currency: Currency) -> str:
    """A limit, or that there is none."""
    return str(gettext_lazy("no limit")) if amount is None else shown(amount, currency)


def with_balances(accounts: Iterable[Account]) -> list[Account]:
    """The accounts, each with its balance row in ``balance_now``; one query for all of them."""
    rows = list(accounts)
    balances = selectors.balances_of(rows)
    for account in rows:
        account.balance_now = balances[account.pk]  # type: ignore[attr-defined]
    return rows


def balance_of(account: Account) -> Balance:
    """What ``with_balances`` has put there."""
    found: Balance = account.balance_now  # type: ignore[attr-defined]
    return found


class AmountField(forms.CharField):
    """An amount typed in major units of ``currency`` (set by the form), read as minor units."""

    currency: Currency

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"inputmode": "decimal", "autocomplete": "off", "class": "amount"}
        super().__init__(max_length=LENGTH_MAX, widget=forms.TextInput(attrs=attributes), **kwargs)

    def take(self, currency: Currency) -> None:
        """Read amounts of ``currency``, and say so."""
        self.currency = currency
        self.help_text = self.help_text or f"{currency.name} ({currency.symbol})"

    def clean(self, value: Any) -> Any:
        """Minor units, or None when nothing was typed and nothing is required."""
        text = super().clean(value)
        return amount_typed(text, self.currency) if text else None


class MoneyForm(forms.Form):
    """A form whose amounts are in ``currency``."""

    def __init__(self, *args: Any, currency: Currency, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.currency = currency
        for field in self.fields.values():
            if isinstance(field, AmountField):
                field.take(currency)
