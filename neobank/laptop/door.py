"""The plain-http side of the laptop: how to trust the bank's certificate, and a redirect for everybody else.

Nothing secret passes here, and no form is here: it is a WSGI application of four fixed answers, made once at the start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string

from neobank.laptop import authority, place
from neobank.tls import secure_url

CERTIFICATE: Final = "/neobank-authority.crt"
_STYLES: Final = ("neobank/tokens.css", "neobank/base.css", "neobank/trust.css")
_HEADERS: Final = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    # Another laptop may stand at this address next week.
    ("Cache-Control", "no-store"),
)
Start = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to one path."""

    content_type: str
    body: bytes


class Door:
    """``pages`` by their paths, and a way to https for everything else."""

    def __init__(self, pages: dict[str, Answer]) -> None:
        self.pages = pages

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        """One request, after PEP 3333."""
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            # Whoever posts here has sent something in clear already; it is not to become a habit.
            return _plain(start_response, "405 Method Not Allowed", "This bank speaks https only.\n")
        page = self.pages.get(environ.get("PATH_INFO", ""))
        if page is None:
            location = secure_url(_path_of(environ), environ.get("HTTP_HOST", ""))
            return _plain(start_response, "302 Found", f"{location}\n", ("Location", location))
        headers = (("Content-Type", page.content_type), ("Content-Length", str(len(page.body))), *_HEADERS)
        start_response("200 OK", list(headers))
        return [page.body if environ["REQUEST_METHOD"] == "GET" else b""]


def application() -> Door:
    """The door of this laptop. With a given certificate there is nothing to hand out, and everybody is sent on."""
    if not place.has_own_authority():
        return Door({})
    return Door(pages(authority.certificate_in(place.authority_path()), place.names()))


def pages(certificate: x509.Certificate, names: list[str]) -> dict[str, Answer]:
    """The page about ``certificate``, the certificate itself as phones want it (DER), and the page's style."""
    html = render_to_string(
        "event/trust.html",
        {
            "certificate": CERTIFICATE,
            "name": authority.common_name(certificate),
            "fingerprint": authority.fingerprint(certificate),
            "ends": certificate.not_valid_after_utc,
            "addresses": [secure_url("/", name) for name in names],
            "bank": secure_url("/", ""),
        },
    )
    der = certificate.public_bytes(Encoding.DER)
    return {
        "/": Answer("text/html; charset=utf-8", html.encode()),
        "/style.css": Answer("text/css; charset=utf-8", b"\n".join(map(_style, _STYLES))),
        CERTIFICATE: Answer("application/x-x509-ca-cert", der),
        "/health/live": Answer("application/json", b'{"status": "healthy", "service": "neobank-door"}'),
    }


def _style(name: str) -> bytes:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    with open(found, "rb") as file:
        return file.read()


def _path_of(environ: dict[str, Any]) -> str:
    path = str(environ.get("RAW_URI") or environ.get("PATH_INFO") or "/")
    return path if path.startswith("/") else "/"


def _plain(start: Start, status: str, text: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    body = text.encode("latin-1", "replace")
    kind = (("Content-Type", "text/plain; charset=latin-1"), ("Content-Length", str(len(body))))
    start(status, [*kind, *_HEADERS, *headers])
    return [body]
