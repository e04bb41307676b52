"""Where somebody is signed in, and how that ends at once."""

from __future__ import annotations

import datetime as dt
import uuid

import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import selectors, tenancy
from accounts.actors import Actor, Origin
from accounts.models import AuditEvent, LoginSession
from accounts.services.people import disable_user, enable_user, set_role
from accounts.services.sessions import revoke_session
from identity.devices import Device
from identity.services.sign_in import login
from identity.services.stay import SignedIn, Stay
from tests.cast import PASSWORD, World


def test_the_list_shows_ones_own_sign_ins_and_which_is_in_use(world: World) -> None:
    first, second = world.alice.phone(), world.alice.phone()
    world.bob.phone()
    results = first.get("auth/sessions").json()["results"]
    assert len(results) == 2
    assert [session["current"] for session in results] == [False, True]
    assert [session["current"] for session in second.get("auth/sessions").json()["results"]] == [True, False]
    assert set(results[0]) == {
        "id", "device_name", "ip", "user_agent", "created_at", "last_used_at", "expires_at", "current",
    }  # fmt: skip


def test_the_list_has_pages(world: World) -> None:
    phone = world.alice.phone()
    for _more in range(4):
        world.alice.phone()
    first = phone.get("auth/sessions", limit=3).json()
    assert len(first["results"]) == 3
    rest = phone.get(first["next"].removeprefix("/api/v1/")).json()
    assert len(rest["results"]) == 2
    assert rest["next"] is None
    ids = [session["id"] for page in (first, rest) for session in page["results"]]
    assert len(set(ids)) == 5


def test_the_list_costs_the_same_however_long_it_is(world: World) -> None:
    phone = world.alice.phone()

    def queries() -> int:
        # The first request after a sign-in looks up again which event is which.
        phone.get("auth/sessions")
        with CaptureQueriesContext(connection) as captured:
            phone.get("auth/sessions")
        return len(captured)

    few = queries()
    for _more in range(20):
        world.alice.phone()
    assert queries() == few


def test_the_list_walks_along_an_index(world: World) -> None:
    with tenancy.scope(world.arcadia.tenant), transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("set local enable_seqscan = off; set local enable_sort = off")
        plan = selectors.sessions_of(world.alice.actor).order_by("-created_at", "-id")[:51].explain()
    assert "login_session_of_user" in plan


def test_a_sign_in_that_is_ended_opens_nothing_from_then_on(world: World) -> None:
    here, lost = world.alice.phone(), world.alice.phone()
    [lost_id] = [s["id"] for s in lost.get("auth/sessions").json()["results"] if s["current"]]
    assert here.delete(f"auth/sessions/{lost_id}").status_code == 204
    refused = lost.get("account")
    assert (refused.status_code, refused.json()["code"]) == (401, "session_ended")
    assert here.get("account").status_code == 200
    assert len(here.get("auth/sessions").json()["results"]) == 1
    assert here.delete(f"auth/sessions/{lost_id}").status_code == 404


def test_nobody_ends_a_strangers_sign_in(world: World) -> None:
    alice, bob = world.alice.phone(), world.bob.phone()
    charlie, their_gm = world.charlie.phone(), world.charlies_gm.phone()
    [alices] = [session["id"] for session in alice.get("auth/sessions").json()["results"]]
    for stranger in (bob, charlie, their_gm):
        refused = stranger.delete(f"auth/sessions/{alices}")
        assert (refused.status_code, refused.json()["code"]) == (404, "unknown_session")
    absent = bob.delete(f"auth/sessions/{uuid.uuid4()}")
    assert absent.json()["code"] == "unknown_session"
    assert alice.get("account").status_code == 200


def test_a_game_master_may_end_a_players_sign_in(world: World) -> None:
    alice = world.alice.phone()
    [alices] = [session["id"] for session in alice.get("auth/sessions").json()["results"]]
    revoke_session(actor=world.gm.actor, session_id=uuid.UUID(alices))
    assert alice.get("account").status_code == 401
    with tenancy.scope(world.arcadia.tenant):
        assert AuditEvent.objects.get(action="session.revoke").actor_label == "Overseer"


