"""What a machine pays and how often, in words and exact numbers, from its version alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casino.band import ROUNDS_MIN, band
from casino.certificate import MixedFigures, mixed
from casino.games import CERTIFIED
from casino.mixing import payout as exact
from casino.pages.shown import Line, Show, lines_of, mark_of, name_of
from casino.reels import Rules
from casino.selectors import Machine, expected

#: What one person may play of an evening.
SPINS_OF_ONE: Final = 100


@dataclass(frozen=True, slots=True)
class Prize:
    """What a symbol pays for a stake: minor units by how many of it, None where it pays nothing."""

    mark: str
    name: str
    amounts: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """What so many scatters pay (minor units) and give."""

    count: int
    amount: int
    free_spins: int


@dataclass(frozen=True, slots=True)
class Sets:
    """The two strip sets of a mix in the exact numbers: of ``out_of`` draws ``chosen`` play on the higher one."""

    low: str
    low_rtp: Fraction
    high: str
    high_rtp: Fraction
    chosen: int
    out_of: int


@dataclass(frozen=True, slots=True)
class Odds:
    """Everything that the page about a machine's odds says of its rules."""

    counts: tuple[int, ...]
    prizes: tuple[Prize, ...]
    features: tuple[Feature, ...]
    lines: tuple[Line, ...]
    box: str
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    wild: str
    wild_mark: str
    wild_reels: str
    wild_pays: bool
    scatter: str
    scatter_mark: str
    multiplier: int
    share: Fraction | None
    sets: Sets | None
    expectations: tuple[str, ...]


def odds_of(machine: Machine, stake: int, show: Show) -> Odds:
    """The odds of ``machine`` for ``stake`` (minor units); ``show`` writes money."""
    rules = machine.rules
    line_bet = stake // machine.version.line_count
    counts = tuple(sorted({count for pays in rules.pays.values() for count in pays}, reverse=True))
    return Odds(
        counts=counts,
        prizes=tuple(_prizes(rules, counts, line_bet)),
        features=tuple(_features(rules, stake)),
        lines=lines_of(rules),
        box=f"0 0 {rules.reels * 10} {rules.rows * 10}",
        columns=_middles(rules.reels),
        rows=_middles(rules.rows),
        wild=name_of(rules.game, rules.wild),
        wild_mark=mark_of(rules.wild),
        wild_reels=_reels_with(machine, rules.wild),
        wild_pays=rules.wild in rules.pays,
        scatter=name_of(rules.game, rules.scatter) if rules.scatter else "",
        scatter_mark=mark_of(rules.scatter) if rules.scatter else "",
        multiplier=rules.free_spin_multiplier,
        share=expected(machine.configuration),
        sets=_sets(machine),
        expectations=tuple(_expectations(machine, stake, show)),
    )


def _expectations(machine: Machine, stake: int, show: Show) -> Iterator[str]:
    """What somebody who plays will see: how often, how much, and how far from the average. Nothing while that is sealed."""
    payout = machine.configuration.payout
    figures = _figures(machine.game.name, machine.version.digest, payout) if payout is not None else None
    if figures is None:
        return
    yield _("About one spin in %(count)d pays something.") % {"count": round(1 / figures.hit_frequency)}
    if figures.feature_frequency:
        yield _("Free spins come about once in %(count)d spins.") % {
            "count": round(1 / figures.feature_frequency)
        }
    yield _("The most that one spin can bring for %(stake)s is %(win)s.") % {
        "stake": show(stake),
        "win": show(stake // machine.version.line_count * figures.max_round),
    }
    for spins in sorted({SPINS_OF_ONE, max(machine.game.spins_expected, ROUNDS_MIN)}):
        low, high = _band(machine.game.name, machine.version.digest, payout or 0, spins)
        yield ngettext(
            "In %(count)d spin it pays back anything from %(low)s to %(high)s: so it ends 95 times of 100.",
            "In %(count)d spins it pays back anything from %(low)s to %(high)s: so it ends 95 times of 100.",
            spins,
        ) % {"count": spins, "low": _whole_percent(low), "high": _whole_percent(high)}


@lru_cache(maxsize=64)
def _figures(game: str, digest: str, payout: int) -> MixedFigures | None:
    """The figures of the newest certified version, None for reels of earlier days."""
    version = CERTIFIED[game]
    return mixed(version, exact(payout)) if version.digest == digest else None


@lru_cache(maxsize=256)
def _band(game: str, digest: str, payout: int, spins: int) -> tuple[int, int]:
    figures = _figures(game, digest, payout)
    return band(figures, spins) if figures is not None else (0, 0)


def _whole_percent(hundredths: int) -> str:
    return _("%(number)d %%") % {"number": round(Fraction(hundredths, 100))}


def _middles(count: int) -> tuple[int, ...]:
    return tuple(place * 10 + 5 for place in range(count))


def _prizes(rules: Rules, counts: tuple[int, ...], line_bet: int) -> Iterator[Prize]:
    for letter, pays in sorted(rules.pays.items(), key=lambda one: -max(one[1].values())):
        amounts = tuple(pays[count] * line_bet if count in pays else None for count in counts)
        yield Prize(mark_of(letter), name_of(rules.game, letter), amounts)


def _features(rules: Rules, stake: int) -> Iterator[Feature]:
    for count in sorted({*rules.scatter_pays, *rules.free_spins}, reverse=True):
        yield Feature(count, rules.scatter_pays.get(count, 0) * stake, rules.free_spins.get(count, 0))


def _reels_with(machine: Machine, letter: str) -> str:
    """On which reels a symbol can stop, in words; "" when on all of them."""
    version = machine.version
    reels = [
        reel
        for reel in range(version.rules.reels)
        if any(letter in strip_set.strips[reel] for strip_set in version.sets)
    ]
    if len(reels) == version.rules.reels:
        return ""
    numbers = [str(reel + 1) for reel in reels]
    return _(" and ").join([", ".join(numbers[:-1]), numbers[-1]]) if len(numbers) > 1 else numbers[0]


def _sets(machine: Machine) -> Sets | None:
    mixed = machine.mix
    if mixed is None:
        return None
    low, high = mixed.low, mixed.high
    return Sets(low.name, low.rtp, high.name, high.rtp, mixed.chosen, mixed.out_of)
