"""What the database refuses to whoever comes beneath the application."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from accounts import tenancy
from accounts.ids import uuid7
from casino.models import Game, GameConfiguration, Rig, Round, SeedPair
from casino.services.seeds import rotate
from tests.casino.floor import Floor, open_floor, play
from tests.cast import make_world
from tests.ledger.test_guards import owner_run
from tests.sessions import Database

APPEND_ONLY = ("casino_round", "casino_gameconfiguration", "casino_gameversion")


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("verb", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"])
def test_not_even_the_owner_changes_what_was_played_or_promised(
    fresh_database: Database, table: str, verb: str
) -> None:
    floor = open_floor(make_world())
    play(floor.alice)
    with pytest.raises(DatabaseError, match="append-only"):
        owner_run(verb.format(table))
    assert len(floor.rounds()) == 1


@pytest.mark.sqlite_only
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nothing_is_replaced_by_writing_it_again(fresh_database: Database, table: str) -> None:
    floor = open_floor(make_world())
    play(floor.alice)
    with pytest.raises(DatabaseError, match="append-only"):
        owner_run(f"REPLACE INTO {table} SELECT * FROM {table}")


def as_new(row: Any, **changes: Any) -> Any:
    """A copy of a round that could be another one, but for ``changes``."""
    row.pk, row.number, row.nonce = uuid7(), row.number + 1, row.nonce + 1
    row.bet_transfer_id, row.win_transfer_id, row.win, row.line_bets = row.bet_transfer_id, None, 0, 0
    for name, value in changes.items():
        setattr(row, name, value)
    return row


@pytest.mark.parametrize(
    "changes",
    [
        {"number": 1},
        {"nonce": 1},
        {"nonce": 0},
        {"stake": 0},
        {},  # The same bet once more.
        {"win": 5, "line_bets": 1},  # A win without its transfer.
    ],
    ids=["number again", "nonce again", "nonce 0", "no stake", "bet again", "win unpaid"],
)
def test_no_round_stands_twice_or_without_its_money(floor: Floor, changes: dict[str, Any]) -> None:
    row = play(floor.alice).round
    with tenancy.scope(floor.event.tenant), pytest.raises(IntegrityError), transaction.atomic():
        as_new(row, **changes).save(force_insert=True)


def test_a_player_has_one_pair_of_each_kind_and_a_retired_one_says_when(floor: Floor) -> None:
    play(floor.alice)
    rotate(actor=floor.alice.actor)
    attacks: list[Callable[[Any], int]] = [
        lambda rows: rows.filter(state="next").update(state="active"),
        lambda rows: rows.filter(state="retired").update(state="active"),
        lambda rows: rows.filter(state="retired").update(retired_at=None),
        lambda rows: rows.update(server_seed_hash="0" * 64),
    ]
    with tenancy.scope(floor.event.tenant):
        for attack in attacks:
            with pytest.raises(IntegrityError), transaction.atomic():
                attack(SeedPair.objects.filter(user=floor.alice.user))


def test_a_chain_has_one_link_at_each_place(floor: Floor) -> None:
    with tenancy.scope(floor.event.tenant):
        link = GameConfiguration.objects.order_by("id")[0]
        for changes in (
            {"seq": 1, "digest": "0" * 64},
            {"seq": 2},
            {"seq": 3, "payout": 4999, "digest": "1" * 64},
        ):
            copy = GameConfiguration.objects.get(pk=link.pk)
            copy.pk = None
            for name, value in changes.items():
                setattr(copy, name, value)
            with pytest.raises(IntegrityError), transaction.atomic():
                copy.save(force_insert=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            Rig.objects.create(configuration=link, commitment="0" * 64, payout_from=9000, payout_to=8000)
        with pytest.raises(IntegrityError), transaction.atomic():
            Game.objects.update(opens_at="20:00", closes_at=None)


@pytest.mark.parametrize("model", [Round, SeedPair, GameConfiguration, Game])
def test_another_event_sees_nothing_of_it(floor: Floor, model: Any) -> None:
    play(floor.alice)
    with tenancy.scope(floor.event.tenant):
        ours = set(model.objects.values_list("pk", flat=True))
    with tenancy.scope(floor.world.borea.tenant):
        assert ours
        assert not ours & set(model.objects.values_list("pk", flat=True))
