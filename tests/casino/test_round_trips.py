"""How often a spin and a list of rounds ask the database, and whether a list walks along an index: counted, never timed."""

from __future__ import annotations

from typing import Any

import pytest

from accounts import directory
from accounts.ids import uuid7
from accounts.units import unit_of_work
from casino.models import Round
from casino.selectors import files
from casino.services.configurations import set_payout
from ledger import numbers, posting
from ledger.posting import Authority, Order
from tests.casino.asking import seed_of_free_spins, seed_that_loses, seed_that_wins, spin
from tests.casino.floor import GLITCH, SMUGGLER, Floor, open_floor, play
from tests.cast import Person, make_world
from tests.sessions import Database
from tests.test_round_trips import analyse, known, plan_of, statements

SPIN_STATEMENTS_MAX = 6


@pytest.fixture
def floor(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Floor:
    """An open casino on a database where transactions are real; which host is whose stays known."""
    monkeypatch.setattr(directory, "KEPT_S", 3600.0)
    return open_floor(make_world())


def cost(phone: Any, game: str = GLITCH, **body: Any) -> tuple[list[str], Any]:
    """The statements that a spin takes, and its answer."""
    with statements() as sent:
        answer = spin(phone, game, **body)
    assert answer.status_code == 201
    return sent, answer.json()


@pytest.mark.postgresql_only
def test_a_spin_over_http_takes_at_most_six_statements(floor: Floor) -> None:
    phone = known(floor.alice)
    # Her seeds are made, and this process has read what the machines play.
    assert {phone.get(f"casino/{path}").status_code for path in ("fairness", "games")} == {200}
    taken = {"first": cost(phone, config=None)}
    for game in (GLITCH, SMUGGLER):
        taken[f"{game} lost"] = cost(phone, game, client_seed=seed_that_loses(floor.alice, game))
        taken[f"{game} won"] = cost(phone, game, client_seed=seed_that_wins(floor.alice, game))
    taken["free spins"] = cost(phone, SMUGGLER, client_seed=seed_of_free_spins(floor.alice, SMUGGLER))
    set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=9501)
    taken["another payout"] = cost(phone)
    phone.post("casino/fairness/rotate", {})
    taken["other seeds"] = cost(phone)
    assert taken["glitch_grid lost"][1]["win_amount"] == 0 < taken["glitch_grid won"][1]["win_amount"]
    for what, (sent, _answer) in taken.items():
        assert len(sent) <= SPIN_STATEMENTS_MAX, "\n".join([what, *sent])
        assert sum("ledger_post" in statement for statement in sent) <= 2, "what it would do, and doing it"


@unit_of_work
def played_by(person: Person, count: int, *, actor: Any) -> None:
    """``count`` more rounds of a player, written as a spin writes them."""
    orders = [
        Order(from_account=person.number, to_account=numbers.HOUSE, amount=1, kind="casino_bet")
        for _n in range(count)
    ]
    bets: Any = posting.post(actor=actor, transfers=orders, authority=Authority.GM)
    last = Round.objects.filter(user=person.user).order_by("-number")[0]
    values = {field.attname: getattr(last, field.attname) for field in Round._meta.concrete_fields}
    Round.objects.bulk_create(
        Round(
            **values
            | {
                "id": uuid7(),
                "number": last.number + n,
                "nonce": last.nonce + n,
                "bet_transfer_id": bet,
                "win_transfer_id": None,
                "win": 0,
                "line_bets": 0,
            }
        )
        for n, bet in enumerate(bets.ids, start=1)
    )


LISTS = {
    "my rounds": ("casino/rounds", {}),
    "my rounds on one machine": ("casino/rounds", {"game": "glitch-grid"}),
    "my file": ("casino/rounds/file", {}),
    "my sitting": ("casino/session", {}),
    "my seals": ("casino/fairness", {}),
    "the machines": ("casino/games", {}),
}


def asked(phone: Any, name: str) -> list[str]:
    """The statements that a list takes."""
    path, query = LISTS[name]
    with statements() as sent:
        assert phone.get(path, **query).status_code == 200
    return sent


@pytest.mark.postgresql_only
def test_lists_of_rounds_ask_as_often_for_a_thousand_as_for_ten_and_walk_along_an_index(
    floor: Floor, fresh_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With a third of all rounds in one file, reading the whole table would be right.
    monkeypatch.setattr(files, "FILE_ROUNDS_MAX", 50)
    phone, other = known(floor.alice), floor.event.person("Somebody else", money=1_000_00)
    for person in (floor.alice, other):
        phone.get("casino/fairness")
        play(person)
    played_by(floor.alice, 10, actor=floor.event.server)
    assert rotate(phone)
    play(floor.alice)
    few = {name: len(asked(phone, name)) for name in LISTS}
    for _time in range(4):
        played_by(floor.alice, 250, actor=floor.event.server)
        played_by(other, 1000, actor=floor.event.server)
        assert rotate(phone)
        play(floor.alice)
    analyse(fresh_database)
    assert {name: len(asked(phone, name)) for name in LISTS} == few
    for name in LISTS:
        for statement in asked(phone, name):
            plan = plan_of(floor.world, statement)
            assert "Seq Scan on casino_round" not in plan, f"{name}:\n{statement}\n{plan}"


def rotate(phone: Any) -> bool:
    return bool(phone.post("casino/fairness/rotate", {}).status_code == 200)
