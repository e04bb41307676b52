"""Gathering the pages' static files, which takes a minute: once for each version of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders

_STAMP: Final = "gathered-for"


def are_gathered() -> bool:
    """Whether what lies in ``STATIC_ROOT`` was gathered from the files that are there now."""
    stamp = _stamp_path()
    return stamp.exists() and stamp.read_text(encoding="ascii") == _digest()


def remember() -> None:
    """Note that they have just been gathered. Raises ``OSError``."""
    _stamp_path().write_text(_digest(), encoding="ascii")


def _stamp_path() -> Path:
    return Path(settings.STATIC_ROOT) / _STAMP


def _digest() -> str:
    """Of every file's name, size and time of change, and of what would be done with them."""
    seen = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            seen.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return seen.hexdigest()
