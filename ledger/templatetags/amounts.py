"""Amounts and movements as a person reads them, for templates: ``{% load amounts %}``."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from ledger import money
from ledger.models import Currency, Transfer

register = template.Library()


@register.filter
def amount(value: int, currency: Currency) -> str:
    """Minor units with the currency's symbol: ``{{ 123456|amount:currency }}`` is ``₵1,234.56``."""
    return money.display(value, symbol=currency.symbol, exponent=currency.exponent)


@register.filter
def signed(value: int, currency: Currency) -> str:
    """The same with its sign in front, so that what came in differs from what went out by more than a colour."""
    return f"{'+' if value > 0 else '−'}{amount(abs(value), currency)}"


@register.filter
def plainly(value: int, currency: Currency) -> str:
    """Minor units as somebody would type them: ``1234.56``."""
    return money.plain(value, exponent=currency.exponent)


@register.filter
def in_words(value: int, currency: Currency) -> str:
    """Minor units with the currency's name: ``1,234.56 neo-credits``."""
    return f"{money.display(value, symbol='', exponent=currency.exponent)} {currency.name}"


@register.filter
def movement(type_of_line: str) -> str:
    """What a line of a history is called (see ``ledger.selectors.Line.type``)."""
    if type_of_line == "transfer_in":
        return _("received")
    if type_of_line == "transfer_out":
        return _("paid")
    return str(Transfer.Kind(type_of_line).label)
