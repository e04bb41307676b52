"""A spin over HTTP: what it answers, and the same answer again."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from casino import games
from casino.services.configurations import set_payout
from casino.services.seeds import open_pairs
from tests.casino.asking import draw_next, seed_of_free_spins, seed_that_loses, seed_that_wins, spin
from tests.casino.floor import GLITCH, SMUGGLER, Floor
from tests.cast import OPENING_BALANCE


@pytest.fixture
def seeded(floor: Floor) -> Floor:
    """Alice has seen her seals."""
    open_pairs(actor=floor.alice.actor)
    return floor


@pytest.mark.parametrize("path", ["glitch-grid", "starlight-smuggler"])
def test_the_routes_of_the_first_system_play_the_same_machines(seeded: Floor, path: str) -> None:
    phone, game = seeded.alice.phone(), path.replace("-", "_")
    before = phone.get(f"casino/games/{path}").json()
    client_seed = seed_that_wins(seeded.alice, game)
    drawn = draw_next(seeded.alice, game, client_seed)
    body = {"bet_amount": 200, "client_seed": client_seed, "config": before["configuration"]["digest"]}
    answer = phone.post(f"casino/{path}/spin", body, **{"Idempotency-Key": "one"})
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers
    found, rules = answer.json(), games.CERTIFIED[game].rules
    line_bet = 200 // len(rules.lines)
    assert (found["game"], found["bet"], found["bet_display"]) == (game, 200, "₵2.00")
    assert ["".join(row) for row in found["grid"]] == list(drawn.played.base.window)
    assert [list(row) for row in zip(*found["reels"], strict=True)] == found["grid"]
    assert {letter for row in found["grid"] for letter in row} <= found["symbols"].keys()
    assert found["winning_lines"] == [
        {
            "line": won.line,
            "rows": list(rules.lines[won.line]),
            "symbol": won.symbol,
            "symbol_name": games.SYMBOL_NAMES[game][won.symbol],
            "count": won.count,
            "win": won.line_bets * line_bet,
            "win_display": f"₵{won.line_bets * line_bet / 100:.2f}",
        }
        for won in drawn.played.base.line_wins
    ]
    win = drawn.played.line_bets * line_bet
    assert (found["win_amount"], found["balance"]) == (win, OPENING_BALANCE - 200 + win)
    assert Fraction(found["win_multiplier"]) == Fraction(win, 200)
    assert seeded.alice.balance() == found["balance"]
    assert found["fairness"] == {
        "server_seed_hash": before["fairness"]["server_seed_hash"],
        "next_server_seed_hash": before["fairness"]["next_server_seed_hash"],
        "client_seed": client_seed,
        "nonce": 1,
        "configuration": before["configuration"]["digest"],
        "version": before["version"]["digest"],
        "stops": list(drawn.stops),
        "free_stops": [list(stops) for stops in drawn.free_stops],
        "selector": str(drawn.selector),
        "out_of": before["mix"]["out_of"],
        "set": drawn.strip_set.name,
    }


def test_free_spins_are_told_one_by_one_and_add_up(seeded: Floor) -> None:
    phone = seeded.alice.phone()
    found = spin(phone, SMUGGLER, client_seed=seed_of_free_spins(seeded.alice, SMUGGLER)).json()
    assert found["scatter_count"] >= 3
    assert found["scatter_win"] >= 2 * found["bet"]
    assert len(found["free_spins"]) == len(found["fairness"]["free_stops"]) >= 8
    base = sum(line["win"] for line in found["winning_lines"]) + found["scatter_win"]
    for free in found["free_spins"]:
        assert free["win"] == sum(line["win"] for line in free["winning_lines"]) + free["scatter_win"]
        assert all(line["win"] % 3 == 0 for line in free["winning_lines"]), "at x3"
    assert base + sum(free["win"] for free in found["free_spins"]) == found["win_amount"]


def test_a_spin_is_answered_again_as_it_was_whatever_has_happened_since(seeded: Floor) -> None:
    phone, answers = seeded.alice.phone(), {}
    for key, client_seed in (("won", seed_that_wins), ("lost", seed_that_loses)):
        body: dict[str, Any] = {"client_seed": client_seed(seeded.alice)}
        answers[key] = body, spin(phone, key=key, **body)
    phone.post("casino/fairness/rotate", {})
    phone.post("casino/fairness/rotate", {})
    set_payout(actor=seeded.world.gm.actor, game=GLITCH, payout=9000)
    seeded.change(GLITCH, enabled=False)
    for key, (body, first) in answers.items():
        money = seeded.alice.balance(), seeded.house(), len(seeded.rounds())
        again = spin(phone, key=key, **body)
        assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
        assert again.json() == first.json()
        assert (seeded.alice.balance(), seeded.house(), len(seeded.rounds())) == money


def test_without_a_client_seed_the_pairs_own_is_used(seeded: Floor) -> None:
    phone = seeded.alice.phone()
    own = phone.get("casino/fairness").json()["active"]["client_seed"]
    assert spin(phone).json()["fairness"]["client_seed"] == own
    assert phone.post("casino/fairness", {"client_seed": " mine, with space "}).status_code == 200
    assert spin(phone).json()["fairness"]["client_seed"] == " mine, with space "
    assert spin(phone, client_seed=None, config=None).json()["fairness"]["nonce"] == 3
