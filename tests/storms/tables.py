"""A casino in a storm: who spins and who meddles, and what can be said about the rounds afterwards.

The rounds are judged here by the pure rules and by what stands in the tables, beside what ``check_books`` says of them.
"""

from __future__ import annotations

import datetime as dt
import itertools
import random
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Any

from django.utils import timezone

from accounts import crypto, tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError
from accounts.services.world import pause_world, resume_world
from accounts.units import unit_of_work
from casino import fairness, mixing, playing, reels, selectors
from casino.configuration import Step, digest
from casino.drawing import draw_round
from casino.models import Game, GameConfiguration, GameVersion, Round, SeedPair
from casino.services.configurations import reveal_rig, seal_rig, set_payout
from casino.services.house import fund
from casino.services.limits import set_limits
from casino.services.seeds import choose_client_seed, open_pairs, rotate
from casino.services.setup import open_casino
from casino.services.spins import spin
from ledger import numbers, posting
from ledger.idempotency import claim_for
from ledger.models import Entry, Transfer
from ledger.posting import Authority, Order
from ledger.services.accounts import freeze, unfreeze
from tests.cast import Event, Person
from tests.storms.load import UNDECIDED, Crowd, Note

GAMES = ("glitch_grid", "starlight_smuggler")
STAKES = (1_00, 2_00, 5_00, 20_00)
RICH, POOR = 500_000_00, 400_00
# Everything that somebody who plays in this storm may be told; nothing else, and never "busy".
EXPECTED = {
    "account_frozen", "config_changed", "game_closed", "game_frozen", "house_limit", "insufficient_funds",
    "loss_limit_reached", "seeds_not_shown", "world_paused", "rig_sealed", "no_rig",
}  # fmt: skip


def open_tables(event: Event, *, money: int = RICH) -> None:
    """Open the casino with ``money`` in the house, without any pace."""
    open_casino(actor=event.server)
    fund(actor=event.server, amount=money, reason="float of the house")
    with tenancy.scope(event.tenant):
        Game.objects.update(pace_ms=0)


@dataclass
class Told:
    """What players and game masters were told: rounds by the key that they came with, and how often what was refused."""

    rounds: dict[str, uuid.UUID] = field(default_factory=dict)
    asked: dict[str, Callable[[], Any]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)

    def act(self, act: Callable[[], Any]) -> Any:
        """What comes of ``act``; None when it is refused as it may be."""
        try:
            return act()
        except DomainError as refusal:
            self.refused[refusal.code] += 1
            if refusal.code not in EXPECTED:
                raise
            return None


def player(person: Person, told: Told, dice: random.Random, *, spins: int) -> Callable[[], None]:
    """Somebody who spins both machines, now and then again with the same key, and exchanges their seeds."""

    def run() -> None:
        seen: str | None = None
        for _ in range(spins):
            kind = dice.choices(("spin", "rotate", "seed", "limits"), (40, 3, 2, 1))[0]
            if kind == "rotate":
                rotate(actor=person.actor, client_seed=dice.choice([None, f"mine {dice.random()}"]))
            elif kind == "seed":
                choose_client_seed(actor=person.actor, client_seed=f"chosen {dice.random()}")
            elif kind == "limits":
                set_limits(
                    actor=person.actor, limits=playing.Limits(loss_per_day=dice.choice([10**7, 10**8]))
                )
            key = uuid.UUID(int=dice.getrandbits(128)).hex
            once = partial(
                spin,
                actor=person.actor,
                game=dice.choice(GAMES),
                stake=dice.choice(STAKES),
                claim=claim_for(key, method="POST", path="/spin", body={}),
                client_seed=dice.choice([None, f"fresh {key}"]),
                configuration=seen if dice.random() < 0.1 else None,
            )
            spun = told.act(once)
            if spun is not None:
                told.rounds[key], told.asked[key] = spun.round.pk, once
                seen = spun.round.configuration.digest
                if dice.random() < 0.1:
                    again = once()
                    assert (again.round.pk, again.balance, again.replayed) == (
                        spun.round.pk,
                        spun.balance,
                        True,
                    )

    return run


