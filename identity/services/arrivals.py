"""Somebody signs in on a device where he was not seen before: that person is told, and can do something about it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts import languages, notify
from accounts.actors import Actor
from accounts.models import LoginSession, User
from identity import letters
from identity.devices import Device
from identity.services.stay import SignedIn


def note(*, user: User, session: LoginSession, device: Device) -> bool:
    """Put the news of ``session`` into the inbox of ``user``, unless ``device`` was known or it is the first sign-in ever.

    Says whether there was news. Inside a unit.
    """
    if device.knows(user.pk) or not LoginSession.objects.filter(user=user).exclude(pk=session.pk).exists():
        return False
    notify.publish(
        to=user,
        kind="session.new_device",
        text=lambda: (
            _(
                "You were signed in on a device that is new here: %(device)s. Was that not you? "
                "Sign it out under “Me”, “Security”, then change your password."
            )
            % {"device": described(session)}
        ),
        session=str(session.pk),
    )
    return True


def tell(*, actor: Actor, signed_in: SignedIn) -> None:
    """The same news by letter, once it is committed."""
    if signed_in.is_elsewhere:
        with languages.in_that_of(actor.tenant):
            device = described(signed_in.session)
        letters.new_device(actor.tenant, signed_in.user, device=device)


def described(session: LoginSession) -> str:
    """``Firefox, Android (10.0.0.7)``: what is known of where somebody signed in."""
    name = session.device_name or _("a device without a name")
    return f"{name} ({session.ip})" if session.ip else name
