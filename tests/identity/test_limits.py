"""How often something may be tried, and that nobody can use this against a rival."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from redis.exceptions import ConnectionError as RedisGone
from time_machine import Traveller

from accounts import limits
from accounts.actors import Actor
from accounts.errors import TooMany
from accounts.tokens import RefreshToken
from identity.devices import Device
from tests.cast import PASSWORD, Phone, World

# The first second of a minute of the counters of payments.
NOW = dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def login(phone: Phone, password: str, name: str = "Alice", **more: Any) -> Any:
    return phone.post("auth/login", {"character_name": name, "password": password, **more})


def wrong(phone: Phone, times: int) -> list[int]:
    return [login(phone, "wrong password").status_code for _try in range(times)]


# -- Wrong passwords ---------------------------------------------------------------------------------------------------


def test_after_five_wrong_passwords_the_delay_grows(world: World, clock: Traveller) -> None:
    phone = world.arcadia.phone()
    assert wrong(phone, 5) == [401] * 5
    waits = []
    for _more in range(5):
        refused = login(phone, "wrong password")
        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        waits.append(int(refused["Retry-After"]))
        clock.shift(waits[-1] - 1)
        assert login(phone, PASSWORD).status_code == 429, "the right one has to wait as well"
        clock.shift(1)
        assert login(phone, "wrong password").status_code == 401
    assert waits == [5, 10, 20, 40, 80]


def test_the_right_password_is_taken_once_the_delay_is_over_and_ends_it(
    world: World, clock: Traveller
) -> None:
    phone = world.arcadia.phone()
    wrong(phone, 5)
    clock.shift(5)
    assert login(phone, PASSWORD).status_code == 200
    assert wrong(phone, 5) == [401] * 5


def test_the_delay_never_passes_a_quarter_of_an_hour(world: World, clock: Traveller) -> None:
    phone = world.arcadia.phone()
    wrong(phone, 5)
    longest = 0
    for _more in range(12):
        wait = int(login(phone, "wrong password")["Retry-After"])
        longest = max(longest, wait)
        clock.shift(wait)
        wrong(phone, 1)
    assert longest == 900


def test_wrong_passwords_are_forgotten_after_an_hour(world: World, clock: Traveller) -> None:
    phone = world.arcadia.phone()
    wrong(phone, 5)
    clock.shift(3700)
    assert wrong(phone, 5) == [401] * 5


def test_a_name_that_does_not_exist_is_delayed_in_the_same_way(world: World, clock: Traveller) -> None:
    phone = world.arcadia.phone()
    codes = [login(phone, "wrong password", name="Nobody").status_code for _try in range(6)]
    assert codes == [401] * 5 + [429]


@pytest.mark.parametrize("name", ["Zed Two", "Nob Ody"])
def test_other_spellings_of_a_name_wait_alike_whether_there_is_one_or_not(
    world: World, clock: Traveller, name: str
) -> None:
    """The attack: asking by the delay whether a name is there, which the answer does not say."""
    world.arcadia.person("Zed Two")
    phone = world.arcadia.phone()
    spellings = [name.replace(" ", blanks) for blanks in (" ", "  ", "\u3000", "\u2003 ", "   ", "    ")]
    codes = [login(phone, "wrong password", name=spelling).status_code for spelling in spellings]
    assert codes == [401] * 5 + [429]


@pytest.mark.parametrize("name", ["x", "Ali\u200bce", "аlice", "y" * 64])
def test_what_cannot_be_a_name_is_delayed_as_it_was_typed(world: World, clock: Traveller, name: str) -> None:
    phone = world.arcadia.phone()
    assert [login(phone, "wrong password", name=name).status_code for _try in range(6)] == [401] * 5 + [429]
    assert login(phone, PASSWORD).status_code == 200


def test_one_name_does_not_make_another_wait(world: World, clock: Traveller) -> None:
    phone = world.arcadia.phone()
    wrong(phone, 6)
    assert login(phone, PASSWORD, name="Bob").status_code == 200


def test_an_event_does_not_make_another_wait(world: World, clock: Traveller) -> None:
    world.borea.person("Alice")
    wrong(world.arcadia.phone(), 6)
    assert login(world.borea.phone(), PASSWORD).status_code == 200


def test_a_rival_cannot_lock_the_owner_out_of_her_own_phone(world: World, clock: Traveller) -> None:
    """The attack: hammering wrong passwords in Alice's name from the venue's one address."""
    proof = login(world.arcadia.phone(), PASSWORD).json()["device_proof"]
    alices_app = world.arcadia.phone(**{"X-Device-Proof": proof})
    for _minute in range(5):
        for _device in range(8):
            wrong(world.arcadia.phone(**{"X-Device-Proof": Device.new().proof()}), 6)
        wrong(world.arcadia.phone(), 6)
        new_phone = world.arcadia.phone(**{"X-Device-Proof": Device.new().proof()})
        assert login(new_phone, PASSWORD).status_code == 429, (
            "the attack would work on a phone that nobody knows"
        )
        assert login(alices_app, "mistyped").status_code == 401
        assert login(alices_app, PASSWORD).status_code == 200
        clock.shift(60)


def test_a_browser_proves_it_with_a_cookie(world: World, clock: Traveller) -> None:
    browser = world.arcadia.phone()
    browser.keeps_cookies = True
    assert login(browser, PASSWORD).status_code == 200
    wrong(world.arcadia.phone(), 40)
    assert login(browser, PASSWORD).status_code == 200
    cookie = browser.client.cookies["neobank_device"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_rival_at_another_address_does_not_touch_this_one(world: World, clock: Traveller) -> None:
    rival, owner = world.arcadia.phone(), world.arcadia.phone()
    rival.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    wrong(rival, 100)
    assert login(owner, PASSWORD).status_code == 200


def test_a_proof_counts_for_those_who_signed_in_with_it_only(world: World, clock: Traveller) -> None:
    bobs = login(world.arcadia.phone(), PASSWORD, name="Bob").json()["device_proof"]
    phone = world.arcadia.phone(**{"X-Device-Proof": bobs})
    assert wrong(phone, 6) == [401] * 5 + [429]


def test_two_people_may_share_a_phone(world: World, clock: Traveller) -> None:
    first = login(world.arcadia.phone(), PASSWORD, name="Bob").json()["device_proof"]
    second = login(world.arcadia.phone(**{"X-Device-Proof": first}), PASSWORD).json()["device_proof"]
    wrong(world.arcadia.phone(), 6)
    shared = world.arcadia.phone(**{"X-Device-Proof": second})
    assert login(shared, PASSWORD).status_code == 200
    assert login(shared, PASSWORD, name="Bob").status_code == 200


@pytest.mark.parametrize("proof", ["x", "a:b:c", "", "." * 2000])
def test_an_invented_proof_is_worth_nothing(world: World, clock: Traveller, proof: str) -> None:
    assert wrong(world.arcadia.phone(**{"X-Device-Proof": proof}), 6) == [401] * 5 + [429]


def test_throwing_the_device_cookie_away_does_not_begin_anew_for_ever(world: World, clock: Traveller) -> None:
    codes: list[int] = []
    for _device in range(6):
        fresh = world.arcadia.phone(**{"X-Device-Proof": Device.new().proof()})
        codes += wrong(fresh, 5)
    assert codes == [401] * 20 + [429] * 10


def test_a_device_that_was_never_seen_is_delayed_by_its_own_tries_first(
    world: World, clock: Traveller
) -> None:
    rival = world.arcadia.phone(**{"X-Device-Proof": Device.new().proof()})
    newcomer = world.arcadia.phone(**{"X-Device-Proof": Device.new().proof()})
    assert wrong(rival, 7) == [401] * 5 + [429] * 2
    assert login(newcomer, PASSWORD).status_code == 200


def test_many_tries_at_once_do_not_slip_through_together(clock: Traveller) -> None:
    attempt = limits.Attempt(tenant="t", name_key="alice", ip="192.0.2.1")

    def begin(_number: int) -> bool:
        try:
            attempt.begin()
        except TooMany:
            return False
        return True

    for _round in range(5):
        begin(0)
    with ThreadPoolExecutor(8) as pool:
        assert not any(pool.map(begin, range(40)))


def test_one_address_tries_a_hundred_and_twenty_times_a_minute(world: World, clock: Traveller) -> None:
    phone = world.arcadia.phone()
    codes = [login(phone, "wrong password", name=f"Name {number}").status_code for number in range(121)]
    assert codes == [401] * 120 + [429]


def test_whoever_floods_the_venues_address_does_not_keep_known_phones_out(
    world: World, clock: Traveller
) -> None:
    answer = login(world.arcadia.phone(), PASSWORD, refresh=True).json()
    alices_app = world.arcadia.phone(**{"X-Device-Proof": answer["device_proof"]})
    flood = [login(world.arcadia.phone(), "x", name=f"Name {number}").status_code for number in range(130)]
    assert flood[-1] == 429
    assert login(alices_app, PASSWORD).status_code == 200
    invented = RefreshToken.first(uuid.uuid4()).text()
    for _request in range(130):
        world.arcadia.phone().post("auth/refresh", {"refresh_token": invented})
    token = {"refresh_token": answer["refresh_token"]}
    assert world.arcadia.phone().post("auth/refresh", token).status_code == 200


def test_new_proofs_for_one_login_are_no_new_allowance(world: World, clock: Traveller) -> None:
    """The attack: collecting proofs with one's own login, and then having a slow hash computed for each try of each."""
    proofs = [login(world.arcadia.phone(), PASSWORD).json()["device_proof"] for _sign_in in range(3)]
    phones = [world.arcadia.phone(**{"X-Device-Proof": proof}) for proof in proofs]
    codes = [login(phones[number % 3], "wrong password").status_code for number in range(121)]
    assert codes == [401] * 120 + [429]


