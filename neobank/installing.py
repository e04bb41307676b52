"""What makes the pages an app on a phone: the manifest, the service worker, and the page that is shown where no signal is.

The worker keeps that page and the static files it is made of, and nothing else: no page with money on it, no answer of the API.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language, get_language_bidi
from django.views.decorators.http import require_safe

from accounts.requests import BankRequest

MANIFEST_AGE_S: Final = 3600
# As --ground and --surface of the dark look: what the phone paints before there is a page.
GROUND: Final = "#0a0e14"
THEME: Final = "#121a26"
_ICONS: Final = (("icon-192", 192, "any"), ("icon-512", 512, "any"), ("icon-maskable-512", 512, "maskable"))

_LINKED: Final = re.compile(r'(?:href|src)="([^"]+)"')
_IN_STYLE: Final = re.compile(r"""url\(["']?([^"')]+)["']?\)""")


@require_safe
def manifest(request: BankRequest) -> HttpResponse:
    """The event's app as phones install it, after the W3C's Web Application Manifest."""
    name = request.tenant.name if request.tenant else "NeoBank"
    told = {
        "id": "/",
        "name": name,
        "short_name": name,
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "start_url": reverse("bank:home"),
        "scope": "/",
        "display": "standalone",
        "background_color": GROUND,
        "theme_color": THEME,
        "icons": [
            {
                "src": static(f"neobank/{file}.png"),
                "sizes": f"{size}x{size}",
                "type": "image/png",
                "purpose": purpose,
            }
            for file, size, purpose in _ICONS
        ],
    }
    # Private: the same address is another event's for whoever is signed in there.
    return HttpResponse(
        json.dumps(told, ensure_ascii=False),
        content_type="application/manifest+json",
        headers={"Cache-Control": f"private, max-age={MANIFEST_AGE_S}"},
    )


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker shows in place of a page that cannot be reached; about nobody, whoever asks for it."""
    response = render(request, "errors/offline.html", _ABOUT_NOBODY)
    response["Cache-Control"] = "no-cache"
    return response


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker, with the list of what it keeps; its name for the cache changes with any of it."""
    page = render_to_string("errors/offline.html", _ABOUT_NOBODY, request=request)
    files = shell_of(page)
    digest = hashlib.sha256("\n".join([page, *files]).encode()).hexdigest()[:16]
    kept = {"cache": f"neobank-{digest}", "offline": reverse("offline"), "files": files}
    script = render_to_string("neobank/service-worker.js", {"kept": json.dumps(kept)})
    return HttpResponse(
        script,
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": "no-cache", "Service-Worker-Allowed": "/"},
    )


# Messages that wait for the person must not be used up by a page that is put aside.
_ABOUT_NOBODY: Final[dict[str, Any]] = {"me": None, "messages": (), "paused": False, "theme": ""}


def shell_of(page: str) -> list[str]:
    """The addresses of the static files that ``page`` is made of, what its styles ask for included."""
    linked = [link for link in _LINKED.findall(page) if link.startswith(settings.STATIC_URL)]
    asked = [file for link in linked if link.endswith(".css") for file in _files_of_style(link)]
    return sorted({*linked, *asked})


@cache
def _files_of_style(link: str) -> tuple[str, ...]:
    """What the style sheet at ``link`` loads from here: fonts and pictures."""
    name = link.removeprefix(settings.STATIC_URL)
    found = staticfiles_storage.path(name) if settings.COLLECTED_STATIC else finders.find(name)
    if not found:
        return ()
    style = Path(str(found)).read_text(encoding="utf-8")
    files = (urljoin(link, file) for file in _IN_STYLE.findall(style))
    return tuple(file for file in files if file.startswith(settings.STATIC_URL))
