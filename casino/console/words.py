"""Figures of the casino as people read them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _

from accounts.console.parts import NOTHING, unbroken
from casino import selectors
from casino.models import Game, GameConfiguration, Rig, SeedPair
from ledger.console.money import shown
from ledger.models import Currency

HASH_SHOWN = 16


def per_cent(share: Fraction | None, places: int = 2) -> str:
    """A share of 1: ``Fraction(24, 25)`` is ``96.00 %``."""
    return NOTHING if share is None else f"{decimal(share * 100, places)}\u00a0%"


def hundredths(payout: int) -> str:
    """A payout as it is set: 9600 is ``96.00 %``."""
    return f"{number_format(Decimal(payout) / 100, 2)}\u00a0%"


def whole_per_cent(payout: int) -> str:
    """A payout that is only roughly known: 12123 is ``121 %``."""
    return f"{round(payout / 100)}\u00a0%"


def decimal(number: Fraction | Decimal, places: int) -> str:
    """A number with so many decimals, the last one rounded."""
    ratio = Fraction(number)
    scaled = round(ratio * 10**places)
    return str(number_format(Decimal(scaled).scaleb(-places), places))


def signed(number: float | Fraction, places: int = 2) -> str:
    """A number with its sign in front, also when it is positive."""
    return ("+" if number > 0 else "") + decimal(Fraction(number), places)


def one_in(share: Fraction) -> str:
    """How rare something is: ``1 in 117``."""
    if not share:
        return _("never")
    rarity = 1 / share
    return _("1 in %(count)s") % {"count": decimal(rarity, 1 if rarity < 20 else 0)}


def count(number: int) -> str:
    """A whole number, its thousands apart."""
    return f"{number:,}"


def money(amount: int | Fraction, currency: Currency, *, with_sign: bool = False) -> str:
    """Minor units, parts of one rounded."""
    whole = round(amount)
    return ("+" if with_sign and whole > 0 else "") + shown(whole, currency)


def stakes_of(game: Game, currency: Currency) -> Any:
    """``₵1.00 · ₵2.00``, over several lines where there are many."""
    return wraps(" · ".join(shown(stake, currency) for stake in game.stakes))


def wraps(text: str) -> Any:
    """Text of several parts, which may stand on several lines where figures do not."""
    return format_html('<span class="wraps">{}</span>', text)


def hours_of(game: Game) -> str:
    """When a game is open."""
    if game.opens_at is None or game.closes_at is None:
        return _("always")
    return _("from %(opens)s to %(closes)s") % {
        "opens": f"{game.opens_at:%H:%M}",
        "closes": f"{game.closes_at:%H:%M}",
    }


def seconds(milliseconds: int) -> str:
    """``2.5 s``."""
    return _("%(count)s s") % {"count": decimal(Fraction(milliseconds, 1000), 1)}


def pays(configuration: GameConfiguration) -> str:
    """What a configuration pays, as far as everybody may know: of a sealed rig its range."""
    if configuration.payout is not None:
        return hundredths(configuration.payout)
    span = range_of(configuration.rig)
    if selectors.is_sealed(configuration):
        return _("SEALED: %(range)s") % {"range": span}
    return _("a rig that was told: %(range)s") % {"range": span}


def range_of(rig: Rig) -> str:
    """``90.00 % to 110.00 %``."""
    return _("%(low)s to %(high)s") % {
        "low": hundredths(rig.payout_from),
        "high": hundredths(rig.payout_to),
    }


def short_hash(digest: str) -> Any:
    """The beginning of a hash, enough to compare by eye."""
    return unbroken(f"{digest[:HASH_SHOWN]}…")


def seed_of(pair: SeedPair) -> str:
    """A server seed that is told, or why it is not."""
    told = selectors.revealed_seed(pair)
    if told is not None:
        return told
    if pair.state != SeedPair.State.RETIRED:
        return _("told when the player exchanges their seeds")
    return _("told with the sealed rig")
