"""Very many rounds, drawn and paid as real ones are, and how far what they paid is from what it should be. Pure.

The rounds go through `casino.drawing.draw_round`, which is what a paid spin goes through too.
"""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from casino.certificate import MixedFigures
from casino.drawing import Drawn, draw_round
from casino.fairness import Stream
from casino.mixing import Mix
from casino.reels import Rules

#: The histogram's steps in bets, above those that pay nothing and less than one bet.
STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)


@dataclass
class Tally:
    """What so many rounds paid. `line_bets` is the sum of all prizes, `most` the largest.

    `steps` counts rounds by what they paid: nothing, less than a bet, and then by the highest of STEPS they reached.
    """

    bets: int
    rounds: int = 0
    line_bets: int = 0
    most: int = 0
    hits: int = 0
    features: int = 0
    steps: Counter[int] = field(default_factory=Counter)

    def count(self, drawn: Drawn) -> None:
        """Add a round."""
        prize = drawn.played.line_bets
        self.rounds += 1
        self.line_bets += prize
        self.most = max(self.most, prize)
        self.hits += drawn.played.base.line_bets > 0
        self.features += bool(drawn.free_stops)
        self.steps[bisect_right(STEPS, prize // self.bets) + bool(prize)] += 1

    @property
    def rtp(self) -> Fraction:
        """What came back of the bets."""
        return Fraction(self.line_bets, self.rounds * self.bets)


@dataclass(frozen=True, slots=True)
class Scores:
    """How many standard deviations RTP, hits and features are from what they should be; None where there are none."""

    rtp: float
    hits: float
    features: float | None


def rounds_of(rules: Rules, mix: Mix, server_seed: str, client_seed: str, rounds: int) -> Iterator[Drawn]:
    """The rounds with nonces from 1 upward."""
    for nonce in range(1, rounds + 1):
        yield draw_round(rules, mix, Stream(server_seed, client_seed, nonce))


def simulate(
    figures: MixedFigures,
    rounds: int,
    server_seed: str,
    client_seed: str = "simulation",
    counted: Callable[[], object] = lambda: None,
) -> Tally:
    """Play so many rounds of a game at a payout; `counted` is called after each."""
    tally = Tally(len(figures.rules.lines))
    for drawn in rounds_of(figures.rules, figures.mix, server_seed, client_seed, rounds):
        tally.count(drawn)
        counted()
    return tally


def scores(figures: MixedFigures, tally: Tally) -> Scores:
    """The z-scores of a tally: each is nearly normal with standard deviation 1 after many rounds."""
    return Scores(
        rtp=_score(tally.rtp - figures.rtp, figures.variance, tally.rounds),
        hits=_of_share(figures.hit_frequency, tally.hits, tally.rounds),
        features=_of_share(figures.feature_frequency, tally.features, tally.rounds)
        if figures.feature_frequency
        else None,
    )


def _of_share(share: Fraction, seen: int, rounds: int) -> float:
    return _score(Fraction(seen, rounds) - share, share * (1 - share), rounds)


def _score(off: Fraction, variance: Fraction, rounds: int) -> float:
    square = off * off * rounds / variance
    return math.copysign(math.sqrt(square.numerator / square.denominator), off)


def histogram(tally: Tally, width: int = 40) -> list[str]:
    """How many rounds paid what, a line each, with a bar that is logarithmic: most rounds pay nothing."""
    upward = [f"{low} to {high} bets" for low, high in itertools.pairwise(STEPS)]
    labels = ["nothing", "less than 1 bet", *upward, f"{STEPS[-1]} bets and more"]
    longest = math.log1p(max(tally.steps.values()))
    return [
        f"{label:>19} {tally.steps[step]:>12,} {'#' * round(width * math.log1p(tally.steps[step]) / longest)}"
        for step, label in enumerate(labels)
    ]
