"""Who gets into the console and what nobody can do there. The pages come from the registry: one that is added is tested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import get_resolver
from django.utils import timezone

from accounts import roles, tenancy
from accounts.errors import Conflict
from accounts.models import ApiKey, AuditEvent, Faction, Tenant, User
from casino.configuration import Step
from casino.models import Game, Rig, Round, StoryRound
from casino.services.configurations import seal_rig
from casino.services.games import change_game
from casino.services.house import fund
from casino.services.setup import open_casino
from casino.services.spins import spin
from casino.services.stories import give
from ledger.models import Account, Transfer, VoucherBatch
from ledger.services.transfers import Payment, transfer
from ledger.services.vouchers import make_batch
from tests.casino.floor import key
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, offered, pages_of, tags_of, text_of, url_of

# What support may look at; the rest needs a game master.
SUPPORT_SEES = {User, Faction, Account, Transfer, ApiKey, Game, Round, Rig}


def a_row_of_each_model(world: World) -> dict[type[Model], Model]:
    """A row of Alice's event for every model of the console."""
    paid = transfer(
        actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=7, memo="secret tip")
    )
    made = make_batch(actor=world.gm.actor, label="secret loot", worth=50, count=2, lives=timedelta(days=1))
    open_casino(actor=world.arcadia.server)
    fund(actor=world.arcadia.server, amount=1_000_000_00, reason="float of the house")
    change_game(actor=world.gm.actor, game="glitch_grid", pace_ms=0)
    spun = spin(actor=world.alice.actor, game="glitch_grid", stake=1_00, claim=key())
    with suppress(Conflict):
        # Of the second time: a machine has one rig at a time.
        seal_rig(
            actor=world.gm.actor,
            game="starlight_smuggler",
            steps=[Step(timezone.now(), 9512)],
            payout_from=9000,
            payout_to=9800,
        )
    story = give(
        actor=world.gm.actor,
        player=world.alice.user,
        game="glitch_grid",
        set_name=spun.round.set_name,
        stops=[1, 2, 3],
        prize=0,
        reason="secret heist",
        told=False,
        claim=key(),
    )
    with tenancy.scope(world.arcadia.tenant):
        rows: dict[type[Model], Model] = {
            User: world.alice.user,
            Faction: Faction.objects.get(name="Chrome Syndicate"),
            AuditEvent: AuditEvent.objects.filter(action="account.open").order_by("-id")[0],
            Account: world.alice.account,
            Transfer: paid.transfer,
            ApiKey: world.till.key,
            VoucherBatch: made.batch,
            Tenant: world.arcadia.tenant,
            Game: spun.round.game,
            Round: spun.round,
            Rig: Rig.objects.get(),
            StoryRound: story,
        }
    assert rows.keys() == admin.site._registry.keys(), "give the new model a row here"
    return rows


def pages(world: World) -> Iterator[tuple[type[Model] | None, str]]:
    """Every page that shows: the front page, each list, a row of each."""
    yield None, "/admin/"
    for model, row in a_row_of_each_model(world).items():
        yield model, pages_of(model).list_url()
        yield model, url_of(row)


def actions(world: World) -> Iterator[str]:
    """Every page that does something, on a row of Alice's event."""
    for model, row in a_row_of_each_model(world).items():
        for action in pages_of(model).all_actions():
            yield url_of(row, action.name)


# -- Who gets in -------------------------------------------------------------------------------------------------------


def test_a_stranger_is_led_to_the_sign_in_and_back(world: World) -> None:
    stranger = Desk(world.arcadia.host)
    for path in [path for _model, path in pages(world)] + list(actions(world)):
        answer = stranger.get(path)
        assert (answer.status_code, answer["Location"]) == (302, f"/login?next={path}")
        assert stranger.post(path, {"confirmed": "1"})["Location"] == "/login?next=/admin/"


@pytest.mark.parametrize("role", [role for role in roles.ROLES if not roles.allows(role, "accounts.console")])
def test_a_player_is_told_that_this_is_not_for_him(world: World, role: str) -> None:
    desk = Desk(world.arcadia.host, world.arcadia.person("Curious", role=role))
    for path in [path for _model, path in pages(world)] + list(actions(world)):
        assert desk.get(path).status_code == 403, path
        assert desk.post(path, {"confirmed": "1", "reason": "x"}).status_code == 403, path


def test_support_looks_and_does_not_act(world: World) -> None:
    desk = Desk(world.arcadia.host, world.arcadia.person("Helper", role=roles.SUPPORT))
    for model, path in pages(world):
        expected = 200 if model is None or model in SUPPORT_SEES else 403
        answer = desk.get(path)
        if answer.status_code != 302:
            assert answer.status_code == expected, path
    for path in actions(world):
        assert desk.get(path).status_code == 403, path
        assert desk.post(path, {"confirmed": "1", "reason": "x", "how": "both"}).status_code == 403, path
    shown = desk.get(url_of(world.alice.account))
    assert "may look, not act" in text_of(shown)
    assert offered(shown) == set()


