"""The second wall between tenants, and what the application's database role may do: built after every migration.

Everything is derived from the model registry, so that a table cannot be forgotten: a model is a ``TenantModel`` and gets
row-level security, or it stands in ``EXEMPT``, or the walls have a gap and the system checks refuse to start.
PostgreSQL only; on SQLite there are no roles, and the first wall (``accounts.tenancy``) stands alone.
"""

from __future__ import annotations

from typing import Any, Final

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import DatabaseError, ProgrammingError
from psycopg import sql

from accounts.models import TenantModel

APP_ROLE: Final = settings.DATABASE_ROLE
DUMP_ROLE: Final = "neobank_dump"
POLICY: Final = "tenant_wall"
# `select` makes PostgreSQL read the setting once a statement instead of once a row; `nullif`, because a pooled session that
# has had the setting before answers '' instead of NULL.
CONDITION: Final = "tenant_id = (select nullif(current_setting('neobank.tenant', true), '')::uuid)"

# Read before a tenant is known, or Django's own. Every other model is a TenantModel (a test compares).
EXEMPT: Final = (
    "accounts.Tenant",
    "accounts.Domain",
    "accounts.CredentialTenant",
    "admin.LogEntry",
    "auth.Group",
    "auth.Group_permissions",
    "auth.Permission",
    "contenttypes.ContentType",
)
APPEND_ONLY: Final = (
    "accounts.AuditEvent",
    "ledger.Transfer",
    "ledger.Entry",
    "casino.GameVersion",
    "casino.GameConfiguration",
    "casino.Round",
)
# Written by migrations alone.
READ_ONLY: Final = ("auth.Group", "auth.Group_permissions", "auth.Permission", "contenttypes.ContentType")
READ_ONLY_TABLES: Final = ("django_migrations",)


class CannotBuild(Exception):
    """The walls cannot stand; the text says in plain words what an administrator has to do."""


def tenant_models() -> list[type[models.Model]]:
    """Every concrete model whose rows belong to a tenant."""
    return [model for model in _all_models() if issubclass(model, TenantModel)]


def unwalled_models() -> list[str]:
    """Labels of models that are neither behind the wall nor in ``EXEMPT``: should be empty."""
    return [
        m._meta.label for m in _all_models() if not issubclass(m, TenantModel) and m._meta.label not in EXEMPT
    ]


def build(connection: BaseDatabaseWrapper) -> list[str]:
    """Make policies, roles and grants what they should be, through the owner's ``connection``; may be repeated.

    Returns warnings in plain words. Raises ``CannotBuild``. Does nothing on other engines than PostgreSQL.
    """
    if connection.vendor != "postgresql":
        return []
    if forgotten := unwalled_models():
        raise CannotBuild(f"No tenant wall is defined for {', '.join(forgotten)}.")
    with transaction.atomic(using=connection.alias):
        _run(connection, "select pg_advisory_xact_lock(hashtext('neobank.walls'))")
        present = set(connection.introspection.table_names())
        for model in tenant_models():
            if model._meta.db_table in present:
                _wall_in(connection, model._meta.db_table)
        _make_role(connection, APP_ROLE, "NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
        _refuse_a_strong_role(connection)
        _grant_to_app(connection, present)
        _let_the_application_log_in(connection)
    return _build_dump_role(connection)


def gaps(connection: BaseDatabaseWrapper) -> list[str]:
    """What is wrong with the walls, one plain sentence each; empty when they stand. Needs no special rights."""
    found = [f"{label} is neither a TenantModel nor exempt." for label in unwalled_models()]
    if connection.vendor != "postgresql":
        return found
    standing = _tables_behind_the_wall(connection)
    present = set(connection.introspection.table_names())
    for model in tenant_models():
        if model._meta.db_table in present - standing:
            found.append(f"{model._meta.db_table} has no tenant wall; run `manage.py migrate`.")
    return found


def _all_models() -> list[type[models.Model]]:
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
    ]


def _wall_in(connection: BaseDatabaseWrapper, table: str) -> None:
    """Row-level security on one table. What already stands is left alone: changing it would stop all traffic for a moment."""
    if table in _tables_behind_the_wall(connection):
        return
    name, policy = sql.Identifier(table), sql.Identifier(POLICY)
    _run(connection, sql.SQL("alter table {} enable row level security").format(name))
    _run(connection, sql.SQL("alter table {} force row level security").format(name))
    _run(connection, sql.SQL("drop policy if exists {} on {}").format(policy, name))
    condition = sql.SQL(CONDITION)
    _run(
        connection,
        sql.SQL("create policy {} on {} using ({}) with check ({})").format(
            policy, name, condition, condition
        ),
    )
    # PostgreSQL keeps its own wording of the condition; the comment keeps ours, to compare with.
    _run(connection, sql.SQL("comment on policy {} on {} is {}").format(policy, name, sql.Literal(CONDITION)))


def _tables_behind_the_wall(connection: BaseDatabaseWrapper) -> set[str]:
    """Tables with row-level security forced and our policy, for all commands and roles, as the only one."""
    rows = _rows(
        connection,
        """
        select c.relname
        from pg_class c join pg_policy p on p.polrelid = c.oid
        where c.relnamespace = current_schema()::regnamespace and c.relrowsecurity and c.relforcerowsecurity
        group by c.oid
        having count(*) = 1 and bool_and(
            p.polname = %s and p.polcmd = '*' and p.polroles = '{0}' and p.polwithcheck is not null
            and obj_description(p.oid, 'pg_policy') = %s
        )
        """,
        [POLICY, CONDITION],
    )
    return {name for (name,) in rows}


