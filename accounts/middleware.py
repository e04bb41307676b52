"""The door of every request: which tenant it is for, where it comes from, and who holds the cookie.

``TenantMiddleware`` only finds the tenant and opens its scope; whether a credential is good is decided behind it, inside the
scope. What it refuses it leaves in ``request.refusal`` for the roof to show, since a page and an API say it differently.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, cast

import structlog
from corsheaders.signals import check_request_enabled
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.auth.models import AnonymousUser
from django.db import OperationalError
from django.db.models import Count, OuterRef, QuerySet, Subquery, UUIDField
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts import directory, keytext, languages, tenancy, tokens
from accounts.actors import Actor
from accounts.addresses import origin_of
from accounts.compiled import Compiled
from accounts.errors import DomainError, NotFound, Unauthenticated, Unavailable
from accounts.models import ApiKey, LoginSession, Notification, Tenant, User
from accounts.requests import BankRequest

# What a sign-in puts into the signed cookie: the tenant's id and the login session's, both as text.
SESSION_TENANT: Final = "tenant"
SESSION_SID: Final = "sid"

SESSION: Final = Compiled[LoginSession](
    lambda sid: LoginSession.objects.select_related("user").filter(pk=sid).order_by(), sid=UUIDField()
)
"""A sign-in with its person, by its id."""


def _with_unread(sid: Any) -> QuerySet[LoginSession]:
    mine = Notification.objects.filter(user=OuterRef("user"), read_at=None).order_by()
    count = Subquery(mine.values("user").annotate(count=Count("*")).values("count"))
    found = LoginSession.objects.select_related("user").filter(pk=sid).order_by()
    return found.annotate(unread=Coalesce(count, 0))


PAGE_SESSION: Final = Compiled[LoginSession](_with_unread, sid=UUIDField())
"""The same for pages, with ``unread``: how many of the person's notifications are new. Every page shows it; none asks again."""

# "Last used" is for people who look for a stranger's device; a write per request would cost more than the request.
LAST_USED_EVERY: Final = dt.timedelta(minutes=1)


class TenantMiddleware:
    """Finds the tenant: from the key, the token or the cookie, else the host name, else the only one there is.

    Sets what ``accounts.requests.BankRequest`` lists and runs everything behind it in the tenant's scope, and in the language
    that ``accounts.languages`` says.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: BankRequest) -> HttpResponse:
        request.origin = origin_of(request)
        request.claims = request.token_refusal = request.refusal = None
        at_host = directory.by_host(request.get_host())
        of_credential = _tenant_of_credential(request)
        tenant = of_credential or at_host or directory.only_one()
        if of_credential and at_host and of_credential.pk != at_host.pk:
            tenant, request.refusal = at_host, _wrong_tenant(request)
        request.tenant = tenant
        structlog.contextvars.bind_contextvars(tenant=tenant.slug if tenant else None, user=None)
        if tenant is None:
            request.refusal = _no_tenant(request)
            return self.get_response(request)
        language = languages.of_request(request, tenant)
        with tenancy.scope(tenant), translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        if request.path_info.startswith(languages.API):
            patch_vary_headers(response, ["Accept-Language"])
        return response


class SessionUserMiddleware(AuthenticationMiddleware):
    """``request.user``, ``request.login_session`` and ``request.actor()`` for pages, read when first asked for."""

    def process_request(self, request: HttpRequest) -> None:
        bank_request = cast(BankRequest, request)
        request.user = cast(Any, SimpleLazyObject(lambda: signed_in(bank_request)[1]))
        bank_request.login_session = cast(Any, SimpleLazyObject(lambda: signed_in(bank_request)[0]))
        bank_request.actor = lambda: actor_of(bank_request)  # type: ignore[method-assign]  # one request's own


def actor_of(request: BankRequest) -> Actor:
    """The person behind a page's cookie. Raises ``Unauthenticated`` (``not_signed_in``)."""
    session, user = signed_in(request)
    if session is None or request.tenant is None or not isinstance(user, User):
        raise Unauthenticated("not_signed_in", _("Sign in first."))
    return Actor(tenant=request.tenant, user=user, session=session, origin=request.origin)


