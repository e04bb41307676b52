"""What production refuses to start with, and in which words."""

from pathlib import Path
from typing import Any

import pytest
from django.core import checks
from django.db import connection, connections

from neobank.checks import SECRETS
from tests.databases import manage
from tests.sessions import Database


def complaints(databases: list[str] | None = None) -> list[str]:
    return [str(message.msg) for message in checks.run_checks(databases=databases) if message.is_serious()]


def test_a_proper_environment_has_nothing_to_complain_about(db: None) -> None:
    assert complaints(databases=["default"]) == []


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("wrong", ["missing", "default", "reused", "short"])
def test_each_secret_must_be_there_long_and_its_own(settings: Any, name: str, wrong: str) -> None:
    other = SECRETS[SECRETS.index(name) - 1]
    insecure = settings.INSECURE_FIELD_KEYS if name == "FIELD_KEYS" else settings.INSECURE
    # Django itself does not get as far as our check without a SECRET_KEY; settings put the insecure one there.
    values = {
        "missing": insecure if name == "SECRET_KEY" else "",
        "default": insecure,
        "reused": getattr(settings, other),
        "short": "1:x",
    }
    setattr(settings, name, values[wrong])
    said = " ".join(complaints())
    assert name in said
    assert {
        "missing": f"{name} is not set",
        "default": f"{name} is not set",
        "reused": "has the same value as",
        "short": f"{name} is shorter than",
    }[wrong] in said
    assert values[wrong] not in said or not values[wrong]


def test_a_laptop_may_try_out_with_insecure_secrets(settings: Any) -> None:
    settings.DEBUG = True
    settings.SECRET_KEY = settings.JWT_SECRET = settings.INSECURE
    settings.ALLOWED_HOSTS = []
    assert complaints() == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ALLOWED_HOSTS": []}, "ALLOWED_HOSTS is empty"),
        ({"WEB_WORKERS": 2, "REDIS_URL": ""}, "there is no REDIS_URL"),
        (
            {"TRUSTED_PROXIES": ["the-proxy"]},
            "Give the proxy's own address, such as 10.0.0.5, and no network",
        ),
        ({"FIELD_KEYS": "no ring at all, but long enough to be one"}, "FIELD_KEYS cannot be read"),
        ({"PUBLIC_URL": "bank.example/login"}, "PUBLIC_URL: Write the address"),
        ({"COLLECTED_STATIC": True, "STATIC_ROOT": None}, "manage.py collectstatic"),
    ],
)
def test_dangerous_settings_are_refused(
    settings: Any, tmp_path: Any, changes: dict[str, Any], sentence: str
) -> None:
    for name, value in changes.items():
        setattr(settings, name, tmp_path if name == "STATIC_ROOT" else value)
    said = complaints()
    assert len(said) == 1 + (connection.vendor == "sqlite" and "WEB_WORKERS" in changes)
    assert sentence in " ".join(said)


@pytest.mark.sqlite_only
def test_sqlite_takes_one_worker(settings: Any) -> None:
    settings.WEB_WORKERS, settings.RATE_LIMITS = 2, False
    (said,) = complaints()
    assert said.startswith("SQLite serves one worker process, WEB_WORKERS is 2")


def test_several_workers_are_fine_with_redis_on_postgresql(settings: Any) -> None:
    settings.WEB_WORKERS, settings.REDIS_URL = 2, "redis://127.0.0.1:1/0"
    assert [said for said in complaints() if "REDIS" in said] == []


@pytest.mark.postgresql_only
def test_an_application_that_sees_every_tenant_is_refused(fresh_database: Database) -> None:
    with connection.cursor() as cursor:
        cursor.execute("reset role")
        cursor.execute("set role postgres")
    (said,) = complaints(databases=["default"])
    assert "works as the database role postgres, which is a superuser" in said


