"""What a strip set returns, from the number of each symbol on each reel alone: no combination of stops is looked at.

A reel stops on each stop equally often, so the cell of any row shows a symbol in proportion to its count on the strip,
and the reels are independent. So every line expects the same, and where its rows are does not matter. This is the second
opinion on the enumeration, and what the search for strips climbs by. Pure, and exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod

from casino.reels import Rules

#: For each reel: symbol -> how many stops hold it.
Counts = Sequence[Mapping[str, int]]


def counts_of(rules: Rules, strips: Sequence[str]) -> Counts:
    """The counts of strips; raises ValueError where a window could hold two scatters of one reel."""
    if any(_crowded(rules, strip) for strip in strips):
        raise ValueError(
            "Two scatters of a reel can share a window; their number is not known from counts alone."
        )
    return [{symbol: strip.count(symbol) for symbol in rules.symbols} for strip in strips]


def closed_form(rules: Rules, strips: Sequence[str]) -> Fraction:
    """The RTP of a paid round as a share of the total bet, free spins included. Raises ValueError as `counts_of`."""
    return rtp_of(rules, counts_of(rules, strips))


def rtp_of(rules: Rules, counts: Counts) -> Fraction:
    """The RTP of all strips with these counts, as long as no window holds two scatters of one reel.

    A free spin expects what a base spin expects, times the multiplier: it is drawn from the same strips.
    """
    showing = scatters_showing(rules, counts)
    of_scatters = sum(chance * rules.scatter_pays.get(number, 0) for number, chance in enumerate(showing))
    free_spins = sum(chance * rules.free_spins.get(number, 0) for number, chance in enumerate(showing))
    return (line_prize(rules, counts) + of_scatters) * (1 + rules.free_spin_multiplier * free_spins)


def line_prize(rules: Rules, counts: Counts) -> Fraction:
    """What a line is expected to pay, in line bets, which is also what all lines pay as a share of the total bet."""
    combinations = sum(
        prize * _runs(rules, counts, symbol, count)
        for symbol, pays in rules.pays.items()
        for count, prize in pays.items()
    )
    return Fraction(combinations, rules.stops**rules.reels)


def line_hit(rules: Rules, counts: Counts) -> Fraction:
    """How often one line pays."""
    combinations = sum(
        _runs(rules, counts, symbol, count) for symbol, pays in rules.pays.items() for count in pays
    )
    return Fraction(combinations, rules.stops**rules.reels)


def scatters_showing(rules: Rules, counts: Counts) -> list[Fraction]:
    """The chance of each number of scatters in the window, from none upward."""
    chances = [Fraction(1)]
    for reel in counts:
        shows = Fraction(rules.rows * reel.get(rules.scatter or "", 0), rules.stops)
        chances = [
            without * (1 - shows) + one_less * shows
            for without, one_less in zip([*chances, Fraction(0)], [Fraction(0), *chances], strict=True)
        ]
    return chances


def _runs(rules: Rules, counts: Counts, symbol: str, count: int) -> int:
    """How many combinations of cells on a line are a run of exactly `count` of the symbol.

    All of the run is the symbol or wild but not all of it wild, and the cell after it is neither; a run of wilds is one
    only where it fills the line.
    """
    wilds = [reel[rules.wild] for reel in counts]
    if symbol == rules.wild:
        return prod(wilds) if count == rules.reels else 0
    fitting = [reel[symbol] + reel[rules.wild] for reel in counts]
    run = prod(fitting[:count]) - prod(wilds[:count])
    if count == rules.reels:
        return run
    return run * (rules.stops - fitting[count]) * rules.stops ** (rules.reels - count - 1)


def _crowded(rules: Rules, strip: str) -> bool:
    """Whether a window of this strip can show the scatter twice."""
    if rules.scatter is None:
        return False
    return any(
        (strip[stop:] + strip[:stop])[: rules.rows].count(rules.scatter) > 1 for stop in range(rules.stops)
    )