def test_whoever_uses_up_the_tries_of_one_login_takes_nothing_from_another(
    world: World, clock: Traveller
) -> None:
    shared = login(world.arcadia.phone(), PASSWORD, name="Bob").json()["device_proof"]
    both = login(world.arcadia.phone(**{"X-Device-Proof": shared}), PASSWORD).json()["device_proof"]
    bobs = world.arcadia.phone(**{"X-Device-Proof": both})
    assert [login(bobs, "x", name="Bob").status_code for _try in range(121)][-1] == 429
    assert login(bobs, PASSWORD).status_code == 200


# -- Payments ----------------------------------------------------------------------------------------------------------


def waits(actor: Actor, what: str = "transfer", cost: int = 1) -> int:
    """Seconds the actor has to wait for it, 0 when it was counted."""
    try:
        limits.spend(actor, what, cost=cost)
    except TooMany as refusal:
        return refusal.retry_after or -1
    return 0


def test_somebody_pays_sixty_times_a_minute(world: World, clock: Traveller) -> None:
    alice, bob = world.alice.actor, world.bob.actor
    assert [waits(alice) for _payment in range(60)] == [0] * 60
    clock.shift(20)
    assert waits(alice) == 40
    assert waits(bob) == 0
    clock.shift(40)
    assert waits(alice) == 0


