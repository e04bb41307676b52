"""What production refuses to start with, in sentences that say what to do. Every command runs these; ``serve`` those of the
database too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from accounts.crypto import parse_key_ring
from accounts.errors import Invalid
from identity import addresses
from neobank import walls

SECRETS: Final = ("SECRET_KEY", "JWT_SECRET", "FIELD_KEYS", "SEARCH_KEY", "BACKUP_KEY")
_SECRET_LENGTH_MIN: Final = 32
_POSTGRESQL_PORT: Final = "5432"


@register(Tags.security)
def production_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Settings that are fine for trying out on a laptop and dangerous with DEBUG=0."""
    if settings.DEBUG:
        return []
    sentences = [*_secrets(), *_several_workers()]
    if settings.COLLECTED_STATIC and not (settings.STATIC_ROOT / "staticfiles.json").exists():
        sentences.append("The static files were not collected: run `manage.py collectstatic --noinput`.")
    if not settings.ALLOWED_HOSTS:
        sentences.append(
            "ALLOWED_HOSTS is empty: set it to the host names this bank is reached under, separated by commas."
        )
    return [Error(sentence, id="neobank.E001") for sentence in sentences]


@register
def sane_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Settings that cannot work anywhere."""
    sentences = []
    for hop in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(hop, strict=False)
        except ValueError:
            sentences.append(
                f"TRUSTED_PROXIES: {hop} is not an IP address. Give the proxy's own address, such as 10.0.0.5, and no network "
                "that players are in."
            )
    try:
        addresses.clean(settings.PUBLIC_URL or "https://bank.example")
    except Invalid as refusal:
        sentences.append(f"PUBLIC_URL: {refusal.sentence}")
    try:
        parse_key_ring(settings.FIELD_KEYS)
    except ValueError as error:
        sentences.append(
            f"FIELD_KEYS cannot be read: {error}. `manage.py run` writes a good one into var/dev.env."
        )
    if settings.EMAIL_URL and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", settings.EMAIL_FROM):
        sentences.append(
            "EMAIL_URL is set, so letters are sent: set EMAIL_FROM to the address that they come from, such as "
            "bank@example.org."
        )
    return [Error(sentence, id="neobank.E002") for sentence in sentences]


@register(Tags.database)
def databases_are_safe(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """The database answers, and the walls between tenants stand."""
    sentences: list[str] = []
    for alias in databases or ():
        sentences += _database(connections[alias], is_application=alias == "default")
    return [Error(sentence, id="neobank.E003") for sentence in sentences]


@register
def both_urls_name_one_database(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """What is migrated, checked and backed up is the database that is served. One of the addresses may be a pooler's."""
    if not settings.DATABASE_OWNER_URL:
        return []
    if "owner" not in connections:
        sentence = "DATABASE_OWNER_URL is set, but DATABASE_URL names SQLite, which has no owner: unset it."
        return [Error(sentence, id="neobank.E004")]
    ours, owners = (_address(connections[alias]) for alias in ("default", "owner"))
    if ours == owners or (
        ours[2] == owners[2] and _is_one_server(connections["default"], connections["owner"])
    ):
        return []
    sentence = (
        f"DATABASE_URL names the database {_in_words(ours)}, DATABASE_OWNER_URL the database {_in_words(owners)}: "
        "both must lead to the same one, or backups and checks would be those of another."
    )
    return [Error(sentence, id="neobank.E004")]


def _secrets() -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in SECRETS:
        value = getattr(settings, name)
        if value in {"", settings.INSECURE, settings.INSECURE_FIELD_KEYS}:
            yield (
                f"{name} is not set: give it a random value of its own (`python -c 'import secrets; "
                f"print(secrets.token_urlsafe(48))'`; FIELD_KEYS and BACKUP_KEY: see docs/settings.md)."
            )
        elif value in seen:
            yield f"{name} has the same value as {seen[value]}: give each its own, or one leak opens both."
        elif len(value) < _SECRET_LENGTH_MIN:
            yield f"{name} is shorter than {_SECRET_LENGTH_MIN} characters: give it a longer random value."
        seen.setdefault(value, name)


def _several_workers() -> Iterator[str]:
    if settings.WEB_WORKERS <= 1:
        return
    if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        yield (
            f"SQLite serves one worker process, WEB_WORKERS is {settings.WEB_WORKERS}: "
            "set WEB_WORKERS=1, or use PostgreSQL (DATABASE_URL)."
        )
    if settings.RATE_LIMITS and not settings.REDIS_URL:
        yield (
            f"WEB_WORKERS is {settings.WEB_WORKERS} and there is no REDIS_URL, so each worker would count its own "
            "rate limits: set REDIS_URL, or WEB_WORKERS=1."
        )


def _database(connection: BaseDatabaseWrapper, *, is_application: bool) -> Iterator[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
        if not is_application:
            return
        if connection.vendor == "postgresql":
            yield from _application_role(connection)
        yield from walls.gaps(connection)
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        if f'role "{settings.DATABASE_ROLE}" does not exist' in str(
            error
        ) or "permission denied to set role" in str(error):
            yield "The database was never prepared for this bank: run `manage.py migrate` first."
        else:
            yield f"The database of DATABASE_URL does not answer: {reason}. Start it, or correct the address."


def _address(connection: BaseDatabaseWrapper) -> tuple[str, str, str]:
    parameters = connection.get_connection_params()
    return (
        str(parameters.get("host") or ""),
        str(parameters.get("port") or _POSTGRESQL_PORT),
        str(parameters.get("dbname") or parameters.get("service") or ""),
    )


def _in_words(address: tuple[str, str, str]) -> str:
    host, port, name = address
    return f"{name} on {host or 'the local socket'}, port {port}"


def _is_one_server(*sides: BaseDatabaseWrapper) -> bool:
    """Whether all of them lead to one cluster, for instance one of them through a pooler; False when they do not answer."""
    try:
        return len({_cluster(connection) for connection in sides}) == 1
    except DatabaseError:
        return False


def _cluster(connection: BaseDatabaseWrapper) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select system_identifier from pg_control_system()")
        return int(cursor.fetchone()[0])


def _application_role(connection: BaseDatabaseWrapper) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        role, is_superuser, bypasses = cursor.fetchone()
    if is_superuser or bypasses:
        yield (
            f"The application works as the database role {role}, which "
            f"{'is a superuser' if is_superuser else 'bypasses row-level security'} and so sees every tenant. "
            f"Use a plain login that is a member of {settings.DATABASE_ROLE}, and run `manage.py migrate`."
        )
