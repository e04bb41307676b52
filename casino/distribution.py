"""What a strip set pays how often, and what follows from it exactly: RTP, variance, largest prizes. Pure.

A round is its base spin b and, where that shows n scatters, N(n) free spins on the same strips, each independent and times
M. With S as the sum of N independent spins the k-th moment of a round is the sum over n of P(n) E[(b + M S)^k | n], and
the moments of S follow from those of one spin. All of it stays in fractions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import comb

from casino.reels import Rules, free_spins_of


@dataclass(frozen=True, slots=True)
class Distribution:
    """How many combinations of stops pay what: `counts[scatters][line_bets]` is a number of combinations.

    Scatter prizes are included. `combinations` is the number of all of them, `stops ** reels`.
    """

    combinations: int
    counts: Mapping[int, Mapping[int, int]]

    def total(self, power: int, scatters: int) -> int:
        """The sum of `line_bets ** power` over the combinations with that many scatters; power 0 counts them."""
        return sum(count * line_bets**power for line_bets, count in self.counts[scatters].items())

    @property
    def hits(self) -> int:
        """How many combinations pay anything."""
        return self.combinations - sum(pays.get(0, 0) for pays in self.counts.values())

    def most(self, scatters: int) -> int:
        """The largest prize among the combinations with that many scatters, in line bets."""
        return max(self.counts[scatters])

    @property
    def max_spin(self) -> int:
        """The largest prize of any combination, in line bets."""
        return max(map(self.most, self.counts))

    def spin_moment(self, power: int) -> Fraction:
        """E[prize ** power] of one spin, in line bets."""
        return Fraction(sum(self.total(power, scatters) for scatters in self.counts), self.combinations)

    def round_moment(self, rules: Rules, power: int) -> Fraction:
        """E[prize ** power] of a whole paid round, free spins included, in line bets."""
        whole = Fraction(0)
        for scatters in self.counts:
            free = self._free_moments(free_spins_of(rules, scatters), power)
            whole += sum(
                comb(power, k) * self.total(power - k, scatters) * rules.free_spin_multiplier**k * free[k]
                for k in range(power + 1)
            )
        return whole / self.combinations

    def _free_moments(self, spins: int, power: int) -> list[Fraction]:
        """E[S ** k] for k up to `power`, S being the sum of that many independent spins, without multiplier."""
        spin = [self.spin_moment(k) for k in range(power + 1)] if spins else []
        sums = [Fraction(1)] + [Fraction(0)] * power
        for _ in range(spins):
            sums = [
                sum((comb(k, j) * sums[j] * spin[k - j] for j in range(k + 1)), Fraction(0))
                for k in range(power + 1)
            ]
        return sums

    def feature_frequency(self, rules: Rules) -> Fraction:
        """The share of paid rounds that give free spins."""
        triggering = (scatters for scatters in self.counts if free_spins_of(rules, scatters))
        return Fraction(sum(self.total(0, scatters) for scatters in triggering), self.combinations)

    def best_start(self, rules: Rules) -> int:
        """The number of scatters of the base spin with which the largest round begins."""
        return max(self.counts, key=lambda scatters: self._largest(rules, scatters))

    def max_round(self, rules: Rules) -> int:
        """The largest prize of any whole round, in line bets: it can be reached, and nothing can exceed it."""
        return self._largest(rules, self.best_start(rules))

    def bound(self, rules: Rules) -> int:
        """What no round exceeds by a simple rule, in line bets: max spin x (1 + multiplier x most free spins)."""
        most = max(rules.free_spins.values(), default=0)
        return self.max_spin * (1 + rules.free_spin_multiplier * most)

    def _largest(self, rules: Rules, scatters: int) -> int:
        spins = free_spins_of(rules, scatters)
        return self.most(scatters) + spins * rules.free_spin_multiplier * self.max_spin