def test_a_terminal_takes_a_hundred_payments_a_minute(world: World, clock: Traveller) -> None:
    till = Actor(tenant=world.arcadia.tenant, key=world.till.key)
    assert [waits(till, "terminal") for _payment in range(100)] == [0] * 100
    assert waits(till, "terminal") == 60


def test_a_batch_counts_its_lines(world: World, clock: Traveller) -> None:
    assert waits(world.alice.actor, cost=40) == 0
    assert waits(world.alice.actor, cost=20) == 0
    assert waits(world.alice.actor) > 0


def test_a_batch_that_does_not_fit_into_what_is_left_costs_nothing(world: World, clock: Traveller) -> None:
    assert waits(world.alice.actor, cost=40) == 0
    assert waits(world.alice.actor, cost=21) == 60
    assert waits(world.alice.actor, cost=500) == 60
    assert waits(world.alice.actor, cost=20) == 0


def test_a_large_batch_goes_first_in_an_unused_minute_and_is_then_paid_off(
    world: World, clock: Traveller
) -> None:
    alice = world.alice.actor
    assert waits(alice, cost=150) == 0
    assert waits(alice) == 150
    clock.shift(149)
    assert waits(alice) == 1
    assert waits(alice, cost=150) == 1
    clock.shift(31)
    assert waits(alice) == 0


