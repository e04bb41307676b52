"""A spin: one bet, one draw, at most one win, in one transaction.

The order is the promise. Claim the key; lock the player's seeds, then the house's and the player's balances together; make
every refusal; see that the house can pay the largest prize of this stake. Only then is a nonce taken and anything drawn, and from
there on it must succeed. A draw is never repeated or bent. These two locks are held across Python work: the one exception.
"""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts import crypto, tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.ids import uuid7
from accounts.models import User
from accounts.units import RunAgain, unit_of_work
from casino import fairness, games, playing, refusals, selectors, stakes
from casino.drawing import Drawn, draw_round
from casino.models import GameConfiguration, Round, SeedPair
from casino.selectors import Table
from casino.services.seeds import check_client_seed, pairs_of
from ledger import numbers, posting
from ledger.models import Account, Currency, Transfer
from ledger.money import MAX_AMOUNT
from ledger.posting import Authority, Claim, Claimed, Order, Seen, Stored
from ledger.selectors import first_currency, posted_legs, transfers_by_ids
from ledger.services.transfers import check_amount, shown


@dataclass(frozen=True, slots=True)
class Spun:
    """A round, the player's balance after it (minor units of ``currency``), and whether this is an earlier answer again.

    ``coming`` is the hash of the server seed that follows the round's own.
    """

    round: Round
    balance: int
    currency: Currency
    coming: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class _Asked:
    """A spin as it was asked for; ``stake`` in minor units, ``configuration`` the digest that the player has seen."""

    user: User
    game: str
    stake: int
    client_seed: str | None
    configuration: str | None


@unit_of_work
def spin(
    *,
    actor: Actor,
    game: str,
    stake: int,
    claim: Claim,
    client_seed: str | None = None,
    configuration: str | None = None,
) -> Spun | DomainError:
    """Play one round of ``game`` for ``stake`` (minor units) from the player's primary account. Once for each ``claim``.

    ``client_seed`` None takes the pair's; ``configuration`` is the digest that the player has seen, None the current one.
    Raises ``Denied``, ``NotFound`` (``unknown_game``, ``no_account``), ``Invalid`` (``invalid_amount``, ``invalid_stake``,
    ``stake_too_small``, ``stake_too_large``, ``invalid_client_seed``), ``TooMany`` (``too_fast``), ``Conflict``
    (``game_closed``, ``game_frozen``, ``playing_paused``, ``own_stake_limit``, ``loss_limit_reached``, ``config_changed``,
    ``seeds_not_shown``, ``house_limit``, ``balance_limit``), ``Reused`` and the refusals of ``ledger.posting``. A refused spin
    draws nothing.
    """
    actor.require("casino.play")
    asked = _Asked(selectors.player_of(actor), selectors.name_of(game), stake, client_seed, configuration)
    if asked.game not in games.CERTIFIED:
        raise selectors.unknown_game(game)
    check_amount(stake, field="bet_amount")
    if client_seed is not None:
        check_client_seed(client_seed)
    claimed = posting.claim(actor=actor, claim=claim)
    if isinstance(claimed, Stored):
        return _answered(actor, asked, claimed)
    table = selectors.sit_down(asked.user, asked.game)
    if table.configuration is None:
        raise selectors.unknown_game(game)
    if table.account is None:
        raise selectors.no_account()
    if table.pair is None:
        table, new = _seated(asked)
        if new and client_seed is not None:
            return _refused(actor, claimed, table, "seeds_not_shown", **_seals(table))
    now = timezone.now()
    refused = _refusal(actor, asked, table, now)
    if refused is not None:
        return _refused(actor, claimed, table, refused[0], **refused[1])
    return _play(actor, asked, table, claimed, now)


