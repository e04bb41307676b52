"""Strangers' verifiers: the script and the page's own pass every true round, find every altered one, and agree on all of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import json
import random
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, sync_playwright

from casino.configuration import Step, commitment, digest, schedule_text
from casino.fairness import Stream
from casino.games import CERTIFIED
from casino.pages.verify_words import words
from tests.browser.conftest import chromium
from tests.casino.rounds import (
    HOUR,
    SPOILS,
    START,
    File,
    Maker,
    a_file,
    a_waiting_file,
    canonical,
    only,
    payouts_of,
    spoiled,
)
from tests.cast import make_event
from tests.databases import PROJECT
from tests.german.texts import bare_in_script

SCRIPT = PROJECT / "examples" / "verify_rounds.py"
SHORT = PROJECT / "examples" / "verify_60_lines.py"
ENGINE = PROJECT / "casino" / "verifier" / "rounds.js"
TRUE_ROUNDS, ALTERED_ROUNDS = 10_000, 1_000
#: What no field of a round may be.
VALUES: list[Any] = [[], {}, -1, 1.5, True, "constructor", [[[]]]]

# As text, for which a browser needs a hundredth of the time.
EXAMINE = """(text) => {
  const file = Verifier.read(text);
  const checker = new Verifier.Checker(file);
  return [checker.faults, ...file.rounds.map((round) => {
    const { verdict, faults } = checker.examine(round);
    return { verdict, codes: faults.map((fault) => fault.code) };
  })];
}"""


@pytest.fixture(scope="module")
def true_file() -> File:
    return a_file(TRUE_ROUNDS)


@pytest.fixture(scope="module")
def altered(true_file: File) -> list[tuple[str, File]]:
    return list(spoiled(true_file, ALTERED_ROUNDS))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """What a player runs, as a module."""
    return loaded(SCRIPT)


def loaded(path: Path) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """An empty page of a browser without a network, with the checking part of the page in it."""
    path = chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        context = browser.new_context(offline=True)
        empty = context.new_page()
        empty.add_script_tag(content=ENGINE.read_text(encoding="utf-8"))
        yield empty
        browser.close()


def examined(page: Page, file: File) -> list[Any]:
    """The faults of the file as a whole, then of each round its verdict and the codes of its faults."""
    found: list[Any] = page.evaluate(EXAMINE, json.dumps(file))
    return found


def verdicts(script: ModuleType, file: File) -> list[str]:
    """What the script says of each round; a fault of the whole file is one of every round."""
    try:
        script.check_chain(file)
        return list(script.check_rounds(file))
    except (LookupError, TypeError, ValueError) as error:
        return [f"WRONG: {error}"] * len(file["rounds"])


# -- the script --------------------------------------------------------------------------------------------------------


def run(path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-I", SCRIPT, path], capture_output=True, text=True, timeout=300)


def test_the_script_passes_every_true_round_and_names_the_one_that_is_altered(
    true_file: File, tmp_path: Path
) -> None:
    path = tmp_path / "rounds.json"
    path.write_text(json.dumps(true_file), encoding="utf-8")
    passed = run(path)
    assert (passed.returncode, passed.stdout) == (0, f"{TRUE_ROUNDS} verified\n"), passed.stderr

    small = only(true_file, true_file["rounds"][17])
    small["rounds"][0]["win"] += 1
    path.write_text(json.dumps(small), encoding="utf-8")
    refused = run(path)
    assert refused.returncode == 1
    assert f"round {small['rounds'][0]['id']}: WRONG: win should be" in refused.stdout
    assert refused.stdout.endswith("\n1 WRONG\n")

    for text in (
        "{",
        "[]",
        "{}",
        json.dumps(small)[:-9],
        json.dumps(small | {"configurations": {"00": "{}"}}),
    ):
        path.write_text(text, encoding="utf-8")
        broken = run(path)
        assert (broken.returncode, broken.stdout) == (1, ""), text
        assert broken.stderr.startswith("The file as a whole is WRONG"), broken.stderr


def test_the_true_rounds_are_of_every_kind(true_file: File) -> None:
    rounds = true_file["rounds"]
    assert {one["game"] for one in rounds} == set(CERTIFIED)
    assert len({one["out_of"] for one in rounds}) > 5
    assert min(int(one["out_of"]) for one in rounds) == 1
    assert max(int(one["out_of"]) for one in rounds) > 2**32, "draws of eight bytes"
    for game, version in CERTIFIED.items():
        assert {each.name for each in version.sets} <= {one["set"] for one in rounds if one["game"] == game}
    assert sum(bool(one["free_stops"]) for one in rounds) > 20
    assert len(true_file["reveals"]) > 5
    assert Counter(bool(one["win"]) for one in rounds)[True] > 1_000


def test_the_script_finds_every_altered_round(script: ModuleType, altered: list[tuple[str, File]]) -> None:
    passed = [kind for kind, file in altered if not verdicts(script, file)[0].startswith("WRONG")]
    assert Counter(kind for kind, _file in altered).keys() == SPOILS.keys()
    assert not passed, Counter(passed)


def test_sixty_lines_are_enough_for_whatever_was_drawn_and_paid(
    true_file: File, altered: list[tuple[str, File]]
) -> None:
    lines = [line for line in SHORT.read_text(encoding="utf-8").splitlines() if line.strip()]
    told = [line for line in lines if line.strip().startswith(('"""', "#")) or line.startswith("For rounds")]
    assert len(lines) - len(told) <= 60
    short = loaded(SHORT)
    open_rounds = [one for one in true_file["rounds"] if "payout" in configuration_of(true_file, one)]
    assert len(open_rounds) > TRUE_ROUNDS // 2
    assert not any(short.check(true_file, one) for one in open_rounds)
    # What a rig promises, what stands twice and what is chained is for the long one.
    found = Counter(kind for kind, file in altered if shortly_wrong(short, file))
    tried = Counter(
        kind
        for kind, file in altered
        # A nonce as text draws the same.
        if type((one := file["rounds"][0])["nonce"]) is int and "payout" in configuration_of(file, one)
    )
    for kind in (
        "stops",
        "selector",
        "server_seed",
        "nonce",
        "configuration_text",
        "paytable",
        "prize",
        "win",
    ):
        assert found[kind] >= tried[kind] > 0, kind


