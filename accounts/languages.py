"""Which language is spoken to whom: the event's to its people; its own to an app that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from accounts import tenancy
from accounts.models import Tenant

API = "/api/"


@contextmanager
def of_the_event() -> Iterator[None]:
    """For what is kept or printed for somebody else: it does not follow the language of whoever causes it."""
    with in_that_of(tenancy.current()):
        yield


@contextmanager
def in_that_of(tenant: Tenant) -> Iterator[None]:
    """The same, for an event that one is not in the scope of."""
    with translation.override(tenant.language):
        yield


def of_request(request: HttpRequest, tenant: Tenant) -> str:
    """The language of the answer: the event's, but for an app that names another of ours in ``Accept-Language``.

    A browser names one whether its owner cares or not, so neither pages nor what their scripts fetch follow the header.
    """
    if not request.path_info.startswith(API) or settings.SESSION_COOKIE_NAME in request.COOKIES:
        return tenant.language
    known = dict(settings.LANGUAGES)
    for wanted, weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")[:200]):
        short = wanted.partition("-")[0]
        if weight and short in known:
            return short
    return tenant.language
