"""What each lock of a spin is for: the same race with it, and without it, where it can be seen to go wrong.

Locks are taken out by the test, and only in its own database. Beneath them stand the unique numbers and nonces of rounds, and the
entries' keys; with those gone as well, ``check_books`` says what has happened.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connections
from django.db.models import QuerySet, UUIDField

from accounts import tenancy
from accounts.compiled import Compiled
from accounts.errors import DomainError
from casino import playing, selectors
from casino.drawing import Drawn
from casino.models import PlayLimit, Round, SeedPair
from casino.selectors import table
from casino.services import limits, spins
from casino.services.configurations import set_payout
from casino.services.house import fund
from casino.services.seeds import open_pairs
from ledger import numbers
from ledger.models import Entry
from tests.casino.floor import GLITCH, play
from tests.cast import Person
from tests.sessions import Database
from tests.storms.load import Crowd, assert_books_are_clean, at_once, threads
from tests.storms.tables import assert_rounds_are_honest, drain, open_tables

HANDS, SPINS, TRIES_MAX = 6, 12, 12
Collided = list[Exception]


def collide(act: Callable[[int], object], *, times: int = SPINS) -> Collided:
    """Let several threads act at once; returns what broke instead of being done or refused."""
    broken: Collided = []

    def run(number: int) -> None:
        for _ in range(times):
            try:
                act(number)
            except DomainError:
                continue
            except (DatabaseError, RuntimeError) as error:
                broken.append(error)

    with threads(*(partial(run, number) for number in range(HANDS))):
        pass
    return broken


def until_broken(act: Callable[[int], object]) -> Collided:
    for _try in range(TRIES_MAX):
        broken = collide(act)
        if broken:
            return broken
    return []


@pytest.fixture
def alice(crowd: Crowd) -> Person:
    """Alice has seen the seals of a rich house."""
    open_tables(crowd.event)
    open_pairs(actor=crowd.people[0].actor)
    return crowd.people[0]


# -- the player's seeds ------------------------------------------------------------------------------------------------


def test_one_players_spins_stand_in_line(fresh_database: Database, crowd: Crowd, alice: Person) -> None:
    assert collide(lambda _number: play(alice)) == []
    assert assert_rounds_are_honest(crowd.event) == HANDS * SPINS
    assert_books_are_clean(fresh_database)


@pytest.mark.postgresql_only
def test_without_the_lock_of_the_seeds_spins_collide(
    fresh_database: Database, crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_the_lock_of_the_seeds_out(monkeypatch)
    broken = until_broken(lambda _number: play(alice))
    assert any(isinstance(error, IntegrityError) for error in broken)
    assert_rounds_are_honest(crowd.event)
    assert_books_are_clean(fresh_database)


@pytest.mark.postgresql_only
def test_without_the_lock_and_the_numbers_one_draw_is_used_twice_and_the_books_say_so(
    fresh_database: Database, crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_the_lock_of_the_seeds_out(monkeypatch)
    with connections["owner"].cursor() as cursor:
        for name in ("round_number_unique", "round_nonce_unique"):
            cursor.execute(f"ALTER TABLE casino_round DROP CONSTRAINT {name}")
    checked: Any = None
    for _try in range(TRIES_MAX):
        collide(lambda _number: play(alice))
        checked = fresh_database.manage("check_books")
        if checked.returncode:
            break
    assert "[round_nonce]" in checked.stdout
    assert "[round_number]" in checked.stdout
    with pytest.raises(AssertionError):
        assert_rounds_are_honest(crowd.event)


def take_the_lock_of_the_seeds_out(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked = Compiled[SeedPair](
        lambda user: SeedPair.objects.filter(user=user, state="active").order_by(), user=UUIDField()
    )
    monkeypatch.setattr(table, "_PAIR", unlocked)


def test_two_phones_that_play_for_the_first_time_find_the_same_seeds(
    fresh_database: Database, crowd: Crowd
) -> None:
    open_tables(crowd.event)
    for person in crowd.people:
        came = at_once(*(partial(play, person) for _ in range(HANDS)))
        assert all(isinstance(spun, spins.Spun) for spun in came)
        with tenancy.scope(crowd.event.tenant):
            states = SeedPair.objects.filter(user=person.user).values_list("state", flat=True)
            assert sorted(states) == ["active", "next"]
    assert assert_rounds_are_honest(crowd.event) == HANDS * len(crowd.people)


# -- the house ---------------------------------------------------------------------------------------------------------


def test_a_house_that_can_pay_one_largest_prize_pays_one(
    fresh_database: Database, crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = everybody_wins_most(crowd, monkeypatch)
    for _ in range(4):
        leave_one_prize(crowd, bound)
        came = at_once(*(partial(play, person) for person in crowd.people))
        assert sorted(map(str, came)).count("house_limit") == len(crowd.people) - 1
    assert house_of(crowd) >= 0


@pytest.mark.postgresql_only
def test_without_the_lock_of_the_look_spins_break_after_the_draw(
    fresh_database: Database, crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = everybody_wins_most(crowd, monkeypatch)
    look_without_locks()
    broken: Collided = []
    for _try in range(TRIES_MAX):
        leave_one_prize(crowd, bound)
        broken += collide(lambda number: play(crowd.people[number % len(crowd.people)]), times=1)
        if broken:
            break
    assert any("what follows from a transfer was refused: insufficient_funds" in str(e) for e in broken)
    assert house_of(crowd) >= 0, "the posting's own lock still holds"


@pytest.mark.postgresql_only
def test_without_it_and_without_the_floor_the_house_goes_below_zero_and_the_books_say_so(
    fresh_database: Database, crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = everybody_wins_most(crowd, monkeypatch)
    look_without_locks()
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('ledger_refusal'::regproc)")
        [source] = cursor.fetchone()
        cursor.execute(source.replace("WHEN amount > available THEN", "WHEN false THEN"))
        cursor.execute("ALTER TABLE ledger_balance DROP CONSTRAINT IF EXISTS balance_above_floor")
    for _try in range(TRIES_MAX):
        leave_one_prize(crowd, bound)
        collide(lambda number: play(crowd.people[number % len(crowd.people)]), times=1)
        if house_of(crowd) < 0:
            break
    assert house_of(crowd) < 0
    assert "[house_below_zero]" in fresh_database.manage("check_books").stdout


def everybody_wins_most(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> int:
    """Let every draw come out as the largest prize, which is returned in line bets: can the house pay one of them?"""
    with tenancy.scope(crowd.event.tenant):
        bound = selectors.bound_of(selectors.current_configuration(selectors.game_named(GLITCH)))
    drawn = spins.draw_round

    def most(*arguments: Any) -> Drawn:
        came = drawn(*arguments)
        return replace(came, played=replace(came.played, line_bets=bound))

    monkeypatch.setattr(spins, "draw_round", most)
    return bound


def leave_one_prize(crowd: Crowd, bound: int) -> None:
    """Leave in the house what one stake of 1.00 on five lines may win at most."""
    fund(actor=crowd.event.server, amount=10_000_00, reason="a day's takings")
    drain(actor=crowd.event.server, leave=bound * 20 - 1_00)


def house_of(crowd: Crowd) -> int:
    """The least that an entry has left in the house."""
    with tenancy.scope(crowd.event.tenant):
        entries = Entry.objects.filter(account__number=numbers.HOUSE)
        return min(entries.values_list("balance_after", flat=True))


def look_without_locks() -> None:
    """Let ``looking`` take no locks; the posting that comes after it goes on to."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('ledger_post_one'::regproc)")
        [one] = cursor.fetchone()
        without, taken_out = re.subn(r"(FROM ledger_balance b\s+WHERE [^;()]+) FOR NO KEY UPDATE", r"\1", one)
        assert taken_out == 3, "the lock is written in another way now: teach this test"
        cursor.execute(without.replace("ledger_post_one", "ledger_look_unlocked", 1))
        cursor.execute("SELECT pg_get_functiondef('ledger_post'::regproc)")
        [post] = cursor.fetchone()
        call = "v_answer := ledger_post_one(p, v_bound, v_counted);"
        assert post.count(call) == 1, "the call is written in another way now: teach this test"
        cursor.execute(
            post.replace(
                call,
                f"IF p ? 'looking' THEN v_answer := ledger_look_unlocked(p, v_bound, v_counted); ELSE {call} END IF;",
            )
        )


