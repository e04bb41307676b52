"""The text of a device key, ``nbk_<8 characters>_<secret>``: the prefix says which key, the secret proves it."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Final

_FORM: Final = re.compile(r"nbk_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{20,100})", re.ASCII)
_PREFIX_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_SECRET_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class KeyText:
    """A key as a device sends it. Its repr shows no secret."""

    prefix: str
    secret: str = field(repr=False)

    def __str__(self) -> str:
        return f"nbk_{self.prefix}_{self.secret}"


def parse(text: str) -> KeyText | None:
    """The two parts of a key, or None when it is not one."""
    match = _FORM.fullmatch(text)
    return KeyText(*match.groups()) if match else None


def draw() -> KeyText:
    """A new random key: 39 bits to find it by, 192 bits to prove it."""
    prefix = "".join(secrets.choice(_PREFIX_ALPHABET) for _ in range(8))
    return KeyText(prefix, secrets.token_urlsafe(_SECRET_BYTES))
