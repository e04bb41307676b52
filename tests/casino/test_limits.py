"""What players set against themselves: tighter at once, looser after 24 hours, a pause that is never shortened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import tenancy
from accounts.errors import Conflict, Denied, Invalid
from casino import playing
from casino.models import PlayLimit
from casino.playing import LOOSER_AFTER, Asked, Limits
from casino.services import limits
from ledger.services.transfers import Payment, transfer
from tests.casino.fate import fated
from tests.casino.floor import GLITCH, Floor, play

# In daylight: nine hours after the event's day has begun (06:00 in Berlin).
START = dt.datetime(2031, 7, 4, 13, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
NAMES = ("stake_max", "loss_per_day", "loss_per_session")
LIMIT = st.none() | st.integers(1, 6)
WANTED = st.builds(Limits, LIMIT, LIMIT, LIMIT)
# What a player asks for, and how long after the time before: also exactly a day.
ASKED = st.lists(st.tuples(WANTED, st.sampled_from([0, 1, 5, 12, 23, 24, 25, 48])), min_size=1, max_size=8)


def at_most(new: int | None, old: int | None) -> bool:
    """Whether ``new`` allows no more than ``old``, None being everything."""
    return old is None or (new is not None and new <= old)


@dataclass
class Story:
    """A player who asks again and again."""

    asked: Asked
    moment: dt.datetime

    @classmethod
    def of(cls, asked: list[tuple[Limits, int]]) -> Story:
        story = cls(Asked(Limits(), Limits(), None), START)
        for wanted, hours in asked:
            story.ask(wanted, hours)
        return story

    def ask(self, wanted: Limits, hours: int) -> None:
        self.moment += hours * HOUR
        self.asked = playing.change(self.asked, wanted, self.moment)

    def held_at(self, moment: dt.datetime) -> Limits:
        return playing.at(self.asked, moment).now


# -- the rule ----------------------------------------------------------------------------------------------------------


@given(ASKED, WANTED, st.integers(0, 30))
@settings(deadline=None, max_examples=300)
def test_nothing_is_looser_than_it_was_before_a_day_has_passed(
    asked: list[tuple[Limits, int]], wanted: Limits, hours: int
) -> None:
    """From any state: until 24 hours after a wish, each limit holds at least as tightly as it would have without that wish."""
    story = Story.of(asked)
    without, moment = story.asked, story.moment + hours * HOUR
    story.ask(wanted, hours)
    for later in range(24):
        then = moment + later * HOUR
        before, now = playing.at(without, then).now, story.held_at(then)
        assert all(at_most(getattr(now, name), getattr(before, name)) for name in NAMES)


@given(ASKED, WANTED, st.integers(0, 30))
@settings(deadline=None, max_examples=300)
def test_tighter_holds_at_once_and_everything_after_a_day(
    asked: list[tuple[Limits, int]], wanted: Limits, hours: int
) -> None:
    story = Story.of(asked)
    before = playing.at(story.asked, story.moment + hours * HOUR).now
    story.ask(wanted, hours)
    now = story.held_at(story.moment)
    for name in NAMES:
        new, old = getattr(wanted, name), getattr(before, name)
        assert getattr(now, name) == (new if at_most(new, old) else old)
    assert story.held_at(story.moment + LOOSER_AFTER) == wanted
    # And for ever: nothing else comes later.
    assert story.held_at(story.moment + 400 * HOUR) == wanted


@given(WANTED, WANTED)
@settings(deadline=None)
def test_asking_for_the_same_again_does_not_start_the_day_anew(first: Limits, second: Limits) -> None:
    story = Story.of([(first, 0), (second, 30)])
    story.ask(second, 5)
    assert story.held_at(START + 30 * HOUR + LOOSER_AFTER) == second


@given(WANTED, WANTED)
@settings(deadline=None)
def test_what_was_to_become_looser_can_be_called_off(first: Limits, second: Limits) -> None:
    story = Story.of([(first, 0), (second, 30)])
    held = story.held_at(story.moment)
    story.ask(held, 5)
    assert story.held_at(story.moment + 99 * HOUR) == held


# -- at the machine ----------------------------------------------------------------------------------------------------


def set_limits(floor: Floor, **wanted: Any) -> PlayLimit:
    return limits.set_limits(actor=floor.alice.actor, limits=Limits(**wanted))


def lose(floor: Floor, stake: int = 1_00) -> None:
    fated(floor.alice, wins=False, stake=stake)


def refusal(floor: Floor, stake: int = 1_00) -> str:
    """How a spin is refused, which draws nothing: Alice has as many rounds as before."""
    before = len(floor.rounds())
    with pytest.raises(Conflict) as refused:
        play(floor.alice, GLITCH, stake=stake)
    assert len(floor.rounds()) == before
    return f"{refused.value.code}: {refused.value.sentence}"


def test_a_stake_limit_holds_at_once_and_is_looser_after_a_day(floor: Floor) -> None:
    with time_machine.travel(START, tick=False) as clock:
        set_limits(floor, stake_max=1_00)
        assert "limited your stakes to ₵1.00" in refusal(floor, 2_00)
        lose(floor)
        set_limits(floor, stake_max=2_00)
        clock.shift(LOOSER_AFTER - dt.timedelta(seconds=1))
        assert "own_stake_limit" in refusal(floor, 2_00)
        clock.shift(1)
        lose(floor, 2_00)
        set_limits(floor, stake_max=1_00)
        assert "own_stake_limit" in refusal(floor, 2_00)


def test_a_days_loss_is_counted_by_the_events_day(floor: Floor) -> None:
    """The event's day begins at 06:00 in Berlin, which is 04:00 UTC in July: a night belongs to its evening."""
    with time_machine.travel(START.replace(hour=21), tick=False) as clock:
        set_limits(floor, loss_per_day=2_00)
        lose(floor)
        assert "₵1.00 of it are left" in refusal(floor, 2_00)
        clock.move_to(START.replace(day=5, hour=3, minute=59))
        lose(floor)
        assert "You have reached the loss of ₵2.00" in refusal(floor)
        clock.shift(60)
        lose(floor)