@pytest.mark.postgresql_only
def test_a_hole_in_the_wall_is_refused(fresh_database: Database) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute("alter table accounts_user disable row level security")
    assert complaints(databases=["default"]) == ["accounts_user has no tenant wall; run `manage.py migrate`."]


def owned_by(monkeypatch: pytest.MonkeyPatch, settings: Any, **changes: Any) -> None:
    """Let DATABASE_OWNER_URL differ from DATABASE_URL in ``changes``."""
    settings.DATABASE_OWNER_URL = "set"
    for name, value in changes.items():
        monkeypatch.setitem(connections["owner"].settings_dict, name, value)


@pytest.mark.postgresql_only
def test_both_urls_must_lead_to_one_database(
    fresh_database: Database, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    owned_by(monkeypatch, settings)
    assert complaints() == []
    owned_by(monkeypatch, settings, NAME="postgres")
    (said,) = complaints()
    assert f"DATABASE_URL names the database {fresh_database.name} on " in said
    assert "DATABASE_OWNER_URL the database postgres on " in said


@pytest.mark.postgresql_only
def test_another_address_of_the_same_server_is_fine_and_another_server_is_not(
    fresh_database: Database, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pooler in front of the server has an address of its own."""
    here = Path(connections["owner"].get_connection_params()["host"])
    for alias in ("default", "owner"):
        connections[alias].close()
    owned_by(monkeypatch, settings, HOST=f"{here.parent}/./{here.name}")
    assert complaints() == []
    connections["owner"].close()
    owned_by(monkeypatch, settings, PORT="1")
    (said,) = complaints()
    assert "port 1: both must lead to the same one" in said


@pytest.mark.sqlite_only
def test_sqlite_has_no_owner(settings: Any) -> None:
    settings.DATABASE_OWNER_URL = "postgresql://owner@localhost/neobank"
    assert complaints() == [
        "DATABASE_OWNER_URL is set, but DATABASE_URL names SQLite, which has no owner: unset it."
    ]


# -- As staff see it ---------------------------------------------------------------------------------------------------


def test_serve_says_what_is_wrong_and_exits_without_a_traceback(fresh_database: Database) -> None:
    environment = fresh_database.environment | {"SECRET_KEY": "", "ALLOWED_HOSTS": "", "PORT": "1"}
    done = manage("serve", environment=environment)
    assert done.returncode == 1
    assert [line.split(" ")[0] for line in done.stderr.splitlines()] == ["SECRET_KEY", "ALLOWED_HOSTS"]
    assert done.stdout == ""


def test_serve_says_that_the_database_does_not_answer(fresh_database: Database, engine: str) -> None:
    gone = {
        "postgresql": "postgresql://postgres@127.0.0.1:1/neobank",
        "sqlite": "sqlite:////nowhere/at/all.sqlite3",
    }[engine]
    done = manage("serve", environment=fresh_database.environment | {"DATABASE_URL": gone})
    assert done.returncode == 1
    assert done.stderr.startswith("The database of DATABASE_URL does not answer:")
    assert "Traceback" not in done.stderr


@pytest.mark.postgresql_only
def test_serve_says_that_the_database_was_never_prepared(fresh_database: Database) -> None:
    environment = fresh_database.environment | {"PGOPTIONS": ""}
    url = fresh_database.url.replace("postgres@", "stranger@")
    with connections["owner"].cursor() as cursor:
        cursor.execute("create role stranger login")
    try:
        done = manage("serve", environment=environment | {"DATABASE_URL": url})
    finally:
        with connections["owner"].cursor() as cursor:
            cursor.execute("drop role stranger")
    assert done.returncode == 1
    assert (
        done.stderr.strip() == "The database was never prepared for this bank: run `manage.py migrate` first."
    )


def test_check_deploy_is_clean_in_production(fresh_database: Database) -> None:
    environment = fresh_database.environment | {"HTTPS": "1", "ALLOWED_HOSTS": "bank.example"}
    done = manage(
        "check", "--deploy", "--fail-level", "WARNING", "--database", "default", environment=environment
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr
