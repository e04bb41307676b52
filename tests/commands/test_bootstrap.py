"""`bootstrap` and `create_tenant`: an event out of nothing, and nothing changed the second time."""

from __future__ import annotations

import json
import shlex
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.test import Client, override_settings
from django.utils import timezone

from accounts import crypto, keytext, passwords, selectors, tenancy
from accounts.models import ApiKey, AuditEvent, Domain, Faction, Tenant
from casino.selectors import machines
from ledger.models import Account, Balance, Currency, Transfer
from tests.cast import make_event
from tests.commands.conftest import Run
from tests.sessions import Database


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".demo-credentials.json"


def logins_in(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))


def neo() -> Tenant:
    return Tenant.objects.get(slug="neo")


def opens(name: str, password: str) -> bool:
    with tenancy.scope(neo()):
        return passwords.verify(selectors.login_named(name), password).is_right


def test_the_demo_is_an_open_event_with_a_bank_factions_and_opening_money(run: Run, path: Path) -> None:
    run("bootstrap", demo=True, credentials=path)
    tenant = neo()
    assert (tenant.name, tenant.registration, tenant.bonus_when_open) == ("NeoTropolis", "open", True)
    assert tenant.welcome_bonus > 0
    with tenancy.scope(tenant):
        currency = Currency.objects.get()
        assert (currency.code, currency.name, currency.symbol, currency.exponent) == (
            "NC",
            "neo-credits",
            "₵",
            2,
        )
        assert Faction.objects.count() == 3
        for player in logins_in(path)["players"]:
            assert Balance.objects.get(account__number=player["account_number"]).amount > 0
        assert sum(Balance.objects.values_list("amount", flat=True)) == 0
        assert Account.objects.get(is_merchant=True).number == logins_in(path)["terminal"]["account_number"]


def test_the_logins_in_the_file_are_the_ones_that_work(run: Run, path: Path) -> None:
    run("bootstrap", demo=True, credentials=path)
    logins = logins_in(path)
    assert list(logins) == ["base_url", "gm", "players", "terminal"]
    assert len(logins["players"]) == 3
    for login in [logins["gm"], *logins["players"]]:
        assert opens(login["character_name"], login["password"])
    with tenancy.scope(neo()):
        gm = selectors.login_named(logins["gm"]["character_name"])
        assert gm is not None
        assert gm.role == "gm"
        text = keytext.parse(logins["terminal"]["api_key"])
        assert text is not None
        key = ApiKey.objects.get(prefix=text.prefix)
        assert bytes(key.digest) == crypto.digest(text.secret)
        assert key.account_number == logins["terminal"]["account_number"]
        assert {"debit:any", "balance:any"} <= set(key.scopes)


def test_the_file_is_for_its_owner_only(run: Run, path: Path) -> None:
    run("bootstrap", demo=True, credentials=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_it_says_loudly_what_the_demo_till_may(run: Run, path: Path) -> None:
    said, _ = run("bootstrap", demo=True, credentials=path)
    assert "debit:any and balance:any" in said
    assert "Never run the demo at an event" in said


def test_a_second_start_changes_nothing_and_prints_the_same_logins(run: Run, path: Path) -> None:
    first, _ = run("bootstrap", demo=True, credentials=path)
    written = path.read_bytes()
    with tenancy.scope(neo()):
        trail, transfers = AuditEvent.objects.count(), Transfer.objects.count()
    second, _ = run("bootstrap", demo=True, credentials=path)
    assert second == first
    assert path.read_bytes() == written
    with tenancy.scope(neo()):
        assert AuditEvent.objects.count() == trail
        assert Transfer.objects.count() == transfers


def test_two_starts_at_once_agree(run: Run, path: Path) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        from django.db import connections

        try:
            run("bootstrap", demo=True, credentials=path)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    for login in logins_in(path)["players"]:
        assert opens(login["character_name"], login["password"])


def test_a_lost_file_gives_everybody_a_new_password_and_the_old_till_key_ends(run: Run, path: Path) -> None:
    run("bootstrap", demo=True, credentials=path)
    before = logins_in(path)
    path.unlink()
    run("bootstrap", demo=True, credentials=path)
    after = logins_in(path)
    assert [p["account_number"] for p in after["players"]] == [p["account_number"] for p in before["players"]]
    for old, new in zip([before["gm"], *before["players"]], [after["gm"], *after["players"]], strict=True):
        assert not opens(old["character_name"], old["password"])
        assert opens(new["character_name"], new["password"])
    with tenancy.scope(neo()):
        keys = [keytext.parse(logins["terminal"]["api_key"]) for logins in (before, after)]
        live = [ApiKey.objects.get(prefix=key.prefix).is_live for key in keys if key]
        assert live == [False, True]
        # Opening money and the house's float are paid once, whatever happens to the file.
        assert Transfer.objects.count() == 4
        house = {one.configuration.game.name: one.largest_stake for one in machines(neo(), timezone.now())}
    assert house == {"glitch_grid": 20_00, "starlight_smuggler": 20_00}


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"players": 5}', '{"players": []}'])
def test_a_damaged_file_counts_as_lost(run: Run, path: Path, damage: str) -> None:
    run("bootstrap", demo=True, credentials=path)
    path.write_text(damage)
    run("bootstrap", demo=True, credentials=path)
    assert opens("Razor", logins_in(path)["players"][0]["password"])