def configuration_of(file: File, one: dict[str, Any]) -> dict[str, Any]:
    """What the configuration of a round says."""
    text = file["configurations"].get(one["configuration"])
    said: dict[str, Any] = json.loads(text) if text else {}
    return said


def shortly_wrong(short: ModuleType, file: File) -> bool:
    """Whether the short script stumbles over the round of a file, or finds it wrong."""
    try:
        return bool(short.check(file, file["rounds"][0]))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return True


def test_the_script_says_which_rounds_wait_and_for_what(script: ModuleType) -> None:
    found = verdicts(script, a_waiting_file(40))
    assert found == ["waiting for its seed"] * 40 + ["sealed"] * 40


def test_the_draws_of_the_documentation_are_those_of_the_stream() -> None:
    page = (PROJECT / "docs" / "fairness.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(.+?)` \| `(.+?)` \| (\d+) \| ([\d, ]+) \| ([\d, ]+) \|$", page, re.MULTILINE)
    assert len(rows) == 2
    for seed, client_seed, nonce, ns, results in rows:
        drawn = Stream(seed, client_seed, int(nonce)).draws(map(int, ns.split(", ")))
        assert ", ".join(map(str, drawn)) == results


# -- the page's script -------------------------------------------------------------------------------------------------


@pytest.mark.once
def test_the_page_passes_every_true_round_finds_every_altered_one_and_says_what_is_wrong(
    page: Page, true_file: File, altered: list[tuple[str, File]]
) -> None:
    faults, *found = examined(page, true_file)
    assert faults == []
    assert Counter(one["verdict"] for one in found) == {"verified": TRUE_ROUNDS}

    answers = page.evaluate(f"(texts) => texts.map({EXAMINE})", [json.dumps(file) for _kind, file in altered])
    passed = [
        kind
        for (kind, _file), answer in zip(altered, answers, strict=True)
        if answer[1]["verdict"] != "wrong"
    ]
    assert not passed, Counter(passed)
    named: dict[str, set[str]] = {}
    for (kind, _file), answer in zip(altered, answers, strict=True):
        named.setdefault(kind, set()).update(answer[1]["codes"])
    # One alteration is one fault: whoever reads it is not sent after its consequences.
    assert {kind: codes for kind, codes in named.items() if kind in NAMED} == NAMED


#: What the page calls an alteration that leaves the rest of the round as it was.
NAMED = {
    "stops": {"stops"},
    "out_of": {"out_of", "hidden"},
    "set": {"set", "hidden"},
    "selector": {"selector", "hidden", "round_form"},
    "server_seed": {"seed_hash"},
    "server_seed_hash": {"seed_hash"},
    "nonce_twice": {"nonce_twice"},
    "configuration": {"configuration_missing"},
    "configuration_text": {"configuration_hash"},
    "version_text": {"version_hash"},
    "prize": {"prize"},
    "win": {"win"},
    "stake": {"stake"},
    "reveal": {"reveal_hash"},
    "game": {"other_game"},
    "free_stops": {"free_stops", "free_count"},
}


