"""What stands in the letters that go out by e-mail, in the event's language: whoever causes one need not be who reads it.

None is needed for anything: a game master helps without.
"""

from __future__ import annotations

from contextlib import suppress

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import languages, limits, mail
from accounts.errors import TooMany
from accounts.models import Tenant, User
from accounts.services import email


def confirm(tenant: Tenant, user: User, *, to: str, link: str) -> None:
    """The question whether ``to`` is really the address of ``user``."""
    with languages.in_that_of(tenant):
        subject = _("Is this your address, %(name)s?") % {"name": user.character_name}
        _post(tenant, user, "confirm", to=to, subject=subject, link=link)


def reset(tenant: Tenant, user: User, *, link: str) -> None:
    """The way to a new password."""
    with languages.in_that_of(tenant):
        subject = _("A new password for %(name)s") % {"name": user.character_name}
        _post(tenant, user, "reset", to=email.address_of(user), subject=subject, link=link)


def new_device(tenant: Tenant, user: User, *, device: str) -> None:
    """That somebody has signed in on a device that is new."""
    with languages.in_that_of(tenant):
        subject = _("%(name)s was signed in on a new device") % {"name": user.character_name}
        _tell(tenant, user, "new_device", subject=subject, device=device, when=timezone.now())


def address_gone(tenant: Tenant, user: User, *, to: str) -> None:
    """To the address until now: that it is not the one of ``user`` any more."""
    if not to:
        return
    with languages.in_that_of(tenant):
        subject = _("%(name)s has another e-mail address now") % {"name": user.character_name}
        _post(tenant, user, "address_gone", to=to, subject=subject)


def _tell(tenant: Tenant, user: User, kind: str, *, subject: str, **facts: object) -> None:
    """Send news to whoever has confirmed an address, a few in an hour: the inbox of the bank has all of it."""
    if not mail.is_on() or user.email_confirmed_at is None:
        return
    with suppress(TooMany):
        limits.hit("letter_told", str(user.pk))
        _post(tenant, user, kind, to=email.address_of(user), subject=subject, **facts)


def _post(tenant: Tenant, user: User, kind: str, *, to: str, subject: str, **facts: object) -> None:
    context = {"event": tenant.name, "time_zone": tenant.time_zone, "name": user.character_name, **facts}
    text = render_to_string(f"mail/{kind}.txt", context)
    mail.post(mail.Letter(kind, sender=tenant.name, to=to, subject=subject, text=text))
