"""The rules of the reel games: what a window pays, and a whole round with its free spins. Pure, and exact.

A game's **version** is everything that decides a prize: its rules and its certified strip sets. Its canonical text is
what players see the hash of. Prizes are whole numbers of line bets; no float is near them.

One rule for every game: on each line the prize symbol is the first one from the left that is not wild (or the wild itself
where the line is wild throughout), and its run counts the leading cells that are that symbol or wild. One prize a line.
Scatters count anywhere in the window and are never part of a run.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

CANONICAL_FORM = 1


@dataclass(frozen=True, slots=True)
class Rules:
    """What every strip set of a game has in common.

    `lines`: for each line the row (0 is the top) on each reel. `pays[symbol][count]`: line bets for a run of `count`.
    `scatter_pays[count]`: times the total bet, which is `len(lines)` line bets. `free_spins[count]`: how many spins that
    many scatters give. In free spins every prize, of lines and of scatters, is times `free_spin_multiplier`.
    """

    game: str
    reels: int
    rows: int
    stops: int
    lines: tuple[tuple[int, ...], ...]
    pays: Mapping[str, Mapping[int, int]]
    wild: str
    blank: str | None
    scatter: str | None
    scatter_pays: Mapping[int, int]
    free_spins: Mapping[int, int]
    free_spin_multiplier: int

    @property
    def paying(self) -> tuple[str, ...]:
        """The symbols that pay on lines, the dearest first; the same whatever order `pays` was written in."""
        return tuple(
            sorted(self.pays, key=lambda symbol: (-max(self.pays[symbol].values(), default=0), symbol))
        )

    @property
    def symbols(self) -> str:
        """Every letter a strip may hold, those that pay first."""
        special = (self.wild, self.scatter or "", self.blank or "")
        return "".join(dict.fromkeys((*self.paying, *filter(None, special))))


@dataclass(frozen=True, slots=True)
class StripSet:
    """The strips of all reels, one letter a stop, and what they return of each bet, free spins included.

    `name` is the floor of the RTP in per cent: "84", "98".
    """

    name: str
    strips: tuple[str, ...]
    rtp: Fraction


@dataclass(frozen=True, slots=True)
class LineWin:
    """What one line pays. `line` counts from 0; `line_bets` is its prize, a free spin's multiplier included."""

    line: int
    symbol: str
    count: int
    line_bets: int


@dataclass(frozen=True, slots=True)
class Spin:
    """One evaluated window.

    `window` has one string for each row, the top one first. `line_bets` is the whole prize: the lines, the scatters and
    the multiplier.
    """

    stops: tuple[int, ...]
    window: tuple[str, ...]
    line_wins: tuple[LineWin, ...]
    scatters: int
    line_bets: int

    @property
    def scatter_line_bets(self) -> int:
        """The part of the prize that the scatters paid, in line bets, the multiplier included."""
        return self.line_bets - sum(win.line_bets for win in self.line_wins)


@dataclass(frozen=True, slots=True)
class Played:
    """A whole paid round: the base spin, the free spins it gave, and the prize of all of them in line bets."""

    base: Spin
    free_spins: tuple[Spin, ...]
    line_bets: int


