"""The stops that rounds draw, looked at as numbers: chi-square, pairs, serial correlation, runs and gaps, at 99 per cent.

Each test is made on the stops of many seed pairs. A fair stream is rejected once in a hundred times, so up to four of forty
may be (five or more: once in 20,000 such runs), and streams with a known fault must be rejected nearly always. The seeds
are fixed; `make nightly` sets FRESH_SEEDS, and names the fresh ones it used where a test fails.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from casino.fairness import Stream

pytestmark = pytest.mark.once

PAIRS, ROUNDS, REELS, STOPS = 40, 1_500, 5, 30
REJECTED_MAX = 4
ONE_SIDED, TWO_SIDED = 2.326, 2.576
BASE = secrets.token_hex(16) if os.environ.get("FRESH_SEEDS") else "neon over the harbour"

Stops = NDArray[np.int64]


@pytest.fixture(scope="module")
def drawn() -> list[Stops]:
    """For each seed pair the stops of its rounds, a row each."""
    return [
        np.array(
            [
                Stream(f"{BASE} {pair}", "player", nonce).draws([STOPS] * REELS)
                for nonce in range(1, ROUNDS + 1)
            ]
        )
        for pair in range(PAIRS)
    ]


def too_uneven(seen: Sequence[int] | Stops, expected: Sequence[float]) -> bool:
    """Whether chi-square is in its highest hundredth (Wilson and Hilferty's approximation)."""
    freedom = len(expected) - 1
    chi_square = sum((s - e) ** 2 / e for s, e in zip(seen, expected, strict=True))
    deviation = (chi_square / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))
    return deviation / math.sqrt(2 / (9 * freedom)) > ONE_SIDED


def uneven_stops(stops: Stops) -> bool:
    """Some stops come more often than others, on one reel at least (at a fifth of the level each)."""
    freedom, threshold = STOPS - 1, 2.878
    for reel in stops.T:
        expected = len(reel) / STOPS
        chi_square = float(((np.bincount(reel, minlength=STOPS) - expected) ** 2 / expected).sum())
        deviation = (chi_square / freedom) ** (1 / 3) - (1 - 2 / (9 * freedom))
        if deviation / math.sqrt(2 / (9 * freedom)) > threshold:
            return True
    return False


def uneven_pairs(stops: Stops) -> bool:
    """Some pairs of stops of neighbouring draws come more often than others; each draw is in one pair."""
    line = stops.ravel()
    first, second = line[0 : len(line) // 2 * 2 : 2], line[1::2]
    seen = np.bincount(first * STOPS + second, minlength=STOPS**2)
    return too_uneven(seen, [len(first) / STOPS**2] * STOPS**2)


def correlated(stops: Stops) -> bool:
    """A draw tells something of the next one."""
    line = stops.ravel() - stops.mean()
    return abs(float(line[:-1] @ line[1:]) / float(line @ line)) * math.sqrt(len(line)) > TWO_SIDED


def correlated_rounds(stops: Stops) -> bool:
    """A reel's stop tells something of the same reel's next one."""
    reels = stops - stops.mean(axis=0)
    together = float((reels[:-1] * reels[1:]).sum()) / float((reels * reels).sum())
    return abs(together) * math.sqrt(reels.size) > TWO_SIDED


def odd_runs(stops: Stops) -> bool:
    """The line of draws is above and below its middle in too many or too few runs (Wald and Wolfowitz)."""
    above = stops.ravel() >= STOPS // 2
    high, low = int(above.sum()), int((~above).sum())
    runs = 1 + int((above[1:] != above[:-1]).sum())
    expected = 1 + 2 * high * low / (high + low)
    variance = (expected - 1) * (expected - 2) / (high + low - 1)
    return variance <= 0 or abs(runs - expected) / math.sqrt(variance) > TWO_SIDED


def odd_gaps(stops: Stops) -> bool:
    """The gaps between draws of the lowest tenth are not as long as they should be (Knuth's gap test)."""
    hits = np.flatnonzero(stops.ravel() < STOPS // 10)
    gaps, share, longest = np.diff(hits) - 1, 0.1, 30
    seen = np.bincount(np.minimum(gaps, longest), minlength=longest + 1)
    expected = [len(gaps) * share * (1 - share) ** gap for gap in range(longest)]
    return len(gaps) < 100 or too_uneven(seen, [*expected, len(gaps) * (1 - share) ** longest])


TESTS: dict[str, Callable[[Stops], bool]] = {
    test.__name__: test
    for test in (uneven_stops, uneven_pairs, correlated, correlated_rounds, odd_runs, odd_gaps)
}


@pytest.mark.parametrize("name", TESTS)
def test_fair_stops_are_rejected_no_more_often_than_chance_does(name: str, drawn: list[Stops]) -> None:
    rejected = [pair for pair, stops in enumerate(drawn) if TESTS[name](stops)]
    assert len(rejected) <= REJECTED_MAX, f"seed {BASE!r}, pairs {rejected}"


def biased(random: np.random.Generator) -> Stops:
    """Seven bits modulo 30: the lowest eight stops come 5 times in 128, the others 4 times."""
    return random.integers(0, 128, (ROUNDS, REELS)) % STOPS


def following(random: np.random.Generator) -> Stops:
    """One draw in ten repeats the one before it."""
    line = random.integers(0, STOPS, ROUNDS * REELS)
    again = np.flatnonzero(random.random(line.size) < 0.1)[1:]
    line[again] = line[again - 1]
    return line.reshape(ROUNDS, REELS)


def sluggish(random: np.random.Generator) -> Stops:
    """A reel moves on from where it stood, by fewer than 20 stops."""
    return np.cumsum(random.integers(0, 20, (ROUNDS, REELS)), axis=0) % STOPS


def counting(random: np.random.Generator) -> Stops:
    """Every stop equally often, in turn."""
    return ((np.arange(ROUNDS * REELS) * 7 + random.integers(STOPS)) % STOPS).reshape(ROUNDS, REELS)


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("uneven_stops", biased),
        ("uneven_pairs", following),
        ("correlated", following),
        ("correlated_rounds", sluggish),
        ("odd_runs", following),
        ("odd_gaps", counting),
    ],
)
def test_a_faulty_stream_is_rejected(name: str, fault: Callable[[np.random.Generator], Stops]) -> None:
    random = np.random.default_rng(1)
    assert sum(TESTS[name](fault(random)) for _ in range(PAIRS)) > PAIRS // 2


def test_the_selector_falls_into_each_part_of_its_range_equally_often() -> None:
    out_of, parts = 6804405530, 64
    seen = [0] * parts
    for nonce in range(1, 6_401):
        seen[Stream(BASE, "selectors", nonce).draws([STOPS] * REELS + [out_of])[-1] * parts // out_of] += 1
    # Once in a thousand, since there is only one of it.
    chi_square = sum((count - 100) ** 2 / 100 for count in seen)
    assert chi_square < 103.4, f"seed {BASE!r}"
