"""What the house can pay: the largest stake of each game that it covers now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.console.parts import Cell, Panel, Table
from casino import selectors, stakes
from casino.console import words
from casino.models import Game, GameConfiguration
from ledger import numbers
from ledger import selectors as bank
from ledger.models import Account, Currency


@dataclass(frozen=True, slots=True)
class House:
    """An account of the casino and what is free to be paid out of it, in minor units."""

    account: Account
    amount: int
    available: int

    @property
    def currency(self) -> Currency:
        """The event's first currency."""
        return self.account.currency


@dataclass(frozen=True, slots=True)
class Cover:
    """Of a game's stakes the largest that the house can take (0: none); ``needed`` covers the largest that is offered."""

    game: Game
    configuration: GameConfiguration
    largest: int
    offered: int
    needed: int

    @property
    def is_full(self) -> bool:
        """Whether every stake that is offered is taken."""
        return self.largest >= self.offered

    def in_words(self, currency: Currency) -> str:
        """``₵20.00, all that are offered``."""
        facts = {
            "largest": words.money(self.largest, currency),
            "offered": words.money(self.offered, currency),
        }
        if self.is_full:
            return _("%(offered)s, the largest offered") % facts
        if self.largest:
            return _("only %(largest)s; %(offered)s is offered") % facts
        return _("NONE: no bet is taken")

    def in_short(self, currency: Currency) -> str:
        """``₵7.40``, for a column."""
        return words.money(min(self.largest, self.offered), currency) if self.largest else _("NO BETS")


def house(number: str = numbers.HOUSE) -> House | None:
    """The casino's account with this number, None where no casino was opened."""
    account = Account.objects.filter(number=number).select_related("holder", "currency").first()
    if account is None:
        return None
    balance = bank.balances_of([account])[account.pk]
    return House(account, balance.amount, bank.available(balance))


def covers(available: int) -> list[Cover]:
    """What a house with so much covers of every game."""
    return [
        cover(game, selectors.current_configuration(game), available) for game in Game.objects.order_by("id")
    ]


def cover(game: Game, configuration: GameConfiguration, available: int) -> Cover:
    """What a house with so much covers of ``game`` when it is configured so."""
    lines = selectors.certified(configuration).version.line_count
    bound = selectors.bound_of(configuration)
    return Cover(game, configuration, *_largest(game, available, bound, lines))


def cover_at(game: Game, configuration: GameConfiguration, available: int, payout: int) -> Cover:
    """The same if it paid ``payout`` (hundredths of a per cent)."""
    found = selectors.certified(configuration)
    mixed = found.mix_at(payout)
    bound = found.bound_of((mixed.low, mixed.high))
    return Cover(game, configuration, *_largest(game, available, bound, found.version.line_count))


def _largest(game: Game, available: int, bound: int, lines: int) -> tuple[int, int, int]:
    offered, lowest = game.stakes[-1], game.stakes[0]
    largest = stakes.largest_covered(available=available, bound=bound, lines=lines, highest=offered)
    return largest if largest >= lowest else 0, offered, max(offered // lines * (bound - lines), 0)


def panel(found: House) -> Panel:
    """What the house covers, game by game."""
    return Panel(
        _("What the house covers"),
        table=cover_table(covers(found.available), found.currency),
        note=_(
            "A spin is taken only if the house could pay the largest prize there is. Its float decides how large bets may be."
        ),
    )


def cover_table(rows: Sequence[Cover], currency: Currency) -> Table:
    """The largest stake now, and what the house needs for the largest that is offered."""
    return Table(
        [_("Game"), _("Largest stake now"), _("Needed for all stakes")],
        [
            [
                Cell(selectors.title_of(one.game.name)),
                Cell(one.in_words(currency), tone="" if one.is_full else "bad"),
                Cell(words.money(one.needed, currency), is_amount=True),
            ]
            for one in rows
        ],
        empty=_("There are no games yet."),
    )
