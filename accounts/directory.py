"""Which tenant is meant: by id, by host name, by a credential's public part. Read before any scope exists.

Answers are kept in this process for two seconds, because every request asks. A change saved in the same process is seen at
once, in another one after that time; nothing that forbids or allows (keys, sessions, freezes, the pause) is kept here.
"""

from __future__ import annotations

import copy
import time
import uuid
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from django.db.models.signals import post_delete, post_save
from django.dispatch import receiver

from accounts.models import CredentialTenant, Domain, Tenant

SYSTEM_SLUG: Final = "system"
KEPT_S: Final = 2.0
# Names come from strangers: beyond this many remembered answers the memory starts anew.
KEPT_MAX: Final = 10_000

_kept: dict[tuple[str, str], tuple[float, Tenant | None]] = {}
_lock = Lock()


def by_id(tenant_id: uuid.UUID | str) -> Tenant | None:
    """The tenant with this id (also in text form), or None."""
    try:
        wanted = uuid.UUID(str(tenant_id))
    except ValueError:
        return None
    return _remember("id", str(wanted), lambda: Tenant.objects.filter(pk=wanted).first())


def by_host(host: str) -> Tenant | None:
    """The tenant whose ``Domain`` is ``host`` (with or without a port), or None."""
    name = _without_port(host).rstrip(".").lower()
    return _remember("host", name, lambda: _tenant_of(Domain.objects.filter(host=name)))


def by_credential(handle: str) -> Tenant | None:
    """The tenant of the key with this prefix or of the session with this id, or None."""
    return _remember("credential", handle, lambda: _tenant_of(CredentialTenant.objects.filter(handle=handle)))


def only_one() -> Tenant | None:
    """The tenant, if there is exactly one besides ``system``; None when there are none or several."""
    return _remember("only", "", _find_only_one)


def is_empty() -> bool:
    """Whether no tenant was made yet."""
    return not Tenant.objects.exclude(slug=SYSTEM_SLUG).exists()


def forget() -> None:
    """Ask the database again next time."""
    with _lock:
        _kept.clear()


def _find_only_one() -> Tenant | None:
    found = list(Tenant.objects.exclude(slug=SYSTEM_SLUG)[:2])
    return found[0] if len(found) == 1 else None


def _tenant_of(rows: Any) -> Tenant | None:
    row = rows.select_related("tenant").first()
    return row.tenant if row else None


def _remember(kind: str, name: str, find: Callable[[], Tenant | None]) -> Tenant | None:
    now = time.monotonic()
    kept = _kept.get((kind, name))
    if kept is not None and kept[0] > now:
        tenant = kept[1]
    else:
        tenant = find()
        with _lock:
            if len(_kept) >= KEPT_MAX:
                _kept.clear()
            _kept[kind, name] = (now + KEPT_S, tenant)
    # A copy: what one request does to its tenant must not show in another's.
    return copy.copy(tenant)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


@receiver([post_save, post_delete], sender=Tenant)
@receiver([post_save, post_delete], sender=Domain)
@receiver([post_save, post_delete], sender=CredentialTenant)
def _changed(**_: Any) -> None:
    forget()
