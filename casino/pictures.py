"""Stops that show a wanted picture: for rounds that the plot gives, where nothing is drawn. Pure.

A picture is a text: ``scatters:3`` (so many in the window), ``run:A:5`` (so many of a symbol along the line that is shown best,
wilds included), ``nothing`` (no line and no scatter pays).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from casino.reels import Rules, Spin, evaluate, run_of

_STOPS_TRIED = 5
_WINDOWS_TRIED = 4_000


def pictures_of(rules: Rules) -> list[str]:
    """Every picture that can be asked for, the grandest first."""
    runs = [
        (pays, f"run:{symbol}:{count}")
        for symbol, prizes in rules.pays.items()
        for count, pays in prizes.items()
    ]
    scatters = sorted(set(rules.scatter_pays) | set(rules.free_spins), reverse=True)
    by_prize = [picture for _pays, picture in sorted(runs, key=lambda run: (-run[0], run[1]))]
    return [*(f"scatters:{count}" for count in scatters), *by_prize, "nothing"]


def find(rules: Rules, strips: Sequence[str], picture: str) -> tuple[int, ...] | None:
    """The stops of the plainest window that shows ``picture``: as little else as can be. None where these reels have none.

    The same question has the same answer. Raises ``ValueError`` for what is no picture of this game.
    """
    if picture not in pictures_of(rules):
        raise ValueError("There is no such picture in this game.")
    kind, _colon, wanted = picture.partition(":")
    tried = (
        evaluate(rules, strips, stops)
        for stops in islice(_candidates(rules, strips, kind, wanted), _WINDOWS_TRIED)
    )
    fitting = (spin for spin in tried if _shows(rules, spin, kind, wanted))
    best = min(fitting, key=lambda spin: (_wilds(rules, spin), spin.line_bets), default=None)
    return best.stops if best else None


def best_line(rules: Rules) -> int:
    """The line on which a run is shown: the straight one in the middle, where there is one."""
    middle = (rules.rows // 2,) * rules.reels
    return rules.lines.index(middle) if middle in rules.lines else 0


def _wilds(rules: Rules, spin: Spin) -> int:
    """How many wilds stand in for something on the line that is looked at."""
    return sum(spin.window[row][reel] == rules.wild for reel, row in enumerate(rules.lines[best_line(rules)]))


def _shows(rules: Rules, spin: Spin, kind: str, wanted: str) -> bool:
    if kind == "nothing":
        return spin.line_bets == 0 and spin.scatters not in rules.free_spins
    if kind == "scatters":
        return spin.scatters == int(wanted)
    symbol, _colon, count = wanted.partition(":")
    line = rules.lines[best_line(rules)]
    return run_of(rules, [spin.window[row][reel] for reel, row in enumerate(line)]) == (symbol, int(count))


def _candidates(rules: Rules, strips: Sequence[str], kind: str, wanted: str) -> Iterator[tuple[int, ...]]:
    """Windows worth looking at: on each reel a few stops that can be part of the picture."""
    choices = []
    for reel, strip in enumerate(strips):
        fitting = [stop for stop in range(rules.stops) if _fits(rules, strip, stop, reel, kind, wanted)]
        # The symbol itself before a wild that stands in for it.
        row = rules.lines[best_line(rules)][reel]
        fitting.sort(key=lambda stop: strip[(stop + row) % rules.stops] == rules.wild)
        others = [stop for stop in range(rules.stops) if stop not in fitting]
        # Both kinds: of three scatters on five reels, two reels show none.
        choices.append([*fitting[:_STOPS_TRIED], *(_spread(others) if kind != "run" or not fitting else [])])
    yield from product(*choices)


def _fits(rules: Rules, strip: str, stop: int, reel: int, kind: str, wanted: str) -> bool:
    window = [strip[(stop + row) % rules.stops] for row in range(rules.rows)]
    if kind == "run":
        symbol, _colon, count = wanted.partition(":")
        cell = window[rules.lines[best_line(rules)][reel]]
        return (cell in (symbol, rules.wild)) is (reel < int(count))
    return kind == "scatters" and rules.scatter in window


def _spread(stops: Sequence[int]) -> list[int]:
    """A few of ``stops``, from all around the reel."""
    return list(stops[:: max(1, len(stops) // _STOPS_TRIED)])[:_STOPS_TRIED]
