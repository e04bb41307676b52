"""Story rounds in the console: the window is seen first, the prize is there or nothing happens, the end tells all."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.models import Notification
from casino import selectors
from casino.models import Game, StoryRound
from casino.services.house import fund_prizes
from tests.casino.floor import GLITCH, SMUGGLER, Floor, open_floor
from tests.cast import World
from tests.console.desk import Desk, offered, text_of, url_of

TYPED = {"player": "alice", "picture": "run:C:3", "prize": "50", "told": "end", "reason": "the heist"}


@pytest.fixture
def floor(world: World) -> Floor:
    """Both events with an open casino, and money for prizes in one."""
    floor = open_floor(world)
    fund_prizes(actor=world.arcadia.server, amount=60_00, reason="for the story")
    return floor


def path_of(floor: Floor, name: str = GLITCH) -> str:
    with tenancy.scope(floor.event.tenant):
        return url_of(Game.objects.get(name=name), "story-round")


def test_a_round_is_chosen_seen_given_and_told(floor: Floor, world: World, gm: Desk) -> None:
    path, before = path_of(floor), floor.alice.balance()
    statement = gm.state(path, **TYPED)
    said = text_of(statement)
    assert "Alice is told that Glitch Grid starts by itself. Nothing is staked and nothing is drawn." in said
    assert "It pays ₵50.00 from the account for prizes, NC-CASA-GIFT." in said
    assert "₵60.00 → ₵10.00" in said
    assert "explained at the event's end" in said
    assert "line 1: 3 × skull" in said
    assert "10.00 times its stake" in said
    answer = gm.confirm(path, statement)
    assert "Alice was given the round." in gm.notice(answer)
    # Twice on the button is once.
    gm.confirm(path, statement)
    with tenancy.scope(floor.event.tenant):
        [row] = StoryRound.objects.all()
        window = selectors.shown_to_be(row).window
    assert window[1] == "CCC"
    assert floor.alice.balance() == before + 50_00
    event = url_of(world.arcadia.tenant)
    assert "tell-stories" in offered(gm.get(event))
    shown = text_of(gm.get(f"{event}tell-stories/"))
    assert "not told yet: 1, of so many players: 1" in shown
    assert "1 round was told" in gm.notice(gm.act(f"{event}tell-stories/"))
    assert "tell-stories" not in offered(gm.get(event))
    assert "told before" in gm.notice(gm.act(f"{event}tell-stories/"))
    with tenancy.scope(floor.event.tenant):
        assert Notification.objects.filter(user=floor.alice.user, kind="casino.story_told").count() == 1


def test_a_prize_that_is_not_there_cannot_be_confirmed(floor: Floor, gm: Desk) -> None:
    path = path_of(floor)
    statement = gm.state(path, **TYPED | {"prize": "60.01"})
    assert "There is only ₵60.00 in the account for prizes" in text_of(statement)
    assert "Confirm" not in text_of(statement)
    # Whoever sends it all the same is refused by the books.
    assert gm.act(path, **TYPED | {"prize": "60.01"}).status_code == 409
    # It went out while somebody looked at the statement.
    statement = gm.state(path, **TYPED)
    fund_prizes(actor=floor.event.server, amount=-20_00, reason="drawn off")
    answer = gm.confirm(path, statement)
    assert answer.status_code == 409
    assert "has ₵40.00; this prize needs ₵50.00" in text_of(answer)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"player": "Alic"}, "Nobody is called exactly so"),
        ({"player": "NC-CASA-0000"}, "Nobody is called exactly so"),
        ({"player": "Charlie"}, "Nobody is called exactly so"),
        ({"picture": "stops", "stops": "1 2"}, "Write 3 numbers from 0 to 23"),
        ({"picture": "stops", "stops": "1 2 24"}, "Write 3 numbers from 0 to 23"),
        ({"picture": "stops", "stops": "1 2 ²"}, "Write 3 numbers from 0 to 23"),
        ({"picture": "run:Z:3"}, "valid choice"),
        ({"prize": "-1"}, "12.50"),
        ({"reason": " "}, "required"),
    ],
)
def test_what_cannot_be_given_is_said_where_it_was_typed(
    floor: Floor, gm: Desk, wrong: dict[str, str], said: str
) -> None:
    answer = gm.post(path_of(floor), TYPED | wrong)
    assert answer.status_code == 422
    assert said in text_of(answer)


def test_own_stops_and_three_scatters_are_shown_as_they_will_stand(floor: Floor, gm: Desk) -> None:
    own = text_of(gm.state(path_of(floor), **TYPED | {"picture": "stops", "stops": "1, 2 3", "prize": ""}))
    assert "Stops 1 2 3" in own
    assert "It pays nothing." in own
    scatters = text_of(gm.state(path_of(floor, SMUGGLER), **TYPED | {"picture": "scatters:3", "told": "now"}))
    assert "A drawn round would give 8 free spins here" in scatters
    assert scatters.count("wormhole") == 3
    assert "reads beside it that it was a story round" in scatters
