"""What every page of a signed-in person keeps to, and the way back to a form that could not be taken."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, Final, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Invalid, Unauthenticated
from accounts.requests import BankRequest

P = ParamSpec("P")

# One address line, whatever somebody has typed into the fields that go back with it.
_FIELD_MAX: Final = 400


def signed_in_page(
    *, typed: Sequence[str] = (), back_to: str | None = None
) -> Callable[[Callable[Concatenate[BankRequest, Actor, P], HttpResponse]], Callable[..., HttpResponse]]:
    """Make ``view(request, actor, …)`` a page for people who are signed in.

    Without a sign-in that holds, a GET leads to the sign-in and back; so does a POST, which comes back as the form filled with
    what stood in its fields ``typed`` (none that is secret; the page reads them from the query). ``back_to`` is the path to
    come back to when the page's own is for POST only. Answers are kept by no browser: a phone is passed around at a bar.
    """

    def wrap(view: Callable[Concatenate[BankRequest, Actor, P], HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def page(request: BankRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                actor = request.actor()
            except Unauthenticated:
                if request.method in {"GET", "HEAD"}:
                    raise
                return redirect_to_login(way_back(request), settings.LOGIN_URL)
            if any("\0" in value for value in request.POST.values()):
                # Nobody types it, and PostgreSQL stores none.
                raise Invalid("invalid_request", _("The request is not valid."))
            response = view(request, actor, *args, **kwargs)
            patch_cache_control(response, private=True, no_store=True)
            return response

        return comes_back(page, typed=typed, back_to=back_to)

    return wrap


def comes_back(
    view: Callable[..., HttpResponse], *, typed: Sequence[str] = (), back_to: str | None = None
) -> Any:
    """Say of ``view`` what ``way_back`` may put into its address, and where that is."""
    view.typed, view.back_to = tuple(typed), back_to  # type: ignore[attr-defined]
    return view


def way_back(request: HttpRequest) -> str:
    """The path of the form that ``request`` posted, with what was typed in its query as far as its page allows."""
    if request.method in {"GET", "HEAD"}:
        return request.get_full_path()
    view = request.resolver_match.func if request.resolver_match else None
    path = getattr(view, "back_to", None) or request.path
    kept = [
        (name, value)
        for name in getattr(view, "typed", ())
        if (value := request.POST.get(name, "")) and len(value) <= _FIELD_MAX
    ]
    return f"{path}?{urlencode(kept)}" if kept else path
