"""Many rounds, drawn and paid as real ones: what comes back is what was set, within four standard deviations."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from casino.certificate import mixed
from casino.games import CERTIFIED
from casino.mixing import payout
from casino.simulation import histogram, scores, simulate

pytestmark = pytest.mark.once

PAYOUTS = (5300, 9600, 13700)
cases = pytest.mark.parametrize(
    ("game", "hundredths"), [(game, hundredths) for game in CERTIFIED for hundredths in PAYOUTS]
)
SEED = "the seed of these tests"


def agree(game: str, hundredths: int, rounds: int) -> None:
    """Payout, hits and free spins of so many rounds are within four standard deviations."""
    figures = mixed(CERTIFIED[game], payout(hundredths))
    tally = simulate(figures, rounds, SEED)
    z = scores(figures, tally)
    seen = [score for score in (z.rtp, z.hits, z.features) if score is not None]
    assert len(seen) == (3 if CERTIFIED[game].rules.scatter else 2)
    assert all(abs(score) < 4 for score in seen), seen
    assert tally.most <= figures.max_round
    assert tally.rounds == sum(tally.steps.values()) == rounds


@cases
def test_what_comes_back_is_what_was_set(game: str, hundredths: int) -> None:
    agree(game, hundredths, 20_000)


@pytest.mark.soak
@cases
def test_what_comes_back_of_300_000_rounds_is_what_was_set(game: str, hundredths: int) -> None:
    agree(game, hundredths, 300_000)


def test_another_payout_than_the_one_played_is_noticed() -> None:
    version = CERTIFIED["glitch_grid"]
    tally = simulate(mixed(version, payout(9600)), 5_000, SEED)
    wrong = scores(mixed(version, payout(15000)), tally)
    assert wrong.rtp < -4 or wrong.hits < -4


def test_the_histogram_has_a_line_for_each_step_and_every_round_in_one() -> None:
    tally = simulate(mixed(CERTIFIED["starlight_smuggler"], payout(9600)), 500, SEED)
    lines = histogram(tally)
    counts = [int(line[20:33].replace(",", "")) for line in lines]
    assert sum(counts) == 500
    assert lines[0].split()[0] == "nothing"
    assert counts[0] == max(counts)


def test_the_command_plays_both_games_and_says_how_far_off_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("simulate_games", "--rounds", "300", "--payout", "103.50", "--seed", "x")
    told = capsys.readouterr().out
    for words in (
        "Glitch Grid, 103.50 %, 300 rounds",
        "Starlight Smuggler",
        "103.5000%",
        " z ",
        "free spins",
        "###",
    ):
        assert words in told
    call_command("simulate_games", "--rounds", "300", "--payout", "103.50", "--seed", "x")
    assert capsys.readouterr().out == told
    for arguments in (
        ["--payout", "49.99"],
        ["--payout", "96.001"],
        ["--payout", "x"],
        ["--rounds", "5"],
        ["--seed", "ä"],
    ):
        with pytest.raises(CommandError):
            call_command("simulate_games", *arguments)
