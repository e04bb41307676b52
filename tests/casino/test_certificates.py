"""The certificates: counted in full, computed from symbol counts alone, and what was stored; all three the same."""

from __future__ import annotations

import json
from fractions import Fraction
from functools import cache
from itertools import product
from math import sqrt
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from casino import certifying
from casino.band import band
from casino.certificate import Certificate, MixedFigures, certificates, figures_of, mixed
from casino.closed_form import closed_form, counts_of
from casino.distribution import Distribution
from casino.enumeration import enumerate_spins, stops_paying
from casino.games import CERTIFIED, GLITCH_GRID, STARLIGHT_SMUGGLER
from casino.mixing import PAYOUT_MAX, PAYOUT_MIN, payout
from casino.reels import GameVersion, Rules, evaluate, free_spins_of, play
from tests.house import PROJECT

pytestmark = pytest.mark.once

VECTORS = json.loads((PROJECT / "tests" / "vectors" / "reels.json").read_text())
GLITCH, SMUGGLER = CERTIFIED[GLITCH_GRID], CERTIFIED[STARLIGHT_SMUGGLER]
games = pytest.mark.parametrize("version", CERTIFIED.values(), ids=CERTIFIED)
SETS = [(version, one.name) for version in CERTIFIED.values() for one in version.sets]
sets = pytest.mark.parametrize(
    ("version", "name"), SETS, ids=[f"{version.rules.game}-{name}" for version, name in SETS]
)


@cache
def counted(game: str) -> dict[str, Certificate]:
    """Each set of a game, enumerated in full, once for this file."""
    return {one.name: one for one in certifying.certify(CERTIFIED[game])}


# -- three ways to the same figures ------------------------------------------------------------------------------------


@sets
def test_the_enumeration_the_closed_form_and_the_set_itself_say_the_same_fraction(
    version: GameVersion, name: str
) -> None:
    one = version.set_named(name)
    assert counted(version.rules.game)[name].rtp == closed_form(version.rules, one.strips) == one.rtp


@games
def test_the_published_figures_of_the_given_sets_come_out(version: GameVersion) -> None:
    found = counted(version.rules.game)
    for letter, name in (("L", "84"), ("H", "98")):
        published, one = VECTORS[version.rules.game]["sets"][letter], found[name]
        assert one.rtp == Fraction(published["rtp"])
        assert float(one.hit_frequency) == published["hit_frequency"]
        most = published.get("max_win_x_bet", published.get("max_base_win_x_bet"))
        assert one.max_spin == most * version.line_count
        if "sigma_per_bet" in published:
            assert float(one.sigma) == pytest.approx(published["sigma_per_bet"], rel=1e-15)
        if "feature_one_in" in published:
            assert float(1 / one.feature_frequency) == pytest.approx(published["feature_one_in"], rel=1e-15)
            assert max(found[name].bound for name in ("84", "98")) == 11_983 * version.line_count


@games
def test_what_is_stored_is_what_comes_out_now(version: GameVersion) -> None:
    game = version.rules.game
    assert dict(certificates(version)) == counted(game)
    assert figures_of(version)["98"]["bound"] == counted(game)["98"].bound
    text = certifying.as_text(version, counted(game))
    assert [path.read_text() for path in certifying.files_of(game)] == [text, text], "run: make certify"


def test_a_changed_certificate_is_found_and_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(certifying, "CERTIFIED", {GLITCH_GRID: GLITCH})
    monkeypatch.setattr("casino.management.commands.certify_games.CERTIFIED", {GLITCH_GRID: GLITCH})
    call_command("certify_games", "--check")
    assert "agree" in capsys.readouterr().out
    monkeypatch.setattr(certifying, "PAGES", tmp_path)
    with pytest.raises(CommandError, match="make certify"):
        call_command("certify_games", "--check")
    monkeypatch.setattr(certifying, "DATA", tmp_path)
    call_command("certify_games")
    call_command("certify_games", "--check")
    page = tmp_path / "glitch_grid.json"
    page.write_text(page.read_text().replace('"bound_line_bets": 658', '"bound_line_bets": 657'))
    with pytest.raises(CommandError, match=r"glitch_grid\.json is not what the reels give"):
        call_command("certify_games", "--check")


