"""The page with which a stranger checks rounds: one document that needs nothing else, saved to a disk and offline as well.

Its script and style stand in it and are allowed by their hashes, in the header and in the document itself: a saved copy has no
header, and must not be able to do more than compute. The document is the same for everybody who reads it in one language, so
that copies can be compared.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from csp.decorators import csp_replace
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe

from casino.pages.verify_words import words

SOURCES: Final = Path(__file__).resolve().parent.parent / "verifier"
SHARED: Final = settings.BASE_DIR / "neobank" / "static" / "neobank"
FILE_NAME: Final = "verify-rounds.html"


@require_safe
def verifier(request: HttpRequest) -> HttpResponseBase:
    """The page itself. It knows nothing of who asks for it."""
    return csp_replace(_header())(_document)(request)


def _document(request: HttpRequest) -> HttpResponse:
    scripts, style = _scripts(), _style()
    # Without the request: no name, no token and no theme of anybody may stand in it.
    page = render_to_string(
        "casino/verify.html",
        {
            # Both are files of this project; a test looks for what could end them early.
            "scripts": [mark_safe(script) for script in scripts],  # noqa: S308
            "style": mark_safe(style),  # noqa: S308
            "policy": "; ".join(f"{name} {' '.join(allowed)}" for name, allowed in _policy().items()),
            "icon": _icon(),
            "words": words(),
            "file_name": FILE_NAME,
        },
    )
    return HttpResponse(page, headers={"Cache-Control": "no-cache"})


@cache
def _scripts() -> tuple[str, ...]:
    return tuple((SOURCES / name).read_text(encoding="utf-8") for name in ("rounds.js", "page.js"))


@cache
def _style() -> str:
    return (SHARED / "tokens.css").read_text(encoding="utf-8") + (SOURCES / "page.css").read_text(
        encoding="utf-8"
    )


@cache
def _icon() -> str:
    """The bank's mark as an address that holds it: without one a browser goes and asks the server."""
    return f"data:image/svg+xml,{quote((SHARED / 'icon.svg').read_text(encoding='utf-8').strip())}"


@cache
def _policy() -> dict[str, list[str]]:
    """What the document may do: run these scripts, look like this, and nothing else."""
    return {
        "default-src": ["'none'"],
        "script-src": [_allowed(script) for script in _scripts()],
        "style-src": [_allowed(_style())],
        "img-src": ["data:"],
        "form-action": ["'none'"],
        "base-uri": ["'none'"],
    }


@cache
def _header() -> dict[str, Any]:
    """The same as a header, in the place of every directive that other pages have."""
    others = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return dict.fromkeys(others) | _policy() | {"frame-ancestors": ["'none'"]}


def _allowed(text: str) -> str:
    """The source expression for an inline script or style (Content Security Policy Level 3, section 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
