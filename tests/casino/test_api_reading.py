"""What the casino tells over HTTP: machines, rounds and their file, seeds, limits, sittings."""

from __future__ import annotations

import hashlib
import json
import uuid
from fractions import Fraction
from typing import Any

import pytest

from accounts import tenancy
from casino import fairness, games
from casino.configuration import parse_payout
from casino.drawing import draw_round
from casino.mixing import mix, payout
from casino.models import Game, StoryRound
from casino.reels import GameVersion
from casino.selectors import files
from casino.services.configurations import set_payout
from tests.casino.asking import seed_that_loses, spin
from tests.casino.floor import GLITCH, SMUGGLER, Floor
from tests.cast import make_event
from tests.ledger.asking import refusal


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_a_machine_tells_what_it_pays_exactly(floor: Floor) -> None:
    phone = floor.alice.phone()
    found = phone.get("casino/games").json()
    assert found["next"] is None
    assert [game["name"] for game in found["results"]] == [GLITCH, SMUGGLER]
    for shown in found["results"]:
        assert shown == phone.get(f"casino/games/{shown['name'].replace('_', '-')}").json()
        low, high = (Fraction(shown["mix"][end]["rtp"]) for end in ("low", "high"))
        weight = Fraction(int(shown["mix"]["chosen"]), int(shown["mix"]["out_of"]))
        assert low + weight * (high - low) == Fraction("0.96") == Fraction(shown["payout_percentage"]) / 100
        assert sha256(shown["version"]["canonical"]) == shown["version"]["digest"]
        configuration = shown["configuration"]
        assert sha256(configuration["canonical"]) == configuration["digest"]
        said = json.loads(configuration["canonical"])
        assert (said["version"], said["payout"]) == (shown["version"]["digest"], "96.00")
        assert (configuration["seq"], configuration["prev"], said["prev"]) == (1, "", "")
        rules = games.CERTIFIED[shown["name"]].rules
        assert (shown["reels"], shown["rows"], shown["lines"]) == (
            rules.reels,
            rules.rows,
            [list(line) for line in rules.lines],
        )
        pays = {
            each["symbol"]: {prize["count"]: prize["pays"] for prize in each["line_pays"]}
            for each in shown["paytable"]
        }
        assert pays == {symbol: dict(rules.pays.get(symbol, {})) for symbol in rules.symbols}
        assert (shown["state"], shown["notice"], shown["enabled"], shown["sealed"]) == (
            "open",
            "",
            True,
            None,
        )
        assert (shown["stakes"][0], shown["stakes_display"][0]) == (100, "₵1.00")
        assert shown["largest_stake"] == 2000
        assert Fraction(shown["max_win_multiplier"]) > 100
        assert (shown["pace_ms"], shown["autoplay"], shown["story_rounds"]) == (0, False, 0)
        assert shown["fairness"] is None, "she has no seeds yet"
    seals = phone.get("casino/fairness").json()
    assert phone.get("casino/games/glitch-grid").json()["fairness"] == {
        "server_seed_hash": seals["active"]["server_seed_hash"],
        "next_server_seed_hash": seals["next"]["server_seed_hash"],
        "client_seed": seals["active"]["client_seed"],
        "nonce": 0,
    }


def test_a_machine_tells_why_it_stands_still_and_what_the_plot_gave(floor: Floor) -> None:
    phone = floor.alice.phone()
    floor.change(GLITCH, frozen_reason="Cut cable.", opens_at="20:00", closes_at="02:30")
    floor.change(SMUGGLER, enabled=False)
    with tenancy.scope(floor.event.tenant):
        game = Game.objects.get(name=GLITCH)
        version = game.configurations.get().version
        StoryRound.objects.create(
            user=floor.alice.user, game=game, version=version, set_name="84", stops=[0, 0, 0], reason="plot"
        )
    glitch, smuggler = phone.get("casino/games").json()["results"]
    assert (glitch["state"], glitch["notice"], glitch["story_rounds"]) == ("frozen", "Cut cable.", 1)
    assert (glitch["opens_at"], glitch["closes_at"]) == ("20:00", "02:30")
    assert (smuggler["state"], smuggler["enabled"]) == ("closed", False)
    assert smuggler["notice"] == "Starlight Smuggler is closed. Ask a game master."
    assert refusal(phone.get("casino/games/roulette")) == (404, "unknown_game")
    assert refusal(floor.world.till.device().get("casino/games")) == (403, "not_for_keys")
    assert refusal(floor.event.phone().get("casino/games")) == (401, "not_signed_in")


