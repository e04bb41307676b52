"""The poster at the gate."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from accounts import languages
from accounts.actors import Actor
from accounts.models import Tenant
from identity.paper.poster import Poster, poster_pdf


def join_poster(*, actor: Actor, address: str, trust: str = "") -> bytes:
    """A PDF whose QR leads to where people join, with the event code filled in; to the sign-in where nobody may register alone.

    ``address`` is the event's own, ``trust`` what stands there about its certificate. Raises ``Denied``.
    """
    actor.require("accounts.manage_tenant")
    tenant, rules = actor.tenant, Tenant.Registration
    may_join = tenant.registration in {rules.OPEN, rules.EVENT_CODE}
    code = tenant.event_code if tenant.registration == rules.EVENT_CODE else ""
    path = reverse("people:register" if may_join else "people:login")
    link = f"{address}{path}?{urlencode({'event_code': code})}" if code else f"{address}{path}"
    with languages.in_that_of(tenant):
        return poster_pdf(
            Poster(
                event=tenant.name,
                call=_("Scan to join, and you are in the bank")
                if may_join
                else _("Scan to sign in to the bank"),
                link=link,
                address=address,
                event_code=code,
                trust=" ".join(trust.split()),
            )
        )
