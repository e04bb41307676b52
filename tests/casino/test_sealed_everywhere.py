"""While a rig is sealed: every address there is, asked by everybody who is no game master, and every line that is logged.

The addresses come from the URL resolver as in ``tests/test_charlie.py``: one that is added is asked as well.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import logging.config
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from accounts import crypto, roles, tenancy
from accounts.models import Notification
from casino.configuration import Step, text_of
from casino.models import Game, Rig, Round
from casino.services.configurations import reveal_rig, seal_rig
from casino.services.house import fund
from casino.services.seeds import rotate
from neobank.logging import logging_config
from tests.casino.floor import SMUGGLER, play
from tests.strangers import Address, Side, Visitor, addresses, make_sides, values_for

# No other number of the story has these digits. The last one holds now.
STEPS = (8913, 9729, 9371)


@dataclass
class Sealed:
    """An event with a rig whose rounds somebody has played, and what of it nobody may know."""

    side: Side
    rounds: set[str]
    secrets: dict[str, str]

    def leaks(self, text: str) -> list[str]:
        """Which secrets stand in ``text``, as numbers or texts of their own."""
        return [what for what, pattern in self.secrets.items() if re.search(pattern, text)]

    def told_of_rounds(self, content: str) -> list[Any]:
        """What a JSON answer says of the sealed rounds that it must not: their selectors and sets."""
        try:
            return list(self._told(json.loads(content)))
        except ValueError:
            return []

    def _told(self, value: Any) -> Iterator[Any]:
        inner: Any = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        if isinstance(value, dict) and {str(value.get("id")), str(value.get("round_id"))} & self.rounds:
            yield from _under(value, {"selector", "out_of", "set", "set_name", "payout", "payout_percentage"})
        for one in inner:
            yield from self._told(one)

    def visitors(self) -> dict[str, Visitor]:
        """Everybody with a credential but the game master; support sees the console."""
        helper = self.side.event.person("Helper", role=roles.SUPPORT)
        staff = {
            "support's phone": Visitor(self.side.event.host, helper.phone().headers),
            "support's browser": Visitor(self.side.event.host, self.side._cookie_of(helper)),
        }
        others = {who: one for who, one in self.side.visitors().items() if "master" not in who}
        return {"nobody": Visitor(self.side.event.host)} | others | staff


def _under(value: Any, names: set[str]) -> Iterator[Any]:
    """What stands under ``names``, as deep as it goes, and is not null."""
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, one in inner:
        if name in names and one is not None:
            yield one
        yield from _under(one, names)


def number(digits: str) -> str:
    """A pattern that finds ``digits`` where they are no part of a longer number, name or hash."""
    return rf"(?<![0-9A-Za-z.,-]){re.escape(digits)}(?![0-9A-Za-z])"


@pytest.fixture
def sealed(db: None) -> Sealed:
    """Alice's event, whose Smuggler plays on a rig of distinctive numbers."""
    side = make_sides()[0]
    gm = side.gm.actor
    reveal_rig(actor=gm, game=SMUGGLER, payout=9600)
    fund(actor=side.event.server, amount=1_000_000_00, reason="more")
    now = timezone.now()
    steps = [Step(now + dt.timedelta(hours=hours), p) for hours, p in zip((-9, -6, -3), STEPS, strict=True)]
    seal_rig(
        actor=gm,
        game=SMUGGLER,
        steps=steps,
        payout_from=8850,
        payout_to=9800,
        reveal_by=now + dt.timedelta(days=1),
    )
    for _turn in range(2):
        for _spin in range(4):
            play(side.hero, SMUGGLER)
        rotate(actor=side.hero.actor)
    play(side.hero, SMUGGLER)
    with tenancy.scope(side.event.tenant):
        Game.objects.filter(name=SMUGGLER).update(pace_ms=60_000)
        rig = Rig.objects.get(revealed_at=None)
        rounds = {str(row.pk) for row in Round.objects.filter(configuration=rig.configuration_id)}
        return Sealed(side, rounds, _secrets_of(rig))


