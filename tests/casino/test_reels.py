"""What a window pays, told twice: by the rules of the project, and by somebody who reads the paytable to the letter."""

from __future__ import annotations

import json
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casino.drawing import draw_round
from casino.fairness import Stream
from casino.games import CERTIFIED, GLITCH_GRID, STARLIGHT_SMUGGLER, SYMBOL_NAMES
from casino.mixing import PAYOUT_MAX, PAYOUT_MIN, mix, payout, sets_within
from casino.reels import GameVersion, LineWin, StripSet, evaluate, play
from tests.house import PROJECT

VECTORS = json.loads((PROJECT / "tests" / "vectors" / "reels.json").read_text())
ROUNDS = [
    one
    for one in json.loads((PROJECT / "tests" / "vectors" / "fairness.json").read_text())["reference"]
    if "game" in one
]
NAMES = {"L": "84", "H": "98"}
GLITCH, SMUGGLER = CERTIFIED[GLITCH_GRID], CERTIFIED[STARLIGHT_SMUGGLER]
games = pytest.mark.parametrize("version", CERTIFIED.values(), ids=CERTIFIED)


# -- the published vectors ---------------------------------------------------------------------------------------------


@games
def test_the_given_sets_lines_and_prizes_are_played_as_they_were_published(version: GameVersion) -> None:
    given_game, rules = VECTORS[version.rules.game], version.rules
    for letter, name in NAMES.items():
        published = given_game["sets"][letter]
        assert list(version.set_named(name).strips) == published["strips"]
        assert version.set_named(name).rtp == Fraction(published["rtp"])
    assert ["".join(map(str, line)) for line in rules.lines] == given_game["lines"]
    pays = {
        symbol: {int(count): prize for count, prize in (of if isinstance(of, dict) else {"3": of}).items()}
        for symbol, of in given_game["pays_per_line_bet"].items()
    }
    assert rules.pays == pays
    assert {str(n): x for n, x in rules.scatter_pays.items()} == given_game.get(
        "scatter_pays_x_total_bet", {}
    )
    assert {str(n): x for n, x in rules.free_spins.items()} == given_game.get("free_spins", {})
    assert rules.free_spin_multiplier == given_game.get("free_spin_multiplier", 1)


@games
def test_at_94_per_cent_the_mix_is_the_published_one(version: GameVersion) -> None:
    found = mix(version, payout(9400))
    assert (found.low.name, found.high.name) == ("84", "98")
    assert f"{found.chosen}/{found.out_of}" == VECTORS["mix_at_94_percent"][f"{version.rules.game}_w"]


@pytest.mark.parametrize("vector", ROUNDS, ids=lambda one: f"{one['game']}-{one['nonce']}")
def test_the_published_rounds_come_out_of_their_seeds(vector: dict[str, Any]) -> None:
    version = CERTIFIED[vector["game"]]
    p = Fraction(vector["p_percent"]) / 100
    stream = Stream(vector["server_seed"], vector["client_seed"], vector["nonce"])
    drawn = draw_round(version.rules, mix(version, p), stream)
    assert (list(drawn.stops), drawn.selector) == (vector["stops"], vector["selector"])
    assert drawn.strip_set.name == NAMES[vector["set"]]
    base = drawn.played.base
    if "win_line_bets" in vector:
        assert drawn.played.line_bets == vector["win_line_bets"]
    else:
        assert base.scatters == vector["scatters"]
        assert base.line_bets == vector["win_x_bet"] * version.line_count
        assert len(drawn.played.free_spins) == 8


# -- the other reader of the paytable ----------------------------------------------------------------------------------


def told_by_hand(
    version: GameVersion, strips: tuple[str, ...], stops: list[int]
) -> tuple[list[LineWin], int, int]:
    """Line wins, scatters and the whole prize, by trying every symbol and every length on every line."""
    rules = version.rules
    columns = [(strip * 2)[stop : stop + rules.rows] for strip, stop in zip(strips, stops, strict=True)]
    wins = []
    for number, line in enumerate(rules.lines):
        cells = "".join(column[row] for column, row in zip(columns, line, strict=True))
        prizes = [
            LineWin(number, symbol, count, prize)
            for symbol, pays in rules.pays.items()
            for count, prize in pays.items()
            if set(cells[:count]) <= {symbol, "W"}
            and (symbol in cells[:count] if symbol != "W" else set(cells) == {"W"})
            and (count == len(cells) or cells[count] not in {symbol, "W"})
        ]
        assert len(prizes) <= 1, "two prizes on one line"
        wins += prizes
    scatters = Counter("".join(columns))["S"]
    prize = sum(win.line_bets for win in wins)
    return wins, scatters, prize + {3: 2, 4: 10, 5: 50}.get(scatters, 0) * len(rules.lines)


