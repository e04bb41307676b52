"""What every template knows: whose event this is, whether its bank is paused, and who is looking."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.pages import way_back
from neobank import look


def world(request: HttpRequest) -> dict[str, Any]:
    """``tenant`` (None where no event was found), ``time_zone``, ``paused``, ``pause_reason``, ``request_id``, what
    ``look.context_of`` names, ``here`` (where one comes back to this page, with what was typed), and ``me``: the signed-in user
    or None, read when a template first asks, and ``unread``: how many notifications are new to them.
    """
    tenant = getattr(request, "tenant", None)
    return {
        "tenant": tenant,
        "time_zone": tenant.time_zone if tenant else "UTC",
        "paused": bool(tenant and tenant.paused_at),
        "pause_reason": tenant.pause_reason if tenant else "",
        "request_id": getattr(request, "request_id", ""),
        **look.context_of(request),
        "here": SimpleLazyObject(lambda: way_back(request)),
        "me": SimpleLazyObject(lambda: _signed_in(request)),
        "unread": SimpleLazyObject(lambda: _unread(request)),
    }


def _signed_in(request: HttpRequest) -> Any:
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def _unread(request: HttpRequest) -> int:
    # Came with the sign-in itself; pages that are made without one have neither.
    return getattr(getattr(request, "login_session", None), "unread", 0)
