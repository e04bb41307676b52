"""Writing an export: one moment of the database, read while the bank is open."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from accounts.crypto import EncryptedField
from accounts.models import ApiKey, CredentialTenant, Tenant
from ledger.exchange import layout

_ROWS_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Written:
    """What an export holds; ``sealed_with`` are the numbers of FIELD_KEYS that its encrypted fields need."""

    rows: int
    sha256: str
    sealed_with: tuple[int, ...]


def write(
    file: BinaryIO,
    connection: BaseDatabaseWrapper,
    tenants: list[Tenant],
    *,
    expect: Callable[[int], object] = lambda _rows: None,
    progress: Callable[[int], object] = lambda _rows: None,
) -> Written:
    """Write ``tenants`` with all that belongs to them, through a ``connection`` from ``ledger.books.snapshot``.

    ``expect`` is told how many rows there will be, ``progress`` how many more are written.
    """
    queries = {model: _rows_of(model, connection, tenants) for model in layout.carried_models()}
    counts = {model: rows.count() for model, rows in queries.items()}
    expect(sum(counts.values()))
    sha256 = hashlib.sha256()
    sealed_with: set[int] = set()

    def put(content: Any) -> None:
        text = layout.line(content)
        sha256.update(text)
        file.write(text)

    put(
        {
            "kind": layout.KIND,
            "format": layout.FORMAT,
            "written_at": timezone.now().isoformat(),
            "engine": connection.vendor,
            "tenants": [tenant.slug for tenant in tenants],
            "models": {
                model._meta.label: {
                    "fields": [field.attname for field in layout.columns(model)],
                    "rows": count,
                }
                for model, count in counts.items()
            },
        }
    )
    for model, rows in queries.items():
        fields = layout.columns(model)
        label = model._meta.label
        sealed = [place for place, field in enumerate(fields) if isinstance(field, EncryptedField)]
        for values in rows.iterator(chunk_size=_ROWS_AT_ONCE):
            put([label, *(layout.encoded(field, value) for field, value in zip(fields, values, strict=True))])
            sealed_with.update(bytes(values[place])[1] for place in sealed if values[place])
            progress(1)
    written = Written(sum(counts.values()), sha256.hexdigest(), tuple(sorted(sealed_with)))
    file.write(layout.line({"rows": written.rows, "sha256": written.sha256}))
    return written


def _rows_of(
    model: type[models.Model], connection: BaseDatabaseWrapper, tenants: list[Tenant]
) -> QuerySet[Any, tuple[Any, ...]]:
    # The base manager is the one without a scope: this reads several tenants at once, on purpose.
    ids = [tenant.pk for tenant in tenants]
    rows = model._base_manager.using(connection.alias)
    rows = rows.filter(pk__in=ids) if model is Tenant else rows.filter(tenant__in=ids)
    if model is CredentialTenant:
        # The handles of keys; those of sign-ins stay behind with them.
        keys = ApiKey._base_manager.using(connection.alias).filter(prefix=OuterRef("handle"))
        rows = rows.filter(models.Exists(keys))
    names = [field.attname for field in layout.columns(model)]
    return rows.order_by(*layout.order_of(model)).values_list(*names)
