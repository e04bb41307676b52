"""Where a player sits: the purse, the sitting, the limits; and a machine as it looks from there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import NotFound
from casino import playing, refusals, selectors, stakes
from casino.models import PlayLimit
from casino.selectors import GameSession, Machine
from ledger.models import Account, Currency
from ledger.selectors import first_currency, standings
from ledger.services.transfers import shown


@dataclass(frozen=True, slots=True)
class Seat:
    """What a player brings along. Money in minor units; ``account`` is None for a login without one."""

    account: Account | None
    currency: Currency
    balance: int
    available: int
    session: GameSession | None
    limit: PlayLimit | None
    now: dt.datetime

    @property
    def limits(self) -> playing.Limits:
        """The player's own limits that hold now."""
        return selectors.limits_at(self.limit, self.now)

    @property
    def paused_until(self) -> dt.datetime | None:
        """Until when the player has asked to be kept away, None when they have not."""
        until = self.limit.paused_until if self.limit else None
        return until if until is not None and until > self.now else None

    @property
    def sat_for(self) -> dt.timedelta:
        """How long the sitting has lasted."""
        return self.now - self.session.started_at if self.session else dt.timedelta(0)

    def show(self, amount: int) -> str:
        """An amount as people read it."""
        return shown(Account(currency=self.currency), amount)


@dataclass(frozen=True, slots=True)
class Stake:
    """One of the stakes that a machine offers, and whether it can be staked here and now."""

    amount: int
    is_possible: bool


def take_seat(actor: Actor, now: dt.datetime) -> Seat:
    """The seat of whoever asks."""
    user = selectors.player_of(actor)
    try:
        account = selectors.account_of(user)
    except NotFound:
        return Seat(None, first_currency(), 0, 0, None, None, now)
    [standing] = standings([account])
    return Seat(
        account=account,
        currency=account.currency,
        balance=standing.balance.amount,
        available=standing.available,
        session=selectors.session_of(actor, now),
        limit=selectors.limit_of(user),
        now=now,
    )


def stopped_sentence(machine: Machine, seat: Seat) -> str:
    """Why the machine cannot be played now, "" when it can: the plot, the clock, the player's own pause, an empty house."""
    if machine.stopped is not None:
        code, facts = machine.stopped
    elif seat.paused_until is not None:
        code, facts = "playing_paused", {"until": selectors.local_text(seat.paused_until, tenancy.current())}
    elif not machine.largest_stake:
        code, facts = "house_limit", {"largest": 0}
    else:
        return ""
    return refusals.refusal(code, facts, seat.show).sentence


def stakes_of(machine: Machine, seat: Seat) -> list[Stake]:
    """What may be staked, smallest first: those that the game masters offer, and the largest one possible below them.

    Where the house or the player's own limit allows less than an offered stake, the most that still fits stands in between.
    """
    own, lines = seat.limits.stake_max, machine.version.line_count
    most = machine.largest_stake if own is None else min(machine.largest_stake, own)
    most = most // lines * lines
    amounts = set(machine.game.stakes)
    if machine.game.stakes[0] <= most < machine.game.stakes[-1]:
        amounts.add(most)
    return [Stake(amount, amount <= most) for amount in sorted(amounts)]


def stake_or_first(sent: str, offered: list[Stake]) -> int:
    """The stake that ``sent`` names, else the first one."""
    if sent.isascii() and sent.isdigit() and len(sent) < 16 and int(sent) in {one.amount for one in offered}:
        return int(sent)
    return offered[0].amount


def line_bet(stake: int, machine: Machine) -> int:
    """What of ``stake`` lies on each line; rounded down where it does not divide."""
    return (
        stake // machine.version.line_count if stakes.is_divisible(stake, machine.version.line_count) else 0
    )