@dataclass(frozen=True, slots=True)
class GameVersion:
    """A game's rules with its certified strip sets, ordered by RTP. Raises ValueError when they do not fit together."""

    rules: Rules
    sets: tuple[StripSet, ...]

    def __post_init__(self) -> None:
        _check_rules(self.rules)
        for strip_set in self.sets:
            _check_set(self.rules, strip_set)
        rtps = [strip_set.rtp for strip_set in self.sets]
        _require(bool(rtps), "A game needs at least one strip set.")
        _require(
            all(low < high for low, high in itertools.pairwise(rtps)),
            "Strip sets are ordered by their RTP, and no two have the same.",
        )
        _require(len({one.name for one in self.sets}) == len(self.sets), "Two strip sets have the same name.")

    @property
    def line_count(self) -> int:
        """How many line bets make the total bet."""
        return len(self.rules.lines)

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical text, in hex."""
        return hashlib.sha256(self.canonical().encode("ascii")).hexdigest()

    def set_named(self, name: str) -> StripSet:
        """The strip set of that name; raises KeyError."""
        return {strip_set.name: strip_set for strip_set in self.sets}[name]

    def canonical(self) -> str:
        """Everything that decides a prize as compact ASCII JSON with sorted keys; the same version is the same text."""
        return _compact(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """What `canonical` writes: plain dicts, lists, texts and whole numbers."""
        rules = self.rules
        return {
            "v": CANONICAL_FORM,
            "game": rules.game,
            "reels": rules.reels,
            "rows": rules.rows,
            "stops": rules.stops,
            "lines": ["".join(map(str, line)) for line in rules.lines],
            "pays": {symbol: _text_keys(pays) for symbol, pays in rules.pays.items()},
            "wild": rules.wild,
            "blank": rules.blank,
            "scatter": rules.scatter,
            "scatter_pays": _text_keys(rules.scatter_pays),
            "free_spins": _text_keys(rules.free_spins),
            "free_spin_multiplier": rules.free_spin_multiplier,
            "sets": [
                {
                    "name": one.name,
                    "rtp": f"{one.rtp.numerator}/{one.rtp.denominator}",
                    "strips": list(one.strips),
                }
                for one in self.sets
            ],
        }

    @staticmethod
    def parse(text: str) -> GameVersion:
        """The version a JSON text describes, whatever its spacing; raises ValueError with a plain sentence."""
        try:
            found = json.loads(text)
            form = found["v"]
            rules = _read_rules(found)
            sets = tuple(_read_set(one) for one in found["sets"])
        except json.JSONDecodeError as error:
            raise ValueError(f"The game is not JSON: {error}.") from error
        except (KeyError, TypeError, AttributeError, ValueError, ZeroDivisionError, RecursionError) as error:
            raise ValueError("A part of the game is missing, or is of the wrong kind.") from error
        if form != CANONICAL_FORM:
            raise ValueError(f"The game is written in a form that this program does not read ({form!r}).")
        version = GameVersion(rules, sets)
        # As texts: True is 1 to Python, but not to whoever repeats the hash.
        if _compact(found) != version.canonical():
            raise ValueError(
                "The game holds something that is not part of a game, or is written in another way."
            )
        return version


# -- what a window pays ------------------------------------------------------------------------------------------------


def evaluate(rules: Rules, strips: Sequence[str], stops: Sequence[int], *, multiplier: int = 1) -> Spin:
    """What the reels pay when they stop with these stops in the top row.

    Below a stop's symbol stand the next ones of its strip, which is a ring. Raises ValueError for stops that are not on
    the reels.
    """
    if len(stops) != rules.reels or not all(0 <= stop < rules.stops for stop in stops):
        raise ValueError(f"A spin has {rules.reels} stops from 0 to {rules.stops - 1}.")
    window = tuple(
        "".join(strip[(stop + row) % rules.stops] for strip, stop in zip(strips, stops, strict=True))
        for row in range(rules.rows)
    )
    wins = []
    for number, rows in enumerate(rules.lines):
        symbol, count = run_of(rules, [window[row][reel] for reel, row in enumerate(rows)])
        pays = rules.pays.get(symbol, {}).get(count, 0)
        if pays:
            wins.append(LineWin(number, symbol, count, pays * multiplier))
    scatters = 0 if rules.scatter is None else sum(row.count(rules.scatter) for row in window)
    scatter_prize = rules.scatter_pays.get(scatters, 0) * len(rules.lines) * multiplier
    prize = sum(win.line_bets for win in wins) + scatter_prize
    return Spin(tuple(stops), window, tuple(wins), scatters, prize)


def run_of(rules: Rules, cells: Sequence[str]) -> tuple[str, int]:
    """The symbol that a line may pay, and how many cells from the left are that symbol or wild."""
    symbol = next((cell for cell in cells if cell != rules.wild), rules.wild)
    for count, cell in enumerate(cells):
        if cell not in (symbol, rules.wild):
            return symbol, count
    return symbol, len(cells)


def free_spins_of(rules: Rules, scatters: int) -> int:
    """How many free spins a base spin with that many scatters gives."""
    return rules.free_spins.get(scatters, 0)


def play(
    rules: Rules, strips: Sequence[str], stops: Sequence[int], free_stops: Sequence[Sequence[int]]
) -> Played:
    """A whole round: the base spin, then its free spins on the same strips. Free spins give no further ones.

    Raises ValueError unless there are exactly as many `free_stops` as the base spin gives free spins.
    """
    base = evaluate(rules, strips, stops)
    owed = free_spins_of(rules, base.scatters)
    if len(free_stops) != owed:
        raise ValueError(f"The base spin gives {owed} free spins; stops were given for {len(free_stops)}.")
    free = tuple(evaluate(rules, strips, each, multiplier=rules.free_spin_multiplier) for each in free_stops)
    return Played(base, free, base.line_bets + sum(spin.line_bets for spin in free))


# -- reading and refusing a version ------------------------------------------------------------------------------------


def _compact(found: object) -> str:
    return json.dumps(found, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _text_keys(numbers: Mapping[int, int]) -> dict[str, int]:
    return {str(count): number for count, number in numbers.items()}


def _number_keys(numbers: Mapping[str, int]) -> dict[int, int]:
    return {int(count): number for count, number in numbers.items()}


def _read_rules(found: Mapping[str, Any]) -> Rules:
    return Rules(
        game=found["game"],
        reels=found["reels"],
        rows=found["rows"],
        stops=found["stops"],
        lines=tuple(tuple(int(row) for row in line) for line in found["lines"]),
        pays={symbol: _number_keys(pays) for symbol, pays in found["pays"].items()},
        wild=found["wild"],
        blank=found["blank"],
        scatter=found["scatter"],
        scatter_pays=_number_keys(found["scatter_pays"]),
        free_spins=_number_keys(found["free_spins"]),
        free_spin_multiplier=found["free_spin_multiplier"],
    )


def _read_set(found: Mapping[str, Any]) -> StripSet:
    numerator, denominator = found["rtp"].split("/")
    return StripSet(found["name"], tuple(found["strips"]), Fraction(int(numerator), int(denominator)))


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ValueError(sentence)


def _is_count(number: object, low: int, high: int) -> bool:
    # True and False are numbers to Python, and 1.0 equals 1.
    return type(number) is int and low <= number <= high


def _is_letter(text: object) -> bool:
    return isinstance(text, str) and len(text) == 1 and text.isascii() and text.isprintable()


def _check_rules(rules: Rules) -> None:
    _require(isinstance(rules.game, str) and rules.game.isidentifier(), "A game's name is one word.")
    _require(
        _is_count(rules.reels, 1, 9) and _is_count(rules.rows, 1, 9), "A game has 1 to 9 reels and rows."
    )
    _require(
        _is_count(rules.stops, rules.rows, 1000), "A reel is at least as long as its window, at most 1000."
    )
    _require(
        bool(rules.lines)
        and all(
            len(line) == rules.reels and all(_is_count(row, 0, rules.rows - 1) for row in line)
            for line in rules.lines
        ),
        "A line names a row of the window on each reel, and a game has at least one line.",
    )
    special = [letter for letter in (rules.wild, rules.blank, rules.scatter) if letter is not None]
    _require(
        all(map(_is_letter, [*special, *rules.pays])) and len(set(special)) == len(special),
        "Symbols are single letters, and wild, blank and scatter are different ones.",
    )
    _require(
        not {rules.blank, rules.scatter} & set(rules.pays),
        "Neither the blank nor the scatter pays on a line.",
    )
    # Otherwise three wilds before an A would be two prizes to choose from.
    _require(
        set(rules.pays.get(rules.wild, {})) <= {rules.reels},
        "The wild pays only where the whole line is wild.",
    )
    _check_prizes(rules)


def _check_prizes(rules: Rules) -> None:
    cells = rules.reels * rules.rows
    for numbers, most in (
        *((pays, rules.reels) for pays in rules.pays.values()),
        (rules.scatter_pays, cells),
        (rules.free_spins, cells),
    ):
        _require(
            all(
                _is_count(count, 1, most) and _is_count(number, 1, 10**6) for count, number in numbers.items()
            ),
            "Prizes and free spins are whole numbers above 0 for a number of symbols that fits the window.",
        )
    _require(_is_count(rules.free_spin_multiplier, 1, 100), "The multiplier of free spins is 1 to 100.")
    _require(
        rules.scatter is not None or not (rules.scatter_pays or rules.free_spins),
        "Without a scatter there are neither scatter prizes nor free spins.",
    )


def _check_set(rules: Rules, one: StripSet) -> None:
    _require(
        len(one.strips) == rules.reels and all(len(strip) == rules.stops for strip in one.strips),
        f"Strip set {one.name} needs {rules.reels} strips of {rules.stops} symbols.",
    )
    unknown = set("".join(one.strips)) - set(rules.symbols)
    _require(not unknown, f"Strip set {one.name} holds symbols the game does not know.")
    _require(
        one.rtp > 0 and one.name == str(one.rtp * 100 // 1),
        "A strip set is named after the whole per cent of its RTP, rounded down.",
    )
