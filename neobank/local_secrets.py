"""Secrets of one machine, drawn once and kept in a file that only its owner may read, and the processes that run under them.

They must stay the same over restarts: people would be signed out, and what is encrypted would be lost.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from django.conf import settings

EVERYWHERE: Final = {"0.0.0.0", "::"}  # noqa: S104  compared, not bound
NOTE: Final = "Drawn once by `manage.py run` for trying out on this machine."


def _text() -> str:
    return secrets.token_urlsafe(48)


def _aes_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _key_ring() -> str:
    return f"1:{_aes_key()}"


# How each secret is drawn; the names are those of the settings.
DRAW: Final[dict[str, Callable[[], str]]] = {
    "SECRET_KEY": _text,
    "JWT_SECRET": _text,
    "FIELD_KEYS": _key_ring,
    "SEARCH_KEY": _text,
    "BACKUP_KEY": _aes_key,
}


def path() -> Path:
    """The file of this machine."""
    return settings.VAR_DIR / "dev.env"


def environment() -> dict[str, str]:
    """What the processes of ``manage.py run``, and commands beside it, run under: trying out, with secrets that stay.

    What this process's own environment sets comes first. Raises ``OSError`` as ``load_or_draw``.
    """
    drawn = load_or_draw(path(), os.environ)
    hosts = "*" if settings.HOST in EVERYWHERE else f"{settings.HOST},localhost,127.0.0.1,[::1]"
    return {"DEBUG": "1", "ALLOWED_HOSTS": hosts, **os.environ, **drawn, "PYTHONUNBUFFERED": "1"}


def load_or_draw(
    path: Path,
    environment: Mapping[str, str],
    *,
    draw: Mapping[str, Callable[[], str]] = DRAW,
    note: str = NOTE,
) -> dict[str, str]:
    """The secrets of ``path``, after adding those that were missing; what ``environment`` sets is left out.

    A new file begins with ``note``. Raises ``OSError`` when it can be neither read nor made.
    """
    kept = _read(path)
    missing = {name: drawn() for name, drawn in draw.items() if name not in kept}
    if missing:
        write(path, kept | missing, note=note)
    # A second start at the same moment may have been faster: what stands in the file counts.
    given = {name for name in draw if name in environment or f"{name}_FILE" in environment}
    return {name: value for name, value in _read(path).items() if name not in given}


def _read(path: Path) -> dict[str, str]:
    if not path.exists():
        return {}
    lines = (line.partition("=") for line in path.read_text(encoding="ascii").splitlines())
    return {name: value for name, separator, value in lines if separator and not name.startswith("#")}


def write(path: Path, values: Mapping[str, str], *, note: str) -> None:
    """Keep ``values`` in the file at ``path``, below ``note``: whole or not at all, and never readable for others.

    Raises ``OSError``.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# {note}\n")
        file.writelines(f"{name}={value}\n" for name, value in values.items())
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
