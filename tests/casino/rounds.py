"""Makes files of rounds as docs/fairness.md describes them, through the pure modules alone, and spoils them."""

from __future__ import annotations

import copy
import datetime as dt
import json
import math
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from casino import fairness
from casino.configuration import (
    Link,
    Step,
    commitment,
    digest,
    moment_text,
    parse_payout,
    payout_at,
    schedule_text,
    text_of,
)
from casino.drawing import draw_round
from casino.games import CERTIFIED
from casino.mixing import PAYOUT_MAX, PAYOUT_MIN, mix, payout
from casino.reels import GameVersion, StripSet

TENANT: Final = "0f0e0d0c-0b0a-4908-8706-050403020100"
START: Final = dt.datetime(2026, 11, 21, 20, 0, tzinfo=dt.UTC)
HOUR: Final = dt.timedelta(hours=1)

File = dict[str, Any]
Round = dict[str, Any]


def canonical(value: Any) -> str:
    """Compact ASCII JSON with sorted keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def payouts_of(version: GameVersion) -> range:
    """Every payout, in hundredths of a per cent, that the sets of a version can be mixed to."""
    low, high = (one.rtp * 10_000 for one in (version.sets[0], version.sets[-1]))
    return range(max(math.ceil(low), PAYOUT_MIN), min(math.floor(high), PAYOUT_MAX) + 1)


@dataclass(frozen=True)
class Rig:
    """A secret schedule, and the random bytes it is sealed with."""

    salt: bytes
    steps: tuple[Step, ...]

    @property
    def commitment(self) -> str:
        """What is shown before it is revealed."""
        return commitment(self.salt, schedule_text(self.steps))

    def told(self) -> dict[str, str]:
        """As a file reveals it."""
        return {"salt": self.salt.hex(), "schedule": schedule_text(self.steps)}


class Maker:
    """A house whose rounds depend on nothing but the number it begins with."""

    def __init__(self, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        self.file: File = {"format": "neobank-rounds-1"}
        self.file |= {"versions": {}, "configurations": {}, "reveals": {}, "rounds": []}
        self.last: dict[str, tuple[int, str]] = {}
        self.rigs: dict[str, Rig] = {}
        self.server_seed, self.nonce = self.hex(32), 0
        self.now = START

    def hex(self, count: int) -> str:
        """As many random bytes, in hexadecimal."""
        return self.chance.randbytes(count).hex()

    def rotate(self) -> None:
        """The next rounds are drawn from another server seed."""
        self.server_seed, self.nonce = self.hex(32), 0

    def set_payout(self, version: GameVersion, hundredths: int) -> str:
        """A configuration; returns its hash."""
        return self._link(version, payout=hundredths)

    def seal(
        self, version: GameVersion, steps: Iterable[Step], *, reveal: bool, highest: int | None = None
    ) -> str:
        """A configuration with a secret schedule in the payout's place; returns its hash."""
        rig = Rig(self.chance.randbytes(32), tuple(steps))
        possible = payouts_of(version)
        found = self._link(
            version,
            commitment=rig.commitment,
            payout_from=possible[0],
            payout_to=highest or possible[-1],
        )
        self.rigs[found] = rig
        if reveal:
            self.file["reveals"][rig.commitment] = rig.told()
        return found

    def _link(self, version: GameVersion, **more: Any) -> str:
        game = version.rules.game
        seq, prev = self.last.get(game, (0, ""))
        text = Link(TENANT, game, seq + 1, prev, version.digest, **more).canonical()
        self.file["versions"][version.digest] = version.canonical()
        self.file["configurations"][digest(text)] = text
        self.last[game] = (seq + 1, digest(text))
        return digest(text)

    def play(self, version: GameVersion, configuration: str, *, reveal_seed: bool = True) -> Round:
        """One more round of the file; as it is shown while sealed where its rig is not revealed."""
        game = json.loads(self.file["configurations"][configuration])
        self.nonce += 1
        self.now += dt.timedelta(seconds=self.chance.randint(2, 90), microseconds=self.chance.randint(0, 999))
        client_seed = self.chance.choice([self.hex(16), "Nyx 🦊", "x" * 64, "ünï", "0"])
        rig = self.rigs.get(configuration)
        is_sealed = rig is not None and rig.commitment not in self.file["reveals"]
        rate = payout_at(rig.steps, self.now) if rig else parse_payout(game["payout"])
        drawn = self._draw(version, rate, fairness.Stream(self.server_seed, client_seed, self.nonce))
        line_bet = self.chance.choice([20, 40, 100, 400])
        one: Round = {
            "id": f"{self.chance.getrandbits(128):032x}",
            "game": version.rules.game,
            "played_at": moment_text(self.now),
            "configuration": configuration,
            "server_seed_hash": fairness.commitment(self.server_seed),
            "server_seed": self.server_seed if reveal_seed and not is_sealed else None,
            "client_seed": client_seed,
            "nonce": self.nonce,
            **drawn,
            "stake": version.line_count * line_bet,
            "line_bet": line_bet,
            "win": drawn["line_bets"] * line_bet,
        }
        if is_sealed:
            one |= {"selector": None, "out_of": None, "set": None}
        self.file["rounds"].append(one)
        return one

    def _draw(self, version: GameVersion, rate: int, stream: fairness.Stream) -> Round:
        mixed = mix(version, payout(rate))
        drawn = draw_round(version.rules, mixed, stream)
        return {
            "stops": list(drawn.stops),
            "selector": str(drawn.selector),
            "out_of": str(mixed.out_of),
            "set": drawn.strip_set.name,
            "free_stops": [list(each) for each in drawn.free_stops],
            "line_bets": drawn.played.line_bets,
        }


