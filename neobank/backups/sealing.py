"""Encrypting a stream of any length, so that a part that is changed, cut off, left out or put elsewhere is refused. Pure.

AES-256-GCM (NIST SP 800-38D) in chunks, arranged as STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015): each chunk's nonce and associated data hold its index
and whether it is the last one. The key of a file comes from ``BACKUP_KEY`` and a random salt by HKDF-SHA256 (RFC 5869), so
nonces may count from zero in every file.

    header   "NBBK", version 1, 32 bytes of salt, 8 bytes that name the key
    chunks   1 MiB each and a tag of 16 bytes; the last one is shorter, and may be empty
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _

CHUNK: Final = 1 << 20
TAG: Final = 16
_MAGIC: Final = b"NBBK\x01"
_SALT: Final = 32
_KEY_ID: Final = 8
HEADER: Final = len(_MAGIC) + _SALT + _KEY_ID


class CannotOpen(ValueError):
    """The file is damaged, incomplete, or sealed with another key; the text says which in a plain sentence."""


def key_id(key: str) -> str:
    """What names ``key`` without telling it: 16 hexadecimal digits."""
    return hashlib.sha256(b"neobank backup key id\0" + key.encode()).digest()[:_KEY_ID].hex()


class Sealer:
    """Takes bytes, writes them sealed to ``file``. ``finish`` must be called, or the file counts as cut off."""

    def __init__(self, file: BinaryIO, key: str) -> None:
        salt = os.urandom(_SALT)
        self._header = _MAGIC + salt + bytes.fromhex(key_id(key))
        self._cipher = _cipher(key, salt)
        self._file = file
        self._waiting = bytearray()
        self._index = 0
        self._sha256 = hashlib.sha256()
        self.size = 0
        self._put(self._header)

    @property
    def sha256(self) -> str:
        """The checksum of what was written so far."""
        return self._sha256.hexdigest()

    def write(self, data: bytes) -> None:
        """Seal ``data``, as soon as a chunk is full."""
        self._waiting += data
        # A full chunk is kept back until more comes: it might be the last one.
        while len(self._waiting) > CHUNK:
            self._seal(bytes(self._waiting[:CHUNK]), is_last=False)
            del self._waiting[:CHUNK]

    def finish(self) -> None:
        """Seal what is left as the last chunk."""
        self._seal(bytes(self._waiting), is_last=True)
        self._waiting.clear()

    def _seal(self, chunk: bytes, *, is_last: bool) -> None:
        nonce, place = _place(self._header, self._index, is_last=is_last)
        self._put(self._cipher.encrypt(nonce, chunk, place))
        self._index += 1

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._sha256.update(data)
        self.size += len(data)


def unsealed(file: BinaryIO, key: str) -> Iterator[bytes]:
    """The chunks that were sealed into ``file``, each authentic when it is yielded. Raises ``CannotOpen``.

    Only when the iterator has ended is it certain that nothing is missing at the end.
    """
    header = file.read(HEADER)
    if len(header) < HEADER or not header.startswith(_MAGIC):
        raise CannotOpen(_("This is not a backup of NeoBank, or its beginning is damaged."))
    named = header[-_KEY_ID:].hex()
    if named != key_id(key):
        raise CannotOpen(
            _(
                "This backup was sealed with another BACKUP_KEY (number %(theirs)s; the one set here is %(ours)s), "
                "or its beginning is damaged."
            )
            % {"theirs": named, "ours": key_id(key)}
        )
    cipher = _cipher(key, header[len(_MAGIC) : -_KEY_ID])
    index, chunk = 0, file.read(CHUNK + TAG)
    while True:
        following = file.read(CHUNK + TAG)
        nonce, place = _place(header, index, is_last=not following)
        try:
            yield cipher.decrypt(nonce, chunk, place)
        except (InvalidTag, ValueError):
            raise CannotOpen(
                _("This backup is damaged or incomplete, near byte %d. Take another one.")
                % (HEADER + index * (CHUNK + TAG))
            ) from None
        if not following:
            return
        index, chunk = index + 1, following


def _cipher(key: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, b"neobank backup v1").derive(key.encode()))


def _place(header: bytes, index: int, *, is_last: bool) -> tuple[bytes, bytes]:
    """Nonce and associated data of a chunk."""
    position = index.to_bytes(11, "big") + bytes((is_last,))
    return position, header + position
