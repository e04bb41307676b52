"""Encryption of single fields at rest, and blind indexes to find them by.

Sealed form: version byte 1, key id byte, 12 bytes of nonce, AES-256-GCM ciphertext with tag (NIST SP 800-38D). The associated
data is ``app.Model.field:pk``, so a value copied into another row or column does not open.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

_VERSION = 1


class CannotOpen(ValueError):
    """A sealed value is damaged, was moved from another row, or its key is no longer in ``FIELD_KEYS``."""


class EncryptedField(models.BinaryField):
    """Holds a sealed value; written with ``seal_into`` and read with ``open_from``, so that nothing decrypts by accident."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", b"")
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)


@lru_cache(maxsize=4)
def parse_key_ring(text: str) -> dict[int, bytes]:
    """``"2:<base64>,1:<base64>"`` -> {key id 0-255: 32 bytes}, the first one being the one that seals.

    Raises ``ValueError`` with a plain sentence.
    """
    ring: dict[int, bytes] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key_id, _, encoded = part.partition(":")
        if not (key_id.isascii() and key_id.isdigit() and int(key_id) <= 255):
            raise ValueError("each key of FIELD_KEYS begins with its number, 0 to 255, and a colon")
        key = base64.b64decode(encoded, validate=True)
        if len(key) != 32:
            raise ValueError("each key of FIELD_KEYS is 32 bytes in base64")
        if int(key_id) in ring:
            raise ValueError(f"key {key_id} stands twice in FIELD_KEYS")
        ring[int(key_id)] = key
    if not ring:
        raise ValueError("FIELD_KEYS holds no key")
    return ring


def seal(text: str, *, place: str) -> bytes:
    """Encrypt ``text`` for one ``place`` (``app.Model.field:pk``) with the ring's first key."""
    key_id, key = next(iter(parse_key_ring(settings.FIELD_KEYS).items()))
    nonce = os.urandom(12)
    return bytes((_VERSION, key_id)) + nonce + AESGCM(key).encrypt(nonce, text.encode(), place.encode())


def unseal(sealed: bytes, *, place: str) -> str:
    """The text that was sealed for this ``place``. Raises ``CannotOpen``."""
    if len(sealed) < 30 or sealed[0] != _VERSION:
        raise CannotOpen("not a sealed value")
    key = parse_key_ring(settings.FIELD_KEYS).get(sealed[1])
    if key is None:
        raise CannotOpen(f"key {sealed[1]} is not in FIELD_KEYS")
    try:
        return AESGCM(key).decrypt(sealed[2:14], sealed[14:], place.encode()).decode()
    except InvalidTag:
        raise CannotOpen("the value is damaged or belongs elsewhere") from None


def _place(row: models.Model, field: str) -> str:
    return f"{row._meta.label}.{field}:{row.pk}"


def seal_into(row: models.Model, field: str, text: str) -> None:
    """Put ``text`` sealed into ``row.<field>`` (empty text stays empty); the caller saves."""
    setattr(row, field, seal(text, place=_place(row, field)) if text else b"")


def open_from(row: models.Model, field: str) -> str:
    """The text of ``row.<field>``, or "" when there is none. Raises ``CannotOpen``."""
    sealed = bytes(getattr(row, field))
    return unseal(sealed, place=_place(row, field)) if sealed else ""


def has_key(row: models.Model, field: str) -> bool:
    """Whether ``FIELD_KEYS`` holds the key that ``row.<field>`` says it was sealed with."""
    return bytes(getattr(row, field))[1:2] in {
        bytes((number,)) for number in parse_key_ring(settings.FIELD_KEYS)
    }


def reseal(row: models.Model, field: str) -> bool:
    """Seal ``row.<field>`` again when another than the ring's first key did; the caller saves. Says whether it changed."""
    sealed = bytes(getattr(row, field))
    if not sealed or sealed[1] == next(iter(parse_key_ring(settings.FIELD_KEYS))):
        return False
    seal_into(row, field, open_from(row, field))
    return True


def blind_index(kind: str, value: str) -> bytes:
    """32 bytes by which an encrypted value is found again: HMAC-SHA256 of kind and value under ``SEARCH_KEY``."""
    return hmac.digest(settings.SEARCH_KEY.encode(), f"{kind}\0{value}".encode(), "sha256")


def digest(secret: str) -> bytes:
    """SHA-256 of a random secret of at least 128 bits, which needs no slow hash."""
    return hashlib.sha256(secret.encode()).digest()