# -- what players set against themselves -------------------------------------------------------------------------------


def test_no_round_is_committed_above_a_limit_that_has_been_set(crowd: Crowd, alice: Person) -> None:
    assert escaped(crowd, alice, times=6) == 0


@pytest.mark.postgresql_only
def test_without_the_lock_of_the_seeds_a_round_escapes_the_limit(
    crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "stand_still", lambda user: None)
    assert any(escaped(crowd, alice, times=6) for _try in range(2 * TRIES_MAX))


def escaped(crowd: Crowd, alice: Person, *, times: int) -> int:
    """How many stakes of 2.00 were committed after a limit of 1.00 was told, in ``times`` races with a stream of them."""
    over, flowing, found = threading.Event(), threading.Semaphore(0), 0

    def stream() -> None:
        while not over.is_set():
            try:
                play(alice, stake=2_00)
            except DomainError:
                continue
            flowing.release()

    with threads(*(stream for _ in range(3))):
        try:
            for _time in range(times):
                assert flowing.acquire(timeout=60)
                limits.set_limits(actor=alice.actor, limits=playing.Limits(stake_max=1_00))
                told = rounds_of(alice)
                play(alice, stake=1_00)
                found += rounds_of(alice) - told - 1
                with tenancy.scope(crowd.event.tenant):
                    PlayLimit.objects.all().delete()
        finally:
            over.set()
    return found


def rounds_of(person: Person) -> int:
    with tenancy.scope(person.tenant):
        return int(Round.objects.filter(user=person.user).count())


# -- the chain ---------------------------------------------------------------------------------------------------------


def change(crowd: Crowd) -> Callable[[int], object]:
    """Game masters who set payouts all at once."""
    payout = itertools.count(9000)
    return lambda _number: set_payout(actor=crowd.event.server, game=GLITCH, payout=next(payout))


def test_payouts_that_are_set_at_once_make_one_chain(
    fresh_database: Database, crowd: Crowd, alice: Person
) -> None:
    assert collide(change(crowd)) == []
    assert_books_are_clean(fresh_database)


@pytest.mark.postgresql_only
def test_without_the_lock_of_the_game_links_collide(
    fresh_database: Database, crowd: Crowd, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)
    assert any(isinstance(error, IntegrityError) for error in until_broken(change(crowd)))
    assert_books_are_clean(fresh_database)
