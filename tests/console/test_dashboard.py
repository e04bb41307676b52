"""The first page of the console: what it shows and to whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from accounts import roles, tenancy
from ledger.console import dashboard
from ledger.models import Balance
from ledger.services.gm import adjust
from ledger.services.transfers import Payment, transfer
from neobank.backups.archive import SUFFIX
from tests.cast import OPENING_BALANCE, World
from tests.console.desk import Desk, text_of, url_of


@pytest.fixture(autouse=True)
def _always_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "KEPT_S", 0.0)
    monkeypatch.setattr(dashboard, "RESTS_TIMES", 0)


def test_the_first_page_shows_the_economy_as_the_books_have_it(world: World, gm: Desk) -> None:
    adjust(actor=world.gm.actor, account=world.alice.number, amount=-25_00, reason="a fine")
    transfer(actor=world.alice.actor, payment=Payment(world.bob.number, 30_00, memo="a lamp"))
    shown = text_of(gm.get("/admin/"))
    for said in (
        "In the world ₵75.00",
        "Minted in all ₵100.00",
        "Burnt in all ₵25.00",
        "Paid between people in 24 hours ₵30.00",
        "So each coin changed hands 0.40 times",
        "balanced: all accounts together come to nothing",
        "World money flows",
        "Figures of ",
    ):
        assert said in shown, said
    found = gm.get("/admin/figures/").json()
    [supply] = found["supplies"]
    assert (supply["circulating"], supply["minted"], supply["burnt"]) == (75_00, OPENING_BALANCE, 25_00)
    assert len(found["hours"]) == 24
    assert (found["hours"][-1]["count"], found["hours"][-1]["moved"]) == (3, 30_00)


def test_books_that_do_not_balance_are_said_in_capitals(world: World, gm: Desk) -> None:
    with tenancy.scope(world.arcadia.tenant):
        Balance.objects.filter(account=world.bob.account).update(amount=7)
    assert "NOT BALANCED by ₵0.07: pause the world" in text_of(gm.get("/admin/"))


def test_the_age_of_the_last_backup_is_seen(gm: Desk, settings: Any, tmp_path: Path) -> None:
    settings.BACKUP_DIR = settings.EVENT_BACKUP_DIR = str(tmp_path / "not there")
    assert "Last backup none here" in text_of(gm.get("/admin/"))
    settings.BACKUP_DIR = str(tmp_path)
    (tmp_path / f"neobank-hourly-x{SUFFIX}").touch()
    assert "Last backup 0 minutes ago" in text_of(gm.get("/admin/")).replace("\xa0", " ")


def test_figures_are_for_those_who_may_see_all_money(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    support = Desk(world.arcadia.host, world.arcadia.person("Helper", role=roles.SUPPORT))
    assert support.get("/admin/figures/").status_code == 200
    assert "Pay people from a list" not in text_of(support.get("/admin/"))
    monkeypatch.setitem(
        roles.PERMISSIONS, roles.SUPPORT, roles.PERMISSIONS[roles.SUPPORT] - {"ledger.view_all"}
    )
    assert support.get("/admin/figures/").status_code == 403
    assert "In the world" not in text_of(support.get("/admin/"))


def test_figures_are_kept_for_one_event_until_something_moves(
    world: World, gm: Desk, charlies_gm: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "KEPT_S", 3600.0)
    before = gm.get("/admin/figures/").json()
    assert gm.get("/admin/figures/").json() == before
    assert charlies_gm.get("/admin/figures/").json()["at"] != before["at"]
    transfer(actor=world.alice.actor, payment=Payment(world.bob.number, 30_00))
    assert gm.get("/admin/figures/").json()["hours"][-1]["moved"] == 30_00


def test_while_money_moves_all_the_time_counting_it_rests(
    world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashboard, "RESTS_TIMES", 1_000_000)
    before = gm.get("/admin/figures/").json()
    transfer(actor=world.alice.actor, payment=Payment(world.bob.number, 30_00))
    assert gm.get("/admin/figures/").json() == before


def test_the_pause_stands_under_health(world: World, gm: Desk) -> None:
    gm.act(url_of(world.arcadia.tenant, "pause"), reason="fire alarm")
    assert "World PAUSED: nobody can pay" in text_of(gm.get("/admin/"))
