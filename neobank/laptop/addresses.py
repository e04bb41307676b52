"""Under which addresses and names phones reach this laptop. Asks the system alone, and sends nothing."""

from __future__ import annotations

import fcntl
import ipaddress
import re
import socket
import struct
import sys
from typing import Final

# The request for an interface's IPv4 address; the answer has it at the same place on both systems.
_SIOCGIFADDR: Final = 0x8915 if sys.platform == "linux" else 0xC0206921
_ADDRESS: Final = slice(20, 24)
_NAME_BYTES: Final = 16
# Bridges and cables inside the machine: no phone is on them.
_INSIDE: Final = re.compile(r"lo\d*|docker|br-|veth|virbr|vmnet|vboxnet|podman|cni|lxc")
# Reserved for examples (RFC 5737): nobody is there, and nothing is sent; the system only says which way it would go.
_ELSEWHERE: Final = ("192.0.2.1", 9)
_LABEL: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)


def of_this_machine() -> list[str]:
    """The IPv4 addresses of its networks, the one towards the rest of the world first; empty without any network."""
    found = [
        _towards_the_world(),
        *(_address_of(name) for _, name in socket.if_nameindex() if _is_outside(name)),
    ]
    return list(dict.fromkeys(address for address in found if address and _is_for_phones(address)))


def names_of_this_machine() -> list[str]:
    """``camp.local`` (multicast DNS, RFC 6762) and ``camp`` for a laptop called camp; empty when its name is no host name."""
    label = socket.gethostname().lower().partition(".")[0]
    return [f"{label}.local", label] if _LABEL.fullmatch(label) and label != "localhost" else []


def is_address(name: str) -> bool:
    """Whether ``name`` is an IP address and no host name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_outside(interface: str) -> bool:
    return not _INSIDE.match(interface)


def _is_for_phones(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_multicast)


def _towards_the_world() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_ELSEWHERE)
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _address_of(interface: str) -> str:
    request = struct.pack(f"{_NAME_BYTES}s{_NAME_BYTES}x", interface.encode()[: _NAME_BYTES - 1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            return socket.inet_ntoa(fcntl.ioctl(probe.fileno(), _SIOCGIFADDR, request)[_ADDRESS])
        except OSError:
            return ""
