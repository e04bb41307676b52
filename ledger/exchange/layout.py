"""What an export holds, in which order, and how a value is written.

The first line says what it is and how many rows of what follow; each further line is ``["app.Model", value, …]``; the last line
holds the SHA-256 of everything in front of it. Everything comes from the model registry, so a new table travels from its first
day. Values that a person may copy keep their form; binary ones are base64; encrypted ones travel as they are sealed.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import uuid
from graphlib import TopologicalSorter
from typing import Any, Final

from django.apps import apps
from django.db import models

from accounts.models import CredentialTenant, Domain, Tenant, TenantModel

FORMAT: Final = 1
KIND: Final = "neobank event"
# A sign-in belongs to one server and its secrets: everybody signs in again.
LEFT_BEHIND: Final = ("accounts.LoginSession",)
# What is checked while it is inserted needs an order: a refund after what it refunds, both entries of a transfer together.
ORDER: Final = {
    "ledger.Transfer": ("posted_at", "id"),
    "ledger.Entry": ("posted_at", "transfer_id", "amount"),
}


class Damaged(Exception):
    """The file is not what was written, or not for this version; the text says so in a plain sentence."""


def carried_models() -> list[type[models.Model]]:
    """Every model whose rows travel, each after the ones it refers to."""
    carried = {Tenant, Domain, CredentialTenant} | {
        model
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, TenantModel) and model._meta.label not in LEFT_BEHIND
    }
    by_label = {model._meta.label: model for model in carried}
    graph = {
        label: sorted(
            field.related_model._meta.label
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and field.related_model not in {model, None}
        )
        for label, model in sorted(by_label.items())
    }
    return [by_label[label] for label in TopologicalSorter(graph).static_order()]


def columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The fields of a row, in the order they are written."""
    return list(model._meta.concrete_fields)


def order_of(model: type[models.Model]) -> tuple[str, ...]:
    """By what the rows of ``model`` are sorted: the same database always gives the same lines."""
    return ORDER.get(model._meta.label) or tuple(field.attname for field in model._meta.pk_fields)


def encoded(field: models.Field[Any, Any], value: Any) -> Any:
    """``value`` as JSON."""
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat()
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return str(value) if isinstance(value, uuid.UUID) else value


def decoded(field: models.Field[Any, Any], value: Any) -> Any:
    """The inverse of ``encoded``. Raises ``ValueError``, ``TypeError`` or Django's ``ValidationError``."""
    if value is None or isinstance(field, models.JSONField):
        return value
    if isinstance(field, models.ForeignKey):
        return decoded(field.target_field, value)
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value, validate=True)
    return field.to_python(value)


def line(content: Any) -> bytes:
    """One line of the file. The keys are sorted, because PostgreSQL keeps JSON objects in an order of its own."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() + b"\n"
