"""Who is asking: three credentials, tried in this order (settings): a device's key, a person's token, the page's cookie.

Each sets ``request.user`` (None for a device) and ``request.auth``, the ``Actor`` that every service takes first. A credential
that is there but not good is refused, never passed over. (OAuth2 access tokens will stand between key and JWT: theirs has to
be looked at first, because a JWT authenticator refuses every bearer token that it does not know.)
"""

from __future__ import annotations

import hmac
from typing import Any, Final, cast

import structlog
from django.db.models import CharField
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from accounts import keytext, tokens
from accounts.actors import Actor
from accounts.compiled import Compiled
from accounts.crypto import digest
from accounts.errors import Denied, Unauthenticated
from accounts.middleware import SESSION, bad_key, mark_used, signed_in
from accounts.models import ApiKey, LoginSession, User
from accounts.requests import BankRequest

_Found = tuple[User | None, Actor] | None

# What a 401 says in WWW-Authenticate (RFC 9110 section 11.6.1).
CHALLENGE: Final = 'Bearer realm="neobank"'

_KEY: Final = Compiled[ApiKey](lambda prefix: ApiKey.objects.filter(prefix=prefix), prefix=CharField())


class _Authentication(BaseAuthentication):
    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class ApiKeyAuthentication(_Authentication):
    """``X-API-Key: nbk_<prefix>_<secret>``."""

    def authenticate(self, request: Request) -> _Found:
        if (sent := request.headers.get("X-API-Key")) is None:
            return None
        bank_request = _of(request)
        text = keytext.parse(sent)
        if text is None or bank_request.tenant is None:
            raise bad_key()
        key = _KEY.first(prefix=text.prefix)
        if key is None or not hmac.compare_digest(digest(text.secret), bytes(key.digest)):
            raise bad_key()
        if key.revoked_at is not None:
            raise Unauthenticated(
                "key_revoked", _("This device key was revoked. Ask a game master for a new one.")
            )
        if not key.is_live:
            raise Unauthenticated(
                "key_expired", _("This device key has expired. Ask a game master for a new one.")
            )
        mark_used(key)
        structlog.contextvars.bind_contextvars(user=f"key:{key.prefix}")
        return None, Actor(tenant=bank_request.tenant, key=key, origin=bank_request.origin)


class TokenAuthentication(_Authentication):
    """``Authorization: Bearer <JWT>``: its signature was checked when the tenant was looked for, its session is here."""

    def authenticate(self, request: Request) -> _Found:
        bank_request = _of(request)
        if bank_request.token_refusal is not None:
            raise bank_request.token_refusal
        claims = bank_request.claims
        if claims is None or bank_request.tenant is None:
            return None
        session = SESSION.first(sid=claims.sid)
        if session is None or str(session.user_id) != str(claims.sub):
            raise tokens.bad_token()
        _require_live(session)
        mark_used(session)
        structlog.contextvars.bind_contextvars(user=str(session.user_id))
        actor = Actor(
            tenant=bank_request.tenant, user=session.user, session=session, origin=bank_request.origin
        )
        return session.user, actor


class CookieAuthentication(_Authentication):
    """The cookie of the pages, with the CSRF token: for the scripts in them."""

    def authenticate(self, request: Request) -> _Found:
        bank_request = _of(request)
        session, user = signed_in(bank_request)
        if session is None or bank_request.tenant is None or not isinstance(user, User):
            return None
        _require_csrf_token(bank_request)
        return user, Actor(tenant=bank_request.tenant, user=user, session=session, origin=bank_request.origin)


def _of(request: Request) -> BankRequest:
    return cast(BankRequest, request._request)


def _require_live(session: LoginSession) -> None:
    if session.revoked_at is not None or session.expires_at <= timezone.now():
        raise Unauthenticated("session_ended", _("This sign-in has ended. Sign in again."))
    if not session.user.is_active:
        raise Unauthenticated("account_disabled", _("This login is switched off. Ask a game master."))


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _require_csrf_token(request: HttpRequest) -> None:
    def never(_request: HttpRequest) -> HttpResponse:
        raise NotImplementedError("only the check is used")

    check = _CsrfCheck(never)
    check.process_request(request)
    if check.process_view(request, never, (), {}):
        raise Denied("csrf_failed", _("This page is too old. Reload it and try again."))
