"""A round as people and programs look at it: its windows with what they won, in money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext

from casino import games, reels
from casino.models import Round
from casino.selectors.games import certified
from casino.selectors.rounds import GameSession, may_tell_selector, played
from casino.selectors.seeds import revealed_seeds
from ledger.models import Currency


@dataclass(frozen=True, slots=True)
class SeenLine:
    """What a line has won: ``rows`` is its row on each reel, ``win`` in minor units of ``currency``."""

    line: int
    rows: list[int]
    symbol: str
    name: str
    count: int
    win: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class SeenSpin:
    """One window: ``grid`` by rows from above, ``reels`` from left to right; what it won in minor units."""

    grid: list[list[str]]
    reels: list[list[str]]
    winning_lines: list[SeenLine]
    scatter_count: int
    scatter_win: int
    win: int
    currency: Currency


@dataclass(frozen=True, slots=True)
class SeenRound:
    """A round with its windows. ``server_seed`` and the selector are None while they must not be told."""

    round: Round
    base: SeenSpin
    free_spins: list[SeenSpin]
    win_multiplier: Fraction
    version: str
    currency: Currency
    server_seed: str | None
    selector: str | None
    out_of: str | None
    set_name: str | None


@dataclass(frozen=True, slots=True)
class SeenSession:
    """A sitting, or that there is none; money in minor units."""

    started_at: dt.datetime | None
    last_at: dt.datetime | None
    elapsed_seconds: int
    rounds: int
    staked: int
    won: int
    net: int
    currency: Currency


def seen_session(sitting: GameSession | None, currency: Currency, now: dt.datetime) -> SeenSession:
    """``sitting`` as it is shown at ``now``."""
    if sitting is None:
        return SeenSession(None, None, 0, 0, 0, 0, 0, currency)
    return SeenSession(
        started_at=sitting.started_at,
        last_at=sitting.last_at,
        elapsed_seconds=(now - sitting.started_at) // dt.timedelta(seconds=1),
        rounds=sitting.rounds,
        staked=sitting.staked,
        won=sitting.won,
        net=sitting.net,
        currency=currency,
    )


def seen_rounds(rows: Sequence[Round], currency: Currency) -> list[SeenRound]:
    """``rows`` (from ``with_proof``) as they are shown; asks at most once about all their seeds."""
    told = revealed_seeds({row.seed_pair_id: row.seed_pair for row in rows}.values())
    return [_seen(row, currency, told[row.seed_pair_id]) for row in rows]


def seen_round(row: Round, currency: Currency) -> SeenRound:
    """One round as it is shown where it was just played: its seed is not over yet."""
    return _seen(row, currency, None)


def symbols_of(game: str) -> dict[str, str]:
    """What the letters on a game's strips are called."""
    return {letter: gettext(name) for letter, name in games.SYMBOL_NAMES[game].items()}


def _seen(row: Round, currency: Currency, server_seed: str | None) -> SeenRound:
    found, shown = certified(row.configuration), played(row)
    rules, tells = found.version.rules, may_tell_selector(row)
    line_bet = row.stake // len(rules.lines)
    base, *free = (_spin(spin, rules, line_bet, currency) for spin in (shown.base, *shown.free_spins))
    return SeenRound(
        round=row,
        base=base,
        free_spins=free,
        win_multiplier=Fraction(row.win, row.stake),
        version=found.digest,
        currency=currency,
        server_seed=server_seed,
        selector=row.selector if tells else None,
        out_of=row.out_of if tells else None,
        set_name=row.set_name if tells else None,
    )


def _spin(spin: reels.Spin, rules: reels.Rules, line_bet: int, currency: Currency) -> SeenSpin:
    names = symbols_of(rules.game)
    return SeenSpin(
        grid=[list(row) for row in spin.window],
        reels=[list(reel) for reel in zip(*spin.window, strict=True)],
        winning_lines=[
            SeenLine(
                line=won.line,
                rows=list(rules.lines[won.line]),
                symbol=won.symbol,
                name=names[won.symbol],
                count=won.count,
                win=won.line_bets * line_bet,
                currency=currency,
            )
            for won in spin.line_wins
        ],
        scatter_count=spin.scatters,
        scatter_win=spin.scatter_line_bets * line_bet,
        win=spin.line_bets * line_bet,
        currency=currency,
    )


def as_text(number: Fraction) -> str:
    """A number as an exact decimal, ``37/10`` as ``"3.7"``; one that has no end stays a fraction."""
    for places in range(19):
        scaled = number * 10**places
        if scaled.denominator == 1:
            whole, rest = divmod(scaled.numerator, 10**places)
            return f"{whole}.{rest:0{places}d}" if places else str(whole)
    return f"{number.numerator}/{number.denominator}"
