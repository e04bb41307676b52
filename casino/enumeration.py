"""Every combination of stops of a strip set, evaluated and counted: 24.3 million for Starlight Smuggler. Needs numpy.

The reels are cut in two. What a line pays depends on the cells of the left reels only through the run they begin, so for
each line and each run that can begin there one table holds the prize for every stop of the right reels. A block is one
combination of left stops with all combinations of right stops: the tables of its living lines are added up, and what
each of its windows pays is counted. All in whole numbers.

The web process never needs this module: what it has to know stands in the certificates.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from casino.distribution import Distribution
from casino.reels import Rules, run_of

Integers = NDArray[np.int64]


def enumerate_spins(rules: Rules, strips: Sequence[str]) -> Distribution:
    """What every combination of stops pays in the base game, by number of scatters."""
    reels = _Reels(rules, strips)
    totals: dict[int, Integers] = {}
    for _left, scatters, keys in reels.blocks():
        counted = np.bincount(keys)
        so_far = totals.get(scatters)
        if so_far is None:
            totals[scatters] = counted
        elif len(so_far) < len(counted):
            counted[: len(so_far)] += so_far
            totals[scatters] = counted
        else:
            so_far[: len(counted)] += counted
    counts: dict[int, dict[int, int]] = {}
    for left_scatters, counted in totals.items():
        for key in np.flatnonzero(counted).tolist():
            on_lines, right_scatters = divmod(key, reels.classes)
            scatters = left_scatters + right_scatters
            line_bets = on_lines + rules.scatter_pays.get(scatters, 0) * len(rules.lines)
            pays = counts.setdefault(scatters, {})
            pays[line_bets] = pays.get(line_bets, 0) + int(counted[key])
    return Distribution(rules.stops**rules.reels, {scatters: counts[scatters] for scatters in sorted(counts)})


def stops_paying(rules: Rules, strips: Sequence[str], scatters: int, line_bets: int) -> tuple[int, ...]:
    """The first combination of stops with that many scatters that pays exactly this; raises LookupError."""
    reels = _Reels(rules, strips)
    on_lines = line_bets - rules.scatter_pays.get(scatters, 0) * len(rules.lines)
    for left, left_scatters, keys in reels.blocks():
        wanted = on_lines * reels.classes + scatters - left_scatters
        if 0 <= scatters - left_scatters < reels.classes and (found := np.flatnonzero(keys == wanted)).size:
            right = np.unravel_index(int(found[0]), (rules.stops,) * len(reels.right))
            return (*left, *(int(stop) for stop in right))
    raise LookupError(f"No window with {scatters} scatters pays {line_bets} line bets.")


class _Reels:
    """The reels of one enumeration, cut in two, with the tables of the right ones."""

    def __init__(self, rules: Rules, strips: Sequence[str]) -> None:
        self.rules = rules
        cut = rules.reels // 2
        self.left, self.right = strips[:cut], strips[cut:]
        #: One more than the scatters the right reels can show. A key is a prize on lines x classes + those scatters.
        self.classes = len(self.right) * rules.rows + 1
        self._letters = {letter: code for code, letter in enumerate(rules.symbols)}
        self._codes = [np.array([self._letters[letter] for letter in strip]) for strip in self.right]
        self._cubes: dict[str, Integers] = {}
        self._tables: dict[tuple[str, tuple[int, ...]], Integers] = {}

    def blocks(self) -> Iterator[tuple[tuple[int, ...], int, Integers]]:
        """For each combination of left stops: the stops, their scatters, and the key of each right combination."""
        rules = self.rules
        scatters = _scatters_shown(rules, self.right)
        left_scatters = _scatters_shown(rules, self.left)
        keys = np.empty_like(scatters)
        every = itertools.product(range(rules.stops), repeat=len(self.left))
        for stops, shown in zip(every, left_scatters.tolist(), strict=True):
            keys[:] = scatters
            for rows in rules.lines:
                cells = [
                    strip[(stop + row) % rules.stops]
                    for strip, stop, row in zip(self.left, stops, rows, strict=False)
                ]
                symbol, count = run_of(rules, cells)
                if count < len(cells):
                    keys += rules.pays.get(symbol, {}).get(count, 0) * self.classes
                elif symbol in rules.pays or symbol == rules.wild:
                    keys += self._table(symbol, rows[len(cells) :])
            yield stops, shown, keys

    def _table(self, symbol: str, rows: tuple[int, ...]) -> Integers:
        """What a line that has been this symbol (or wild) so far pays, for each right combination; times classes."""
        if (symbol, rows) not in self._tables:
            rolled = [np.roll(codes, -row) for codes, row in zip(self._codes, rows, strict=True)]
            self._tables[symbol, rows] = self._cube(symbol)[np.ix_(*rolled)].ravel()
        return self._tables[symbol, rows]

    def _cube(self, symbol: str) -> Integers:
        """The same for each combination of letters instead of stops."""
        if symbol not in self._cubes:
            shape = (len(self._letters),) * len(self.right)
            prizes = [
                self.rules.pays.get(run[0], {}).get(run[1], 0) * self.classes
                for cells in itertools.product(self._letters, repeat=len(self.right))
                for run in [run_of(self.rules, (*(symbol,) * len(self.left), *cells))]
            ]
            self._cubes[symbol] = np.array(prizes, dtype=np.int64).reshape(shape)
        return self._cubes[symbol]


def _scatters_shown(rules: Rules, strips: Sequence[str]) -> Integers:
    """How many scatters each combination of stops of these reels shows, the last reel's stop changing fastest."""
    shown = np.zeros(1, dtype=np.int64)
    for strip in strips:
        isolated = np.array([letter == rules.scatter for letter in strip], dtype=np.int64)
        windows = sum((np.roll(isolated, -row) for row in range(rules.rows)), np.zeros_like(isolated))
        shown = (shown[:, np.newaxis] + windows).ravel()
    return shown
