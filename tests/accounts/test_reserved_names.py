"""Whoever reads a name in a history knows who it is: people, factions and the bank itself share no name."""

from __future__ import annotations

import pytest

from accounts.errors import Conflict
from identity.services.people import create_user
from ledger.services.factions import found_faction
from tests.cast import EVENT_CODE, World

# Like none of the names below: a password like the name would be refused before the name is.
PASSWORD = "a 77-quiet zoo"

OF_THE_BANK = [
    "The Mint",
    "the  mint",
    "THE M1NT",
    "Ｔｈｅ Ｍｉｎｔ",
    "Mint",
    "The House",
    "NeoBank",
    "Casin0",
]
OF_THE_FACTION = ["Chrome Syndicate", "CHROME SYNDICATE", "Chrorne Syndicate", "Chrome Synd1cate"]


@pytest.mark.parametrize("name", [*OF_THE_BANK, *OF_THE_FACTION])
def test_nobody_registers_under_a_name_of_the_bank_or_of_a_faction(world: World, name: str) -> None:
    joining = {"character_name": name, "password": PASSWORD, "event_code": EVENT_CODE}
    answer = world.arcadia.phone().post("auth/register", joining)
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")
    assert answer.json()["errors"][0]["field"] == "character_name"
    joining["character_name"] = answer.json()["facts"]["suggestion"]
    assert world.arcadia.phone().post("auth/register", joining).status_code == 201


@pytest.mark.parametrize("name", ["The Mint", "Chrome Syndicate"])
def test_a_game_master_gives_no_such_name_either(world: World, name: str) -> None:
    with pytest.raises(Conflict) as caught:
        create_user(actor=world.gm.actor, character_name=name, password=PASSWORD)
    assert caught.value.code == "name_taken"


@pytest.mark.parametrize("name", [*OF_THE_BANK, *OF_THE_FACTION, "Alice", "AIice", "B0b"])
def test_no_faction_takes_a_name_of_the_bank_or_of_somebody(world: World, name: str) -> None:
    with pytest.raises(Conflict) as caught:
        found_faction(actor=world.gm.actor, name=name)
    assert (caught.value.code, caught.value.field) == ("name_taken", "name")


def test_a_faction_of_another_event_reserves_nothing_here(world: World) -> None:
    joining = {"character_name": "Ice Court", "password": PASSWORD, "event_code": EVENT_CODE}
    assert world.arcadia.phone().post("auth/register", joining).status_code == 201
    assert found_faction(actor=world.gm.actor, name="Charlie").name == "Charlie"