@games
@given(data=st.data())
def test_any_window_of_any_strips_pays_what_a_second_reading_says(
    version: GameVersion, data: st.DataObject
) -> None:
    rules = version.rules
    few = data.draw(st.permutations(rules.symbols.replace("W", "")))[:3]
    strips = tuple(
        # Few different symbols, so that lines pay; wild where the game has it.
        data.draw(st.text([*few, *("W" if rules.reels == 3 or 0 < reel < 4 else "")], min_size=n, max_size=n))
        for reel, n in enumerate([rules.stops] * rules.reels)
    )
    stops = [data.draw(st.integers(0, rules.stops - 1)) for _ in range(rules.reels)]
    wins, scatters, prize = told_by_hand(version, strips, stops)
    spin = evaluate(rules, strips, stops)
    assert (list(spin.line_wins), spin.line_bets) == (wins, prize)
    assert spin.scatters == scatters
    tripled = evaluate(rules, strips, stops, multiplier=3)
    assert tripled.line_bets == 3 * prize
    assert tripled.scatter_line_bets == 3 * spin.scatter_line_bets


def test_the_window_is_the_stop_and_what_follows_it_around_the_ring() -> None:
    strips = tuple("ABCDEFGHIJKLMNOPQRSTUVWX" for _ in range(3))
    assert evaluate(GLITCH.rules, strips, [0, 23, 22]).window == ("AXW", "BAX", "CBA")


def test_three_wilds_pay_as_wilds_two_stand_for_the_third_and_the_blank_pays_nothing() -> None:
    def middle(cells: str) -> int:
        strips = tuple(f".{cell}".ljust(24, ".") for cell in cells)
        return evaluate(GLITCH.rules, strips, [0, 0, 0]).line_bets

    assert [middle(cells) for cells in ("WWW", "WWB", "B7B", "BWB", "...", "W.W")] == [500, 8, 0, 8, 0, 0]


def test_a_round_pays_its_free_spins_threefold_and_wants_exactly_as_many_as_it_gave() -> None:
    rules, strips = SMUGGLER.rules, SMUGGLER.set_named("98").strips
    stops, best = [12, 0, 22, 11, 5], [7, 2, 23, 2, 18]
    nothing = next(
        [stop, 0, 0, 0, 0] for stop in range(30) if not evaluate(rules, strips, [stop, 0, 0, 0, 0]).line_bets
    )
    played = play(rules, strips, stops, [best, *[nothing] * 7])
    assert (played.base.line_bets, played.free_spins[0].line_bets) == (20, 3 * 2580)
    assert played.line_bets == 20 + 3 * 2580
    # Three scatters in a free spin pay, times three, and give nothing more.
    again = play(rules, strips, stops, [stops, *[nothing] * 7])
    assert again.line_bets == 20 + 60
    for wrong in (0, 7, 9):
        with pytest.raises(ValueError, match="gives 8 free spins"):
            play(rules, strips, stops, [nothing] * wrong)
    for off in ([30, 0, 0, 0, 0], [-1, 0, 0, 0, 0], [0, 0, 0, 0]):
        with pytest.raises(ValueError, match="stops from 0 to 29"):
            evaluate(rules, strips, off)


# -- a version and its text --------------------------------------------------------------------------------------------


@games
def test_a_version_is_its_text(version: GameVersion) -> None:
    text = version.canonical()
    assert text.isascii()
    assert " " not in text
    assert GameVersion.parse(text) == version
    assert GameVersion.parse(text).digest == version.digest
    assert GameVersion.parse(text).rules.symbols == version.rules.symbols
    assert set(SYMBOL_NAMES[version.rules.game]) == set(version.rules.symbols)


