"""Who may use an endpoint at all. What is not said is refused: every view names one of these.

Which rows somebody may see, and what a service allows him to do with them, is not decided here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.actors import Actor
from accounts.errors import Denied

if TYPE_CHECKING:
    from rest_framework.views import APIView


class _Permission(BasePermission):
    """Refusals carry their own code and sentence; a request without any credential is answered 401 by the framework."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None:
            return False
        refusal = self.refusal(cast(Actor, request.auth))
        if refusal is None:
            return True
        self.code, self.message = refusal.code, refusal.sentence
        return False

    def refusal(self, actor: Actor) -> Denied | None:
        """Why ``actor`` may not, or None."""
        raise NotImplementedError


class Nobody(BasePermission):
    """The default: a view that names no permission is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return False


class Anyone(BasePermission):
    """Signed in or not."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return True


class SignedIn(_Permission):
    """A person, whatever the role. Device keys are refused."""

    def refusal(self, actor: Actor) -> Denied | None:
        return None if actor.user is not None else _not_for_keys()


class Device(_Permission):
    """A device with its key. People are refused."""

    def refusal(self, actor: Actor) -> Denied | None:
        if actor.key is not None:
            return None
        return Denied("needs_key", _("This is for devices. Send the device's key in the header X-API-Key."))


class SignedInOrDevice(_Permission):
    """Any credential at all."""

    def refusal(self, actor: Actor) -> Denied | None:
        return None


def MayDo(permission: str) -> type[BasePermission]:  # noqa: N802  stands where a class stands
    """A person whose role has ``permission`` (see ``accounts.roles``): ``permission_classes = [MayDo("ledger.adjust")]``."""

    class HasPermission(_Permission):
        def refusal(self, actor: Actor) -> Denied | None:
            if actor.user is None:
                return _not_for_keys()
            if not actor.may(permission):
                return Denied("not_allowed", _("You are not allowed to do this. Ask a game master."))
            return None

    HasPermission.__name__ = f"MayDo({permission})"
    return HasPermission


def _not_for_keys() -> Denied:
    return Denied("not_for_keys", _("A device key cannot do this. Sign in as a person."))