def test_the_file_of_another_database_is_not_believed(run: Run, path: Path) -> None:
    run("bootstrap", demo=True, credentials=path)
    foreign = logins_in(path)
    foreign["players"][0]["account_number"] = "NC-0000-0000"
    path.write_text(json.dumps(foreign))
    run("bootstrap", demo=True, credentials=path)
    assert logins_in(path)["players"][0]["account_number"] != "NC-0000-0000"
    assert opens("Razor", logins_in(path)["players"][0]["password"])


@pytest.mark.parametrize(
    ("host", "port", "https", "url"),
    [
        ("127.0.0.1", 8000, False, "http://127.0.0.1:8000"),
        ("0.0.0.0", 9001, False, "http://127.0.0.1:9001"),
        ("bank.example", 443, True, "https://bank.example:443"),
    ],
)
def test_the_base_url_follows_host_and_port_at_every_start(
    run: Run, path: Path, host: str, port: int, https: bool, url: str
) -> None:
    run("bootstrap", demo=True, credentials=path)
    password = logins_in(path)["gm"]["password"]
    with override_settings(HOST=host, PORT=port, HTTPS=https):
        run("bootstrap", demo=True, credentials=path)
    assert logins_in(path)["base_url"] == url
    assert logins_in(path)["gm"]["password"] == password


def test_the_demo_refuses_to_move_into_a_real_event(run: Run, path: Path) -> None:
    make_event("larp")
    with pytest.raises(CommandError, match="holds a real event"):
        run("bootstrap", demo=True, credentials=path)
    assert not path.exists()


def test_without_demo_there_is_an_event_with_a_code_and_nobody_in_it(run: Run, path: Path) -> None:
    said, _ = run("bootstrap", credentials=path)
    tenant = neo()
    assert tenant.registration == "event_code"
    assert tenant.event_code
    assert tenant.event_code in said
    assert not path.exists()
    with tenancy.scope(tenant):
        assert Currency.objects.get().code == "NC"
        assert not ApiKey.objects.exists()
    run("bootstrap", credentials=path)
    assert neo().event_code == tenant.event_code
    with pytest.raises(CommandError, match="holds a real event"):
        run("bootstrap", demo=True, credentials=path)


def test_create_tenant_makes_an_event_with_its_bank_and_hosts(run: Run, fresh_database: Database) -> None:
    run(
        *("create_tenant", "dune", "Dune", "--host", "Dune.Example", "--faction", "Fremen"),
        *("--event-code", "spice", "--welcome-bonus", "12.50"),
    )
    tenant = Tenant.objects.get(slug="dune")
    assert (tenant.event_code, tenant.welcome_bonus) == ("spice", 1250)
    assert Domain.objects.get().host == "dune.example"
    with tenancy.scope(tenant):
        assert Account.objects.filter(number="NC-MINT-0000").exists()
        assert Faction.objects.get().name == "Fremen"


def test_create_tenant_finishes_what_was_cut_off(run: Run) -> None:
    run("create_tenant", "dune", "Dune")
    run("create_tenant", "dune", "Dune", "--faction", "Fremen")
    with tenancy.scope(Tenant.objects.get(slug="dune")):
        assert Faction.objects.get().name == "Fremen"