def _play(
    actor: Actor, asked: _Asked, table: Table, claimed: Claimed, now: dt.datetime
) -> Spun | DomainError:
    """The part under the balances' locks: the last refusals, the draw, the money, the round."""
    account, configuration, pair = _present(table)
    bet = Order(
        from_account=account.number,
        to_account=numbers.HOUSE,
        amount=asked.stake,
        kind=Transfer.Kind.CASINO_BET,
        memo=games.TITLES[asked.game],
    )
    seen = posting.look(actor=actor, order=bet, authority=Authority.PLAYER, claimed=claimed)
    if isinstance(seen, DomainError):
        return seen
    refused = _uncovered(asked, configuration, seen)
    if refused is not None:
        return _refused(actor, claimed, table, refused[0], **refused[1])
    # After this point it must succeed.
    nonce = table.last.nonce + 1 if table.last and table.last.seed_pair_id == pair.pk else 1
    client_seed = asked.client_seed or pair.client_seed
    certified = selectors.certified(configuration)
    mix = certified.mix_at(selectors.payout_of(configuration, now))
    drawn = draw_round(
        certified.version.rules,
        mix,
        fairness.Stream(crypto.open_from(pair, "server_seed"), client_seed, nonce),
    )
    win = asked.stake // certified.version.line_count * drawn.played.line_bets
    prize = _prize(bet, win) if win else None
    posted = posting.post(
        actor=actor,
        transfers=[bet],
        follows=prize,
        authority=Authority.PLAYER,
        idempotency_key=claimed,
        seen=seen,
    )
    if isinstance(posted, DomainError):
        raise RuntimeError(f"a bet was refused after it had been looked at: {posted.code}")
    played = _round(asked, table, drawn, now, win) | {
        "nonce": nonce,
        "client_seed": client_seed,
        "out_of": str(mix.out_of),
        "bet_transfer_id": bet.id,
        "win_transfer_id": prize.id if prize else None,
        "ip": actor.origin.ip,
        "device_id": actor.origin.device_id,
        "request_id": actor.origin.request_id,
    }
    row = Round.objects.create(**played)
    balance = posted.credits[1].balance_after if prize else posted.debits[0].balance_after
    return Spun(row, balance, account.currency, table.coming.server_seed_hash if table.coming else "")


def _prize(bet: Order, win: int) -> Order:
    return Order(
        from_account=bet.to_account,
        to_account=bet.from_account,
        amount=win,
        kind=Transfer.Kind.CASINO_WIN,
        memo=bet.memo,
    )


def _round(asked: _Asked, table: Table, drawn: Drawn, now: dt.datetime, win: int) -> dict[str, Any]:
    """What the row says of the draw, and the running totals that go on from the player's last round."""
    _account, configuration, pair = _present(table)
    last, round_id = table.last, uuid7()
    sits = last is not None and now - last.played_at < playing.SITTING_ENDS_AFTER
    day = tenancy.current().day_of(now)
    same_day = last is not None and last.day == day
    return {
        "id": round_id,
        "user": asked.user,
        "number": last.number + 1 if last else 1,
        "game": configuration.game,
        "configuration": configuration,
        "seed_pair": pair,
        "stops": list(drawn.stops),
        "selector": str(drawn.selector),
        "set_name": drawn.strip_set.name,
        "free_stops": [list(stops) for stops in drawn.free_stops],
        "stake": asked.stake,
        "line_bets": drawn.played.line_bets,
        "win": win,
        "session": last.session if last and sits else round_id,
        "session_rounds": (last.session_rounds if last and sits else 0) + 1,
        "session_staked": (last.session_staked if last and sits else 0) + asked.stake,
        "session_won": (last.session_won if last and sits else 0) + win,
        "day": day,
        "day_staked": (last.day_staked if last and same_day else 0) + asked.stake,
        "day_won": (last.day_won if last and same_day else 0) + win,
        "played_at": now,
    }


# -- refusals ----------------------------------------------------------------------------------------------------------

_Refusal = tuple[str, dict[str, Any]]


def _refusal(actor: Actor, asked: _Asked, table: Table, now: dt.datetime) -> _Refusal | None:
    """Why this spin is not played, before any money is looked at."""
    _account, configuration, _pair = _present(table)
    return (
        selectors.stopped(configuration.game, actor.tenant, now)
        or _kept_away(table, now)
        or _changed(asked, configuration)
        or _wrong_stake(asked, configuration)
        or _own_limits(asked, table, now)
        or _too_fast(table, configuration, now)
    )


def _kept_away(table: Table, now: dt.datetime) -> _Refusal | None:
    limit = table.limit
    if limit is not None and limit.paused_until is not None and now < limit.paused_until:
        return "playing_paused", {"until": selectors.local_text(limit.paused_until, tenancy.current())}
    return None


def _changed(asked: _Asked, configuration: GameConfiguration) -> _Refusal | None:
    if asked.configuration is not None and asked.configuration != configuration.digest:
        return "config_changed", {"configuration": configuration.digest}
    return None


def _wrong_stake(asked: _Asked, configuration: GameConfiguration) -> _Refusal | None:
    offered = configuration.game.stakes
    lowest, highest = offered[0], offered[-1]
    lines = selectors.certified(configuration).version.line_count
    if asked.stake < lowest:
        return "stake_too_small", {"lowest": lowest}
    if asked.stake > highest:
        return "stake_too_large", {"highest": highest}
    if not stakes.is_divisible(asked.stake, lines):
        nearest = stakes.nearest(asked.stake, lines=lines, lowest=lowest, highest=highest)
        return "invalid_stake", {"lines": lines, "nearest": nearest}
    return None


