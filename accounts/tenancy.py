"""The two walls between tenants, and the one door through them.

First wall: every manager refuses to run outside ``scope(tenant)`` (django-scopes) and ``TenantModel.save`` takes the tenant
from it. That is a seat belt: it does not stop a foreign key from being followed. Second wall: PostgreSQL row-level security
on ``neobank.tenant``. The setting travels in front of each statement, in the same message to the server, so it is
transaction-local, costs no round trip, holds inside and outside ``atomic()``, and is simply absent (nothing is visible)
where nobody entered a scope. (In a transaction that goes on after its scope was left, raw SQL still sees that tenant until the
commit; managers do not.) ``docs/decisions/0003-row-level-security.md`` has the reasons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import django_scopes
from django.db import connection
from django_scopes.exceptions import ScopeError

if TYPE_CHECKING:
    from accounts.models import Tenant

LOCK_TIMEOUT = "5s"
"""Nobody waits longer for a row: whoever holds it has hung, and a refusal can be tried again."""

# Not sent with the setting in front: they must work in a transaction that has already failed.
_BARE = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def scope(tenant: Tenant) -> Iterator[None]:
    """Everything inside reads and writes rows of ``tenant`` only. Scopes may be nested; the inner one counts."""
    with django_scopes.scope(tenant=tenant):
        if connection.vendor != "postgresql" or _with_tenant in connection.execute_wrappers:
            yield
            return
        with connection.execute_wrapper(_with_tenant):
            yield


def current() -> Tenant:
    """The tenant of the scope we are in. Raises ``ScopeError`` outside of one."""
    tenant = current_or_none()
    if tenant is None:
        raise ScopeError("This needs a tenant scope: with tenancy.scope(tenant): ...")
    return tenant


def current_or_none() -> Tenant | None:
    """The tenant of the scope we are in, or None outside of one."""
    return cast("Tenant | None", django_scopes.get_scope().get("tenant"))


def _with_tenant(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Send the tenant with each statement (psycopg's simple query: several statements, one message, one transaction)."""
    tenant = current_or_none()
    if tenant is None or sql.startswith(_BARE):
        return execute(sql, params, many, context)
    if many:
        raise NotImplementedError("executemany is not used here: bulk_create sends one statement")
    before = f"SET LOCAL neobank.tenant = '{tenant.pk}'; SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'; "
    result = execute(before + sql, params, many, context)
    context["cursor"].nextset()
    context["cursor"].nextset()
    return result
