"""A round as people read it: its windows by reel, what each line pays, and one sentence for the whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from casino import games, selectors
from casino.models import Round
from casino.reels import LineWin, Rules, Spin

Show = Callable[[int], str]


@dataclass(frozen=True, slots=True)
class Cell:
    """One place of the window."""

    letter: str
    name: str
    wins: bool = False

    @property
    def mark(self) -> str:
        """What the picture of the symbol is called."""
        return mark_of(self.letter)


@dataclass(frozen=True, slots=True)
class Line:
    """A line: its number (from 1), the row on each reel, and where its middle runs in a picture of the window."""

    number: int
    rows: tuple[int, ...]
    sentence: str = ""

    @property
    def points(self) -> str:
        """The places of an SVG polyline in a window whose cells are 10 wide."""
        return " ".join(f"{reel * 10 + 5},{row * 10 + 5}" for reel, row in enumerate(self.rows))


@dataclass(frozen=True, slots=True)
class ShownSpin:
    """One window: ``reels`` from left to right, each from top to bottom. Money in minor units."""

    reels: tuple[tuple[Cell, ...], ...]
    lines: tuple[Line, ...]
    scatter_sentence: str
    spoken: str
    win: int

    @property
    def box(self) -> str:
        """The view box of a picture of the window."""
        return f"0 0 {len(self.reels) * 10} {len(self.reels[0]) * 10}"


@dataclass(frozen=True, slots=True)
class ShownRound:
    """A round: its base spin, its free spins, and what they come to."""

    row: Round
    base: ShownSpin
    free_spins: tuple[ShownSpin, ...]
    sentence: str

    @property
    def free_win(self) -> int:
        """What the free spins have won, in minor units."""
        return sum(spin.win for spin in self.free_spins)

    @property
    def is_celebrated(self) -> bool:
        """Whether it won more than was staked."""
        return self.row.win > self.row.stake


def shown_round(row: Round, show: Show) -> ShownRound:
    """What is told of ``row``; ``show`` writes money."""
    played = selectors.played(row)
    rules = selectors.certified(row.configuration).version.rules
    line_bet = row.stake // len(rules.lines)
    return ShownRound(
        row=row,
        base=shown_spin(rules, played.base, line_bet, show),
        free_spins=tuple(shown_spin(rules, spin, line_bet, show) for spin in played.free_spins),
        sentence=verdict(row.stake, row.win, show),
    )


def shown_spin(rules: Rules, spin: Spin, line_bet: int, show: Show) -> ShownSpin:
    """One evaluated window."""
    winning = {(reel, rules.lines[win.line][reel]) for win in spin.line_wins for reel in range(win.count)}
    if spin.scatter_line_bets:
        winning |= _places(spin.window, rules.scatter or "")
    scatters = ""
    if spin.scatter_line_bets:
        scatters = _("%(count)d × %(symbol)s anywhere: %(win)s") % {
            "count": spin.scatters,
            "symbol": name_of(rules.game, rules.scatter or ""),
            "win": show(spin.scatter_line_bets * line_bet),
        }
    return ShownSpin(
        reels=window(rules, spin.window, winning),
        lines=tuple(_line(rules, win, line_bet, show) for win in spin.line_wins),
        scatter_sentence=scatters,
        spoken=spoken(rules.game, spin.window),
        win=spin.line_bets * line_bet,
    )


def window(
    rules: Rules, rows: tuple[str, ...], winning: set[tuple[int, int]] | frozenset[tuple[int, int]]
) -> tuple[tuple[Cell, ...], ...]:
    """The cells of a window whose ``rows`` are texts; ``winning`` names reel and row."""
    return tuple(
        tuple(
            Cell(line[reel], name_of(rules.game, line[reel]), (reel, row) in winning)
            for row, line in enumerate(rows)
        )
        for reel in range(rules.reels)
    )


def waiting_spin(rules: Rules) -> ShownSpin:
    """A window for a machine that nobody has played yet: its symbols, the wild in the middle. It was not drawn."""
    letters = [letter for letter in rules.symbols if letter not in (rules.wild, rules.blank)]
    rows = [
        "".join(letters[(row * rules.reels + reel) % len(letters)] for reel in range(rules.reels))
        for row in range(rules.rows)
    ]
    middle, half = rows[rules.rows // 2], rules.reels // 2
    rows[rules.rows // 2] = middle[:half] + rules.wild + middle[half + 1 :]
    return ShownSpin(window(rules, tuple(rows), frozenset()), (), "", spoken(rules.game, tuple(rows)), 0)


def lines_of(rules: Rules) -> tuple[Line, ...]:
    """Every line of a game."""
    return tuple(Line(number, rows) for number, rows in enumerate(rules.lines, start=1))


def verdict(stake: int, win: int, show: Show) -> str:
    """The round in one sentence. What is not above the stake is no win to speak of."""
    if win > stake:
        return _("You win %(win)s.") % {"win": show(win)}
    if win == stake:
        return _("Your stake of %(win)s came back.") % {"win": show(win)}
    if win:
        return _("%(win)s of your %(stake)s came back.") % {"win": show(win), "stake": show(stake)}
    return _("Nothing this time.")


def given(count: int) -> str:
    """How many free spins a round has."""
    return ngettext("%(count)d free spin", "%(count)d free spins", count) % {"count": count}


def name_of(game: str, letter: str) -> str:
    """What a symbol is called."""
    return _(games.SYMBOL_NAMES[game][letter])


def mark_of(letter: str) -> str:
    """What a letter's picture is called in the file of symbols, and its class."""
    return "blank" if letter == "." else letter


def spoken(game: str, rows: tuple[str, ...]) -> str:
    """A window in words, row by row."""
    return "; ".join(
        _("row %(row)d: %(symbols)s")
        % {"row": number, "symbols": ", ".join(name_of(game, letter) for letter in line)}
        for number, line in enumerate(rows, start=1)
    )


def _line(rules: Rules, win: LineWin, line_bet: int, show: Show) -> Line:
    sentence = _("Line %(line)d: %(count)d × %(symbol)s, %(win)s") % {
        "line": win.line + 1,
        "count": win.count,
        "symbol": name_of(rules.game, win.symbol),
        "win": show(win.line_bets * line_bet),
    }
    return Line(win.line + 1, rules.lines[win.line][: win.count], sentence)


def _places(rows: tuple[str, ...], letter: str) -> set[tuple[int, int]]:
    return {
        (reel, row) for row, line in enumerate(rows) for reel, found in enumerate(line) if found == letter
    }