def _own_limits(asked: _Asked, table: Table, now: dt.datetime) -> _Refusal | None:
    limits = selectors.limits_at(table.limit, now)
    if limits.stake_max is not None and asked.stake > limits.stake_max:
        return "own_stake_limit", {"limit": limits.stake_max}
    lost = selectors.losses(table.last, now)
    for of, limit, so_far in (
        ("day", limits.loss_per_day, lost.day),
        ("session", limits.loss_per_session, lost.session),
    ):
        if limit is not None and so_far + asked.stake > limit:
            return "loss_limit_reached", {"of": of, "limit": limit, "left": limit - so_far}
    return None


def _too_fast(table: Table, configuration: GameConfiguration, now: dt.datetime) -> _Refusal | None:
    if table.last is None:
        return None
    wait = table.last.played_at + dt.timedelta(milliseconds=configuration.game.pace_ms) - now
    if wait > dt.timedelta(0):
        return "too_fast", {"seconds": max(1, -(-wait // dt.timedelta(seconds=1)))}
    return None


def _uncovered(asked: _Asked, configuration: GameConfiguration, seen: Seen) -> _Refusal | None:
    """Whether the house cannot pay the largest prize of this stake: looked at before anything is drawn."""
    lines = selectors.certified(configuration).version.line_count
    bound = selectors.bound_of(configuration)
    available = seen.payee_available or 0
    if not stakes.covers(available=available, stake=asked.stake, bound=bound, lines=lines):
        highest = configuration.game.stakes[-1]
        largest = stakes.largest_covered(available=available, bound=bound, lines=lines, highest=highest)
        lowest = configuration.game.stakes[0]
        return "house_limit", {"largest": largest if largest >= lowest else 0}
    if seen.payer_amount + asked.stake // lines * bound > MAX_AMOUNT:
        return "account_full", {}
    return None


def _refused(actor: Actor, claimed: Claimed, table: Table, code: str, **facts: Any) -> DomainError:
    """The refusal, kept as the outcome of the key unless the same request may come again as it is."""
    account, _configuration, _pair = _present(table)
    error = refusals.refusal(code, facts, lambda amount: shown(account, amount))
    if error.status == 409:
        posting.settle(actor=actor, claimed=claimed, outcome=code, refs=facts)
    else:
        posting.release(actor=actor, claimed=claimed)
    return error


def _answered(actor: Actor, asked: _Asked, stored: Stored) -> Spun | DomainError:
    """What the key was answered with before."""
    if not stored.same:
        return posting.key_reused()
    if stored.outcome == "posted":
        return spun_before(uuid.UUID(stored.refs[0]))
    if refusals.is_known(stored.outcome):
        error = refusals.refusal(stored.outcome, stored.refs, _in_first_currency)
        error.facts["replayed"] = True
        return error
    account = selectors.account_of(asked.user)
    order = Order(from_account=account.number, to_account=numbers.HOUSE, amount=asked.stake)
    outcome = posting.from_stored(actor=actor, stored=stored, transfers=[order])
    if not isinstance(outcome, DomainError):
        raise RuntimeError("this key was used for something else than a spin")
    return outcome


def spun_before(bet: uuid.UUID) -> Spun:
    """The round of the bet with this id, and the balance that the player had after it."""
    row = selectors.round_of_bet(bet)
    [last] = transfers_by_ids([row.win_transfer_id or row.bet_transfer_id])
    mine = last.to_account_id if row.win_transfer_id else last.from_account_id
    coming = selectors.pair_after(row.seed_pair).server_seed_hash
    return Spun(row, posted_legs(last)[mine].balance_after, last.currency, coming, replayed=True)


def _in_first_currency(amount: int) -> str:
    return shown(Account(currency=first_currency()), amount)


def _seated(asked: _Asked) -> tuple[Table, bool]:
    """Sit down again with the seeds that took the place of those we waited for, or with the first ones, and say which.

    Raises ``RunAgain`` when they were exchanged once more.
    """
    new = not SeedPair.objects.filter(user=asked.user).exists()
    if new:
        pairs_of(asked.user)
    table = selectors.sit_down(asked.user, asked.game)
    if table.pair is None:
        raise RunAgain
    return table, new


def _seals(table: Table) -> dict[str, str]:
    _account, configuration, pair = _present(table)
    return {"server_seed_hash": pair.server_seed_hash, "configuration": configuration.digest}


def _present(table: Table) -> tuple[Account, GameConfiguration, SeedPair]:
    """What is there once the spin has begun."""
    if table.account is None or table.configuration is None or table.pair is None:
        raise RuntimeError("nobody sits at this table")
    return table.account, table.configuration, table.pair
