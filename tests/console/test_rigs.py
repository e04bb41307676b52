"""Sealed rigs in the console: written on the event's clock, hung up as a commitment, told once."""

from __future__ import annotations

import datetime as dt
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import roles, tenancy
from casino import selectors
from casino.configuration import Step, text_of
from casino.models import Game, Rig
from casino.services import configurations
from tests.casino.floor import Floor, open_floor, play
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, offered, url_of
from tests.console.desk import text_of as said_by

SMUGGLER = "starlight_smuggler"
# 20:00 in Berlin, in winter.
EVENING = dt.datetime(2031, 11, 21, 19, 0, tzinfo=dt.UTC)
TYPED = {
    "schedule": "2031-11-21 20:00 89.13\n21.11.2031 22:30; 93,71 %\n\n2031-11-22T00:00=97.29",
    "payout_from": "88.5",
    "payout_to": "98,00",
    "reveal_by": "2031-11-22T06:00",
}


@pytest.fixture
def floor(world: World) -> Floor:
    """Both events with an open casino."""
    return open_floor(world)


def game_of(floor: Floor) -> Game:
    with tenancy.scope(floor.event.tenant):
        return selectors.game_named(SMUGGLER)


def rig_of(floor: Floor) -> Rig:
    with tenancy.scope(floor.event.tenant):
        return Rig.objects.select_related("configuration__game").get()


def test_a_rig_is_sealed_played_printed_and_revealed(floor: Floor, world: World) -> None:
    with time_machine.travel(EVENING - timedelta(hours=1), tick=False) as clock:
        gm, path = Desk(world.arcadia.host, world.gm), url_of(game_of(floor), "seal")
        statement = gm.state(path, **TYPED)
        said = said_by(statement)
        assert (
            "From the next spin on players of Starlight Smuggler see the commitment and the range 88.50 % to 98.00 %, not what "
            "it pays; you must reveal it by Sat 22 Nov 2031, 06:00."
        ) in said
        assert "Fri 21 Nov 2031, 20:00 89.13 %" in said
        assert "Fri 21 Nov 2031, 22:30 93.71 %" in said
        page = gm.notice(gm.confirm(path, statement))
        rig = rig_of(floor)
        assert rig.commitment in page
        assert rig.reveal_by == dt.datetime(2031, 11, 22, 5, 0, tzinfo=dt.UTC)
        with tenancy.scope(floor.event.tenant):
            told = selectors.published_to(world.gm.actor, rig)
            assert told is not None
            assert [(step.starts_at.hour, text_of(step.payout)) for step in told.steps] == [
                (19, "89.13"),
                (21, "93.71"),
                (23, "97.29"),
            ]
        # Sent once more, it was done.
        assert "runs on this machine already" in gm.notice(gm.confirm(path, statement))
        assert "seal" not in offered(gm.get(url_of(game_of(floor))))
        sheet = gm.get(f"{url_of(rig)}sheet/")
        assert rig.commitment[:8] in said_by(sheet)
        assert rig.commitment[8:16] in said_by(sheet)
        assert "89.13" not in said_by(sheet)
        play(floor.alice, SMUGGLER)
        clock.shift(timedelta(hours=12))
        late = Desk(world.arcadia.host, world.gm)
        assert "sealed, and promised to be revealed by now" in said_by(late.get(url_of(rig)))
        path = url_of(rig, "reveal")
        statement = late.state(path, payout="95.12")
        assert (
            "Everybody can read the schedule of Starlight Smuggler from then on, and check 1 rounds"
            in said_by(statement)
        )
        page = late.notice(late.confirm(path, statement))
        assert "How anybody can check it" in page
        assert told.salt in page
        assert "revealed before" in late.notice(late.confirm(path, statement))
        with tenancy.scope(floor.event.tenant):
            assert selectors.current_configuration(game_of(floor)).payout == 9512


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"schedule": "2031-11-21 20:00"}, "Line 1 cannot be read"),
        ({"schedule": "2031-11-21 20:00 95\ntomorrow 96"}, "Line 2 cannot be read"),
        ({"schedule": "2031-02-30 20:00 95"}, "does not exist"),
        ({"schedule": "2031-11-21 25:00 95"}, "does not exist"),
        ({"schedule": "2031-11-21 20:00 49.99"}, "from 50.00 to 150.00"),
        # Clocks go forward at 02:00, and back at 03:00.
        ({"schedule": "2031-03-30 02:30 95"}, "clocks are changed"),
        ({"schedule": "2031-10-26 02:30 95"}, "clocks are changed"),
        ({"schedule": "2031-11-21 20:00 95\n2031-11-21 19:00 96"}, "follow one another"),
        ({"payout_to": "97"}, "within the range"),
        ({"payout_from": "1e2"}, "like 96.00"),
        ({"reveal_by": "2031-11-21T23:59"}, "still to come"),
        ({"reveal_by": ""}, "required"),
    ],
)
def test_what_cannot_be_sealed_is_said_where_it_was_typed(
    floor: Floor, world: World, wrong: dict[str, str], said: str
) -> None:
    with time_machine.travel(EVENING - timedelta(days=300)):
        gm = Desk(world.arcadia.host, world.gm)
        answer = gm.post(url_of(game_of(floor), "seal"), TYPED | wrong)
    assert answer.status_code == 422
    assert said in said_by(answer)


def test_sealing_and_revealing_ask_for_the_password_after_a_while(floor: Floor, world: World) -> None:
    with time_machine.travel(EVENING - timedelta(hours=1)):
        gm = Desk(world.arcadia.host, world.gm)
    with time_machine.travel(EVENING - timedelta(minutes=54)):
        path = url_of(game_of(floor), "seal")
        statement = gm.state(path, **TYPED)
        assert gm.confirm(path, statement).status_code == 403
        assert gm.confirm(path, statement, password=PASSWORD).status_code == 303
    with time_machine.travel(EVENING):
        path = url_of(rig_of(floor), "reveal")
        assert gm.confirm(path, gm.state(path, payout="96")).status_code == 403


def test_while_it_is_sealed_support_sees_the_range_and_not_the_schedule(floor: Floor, world: World) -> None:
    configurations.seal_rig(
        actor=world.gm.actor,
        game=SMUGGLER,
        steps=[Step(timezone.now(), 9371)],
        payout_from=8850,
        payout_to=9800,
    )
    rig, support = rig_of(floor), world.arcadia.person("Helper", role=roles.SUPPORT)
    helper, gm = Desk(world.arcadia.host, support), Desk(world.arcadia.host, world.gm)
    page = said_by(helper.get(url_of(rig)))
    assert "Only game masters see it until the rig is revealed" in page
    assert "88.50 % to 98.00 %" in page
    assert "93.71" not in page
    assert "93.71" in said_by(gm.get(url_of(rig)))
    configurations.reveal_rig(actor=world.gm.actor, game=SMUGGLER, payout=9600)
    assert "93.71" in said_by(helper.get(url_of(rig)))
