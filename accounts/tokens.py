"""The texts that prove a sign-in: access tokens (JWT, RFC 7519) and refresh tokens.

An access token only says who it was made for. Whether its session still holds, and what the role is now, is read with every
request, so the claims ``role`` and ``exp`` are for the client to look at, not for us to believe longer than we must.
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import re
import secrets
import uuid
from dataclasses import dataclass, field
from typing import Final

import jwt
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import Unauthenticated
from accounts.models import LoginSession, User

ALGORITHM: Final = "HS256"
_CLAIMS: Final = ("sub", "jti", "exp", "iat", "tenant", "role", "sid")
# Longer than any token we make; what is longer is not worth a signature check.
_TOKEN_LENGTH_MAX: Final = 2_000
_REFRESH_FORM: Final = re.compile(r"nbr_([0-9a-f]{32})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a good access token says."""

    sub: uuid.UUID
    jti: str
    exp: dt.datetime
    iat: dt.datetime
    tenant: uuid.UUID
    role: str
    sid: uuid.UUID


def access_lifetime(*, refreshable: bool) -> dt.timedelta:
    """How long an access token lives: short when a refresh token stands behind it, a day for simple clients."""
    if refreshable:
        return dt.timedelta(minutes=settings.JWT_WITH_REFRESH_MINUTES)
    return dt.timedelta(hours=settings.JWT_EXPIRY_HOURS)


def issue(session: LoginSession, user: User, lifetime: dt.timedelta) -> str:
    """An access token for ``user`` that lives for ``lifetime``, but no longer than ``session``."""
    now = timezone.now()
    return jwt.encode(
        {
            "sub": str(user.pk),
            "jti": secrets.token_hex(16),
            "exp": min(now + lifetime, session.expires_at),
            "iat": now,
            "tenant": str(session.tenant_id),
            "role": user.role,
            "sid": str(session.pk),
        },
        settings.JWT_SECRET,
        algorithm=ALGORITHM,
    )


def decode(token: str) -> Claims:
    """The claims of an access token of ours. Raises ``Unauthenticated`` (``token_expired``, ``bad_token``)."""
    if len(token) > _TOKEN_LENGTH_MAX:
        raise bad_token()
    try:
        claims = jwt.decode(
            token, settings.JWT_SECRET, algorithms=[ALGORITHM], options={"require": list(_CLAIMS)}
        )
        return Claims(
            sub=uuid.UUID(claims["sub"]),
            jti=str(claims["jti"]),
            exp=dt.datetime.fromtimestamp(claims["exp"], tz=dt.UTC),
            iat=dt.datetime.fromtimestamp(claims["iat"], tz=dt.UTC),
            tenant=uuid.UUID(claims["tenant"]),
            role=str(claims["role"]),
            sid=uuid.UUID(claims["sid"]),
        )
    except jwt.ExpiredSignatureError:
        raise Unauthenticated(
            "token_expired", _("This access token has expired. Refresh it, or sign in again.")
        ) from None
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError):
        raise bad_token() from None


def bad_token() -> Unauthenticated:
    """The one answer to an access token that is malformed, forged or unknown."""
    return Unauthenticated("bad_token", _("This access token is not valid here. Sign in again."))


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """``nbr_<session id in hex>_<secret>``: the id says whose it is, the secret proves it. Its repr shows no secret."""

    sid: uuid.UUID
    secret: str = field(repr=False)

    @classmethod
    def first(cls, sid: uuid.UUID) -> RefreshToken:
        """The random beginning of a session's family."""
        return cls(sid, secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> RefreshToken | None:
        """The token that ``text`` is, or None when it is not one."""
        match = _REFRESH_FORM.fullmatch(text)
        return cls(uuid.UUID(match[1]), match[2]) if match else None

    def text(self) -> str:
        """What the client keeps and sends. Not ``__str__``, so that no format string shows it by accident."""
        return f"nbr_{self.sid.hex}_{self.secret}"

    def successor(self) -> RefreshToken:
        """The next one of the family: base64url(HMAC-SHA256(JWT_SECRET, "refresh" || secret)).

        Derived, not random, so that a client whose answer was lost gets the same one by asking again, and nothing but digests
        is kept here.
        """
        derived = hmac.digest(settings.JWT_SECRET.encode(), b"refresh" + self.secret.encode(), "sha256")
        return RefreshToken(self.sid, base64.urlsafe_b64encode(derived).rstrip(b"=").decode())
