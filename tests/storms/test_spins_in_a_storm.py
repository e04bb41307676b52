"""Players spin both machines on all threads while a game master meddles with everything that a spin looks at."""

from __future__ import annotations

import os
import random
import threading
from functools import partial

import pytest

from tests.sessions import Database
from tests.storms.load import Crowd, assert_books_are_clean, threads
from tests.storms.tables import Told, assert_rounds_are_honest, first_look, meddler, open_tables, player

SEED = 20_771


def storm(crowd: Crowd, database: Database, *, hands: int, spins: int, money: int = 20_000_00) -> Told:
    """Let everybody spin with ``hands`` threads each against one meddler, then judge every round."""
    open_tables(crowd.event)
    first_look(crowd)
    told, left = Told(), [hands * len(crowd.people)]
    gone = threading.Lock()

    def until_done(run: object) -> None:
        try:
            run()  # type: ignore[operator]
        finally:
            with gone:
                left[0] -= 1

    players = [
        partial(until_done, player(person, told, random.Random(SEED + 100 * number + hand), spins=spins))
        for number, person in enumerate(crowd.people)
        for hand in range(hands)
    ]
    meddle = meddler(crowd, told, random.Random(SEED), over=lambda: left[0] == 0)
    with threads(*players, meddle):
        pass
    played = assert_rounds_are_honest(crowd.event)
    assert played == len(told.rounds) > len(players) * spins // 4, told.refused
    for key, round_id in random.Random(SEED).sample(sorted(told.rounds.items()), 30):
        again = told.asked[key]()
        assert (again.round.pk, again.replayed) == (round_id, True)
    assert_books_are_clean(database)
    return told


def test_no_round_is_lost_bent_or_paid_twice(fresh_database: Database, crowd: Crowd) -> None:
    told = storm(crowd, fresh_database, hands=3, spins=25)
    assert told.refused["account_frozen"] + told.refused["house_limit"] > 0


@pytest.mark.soak
def test_a_long_evening(fresh_database: Database, crowd: Crowd) -> None:
    storm(crowd, fresh_database, hands=4, spins=int(os.environ.get("SOAK_SPINS", "2000")) // 16)
