"""How long a sign-in lasts, and what proves it afterwards."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass, field

from django.conf import settings

from accounts import tokens
from accounts.middleware import SESSION_SID, SESSION_TENANT
from accounts.models import LoginSession, User
from identity.devices import Device


class Stay(enum.Enum):
    """What somebody who signs in asks for."""

    TOKEN = "token"  # noqa: S105  a way to stay, not a secret
    """One access token, for simple clients."""
    REFRESHABLE = "refreshable"
    """Short access tokens, and a refresh token to get the next one with."""
    PAGE = "page"
    """A browser, for an evening."""
    REMEMBERED = "remembered"
    """A browser that is to remember."""

    def lasts(self) -> dt.timedelta:
        """How long the session lasts (a refresh begins the time anew)."""
        return {
            Stay.TOKEN: dt.timedelta(hours=settings.JWT_EXPIRY_HOURS),
            Stay.REFRESHABLE: dt.timedelta(days=settings.REFRESH_DAYS),
            Stay.PAGE: dt.timedelta(seconds=settings.SESSION_PAGE_AGE),
            Stay.REMEMBERED: dt.timedelta(seconds=settings.SESSION_REMEMBER_AGE),
        }[self]


@dataclass(frozen=True, slots=True)
class PageCookie:
    """What a page puts into the signed session cookie, and for how many seconds the browser keeps it."""

    contents: dict[str, str]
    age_s: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who has signed in, and what proves it from now on. Its repr shows no secret."""

    user: User
    session: LoginSession
    stay: Stay
    device: Device = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    # On a device where that person, who had signed in elsewhere, was not seen before.
    is_elsewhere: bool = False

    def access_token(self) -> tuple[str, int]:
        """A new access token, and for how many seconds it is good."""
        lifetime = tokens.access_lifetime(refreshable=self.refresh_token is not None)
        return tokens.issue(self.session, self.user, lifetime), int(lifetime.total_seconds())

    def page_cookie(self) -> PageCookie:
        """For ``request.session``: ``flush()`` it first, so that nothing of an earlier visitor stays, then ``update``."""
        contents = {SESSION_TENANT: str(self.session.tenant_id), SESSION_SID: str(self.session.pk)}
        return PageCookie(contents, int(self.stay.lasts().total_seconds()))
