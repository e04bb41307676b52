"""The event's own address, as it is printed on cards and posters: what a phone that scans them opens."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Domain, Tenant

LENGTH_MAX: Final = 120


def clean(typed: str) -> str:
    """``https://bank.example:8443`` for an address as people type it. Raises ``Invalid`` (``invalid_address``)."""
    text = typed.strip().rstrip("/")
    if "://" not in text:
        text = f"{'https' if settings.HTTPS else 'http'}://{text}"
    try:
        parts = urlsplit(text)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    is_plain = text.isascii() and text.isprintable() and " " not in text and len(text) <= LENGTH_MAX
    if (
        not (host and is_plain)
        or parts.scheme not in {"http", "https"}
        or parts.path
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise Invalid(
            "invalid_address",
            _("Write the address that phones open, like https://bank.example or https://192.168.1.10:8443."),
            field="address",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def of_event(tenant: Tenant) -> str:
    """The address under which ``tenant`` is served, as far as the server knows; "" when it has no host name of its own."""
    domain = Domain.objects.filter(tenant=tenant).order_by("host").first()
    return f"{'https' if settings.HTTPS else 'http'}://{domain.host}" if domain else ""


def is_of_this_machine(address: str) -> bool:
    """Whether only this very computer can open ``address``: a phone would look for the bank in itself."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def for_letters(tenant: Tenant, asked_at: str) -> str:
    """The address that links in letters begin with: where the browser is (``asked_at``), if that is one of the event's own.

    Whoever asks says under which name he reached us, and somebody else reads the letter.
    """
    hosts = set(Domain.objects.filter(tenant=tenant).values_list("host", flat=True))
    return asked_at if not hosts or urlsplit(asked_at).hostname in hosts else of_event(tenant)


def proposal(tenant: Tenant, asked_at: str) -> str:
    """What to propose: the address that somebody's browser is at (``asked_at``), or a better one that is known."""
    return (of_event(tenant) or asked_at) if is_of_this_machine(asked_at) else asked_at