def exact_version(version: GameVersion) -> GameVersion:
    """A version whose lowest set pays a whole number of hundredths, so that D is 1. (It claims so; only draws are tested.)"""
    first, *rest = version.sets
    whole = Fraction(math.ceil(first.rtp * 100), 100)
    return GameVersion(version.rules, (StripSet(str(whole * 100), first.strips, whole), *rest))


def a_file(count: int, *, seed: int = 7) -> File:
    """`count` rounds of all kinds: both games, many payouts, several seeds, rigs revealed; every one can be verified."""
    maker = Maker(seed)
    while len(maker.file["rounds"]) < count:
        for version in CERTIFIED.values():
            rates = payouts_of(version)
            odd = exact_version(version)
            schedule = [Step(maker.now + HOUR * hour, maker.chance.choice(rates)) for hour in (-2, 0, 1, 5)]
            settings = [
                *((version, maker.set_payout(version, maker.chance.choice(rates))) for _ in range(2)),
                (odd, maker.set_payout(odd, int(odd.sets[0].rtp * 10_000))),
                (version, maker.seal(version, schedule, reveal=True)),
            ]
            maker.rotate()
            for each, configuration in settings:
                for _ in range(min(40, count - len(maker.file["rounds"]))):
                    maker.play(each, configuration)
    return maker.file