def test_create_tenant_adds_the_hosts_that_are_missing_and_says_which_there_are(run: Run) -> None:
    said, _ = run("create_tenant", "dune", "Dune")
    assert "under every name, as long as it is the only event" in said
    for host in ("b.example", "A.example.", "b.example"):
        said, _ = run("create_tenant", "dune", "Dune", "--host", host, "--host", "b.example")
    assert "It is served under a.example, b.example." in said
    assert set(Domain.objects.values_list("tenant__slug", "host")) == {
        ("dune", "a.example"),
        ("dune", "b.example"),
    }
    with tenancy.scope(Tenant.objects.get()):
        noted = AuditEvent.objects.filter(action="tenant.hosts").order_by("id")
        assert [line.metadata["hosts"] for line in noted] == [["b.example"], ["a.example"]]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--registration", "open"),
        ("--event-code", "water"),
        ("--welcome-bonus", "12.51"),
        ("--time-zone", "Asia/Tokyo"),
    ],
)
def test_create_tenant_changes_nothing_about_an_event_that_is_there(
    run: Run, option: str, value: str
) -> None:
    same = ["--event-code", "spice", "--welcome-bonus", "12.50", "--time-zone", "Europe/Rome"]
    run("create_tenant", "dune", "Dune", *same)
    before = Tenant.objects.values().get()
    with pytest.raises(CommandError, match=f"with another {option}. Nothing was changed"):
        run("create_tenant", "dune", "Dune", "--host", "dune.example", "--faction", "Fremen", option, value)
    assert Tenant.objects.values().get() == before
    assert not Domain.objects.exists()
    run("create_tenant", "dune", "Dune", "--registration", "event_code", *same)


def test_a_second_event_is_refused_until_everybody_would_find_both(run: Run) -> None:
    run("create_tenant", "dune", "Dune's sand")
    with pytest.raises(CommandError, match="nobody would find it any more") as refused:
        run("create_tenant", "giedi", "Giedi", "--host", "giedi.example")
    _, _, advice = str(refused.value).partition("manage.py ")
    run(*shlex.split(advice.replace("HOST", "dune.example")))
    with pytest.raises(CommandError, match="nobody would find this one"):
        run("create_tenant", "giedi", "Giedi")
    run("create_tenant", "giedi", "Giedi", "--host", "giedi.example")
    with pytest.raises(CommandError, match="leads to another event"):
        run("create_tenant", "dune", "Dune's sand", "--host", "new.example", "--host", "giedi.example")
    assert dict(Domain.objects.values_list("host", "tenant__slug")) == {
        "dune.example": "dune",
        "giedi.example": "giedi",
    }
    for slug in ("dune", "giedi"):
        assert Client().get("/login", HTTP_HOST=f"{slug}.example").status_code == 200


def test_bootstrap_leaves_the_factions_of_a_real_event_alone(run: Run) -> None:
    run("create_tenant", "neo", "Night City", "--faction", "Corpos", "--event-code", "arasaka")
    run("bootstrap")
    with tenancy.scope(neo()):
        assert [faction.name for faction in Faction.objects.all()] == ["Corpos"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["dune", "Another"], "already"),
        (["sand", "Sand", "--host", "dune.example"], "leads to another event"),
        (["system", "Us"], "taken by the platform"),
        (["Not a slug!", "Name"], "slug"),
        (["sand", "Sand", "--time-zone", "Arrakis/Sietch"], "not a time zone"),
        (["sand", "Sand", "--welcome-bonus", "1,50"], "amount like"),
        (["sand", " "], "name"),
        (["sand", "Sand", "--host", "https://sand.example"], "is not a host name"),
        (["sand", "Sand", "--host", "sand.example:8000"], "is not a host name"),
        (["dune", "Dune", "--host", ""], "is not a host name"),
    ],
)
def test_create_tenant_says_what_is_wrong(run: Run, arguments: list[str], sentence: str) -> None:
    run("create_tenant", "dune", "Dune", "--host", "dune.example")
    with pytest.raises(CommandError, match=sentence):
        run("create_tenant", *arguments)
    assert Tenant.objects.count() == 1
