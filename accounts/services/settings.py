"""What game masters set about their event."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError

from accounts import audit, origins
from accounts.actors import Actor
from accounts.errors import DomainError, Invalid
from accounts.models import Tenant
from accounts.units import unit_of_work

CHANGEABLE: Final = (
    "name",
    "registration",
    "event_code",
    "welcome_bonus",
    "bonus_when_open",
    "faction_choice",
    "language",
    "time_zone",
    "day_starts_at",
    "cors_origins",
)
# The word on the poster lets people in; the trail is read by more people than the poster is meant for.
_NOT_NOTED: Final = {"event_code"}


@unit_of_work
def change_settings(*, actor: Actor, **wanted: Any) -> Tenant | DomainError:
    """Set columns of the actor's tenant named in ``CHANGEABLE``; what is as it was is left alone, and without a trace.

    ``welcome_bonus`` is in minor units of the first currency, ``cors_origins`` a list, kept as browsers send them.
    Raises ``Denied``, ``Invalid`` (``invalid_tenant``, with the field).
    """
    actor.require("accounts.manage_tenant")
    if unknown := wanted.keys() - set(CHANGEABLE):
        raise TypeError(f"change_settings does not take {sorted(unknown)}")
    if "cors_origins" in wanted:
        wanted["cors_origins"] = origins.clean(wanted["cors_origins"])
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant.pk)
    changed = {name: value for name, value in wanted.items() if getattr(tenant, name) != value}
    if not changed:
        return tenant
    noted: dict[str, Any] = {
        name: {"before": _plain(name, getattr(tenant, name)), "after": _plain(name, changed[name])}
        for name in changed
    }
    for name, value in changed.items():
        setattr(tenant, name, value)
    try:
        tenant.full_clean(validate_unique=False)
    except ValidationError as error:
        field, sentences = next(iter(error.message_dict.items()))
        raise Invalid("invalid_tenant", sentences[0], field=field) from error
    tenant.save(update_fields=list(changed))
    audit.record(actor=actor, action="tenant.settings", target=target(tenant), **noted)
    return tenant


def target(tenant: Tenant) -> str:
    """How the trail names an event."""
    return f"accounts.tenant:{tenant.slug}"


def _plain(name: str, value: Any) -> Any:
    if name in _NOT_NOTED:
        return "…" if value else ""
    if isinstance(value, list):
        return " ".join(value)
    return value if isinstance(value, bool | int) else str(value)