def signed_in(request: BankRequest) -> tuple[LoginSession | None, User | AnonymousUser]:
    """The cookie's session and user if both still hold, else (None, AnonymousUser); one query a request."""
    if not hasattr(request, "_signed_in"):
        session = _live_session(request)
        request._signed_in = (session, session.user if session else AnonymousUser())  # type: ignore[attr-defined]
    return cast("tuple[LoginSession | None, User | AnonymousUser]", request._signed_in)  # type: ignore[attr-defined]


def bad_key() -> DomainError:
    """The one answer to a key that is malformed, unknown or has a wrong secret."""
    return Unauthenticated("bad_key", _("This device key is not known. Check that it was copied whole."))


def mark_used(row: ApiKey | LoginSession) -> None:
    """Note on a key or session that it was used, at most once a minute; a busy database is no reason to fail."""
    now = timezone.now()
    if row.last_used_at is not None and row.last_used_at > now - LAST_USED_EVERY:
        return
    with suppress(OperationalError):
        type(row).objects.filter(pk=row.pk).update(last_used_at=now)


def _tenant_of_credential(request: BankRequest) -> Tenant | None:
    if (key := request.headers.get("X-API-Key")) is not None:
        text = keytext.parse(key)
        return directory.by_credential(text.prefix) if text else None
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        try:
            request.claims = tokens.decode(token.strip())
        except Unauthenticated as refusal:
            request.token_refusal = refusal
            return None
        return directory.by_id(request.claims.tenant)
    if _has_cookie(request) and (tenant_id := request.session.get(SESSION_TENANT)):
        return directory.by_id(tenant_id)
    return None


def _wrong_tenant(request: BankRequest) -> DomainError:
    if request.claims is None and "X-API-Key" not in request.headers:
        # Or the browser would be refused for ever: nobody deletes a cookie he does not see.
        request.session.flush()
    return Unauthenticated(
        "wrong_tenant", _("You are signed in at another event. Sign in here, or go back to its own address.")
    )


def _no_tenant(request: BankRequest) -> DomainError:
    if "X-API-Key" in request.headers:
        return bad_key()
    if request.token_refusal is not None:
        return request.token_refusal
    if request.claims is not None:
        return tokens.bad_token()
    if directory.is_empty():
        return Unavailable(
            "not_set_up",
            _("This bank has no event yet. Run `manage.py bootstrap` on the server, then reload."),
        )
    return NotFound(
        "unknown_host", _("No event is served under this address. Ask the organisers for the right one.")
    )


def _live_session(request: BankRequest) -> LoginSession | None:
    if request.tenant is None or request.refusal is not None or not _has_cookie(request):
        return None
    if request.session.get(SESSION_TENANT) != str(request.tenant.pk):
        return None
    session = PAGE_SESSION.first(sid=request.session.get(SESSION_SID))
    if session is None or session.revoked_at is not None or session.expires_at <= timezone.now():
        return None
    if not session.user.is_active:
        return None
    structlog.contextvars.bind_contextvars(user=str(session.user_id))
    mark_used(session)
    return session


def _has_cookie(request: HttpRequest) -> bool:
    # Looking into the session itself would make every answer vary by cookie.
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _allow_origin(request: HttpRequest, **_kwargs: Any) -> bool:
    """CORS: the origins that the tenant lists. A preflight carries no credential, so the host alone says whose they are."""
    origin = request.headers.get("Origin")
    if not origin or not request.path_info.startswith("/api/"):
        return False
    tenant = getattr(request, "tenant", None) or directory.by_host(request.get_host()) or directory.only_one()
    return tenant is not None and origin in tenant.cors_origins


check_request_enabled.connect(_allow_origin)