def altered(**changes: Any) -> str:
    found = SMUGGLER.as_json()
    for path, value in changes.items():
        place: Any = found
        *way, last = path.split("__")
        for step in way:
            place = place[int(step)] if step.isdecimal() else place[step]
        if value is None and last not in ("wild", "blank", "scatter"):
            del place[last]
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return json.dumps(found)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "{}",
        altered(v=2),
        altered(v=True),
        altered(lines=None),
        altered(lines=[]),
        altered(lines__0="11113"),
        altered(lines__0="1111"),
        altered(sets=[]),
        altered(sets=[SMUGGLER.as_json()["sets"][0]] * 2),
        altered(sets__0__strips__0="H" * 29),
        altered(sets__0__strips__0="?" * 30),
        altered(sets__0__rtp="1/0"),
        altered(sets__0__rtp="0.84"),
        altered(sets__0__name="L"),
        altered(pays__A__5=0),
        altered(pays__A__5=2500.0),
        altered(pays__A__6=2500),
        altered(pays__W={"3": 5}),
        altered(pays__S={"3": 5}),
        altered(scatter=None),
        altered(wild="S"),
        altered(wild="WW"),
        altered(reels=True),
        altered(stops=2),
        altered(free_spin_multiplier=0),
        altered(jackpot="yes"),
        "[" * 100_000,
    ],
)
def test_a_text_that_is_no_game_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        GameVersion.parse(text)


def test_every_single_change_of_a_version_changes_its_digest() -> None:
    seen = {SMUGGLER.digest}
    for change in (
        altered(pays__A__5=2501),
        altered(lines__0="00001"),
        altered(free_spins__3=9),
        altered(scatter_pays__3=3),
        altered(free_spin_multiplier=2),
        altered(sets__0__strips__0=SMUGGLER.sets[0].strips[0][::-1]),
        altered(sets=SMUGGLER.as_json()["sets"][1:]),
    ):
        seen.add(GameVersion.parse(change).digest)
    assert len(seen) == 8


# -- exactly p ---------------------------------------------------------------------------------------------------------


@games
def test_for_any_payout_the_chance_of_each_set_makes_up_exactly_that(version: GameVersion) -> None:
    for hundredths in {PAYOUT_MIN, PAYOUT_MAX, *range(PAYOUT_MIN, PAYOUT_MAX, 49)}:
        found = mix(version, payout(hundredths))
        weight = Fraction(found.chosen, found.out_of)
        assert (1 - weight) * found.low.rtp + weight * found.high.rtp == Fraction(hundredths, 10_000)
        assert (found.chosen, found.out_of) == weight.as_integer_ratio()
        between = [one for one in version.sets if found.low.rtp < one.rtp < found.high.rtp]
        assert between == []
        assert {found.low, found.high} <= set(sets_within(version, hundredths, hundredths))


@games
def test_selectors_below_a_choose_the_higher_set(version: GameVersion) -> None:
    found = mix(version, payout(9400))
    assert [found.set_for(k) for k in (0, found.chosen - 1)] == [found.high] * 2
    assert [found.set_for(k) for k in (found.chosen, found.out_of - 1)] == [found.low] * 2
    for outside in (-1, found.out_of):
        with pytest.raises(ValueError, match="selector"):
            found.set_for(outside)


@games
def test_the_rtp_of_a_set_is_played_on_that_set_alone_and_still_draws_a_selector(
    version: GameVersion,
) -> None:
    for one in version.sets:
        found = mix(version, one.rtp)
        assert (found.low, found.high, found.chosen, found.out_of) == (one, one, 0, 1)
        assert found.set_for(0) == one


@games
def test_payouts_no_sets_can_make_are_refused(version: GameVersion) -> None:
    for p in (version.sets[0].rtp - Fraction(1, 10**9), version.sets[-1].rtp + Fraction(1, 10**9)):
        with pytest.raises(ValueError, match="No certified strip sets"):
            mix(version, p)
    for hundredths in (PAYOUT_MIN - 1, PAYOUT_MAX + 1):
        with pytest.raises(ValueError, match=r"50\.00 to 150\.00"):
            payout(hundredths)
    with pytest.raises(ValueError, match="ends before it begins"):
        sets_within(version, 9700, 9600)


@games
def test_a_range_of_payouts_names_every_set_one_of_them_may_use(version: GameVersion) -> None:
    for low, high in ((PAYOUT_MIN, PAYOUT_MAX), (9000, 9600), (8000, 9900), (5000, 5001)):
        used: set[StripSet] = set()
        for hundredths in {*range(low, high, 13), high}:
            found = mix(version, payout(hundredths))
            used |= {found.low, found.high}
        assert set(sets_within(version, low, high)) == used
