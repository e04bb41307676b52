"""Amounts and accounts as staff type and read them: major units, with the minor units beside."""

from __future__ import annotations

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from ledger import money
from ledger.models import Currency


def amount_of(text: str, currency: Currency) -> int:
    """Minor units of an amount typed in major units (``"100.50"``). Raises ``CommandError``."""
    try:
        amount = money.parse(text, exponent=currency.exponent)
    except ValueError:
        amount = 0
    if not money.is_amount(amount):
        raise CommandError(
            _("%(text)s is not an amount of %(currency)s. Write it like %(example)s.")
            % {
                "text": text,
                "currency": currency.code,
                "example": money.plain(100 * 10**currency.exponent, exponent=currency.exponent),
            }
        )
    return amount


def both(amount: int, currency: Currency) -> str:
    """An amount in major and in minor units: ``₵100.50 (10050)``."""
    return f"{money.display(amount, symbol=currency.symbol, exponent=currency.exponent)} ({amount})"