def meddler(
    crowd: Crowd, told: Told, dice: random.Random, *, over: Callable[[], bool], pauses: bool = True
) -> Callable[[], None]:
    """A game master who changes payouts, seals and reveals, freezes, pauses the world, and drains and fills the house."""
    server = crowd.event.server

    def freeze_somebody() -> None:
        number = dice.choice(crowd.people).number
        freeze(actor=server, account=number, how=dice.choice(["debits", "credits", "both"]))
        unfreeze(actor=server, account=number)

    def pause() -> None:
        pause_world(actor=server)
        resume_world(actor=server)

    def seal() -> None:
        step = Step(timezone.now() - dt.timedelta(hours=1), dice.randrange(9000, 9600))
        seal_rig(actor=server, game=dice.choice(GAMES), steps=[step], payout_from=9000, payout_to=9600)

    acts: list[Callable[[], Any]] = [
        lambda: set_payout(actor=server, game=dice.choice(GAMES), payout=dice.randrange(8500, 9700)),
        seal,
        lambda: reveal_rig(actor=server, game=dice.choice(GAMES), payout=9600),
        freeze_somebody,
        lambda: drain(actor=server, leave=POOR),
        lambda: fund(actor=server, amount=RICH, reason="filled up"),
        *([pause] if pauses else []),
    ]

    def run() -> None:
        for act in itertools.cycle(acts):
            if over():
                break
            told.act(act)
        told.act(lambda: fund(actor=server, amount=RICH, reason="filled up"))

    return run


@unit_of_work
def drain(*, actor: Actor, leave: int) -> object:
    """Take all but ``leave`` out of the house, whatever is in it when its row has been locked."""
    order = Order(from_account=numbers.HOUSE, to_account="NC-MINT-0000", amount=1)
    seen = posting.look(actor=actor, order=order, authority=Authority.GM)
    if isinstance(seen, DomainError):
        return seen
    if seen.payer_amount <= leave:
        return Conflict("insufficient_funds", "The house is empty.")
    order = Order(
        from_account=numbers.HOUSE,
        to_account="NC-MINT-0000",
        amount=seen.payer_amount - leave,
        kind="admin",
        memo="drained",
    )
    return posting.post(actor=actor, transfers=[order], authority=Authority.GM)


# -- over HTTP ---------------------------------------------------------------------------------------------------------


def spinner(crowd: Crowd, base_url: str, person: Person, dice: random.Random) -> Callable[[], Iterator[Note]]:
    """An endless client: each ``next`` sends one spin; now and then the last one again, or an exchange of seeds before it."""

    def run() -> Iterator[Note]:
        client = crowd.client(base_url, person.phone())
        while True:
            if dice.random() < 0.05:
                exchanged = client.send(_note("/api/v1/casino/fairness/rotate", {}))
                assert exchanged.status in {200, *UNDECIDED}, exchanged
            note = client.send(_spin(dice))
            yield note
            if dice.random() < 0.1 and note.status in {201, 409}:
                again = client.send(Note(note.method, note.path, note.body, note.key))
                if again.status in {201, 409}:
                    assert (again.status, again.said) == (note.status, note.said), (note, again)

    return run


def _spin(dice: random.Random) -> Note:
    body: dict[str, Any] = {"bet_amount": dice.choice(STAKES)}
    if dice.random() < 0.5:
        body["client_seed"] = f"fresh {dice.random()}"
    return _note(f"/api/v1/casino/games/{dice.choice(GAMES).replace('_', '-')}/spin", body)


def _note(path: str, body: Any) -> Note:
    return Note("POST", path, body, str(uuid.uuid4()))


# -- afterwards --------------------------------------------------------------------------------------------------------


def assert_rounds_are_honest(event: Event) -> int:
    """Each round has its money, its place and its draw, and nothing else has; returns how many there are."""
    with tenancy.scope(event.tenant):
        rounds = list(Round.objects.select_related("configuration", "game").order_by("user_id", "number"))
        pairs = {pair.pk: pair for pair in SeedPair.objects.all()}
        transfers = {row.pk: row for row in Transfer.objects.filter(kind__startswith="casino_")}
        assert_house_never_below_zero()
        assert_money(rounds, transfers)
        assert_places(rounds, event)
        assert_chain()
        versions = {row.pk: reels.GameVersion.parse(row.canonical) for row in GameVersion.objects.all()}
        for row in rounds:
            assert_drawn(row, versions[row.configuration.version_id], pairs[row.seed_pair_id])
        live = Counter((pair.user_id, pair.state) for pair in pairs.values() if pair.state != "retired")
        assert set(live.values()) <= {1}
    return len(rounds)


