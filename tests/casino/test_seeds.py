"""Seeds: committed to before play, told when they are exchanged, and never before."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.errors import Conflict, Invalid
from casino import fairness, selectors
from casino.drawing import draw_round
from casino.models import Round, SeedPair
from casino.services.seeds import Pairs, choose_client_seed, open_pairs, rotate
from tests.casino.floor import GLITCH, SMUGGLER, Floor, key, play


def told(floor: Floor, pair: SeedPair) -> str | None:
    """What a player is told of the server seed of ``pair``."""
    with tenancy.scope(floor.event.tenant):
        return selectors.revealed_seed(SeedPair.objects.get(pk=pair.pk))


def test_both_seals_are_shown_before_play_and_the_same_again(floor: Floor) -> None:
    pairs = open_pairs(actor=floor.alice.actor)
    again = open_pairs(actor=floor.alice.actor)
    assert (pairs.active.pk, pairs.next.pk) == (again.active.pk, again.next.pk)
    assert pairs.active.server_seed_hash != pairs.next.server_seed_hash
    assert told(floor, pairs.active) is told(floor, pairs.next) is None


def test_exchanging_them_tells_the_old_one_and_goes_on_with_the_one_that_was_promised(floor: Floor) -> None:
    first = open_pairs(actor=floor.alice.actor)
    play(floor.alice)
    retired, second = rotate(actor=floor.alice.actor, client_seed="a seed of my own")
    assert (retired.pk, second.active.pk) == (first.active.pk, first.next.pk)
    seed = told(floor, retired)
    assert seed is not None
    assert fairness.commitment(seed) == first.active.server_seed_hash
    assert told(floor, second.active) is None
    spun = play(floor.alice).round
    assert (spun.nonce, spun.client_seed, spun.seed_pair_id) == (1, "a seed of my own", second.active.pk)


@pytest.mark.parametrize("game", [GLITCH, SMUGGLER])
def test_a_round_is_drawn_again_from_what_it_says_and_the_told_seed(floor: Floor, game: str) -> None:
    for n in range(12):
        play(floor.alice, game, client_seed=f"fresh {n}" if n % 2 else None)
    retired, _pairs = rotate(actor=floor.alice.actor)
    seed = told(floor, retired)
    assert seed is not None
    with tenancy.scope(floor.event.tenant):
        rows = list(Round.objects.select_related("configuration").order_by("number"))
        for row in rows:
            found = selectors.certified(row.configuration)
            mix = found.mix_at(selectors.payout_of(row.configuration, row.played_at))
            drawn = draw_round(found.version.rules, mix, fairness.Stream(seed, row.client_seed, row.nonce))
            assert (list(drawn.stops), str(drawn.selector), str(mix.out_of)) == (
                row.stops, row.selector, row.out_of,
            )  # fmt: skip
            assert [list(stops) for stops in drawn.free_stops] == row.free_stops
            assert (drawn.strip_set.name, drawn.played.line_bets) == (row.set_name, row.line_bets)
            assert selectors.played(row) == drawn.played
    assert [row.nonce for row in rows] == list(range(1, 13))
    assert [row.client_seed for row in rows[1::2]] == [f"fresh {n}" for n in range(1, 12, 2)]


def test_nonces_and_numbers_go_on_over_both_games(floor: Floor) -> None:
    for game in (GLITCH, SMUGGLER, GLITCH):
        play(floor.alice, game)
    rotate(actor=floor.alice.actor)
    play(floor.alice, SMUGGLER)
    assert [(row.number, row.nonce) for row in floor.rounds()] == [(1, 1), (2, 2), (3, 3), (4, 1)]


def test_a_client_seed_without_having_seen_the_seal_is_refused_once(floor: Floor) -> None:
    again = key()
    for _time in ("the first", "again"):
        with pytest.raises(Conflict) as refused:
            play(floor.alice, client_seed="mine", claim=again)
        assert refused.value.code == "seeds_not_shown"
    pairs: Pairs = open_pairs(actor=floor.alice.actor)
    assert refused.value.facts["server_seed_hash"] == pairs.active.server_seed_hash
    assert play(floor.alice, client_seed="mine").round.nonce == 1


@pytest.mark.parametrize("seed", ["", "a:b", "x" * 65, "line\nbreak", "\x00", "\ud800", "\u200b"])
def test_a_client_seed_that_cannot_be_repeated_is_refused(floor: Floor, seed: str) -> None:
    open_pairs(actor=floor.alice.actor)
    for attempt in (
        lambda: choose_client_seed(actor=floor.alice.actor, client_seed=seed),
        lambda: rotate(actor=floor.alice.actor, client_seed=seed),
        lambda: play(floor.alice, client_seed=seed),
    ):
        with pytest.raises(Invalid, match="1 to 64 printable"):
            attempt()
    assert floor.rounds() == []


def test_the_seed_at_rest_is_sealed(floor: Floor) -> None:
    pairs = open_pairs(actor=floor.alice.actor)
    play(floor.alice)
    retired, _pairs = rotate(actor=floor.alice.actor)
    seed = told(floor, retired)
    assert seed is not None
    assert retired.pk == pairs.active.pk
    assert seed.encode() not in bytes(retired.server_seed)
