"""How the games do, on the console: against a count by hand, in few queries, and without what a sealed rig must not tell."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import roles, tenancy
from accounts.ids import uuid7
from casino import selectors
from casino.certificate import mixed
from casino.configuration import Step
from casino.games import CERTIFIED
from casino.mixing import payout
from casino.models import FigureLook, Game, Round
from casino.selectors import Reckoning, figures
from casino.services.configurations import reveal_rig, seal_rig, set_payout
from casino.services.seeds import rotate
from ledger.services.gm import adjust
from tests.casino.floor import GLITCH, SMUGGLER, Floor, open_floor, play
from tests.cast import Person, World
from tests.console.desk import Desk, text_of, url_of

FLOOR = "/admin/casino/game/"
SECRET = 131_07


@pytest.fixture
def floor(world: World) -> Floor:
    return open_floor(world)


@pytest.fixture
def support(world: World) -> Desk:
    return Desk(world.arcadia.host, world.arcadia.person("Helper", role=roles.SUPPORT))


def spins(person: Person, count: int, game: str = SMUGGLER) -> None:
    for number in range(count):
        play(person, game, stake=(1_00, 2_00)[number % 2])


def seal(floor: Floor, game: str = SMUGGLER) -> None:
    """A sealed rig that pays 131.07 % now, and 90.01 % in an hour."""
    now = timezone.now()
    steps = [Step(now, SECRET), Step(now + timedelta(hours=1), 90_01)]
    seal_rig(actor=floor.world.gm.actor, game=game, steps=steps, payout_from=90_00, payout_to=140_00)


def by_hand(rounds: list[Round], paid: Callable[[Round], int]) -> tuple[Fraction, Fraction]:
    """What was to be expected of some rounds, and the variance: one round after the other."""
    expected = variance = Fraction(0)
    for row in rounds:
        found = mixed(CERTIFIED[row.game.name], payout(paid(row)))
        expected += row.stake * found.rtp
        variance += row.stake**2 * found.variance
    return expected, variance


def test_figures_are_those_of_a_count_by_hand(floor: Floor) -> None:
    gm, bob = floor.world.gm.actor, floor.event.person("Rich", money=500_00)
    spins(floor.alice, 8)
    set_payout(actor=gm, game=SMUGGLER, payout=103_50)
    spins(floor.alice, 5)
    spins(bob, 6)
    spins(bob, 4, GLITCH)
    seal(floor)
    spins(bob, 3)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        spins(bob, 5)
    with tenancy.scope(floor.event.tenant):
        rounds = list(Round.objects.select_related("game", "configuration__rig").order_by("id"))
        live = {one.game.name: one for one in selectors.live(sees_sealed=True)}
        luck = selectors.luck(sees_sealed=True)

        def paid(row: Round) -> int:
            return selectors.payout_of(row.configuration, row.played_at)

        assert {paid(row) for row in rounds} == {96_00, 103_50, SECRET, 90_01}
        for name, one in live.items():
            agrees(one.reckoning, [row for row in rounds if row.game.name == name], paid)
        assert (live[SMUGGLER].players, live[GLITCH].players) == (2, 1)
        for pk, reckoning in luck.items():
            agrees(reckoning, [row for row in rounds if row.user_id == pk], paid)
        assert len(luck) == 2
        low, high = live[SMUGGLER].reckoning.ggr_band or (0, 0)
        assert low < live[SMUGGLER].reckoning.staked - live[SMUGGLER].reckoning.expected < high


def agrees(found: Reckoning, rounds: list[Round], paid: Callable[[Round], int]) -> None:
    expected, variance = by_hand(rounds, paid)
    assert (found.rounds, found.told) == (len(rounds), len(rounds))
    assert found.staked == sum(row.stake for row in rounds)
    assert found.won == sum(row.win for row in rounds)
    assert found.expected == expected
    assert found.variance == variance
    assert found.deviation == found.won - expected
    assert found.z == pytest.approx((found.won - expected) / variance ** Fraction(1, 2))


def test_support_learns_nothing_of_a_sealed_rig_and_everybody_does_once_it_is_told(
    floor: Floor, gm: Desk, support: Desk
) -> None:
    spins(floor.alice, 4)
    seal(floor)
    spins(floor.alice, 6)
    row = floor.rounds()[-1]
    with tenancy.scope(floor.event.tenant):
        game = Game.objects.get(name=SMUGGLER)
        hidden = {one.game.name: one for one in selectors.live(sees_sealed=False)}[SMUGGLER].reckoning
        open_rounds = list(Round.objects.select_related("game").exclude(configuration__payout=None))
        assert (hidden.rounds, hidden.hidden, hidden.told) == (10, 6, 4)
        assert (hidden.expected, hidden.variance) == by_hand(open_rounds, lambda _row: 96_00)
    pages = [
        "/admin/", FLOOR, url_of(game), f"{url_of(game)}luck/", "/admin/casino/round/", url_of(row),
        url_of(floor.alice.user), f"/admin/ledger/transfer/{row.bet_transfer_id}/", "/admin/figures/",
    ]  # fmt: skip
    for path in pages:
        shown = text_of(support.get(path))
        assert not re.search(r"131[.,]07|90[.,]01|" + re.escape(row.out_of), shown), path
        assert f"Set {row.set_name}" not in shown, path
    shown = text_of(support.get(url_of(row)))
    assert "Selector told with the sealed rig" in shown
    assert "6 rounds of a sealed rig are left out" in text_of(support.get(url_of(game)))
    assert "SEALED: 90.00 % to 140.00 %" in text_of(support.get(url_of(game)))
    assert "In theory 96.0000 %" in text_of(support.get(url_of(game)))

    theirs = text_of(gm.get(url_of(row)))
    assert f"Selector {row.selector} of {row.out_of}" in theirs
    assert "keep its selector and set to yourself" in theirs
    assert "left out" not in text_of(gm.get(url_of(game)))

    pair, _pairs = rotate(actor=floor.alice.actor)
    with tenancy.scope(floor.event.tenant):
        seed = selectors.revealed_seed(pair)
    assert seed is None
    assert "Server seed told with the sealed rig" in text_of(gm.get(url_of(row)))
    reveal_rig(actor=floor.world.gm.actor, game=SMUGGLER, payout=96_00)
    shown = text_of(support.get(url_of(row)))
    assert f"Selector {row.selector} of {row.out_of}" in shown
    with tenancy.scope(floor.event.tenant):
        seed = selectors.revealed_seed(pair)
    assert seed is not None
    assert f"Server seed {seed}" in shown
    assert "left out" not in text_of(support.get(url_of(game)))


def test_a_look_is_counted_once_for_each_state_of_the_books(floor: Floor, gm: Desk) -> None:
    with tenancy.scope(floor.event.tenant):
        game = Game.objects.get(name=SMUGGLER)
    play(floor.alice, SMUGGLER)
    assert "Looked at once so far." in text_of(gm.get(url_of(game)))
    for path in (url_of(game), FLOOR, "/admin/"):
        assert "Looked at once so far." in text_of(gm.get(path))
    play(floor.alice, SMUGGLER)
    shown = text_of(gm.get("/admin/"))
    assert "Looked at 2 times so far. An alarm is a z beyond ±4" in shown
    assert "one false alarm in about 16,000 looks is normal" in shown
    with tenancy.scope(floor.event.tenant):
        look = FigureLook.objects.get(game=game)
    assert (look.looks, look.rounds) == (2, 2)


def test_an_alarm_is_raised_by_what_chance_hardly_does_and_not_by_one_large_win(
    floor: Floor, gm: Desk
) -> None:
    spins(floor.alice, 3, GLITCH)
    with tenancy.scope(floor.event.tenant):
        row = Round.objects.select_related("game").order_by("-id")[0]
    add = further_rounds(floor)
    add(win=131_60, line_bets=658)
    shown = text_of(gm.get(url_of(row.game)))
    assert "far out, but with these prizes chance still does that" in shown
    assert "Without its largest win of ₵131.60 it would be z = " in shown
    assert "as chance has it" in text_of(gm.get("/admin/"))
    for _more in range(3):
        add(win=131_60, line_bets=658)
    assert re.search(r"ALARM: z = \+\d+", text_of(gm.get(url_of(row.game))))
    assert "ALARM: Glitch Grid" in text_of(gm.get("/admin/"))


def further_rounds(floor: Floor) -> Callable[..., None]:
    """Writes rounds beneath the services, as somebody who tampers with the draw would; their transfers are any others."""
    spare = [
        adjust(actor=floor.event.server, account=floor.alice.number, amount=1, reason="spare").transfer.pk
        for _transfer in range(8)
    ]

    def add(**changed: Any) -> None:
        with tenancy.scope(floor.event.tenant):
            last = Round.objects.order_by("-number").values()[0]
            following = {"number": last["number"] + 1, "nonce": last["nonce"] + 1, "stake": 1_00}
            transfers = {"bet_transfer_id": spare.pop(), "win_transfer_id": spare.pop()}
            Round.objects.create(**{**last, "id": uuid7(), **following, **transfers, **changed})

    return add


def test_the_number_of_queries_does_not_grow(floor: Floor, gm: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    # A great win of these few rounds would be looked at closer, with one query more.
    monkeypatch.setattr(figures, "ALARM_AT", 1_000)
    with tenancy.scope(floor.event.tenant):
        game = Game.objects.get(name=SMUGGLER)
    spins(floor.alice, 2)
    paths = ["/admin/", FLOOR, url_of(game), f"{url_of(game)}luck/", "/admin/casino/round/"]
    for path in paths:
        gm.get(path)
    few = [queries(gm, path) for path in paths]
    for number in range(3):
        person = floor.event.person(f"Player {number}", money=50_00)
        set_payout(actor=floor.world.gm.actor, game=SMUGGLER, payout=96_01 + number)
        spins(person, 3)
        spins(person, 1, GLITCH)
    for path in paths:
        gm.get(path)
    assert [queries(gm, path) for path in paths] == few


def queries(desk: Desk, path: str) -> int:
    """How often a page asks about the casino and its money; who is asking is looked up anew from time to time."""
    with CaptureQueriesContext(connection) as caught:
        assert desk.get(path).status_code == 200
    return sum('"casino_' in query["sql"] or '"ledger_' in query["sql"] for query in caught.captured_queries)


def test_luck_is_searched_sorted_and_exact(floor: Floor, gm: Desk) -> None:
    set_payout(actor=floor.world.gm.actor, game=SMUGGLER, payout=96_01)
    people = [floor.alice, floor.event.person("Rich", money=50_00), floor.event.person("Poor", money=50_00)]
    for number, person in enumerate(people, start=1):
        spins(person, number)
    with tenancy.scope(floor.event.tenant):
        path = f"{url_of(Game.objects.get(name=SMUGGLER))}luck/"
        luck = selectors.luck(sees_sealed=True)
    by_luck = sorted(people, key=lambda one: -luck[one.user.pk].deviation)
    names = re.findall(r"Alice|Rich|Poor", text_of(gm.get(path)))
    assert names == [one.name for one in by_luck]
    assert re.findall(r"Alice|Rich|Poor", text_of(gm.get(path, order="unlucky"))) == names[::-1]
    assert re.findall(r"Alice|Rich|Poor", text_of(gm.get(path, order="staked")))[0] == "Poor"
    found = text_of(gm.get(path, q="ri"))
    assert "Rich" in found
    assert "Alice" not in found
    exact = luck[floor.alice.user.pk].deviation
    assert exact.denominator == 100, "a stake of 1.00 at 96.01 %"
    assert f"₵{Decimal(abs(exact).numerator) / 100 / 100:.6f}" in text_of(gm.get(path))
    assert "Nobody has played here yet" in text_of(gm.get(path, after="50"))
    assert gm.get(path, after="x").status_code == 404
    assert gm.get(path, order="x").status_code == 422
