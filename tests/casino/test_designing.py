"""The strip sets keep the rules they were searched by, and the searches find them again."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction

import pytest
from django.core.management import CommandError, call_command

from casino.certificate import certificates
from casino.certifying import certify_set
from casino.designing import MOST_OF_A_SYMBOL, SEARCHES, broken_rules
from casino.games import CERTIFIED, GLITCH_GRID, STARLIGHT_SMUGGLER
from casino.mixing import payout
from casino.reels import GameVersion

pytestmark = pytest.mark.once

games = pytest.mark.parametrize("version", CERTIFIED.values(), ids=CERTIFIED)


@games
def test_the_sets_span_all_payouts_and_the_given_ones_are_neighbours(version: GameVersion) -> None:
    names = [one.name for one in version.sets]
    assert len(names) >= 5
    assert version.sets[0].rtp <= payout(5000)
    assert version.sets[-1].rtp >= payout(15000)
    assert names.index("98") == names.index("84") + 1


@games
def test_every_set_keeps_every_rule_of_its_game(version: GameVersion) -> None:
    for one in version.sets:
        assert broken_rules(version.rules, one, certificates(version)[one.name]) == []
        # The rules once more, in other words.
        for reel, strip in enumerate(one.strips):
            wild_here = version.rules.reels == 3 or 0 < reel < 4
            assert set(version.rules.pays) - {"W"} <= set(strip)
            assert ("W" in strip) is wild_here
            assert strip.count("S") == (1 if version.rules.scatter else 0)
            assert all(strip.count(symbol) <= MOST_OF_A_SYMBOL for symbol in strip)
            assert all(a != b or a == "." for a, b in zip(strip, strip[1:] + strip[0], strict=True))


def test_each_broken_rule_is_named() -> None:
    version = CERTIFIED[GLITCH_GRID]
    good = version.set_named("84")
    certificate = certificates(version)["84"]

    def broken(**changes: object) -> list[str]:
        return broken_rules(version.rules, good, replace(certificate, **changes))  # type: ignore[arg-type]

    assert broken() == []
    assert broken(hit_frequency=Fraction(1, 10)) == ["The hit frequency is not 18 to 35 per cent."]
    assert broken(bound=10**6) == ["The bound is more than 140 bets."]
    strips = (good.strips[0].replace("W", "B"), good.strips[1].replace(".", "B"), good.strips[2])
    told = " ".join(broken_rules(version.rules, replace(good, strips=strips), certificate))
    for sentence in ("Reel 1 has 0 of W, not 1 to 1.", "On reel 2 two B stand side by side."):
        assert sentence in told


def test_the_searches_find_the_certified_sets_again(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("design_reels", "--game", GLITCH_GRID, "--repeat")
    found = [f"{GLITCH_GRID}, set {name}: found again." for name in ("49", "67", "122", "150")]
    assert capsys.readouterr().out.split("\n")[:-1] == found


@pytest.mark.soak
def test_the_searches_for_the_larger_game_do_so_too(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("design_reels", "--game", STARLIGHT_SMUGGLER, "--repeat")
    assert capsys.readouterr().out.count("found again") == len(SEARCHES[STARLIGHT_SMUGGLER])


def test_a_search_prints_strips_that_are_as_they_were_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("design_reels", "--game", GLITCH_GRID, "--rtp", "110", "--within", "1", "--seed", "neon")
    found = json.loads(capsys.readouterr().out)
    rtp = Fraction(found["rtp"])
    assert Fraction(109, 100) <= rtp <= Fraction(111, 100)
    rules = CERTIFIED[GLITCH_GRID].rules
    one = replace(CERTIFIED[GLITCH_GRID].sets[0], name=found["name"], strips=tuple(found["strips"]), rtp=rtp)
    assert broken_rules(rules, one, certify_set(rules, one)) == []


def test_what_cannot_be_searched_for_is_said() -> None:
    for arguments, said in (
        ([], "Say which RTP"),
        (["--rtp", "much"], "not a number"),
        (["--rtp", "NaN"], "not a number"),
        (["--rtp", "900"], "Try another seed"),
    ):
        with pytest.raises(CommandError, match=said):
            call_command("design_reels", "--game", GLITCH_GRID, *arguments)
