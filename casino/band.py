"""Where the payout of an evening will lie: the band that 95 of 100 events of so many rounds fall into. Pure.

A round is most often nothing and very rarely thousands of line bets, and a thousand such rounds are not yet normally
distributed. At 94 % and 1,000 rounds the normal band of Starlight Smuggler (66.8 to 121.2 %) is missed below by 0.6 % of
events and above by 3.8 % instead of 2.5 % each; with the third and fourth moments (Cornish-Fisher) it is still 3.1 % and
1.9 %, and at 100 rounds 8.3 %. So the distribution of the sum is taken as it is: its characteristic function is known from
the certificate's counts (that of a round to the power of the rounds), and its Fourier series on a window much wider than
the sum ever is gives the quantiles. This is for people to read; nothing is decided by it.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from fractions import Fraction

from casino.certificate import MixedFigures
from casino.distribution import Distribution
from casino.reels import Rules, free_spins_of

OUTSIDE = 0.025
#: The window in standard deviations of the sum, below and above its mean. Prizes have no left tail.
BELOW, ABOVE = 8, 32
NEGLIGIBLE = 1e-7
#: Of fewer rounds there is little to say, and the series would be long.
ROUNDS_MIN = 100
ROUNDS_MAX = 10**9


def band(figures: MixedFigures, rounds: int) -> tuple[int, int]:
    """The payout of so many rounds in hundredths of a per cent: in 2.5 % of events it is below, in 2.5 % above.

    Raises ValueError for rounds outside ROUNDS_MIN to ROUNDS_MAX.
    """
    if not ROUNDS_MIN <= rounds <= ROUNDS_MAX:
        raise ValueError(f"A band is for {ROUNDS_MIN} to {ROUNDS_MAX} rounds.")
    series = _Series(figures, rounds)
    bets = len(figures.rules.lines) * rounds
    low, high = (round(10_000 * max(0.0, series.quantile(share)) / bets) for share in (OUTSIDE, 1 - OUTSIDE))
    return low, high


class _Series:
    """The distribution of the sum of all prizes, in line bets, as a Fourier series on a window."""

    def __init__(self, figures: MixedFigures, rounds: int) -> None:
        bets = len(figures.rules.lines)
        mean = _ratio(figures.rtp * bets * rounds)
        sigma = math.sqrt(_ratio(figures.variance * bets**2 * rounds))
        self.begin, self.width = mean - BELOW * sigma, (BELOW + ABOVE) * sigma
        self.terms: list[tuple[float, complex]] = []
        step = 2 * math.pi / self.width
        # Whole line bets: beyond pi the characteristic function repeats itself.
        for number in range(1, math.ceil(math.pi / step)):
            value = _characteristic(figures, number * step) ** rounds
            self.terms.append((number * step, value))
            if abs(value) < NEGLIGIBLE:
                break

    def share_below(self, prize: float) -> float:
        """The chance that the sum is at most this."""
        share = (prize - self.begin) / self.width
        for frequency, value in self.terms:
            swing = cmath.exp(-1j * frequency * self.begin) - cmath.exp(-1j * frequency * prize)
            share += 2 / self.width * (value * swing / (1j * frequency)).real
        return share

    def quantile(self, share: float) -> float:
        """The sum that this share of events stays below."""
        low, high = self.begin, self.begin + self.width
        while high - low > self.width * 1e-6:
            middle = (low + high) / 2
            low, high = (middle, high) if self.share_below(middle) < share else (low, middle)
        return high


def _characteristic(figures: MixedFigures, frequency: float) -> complex:
    """E[exp(i t prize)] of one whole round."""
    return sum(
        _ratio(share) * _of_round(figures.rules, one.distribution, frequency) for share, one in figures.sets
    )


def _of_round(rules: Rules, distribution: Distribution, frequency: float) -> complex:
    """A round's, given its strip set: each class of scatters times that of its free spins."""
    base = {scatters: _of_spins(pays, frequency) for scatters, pays in distribution.counts.items()}
    free: complex = 1
    if rules.free_spins:
        wide = frequency * rules.free_spin_multiplier
        free = sum(_of_spins(pays, wide) for pays in distribution.counts.values()) / distribution.combinations
    whole = sum(value * free ** free_spins_of(rules, scatters) for scatters, value in base.items())
    return whole / distribution.combinations


def _of_spins(pays: Mapping[int, int], frequency: float) -> complex:
    return sum(count * cmath.exp(1j * frequency * line_bets) for line_bets, count in pays.items())


def _ratio(number: Fraction) -> float:
    return number.numerator / number.denominator