def test_the_role_stands_on_every_page(world: World, gm: Desk) -> None:
    for _model, path in pages(world):
        answer = gm.client.get(path, follow=True, HTTP_HOST=gm.host)
        assert "Overseer · game master" in text_of(answer)
        assert "Arcadia" in text_of(answer)


# -- Another event -----------------------------------------------------------------------------------------------------


def test_another_events_game_master_finds_nothing_of_this_one(world: World, charlies_gm: Desk) -> None:
    for model, row in a_row_of_each_model(world).items():
        assert charlies_gm.get(url_of(row)).status_code == 404, model
    for path in actions(world):
        assert charlies_gm.get(path).status_code == 404, path
        typed = {
            "confirmed": "1",
            "reason": "x",
            "how": "both",
            "amount": "5",
            "direction": "give",
            "role": "gm",
        }
        assert charlies_gm.post(path, typed).status_code == 404, path


def test_no_list_or_search_shows_another_events_rows(world: World, charlies_gm: Desk) -> None:
    theirs = [
        "Alice",
        "Bob",
        "Overseer",
        "Bar till",
        "secret tip",
        "secret loot",
        "secret heist",
        "Chrome Syndicate",
        world.alice.number,
    ]
    list(actions(world))
    for model in admin.site._registry:
        if model is Tenant:
            continue
        path = pages_of(model).list_url()
        for query in ({}, {"q": "alice"}, {"q": "chrome"}, {"q": "bar"}, {"q": world.alice.number[:9]}):
            shown = text_of(charlies_gm.get(path, **query))
            assert not [word for word in theirs if word in shown.replace(query.get("q", "\0"), "")], path


def test_filters_offer_only_what_is_here(world: World, charlies_gm: Desk) -> None:
    foreign = [
        ("accounts/user", "faction", world.arcadia.faction.pk),
        ("ledger/transfer", "key", world.till.key.pk),
    ]
    for place, name, value in foreign:
        answer = charlies_gm.get(f"/admin/{place}/", **{name: str(value)})
        assert answer.status_code == 422
        assert "Alice" not in text_of(answer)


def test_a_cursor_of_another_event_leads_nowhere(world: World, charlies_gm: Desk) -> None:
    for model, row in a_row_of_each_model(world).items():
        if model is not Tenant:
            key = str(getattr(row, pages_of(model).url_key))
            assert charlies_gm.get(pages_of(model).list_url(), after=key).status_code == 404, model


# -- What nobody can do ------------------------------------------------------------------------------------------------


def test_nothing_can_be_added_changed_or_deleted(world: World, gm: Desk) -> None:
    names = {name for name in get_resolver().namespace_dict["admin"][1].reverse_dict if isinstance(name, str)}
    assert not [name for name in names if re.search(r"_(add|delete|history)$", name)]
    request = RequestFactory().get("/")
    request.user = world.gm.user
    for model, row in a_row_of_each_model(world).items():
        console = pages_of(model)
        assert not console.has_add_permission(request)
        assert not console.has_change_permission(request, row)
        assert not console.has_delete_permission(request, row)
        typed = {
            "amount": "1",
            "memo": "changed",
            "_save": "1",
            "action": "delete_selected",
            "_selected_action": "1",
        }
        assert gm.post(url_of(row), typed).status_code == 403
        assert gm.post(console.list_url(), typed).status_code == 403
        for way in ("add/", "delete/", "history/"):
            assert gm.get(f"{url_of(row)}{way}").status_code == 404


def test_django_s_own_ways_around_the_services_are_not_there(gm: Desk) -> None:
    for path in (
        "password_change/",
        "login/",
        "logout/",
        "jsi18n/",
        "autocomplete/",
        "r/1/1/",
        "auth/group/",
        "accounts/",
    ):
        assert gm.get(f"/admin/{path}").status_code == 404, path


def test_only_pages_that_cannot_write_can_be_registered() -> None:
    class Careless(ModelAdmin):
        pass

    with pytest.raises(ImproperlyConfigured, match="pass by the services"):
        admin.site.register(AuditEvent, Careless)


def test_a_form_from_elsewhere_is_refused(world: World) -> None:
    desk = Desk(world.arcadia.host, world.gm, Client())
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = desk.client.cookies
    path = url_of(world.alice.account, "freeze")
    answer = strict.post(path, {"confirmed": "1", "how": "both", "reason": "x"}, HTTP_HOST=world.arcadia.host)
    assert answer.status_code == 403


