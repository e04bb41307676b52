"""Sealing encrypted fields again, after a new key was put in front of ``FIELD_KEYS``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps

from accounts import audit, crypto
from accounts.actors import Actor
from accounts.models import TenantModel
from accounts.units import unit_of_work

SealedField = tuple[type[TenantModel], str]
"""A model and the name of one of its encrypted fields."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What was done with some rows of a field; ``last`` is where the next batch begins (None: there is no more).

    ``unreadable`` are the keys of rows that no key of the ring opens.
    """

    rows: int
    resealed: int
    unreadable: list[Any]
    last: Any


def sealed_fields() -> list[SealedField]:
    """Every encrypted field of every model, from the registry: a new one is found from its first day."""
    return [
        (model, field.attname)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, crypto.EncryptedField) and issubclass(model, TenantModel)
    ]


@unit_of_work
def reseal_batch(*, actor: Actor, field: SealedField, after: Any, limit: int) -> Batch:
    """Seal up to ``limit`` rows of a field with the ring's first key, those with a key beyond ``after`` (None: the first ones).

    A row that was changed while it was looked at is left as its writer wrote it. May be repeated, and be cut off at any time.
    Raises ``Denied``.
    """
    actor.require("accounts.manage_tenant")
    model, name = field
    found = model.objects.exclude(**{name: b""}).order_by("pk")
    rows = list((found if after is None else found.filter(pk__gt=after))[:limit])
    resealed, unreadable = 0, []
    for row in rows:
        before = bytes(getattr(row, name))
        try:
            if crypto.reseal(row, name):
                unchanged = model.objects.filter(pk=row.pk, **{name: before})
                resealed += unchanged.update(**{name: getattr(row, name)})
        except crypto.CannotOpen:
            unreadable.append(row.pk)
    if resealed:
        target = f"{model._meta.label_lower}.{name}"
        audit.record(actor=actor, action="fields.reseal", target=target, rows=resealed)
    return Batch(len(rows), resealed, unreadable, rows[-1].pk if len(rows) == limit else None)
