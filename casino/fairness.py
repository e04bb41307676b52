"""Provably fair draws: one stream of bytes from a committed server seed, the player's client seed and a nonce. Pure.

The stream is HMAC-SHA256(key = ASCII of the server seed, message = ``client_seed:nonce:block``), blocks 0, 1, 2 ... one after the
other (FIPS 198-1, RFC 2104; the message is the de-facto scheme of provably fair games). Numbers are cut from it without bias by
multiplying and rejecting (D. Lemire, "Fast Random Integer Generation in an Interval", 2019).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

SERVER_SEED_BYTES: Final = 32
CLIENT_SEED_MAX: Final = 64
_WORD: Final = 4


class Stream:
    """The bytes of one round, and the draws cut from them in order."""

    __slots__ = ("_blocks", "_buffer", "_client_seed", "_key", "_nonce")

    def __init__(self, server_seed: str, client_seed: str, nonce: int) -> None:
        self._key = server_seed.encode("ascii")
        self._client_seed, self._nonce = client_seed, nonce
        self._buffer, self._blocks = bytearray(), 0

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes of the stream."""
        while len(self._buffer) < count:
            message = f"{self._client_seed}:{self._nonce}:{self._blocks}"
            self._buffer += hmac.digest(self._key, message.encode(), "sha256")
            self._blocks += 1
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def draw(self, n: int) -> int:
        """A number of 0 .. n-1, each with exactly the same chance.

        Takes ``4 * max(1, ceil(bit_length(n - 1) / 32))`` bytes as a big-endian number u; with b as their number, ``u * n`` is
        split at 8b bits. The low half tells whether u fell into the rest that would favour some numbers; then the next b bytes
        are taken instead. Raises ``ValueError`` for n < 1.
        """
        if n < 1:
            raise ValueError("there is nothing to draw from")
        size = _WORD * max(1, -(-(n - 1).bit_length() // 32))
        bits = 8 * size
        rest = (1 << bits) % n
        while True:
            multiplied = int.from_bytes(self.take(size), "big") * n
            if multiplied & ((1 << bits) - 1) >= rest:
                return multiplied >> bits

    def draws(self, ns: Iterable[int]) -> tuple[int, ...]:
        """One draw for each n, in order."""
        return tuple(self.draw(n) for n in ns)


def new_server_seed() -> str:
    """A fresh secret: 64 hexadecimal digits, which are the key as they stand (ASCII, not the bytes they name)."""
    return secrets.token_hex(SERVER_SEED_BYTES)


def new_client_seed() -> str:
    """A client seed for somebody who has chosen none: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def commitment(server_seed: str) -> str:
    """What is shown before play: the SHA-256 of the seed's ASCII text, in hexadecimal."""
    return hashlib.sha256(server_seed.encode("ascii")).hexdigest()


def is_client_seed(text: str) -> bool:
    """Whether ``text`` is 1 to 64 printable characters without a colon, which separates it from the nonce."""
    return 1 <= len(text) <= CLIENT_SEED_MAX and text.isprintable() and ":" not in text
