"""Story rounds: given once, paid from an account that can run out, told when it is time, and counted nowhere."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from accounts import tenancy
from accounts.errors import Conflict, Denied, Invalid, NotFound, Reused
from accounts.models import AuditEvent, Notification
from casino import games, pictures, playing, reels, selectors
from casino.models import Round, SeedPair, StoryRound
from casino.services import limits, stories
from casino.services.house import fund_prizes
from ledger import numbers
from ledger import selectors as ledger
from ledger.models import Account, Transfer
from ledger.posting import Claim
from ledger.services.transfers import Payment, transfer
from tests.casino.floor import GLITCH, SMUGGLER, Floor, key, open_floor, play
from tests.cast import Person, make_world
from tests.console.desk import Desk, text_of
from tests.sessions import Database
from tests.storms.load import at_once

PRIZES = 500_00


def give(floor: Floor, player: Person | None = None, **more: Any) -> StoryRound:
    asked: dict[str, Any] = {
        "game": GLITCH,
        "set_name": games.CERTIFIED[GLITCH].sets[0].name,
        "stops": [1, 2, 3],
        "prize": 50_00,
        "reason": "the heist",
        "told": True,
        "claim": key(),
    }
    return stories.give(actor=floor.world.gm.actor, player=(player or floor.alice).user, **asked | more)


def prizes(floor: Floor) -> int:
    with tenancy.scope(floor.event.tenant):
        account = Account.objects.get(number=numbers.PRIZES)
        return ledger.standings([account])[0].balance.amount


def news_of(person: Person) -> list[str]:
    with tenancy.scope(person.tenant):
        return list(
            Notification.objects.filter(user=person.user).order_by("id").values_list("text", flat=True)
        )


@pytest.fixture
def funded(floor: Floor) -> Floor:
    """A floor with money for prizes."""
    fund_prizes(actor=floor.event.server, amount=PRIZES, reason="for the story")
    return floor


# -- giving ------------------------------------------------------------------------------------------------------------


def test_a_story_round_pays_its_prize_and_draws_nothing(funded: Floor) -> None:
    before, house = funded.alice.balance(), funded.house()
    row = give(funded)
    assert (funded.alice.balance(), prizes(funded), funded.house()) == (before + 50_00, PRIZES - 50_00, house)
    with tenancy.scope(funded.event.tenant):
        assert row.transfer is not None
        paid = Transfer.objects.get(pk=row.transfer.pk)
        assert (paid.kind, paid.from_account.number, paid.memo) == ("prize", numbers.PRIZES, "Glitch Grid")
        assert not Round.objects.exists()
        assert not SeedPair.objects.exists()
        assert selectors.story_count(row.game) == 1
        assert selectors.shown_to_be(row).stops == (1, 2, 3)
    assert news_of(funded.alice)[-1] == "Glitch Grid starts by itself and pays you ₵50.00."


def test_given_twice_with_one_key_is_given_once(funded: Floor) -> None:
    claim = key("double-tap")
    first, second = give(funded, claim=claim), give(funded, claim=claim)
    assert first.pk == second.pk
    assert prizes(funded) == PRIZES - 50_00
    free, again = (give(funded, claim=key("for-nothing"), prize=0, stops=[0, 0, 0]) for _time in range(2))
    assert free.pk == again.pk
    assert free.transfer_id is None
    assert len(news_of(funded.alice)) == 2
    with pytest.raises(Reused) as reused:
        give(funded, claim=Claim(claim.key, b"x" * 32))
    assert reused.value.code == "key_reused"


def test_what_cannot_be_given_is_refused_in_words(funded: Floor) -> None:
    for more, code in (
        ({"stops": [1, 2]}, "invalid_stops"),
        ({"stops": [1, 2, 24]}, "invalid_stops"),
        ({"stops": [1, 2, "3"]}, "invalid_stops"),
        ({"set_name": "0"}, "invalid_stops"),
        ({"prize": -1}, "invalid_amount"),
        ({"prize": 1.5}, "invalid_amount"),
        ({"reason": " "}, "reason_required"),
        ({"reason": "x" * 141}, "invalid_memo"),
    ):
        with pytest.raises(Invalid) as refused:
            give(funded, **more)
        assert refused.value.code == code, more
    with pytest.raises(NotFound, match="no game"):
        give(funded, game="roulette")
    for somebody in (funded.alice.actor, funded.event.person("Helper", role="support").actor):
        with pytest.raises(Denied):
            stories.give(
                actor=somebody,
                player=funded.alice.user,
                game=GLITCH,
                set_name="84",
                stops=[0, 0, 0],
                prize=1,
                reason="x",
                told=True,
                claim=key(),
            )
    assert prizes(funded) == PRIZES


def test_a_prize_that_is_not_there_is_refused_and_may_be_given_with_the_same_form_later(
    funded: Floor,
) -> None:
    claim, before = key("large"), funded.alice.balance()
    with pytest.raises(Conflict) as refused:
        give(funded, prize=PRIZES + 1, claim=claim)
    assert refused.value.code == "prizes_short"
    assert "NC-CASA-GIFT, has ₵500.00; this prize needs ₵500.01" in refused.value.sentence
    assert (funded.alice.balance(), prizes(funded)) == (before, PRIZES)
    with tenancy.scope(funded.event.tenant):
        assert not StoryRound.objects.exists()
        assert AuditEvent.objects.filter(action="casino.story", status="insufficient_funds").count() == 1
    fund_prizes(actor=funded.event.server, amount=1, reason="for the story")
    give(funded, prize=PRIZES + 1, claim=claim)
    assert prizes(funded) == 0


def test_another_events_player_cannot_be_given_anything(funded: Floor) -> None:
    with pytest.raises(NotFound):
        give(funded, funded.world.charlie)
    assert prizes(funded) == PRIZES


# -- telling -----------------------------------------------------------------------------------------------------------


def test_what_is_told_at_the_end_is_a_round_on_the_house_until_then(funded: Floor) -> None:
    give(funded, told=True)
    give(funded, told=False, reason="qwyrk")
    give(funded, told=False, prize=0)
    bob = give(funded, funded.world.bob, told=False)
    with tenancy.scope(funded.event.tenant):
        said = [selectors.what_it_was(row) for row in selectors.stories_of(funded.alice.actor)]
        assert [text.startswith("A story round") for text in said] == [False, False, True]
        assert "explained at the event's end" in said[0]
        with pytest.raises(NotFound):
            selectors.story_for(funded.alice.actor, bob.pk)
    # Neither the news nor the player's own trail gives it away.
    seen = [*news_of(funded.alice), funded.alice.phone().get("audit").content.decode()]
    seen.append(funded.alice.phone().get("transactions").content.decode())
    for word in ("qwyrk", "casino.story", "story"):
        assert not [text for text in seen if word in text]
    assert stories.tell_all(actor=funded.world.gm.actor) == 3
    assert stories.tell_all(actor=funded.world.gm.actor) == 0
    assert news_of(funded.alice)[-1].startswith("2 of your rounds on the house were story rounds")
    assert news_of(funded.world.bob)[-1].startswith("One of your rounds on the house was a story round")
    with tenancy.scope(funded.event.tenant):
        assert all(row.told for row in StoryRound.objects.all())
    with pytest.raises(Denied):
        stories.tell_all(actor=funded.alice.actor)


def test_the_player_finds_it_in_her_history_and_never_as_a_draw(funded: Floor) -> None:
    row = give(funded, told=False, reason="qwyrk")
    alice, bob = (Desk(one.host, one) for one in (funded.alice, funded.world.bob))

    def page(path: str) -> str:
        answer = alice.get(path)
        assert answer.status_code == 200
        return text_of(answer)

    listed, shown = page("/casino/rounds"), page(f"/casino/stories/{row.pk}")
    assert "On the house" in listed
    assert "explained at the event's end" in listed
    assert "It paid you ₵50.00" in shown
    assert "A round on the house, which is explained at the event's end." in shown
    for text in (listed, shown):
        assert not [word for word in ("qwyrk", "story round", "Selector", "Seed") if word in text]
    with tenancy.scope(funded.event.tenant):
        assert StoryRound.objects.get().seen_at is not None
    assert "1 round was given away by the story here" in page("/casino")
    stories.tell_all(actor=funded.world.gm.actor)
    assert "story round" in page("/casino/rounds")
    assert "the game masters gave it to you. Nothing was drawn" in page(f"/casino/stories/{row.pk}")
    assert bob.get(f"/casino/stories/{row.pk}").status_code == 404


def test_a_player_sees_it_once_and_only_theirs(funded: Floor) -> None:
    row = give(funded)
    first = stories.seen(actor=funded.alice.actor, story=row.pk).seen_at
    assert first is not None
    assert stories.seen(actor=funded.alice.actor, story=row.pk).seen_at == first
    with pytest.raises(NotFound):
        stories.seen(actor=funded.world.bob.actor, story=row.pk)


def test_what_was_given_and_told_stands(funded: Floor) -> None:
    give(funded, told=True)
    with tenancy.scope(funded.event.tenant):
        rows = StoryRound.objects.all()
        for change in ({"told": False}, {"prize": 1}, {"stops": [0, 0, 0]}, {"reason": "another"}):
            with pytest.raises(DatabaseError), transaction.atomic():
                rows.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            rows.delete()


# -- counting nowhere --------------------------------------------------------------------------------------------------


def test_it_counts_in_no_sitting_limit_or_figure(funded: Floor) -> None:
    limits.set_limits(
        actor=funded.alice.actor, limits=playing.Limits(loss_per_day=1_00, loss_per_session=1_00)
    )
    give(funded, prize=90_00)
    with tenancy.scope(funded.event.tenant):
        assert selectors.rounds_of(funded.alice.actor).count() == 0
    row = play(funded.alice).round
    assert (row.number, row.nonce, row.session_rounds, row.session_staked) == (1, 1, 1, 1_00)
    if not row.win:
        # What the plot gave is no win of the day: the limit is reached all the same.
        with pytest.raises(Conflict, match="allow yourself"):
            play(funded.alice)


def test_a_pause_of_playing_does_not_keep_the_plot_away(funded: Floor) -> None:
    limits.pause_playing(actor=funded.alice.actor, lasts=dt.timedelta(hours=1))
    give(funded)


def test_a_prize_is_the_players_to_spend(funded: Floor) -> None:
    give(funded, prize=400_00)
    transfer(actor=funded.alice.actor, payment=Payment(to_account=funded.world.bob.number, amount=450_00))
    assert funded.alice.balance() == 50_00


# -- under load --------------------------------------------------------------------------------------------------------


def test_the_account_for_prizes_never_falls_below_nothing(fresh_database: Database) -> None:
    """Four game masters give from an account that is enough for five of twenty-four rounds."""
    floor = open_floor(make_world())
    fund_prizes(actor=floor.event.server, amount=5 * 50_00 + 49_99, reason="for the story")
    came: list[str] = []

    def storm(number: int) -> None:
        for turn in range(6):
            try:
                give(floor, [floor.alice, floor.world.bob][turn % 2], claim=key(f"{number}-{turn}"))
                came.append("given")
            except Conflict as refused:
                came.append(refused.code)
            assert prizes(floor) >= 0

    at_once(*(partial(storm, number) for number in range(4)))
    assert (came.count("given"), came.count("prizes_short")) == (5, 19)
    assert prizes(floor) == 49_99
    with tenancy.scope(floor.event.tenant):
        assert StoryRound.objects.count() == Transfer.objects.filter(kind="prize").count() == 5


# -- pictures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("game", [GLITCH, SMUGGLER])
def test_every_picture_is_found_on_every_strip_set_and_shows_what_was_wanted(game: str) -> None:
    version = games.CERTIFIED[game]
    rules = version.rules
    line = rules.lines[pictures.best_line(rules)]
    for strip_set in version.sets:
        for picture in pictures.pictures_of(rules):
            stops = pictures.find(rules, strip_set.strips, picture)
            assert stops is not None, (strip_set.name, picture)
            spin = reels.evaluate(rules, strip_set.strips, stops)
            kind, _colon, wanted = picture.partition(":")
            if kind == "scatters":
                assert spin.scatters == int(wanted)
            elif kind == "run":
                symbol, count = wanted.split(":")
                cells = [spin.window[row][reel] for reel, row in enumerate(line)]
                assert reels.run_of(rules, cells) == (symbol, int(count))
            else:
                assert spin.line_bets == 0
    with pytest.raises(ValueError, match="no such picture"):
        pictures.find(rules, version.sets[0].strips, "run:Z:9")