def test_an_event_without_a_casino_has_no_machines(db: None) -> None:
    phone = make_event("casinoless").person("Vex", money=500).phone()
    assert phone.get("casino/games").json() == {"results": [], "next": None}
    assert refusal(phone.get("casino/games/glitch-grid")) == (404, "unknown_game")
    assert refusal(spin(phone)) == (404, "unknown_game")
    assert phone.get("casino/rounds").json() == {"results": [], "next": None}


def test_rounds_are_the_players_own_and_hold_all_that_was_answered(floor: Floor) -> None:
    phone, bob = floor.alice.phone(), floor.world.bob.phone()
    answers = [spin(phone, SMUGGLER if n % 2 else GLITCH).json() for n in range(5)]
    page = phone.get("casino/rounds", limit=3).json()
    rest = phone.client.get(page["next"], headers=phone.headers, HTTP_HOST=phone.host).json()
    listed = page["results"] + rest["results"]
    assert [one["round_id"] for one in listed] == [one["round_id"] for one in reversed(answers)]
    assert rest["next"] is None
    for one, answered in zip(listed, reversed(answers), strict=True):
        balance = {name for name in answered if name.startswith("balance")}
        assert one.keys() == answered.keys() - balance
        assert one["fairness"]["server_seed"] is None
        assert {**one, "fairness": None} == {
            name: None if name == "fairness" else value
            for name, value in answered.items()
            if name not in balance
        }
    only = phone.get("casino/rounds", game="starlight-smuggler").json()["results"]
    assert {one["game"] for one in only} == {SMUGGLER}
    assert phone.get("casino/rounds", game="roulette").status_code == 400
    address = f"casino/rounds/{answers[0]['round_id']}"
    assert {**phone.get(address).json(), "proof": None} == {**listed[-1], "proof": None}
    assert refusal(bob.get(address)) == (404, "unknown_round")
    assert refusal(bob.get("casino/rounds/file", before=answers[0]["round_id"])) == (404, "unknown_round")
    assert refusal(phone.get(f"casino/rounds/{uuid.uuid4()}")) == (404, "unknown_round")
    assert bob.get("casino/rounds").json()["results"] == []
    assert floor.world.gm.phone().get(address).status_code == 200, "whoever works here may look"


def verified(file: dict[str, Any]) -> int:
    """How many rounds of a file are drawn again as they stand there."""
    assert file["format"] == "neobank-rounds-1"
    for one in file["rounds"]:
        assert sha256(one["server_seed"]) == one["server_seed_hash"]
        configuration = json.loads(file["configurations"][one["configuration"]])
        version = GameVersion.parse(file["versions"][configuration["version"]])
        mixed = mix(version, payout(parse_payout(configuration["payout"])))
        stream = fairness.Stream(one["server_seed"], one["client_seed"], one["nonce"])
        drawn = draw_round(version.rules, mixed, stream)
        assert one["game"] == version.rules.game
        assert (one["stops"], one["free_stops"]) == (list(drawn.stops), list(map(list, drawn.free_stops)))
        assert (one["selector"], one["out_of"]) == (str(drawn.selector), str(mixed.out_of))
        assert (one["set"], one["line_bets"]) == (drawn.strip_set.name, drawn.played.line_bets)
        assert (one["stake"], one["win"]) == (
            one["line_bet"] * version.line_count,
            one["line_bet"] * one["line_bets"],
        )
    return len(file["rounds"])


def test_the_file_of_rounds_draws_them_all_again(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = floor.alice.phone()
    phone.get("casino/fairness")
    for n in range(7):
        spin(phone, SMUGGLER if n % 2 else GLITCH, client_seed=f"{n} ünï 🦊")
        if n == 3:
            set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=8912)
    waiting = phone.get("casino/rounds/file")
    assert {one["server_seed"] for one in waiting.json()["rounds"]} == {None}
    phone.post("casino/fairness/rotate", {})
    answer = phone.get("casino/rounds/file")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="neobank-rounds.json"'
    assert "Link" not in answer.headers
    assert [one["nonce"] for one in answer.json()["rounds"]] == [7, 6, 5, 4, 3, 2, 1]
    assert verified(answer.json()) == 7
    one = answer.json()["rounds"][0]
    detail = phone.get(f"casino/rounds/{one['id']}").json()
    assert (detail["proof"]["rounds"], verified(detail["proof"])) == ([one], 1)
    assert detail["fairness"]["server_seed"] == one["server_seed"]
    monkeypatch.setattr(files, "FILE_ROUNDS_MAX", 3)
    lengths, address = [], "/api/v1/casino/rounds/file"
    while address:
        part = phone.client.get(address, headers=phone.headers, HTTP_HOST=phone.host)
        lengths.append(verified(part.json()))
        address = part.headers.get("Link", "").removesuffix('>; rel="next"').removeprefix("<")
    assert lengths == [3, 3, 1]


