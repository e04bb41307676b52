"""The event's own address, as it is printed on cards and posters: what a phone that scans them opens."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import validate_host
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Domain, Tenant

LENGTH_MAX: Final = 120


@dataclass(frozen=True, slots=True)
class Trust:
    """How a phone comes to trust a bank that no public authority vouches for: the page that says it, without encryption, and
    the SHA-256 fingerprint of what is to be trusted ("" when it is not known).
    """

    url: str
    fingerprint: str


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
    """The address under which phones reach ``tenant``, as far as the server knows; "" when it does not."""
    return _public(tenant) or _of_host(tenant)


def trust_for(address: str) -> Trust | None:
    """What a phone has to trust before it opens ``address``; None where it trusts that anyway, or where it is not ours."""
    host = urlsplit(address).hostname or ""
    if not settings.TRUST_URL or not validate_host(host, settings.ALLOWED_HOSTS):
        return None
    return Trust(settings.TRUST_URL, settings.TRUST_FINGERPRINT)


def is_of_this_machine(address: str) -> bool:
    """Whether only this very computer can open ``address``: a phone would look for the bank in itself."""
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def for_letters(tenant: Tenant, asked_at: str) -> str:
    """The address that links in letters begin with: the event's own; where the browser is (``asked_at``) when none is known.

    Whoever asks says under which name and port he reached us, and somebody else reads the letter.
    """
    known = of_event(tenant)
    is_demo = is_of_this_machine(known) and is_of_this_machine(asked_at)
    return asked_at if is_demo or not known else known


def proposal(tenant: Tenant, asked_at: str) -> str:
    """What to propose: what the server was told, else where somebody's browser is (``asked_at``); rather one for phones."""
    known = [_public(tenant), asked_at, _of_host(tenant)]
    return next((one for one in known if one and not is_of_this_machine(one)), asked_at)


def _public(tenant: Tenant) -> str:
    """``PUBLIC_URL``, unless ``tenant`` is served under other names than that."""
    if not settings.PUBLIC_URL:
        return ""
    address = clean(settings.PUBLIC_URL)
    hosts = set(Domain.objects.filter(tenant=tenant).values_list("host", flat=True))
    return address if not hosts or urlsplit(address).hostname in hosts else ""


def _of_host(tenant: Tenant) -> str:
    domain = Domain.objects.filter(tenant=tenant).order_by("host").first()
    return f"{'https' if settings.HTTPS else 'http'}://{domain.host}" if domain else ""