def test_a_sittings_loss_ends_with_the_sitting_half_an_hour_after_its_last_round(floor: Floor) -> None:
    with time_machine.travel(START, tick=False) as clock:
        set_limits(floor, loss_per_session=2_00)
        lose(floor)
        clock.shift(29 * 60)
        lose(floor)
        clock.shift(30 * 60 - 1)
        # A refused spin is no round: it does not make the sitting longer.
        assert "in one sitting" in refusal(floor)
        clock.shift(1)
        lose(floor)
        assert [row.session_rounds for row in floor.rounds()] == [1, 2, 1]


def test_what_was_won_may_be_lost_again_within_a_limit(floor: Floor) -> None:
    with time_machine.travel(START, tick=False):
        won = fated(floor.alice, wins=True).round.win
        set_limits(floor, loss_per_day=0)
        ahead = won - 1_00
        for _loss in range(ahead // 1_00):
            lose(floor)
        assert "loss_limit_reached" in refusal(floor)


@given(st.lists(st.tuples(st.integers(1, 100), st.integers(0, 60)), min_size=2, max_size=6))
@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_pause_is_never_shortened(floor: Floor, asked: list[tuple[int, int]]) -> None:
    with tenancy.scope(floor.event.tenant):
        PlayLimit.objects.all().delete()
    with time_machine.travel(START, tick=False) as clock:
        until = START
        for lasts, later in asked:
            clock.shift(later * HOUR)
            wanted = timezone.now() + lasts * HOUR
            if wanted < until:
                with pytest.raises(Conflict, match="never shortened"):
                    limits.pause_playing(actor=floor.alice.actor, lasts=lasts * HOUR)
            else:
                until = wanted
                assert limits.pause_playing(actor=floor.alice.actor, lasts=lasts * HOUR).paused_until == until
        with tenancy.scope(floor.event.tenant):
            assert PlayLimit.objects.get().paused_until == until


def test_while_paused_nothing_is_drawn_and_money_can_be_taken_out(floor: Floor) -> None:
    with time_machine.travel(START, tick=False) as clock:
        lose(floor)
        limits.pause_playing(actor=floor.alice.actor, lasts=HOUR)
        assert "kept from playing until 2031-07-04 16:00. Your money stays yours" in refusal(floor)
        clock.shift(3599)
        assert "playing_paused" in refusal(floor)
        everything = floor.alice.balance()
        payment = Payment(to_account=floor.world.bob.number, amount=everything - 1_00)
        transfer(actor=floor.alice.actor, payment=payment)
        assert floor.alice.balance() == 1_00
        clock.shift(1)
        lose(floor)


def test_limits_and_pauses_that_make_no_sense_are_refused(floor: Floor) -> None:
    for wanted in ({"stake_max": 0}, {"loss_per_day": -1}, {"loss_per_session": True}, {"stake_max": 2**53}):
        with pytest.raises(Invalid) as refused:
            set_limits(floor, **wanted)
        assert (refused.value.code, refused.value.field) == ("invalid_limit", next(iter(wanted)))
    for lasts in (dt.timedelta(minutes=59), dt.timedelta(days=366), -HOUR):
        with pytest.raises(Invalid, match="1 hour to 365 days"):
            limits.pause_playing(actor=floor.alice.actor, lasts=lasts)
    with pytest.raises(Denied):
        limits.pause_playing(actor=floor.event.server, lasts=HOUR)
