"""Exactly p: which strip set a round is played on, so that the expected payout is the number that was set. Pure.

Between neighbouring certified sets with RTPs R_L <= p <= R_H the higher one is chosen with the probability
w = (p - R_L) / (R_H - R_L) = a/D in lowest terms: the round's stream draws a selector k from 0 to D-1, and the round is
played on the higher set when k < a. Then w * R_H + (1 - w) * R_L = p, without any remainder.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction

from casino.reels import GameVersion, StripSet

#: `payout_percentage` in hundredths of a per cent: 9600 is 96.00 %.
PAYOUT_MIN = 5000
PAYOUT_MAX = 15000
PAYOUT_DEFAULT = 9600


@dataclass(frozen=True, slots=True)
class Mix:
    """Two neighbouring sets and how many of `out_of` selectors choose the higher one.

    Where p is exactly a set's RTP, `low` and `high` are both that set, `chosen` is 0 and `out_of` is 1; the selector is
    drawn even then, so that every round draws in the same order.
    """

    low: StripSet
    high: StripSet
    chosen: int
    out_of: int

    @property
    def rtp(self) -> Fraction:
        """The expected payout of the mix as a share of the bet."""
        return self.low.rtp + Fraction(self.chosen, self.out_of) * (self.high.rtp - self.low.rtp)

    def set_for(self, selector: int) -> StripSet:
        """The set of the round that drew this selector; raises ValueError unless 0 <= selector < out_of."""
        if not 0 <= selector < self.out_of:
            raise ValueError(f"The selector is a number from 0 to {self.out_of - 1}.")
        return self.high if selector < self.chosen else self.low


def payout(hundredths: int) -> Fraction:
    """9600 -> 24/25. Raises ValueError outside PAYOUT_MIN to PAYOUT_MAX."""
    if not PAYOUT_MIN <= hundredths <= PAYOUT_MAX:
        raise ValueError("The payout is a number from 50.00 to 150.00 per cent.")
    return Fraction(hundredths, 10_000)


def mix(version: GameVersion, p: Fraction) -> Mix:
    """The mix of neighbouring sets that pays exactly p; raises ValueError when no two sets have p between them."""
    for strip_set in version.sets:
        if strip_set.rtp == p:
            return Mix(strip_set, strip_set, 0, 1)
    for low, high in itertools.pairwise(version.sets):
        if low.rtp < p < high.rtp:
            weight = (p - low.rtp) / (high.rtp - low.rtp)
            return Mix(low, high, weight.numerator, weight.denominator)
    raise ValueError(f"No certified strip sets of {version.rules.game} have this payout between them.")


def sets_within(version: GameVersion, low_hundredths: int, high_hundredths: int) -> tuple[StripSet, ...]:
    """Every set that some payout of this range may be played on, ordered by RTP; both ends belong to the range.

    Raises ValueError for a range that ends before it begins, or leaves what the game can pay.
    """
    if low_hundredths > high_hundredths:
        raise ValueError("The range of payouts ends before it begins.")
    lowest = mix(version, payout(low_hundredths)).low.rtp
    highest = mix(version, payout(high_hundredths)).high.rtp
    return tuple(strip_set for strip_set in version.sets if lowest <= strip_set.rtp <= highest)
