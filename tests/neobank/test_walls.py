"""The database's own wall between tenants, and what the application's role may not do."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, ProgrammingError, connection, connections, transaction

from accounts import audit, tenancy
from accounts.actors import Actor
from accounts.models import AuditEvent, Faction, Tenant
from neobank import walls
from tests.databases import manage
from tests.sessions import Database


def run_as_owner(statement: str) -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(statement)


def run(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall()) if cursor.description else []


def test_every_model_is_behind_the_wall_or_named_as_exempt() -> None:
    assert walls.unwalled_models() == []
    labels = {model._meta.label for model in walls._all_models()}
    assert set(walls.EXEMPT) <= labels, "an exempt model does not exist any more"
    assert set(walls.APPEND_ONLY) <= labels
    assert not {model._meta.label for model in walls.tenant_models()} & set(walls.EXEMPT)


def test_the_exempt_tables_are_these_and_no_others() -> None:
    ours = [label for label in walls.EXEMPT if label.split(".")[0] not in {"admin", "auth", "contenttypes"}]
    assert ours == ["accounts.Tenant", "accounts.Domain", "accounts.CredentialTenant"]


def test_the_walls_of_a_migrated_database_have_no_gaps(db: None) -> None:
    assert walls.gaps(connection) == []


@pytest.mark.postgresql_only
@pytest.mark.parametrize(
    "damage",
    [
        "alter table accounts_faction disable row level security",
        "alter table accounts_faction no force row level security",
        "drop policy tenant_wall on accounts_faction",
        "create policy second on accounts_faction for select using (true)",
    ],
)
def test_a_table_whose_wall_was_damaged_is_named_and_rebuilt(fresh_database: object, damage: str) -> None:
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute(damage)
    assert walls.gaps(connection) == ["accounts_faction has no tenant wall; run `manage.py migrate`."]
    call_command("migrate", verbosity=0)
    if "second" in damage:
        assert walls.gaps(connection), "a stranger's policy is not ours to drop"
    else:
        assert walls.gaps(connection) == []


@pytest.mark.postgresql_only
def test_building_the_walls_twice_changes_nothing(fresh_database: object) -> None:
    before = run("select oid from pg_policy order by oid")
    call_command("migrate", verbosity=0)
    assert run("select oid from pg_policy order by oid") == before


@pytest.mark.postgresql_only
def test_requests_run_as_a_role_that_the_walls_bind(db: None) -> None:
    assert run("select current_user") == [(walls.APP_ROLE,)]
    assert run("select rolsuper or rolbypassrls from pg_roles where rolname = current_user") == [(False,)]


@pytest.mark.postgresql_only
def test_no_row_is_seen_without_the_setting_and_only_ones_own_with_it(fresh_database: object) -> None:
    arcadia = Tenant.objects.create(slug="arcadia", name="Arcadia")
    borea = Tenant.objects.create(slug="borea", name="Borea")
    with tenancy.scope(arcadia):
        Faction.objects.create(name="Ravens", name_key="ravens")
    assert run("select name from accounts_faction") == [], "the setting must not outlive its statement"
    for setting, seen in (("", []), (borea.pk, []), (arcadia.pk, [("Ravens",)])):
        run(f"set neobank.tenant = '{setting}'")
        assert run("select name from accounts_faction") == seen


@pytest.mark.postgresql_only
def test_a_row_cannot_be_written_into_another_tenant(arcadia: Tenant, borea: Tenant) -> None:
    with tenancy.scope(arcadia):
        faction = Faction.objects.create(name="Ravens", name_key="ravens")
    run(f"set local neobank.tenant = '{arcadia.pk}'")
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        run(f"update accounts_faction set tenant_id = '{borea.pk}' where id = '{faction.pk}'")


@pytest.mark.postgresql_only
@pytest.mark.parametrize(
    "statement",
    [
        "update accounts_auditevent set action = 'x'",
        "delete from accounts_auditevent",
        "update ledger_transfer set amount = 1",
        "delete from ledger_entry",
        "truncate accounts_auditevent",
        "truncate accounts_faction",
        "create table mine (id int)",
        "alter table accounts_faction disable row level security",
        "drop policy tenant_wall on accounts_faction",
        "drop trigger accounts_auditevent_append_only on accounts_auditevent",
        "insert into django_migrations (app, name, applied) values ('a', 'b', now())",
        "update auth_permission set name = 'x'",
    ],
)
def test_the_application_role_is_refused(db: None, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"), transaction.atomic():
        run(statement)


@pytest.mark.postgresql_only
def test_the_dump_role_reads_every_tenant_and_writes_nothing(arcadia: Tenant) -> None:
    with tenancy.scope(arcadia):
        Faction.objects.create(name="Ravens", name_key="ravens")
    run("set local role none")
    run(f"set local role {walls.DUMP_ROLE}")
    assert run("select name from accounts_faction") == [("Ravens",)]
    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        run("delete from accounts_faction")


def test_the_database_refuses_to_change_an_audit_line_even_to_its_owner(arcadia: Tenant) -> None:
    with tenancy.scope(arcadia):
        line = audit.record(actor=Actor.server(arcadia, "test"), action="test.done")
        if connection.vendor == "postgresql":
            run("set local role none")
        for attempt in (
            lambda: AuditEvent.objects.filter(pk=line.pk).update(action="test.undone"),
            lambda: AuditEvent.objects.filter(pk=line.pk).delete(),
        ):
            with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
                attempt()


@pytest.mark.postgresql_only
def test_an_owner_without_superuser_rights_makes_roles_and_steps_into_them(fresh_database: object) -> None:
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("create role modest_owner login createrole")
        cursor.execute("set session authorization modest_owner")
        try:
            for _ in range(2):
                walls._make_role(owner, "modest_app", "NOLOGIN NOSUPERUSER NOBYPASSRLS")
            cursor.execute("set role modest_app")
            cursor.execute("reset role")
        finally:
            cursor.execute("reset session authorization")
            cursor.execute("drop role if exists modest_app")
            cursor.execute("drop role modest_owner")


@pytest.mark.postgresql_only
@pytest.mark.parametrize("knows_the_owner", [True, False], ids=["both addresses", "its own address only"])
def test_an_application_with_a_login_of_its_own_gets_its_rights_from_migrate(
    fresh_database: Database, knows_the_owner: bool
) -> None:
    login = f"web_{fresh_database.name}"
    run_as_owner(f"create role {login} login")
    try:
        address = {"DATABASE_URL": fresh_database.url.replace("postgres@", f"{login}@")}
        owner = {"DATABASE_OWNER_URL": fresh_database.url}
        done = manage("migrate", "--verbosity=0", environment=fresh_database.environment | address | owner)
        assert done.returncode == 0, done.stderr
        environment = fresh_database.environment | address | (owner if knows_the_owner else {})
        done = manage("check", "--database", "default", environment=environment)
        assert done.returncode == 0, done.stderr
        done = manage("bootstrap", environment=environment)
        assert done.returncode == 0, done.stderr
    finally:
        run_as_owner(f"drop role {login}")


@pytest.mark.postgresql_only
def test_a_login_that_may_not_create_roles_is_told_what_the_administrator_has_to_run(
    fresh_database: object,
) -> None:
    owner = connections["owner"]
    with owner.cursor() as cursor:
        cursor.execute("create role weak login")
        cursor.execute("set role weak")
        try:
            with pytest.raises(walls.CannotBuild, match="CREATE ROLE stranger NOLOGIN;") as refusal:
                walls._make_role(owner, "stranger", "NOLOGIN")
        finally:
            cursor.execute("reset role")
            cursor.execute("drop role weak")
    assert "DATABASE_OWNER_URL" in str(refusal.value)


@pytest.mark.postgresql_only
def test_an_application_role_that_sees_everything_is_refused(fresh_database: object) -> None:
    owner = connections["owner"]
    with transaction.atomic(using="owner"), owner.cursor() as cursor:
        cursor.execute(f"alter role {walls.APP_ROLE} bypassrls")
        with pytest.raises(walls.CannotBuild, match="NOSUPERUSER NOBYPASSRLS"):
            walls.build(owner)
        transaction.set_rollback(True, using="owner")


@pytest.mark.sqlite_only
def test_on_sqlite_there_are_no_walls_to_build(db: None) -> None:
    assert walls.build(connection) == []
