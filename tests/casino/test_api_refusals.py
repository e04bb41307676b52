"""Every refusal of a spin by its name, over HTTP, with its sentence; none of them draws anything or takes a nonce."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from pytest_django.plugin import DjangoDbBlocker

from accounts import directory, limits, tenancy
from accounts.services.world import pause_world, resume_world
from casino import playing
from casino.models import PlayLimit
from casino.services.configurations import set_payout
from casino.services.house import fund
from casino.services.limits import pause_playing, set_limits
from casino.services.seeds import open_pairs
from ledger.money import MAX_AMOUNT
from ledger.services import accounts as account_services
from ledger.services.gm import adjust
from tests.casino.asking import seed_that_loses, spin
from tests.casino.floor import GLITCH, SMUGGLER, Floor, open_floor
from tests.cast import OPENING_BALANCE, make_world
from tests.conftest import SESSION
from tests.ledger.asking import refusal, without_id

_NUMBERS = itertools.count(1)

Situation = Callable[[Floor], AbstractContextManager[None]]


# -- situations, each of which ends --------------------------------------------------------------------------------------


@contextmanager
def as_usual(floor: Floor) -> Iterator[None]:
    yield


def changed(*, back: dict[str, Any], **values: Any) -> Situation:
    """The machine's row is ``values`` and then ``back`` again."""

    @contextmanager
    def situation(floor: Floor) -> Iterator[None]:
        floor.change(GLITCH, **values)
        yield
        floor.change(GLITCH, **back)

    return situation


@contextmanager
def out_of_hours(floor: Floor) -> Iterator[None]:
    local = timezone.now().astimezone(ZoneInfo(floor.event.tenant.time_zone))
    opens, closes = ((local + dt.timedelta(hours=hours)).time() for hours in (2, 3))
    floor.change(GLITCH, opens_at=opens, closes_at=closes)
    yield
    floor.change(GLITCH, opens_at=None, closes_at=None)


@contextmanager
def frozen_account(floor: Floor) -> Iterator[None]:
    gm, number = floor.world.gm.actor, floor.alice.number
    account_services.freeze(actor=gm, account=number, how="debits")
    yield
    account_services.unfreeze(actor=gm, account=number)


@contextmanager
def paused_world(floor: Floor) -> Iterator[None]:
    pause_world(actor=floor.world.gm.actor)
    yield
    resume_world(actor=floor.world.gm.actor)


@contextmanager
def excluded(floor: Floor) -> Iterator[None]:
    pause_playing(actor=floor.alice.actor, lasts=dt.timedelta(hours=1))
    yield
    _forget_limits(floor)


def limited(**values: int) -> Situation:
    """Alice has limits of her own."""

    @contextmanager
    def situation(floor: Floor) -> Iterator[None]:
        set_limits(actor=floor.alice.actor, limits=playing.Limits(**values))
        yield
        _forget_limits(floor)

    return situation


def _forget_limits(floor: Floor) -> None:
    with tenancy.scope(floor.event.tenant):
        PlayLimit.objects.all().delete()


def house_of(amount: int) -> Situation:
    """The house has no more than ``amount``."""

    @contextmanager
    def situation(floor: Floor) -> Iterator[None]:
        taken = floor.house() - amount
        fund(actor=floor.event.server, amount=-taken, reason="drained")
        yield
        fund(actor=floor.event.server, amount=taken, reason="filled")

    return situation


@contextmanager
def almost_full(floor: Floor) -> Iterator[None]:
    """Alice has nearly as much as an account can hold."""
    more = MAX_AMOUNT - floor.alice.balance() - 100_00
    for amount in (more, -more):
        if amount < 0:
            yield
        adjust(actor=floor.event.server, account=floor.alice.number, amount=amount, reason="a very rich aunt")


@dataclass(frozen=True)
class Refused:
    """What a spin meets in a situation."""

    status: int
    code: str
    sentence: str
    situation: Situation = as_usual
    body: dict[str, Any] = field(default_factory=dict)
    game: str = GLITCH


OLD = "0" * 64
OPEN = {"enabled": True, "frozen_reason": "", "pace_ms": 0, "stakes": [1_00, 2_00, 5_00, 10_00, 20_00]}
REFUSALS = {
    "not divisible": Refused(
        400,
        "invalid_stake",
        "A stake is divided over 5 lines. The nearest that fits: ₵1.00 or ₵1.05.",
        body={"bet_amount": 101},
    ),
    "not divisible by ten": Refused(
        400,
        "invalid_stake",
        "A stake is divided over 10 lines. The nearest that fits: ₵1.00 or ₵1.10.",
        body={"bet_amount": 105},
        game=SMUGGLER,
    ),
    "below": Refused(400, "stake_too_small", "The smallest stake here is ₵1.00.", body={"bet_amount": 95}),
    "above": Refused(400, "stake_too_large", "The largest stake here is ₵20.00.", body={"bet_amount": 2005}),
    "a colon in the seed": Refused(
        400,
        "invalid_client_seed",
        "client_seed: A client seed has 1 to 64 printable characters, and no colon.",
        body={"client_seed": "a:b"},
    ),
    "more than an account can hold": Refused(
        409, "balance_limit", "No account can hold what this might win. Stake less.", almost_full
    ),
    "switched off": Refused(
        409,
        "game_closed",
        "Glitch Grid is closed. Ask a game master.",
        changed(back=OPEN, enabled=False),
    ),
    "out of hours": Refused(409, "game_closed", "Glitch Grid is open from", out_of_hours),
    "stopped by the plot": Refused(
        409,
        "game_frozen",
        "Somebody has cut the cable.",
        changed(back=OPEN, frozen_reason="Somebody has cut the cable."),
    ),
    "a frozen account": Refused(409, "account_frozen", "is frozen", frozen_account),
    "a paused world": Refused(409, "world_paused", "paused", paused_world),
    "excluded by themselves": Refused(
        409, "playing_paused", "You have asked to be kept from playing until 20", excluded
    ),
    "a stake limit of their own": Refused(
        409,
        "own_stake_limit",
        "You have limited your stakes to ₵0.50. Choose a smaller one.",
        limited(stake_max=50),
    ),
    "all that may be lost in a day": Refused(
        409,
        "loss_limit_reached",
        "You have reached the loss of ₵1.00 that you allow yourself in a day. Come back tomorrow.",
        limited(loss_per_day=100),
    ),
    "more than is left of a day": Refused(
        409,
        "loss_limit_reached",
        "You allow yourself a loss of ₵1.50 in a day; ₵0.50 of it are left.",
        limited(loss_per_day=150),
    ),
    "all that may be lost in a sitting": Refused(
        409,
        "loss_limit_reached",
        "You have reached the loss of ₵1.00 that you allow yourself in one sitting.",
        limited(loss_per_session=100),
    ),
    "more than is left of a sitting": Refused(
        409,
        "loss_limit_reached",
        "You allow yourself a loss of ₵1.50 in one sitting; ₵0.50 of it are left.",
        limited(loss_per_session=150),
    ),
    "not enough money": Refused(
        409,
        "insufficient_funds",
        "You have ₵99.00; this needs ₵100.00.",
        changed(back=OPEN, stakes=[1_00, 100_00]),
        body={"bet_amount": 100_00},
    ),
    "a house that is too small": Refused(
        409,
        "house_limit",
        "The house could not pay the largest prize of this stake now. The most it takes is ₵",
        house_of(200_00),
        body={"bet_amount": 20_00},
    ),
    "a house without money": Refused(
        409,
        "house_limit",
        "The house has run out of money and takes no bets. Ask a game master.",
        house_of(0),
    ),
    "another configuration": Refused(
        409,
        "config_changed",
        "The game masters have changed what this machine pays. Nothing was drawn; look at it and spin anew.",
        body={"config": OLD},
    ),
    "too fast": Refused(
        429,
        "too_fast",
        "The reels are still turning. Wait a moment, then spin again.",
        changed(back=OPEN, pace_ms=60_000),
    ),
}


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Floor]:
    """A floor for all of this module: each situation ends, and each test has a player of its own."""
    with SESSION.database() as database, django_db_blocker.unblock(), SESSION.connected_to(database):
        yield open_floor(make_world())
        directory.forget()