@pytest.mark.once
def test_the_page_and_the_script_agree_on_rounds_that_wait(page: Page, script: ModuleType) -> None:
    file = a_waiting_file(42)
    _faults, *found = examined(page, file)
    assert [one["verdict"] for one in found] == ["waiting"] * 42 + ["sealed"] * 42
    chance = random.Random(3)
    for at in range(0, 84, 2):
        kind = chance.choice(
            ["prize", "win", "stake", "client_seed", "game", "version_text", "configuration"]
        )
        small = only(file, file["rounds"][at])
        SPOILS[kind](small, small["rounds"][0], chance)
        [_, told] = examined(page, small)
        ours = verdicts(script, small)[0]
        assert (told["verdict"] == "wrong") == ours.startswith("WRONG"), (kind, told, ours)
        # A client seed that might have been one is only found out when the server's seed is shown.
        assert told["verdict"] == "wrong" or kind == "client_seed"


def forged(kind: str) -> File:
    """Two rounds whose hashes all fit, but whose configurations do not follow one another, or whose rig broke its promise."""
    version = CERTIFIED["glitch_grid"]
    rates = payouts_of(version)
    low, high = Step(START, rates[0]), Step(START + HOUR, rates[-1])
    maker = Maker()
    first = maker.set_payout(version, rates[3])
    # What the next configuration takes for the one before it.
    before = {"a gap": (1, "0" * 64), "two of a number": (0, ""), "a beginning in the middle": (1, "")}
    maker.last["glitch_grid"] = before.get(kind, maker.last["glitch_grid"])
    if kind == "a rig beyond its range":
        second = maker.seal(version, [low, high], reveal=True, highest=rates[-2])
    elif kind == "a rig in no order":
        second = maker.seal(version, [low, high], reveal=False)
        [rig] = maker.rigs.values()
        told = {"salt": rig.salt.hex(), "schedule": json.dumps(json.loads(schedule_text(rig.steps))[::-1])}
        sealed = commitment(rig.salt, told["schedule"])
        row = json.loads(maker.file["configurations"].pop(second)) | {"commitment": sealed}
        maker.file["reveals"][sealed], text = told, canonical(row)
        maker.file["configurations"][digest(text)], maker.rigs = text, {digest(text): rig}
        second = digest(text)
    else:
        second = maker.set_payout(version, rates[5])
    maker.play(version, first)
    maker.play(version, second)
    return maker.file


@pytest.mark.once
@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("nothing", ""),
        ("a gap", "chain_broken"),
        ("two of a number", "chain_twice"),
        ("a beginning in the middle", "chain_broken"),
        ("a rig beyond its range", "reveal_range"),
        ("a rig in no order", "reveal_form"),
    ],
)
def test_both_find_what_fits_its_hash_and_not_its_promise(
    page: Page, script: ModuleType, kind: str, code: str
) -> None:
    file = forged(kind)
    _faults, _first, second = examined(page, file)
    assert code in second["codes"] if code else second["verdict"] == "verified"
    assert verdicts(script, file)[1].startswith("WRONG" if code else "verified")


@pytest.mark.once
def test_the_pages_own_hashes_and_draws_are_those_of_python(page: Page) -> None:
    chance = random.Random(2)
    texts = ["é🦊" * n for n in range(40)] + ["a" * n for n in range(50, 140)]
    wanted = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
    assert page.evaluate("(texts) => texts.map(Verifier.hashOf)", texts) == wanted
    cases: list[Any] = []
    for number in range(60):
        seed = chance.randbytes(32).hex() if number else "k" * 200
        ns = [1, 2, 24, 30, 3 << 30, (1 << 32) - 1, 1 << 32, (1 << 32) + 1, 3 << 62, 10**40, *range(3, 9)]
        cases.append([seed, f"ç:{number}"[:1], number + 1, [str(n) for n in ns]])
    drawn = page.evaluate(
        "(cases) => cases.map(([seed, client, nonce, ns]) => {"
        " const stream = Verifier.streamOf(seed, client, nonce);"
        " return ns.map((n) => stream.draw(BigInt(n)).result.toString()); })",
        cases,
    )
    for (seed, client, nonce, ns), results in zip(cases, drawn, strict=True):
        assert [str(each) for each in Stream(seed, client, nonce).draws(map(int, ns))] == results
    block = page.evaluate(
        "() => { const s = Verifier.streamOf('key', 'c', 1); s.draw(2); return Verifier.hexOf(s.blocks[0]); }"
    )
    assert block == hmac.new(b"key", b"c:1:0", "sha256").hexdigest()