def test_a_set_that_claims_another_rtp_than_it_has_is_refused() -> None:
    one = GLITCH.set_named("84")
    claimed = type(one)("84", one.strips, one.rtp + Fraction(1, 13824))
    with pytest.raises(ValueError, match="must be the same"):
        certifying.certify_set(GLITCH.rules, claimed)


# -- the enumeration against the rules ---------------------------------------------------------------------------------


def small(reels: int, stops: int, wild_pays: bool) -> Rules:
    """A game small enough to play every combination by hand."""
    lines = ((1,) * reels, (0,) * reels, tuple(row % 2 for row in range(reels)))
    pays = {"A": {2: 3, reels: 40}, "B": {reels: 9}} | ({"W": {reels: 100}} if wild_pays else {})
    return Rules("small", reels, 2, stops, lines, pays, "W", ".", "S", {2: 1, 3: 4}, {2: 2, 3: 3}, 3)


@settings(max_examples=40)
@given(data=st.data())
def test_every_combination_of_small_games_is_counted_as_the_rules_pay_it(data: st.DataObject) -> None:
    reels = data.draw(st.integers(2, 4))
    rules = small(reels, data.draw(st.integers(3, 5)), data.draw(st.booleans()))
    strips = [data.draw(st.text("AABW.S", min_size=rules.stops, max_size=rules.stops)) for _ in range(reels)]
    by_hand: dict[int, dict[int, int]] = {}
    for stops in product(range(rules.stops), repeat=reels):
        spin = evaluate(rules, strips, stops)
        pays = by_hand.setdefault(spin.scatters, {})
        pays[spin.line_bets] = pays.get(spin.line_bets, 0) + 1
    found = enumerate_spins(rules, strips)
    assert found == Distribution(rules.stops**reels, by_hand)
    for scatters, pays in by_hand.items():
        stops = stops_paying(rules, strips, scatters, max(pays))
        spin = evaluate(rules, strips, stops)
        assert (spin.scatters, spin.line_bets) == (scatters, max(pays))
    with pytest.raises(LookupError):
        stops_paying(rules, strips, 0, 7)
    if any((strip * 2)[stop : stop + 2].count("S") == 2 for strip in strips for stop in range(rules.stops)):
        with pytest.raises(ValueError, match="share a window"):
            counts_of(rules, strips)
    else:
        assert closed_form(rules, strips) == found.round_moment(rules, 1) / len(rules.lines)


def test_the_moments_of_a_round_are_those_of_every_round_there_is() -> None:
    rules = small(2, 3, wild_pays=False)
    for chosen in (("ASB", "WA."), ("ASB", "SA.")):
        spins = [evaluate(rules, chosen, stops) for stops in product(range(3), repeat=2)]
        every = [
            (Fraction(1, 9 ** (1 + free)), spin.line_bets + 3 * sum(one.line_bets for one in more))
            for spin in spins
            for free in [free_spins_of(rules, spin.scatters)]
            for more in product(spins, repeat=free)
        ]
        found = enumerate_spins(rules, chosen)
        assert sum(share for share, _prize in every) == 1
        for power in (1, 2, 3):
            assert found.round_moment(rules, power) == sum(share * prize**power for share, prize in every)
        assert found.max_round(rules) == max(prize for _share, prize in every)
        assert found.max_round(rules) <= found.bound(rules)


# -- the largest prize -------------------------------------------------------------------------------------------------


@sets
def test_the_largest_round_is_reached_at_the_stops_named_and_the_bound_is_never_passed(
    version: GameVersion, name: str
) -> None:
    one, rules, strips = certificates(version)[name], version.rules, version.set_named(name).strips
    owed = free_spins_of(rules, evaluate(rules, strips, one.best_start).scatters)
    assert play(rules, strips, one.best_start, [one.best_stops] * owed).line_bets == one.max_round
    assert evaluate(rules, strips, one.best_stops).line_bets == one.max_spin
    by_scatters = one.distribution.counts
    rounds = [
        max(pays) + free_spins_of(rules, scatters) * rules.free_spin_multiplier * one.max_spin
        for scatters, pays in by_scatters.items()
    ]
    assert max(rounds) == one.max_round <= one.bound
    assert one.bound == one.max_spin * (
        1 + rules.free_spin_multiplier * max(rules.free_spins.values(), default=0)
    )


