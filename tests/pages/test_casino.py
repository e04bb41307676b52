"""The casino without a script: what the machines promise, a spin and its answer, refusals in words, seals, rounds, limits."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from django.test import Client

from accounts import crypto, tenancy
from casino.configuration import Step
from casino.drawing import Drawn
from casino.models import Game, PlayLimit, Round, SeedPair
from casino.services.configurations import reveal_rig, seal_rig, set_payout
from casino.services.house import fund
from casino.services.setup import open_casino
from tests.casino.floor import FLOAT, GLITCH, SMUGGLER, play
from tests.casino.seeded import put_seed
from tests.cast import Event, Person
from tests.pages.reading import fields_of, sign_in, tags_of, text_of

GRID, SHIP = "/casino/glitch-grid", "/casino/starlight-smuggler"


@pytest.fixture
def casino(event: Event, alice: Person) -> Event:
    """A house that can pay; no pace, so that tests need not wait."""
    open_casino(actor=event.server)
    fund(actor=event.server, amount=FLOAT, reason="float")
    change(event, pace_ms=0)
    return event


def change(event: Event, **values: Any) -> None:
    with tenancy.scope(event.tenant):
        Game.objects.update(**values)


def spin(browser: Client, path: str = GRID, **more: Any) -> Any:
    """Post the form as it stands on the page; the page that it leads to."""
    fields = fields_of(browser.get(path)) | {"bet_amount": "100"} | more
    return browser.post(path, fields, follow=True)


def rounds(person: Person) -> list[Round]:
    with tenancy.scope(person.tenant):
        return list(Round.objects.filter(user=person.user).order_by("number"))


def wins(drawn: Drawn, low: int, high: int) -> bool:
    """Whether a round without free spins pays from ``low`` to ``high`` line bets."""
    return not drawn.free_stops and low <= drawn.played.line_bets <= high


# -- The floor ---------------------------------------------------------------------------------------------------------


def test_the_floor_shows_what_each_machine_pays_and_whether_it_runs(
    browser: Client, casino: Event, alice: Person
) -> None:
    set_payout(actor=casino.server, game=SMUGGLER, payout=103_50)
    page = text_of(browser.get("/casino"))
    assert "Glitch Grid pays back exactly 96.00 %" in page
    assert "Starlight Smuggler pays back exactly 103.50 %" in page
    assert "Stakes from ₵1.00 up to ₵20.00" in page
    with tenancy.scope(casino.tenant):
        seal = SeedPair.objects.get(user=alice.user, state="active").server_seed_hash
    assert seal in page
    fund(actor=casino.server, amount=-(FLOAT - 600_00), reason="drained")
    change(casino, frozen_reason="The reels bleed.")
    page = text_of(browser.get("/casino"))
    assert page.count("Not running The reels bleed.") == 2
    change(casino, frozen_reason="")
    page = text_of(browser.get("/casino"))
    assert "The house has run out of money and takes no bets." in page, "no ship may be staked on"
    assert re.search(r"Glitch Grid .* Stakes from ₵1.00 up to ₵(?!20)", page), (
        "the grid takes what can be paid"
    )


def test_before_it_opens_there_is_an_empty_hall(browser: Client, alice: Person) -> None:
    assert "The casino has not opened yet" in text_of(browser.get("/casino"))
    assert browser.get(GRID).status_code == 404
    assert browser.get("/casino/fairness").status_code == 200


def test_a_login_without_an_account_may_look_but_not_play(casino: Event) -> None:
    browser = Client()
    person = casino.person("Keeper")
    with tenancy.scope(casino.tenant):
        type(person.account).objects.filter(pk=person.account.pk).update(is_primary=False)
    sign_in(browser, "Keeper")
    for path in ("/casino", GRID):
        assert "This login has no bank account" in text_of(browser.get(path))
    refused = browser.post(GRID, {"bet_amount": "100"})
    assert refused.status_code == 404
    assert "no bank account" in text_of(refused)
    assert browser.get("/casino/limits").status_code == 200


# -- A spin ------------------------------------------------------------------------------------------------------------


def test_a_spin_is_a_form_and_its_answer_a_page_that_can_be_loaded_again(
    browser: Client, casino: Event, alice: Person
) -> None:
    first = browser.get(GRID)
    seals = [tag for tag, a in tags_of(first) if tag == "code" and "hash" in (a.get("class") or "")]
    assert len(seals) == 2, "the seed's seal and the setting's stand there before the bet"
    page = spin(browser)
    [played] = rounds(alice)
    assert page.redirect_chain[-1][0] == f"{GRID}?round={played.pk}&bet_amount=100"
    assert f"Balance ₵{(100_00 - 100 + played.win) / 100:.2f}" in text_of(page)
    again = browser.get(page.redirect_chain[-1][0])
    assert text_of(again).split("Sealed")[0] == text_of(page).split("Sealed")[0]
    assert len(rounds(alice)) == 1


@pytest.mark.parametrize(
    ("low", "high", "said", "is_celebrated"),
    [
        (0, 0, "Nothing this time.", False),
        (1, 9, "of your ₵1.00 came back.", False),
        (10, 10, "Your stake of ₵1.00 came back.", False),
        (11, 99, "You win ₵", True),
    ],
)
def test_what_is_not_above_the_stake_is_no_win(
    browser: Client, casino: Event, alice: Person, low: int, high: int, said: str, is_celebrated: bool
) -> None:
    put_seed(alice, SMUGGLER, [lambda drawn: wins(drawn, low, high)], ["mine"])
    page = spin(browser, SHIP)
    assert said in text_of(page)
    classes = [str(a.get("class")) for _tag, a in tags_of(page)]
    assert ("outcome won" in classes) is is_celebrated
    [played] = rounds(alice)
    assert text_of(page).count(" × ") == page.content.decode().count("<polyline"), (
        "each line that pays is drawn"
    )
    assert low * 10 <= played.win <= high * 10


def test_free_spins_are_told_one_by_one(browser: Client, casino: Event, alice: Person) -> None:
    put_seed(alice, SMUGGLER, [lambda drawn: len(drawn.free_stops) == 8], ["mine"])
    page = spin(browser, SHIP)
    said = text_of(page)
    assert "3 × wormhole anywhere: ₵2.00" in said
    assert "8 free spins · ₵" in said
    assert said.count("Free spin ") == 8
    [played] = rounds(alice)
    one = text_of(browser.get(f"/casino/rounds/{played.pk}"))
    assert "8 free spins" in text_of(browser.get("/casino/rounds"))
    assert one.count("Free spin ") == 8
    assert "sealed with the rig" not in one


def test_the_same_form_sent_twice_is_played_once(browser: Client, casino: Event, alice: Person) -> None:
    fields = fields_of(browser.get(GRID)) | {"bet_amount": "200"}
    first, second = (browser.post(GRID, fields, follow=True) for _time in range(2))
    assert first.redirect_chain == second.redirect_chain
    assert "it was not played a second time" in text_of(second)
    assert [row.stake for row in rounds(alice)] == [2_00]
    other = browser.post(GRID, fields | {"bet_amount": "100"})
    assert other.status_code == 422
    assert fields_of(other)["key"] != fields["key"]
    assert len(rounds(alice)) == 1


def test_another_payout_than_the_one_shown_draws_nothing_and_is_shown(
    browser: Client, casino: Event, alice: Person
) -> None:
    fields = fields_of(browser.get(GRID)) | {"bet_amount": "100"}
    set_payout(actor=casino.server, game=GLITCH, payout=88_25)
    refused = browser.post(GRID, fields)
    assert refused.status_code == 409
    said = text_of(refused)
    assert "have changed what this machine pays. Nothing was drawn" in said
    assert "pays back exactly 88.25 %" in said
    assert rounds(alice) == []
    new = fields_of(refused)
    assert new["key"] != fields["key"]
    assert new["config"] != fields["config"]
    assert browser.post(GRID, new | {"bet_amount": "100"}).status_code == 302


def test_every_refusal_is_a_sentence_on_the_machine(browser: Client, casino: Event, alice: Person) -> None:
    cases: list[tuple[dict[str, Any], str, int, str]] = [
        ({"enabled": False}, "100", 409, "is closed. Ask a game master."),
        ({"enabled": True, "frozen_reason": "Dead air."}, "100", 409, "Dead air."),
        ({"frozen_reason": ""}, "103", 400, "The nearest that fits: ₵1.00 or ₵1.05."),
        ({}, "50", 400, "The smallest stake here is ₵1.00."),
        ({}, "5000", 400, "The largest stake here is ₵20.00."),
        ({}, "x", 400, ""),
        ({}, "100", 302, ""),
        ({"pace_ms": 60_000}, "100", 429, "The reels are still turning."),
    ]
    for values, stake, status, sentence in cases:
        if values:
            change(casino, **values)
        answer = browser.post(GRID, fields_of(browser.get(GRID)) | {"bet_amount": stake})
        assert answer.status_code == status, (values, stake)
        if status != 302:
            assert sentence in text_of(answer)
            assert "alert" in [a.get("role") for _tag, a in tags_of(answer)]
    change(casino, pace_ms=0)
    rich = fields_of(browser.get(SHIP)) | {"bet_amount": "2000"}
    while alice.balance() >= 20_00:
        play(alice, GLITCH, stake=20_00)
    refused = browser.post(SHIP, rich)
    assert refused.status_code == 409
    assert "You have ₵" in text_of(refused)


# -- Sealed ------------------------------------------------------------------------------------------------------------


def test_a_sealed_rig_shows_its_range_and_its_commitment_and_nothing_more(
    browser: Client, casino: Event, alice: Person
) -> None:
    begins = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    rig = seal_rig(
        actor=casino.server, game=SMUGGLER, steps=[Step(begins, 91_37)], payout_from=85_00, payout_to=103_50
    )
    row = play(alice, SMUGGLER).round
    browser.post("/casino/fairness/rotate")
    paths = (
        "/casino",
        SHIP,
        f"{SHIP}/odds",
        f"/casino/rounds/{row.pk}",
        "/casino/fairness",
        "/casino/rounds/file",
    )
    secret = crypto.open_from(_pair(row), "server_seed")
    for path in paths:
        page = browser.get(path).content.decode()
        assert "91.37" not in page, path
        assert row.selector not in page, path
        assert secret not in page, path
    for path in paths[:3]:
        said = text_of(browser.get(path))
        assert "between 85.00 % and 103.50 %" in said
        assert rig.commitment in said
    assert "told when the rig is" in text_of(browser.get("/casino/fairness"))
    reveal_rig(actor=casino.server, game=SMUGGLER, payout=96_00)
    assert secret in text_of(browser.get("/casino/fairness"))
    assert row.selector in text_of(browser.get(f"/casino/rounds/{row.pk}"))


def _pair(row: Round) -> SeedPair:
    with tenancy.scope(row.tenant):
        return SeedPair.objects.get(pk=row.seed_pair_id)


# -- Odds and seals ----------------------------------------------------------------------------------------------------


def test_the_odds_are_said_in_words_for_the_chosen_stake(browser: Client, casino: Event) -> None:
    said = text_of(browser.get(f"{SHIP}/odds?bet_amount=200"))
    for sentence in (
        "96.00 %",
        "About one spin in 4 pays something.",
        "Free spins come about once in 117 spins.",
        "95 times of 100",
        "In 1000 spins",
        "smuggler queen ₵500.00",
        "stands for every symbol but the wormhole. It is on reels 2, 3 and 4 only.",
        "3 of them pay ₵4.00 and give 8 free spins.",
        "everything they win is paid 3 times",
        "10 lines",
        "24/25",
    ):
        assert sentence in said, sentence
    grid = text_of(browser.get(f"{GRID}/odds"))
    assert "Free spins" not in grid
    assert "lucky seven ₵30.00" in grid


def test_a_broken_seal_tells_the_secret_and_the_file_holds_all_rounds(
    browser: Client, casino: Event, alice: Person
) -> None:
    assert "Download my rounds" not in text_of(browser.get("/casino/fairness"))
    spin(browser)
    spin(browser, SHIP)
    before = text_of(browser.get("/casino/fairness"))
    assert "2 rounds were drawn from the seed in use." in before
    [first, second] = rounds(alice)
    pair = _pair(first)
    secret = crypto.open_from(pair, "server_seed")
    assert pair.server_seed_hash in before
    assert secret not in before
    file = json.loads(browser.get("/casino/rounds/file").content)
    assert [one["server_seed"] for one in file["rounds"]] == [None, None]
    refused = browser.post("/casino/fairness/rotate", {"next_seed": "a:b"})
    assert (refused.status_code, secret in text_of(refused)) == (400, False)
    assert "no colon" in text_of(refused)
    told = browser.post("/casino/fairness/rotate", {"next_seed": "mine from now on"}, follow=True)
    assert "The seal is open" in text_of(told)
    assert "mine from now on" in text_of(told)
    assert secret in text_of(told)
    answer = browser.get(f"/casino/rounds/file?pair={pair.pk}")
    assert answer["Content-Disposition"].startswith('attachment; filename="rounds-')
    file = json.loads(answer.content)
    assert file["format"] == "neobank-rounds-1"
    assert {one["id"] for one in file["rounds"]} == {str(first.pk), str(second.pk)}
    assert {one["server_seed"] for one in file["rounds"]} == {secret}
    assert json.loads(browser.get("/casino/rounds/file?pair=x").content)["rounds"] == []
    one = text_of(browser.get(f"/casino/rounds/{first.pk}"))
    assert secret in one
    assert "receipt of the stake" in one


def test_ones_own_seed_is_used_where_there_is_no_script(
    browser: Client, casino: Event, alice: Person
) -> None:
    refused = browser.post("/casino/fairness/client-seed", {"client_seed": "a:b"})
    assert refused.status_code == 400
    assert "no colon" in text_of(refused)
    browser.post("/casino/fairness/client-seed", {"client_seed": "tonight"})
    spin(browser)
    assert [row.client_seed for row in rounds(alice)] == ["tonight"]


# -- Rounds and limits -------------------------------------------------------------------------------------------------


def test_rounds_are_paged_and_anybody_elses_are_unknown(
    browser: Client, casino: Event, alice: Person, bob: Person
) -> None:
    for _ in range(27):
        play(alice)
    page = browser.get("/casino/rounds")
    older = re.search(r"/casino/rounds\?after=\d+", page.content.decode())
    assert older
    assert page.content.decode().count("movement") == 25
    assert browser.get(older[0]).content.decode().count("movement") == 2
    assert browser.get("/casino/rounds?after=-1").status_code == 400
    mine = rounds(alice)[0]
    other = Client()
    sign_in(other, "Bob")
    assert other.get(f"/casino/rounds/{mine.pk}").status_code == 404
    assert other.get(f"{GRID}?round={mine.pk}").status_code == 404
    assert other.get(f"{GRID}?round=x").status_code == 404
    assert "No round yet" in text_of(other.get("/casino/rounds"))


def test_limits_are_tighter_at_once_and_looser_after_a_day(
    browser: Client, casino: Event, alice: Person
) -> None:
    page = browser.post("/casino/limits", {"stake_max": "2,00", "loss_per_day": "50"}, follow=True)
    assert "Your limits hold from now on." in text_of(page)
    assert fields_of(page)["stake_max"] == "2.00"
    machine = browser.get(GRID)
    blocked = [a["value"] for tag, a in tags_of(machine) if a.get("name") == "bet_amount" and "disabled" in a]
    assert blocked == ["500", "1000", "2000"]
    refused = browser.post(GRID, fields_of(machine) | {"bet_amount": "500"})
    assert "You have limited your stakes to ₵2.00." in text_of(refused)
    page = browser.post("/casino/limits", {"stake_max": "10", "loss_per_day": "20"}, follow=True)
    assert "what is looser holds from" in text_of(page)
    assert re.search(r"From [^:]+, \d\d:\d\d: Largest stake of a spin: ₵10.00", text_of(page))
    assert fields_of(page)["stake_max"] == "2.00"
    assert fields_of(page)["loss_per_day"] == "20.00"
    wrong = browser.post("/casino/limits", {"stake_max": "much"})
    assert wrong.status_code == 400
    assert "Write a plain number like 12.50" in text_of(wrong)


def test_a_pause_is_confirmed_first_and_closes_the_machines(
    browser: Client, casino: Event, alice: Person
) -> None:
    question = browser.get("/casino/limits/pause?hours=24")
    assert "Nobody can end that early" in text_of(question)
    with tenancy.scope(casino.tenant):
        assert not PlayLimit.objects.exists()
    done = browser.post("/casino/limits/pause", {"hours": "24"}, follow=True)
    assert "The machines are closed to you until" in text_of(done)
    machine = browser.get(GRID)
    assert "You have asked to be kept from playing until" in text_of(machine)
    refused = browser.post(GRID, fields_of(machine) | {"bet_amount": "100"})
    assert refused.status_code == 409
    assert rounds(alice) == []
    shorter = browser.post("/casino/limits/pause", {"hours": "1"}, follow=True)
    assert "a pause is never shortened" in text_of(shorter)
    assert browser.get("/casino/limits/pause?hours=x", follow=True).redirect_chain


def test_the_sitting_is_told_on_the_machine(browser: Client, casino: Event, alice: Person) -> None:
    assert "You have just sat down." in text_of(browser.get(GRID))
    put_seed(alice, GLITCH, [lambda drawn: not drawn.played.line_bets] * 2, ["mine"] * 2)
    spin(browser)
    spin(browser)
    assert "Playing for under a minute · altogether −₵2.00" in text_of(browser.get(GRID))


def test_an_event_that_expects_few_spins_has_its_odds_too(browser: Client, casino: Event) -> None:
    with tenancy.scope(casino.tenant):
        Game.objects.update(spins_expected=1)
    assert "In 100 spins it pays back anything from" in text_of(browser.get(f"{SHIP}/odds"))
