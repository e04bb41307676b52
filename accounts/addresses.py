"""Where a request came from, as far as the hops before us can be believed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from accounts.actors import Origin

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

DEVICE_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
USER_AGENT_MAX: Final = 200


def origin_of(request: HttpRequest) -> Origin:
    """The origin of ``request``; parts that are absent or absurd are empty."""
    device_id = request.headers.get("X-Device-Id", "")
    agent = request.headers.get("User-Agent", "")
    return Origin(
        ip=client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.headers.get("X-Forwarded-For", ""),
            tuple(settings.TRUSTED_PROXIES),
        ),
        device_id=device_id if DEVICE_ID.fullmatch(device_id) else "",
        user_agent="".join(c for c in agent if c.isprintable())[:USER_AGENT_MAX],
        request_id=getattr(request, "request_id", ""),
    )


def client_address(peer: str, forwarded_for: str, trusted: Sequence[str]) -> str | None:
    """The address of the first hop that is not ours, read from the near end: everything beyond it is hearsay.

    ``peer`` is the other end of the connection, ``forwarded_for`` the header, ``trusted`` our proxies' networks.
    """
    address = _parse(peer)
    for hop in reversed(forwarded_for.split(",")):
        if address is None or not is_trusted(address, trusted):
            break
        before = _parse(hop.strip())
        if before is None:
            break
        address = before
    return str(address) if address else None


def has_trusted_peer(request: HttpRequest) -> bool:
    """Whether the other end of the connection is one of our own proxies, whose word counts."""
    peer = _parse(request.META.get("REMOTE_ADDR", ""))
    return peer is not None and is_trusted(peer, tuple(settings.TRUSTED_PROXIES))


def is_trusted(address: _Address, trusted: Sequence[str]) -> bool:
    """Whether ``address`` is one of our own proxies."""
    return any(address in network for network in _networks(tuple(trusted)))


@lru_cache(maxsize=4)
def _networks(trusted: tuple[str, ...]) -> tuple[_Network, ...]:
    return tuple(ipaddress.ip_network(text, strict=False) for text in trusted)


def _parse(text: str) -> _Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    # ::ffff:192.0.2.1 is the same machine as 192.0.2.1; a zone id is about our own interfaces.
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return ipaddress.ip_address(str(mapped))
    return None if getattr(address, "scope_id", None) else address
