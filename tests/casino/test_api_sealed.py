"""While a rig is sealed no answer tells what it pays or what a selector was; when it is told, everything can be checked."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.utils import timezone

from accounts import crypto, tenancy
from casino.configuration import Step, commitment
from casino.models import Rig
from casino.services.configurations import reveal_rig, seal_rig
from tests.casino.asking import spin
from tests.casino.floor import SMUGGLER, Floor
from tests.cast import Phone

LOOKS = ("games", "games/starlight-smuggler", "rounds", "rounds/file", "fairness", "session", "limits")
SECRET = {"selector", "out_of", "set", "set_name", "mix", "payout_percentage", "server_seed"}


def _seal(floor: Floor) -> None:
    now = timezone.now()
    steps = [Step(now - dt.timedelta(hours=1), 9137), Step(now + dt.timedelta(hours=5), 8731)]
    seal_rig(actor=floor.world.gm.actor, game=SMUGGLER, steps=steps, payout_from=8600, payout_to=9800)


def _told(value: Any, names: set[str]) -> list[Any]:
    """What stands under ``names``, wherever in an answer; a game that is not sealed may tell its own."""
    if isinstance(value, list):
        return [one for inner in value for one in _told(inner, names)]
    if not isinstance(value, dict):
        return []
    if value.get("name") == "glitch_grid":
        return []
    own = [inner for name, inner in value.items() if name in names]
    return own + [one for inner in value.values() for one in _told(inner, names)]


def _looks(phone: Phone, first: str) -> list[Any]:
    answers = [phone.get(f"casino/{path}") for path in (*LOOKS, f"rounds/{first}")]
    assert {answer.status_code for answer in answers} == {200}
    return answers


def test_nothing_of_a_sealed_rig_is_told_before_it_is_revealed(floor: Floor) -> None:
    phone, gm = floor.alice.phone(), floor.world.gm.phone()
    open_round = spin(phone, SMUGGLER).json()
    _seal(floor)
    answers = [spin(phone, SMUGGLER, key=f"sealed-{n}") for n in range(6)]
    answers += [spin(phone, SMUGGLER, key="sealed-0")]
    rotated = phone.post("casino/fairness/rotate", {})
    first = answers[0].json()["round_id"]
    texts = [answer.content.decode() for answer in (*answers, rotated, *_looks(phone, first))]
    texts += [gm.get(f"casino/rounds/{first}").content.decode()]
    hidden = {"91.37", "87.31", "9137", "8731"}
    hidden |= {f'"{one.selector}"' for one in floor.rounds()[1:]}
    for text in texts:
        assert not [secret for secret in hidden if secret in text]
    for answer in (*answers, rotated, phone.get(f"casino/rounds/{first}")):
        assert set(_told(answer.json(), SECRET)) <= {None}
    shown = phone.get("casino/games/starlight-smuggler").json()
    assert (shown["payout_percentage"], shown["mix"]) == (None, None)
    assert (shown["sealed"]["payout_from"], shown["sealed"]["payout_to"]) == ("86.00", "98.00")
    said = json.loads(shown["configuration"]["canonical"])
    assert said["commitment"] == shown["sealed"]["commitment"]
    assert "payout" not in said
    file = phone.get("casino/rounds/file").json()
    assert file["reveals"] == {}
    by_id = {one["id"]: one for one in file["rounds"]}
    assert {one["server_seed"] for one in by_id.values()} == {None}, "one seed drew the open round as well"
    assert by_id[open_round["round_id"]]["selector"] == open_round["fairness"]["selector"]


def test_what_is_revealed_is_what_was_sealed(floor: Floor) -> None:
    phone = floor.alice.phone()
    _seal(floor)
    sealed = spin(phone, SMUGGLER, key="sealed").json()
    phone.post("casino/fairness/rotate", {})
    promised = phone.get("casino/games/starlight-smuggler").json()["sealed"]["commitment"]
    reveal_rig(actor=floor.world.gm.actor, game=SMUGGLER, payout=9600)
    file = phone.get("casino/rounds/file").json()
    told = file["reveals"][promised]
    assert commitment(bytes.fromhex(told["salt"]), told["schedule"]) == promised
    assert [payout for _at, payout in json.loads(told["schedule"])] == ["91.37", "87.31"]
    [one] = file["rounds"]
    [row] = floor.rounds()
    assert (one["selector"], one["out_of"], one["set"]) == (row.selector, row.out_of, row.set_name)
    assert one["server_seed"] is not None
    again = spin(phone, SMUGGLER, key="sealed").json()
    assert again["fairness"] == sealed["fairness"] | {
        "selector": row.selector,
        "out_of": row.out_of,
        "set": row.set_name,
    }
    shown = phone.get("casino/games/starlight-smuggler").json()
    assert (shown["payout_percentage"], shown["sealed"]) == ("96.00", None)
    with tenancy.scope(floor.event.tenant):
        assert crypto.open_from(Rig.objects.get(), "secret").endswith(told["schedule"])
