"""Spins: what is paid, what is kept of a round, and what is refused before anything is drawn."""

from __future__ import annotations

from tests.casino.floor import GLITCH, SMUGGLER, Floor, play


def test_a_spin_takes_the_bet_and_pays_the_win(floor: Floor) -> None:
    alice, house = floor.alice.balance(), floor.house()
    won = staked = 0
    for n in range(30):
        spun = play(floor.alice, SMUGGLER if n % 2 else GLITCH)
        staked += 1_00
        won += spun.round.win
        assert spun.balance == alice - staked + won == floor.alice.balance()
        assert floor.house() == house + staked - won
        assert spun.round.nonce == n + 1 == spun.round.number == spun.round.session_rounds
        assert (spun.round.session_staked, spun.round.session_won) == (staked, won)
