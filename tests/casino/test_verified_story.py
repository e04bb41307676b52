"""From the first bet to the revealed rig: the file that a player takes away, as a stranger's script reads it."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from pathlib import Path

from django.utils import timezone

from accounts import tenancy
from casino.configuration import Step
from casino.selectors import rounds_before, rounds_file
from casino.services.configurations import reveal_rig, seal_rig, set_payout
from casino.services.seeds import open_pairs, rotate
from tests.casino.floor import GLITCH, SMUGGLER, Floor, play
from tests.casino.test_verifier import run
from tests.cast import Person


def said_of(person: Person, path: Path) -> str:
    """What the script says of all rounds of a person."""
    with tenancy.scope(person.tenant):
        rows, _more = rounds_before(person.actor, None)
        path.write_text(json.dumps(rounds_file(rows)), encoding="utf-8")
    done = run(path)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_rounds_of_the_bank_are_verified_by_a_stranger_through_a_whole_evening(
    floor: Floor, tmp_path: Path
) -> None:
    alice, path = floor.alice, tmp_path / "rounds.json"
    gm = floor.world.gm

    def some(count: int = 4) -> None:
        for _ in range(count):
            play(alice, GLITCH, client_seed="Nyx 🦊")
            play(alice, SMUGGLER)

    open_pairs(actor=alice.actor)
    some()
    for game in (GLITCH, SMUGGLER):
        set_payout(actor=gm.actor, game=game, payout=90_13)
    some()
    assert said_of(alice, path) == "16 waiting for its seed"
    rotate(actor=alice.actor, client_seed="dawn")
    assert said_of(alice, path) == "16 verified"

    now = timezone.now()
    steps = [Step(now - dt.timedelta(hours=1), 85_00), Step(now + dt.timedelta(hours=1), 97_50)]
    seal_rig(actor=gm.actor, game=SMUGGLER, steps=steps, payout_from=85_00, payout_to=98_00)
    some()
    rotate(actor=alice.actor)
    counts = Counter({"verified": 16, "sealed": 4, "waiting for its seed": 4})
    told = said_of(alice, path)
    assert Counter({rest: int(n) for n, rest in (part.split(" ", 1) for part in told.split(", "))}) == counts

    reveal_rig(actor=gm.actor, game=SMUGGLER, payout=96_00)
    some(1)
    rotate(actor=alice.actor)
    assert said_of(alice, path) == "26 verified"
