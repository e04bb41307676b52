"""Who may see and do what: every address of the console against every role there is, from one literal table.

The addresses come from the URL resolver, the roles from their own table: one that is added is asked, or fails here.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver, reverse

from accounts import roles, tenancy
from accounts.models import AuditEvent
from accounts.tenancy import scope
from ledger.models import Account, Transfer
from ledger.services.transfers import Payment, transfer
from tests.cast import Event, Person, World
from tests.console.desk import Desk, pages_of, text_of
from tests.console.test_doors import a_row_of_each_model

NOBODY: Final = "nobody"
MASTERS: Final = {"gm", "operator", "super_admin"}
STAFF: Final = MASTERS | {"support"}
LOOK, DO, EXPORT = "get", "get and post", "post"

#: Name of the address: how it is asked, and who gets in. Everybody else, whatever the role, is refused.
TABLE: Final[dict[str, tuple[str, set[str]]]] = {
    "index": (LOOK, STAFF),
    "figures": (LOOK, STAFF),
    "accounts_user_changelist": (LOOK, STAFF),
    "accounts_user_change": (LOOK, STAFF),
    "accounts_user_role": (DO, MASTERS),
    "accounts_user_new-password": (DO, MASTERS),
    "accounts_user_login-qr": (DO, MASTERS),
    "accounts_user_switch-off": (DO, MASTERS),
    "accounts_user_switch-on": (DO, MASTERS),
    "accounts_user_reverse": (DO, MASTERS),
    "accounts_user_take-picture-away": (DO, MASTERS),
    "accounts_faction_changelist": (LOOK, STAFF),
    "accounts_faction_change": (LOOK, STAFF),
    "accounts_faction_freeze": (DO, MASTERS),
    "accounts_faction_unfreeze": (DO, MASTERS),
    "accounts_faction_pay": (DO, MASTERS),
    "accounts_apikey_changelist": (LOOK, STAFF),
    "accounts_apikey_change": (LOOK, STAFF),
    "accounts_apikey_revoke": (DO, MASTERS),
    "accounts_apikey_reverse": (DO, MASTERS),
    "accounts_auditevent_changelist": (LOOK, MASTERS),
    "accounts_auditevent_change": (LOOK, MASTERS),
    "accounts_tenant_changelist": (LOOK, MASTERS),
    "accounts_tenant_change": (LOOK, MASTERS),
    "accounts_tenant_settings": (DO, MASTERS),
    "accounts_tenant_pause": (DO, MASTERS),
    "accounts_tenant_resume": (DO, MASTERS),
    "accounts_tenant_pay": (DO, MASTERS),
    "accounts_tenant_roster": (DO, MASTERS),
    "accounts_tenant_login-cards": (DO, MASTERS),
    "accounts_tenant_poster": (DO, MASTERS),
    "accounts_tenant_brand": (DO, MASTERS),
    "accounts_tenant_vouchers": (DO, MASTERS),
    "ledger_account_changelist": (LOOK, STAFF),
    "ledger_account_change": (LOOK, STAFF),
    "ledger_account_export": (EXPORT, MASTERS),
    "ledger_account_adjust": (DO, MASTERS),
    "ledger_account_freeze": (DO, MASTERS),
    "ledger_account_unfreeze": (DO, MASTERS),
    "ledger_account_limits": (DO, MASTERS),
    "ledger_account_merchant": (DO, MASTERS),
    "ledger_account_no-merchant": (DO, MASTERS),
    "ledger_account_hire": (DO, MASTERS),
    "ledger_account_dismiss": (DO, MASTERS),
    "ledger_account_issue-key": (DO, MASTERS),
    "ledger_account_reverse": (DO, MASTERS),
    "accounts_tenant_open-casino": (DO, MASTERS),
    "ledger_account_float": (DO, MASTERS),
    "casino_game_changelist": (LOOK, STAFF),
    "casino_game_change": (LOOK, STAFF),
    "casino_game_luck": (LOOK, STAFF),
    "casino_game_payout": (DO, MASTERS),
    "casino_game_settings": (DO, MASTERS),
    "casino_game_freeze": (DO, MASTERS),
    "casino_game_unfreeze": (DO, MASTERS),
    "casino_game_switch-off": (DO, MASTERS),
    "casino_game_switch-on": (DO, MASTERS),
    "casino_game_seal": (DO, MASTERS),
    "casino_game_story-round": (DO, MASTERS),
    "casino_rig_changelist": (LOOK, STAFF),
    "casino_rig_change": (LOOK, STAFF),
    "casino_rig_sheet": (LOOK, STAFF),
    "casino_rig_reveal": (DO, MASTERS),
    "casino_storyround_changelist": (LOOK, MASTERS),
    "casino_storyround_change": (LOOK, MASTERS),
    "accounts_tenant_tell-stories": (DO, MASTERS),
    "casino_round_changelist": (LOOK, STAFF),
    "casino_round_change": (LOOK, STAFF),
    "ledger_transfer_changelist": (LOOK, STAFF),
    "ledger_transfer_change": (LOOK, STAFF),
    "ledger_transfer_export": (EXPORT, MASTERS),
    "ledger_transfer_refund": (DO, MASTERS),
    "ledger_voucherbatch_changelist": (LOOK, MASTERS),
    "ledger_voucherbatch_change": (LOOK, MASTERS),
    "ledger_voucherbatch_print": (DO, MASTERS),
    "ledger_voucherbatch_void": (DO, MASTERS),
}
LANDS_ON: Final = {role: "/admin/" if role in STAFF else "/bank" for role in roles.ROLES}


def names() -> set[str]:
    """The names of all addresses of the console."""
    known = get_resolver().namespace_dict["admin"][1].reverse_dict
    return {name for name in known if isinstance(name, str)}


@pytest.fixture
def addresses(world: World) -> dict[str, str]:
    """Every address, those of rows on a row of Alice's event."""
    found = {}
    rows = {
        f"{row._meta.app_label}_{row._meta.model_name}": row for row in a_row_of_each_model(world).values()
    }
    for name in names():
        row = rows.get(name.rpartition("_")[0])
        is_of_row = row is not None and not name.endswith(("_changelist", "_export"))
        key = [getattr(row, pages_of(type(row)).url_key)] if row is not None and is_of_row else []
        found[name] = reverse(f"admin:{name}", args=key)
    return found