def _make_role(connection: BaseDatabaseWrapper, role: str, attributes: str) -> None:
    """Create ``role`` when it is missing, and let the owner's login step into it. Raises ``CannotBuild``."""
    name = sql.Identifier(role)
    if not _rows(connection, "select 1 from pg_roles where rolname = %s", [role]):
        create = sql.SQL("create role {} {}").format(name, sql.SQL(attributes))
        try:
            with transaction.atomic(using=connection.alias):
                _run(connection, create)
        except ProgrammingError as error:
            # Roles belong to the whole server: another database's migration may have been faster.
            if getattr(error.__cause__, "sqlstate", "") != "42710":
                raise _needs_administrator(role, attributes) from error
        except DatabaseError as error:
            if getattr(error.__cause__, "sqlstate", "") != "23505":
                raise
    # From version 16 on whoever makes a role may hand it out, but not step into it before he has given it to himself.
    may_step_in = "SET" if _version(connection) >= 16 else "MEMBER"
    if not _rows(connection, "select 1 where pg_has_role(current_user, %s, %s)", [role, may_step_in]):
        try:
            with transaction.atomic(using=connection.alias):
                _run(connection, sql.SQL("grant {} to current_user").format(name))
        except ProgrammingError as error:
            raise _needs_administrator(role, attributes) from error


def _needs_administrator(role: str, attributes: str) -> CannotBuild:
    return CannotBuild(
        f"The database login of DATABASE_OWNER_URL may not create or use the role {role}. "
        f"Ask the database's administrator to run, once:\n"
        f"  CREATE ROLE {role} {attributes};\n  GRANT {role} TO <that login>;"
    )


def _refuse_a_strong_role(connection: BaseDatabaseWrapper) -> None:
    if _rows(
        connection, "select 1 from pg_roles where rolname = %s and (rolsuper or rolbypassrls)", [APP_ROLE]
    ):
        raise CannotBuild(
            f"The role {APP_ROLE} is a superuser or bypasses row-level security, so it would see every tenant. "
            f"Ask the database's administrator to run:\n  ALTER ROLE {APP_ROLE} NOSUPERUSER NOBYPASSRLS;"
        )


def _grant_to_app(connection: BaseDatabaseWrapper, present: set[str]) -> None:
    """Rows of ordinary tables, and nothing else: no DDL, no TRUNCATE, no changing what is append-only."""
    role = sql.Identifier(APP_ROLE)
    schema = sql.Identifier(_rows(connection, "select current_schema()")[0][0])
    _run(connection, sql.SQL("grant usage on schema {} to {}").format(schema, role))
    _run(connection, sql.SQL("revoke create on schema {} from public, {}").format(schema, role))
    _run(connection, sql.SQL("revoke all on all tables in schema {} from public, {}").format(schema, role))
    _run(connection, sql.SQL("grant usage, select on all sequences in schema {} to {}").format(schema, role))
    rights = dict.fromkeys(READ_ONLY_TABLES, "select")
    for model in _all_models():
        label = model._meta.label
        rights[model._meta.db_table] = (
            "select"
            if label in READ_ONLY
            else "select, insert"
            if label in APPEND_ONLY
            else "select, insert, update, delete"
        )
    for table, right in rights.items():
        if table in present:
            _run(connection, sql.SQL(f"grant {right} on {{}} to {{}}").format(sql.Identifier(table), role))


def _let_the_application_log_in(connection: BaseDatabaseWrapper) -> None:
    """Where the application has a login of its own (not the owner's), it gets the role's rights."""
    login = settings.DATABASES["default"].get("USER") or ""
    if not settings.DATABASE_OWNER_URL or login in {"", APP_ROLE}:
        return
    if _rows(connection, "select 1 from pg_roles where rolname = %s and rolname <> current_user", [login]):
        _run(connection, sql.SQL("grant {} to {}").format(sql.Identifier(APP_ROLE), sql.Identifier(login)))


def _build_dump_role(connection: BaseDatabaseWrapper) -> list[str]:
    """The role of backups and ``check_books``: reads every tenant, writes nothing. The bank runs without it, so it is
    only a warning when it cannot be made.
    """
    role = sql.Identifier(DUMP_ROLE)
    try:
        with transaction.atomic(using=connection.alias):
            _make_role(connection, DUMP_ROLE, "NOLOGIN NOSUPERUSER BYPASSRLS")
            schema = sql.Identifier(_rows(connection, "select current_schema()")[0][0])
            _run(connection, sql.SQL("grant usage on schema {} to {}").format(schema, role))
            _run(connection, sql.SQL("grant select on all tables in schema {} to {}").format(schema, role))
            _run(connection, sql.SQL("grant select on all sequences in schema {} to {}").format(schema, role))
    except CannotBuild as refusal:
        return [f"{refusal}\nUntil then backups and check_books do not work."]
    return []


def _version(connection: BaseDatabaseWrapper) -> int:
    return int(_rows(connection, "show server_version_num")[0][0]) // 10_000


def _run(connection: BaseDatabaseWrapper, statement: str | sql.Composable) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _rows(
    connection: BaseDatabaseWrapper, statement: str, params: list[str] | None = None
) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
