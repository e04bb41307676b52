"""The look that game masters give their event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from accounts import audit, brand, logos
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Logo, Tenant
from accounts.services.settings import target
from accounts.units import unit_of_work


def change_brand(
    *, actor: Actor, colours: Mapping[str, str], logo: bytes | None = None, without_logo: bool = False
) -> Tenant:
    """Set the colours named in ``brand.COLOURS`` ("" for the house's own), and the logo.

    ``logo`` is an uploaded file, None to keep the one there is; ``without_logo`` takes that away. What is as it was leaves no
    trace. Raises ``Denied``, ``Invalid`` (``invalid_tenant``, with the field).
    """
    actor.require("accounts.manage_tenant")
    if unknown := colours.keys() - brand.COLOURS.keys():
        raise TypeError(f"change_brand does not take {sorted(unknown)}")
    wanted: dict[str, str] = {name: brand.clean(name, typed) for name, typed in colours.items()}
    body = logos.drawn_anew(logo) if logo is not None else None
    if body is not None:
        wanted["logo"] = logos.digest(body)
    elif without_logo:
        wanted["logo"] = ""
    return _change(actor=actor, wanted=wanted, body=body)


@unit_of_work
def _change(*, actor: Actor, wanted: Mapping[str, str], body: bytes | None) -> Tenant | DomainError:
    tenant = Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant.pk)
    changed = {name: value for name, value in wanted.items() if getattr(tenant, name) != value}
    if not changed:
        return tenant
    noted: dict[str, Any] = {
        name: {"before": getattr(tenant, name), "after": value} for name, value in changed.items()
    }
    for name, value in changed.items():
        setattr(tenant, name, value)
    if "logo" in changed:
        _keep(body)
    tenant.save(update_fields=list(changed))
    audit.record(actor=actor, action="tenant.brand", target=target(tenant), **noted)
    return tenant


def _keep(body: bytes | None) -> None:
    """The event has this logo alone, or none."""
    Logo.objects.all().delete()
    if body is not None:
        Logo.objects.create(body=body)
