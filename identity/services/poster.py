"""The poster at the gate."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts import languages
from accounts.actors import Actor
from accounts.models import Tenant
from identity.addresses import Trust, trust_for
from identity.paper.poster import Poster, poster_pdf

_BY_ONESELF = {Tenant.Registration.OPEN, Tenant.Registration.EVENT_CODE}


def join_poster(*, actor: Actor, address: str, advice: str = "", trust: Trust | None = None) -> bytes:
    """A PDF whose QR leads to where people join, with the event code filled in; to the sign-in where nobody may register alone.

    ``address`` is the event's own, ``advice`` what more is to stand there. How to trust the certificate stands there by itself
    where the server knows it of ``address``, or as ``trust`` says. Raises ``Denied``.
    """
    actor.require("accounts.manage_tenant")
    tenant = actor.tenant
    with languages.in_that_of(tenant):
        may_join = tenant.registration in _BY_ONESELF
        known = trust or trust_for(address)
        return poster_pdf(
            Poster(
                event=tenant.name,
                call=_("Scan to join, and you are in the bank")
                if may_join
                else _("Scan to sign in to the bank"),
                heading=_("Join") if may_join else _("Sign in"),
                link=join_link(tenant, address),
                address=address,
                event_code=_code(tenant),
                trust_url=known.url if known else "",
                fingerprint=known.fingerprint if known else "",
                advice=" ".join(advice.split()),
            )
        )


def join_link(tenant: Tenant, address: str) -> str:
    """What the poster's QR holds: where people join at ``address``, or sign in where nobody may register alone."""
    path = reverse("people:register" if tenant.registration in _BY_ONESELF else "people:login")
    code = _code(tenant)
    return f"{address}{path}?{urlencode({'event_code': code})}" if code else f"{address}{path}"


def _code(tenant: Tenant) -> str:
    return tenant.event_code if tenant.registration == Tenant.Registration.EVENT_CODE else ""