def _secrets_of(rig: Rig) -> dict[str, str]:
    salt, _colon, schedule = crypto.open_from(rig, "secret").partition(":")
    found = {"salt": salt, "schedule": re.escape(schedule), "schedule in JSON": re.escape(schedule[2:22])}
    for payout in STEPS:
        found[f"payout {payout}"] = number(str(payout))
        for shown in (text_of(payout), text_of(payout).replace(".", ","), f"0.{payout}"):
            found[f"payout {shown}"] = number(shown)
    told = {row.out_of for row in Round.objects.exclude(configuration=rig.configuration_id)}
    for row in Round.objects.filter(configuration=rig.configuration_id).select_related("seed_pair"):
        found[f"seed of {row.nonce}"] = crypto.open_from(row.seed_pair, "server_seed")
        # A divisor may be that of another payout, too.
        found |= {
            what: number(what) for what in (row.selector, row.out_of) if len(what) >= 6 and what not in told
        }
    return found


def asked(address: Address) -> list[str]:
    """By which methods an address is asked: looking everywhere, and sending to all of the casino's."""
    sends = "casino" in address.route
    return [method for method in address.methods if method == "get" or (sends and method == "post")]


def answers(sealed: Sealed) -> Iterator[tuple[str, str, str]]:
    """Who asked for what everywhere, what they were answered, and with which headers."""
    for who, visitor in sealed.visitors().items():
        for address in addresses():
            for path in paths_of(sealed, address):
                for method in asked(address):
                    body = {"bet_amount": 20_00, "payout": "96", "q": "x"} if method == "post" else None
                    answer = visitor.ask(method, path, body, as_json=address.is_api)
                    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
                    headers = str(dict(answer.headers))
                    yield f"{who}, {method.upper()} {path}", content.decode(errors="replace"), headers


def paths_of(sealed: Sealed, address: Address) -> list[str]:
    """An address filled with things of the event; with each of the sealed rounds and the rigged machine where it takes one."""
    values: dict[str, str] = values_for(address, sealed.side)
    paths = [address.filled(values)]
    with tenancy.scope(sealed.side.event.tenant):
        machine = Game.objects.get(name=SMUGGLER)
        for name in values:
            if name == "round_id" or (name in {"key", "object_id"} and "/round/" in address.route):
                paths += [address.filled(values | {name: str(row.pk)}) for row in Round.objects.all()[:4]]
            elif name in {"name", "game"} and "casino" in address.route:
                paths.append(address.filled(values | {name: "starlight-smuggler"}))
            elif name in {"key", "object_id"} and "/game/" in address.route:
                paths.append(address.filled(values | {name: str(machine.pk)}))
    return paths


def test_no_answer_and_no_line_of_the_log_gives_a_sealed_rig_away(
    sealed: Sealed, caplog: pytest.LogCaptureFixture
) -> None:
    formatter = logging.config.DictConfigurator(
        logging_config(log_format="json", level="DEBUG")
    ).configure_formatter(logging_config(log_format="json", level="DEBUG")["formatters"]["line"])
    found, count, withheld = [], 0, 0
    with caplog.at_level(logging.DEBUG):
        for question, content, headers in answers(sealed):
            count += 1
            withheld += "support's browser" in question and "told with the sealed rig" in content
            leaks = [*sealed.leaks(content + headers), *sealed.told_of_rounds(content)]
            found += [f"{question}: {what}" for what in leaks]
        lines = [formatter.format(record) for record in caplog.records]
    assert not found
    assert count > 300
    assert withheld >= 4
    assert [line for line in lines if '"route"' in line]
    assert not [line for line in lines if sealed.leaks(line)]
    with tenancy.scope(sealed.side.event.tenant):
        news = [f"{row.text} {row.data}" for row in Notification.objects.all()]
    assert not [text for text in news if sealed.leaks(text)]


def test_this_would_see_what_is_told(sealed: Sealed) -> None:
    """The same questions after the reveal: payouts, selectors and seeds are there, so the test above can fail."""
    reveal_rig(actor=sealed.side.gm.actor, game=SMUGGLER, payout=9600)
    path = "/api/v1/casino/rounds/file"
    answer = Visitor(sealed.side.event.host, sealed.side.hero.phone().headers).ask("get", path)
    seen = sealed.leaks(answer.content.decode())
    assert len(sealed.told_of_rounds(answer.content.decode())) >= 9 * 3
    assert {"salt", "payout 93.71"} <= set(seen)
    assert len([what for what in seen if what.startswith("seed of")]) >= 4
    assert [what for what in seen if what.isdigit()]