# -- mixes -------------------------------------------------------------------------------------------------------------


@games
def test_two_hundred_payouts_are_made_exactly_of_the_sets_figures(version: GameVersion) -> None:
    known = certificates(version)
    step = (PAYOUT_MAX - PAYOUT_MIN) // 199
    for hundredths in [*range(PAYOUT_MIN, PAYOUT_MAX - step, step), PAYOUT_MAX]:
        found = mixed(version, payout(hundredths))
        assert found.rtp == Fraction(hundredths, 10_000)
        low, high = known[found.mix.low.name], known[found.mix.high.name]
        assert found.bound in (low.bound, high.bound)
        assert found.bound >= max(one.max_round for _share, one in found.sets)
        # The variance of a mix is what the sets vary, and what they differ.
        weight = Fraction(found.mix.chosen, found.mix.out_of)
        between = weight * (1 - weight) * (high.rtp - low.rtp) ** 2
        assert found.variance == (1 - weight) * low.variance + weight * high.variance + between
    assert Fraction(20, 100) <= mixed(version, payout(9600)).hit_frequency <= Fraction(35, 100)


def test_another_version_has_no_certificate() -> None:
    with pytest.raises(LookupError, match="not certified"):
        certificates(GameVersion(GLITCH.rules, GLITCH.sets[1:]))


def drawn(figures: MixedFigures, rounds: int, random: np.random.Generator) -> NDArray[np.int64]:
    """The prizes of so many rounds in line bets, drawn from the counts of the sets by another generator."""
    rules, prizes = figures.rules, np.zeros(rounds, dtype=np.int64)
    on_set = random.choice(len(figures.sets), rounds, p=[float(share) for share, _one in figures.sets])
    for number, (_share, one) in enumerate(figures.sets):
        spins = [(s, pays, n) for s, of in one.distribution.counts.items() for pays, n in of.items()]
        pays = np.array([spin[1] for spin in spins])
        gives = np.array([free_spins_of(rules, spin[0]) for spin in spins])
        chance = np.array([spin[2] for spin in spins]) / one.distribution.combinations
        here = np.flatnonzero(on_set == number)
        base = random.choice(len(spins), here.size, p=chance)
        prizes[here] = pays[base]
        free = np.repeat(here, gives[base])
        won = pays[random.choice(len(spins), free.size, p=chance)] * rules.free_spin_multiplier
        np.add.at(prizes, free, won)
    return prizes


@games
def test_an_event_of_a_thousand_rounds_is_outside_the_band_as_often_as_it_says(version: GameVersion) -> None:
    figures, events, rounds = mixed(version, payout(9600)), 4_000, 1_000
    paid = drawn(figures, events * rounds, np.random.default_rng(9600)).reshape(events, rounds).sum(axis=1)
    low, high = (edge * rounds * version.line_count / 10_000 for edge in band(figures, rounds))
    for missed in ((paid < low).mean(), (paid > high).mean()):
        assert abs(missed - 0.025) < 4 * sqrt(0.025 * 0.975 / events)


def test_bands_narrow_with_the_square_root_and_refuse_what_says_nothing() -> None:
    figures = mixed(SMUGGLER, payout(9600))
    widths = [high - low for low, high in (band(figures, rounds) for rounds in (10_000, 1_000_000))]
    assert widths[0] / widths[1] == pytest.approx(10, rel=0.02)
    assert band(figures, 10**9)[0] <= 9600 <= band(figures, 10**9)[1]
    for rounds in (99, 10**9 + 1):
        with pytest.raises(ValueError, match="rounds"):
            band(figures, rounds)