def test_the_address_asks_for_nothing_but_what_the_form_offers(world: World, gm: Desk) -> None:
    first = world.gm.reload().password[0]
    for path, query in [
        ("/admin/accounts/user/", {"password__startswith": first}),
        ("/admin/accounts/user/", {"password__startswith": "?"}),
        ("/admin/accounts/apikey/", {"digest__gte": "x"}),
        ("/admin/ledger/transfer/", {"from_account__holder__name__startswith": "Z"}),
    ]:
        assert text_of(gm.get(path, **query)) == text_of(gm.get(path))


# -- What a browser is given -------------------------------------------------------------------------------------------


@pytest.fixture
def everything(world: World, gm: Desk) -> list[Any]:
    """Every page of the console as a game master gets it: those that show, forms, statements, a refusal."""
    answers = [gm.client.get(path, follow=True, HTTP_HOST=gm.host) for _model, path in pages(world)]
    answers += [gm.get(path) for path in actions(world)]
    adjust = url_of(world.alice.account, "adjust")
    statement = gm.state(adjust, direction="take", amount="500", reason="a fine")
    answers += [statement, gm.confirm(adjust, statement), gm.post(adjust, {})]
    return answers


def test_no_page_holds_a_script_or_style_of_its_own(everything: list[Any]) -> None:
    for answer in everything:
        policy = answer["Content-Security-Policy"]
        assert "'unsafe" not in policy
        assert "default-src 'none'" in policy
        assert not re.search(r"<script[^>]*>[^<]", answer.content.decode())
        for tag, attributes in tags_of(answer):
            assert tag != "style"
            assert tag != "script" or str(attributes["src"]).startswith("/static/")
            assert not [name for name in attributes if name == "style" or name.startswith("on")]


def test_no_page_is_kept_by_a_browser(everything: list[Any]) -> None:
    assert all("no-store" in answer["Cache-Control"] for answer in everything)


def test_no_page_holds_a_secret(world: World, everything: list[Any]) -> None:
    hashes = [
        world.alice.reload().password,
        world.gm.reload().password,
        world.till.text,
        bytes(world.till.key.digest).hex(),
    ]
    hashes.append(world.till.text.split("_", 2)[2])
    for answer in everything:
        body = answer.content.decode()
        assert not [secret for secret in hashes if secret in body]


def test_a_pause_stands_on_every_page_in_capitals(world: World, gm: Desk) -> None:
    places = [path for _model, path in pages(world)]
    gm.act(url_of(world.arcadia.tenant, "pause"), reason="fire alarm")
    for path in places:
        shown = text_of(gm.client.get(path, follow=True, HTTP_HOST=gm.host))
        assert "THE WORLD IS PAUSED." in shown
        assert "Reason: fire alarm" in shown


# -- Who is sitting there ----------------------------------------------------------------------------------------------

# What a console left open is not enough for. Freezing and pausing are urgent, and take nothing from anybody.
ASKS_PASSWORD = {
    (User, "role"),
    (User, "new-password"),
    (User, "reverse"),
    (User, "login-qr"),
    (Account, "adjust"),
    (Account, "reverse"),
    (Account, "limits"),
    (Account, "issue-key"),
    (Account, "hire"),
    (Transfer, "refund"),
    (ApiKey, "revoke"),
    (ApiKey, "reverse"),
    (Tenant, "settings"),
    (Tenant, "roster"),
    (Tenant, "pay"),
    (Faction, "pay"),
    (Tenant, "login-cards"),
    (Tenant, "vouchers"),
    (VoucherBatch, "print"),
    (Account, "float"),
    (Game, "payout"),
    (Game, "settings"),
    (Game, "seal"),
    (Game, "story-round"),
    (Rig, "reveal"),
}


def test_money_keys_and_roles_ask_for_the_password_and_nothing_else_does() -> None:
    asking = {
        (model, action.name)
        for model in admin.site._registry
        for action in pages_of(model).all_actions()
        if action.asks_password
    }
    assert asking == ASKS_PASSWORD


def test_refunds_limits_and_settings_ask_for_the_password_after_a_while(world: World, gm: Desk) -> None:
    paid = transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=5_00))
    settings = {
        "name": "Arcadia",
        "registration": "open",
        "bonus_when_open": "on",
        "welcome_bonus": "50",
        "language": "en",
        "time_zone": "Europe/Berlin",
        "day_starts_at": "06:00",
    }
    for path, typed in (
        (url_of(paid.transfer, "refund"), {"amount": "5", "reason": "a broken lamp"}),
        (url_of(world.alice.account, "limits"), {"per_payment": "1", "per_day": ""}),
        (url_of(world.arcadia.tenant, "settings"), settings),
    ):
        # Each after a break of its own: a password that was just typed holds for five minutes.
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            late = Desk(world.arcadia.host, world.gm)
        with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=6)):
            statement = late.state(path, **typed)
            assert "Your password" in text_of(statement), path
            assert late.confirm(path, statement).status_code == 403, path
            assert late.confirm(path, statement, password=PASSWORD).status_code == 303, path