def a_waiting_file(count: int, *, seed: int = 11) -> File:
    """`count` rounds that wait for their seed, then `count` whose rig is still sealed."""
    maker = Maker(seed)
    for is_rigged in (False, True):
        maker.rotate()
        for version in CERTIFIED.values():
            rates = payouts_of(version)
            configuration = (
                maker.seal(version, [Step(START, rates[0]), Step(START + HOUR, rates[-1])], reveal=False)
                if is_rigged
                else maker.set_payout(version, rates[len(rates) // 2])
            )
            for _ in range(count // len(CERTIFIED)):
                maker.play(version, configuration, reveal_seed=False)
    return maker.file


def only(file: File, one: Round) -> File:
    """A file with this round alone, and what it needs."""
    text = file["configurations"][one["configuration"]]
    row = json.loads(text)
    reveal = {row.get("commitment"): file["reveals"].get(row.get("commitment"))}
    return copy.deepcopy(
        {
            "format": file["format"],
            "versions": {row["version"]: file["versions"][row["version"]]},
            "configurations": {one["configuration"]: text},
            "reveals": {key: value for key, value in reveal.items() if value},
            "rounds": [one],
        }
    )


# -- spoiling ----------------------------------------------------------------------------------------------------------

Spoil = Callable[[File, Round, random.Random], None]


def _another_digit(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    return text[:at] + chance.choice([each for each in "0123456789" if each != text[at]]) + text[at + 1 :]


def _stops(file: File, one: Round, chance: random.Random) -> None:
    reel = chance.randrange(len(one["stops"]))
    one["stops"][reel] = (one["stops"][reel] + chance.randint(1, 20)) % 24


def _free_stops(file: File, one: Round, chance: random.Random) -> None:
    free = one["free_stops"]
    if chance.random() < 0.5:
        chance.choice([free.pop, lambda: free.append([0] * len(one["stops"]))])()
    else:
        spin = chance.choice(free)
        reel = chance.randrange(len(spin))
        spin[reel] = (spin[reel] + chance.randint(1, 20)) % 24


def _selector(file: File, one: Round, chance: random.Random) -> None:
    one["selector"] = chance.choice([None, str(int(one["selector"]) + 1), one["selector"] + "0", "-1"])
    if one["selector"] == "00":
        one["selector"] = "1"


def _out_of(file: File, one: Round, chance: random.Random) -> None:
    one["out_of"] = chance.choice([None, str(int(one["out_of"]) + 1), one["out_of"] + "0"])


def _set(file: File, one: Round, chance: random.Random) -> None:
    row = json.loads(file["configurations"][one["configuration"]])
    names = [each["name"] for each in json.loads(file["versions"][row["version"]])["sets"]]
    one["set"] = chance.choice([name for name in [*names, None, "300"] if name != one["set"]])


def _server_seed(file: File, one: Round, chance: random.Random) -> None:
    one["server_seed"] = _another_digit(one["server_seed"], chance)


def _server_seed_hash(file: File, one: Round, chance: random.Random) -> None:
    one["server_seed_hash"] = _another_digit(one["server_seed_hash"], chance)


def _seed_swapped(file: File, one: Round, chance: random.Random) -> None:
    """Another seed together with its hash: whoever looks at the hash alone is content."""
    one["server_seed"] = chance.randbytes(32).hex()
    one["server_seed_hash"] = digest(one["server_seed"])


def _client_seed(file: File, one: Round, chance: random.Random) -> None:
    one["client_seed"] = chance.choice([one["client_seed"][:-1] + "é", "", "a:b", "y" * 65])


def _nonce(file: File, one: Round, chance: random.Random) -> None:
    one["nonce"] = chance.choice([one["nonce"] + 1, 0, -one["nonce"], str(one["nonce"])])


def _nonce_twice(file: File, one: Round, chance: random.Random) -> None:
    file["rounds"].append({**one, "id": "again"})


def _configuration(file: File, one: Round, chance: random.Random) -> None:
    one["configuration"] = _another_digit(one["configuration"], chance)


def _configuration_text(file: File, one: Round, chance: random.Random) -> None:
    text = file["configurations"][one["configuration"]]
    file["configurations"][one["configuration"]] = text.replace('"seq":', '"seq":1', 1)


def _payout(file: File, one: Round, chance: random.Random) -> None:
    """The configuration with another payout, hashed anew: its own hash fits."""
    row = json.loads(file["configurations"].pop(one["configuration"]))
    rates = payouts_of(GameVersion.parse(file["versions"][row["version"]]))
    for name in ("commitment", "payout_from", "payout_to"):
        row.pop(name, None)
    mixed = one["out_of"]
    while mixed == one["out_of"]:
        rate = chance.choice(rates)
        mixed = str(mix(GameVersion.parse(file["versions"][row["version"]]), payout(rate)).out_of)
    text = canonical(row | {"payout": text_of(rate)})
    file["configurations"][digest(text)] = text
    one["configuration"] = digest(text)


def _version_text(file: File, one: Round, chance: random.Random) -> None:
    [[found, text]] = file["versions"].items()
    file["versions"][found] = text.replace('"3":', '"3":1', 1)


def _paytable(file: File, one: Round, chance: random.Random) -> None:
    """Every prize twice as high, and everything hashed anew; told apart where something was won or is missing."""
    row = json.loads(file["configurations"].pop(one["configuration"]))
    game = json.loads(file["versions"].pop(row["version"]))
    shown = game["pays"] | {"scatter": game["scatter_pays"]}
    for prizes in shown.values():
        for run in prizes:
            prizes[run] *= 2
    one["line_bets"] = one["line_bets"] or 1
    one["win"] = one["line_bets"] * one["line_bet"]
    text = canonical(game)
    file["versions"][digest(text)] = text
    row_text = canonical(row | {"version": digest(text)})
    file["configurations"][digest(row_text)] = row_text
    one["configuration"] = digest(row_text)


def _prize(file: File, one: Round, chance: random.Random) -> None:
    """A prize and a win that fit together, and not the reels."""
    one["line_bets"] += chance.randint(1, 50)
    one["win"] = one["line_bets"] * one["line_bet"]


def _win(file: File, one: Round, chance: random.Random) -> None:
    one["win"] += chance.choice([1, 100])


def _stake(file: File, one: Round, chance: random.Random) -> None:
    one["stake"] += chance.choice([1, 100, -1])


def _reveal(file: File, one: Round, chance: random.Random) -> None:
    for reveal in file["reveals"].values():
        if chance.random() < 0.5:
            reveal["salt"] = _another_digit(reveal["salt"], chance)
        else:
            reveal["schedule"] = reveal["schedule"].replace("20", "21", 1)


def _game(file: File, one: Round, chance: random.Random) -> None:
    one["game"] = next(name for name in CERTIFIED if name != one["game"])


SPOILS: dict[str, Spoil] = {
    spoil.__name__[1:]: spoil
    for spoil in (
        *(_stops, _free_stops, _selector, _out_of, _set, _server_seed, _server_seed_hash, _seed_swapped),
        *(_client_seed, _nonce, _nonce_twice, _configuration, _configuration_text, _payout, _version_text),
        *(_paytable, _prize, _win, _stake, _reveal, _game),
    )
}


def spoiled(file: File, count: int, *, seed: int = 5) -> Iterator[tuple[str, File]]:
    """`count` small files with one altered round each, all kinds in turn: (kind, file)."""
    chance = random.Random(seed)
    rounds: list[Round] = file["rounds"]
    # Where there is something to alter.
    fitting = {
        "reveal": [one for one in rounds if '"commitment"' in file["configurations"][one["configuration"]]],
        "free_stops": [one for one in rounds if one["free_stops"]],
    }
    kinds = list(SPOILS.items())
    for number in range(count):
        kind, spoil = kinds[number % len(kinds)]
        small = only(file, chance.choice(fitting.get(kind, rounds)))
        spoil(small, small["rounds"][0], chance)
        yield kind, small