def test_seeds_are_committed_to_and_told_when_they_are_over(floor: Floor) -> None:
    phone = floor.alice.phone()
    first = phone.get("casino/fairness").json()
    assert first == phone.get("casino/fairness").json()
    assert first["retired"] == []
    spin(phone)
    spin(phone)
    assert phone.get("casino/fairness").json()["active"]["nonce"] == 2
    chosen = phone.post("casino/fairness", {"client_seed": "chosen"}).json()
    assert chosen["active"] == first["active"] | {"client_seed": "chosen", "nonce": 2}
    rotated = phone.post("casino/fairness/rotate", {"client_seed": "another"}).json()
    assert rotated["active"] == {
        "server_seed_hash": first["next"]["server_seed_hash"],
        "client_seed": "another",
        "nonce": 0,
    }
    [told] = rotated["retired"]
    assert told["server_seed_hash"] == first["active"]["server_seed_hash"] == sha256(told["server_seed"])
    for body in ({"client_seed": "a:b"}, {"client_seed": None}, {"server_seed": "mine"}, {}):
        assert phone.post("casino/fairness", body).status_code == 400
    assert refusal(phone.post("casino/fairness/rotate", {"client_seed": ""})) == (400, "invalid_client_seed")
    assert phone.get("casino/fairness").json() == rotated
    assert spin(phone).json()["fairness"]["nonce"] == 1


def put(phone: Any, **body: Any) -> Any:
    return phone._send("put", "casino/limits", data=json.dumps(body), content_type="application/json")


def test_limits_hold_tighter_at_once_and_looser_later(floor: Floor) -> None:
    phone = floor.alice.phone()
    none = {"stake_max": None, "loss_per_day": None, "loss_per_session": None}
    nothing = {"now": none, "later": none, "later_at": None, "paused_until": None}
    assert phone.get("casino/limits").json() == nothing
    tight = {"stake_max": 200, "loss_per_day": 0, "loss_per_session": None}
    assert put(phone, **tight).json() == nothing | {"now": tight, "later": tight}
    loose = put(phone, **none).json()
    assert (loose["now"], loose["later"]) == (tight, none)
    assert loose["later_at"] is not None
    assert phone.get("casino/limits").json() == loose
    for body, code in (
        ({}, "invalid_request"),
        ({"stake_max": 100}, "invalid_request"),
        (tight | {"stake_max": 0}, "invalid_limit"),
        (tight | {"loss_per_day": -1}, "invalid_limit"),
        (tight | {"loss_per_day": 5.0}, "invalid_limit"),
        (tight | {"loss_per_day": 2**53}, "invalid_limit"),
        ({"pause_hours": 0}, "invalid_pause"),
        ({"pause_hours": 8761}, "invalid_pause"),
        ({"pause_hours": True}, "invalid_pause"),
    ):
        assert refusal(put(phone, **body)) == (400, code), body
    paused = put(phone, pause_hours=48).json()
    assert (paused["now"], paused["later_at"]) == (tight, loose["later_at"])
    assert paused["paused_until"] is not None
    assert refusal(spin(phone)) == (409, "playing_paused")
    assert refusal(put(phone, **none, pause_hours=1)) == (409, "pause_longer")
    assert phone.get("casino/limits").json() == paused, "both or neither"


def test_a_sitting_is_counted_from_its_first_round(floor: Floor) -> None:
    phone = floor.alice.phone()
    nothing = phone.get("casino/session").json()
    assert (nothing["started_at"], nothing["rounds"], nothing["net_display"]) == (None, 0, "₵0.00")
    phone.get("casino/fairness")
    for _time in range(2):
        spin(phone, client_seed=seed_that_loses(floor.alice))
    found = phone.get("casino/session").json()
    assert (found["rounds"], found["staked"], found["won"]) == (2, 200, 0)
    assert (found["net"], found["net_display"]) == (-200, "-₵2.00")
    assert found["started_at"] < found["last_at"]
    assert found["elapsed_seconds"] >= 0