def test_every_address_of_the_console_stands_in_the_table() -> None:
    assert names() == TABLE.keys()
    for model in admin.site._registry:
        beginning = f"{model._meta.app_label}_{model._meta.model_name}_"
        acting = {f"{beginning}{action.name}" for action in pages_of(model).all_actions()}
        assert {name for name in TABLE if name.startswith(beginning) and TABLE[name][0] == DO} == acting


@pytest.mark.parametrize("role", [*roles.ROLES, NOBODY])
def test_everybody_gets_as_far_as_the_table_says(world: World, addresses: dict[str, str], role: str) -> None:
    person = None if role == NOBODY else world.arcadia.person("Curious", role=role)
    desk = Desk(world.arcadia.host, person)
    before = state(world.arcadia)
    for name, (how, who) in TABLE.items():
        path = addresses[name]
        looked, sent = desk.get(path), None
        if role not in who or how == EXPORT:
            sent = desk.post(path, {"confirmed": "1", "reason": "x", "how": "both", "role": "gm"})
        if role in who:
            # The one list of one row leads straight to it.
            assert looked.status_code == {EXPORT: 405}.get(
                how, 302 if "tenant_changelist" in name else 200
            ), name
            assert sent is None or sent.status_code == 200, name
        elif role == NOBODY:
            assert looked.headers["Location"].startswith("/login?next="), name
            assert sent is not None
            assert sent.headers["Location"].startswith("/login?next="), name
        else:
            assert sent is not None
            is_refused = {403, 405} if how == EXPORT and role in STAFF else {403}
            assert (looked.status_code in is_refused, sent.status_code) == (True, 403), name
    assert role in MASTERS or state(world.arcadia) == before


def state(event: Event) -> list[Any]:
    """What a visitor who may do nothing leaves as it is; a refusal may be noted."""
    with scope(event.tenant):
        done = AuditEvent.objects.filter(status="ok").exclude(action__startswith="session.").count()
        return [
            Transfer.objects.count(),
            done,
            *Account.objects.order_by("pk").values_list("is_merchant", flat=True),
        ]


@pytest.mark.parametrize("role", roles.ROLES)
def test_everybody_lands_where_their_work_is(world: World, role: str) -> None:
    person = world.arcadia.person("Curious", role=role)
    typed = {"character_name": person.name, "password": "correct horse 42"}
    answer = Client().post("/login", typed, HTTP_HOST=world.arcadia.host)
    assert (answer.status_code, answer["Location"]) == (302, LANDS_ON[role])


@pytest.mark.parametrize("role", [role for role in roles.ROLES if role not in STAFF])
def test_whoever_is_no_staff_sees_what_is_theirs_and_nothing_else(world: World, role: str) -> None:
    secret = transfer(
        actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=7_77, memo="secret tip")
    ).transfer
    person: Person = world.arcadia.person("Curious", role=role, money=5_00)
    with tenancy.scope(world.arcadia.tenant):
        mine = Transfer.objects.get(to_account=person.account)
    desk, phone = Desk(world.arcadia.host, person), person.phone()
    assert "₵5.00" in text_of(desk.get("/bank"))
    assert desk.get(f"/bank/transfers/{mine.pk}").status_code == 200
    for path in (f"/bank/transfers/{secret.pk}", f"/bank/transfers/{secret.pk}/refund"):
        assert desk.get(path).status_code == 404, path
    for path in ("/bank", "/bank/history", "/me", "/me/activity"):
        shown = text_of(desk.get(path))
        assert not [word for word in ("secret tip", "Alice", world.alice.number) if word in shown], path
    for path in (
        f"accounts/{world.alice.number}",
        f"accounts/{world.alice.number}/balance",
        f"transfers/{secret.pk}",
    ):
        assert phone.get(path).status_code == 404, path
    assert "secret tip" not in phone.get("transactions").content.decode()
    assert "Alice" not in phone.get("audit").content.decode()
