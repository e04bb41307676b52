"""What casino pages say of payouts, hashes and symbols: ``{% load machines %}``."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils.translation import gettext as _

from casino.configuration import text_of
from casino.games import SYMBOL_NAMES

register = template.Library()


@register.filter
def percent(hundredths: int) -> str:
    """Hundredths of a per cent: ``{{ 9600|percent }}`` is ``96.00 %``."""
    return _("%(number)s %%") % {"number": text_of(hundredths)}


@register.filter
def short(digest: str) -> str:
    """The beginning and the end of a hash, for the eye: ``3f2a91c0…77d1``."""
    return f"{digest[:8]}…{digest[-4:]}" if len(digest) > 16 else digest


@register.filter
def symbol(letter: str, game: str) -> str:
    """What a letter on the strips of ``game`` is called."""
    return _(SYMBOL_NAMES[game][letter])


@register.filter
def lasted(length: dt.timedelta) -> str:
    """How long, in minutes: ``1 h 5 min``."""
    minutes = int(length.total_seconds()) // 60
    if minutes < 1:
        return _("under a minute")
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    return _("%(hours)d h %(minutes)d min") % {"hours": minutes // 60, "minutes": minutes % 60}
