"""The game masters' casino: each thing they do, what is said before, what the trail says after, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from accounts import roles, tenancy
from accounts.errors import Conflict, Denied, Invalid
from accounts.models import AuditEvent
from casino.configuration import Step
from casino.models import Game, GameConfiguration
from casino.services.configurations import seal_rig, set_payout
from casino.services.games import change_game, freeze_game
from ledger import numbers
from ledger.models import Account, Transfer
from tests.casino.floor import GLITCH, SMUGGLER, Floor, open_floor, play
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, offered, text_of, url_of

FLOOR = "/admin/casino/game/"


@pytest.fixture
def floor(world: World) -> Floor:
    """Both events with an open casino and ₵300,000.00 in each house."""
    return open_floor(world)


@pytest.fixture
def support(world: World) -> Desk:
    """Somebody who may look."""
    return Desk(world.arcadia.host, world.arcadia.person("Helper", role=roles.SUPPORT))


def game(floor: Floor, name: str = SMUGGLER) -> Game:
    with tenancy.scope(floor.event.tenant):
        return Game.objects.get(name=name)


def noted(floor: Floor, action: str) -> Any:
    """What the newest line of this action says beside it."""
    with tenancy.scope(floor.event.tenant):
        return AuditEvent.objects.filter(action=action).order_by("-id")[0].metadata


def trail(gm: Desk, action: str) -> str:
    return text_of(gm.get("/admin/accounts/auditevent/", action=action))


# -- What a machine pays -----------------------------------------------------------------------------------------------


def test_a_payout_is_stated_with_everything_that_follows_from_it(floor: Floor, gm: Desk) -> None:
    path = url_of(game(floor), "payout")
    said = text_of(gm.state(path, payout="103,50 %"))
    assert (
        "This applies from the next spin. On average Starlight Smuggler then pays back exactly 103.50 %"
        in said
    )
    assert "after 1,000 spins it may have paid anywhere from 79 % to 138 %" in said
    assert "Of every ₵1,000.00 staked the house loses ₵35.00 on top" in said
    assert "Each spin is played on set 98 (pays 98.4968 %) with a chance of 79.0538 % and set 122" in said
    assert "THE HOUSE LOSES MONEY: ₵35.00 of every ₵1,000.00 staked" in said
    assert "about ₵35.00 if all of them are for ₵1.00, and about ₵700.00 if all are for ₵20.00" in said
    assert "Payout, on average 96.00 % → 103.50 %" in said
    assert "House keeps of ₵1,000.00 +₵40.00 → -₵35.00" in said
    assert "Free spins 1 in 117 → 1 in 117" in said
    assert "Exact payout 207/200 = 103.50 %" in said
    assert noted(floor, "casino.payout") == {"seq": 1, "payout": "96.00"}, (
        "nothing holds before it is confirmed"
    )


def test_a_confirmed_payout_is_the_next_link_and_holds_for_the_next_spin(floor: Floor, gm: Desk) -> None:
    before = play(floor.alice, SMUGGLER).round.configuration
    path = url_of(game(floor), "payout")
    statement = gm.state(path, payout="103.50")
    shown = gm.notice(gm.confirm(path, statement))
    assert "From the next spin on Starlight Smuggler pays exactly 103.50 %" in shown
    assert "Pays 103.50 %" in shown
    assert noted(floor, "casino.payout") == {"seq": 2, "payout": {"before": "96.00", "after": "103.50"}}
    after = play(floor.alice, SMUGGLER).round.configuration
    assert (after.seq, after.payout, after.prev_digest) == (2, 103_50, before.digest)
    assert "payout: 96.00 % → 103.50 %" in trail(gm, "casino.payout")
    assert f"{after.digest[:16]}… {before.digest[:16]}…" in shown
    assert "That is what it pays already" in gm.notice(gm.confirm(path, statement)), "a double tap"


@pytest.mark.parametrize("typed", ["49.99", "150.01", "96.001", "abc", "", "1e2", "９６"])
def test_what_is_no_payout_is_refused_on_the_form(floor: Floor, gm: Desk, typed: str) -> None:
    answer = gm.post(url_of(game(floor), "payout"), {"payout": typed})
    assert answer.status_code == 422
    assert not typed or "Write a number from 50.00 to 150.00" in text_of(answer)


def test_a_payout_asks_for_the_password_and_says_what_the_house_can_cover(floor: Floor, gm: Desk) -> None:
    with tenancy.scope(floor.event.tenant):
        Game.objects.filter(name=SMUGGLER).update(stakes=[1_00, 50_00])
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        statement = gm.state(url_of(game(floor), "payout"), payout="120")
        said = text_of(statement)
        assert "The house has ₵300,000.00. The largest stake it covers then: only ₵25" in said
        refused = gm.confirm(url_of(game(floor), "payout"), statement)
        assert refused.status_code == 403
        gm.notice(gm.confirm(url_of(game(floor), "payout"), refused, password=PASSWORD))
    assert noted(floor, "casino.payout")["seq"] == 2


def test_while_a_rig_is_sealed_no_payout_is_set(floor: Floor, gm: Desk) -> None:
    seal(floor)
    row = game(floor)
    assert "payout" not in offered(gm.get(url_of(row)))
    statement = gm.state(url_of(row, "payout"), payout="120")
    assert "A sealed rig decides what Starlight Smuggler pays. Reveal it first" in text_of(statement)
    assert "confirmed" not in statement.content.decode()
    assert gm.confirm(url_of(row, "payout"), statement).status_code == 409
    with pytest.raises(Conflict, match="Reveal it first"):
        set_payout(actor=floor.world.gm.actor, game=SMUGGLER, payout=120_00)


def seal(floor: Floor, *payouts: int) -> None:
    """A sealed rig of 90 to 140 % on Smuggler."""
    now = timezone.now()
    steps = [Step(now + timedelta(hours=n), payout) for n, payout in enumerate(payouts or (131_00,))]
    seal_rig(actor=floor.world.gm.actor, game=SMUGGLER, steps=steps, payout_from=90_00, payout_to=140_00)


# -- Stakes, pace, hours -----------------------------------------------------------------------------------------------

EVENING = {
    "stakes": "1 2,50 10.00",
    "pace": "1.5",
    "autoplay": "on",
    "opens_at": "20:00",
    "closes_at": "04:00",
    "spins_expected": "5000",
}


def test_stakes_pace_and_hours_are_changed_with_before_and_after(floor: Floor, gm: Desk) -> None:
    with tenancy.scope(floor.event.tenant):
        Game.objects.update(pace_ms=2_500)
    path = url_of(game(floor), "settings")
    statement = gm.state(path, **EVENING)
    said = text_of(statement)
    assert "Stakes ₵1.00 · ₵2.00 · ₵5.00 · ₵10.00 · ₵20.00 → ₵1.00 · ₵2.50 · ₵10.00" in said
    assert "Between two spins 2.5 s → 1.5 s" in said
    assert "Open always → from 20:00 to 04:00" in said
    assert "With autoplay people lose more than they notice" in said
    gm.notice(gm.confirm(path, statement))
    row = game(floor)
    assert (row.stakes, row.pace_ms, row.autoplay, row.spins_expected) == (
        [1_00, 2_50, 10_00],
        1_500,
        True,
        5_000,
    )
    assert noted(floor, "casino.settings") == {
        "stakes": {"before": [1_00, 2_00, 5_00, 10_00, 20_00], "after": [1_00, 2_50, 10_00]},
        "pace_ms": {"before": 2500, "after": 1500},
        "autoplay": {"before": False, "after": True},
        "opens_at": {"before": None, "after": "20:00"},
        "closes_at": {"before": None, "after": "04:00"},
        "spins_expected": {"before": 1000, "after": 5000},
    }
    line = trail(gm, "casino.settings")
    assert "Starlight Smuggler" in line
    assert "stakes: ₵1.00, ₵2.00, ₵5.00, ₵10.00, ₵20.00 → ₵1.00, ₵2.50, ₵10.00" in line
    assert "between two spins: 2.5 s → 1.5 s" in line
    assert "That is how it is already" in gm.notice(gm.confirm(path, statement))


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [
        (
            "stakes",
            "1.05",
            "A stake is divided over 10 lines, and ₵1.05 cannot be. The nearest that fit: ₵1.00 or ₵1.10.",
        ),
        ("stakes", "5 2", "the smallest first, each once"),
        ("stakes", " ".join(str(n) for n in range(1, 14)), "1 to 12 stakes"),
        ("stakes", "many", "Write a plain number"),
        ("pace", "61", "less than or equal to 60"),
        ("pace", "-1", "greater than or equal to 0"),
        ("closes_at", "", "Say both when it opens and when it closes, or neither."),
        ("closes_at", "20:00", "It cannot close the moment it opens."),
        ("spins_expected", "0", "greater than or equal to 1"),
    ],
)
def test_what_a_machine_cannot_be_set_to_is_said_at_the_field(
    floor: Floor, gm: Desk, name: str, typed: str, sentence: str
) -> None:
    answer = gm.post(url_of(game(floor), "settings"), {**EVENING, name: typed})
    assert answer.status_code == 422
    assert sentence in text_of(answer)


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"stakes": []}, "invalid_stakes"),
        ({"stakes": [1_00, True]}, "invalid_stakes"),
        ({"stakes": [1_01]}, "invalid_stakes"),
        ({"stakes": [2_00, 1_00]}, "invalid_stakes"),
        ({"pace_ms": -1}, "invalid_game"),
        ({"pace_ms": 60_001}, "invalid_game"),
        ({"spins_expected": 0}, "invalid_game"),
        ({"opens_at": timezone.now().time()}, "invalid_game"),
    ],
)
def test_the_service_refuses_what_no_form_would_send(floor: Floor, wanted: dict[str, Any], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        change_game(actor=floor.world.gm.actor, game=SMUGGLER, **wanted)
    assert refused.value.code == code
    for unfit in ("", " ", "x" * 141):
        with pytest.raises(Invalid):
            freeze_game(actor=floor.world.gm.actor, game=SMUGGLER, reason=unfit)
    with pytest.raises(Denied):
        change_game(actor=floor.alice.actor, game=SMUGGLER, enabled=False)


def test_a_game_is_frozen_with_a_sentence_that_players_read_and_goes_on(floor: Floor, gm: Desk) -> None:
    row = game(floor)
    gm.notice(gm.act(url_of(row, "freeze"), reason="The syndicate  has cut the line."))
    with pytest.raises(Conflict, match=r"^The syndicate has cut the line\.$"):
        play(floor.alice, SMUGGLER)
    play(floor.alice, GLITCH)
    shown = text_of(gm.get(url_of(row)))
    assert "FROZEN for the plot" in shown
    assert "Players read The syndicate has cut the line." in shown
    assert "FROZEN" in text_of(gm.get(FLOOR))
    gm.notice(gm.act(url_of(row, "unfreeze")))
    assert "was not frozen" in gm.notice(gm.act(url_of(row, "unfreeze")))
    play(floor.alice, SMUGGLER)
    assert noted(floor, "casino.freeze") == {"before": "", "after": "The syndicate has cut the line."}
    assert noted(floor, "casino.unfreeze") == {"before": "The syndicate has cut the line.", "after": ""}
    assert "change: The syndicate has cut the line. → –" in trail(gm, "casino.unfreeze")


def test_a_game_is_switched_off_and_on(floor: Floor, gm: Desk) -> None:
    row = game(floor)
    gm.notice(gm.act(url_of(row, "switch-off")))
    with pytest.raises(Conflict, match="closed"):
        play(floor.alice, SMUGGLER)
    assert "SWITCHED OFF" in text_of(gm.get(FLOOR))
    assert "switch-on" in offered(gm.get(url_of(row)))
    gm.notice(gm.act(url_of(row, "switch-on")))
    play(floor.alice, SMUGGLER)
    assert noted(floor, "casino.settings") == {"enabled": {"before": False, "after": True}}


# -- The house ---------------------------------------------------------------------------------------------------------


def account(floor: Floor, number: str = numbers.HOUSE) -> Account:
    with tenancy.scope(floor.event.tenant):
        return Account.objects.get(number=number)


def test_drawing_off_says_what_the_largest_bet_will_be(floor: Floor, gm: Desk) -> None:
    path = url_of(account(floor), "float")
    statement = gm.state(path, direction="draw", amount="200000", reason="too rich")
    said = text_of(statement)
    assert "₵200,000.00 disappear from the house (NC-CASA-0000)" in said
    assert "Largest bet in Starlight Smuggler ₵20.00 → ₵8.30" in said
    assert "Starlight Smuggler then refuses the larger of its stakes" in said
    shown = gm.notice(gm.confirm(path, statement))
    assert "₵100,000.00 are left" in shown
    assert "only ₵8.30; ₵20.00 is offered" in shown
    assert "was not done again" in gm.notice(gm.confirm(path, statement))
    assert floor.house() == 100_000_00
    with tenancy.scope(floor.event.tenant):
        moved = Transfer.objects.order_by("-id")[0]
    assert (moved.kind, moved.memo, moved.amount) == ("admin", "too rich", 200_000_00)
    with pytest.raises(Conflict, match=r"₵8\.30"):
        play(floor.alice, SMUGGLER, stake=10_00)


def test_nobody_draws_off_more_than_there_is(floor: Floor, gm: Desk) -> None:
    path = url_of(account(floor), "float")
    statement = gm.state(path, direction="draw", amount="300000.01", reason="all of it")
    assert "There is only ₵300,000.00 to draw off" in text_of(statement)
    refused = gm.confirm(path, statement)
    assert refused.status_code == 409
    assert "Draw off the ₵300,000.00 that are there" in text_of(refused)
    assert floor.house() == 300_000_00


def test_the_prizes_have_an_account_of_their_own_and_other_accounts_are_none_of_the_casino(
    floor: Floor, gm: Desk
) -> None:
    path = url_of(account(floor, numbers.PRIZES), "float")
    gm.notice(gm.confirm(path, gm.state(path, direction="fund", amount="500", reason="a raffle")))
    assert "For prizes of the story ₵500.00" in text_of(gm.get(FLOOR))
    assert floor.house() == 300_000_00
    path = url_of(floor.alice.account, "float")
    statement = gm.state(path, direction="fund", amount="500", reason="a raffle")
    assert "not an account of the casino" in text_of(statement)
    assert gm.confirm(path, statement).status_code == 400
    assert floor.alice.balance() == 100_00


def test_the_float_asks_for_the_password(floor: Floor, gm: Desk) -> None:
    path = url_of(account(floor), "float")
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        statement = gm.state(path, direction="fund", amount="5", reason="more")
        assert gm.confirm(path, statement).status_code == 403
        gm.notice(gm.confirm(path, statement, password=PASSWORD))
    assert floor.house() == 300_005_00


def test_an_event_without_a_casino_opens_one(world: World, gm: Desk) -> None:
    shown = gm.get(FLOOR)
    assert "no casino yet" in text_of(shown)
    assert "Casino" not in text_of(gm.get("/admin/")).split("Health")[1]
    path = url_of(world.arcadia.tenant, "open-casino")
    assert f'href="{path}"' in shown.content.decode()
    after = gm.notice(gm.act(path))
    assert "Fund the house now" in after
    assert "NONE: no bet is taken" in after
    assert "open already" in gm.notice(gm.act(path))
    with tenancy.scope(world.arcadia.tenant):
        assert list(GameConfiguration.objects.values_list("payout", flat=True)) == [96_00, 96_00]
    assert "open-casino" not in offered(gm.get(url_of(world.arcadia.tenant)))


# -- Whose casino it is ------------------------------------------------------------------------------------------------


def test_support_looks_and_is_offered_nothing(floor: Floor, support: Desk) -> None:
    play(floor.alice, SMUGGLER)
    for path in (FLOOR, url_of(game(floor)), "/admin/casino/round/", f"{url_of(game(floor))}luck/"):
        page = support.get(path)
        assert page.status_code == 200
        assert not offered(page) & {"payout", "settings", "freeze", "switch-off", "float", "open-casino"}
    assert "may look, not act" in text_of(support.get(FLOOR))


def test_charlies_game_master_sees_nothing_of_it(floor: Floor, charlies_gm: Desk) -> None:
    spun = play(floor.alice, SMUGGLER).round
    for path in (
        url_of(game(floor)),
        f"{url_of(game(floor))}luck/",
        url_of(spun),
        url_of(game(floor), "payout"),
    ):
        assert charlies_gm.get(path).status_code == 404, path
    for path in (FLOOR, "/admin/casino/round/", "/admin/"):
        shown = text_of(charlies_gm.get(path))
        assert "Alice" not in shown
        assert "₵1.00" not in shown
    assert charlies_gm.get("/admin/casino/round/", player=str(floor.alice.user.pk)).status_code == 200
    assert "No such round" in text_of(
        charlies_gm.get("/admin/casino/round/", player=str(floor.alice.user.pk))
    )


# -- Rounds ------------------------------------------------------------------------------------------------------------


def test_rounds_are_found_and_one_shows_its_grid_its_transfers_and_its_proof(floor: Floor, gm: Desk) -> None:
    while not (spun := play(floor.alice, GLITCH).round).win:
        pass
    play(floor.world.charlie, GLITCH)
    listed = text_of(gm.get("/admin/casino/round/", q="ali", game=GLITCH))
    assert "Alice Glitch Grid ₵1.00" in listed
    assert "No such round" in text_of(gm.get("/admin/casino/round/", game=SMUGGLER))
    now = timezone.localtime(timezone.now(), ZoneInfo(floor.event.tenant.time_zone))
    later = (now + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M")
    assert "No such round" in text_of(gm.get("/admin/casino/round/", since=later))
    assert "Alice" in text_of(gm.get("/admin/casino/round/", until=later))
    page = gm.get(url_of(spun))
    shown, source = text_of(page), page.content.decode()
    for transfer in (spun.bet_transfer_id, spun.win_transfer_id):
        assert f"/admin/ledger/transfer/{transfer}/" in source
        assert (
            f"/admin/casino/round/{spun.pk}/"
            in gm.get(f"/admin/ledger/transfer/{transfer}/").content.decode()
        )
    assert f"Selector {spun.selector} of {spun.out_of}" in shown
    assert spun.seed_pair.server_seed_hash in shown
    assert "told when the player exchanges their seeds" in shown
    assert "In all ₵" in shown
    person = text_of(gm.get(url_of(floor.alice.user)))
    assert "Own limit" not in person
    assert f"Rounds {spun.number} Staked ₵{spun.number}.00" in person