@pytest.fixture
def floor(house: Floor) -> Floor:
    """The same with another Alice, who has 100.00 and has not played yet."""
    alice = house.event.person(f"Player {next(_NUMBERS)}", money=OPENING_BALANCE)
    return Floor(replace(house.world, alice=alice))


@pytest.fixture
def played(floor: Floor) -> Floor:
    """She has played one round, and lost 1.00."""
    open_pairs(actor=floor.alice.actor)
    answer = spin(floor.alice.phone(), client_seed=seed_that_loses(floor.alice))
    assert answer.status_code == 201
    assert (answer.json()["win_amount"], answer.json()["fairness"]["nonce"]) == (0, 1)
    return floor


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_draws_nothing_and_takes_no_nonce(played: Floor, name: str) -> None:
    expected, phone = REFUSALS[name], played.alice.phone()
    with expected.situation(played):
        money = played.alice.balance(), played.house()
        answer = spin(phone, expected.game, key="refused", **expected.body)
        again = spin(phone, expected.game, key="refused", **expected.body)
        assert (played.alice.balance(), played.house()) == money
    assert refusal(answer) == refusal(again) == (expected.status, expected.code)
    assert expected.sentence in answer.json()["detail"]
    assert len(played.rounds()) == 1
    is_stored = expected.status == 409
    assert again.headers.get("Idempotent-Replayed") == ("true" if is_stored else None)
    if is_stored:
        later = spin(phone, expected.game, key="refused", **expected.body)
        assert without_id(later) == without_id(again) == without_id(answer), (
            "the same, when all is well again"
        )
    after = spin(phone)
    assert (after.status_code, after.json()["fairness"]["nonce"]) == (201, 2)


def test_what_a_refusal_knows_stands_in_its_facts(played: Floor) -> None:
    phone = played.alice.phone()
    with house_of(200_00)(played):
        largest = phone.get("casino/games/glitch-grid").json()["largest_stake"]
        answer = spin(phone, bet_amount=20_00).json()
        assert 1_00 <= largest < 20_00
        assert (answer["facts"], answer["errors"][0]["field"]) == ({"largest": largest}, "bet_amount")
        assert spin(phone, bet_amount=largest + 5).json()["code"] == "house_limit"
        assert spin(phone, bet_amount=largest).status_code == 201
    answer = spin(phone, bet_amount=101).json()
    assert (answer["facts"], answer["errors"][0]["field"]) == (
        {"lines": 5, "nearest": [100, 105]},
        "bet_amount",
    )
    played.change(GLITCH, pace_ms=60_000)
    assert 1 <= int(spin(phone).headers["Retry-After"]) <= 60
    played.change(GLITCH, pace_ms=0)


def test_a_new_payout_is_told_before_it_is_played(played: Floor) -> None:
    phone = played.alice.phone()
    set_payout(actor=played.world.gm.actor, game=GLITCH, payout=9650)
    shown = phone.get("casino/games/glitch_grid").json()["configuration"]["digest"]
    assert spin(phone, config=shown).status_code == 201
    set_payout(actor=played.world.gm.actor, game=GLITCH, payout=9500)
    answer = spin(phone, config=shown)
    assert refusal(answer) == (409, "config_changed")
    now = phone.get("casino/games/glitch_grid").json()["configuration"]
    assert answer.json()["facts"] == {"configuration": now["digest"]}
    assert now["prev"] == shown
    assert spin(phone, config=now["digest"]).json()["fairness"]["nonce"] == 3