def assert_house_never_below_zero() -> None:
    """No entry has left the house with less than nothing."""
    after = Entry.objects.filter(account__number=numbers.HOUSE).values_list("balance_after", flat=True)
    assert min(after) >= 0


def assert_money(rounds: list[Round], transfers: dict[Any, Transfer]) -> None:
    """Every bet and win belongs to one round, and is what the round says."""
    named = [row.bet_transfer_id for row in rounds] + [row.win_transfer_id for row in rounds if row.win]
    assert len(named) == len(set(named))
    assert set(named) == transfers.keys()
    for row in rounds:
        bet = transfers[row.bet_transfer_id]
        assert (bet.kind, bet.amount, bet.actor_id) == ("casino_bet", row.stake, row.user_id)
        assert (row.win_transfer_id is not None) == (row.win > 0)
        if row.win_transfer_id is not None:
            win = transfers[row.win_transfer_id]
            assert (win.kind, win.amount, win.actor_id) == ("casino_win", row.win, row.user_id)
            assert (win.from_account_id, win.to_account_id) == (bet.to_account_id, bet.from_account_id)


def assert_places(rounds: list[Round], event: Event) -> None:
    """Numbers and nonces have no gaps, no draw is used twice, and totals go on from round to round."""
    of_pair: dict[Any, list[int]] = defaultdict(list)
    of_player: dict[Any, list[Round]] = defaultdict(list)
    for row in rounds:
        of_pair[row.seed_pair_id].append(row.nonce)
        of_player[row.user_id].append(row)
    for nonces in of_pair.values():
        assert nonces == list(range(1, len(nonces) + 1))
    for played in of_player.values():
        assert [row.number for row in played] == list(range(1, len(played) + 1))
        # A storm is one sitting; the day may turn in it.
        assert {row.session for row in played} == {played[0].pk}
        assert played[-1].session_rounds == len(played)
        assert played[-1].session_staked == sum(row.stake for row in played)
        assert played[-1].session_won == sum(row.win for row in played)
        last = played[-1]
        today = [row for row in played if row.day == last.day]
        assert (last.day_staked, last.day_won) == (sum(r.stake for r in today), sum(r.win for r in today))
        assert last.day == event.tenant.day_of(last.played_at)
        for earlier, later in pairwise(played):
            assert earlier.played_at <= later.played_at


def assert_chain() -> None:
    """Each link of each chain names the one before, and hashes to what it says."""
    for game in Game.objects.all():
        before = ""
        chain = GameConfiguration.objects.filter(game=game).order_by("seq")
        for place, link in enumerate(chain, start=1):
            assert (link.seq, link.prev_digest, link.digest) == (place, before, digest(link.canonical))
            before = link.digest


def assert_drawn(row: Round, version: reels.GameVersion, pair: SeedPair) -> None:
    """Drawn again from its seeds and its configuration, the round is the same."""
    seed = crypto.open_from(pair, "server_seed")
    assert (fairness.commitment(seed), row.user_id) == (pair.server_seed_hash, pair.user_id)
    payout = selectors.payout_of(row.configuration, row.played_at)
    mix = mixing.mix(version, mixing.payout(payout))
    drawn = draw_round(version.rules, mix, fairness.Stream(seed, row.client_seed, row.nonce))
    assert (list(drawn.stops), [list(stops) for stops in drawn.free_stops]) == (row.stops, row.free_stops)
    assert (str(drawn.selector), str(mix.out_of), drawn.strip_set.name) == (
        row.selector,
        row.out_of,
        row.set_name,
    )
    assert drawn.played.line_bets == row.line_bets
    assert row.win * version.line_count == row.stake * row.line_bets


def first_look(crowd: Crowd) -> None:
    """Everybody has seen the house's seals."""
    for person in crowd.people:
        open_pairs(actor=person.actor)