def test_signing_out_ends_this_sign_in_only(world: World) -> None:
    here, there = world.alice.phone(), world.alice.phone()
    assert here.post("auth/logout").status_code == 200
    assert here.get("account").json()["code"] == "session_ended"
    assert there.get("account").status_code == 200


def test_signing_out_needs_a_sign_in(world: World) -> None:
    assert world.arcadia.phone().post("auth/logout").status_code == 401
    assert world.till.device().post("auth/logout").json()["code"] == "not_for_keys"


def test_a_sign_in_runs_out(world: World) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC), tick=False) as clock:
        signed_in = sign_in_on_a_page(world, Stay.PAGE)
        browser = browser_of(world, signed_in)
        clock.shift(dt.timedelta(hours=12) - dt.timedelta(seconds=1))
        assert browser.get("/api/v1/auth/sessions", headers=host(world)).status_code == 200
        clock.shift(dt.timedelta(seconds=2))
        assert browser.get("/api/v1/auth/sessions", headers=host(world)).status_code == 401


def test_a_browser_that_remembers_does_so_for_thirty_days(world: World) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 20, 20, tzinfo=dt.UTC), tick=False) as clock:
        signed_in = sign_in_on_a_page(world, Stay.REMEMBERED)
        assert signed_in.page_cookie().age_s == 30 * 86400
        browser = browser_of(world, signed_in)
        clock.shift(dt.timedelta(days=29, hours=23))
        assert browser.get("/api/v1/auth/sessions", headers=host(world)).status_code == 200
        clock.shift(dt.timedelta(hours=2))
        assert browser.get("/api/v1/auth/sessions", headers=host(world)).status_code == 401


def host(world: World) -> dict[str, str]:
    return {"Host": world.arcadia.host}


def sign_in_on_a_page(world: World, stay: Stay) -> SignedIn:
    visitor = Actor.visitor(world.arcadia.tenant, Origin(ip="192.0.2.1"))
    return login(actor=visitor, character_name="Alice", password=PASSWORD, stay=stay, device=Device())


def browser_of(world: World, signed_in: SignedIn) -> Client:
    """A browser that holds the cookie a page would have given it."""
    browser = Client()
    cookie = signed_in.page_cookie()
    session = browser.session
    session.update(cookie.contents)
    session.set_expiry(cookie.age_s)
    session.save()
    browser.cookies["neobank_session"] = str(session.session_key)
    return browser


def test_a_login_that_is_switched_off_is_out_with_the_next_request(world: World) -> None:
    phone = world.alice.phone()
    disable_user(actor=world.gm.actor, person=world.alice.user, reason="cheating")
    assert phone.get("account").status_code == 401
    login_again = {"character_name": "Alice", "password": PASSWORD}
    assert world.arcadia.phone().post("auth/login", login_again).status_code == 401
    enable_user(actor=world.gm.actor, person=world.alice.user)
    assert phone.get("account").status_code == 401, "an ended sign-in does not come back"
    assert world.arcadia.phone().post("auth/login", login_again).status_code == 200


def test_a_role_counts_from_the_next_request_on_whatever_the_token_says(world: World) -> None:
    phone = world.alice.phone()
    bob_account = f"accounts/{world.bob.number}"
    assert phone.get(bob_account).status_code == 404
    set_role(actor=world.gm.actor, person=world.alice.user, role="gm")
    assert phone.get(bob_account).status_code == 200
    assert phone.get("account").json()["role"] == "gm"
    set_role(actor=world.gm.actor, person=world.alice.user, role="player")
    assert phone.get(bob_account).status_code == 404


def test_a_session_is_not_listed_once_it_has_run_out(world: World) -> None:
    phone = world.alice.phone()
    world.alice.phone()
    with tenancy.scope(world.arcadia.tenant):
        oldest = LoginSession.objects.latest("id")
        LoginSession.objects.filter(pk=oldest.pk).update(expires_at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    assert len(phone.get("auth/sessions").json()["results"]) == 1