def test_a_client_seed_before_the_seal_was_shown_is_no_protection(floor: Floor) -> None:
    phone = floor.alice.phone()
    answer = spin(phone, key="first", client_seed="mine")
    assert refusal(answer) == (409, "seeds_not_shown")
    seals = phone.get("casino/fairness").json()
    assert answer.json()["facts"]["server_seed_hash"] == seals["active"]["server_seed_hash"]
    assert without_id(spin(phone, key="first", client_seed="mine")) == without_id(answer)
    assert floor.rounds() == []
    played = spin(phone, client_seed="mine").json()["fairness"]
    assert (played["nonce"], played["server_seed_hash"]) == (1, seals["active"]["server_seed_hash"])


def test_a_key_is_needed_and_good_for_one_request(played: Floor) -> None:
    phone = played.alice.phone()
    assert refusal(spin(phone, key=None)) == (400, "idempotency_key_required")
    assert refusal(spin(phone, key="no spaces")) == (400, "invalid_idempotency_key")
    assert spin(phone, key="mine").status_code == 201
    for other in ({"bet_amount": 200}, {"client_seed": "x"}, {"config": OLD}):
        assert refusal(spin(phone, key="mine", **other)) == (422, "key_reused")
    assert refusal(spin(phone, SMUGGLER, key="mine")) == (422, "key_reused")
    assert [one.nonce for one in played.rounds()] == [1, 2]


def test_a_bet_is_a_whole_number_of_minor_units(played: Floor) -> None:
    phone = played.alice.phone()
    amounts: list[Any] = [100.0, 1e2, "100", True, None, [], {}, 0, -100, 2**53, 10**18]
    for amount in amounts:
        assert refusal(spin(phone, bet_amount=amount)) == (400, "invalid_amount"), amount
    assert len(played.rounds()) == 1


def test_a_body_is_taken_as_it_stands_or_not_at_all(played: Floor) -> None:
    phone = played.alice.phone()
    for body, code in (
        ({"bet": 100}, "invalid_request"),
        ({"payout": 15000}, "invalid_request"),
        ({"client_seed": ""}, "invalid_client_seed"),
        ({"client_seed": "x" * 65}, "invalid_client_seed"),
        ({"client_seed": "a\nb"}, "invalid_client_seed"),
        ({"client_seed": "\u202e"}, "invalid_client_seed"),
        ({"client_seed": "\0"}, "malformed_json"),
        ({"client_seed": 7}, "invalid_request"),
        ({"config": "abc"}, "invalid_request"),
        ({"config": "A" * 64}, "invalid_request"),
        ({"config": "0" * 64 + "\n"}, "invalid_request"),
        ({"config": ["0" * 64]}, "invalid_request"),
    ):
        assert refusal(spin(phone, **body)) == (400, code), body
    assert len(played.rounds()) == 1


def test_who_may_not_play(played: Floor) -> None:
    assert refusal(spin(played.event.phone())) == (401, "not_signed_in")
    assert refusal(spin(played.world.till.device())) == (403, "not_for_keys")
    assert refusal(spin(played.alice.phone(), "roulette")) == (404, "unknown_game")
    assert refusal(spin(played.alice.phone(), "x" * 300)) == (404, "unknown_game")


def test_sixty_spins_a_minute_and_answers_again_for_nothing(
    played: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(limits.RATES, "spin", limits.Rate(2, 60))
    phone = played.event.person("Pauper").phone()
    codes = [refusal(spin(phone, key=f"poor-{n}")) for n in range(3)]
    assert codes == [(409, "insufficient_funds")] * 2 + [(429, "rate_limited")]
    assert 1 <= int(spin(phone).headers["Retry-After"]) <= 60
    assert refusal(spin(phone, key="poor-0")) == (409, "insufficient_funds")
    assert limits.RATES["transfer"].count == 60, "paying is counted apart"
    assert phone.get("casino/games").status_code == 200