@pytest.mark.once
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "not_json"),
        ("[]", "not_rounds"),
        ("{}", "not_rounds"),
        ('{"format": "neobank-rounds-2"}', "other_form"),
        ('{"format": "neobank-rounds-1", "rounds": []}', "not_whole"),
    ],
)
def test_what_is_no_file_of_rounds_is_refused_with_its_reason(page: Page, text: str, code: str) -> None:
    assert page.evaluate("(text) => Verifier.read(text).refusal", text) == code


@pytest.mark.once
def test_rounds_of_any_shape_are_wrong_and_break_nothing(
    page: Page, script: ModuleType, true_file: File
) -> None:
    odd: list[Any] = [None, 3, "x", [], {}, {"__proto__": 1}]
    whole = only(true_file, true_file["rounds"][0])
    [one] = whole["rounds"]
    odd_rounds = [
        {**one, name: value} for name in one for value in VALUES if value != one[name] or value is True
    ]
    files = [{**whole, "rounds": [each]} for each in odd_rounds]
    answers = page.evaluate(f"(texts) => texts.map({EXAMINE})", [json.dumps(file) for file in files])
    passed = [
        file["rounds"][0]
        for file, answer in zip(files, answers, strict=True)
        if answer[1]["verdict"] != "wrong"
    ]
    # An id is only a name.
    assert passed == [{**one, "id": "constructor"}]
    _faults, *found = examined(page, {**whole, "rounds": [*odd, one]})
    assert [answer["verdict"] for answer in found] == ["wrong"] * len(odd) + ["verified"]
    content = [file for file in files if verdicts(script, file) == ["verified"]]
    # For the script a time is a name too, unless a rig is asked what held then.
    names = ("id", "played_at")
    assert all(
        any(file["rounds"][0] == {**one, name: file["rounds"][0][name]} for name in names) for file in content
    )


# -- the document ------------------------------------------------------------------------------------------------------


def test_the_document_is_the_same_for_everybody_and_allows_its_own_scripts_alone(db: None) -> None:
    make_event("arcadia")
    page = Client().get("/fairness/verify")
    html, header = page.content.decode(), page["Content-Security-Policy"]
    assert page.status_code == 200
    assert html == Client(headers={"Cookie": "neobank_theme=light"}).get("/fairness/verify").content.decode()
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    [style] = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    assert len(scripts) == 2
    told = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)[0].replace(
        "&#x27;", "'"
    )
    for policy in (header, told):
        parts = dict(part.split(" ", 1) for part in policy.split("; "))
        assert parts["default-src"] == parts["form-action"] == parts["base-uri"] == "'none'"
        assert parts["script-src"].split() == [allowed(script) for script in scripts]
        assert parts["style-src"] == allowed(style)
        assert parts.keys() <= set(WORDED), "nothing else is allowed"
    assert "frame-ancestors 'none'" in header
    # What would end a script early, or bring something in from elsewhere.
    assert not any(re.search(r"</?script|<!--", script, re.IGNORECASE) for script in scripts)
    assert not re.search(r"(src|href)=\"(?!data:|#|/\"|\")", html)
    assert "url(" not in style
    assert "csrf" not in html


WORDED = (
    *("default-src", "script-src", "style-src", "img-src", "form-action", "base-uri", "frame-ancestors"),
)


def allowed(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_the_scripts_say_nothing_of_their_own_and_everything_they_say_is_worded() -> None:
    sources = {path.name: path.read_text(encoding="utf-8") for path in ENGINE.parent.glob("*.js")}
    assert sources.keys() == {"rounds.js", "page.js"}
    for name, source in sources.items():
        assert [said for said in bare_in_script(source) if said not in IN_QUOTES] == [], name
    said = words()
    faults = set(re.findall(r'code: "(\w+)"', sources["rounds.js"]))
    faults |= set(re.findall(r'compare\(out, "(\w+)"', sources["rounds.js"]))
    faults |= {
        f"{kind}_{what}" for kind in ("version", "configuration") for what in ("missing", "hash", "form")
    }
    assert faults == set(said["faults"])
    assert set(re.findall(r'refusal: "(\w+)"', sources["rounds.js"])) < set(said["refusals"])
    for step in re.findall(r'step\("(\w+)"', sources["page.js"]):
        assert step in said["steps"], step


IN_QUOTES = {"use strict"}