def test_a_thousand_lines_are_paid_off_in_a_thousand_seconds(world: World, clock: Traveller) -> None:
    assert waits(world.alice.actor, cost=1000) == 0
    assert waits(world.alice.actor) == 1000


def test_a_repeated_request_is_given_back(world: World, clock: Traveller) -> None:
    alice = world.alice.actor
    for _repeat in range(200):
        limits.spend(alice, "transfer").give_back()
    assert [waits(alice) for _payment in range(60)] == [0] * 60


def test_a_repeated_large_batch_does_not_block(world: World, clock: Traveller) -> None:
    alice = world.alice.actor
    limits.spend(alice, "transfer", cost=500).give_back()
    assert waits(alice, cost=60) == 0


def test_giving_back_after_the_minute_is_harmless(world: World, clock: Traveller) -> None:
    spending = limits.spend(world.alice.actor, "transfer", cost=5)
    clock.shift(600)
    spending.give_back()
    assert [waits(world.alice.actor) for _payment in range(60)] == [0] * 60


def test_staff_at_the_machine_is_not_limited(world: World, clock: Traveller) -> None:
    assert [waits(world.arcadia.server, cost=1000) for _run in range(5)] == [0] * 5


def test_switched_off_nothing_is_counted(world: World, clock: Traveller, settings: Any) -> None:
    settings.RATE_LIMITS = False
    assert [waits(world.alice.actor) for _payment in range(100)] == [0] * 100
    assert wrong(world.arcadia.phone(), 10) == [401] * 10


def test_many_threads_spend_no_more_than_the_minute_has(world: World, clock: Traveller) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _number: waits(world.alice.actor), range(200)))
    assert results.count(0) == 60


# -- The cache ---------------------------------------------------------------------------------------------------------


def test_the_bank_goes_on_when_the_counters_are_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_arguments: object, **_options: object) -> None:
        raise RedisGone("refused")

    for name in ("add", "get", "get_many", "incr", "decr", "set", "delete", "delete_many", "touch"):
        monkeypatch.setattr(type(cache._connections[cache._alias]), name, gone)  # type: ignore[attr-defined]
    assert login(world.arcadia.phone(), PASSWORD).status_code == 200
    assert login(world.arcadia.phone(), "wrong password").status_code == 401
    limits.spend(world.alice.actor, "transfer").give_back()
    limits.peek("register_device", "x")


def test_the_counters_work_on_a_real_valkey(valkey: str, settings: Any, world: World) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": valkey}
    }
    cache.clear()
    assert waits(world.alice.actor, cost=60) == 0
    assert waits(world.alice.actor) > 0
    assert wrong(world.arcadia.phone(), 6) == [401] * 5 + [429]
    for _hit in range(3):
        limits.peek("register_device", "x")
        limits.hit("register_device", "x")
    with pytest.raises(TooMany):
        limits.peek("register_device", "x")


def test_neighbours_of_one_ipv6_network_are_one_address() -> None:
    assert limits.network("2001:db8::1") == limits.network("2001:db8::ffff")
    assert limits.network("2001:db8::1") != limits.network("2001:db8:0:1::1")
    assert limits.network("192.0.2.1") != limits.network("192.0.2.2")
    assert limits.network(None) == "unknown"
