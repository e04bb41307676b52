"""The look of the pages: light or dark as a person chose, and the colours and logo that an event has of its own."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts import brand, logos
from accounts.errors import Invalid
from accounts.models import Logo, Tenant
from accounts.requests import BankRequest

COOKIE: Final = "neobank_theme"
COOKIE_AGE_S: Final = 365 * 86_400
#: What a person may choose; "" leaves it to the phone.
THEMES: Final = (
    ("", gettext_lazy("Automatic")),
    ("dark", gettext_lazy("Dark")),
    ("light", gettext_lazy("Light")),
)
# Its address holds a digest of it: another content has another address.
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_DIGEST_LENGTH: Final = 12


def context_of(request: HttpRequest) -> dict[str, Any]:
    """``theme`` and ``themes``, and the addresses of the event's own style and logo (``brand_sheet``, ``brand_logo``), or ""."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    sheet = _sheet_of(tenant)
    return {
        "theme": theme_of(request),
        "themes": THEMES,
        "brand_sheet": f"{reverse('brand-sheet')}?v={_digest(sheet)}" if sheet else "",
        "brand_logo": f"{reverse('brand-logo')}?v={tenant.logo}" if tenant and tenant.logo else "",
    }


def theme_of(request: HttpRequest) -> str:
    """The theme that the person has chosen; "" for none."""
    chosen = request.COOKIES.get(COOKIE, "")
    return chosen if chosen in dict(THEMES) else ""


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    """Keep the choice on this device, and go back to where it was made. Raises ``Invalid`` (``invalid_request``)."""
    chosen = request.POST.get("theme")
    if chosen not in dict(THEMES):
        raise Invalid("invalid_request", _("There is no such look. Go back and choose one of the buttons."))
    response = HttpResponseRedirect(_way_back(request))
    response.status_code = 303
    if chosen:
        response.set_cookie(
            COOKIE,
            chosen,
            max_age=COOKIE_AGE_S,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(COOKIE, samesite="Lax")
    return response


@require_safe
def brand_sheet(request: BankRequest) -> HttpResponse:
    """The event's colours as a style sheet; an empty one where it has none."""
    sheet = _sheet_of(request.tenant)
    return _kept(request, HttpResponse(sheet, content_type="text/css; charset=utf-8"), _digest(sheet))


@require_safe
def brand_logo(request: BankRequest) -> HttpResponse:
    """The event's logo. Raises ``Http404`` where it has none."""
    tenant = request.tenant
    logo: Logo | None = Logo.objects.first() if tenant and tenant.logo else None
    if tenant is None or logo is None:
        raise Http404
    body = bytes(logo.body)
    return _kept(request, HttpResponse(body, content_type=logos.CONTENT_TYPE), logos.digest(body))


def _kept(request: HttpRequest, response: HttpResponse, digest: str) -> HttpResponse:
    """For ever under the address that names this very content; else asked for again each time."""
    response["Cache-Control"] = _FOR_EVER if request.GET.get("v") == digest else "no-cache"
    return response


def _sheet_of(tenant: Tenant | None) -> str:
    if tenant is None:
        return ""
    return _sheet(tuple((name, getattr(tenant, name)) for name in brand.COLOURS))


@lru_cache(maxsize=64)
def _sheet(chosen: tuple[tuple[str, str], ...]) -> str:
    return brand.sheet(dict(chosen))


def _digest(sheet: str) -> str:
    return hashlib.sha256(sheet.encode()).hexdigest()[:_DIGEST_LENGTH]


def _way_back(request: HttpRequest) -> str:
    """A path of this site; the front page when something else was asked for."""
    wanted = request.POST.get("here", "")
    is_ours = (
        wanted.startswith("/")
        and wanted.isprintable()
        and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    )
    return wanted if is_ours else "/"
