"""How likely it is at most that chance alone leads so far away from what was to be expected. Pure.

A slot machine's rounds are far from normally distributed: after 189 honest rounds one large win is 5 standard deviations. So
what raises an alarm is not z alone but Chernoff's bound, from the certified distribution of each round: for every t the sum S
of all prizes is s or more with a chance of at most E[exp(t S)] / exp(t s), and the t that makes this smallest is taken. It holds
for any number of rounds, so false alarms are at most as frequent as promised; near the normal distribution it costs about 0.4
standard deviations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from casino.certificate import MixedFigures
from casino.distribution import Distribution
from casino.reels import Rules, free_spins_of

_STEPS = 40
_DOUBLINGS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """Rounds that were played on the same terms: ``line_bet`` in the same unit as what was won."""

    figures: MixedFigures
    line_bet: int
    rounds: int

    @property
    def mean(self) -> float:
        """What all of them win on average."""
        expected = self.figures.rtp * len(self.figures.rules.lines) * self.line_bet * self.rounds
        return expected.numerator / expected.denominator

    @property
    def variance(self) -> float:
        """The variance of what all of them win."""
        bet = len(self.figures.rules.lines) * self.line_bet
        square = self.figures.variance * bet**2 * self.rounds
        return square.numerator / square.denominator


def chance_at_most(parts: Sequence[Part], won: int) -> float:
    """An upper bound of the chance to win as much as ``won`` or more (where it is less than the mean: that or less)."""
    mean, variance = (
        sum(values) for values in zip(*((one.mean, one.variance) for one in parts), strict=True)
    )
    if not variance or won == mean:
        return 1.0
    sign = 1 if won > mean else -1

    def exponent(size: float) -> float:
        t = sign * size
        return sum(one.rounds * _log_moment(one.figures, t * one.line_bet) for one in parts) - t * won

    # What is best for a normal distribution; for a skewed one it is a little off.
    return min(1.0, math.exp(min(0.0, _lowest(exponent, abs(won - mean) / variance))))


def _lowest(value: Callable[[float], float], guess: float) -> float:
    """The smallest value of a convex function of a positive number, searched from ``guess`` on."""
    low, high = 0.0, guess
    for _doubling in range(_DOUBLINGS):
        if value(2 * high) >= value(high):
            break
        low, high = high, 2 * high
    high *= 2
    for _step in range(_STEPS):
        third = (high - low) / 3
        if value(low + third) < value(high - third):
            high -= third
        else:
            low += third
    return value((low + high) / 2)


def _log_moment(figures: MixedFigures, t: float) -> float:
    """log E[exp(t prize)] of one whole round, its prize in line bets."""
    return _log_sum(
        math.log(share.numerator)
        - math.log(share.denominator)
        + _of_round(figures.rules, one.distribution, t)
        for share, one in figures.sets
    )


def _of_round(rules: Rules, distribution: Distribution, t: float) -> float:
    combinations = math.log(distribution.combinations)
    free = 0.0
    if rules.free_spins:
        wide = t * rules.free_spin_multiplier
        free = _log_sum(_of_spins(pays, wide) for pays in distribution.counts.values()) - combinations
    return (
        _log_sum(
            _of_spins(pays, t) + free_spins_of(rules, scatters) * free
            for scatters, pays in distribution.counts.items()
        )
        - combinations
    )


def _of_spins(pays: Mapping[int, int], t: float) -> float:
    return _log_sum(math.log(count) + t * line_bets for line_bets, count in pays.items())


def _log_sum(logs: Iterable[float]) -> float:
    """log of the sum of the numbers whose logs these are, however large."""
    found = list(logs)
    most = max(found)
    return most + math.log(sum(math.exp(one - most) for one in found))
