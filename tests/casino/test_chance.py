"""What raises an alarm: a bound that holds for any number of rounds, checked against the whole distribution and against draws."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction

import pytest

from casino.certificate import MixedFigures, mixed
from casino.chance import Part, chance_at_most
from casino.drawing import draw_round
from casino.fairness import Stream
from casino.games import CERTIFIED, GLITCH_GRID, STARLIGHT_SMUGGLER
from casino.mixing import payout

ALARM = 1 / 16_000


def figures(game: str, hundredths: int = 9600) -> MixedFigures:
    return mixed(CERTIFIED[game], payout(hundredths))


def exactly(found: MixedFigures, rounds: int) -> dict[int, Fraction]:
    """The chance of every sum of a few rounds without free spins, by adding them up one after the other."""
    one: dict[int, Fraction] = defaultdict(Fraction)
    for share, certificate in found.sets:
        for line_bets, count in certificate.distribution.counts[0].items():
            one[line_bets] += share * Fraction(count, certificate.distribution.combinations)
    sums: dict[int, Fraction] = {0: Fraction(1)}
    for _round in range(rounds):
        further: dict[int, Fraction] = defaultdict(Fraction)
        for so_far, chance in sums.items():
            for line_bets, share in one.items():
                further[so_far + line_bets] += chance * share
        sums = further
    return sums


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_bound_is_never_below_the_true_chance(rounds: int) -> None:
    found = figures(GLITCH_GRID)
    sums = exactly(found, rounds)
    mean = found.rtp * 5 * rounds
    for won in (0, 1, 4, 10, 40, 200, 600, 1_000):
        true = sum(chance for total, chance in sums.items() if (total >= won if won > mean else total <= won))
        bound = chance_at_most([Part(found, 20, rounds)], won * 20)
        assert true <= bound * (1 + 1e-9), won


def test_one_large_win_in_a_few_rounds_is_no_alarm_and_in_many_it_is_none_either() -> None:
    parts = [Part(figures(GLITCH_GRID), 20, 100), Part(figures(GLITCH_GRID), 100, 89)]
    mean = sum(part.mean for part in parts)
    sigma = sum(part.variance for part in parts) ** 0.5
    assert chance_at_most(parts, round(mean + 5 * sigma)) > ALARM, "189 rounds: a normal thing to happen"
    assert chance_at_most(parts, round(mean + 25 * sigma)) < ALARM
    many = [Part(figures(STARLIGHT_SMUGGLER), 10, 200_000)]
    mean, sigma = many[0].mean, many[0].variance ** 0.5
    assert chance_at_most(many, round(mean + 3 * sigma)) > ALARM
    assert chance_at_most(many, round(mean - 3 * sigma)) > ALARM
    assert chance_at_most(many, round(mean + 6 * sigma)) < ALARM
    assert chance_at_most(many, round(mean - 6 * sigma)) < ALARM


def test_honest_draws_raise_none_and_another_payout_does() -> None:
    version, found = CERTIFIED[GLITCH_GRID], figures(GLITCH_GRID)
    won = [
        draw_round(version.rules, found.mix, Stream("ab" * 32, "chance", nonce)).played.line_bets
        for nonce in range(1, 5_001)
    ]
    for rounds in (10, 100, 1_000, 5_000):
        assert chance_at_most([Part(found, 1, rounds)], sum(won[:rounds])) > ALARM
    assert chance_at_most([Part(figures(GLITCH_GRID, 5000), 1, 5_000)], sum(won)) < ALARM
