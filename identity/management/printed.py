"""What the commands that print have in common: the event's address, and a file that nobody else can read."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import Tenant
from identity import addresses


def address_from(typed: str | None, tenant: Tenant) -> str:
    """The address that was given, or the event's own. Raises ``CommandError``, and ``Invalid`` (``invalid_address``)."""
    known = typed or addresses.of_event(tenant)
    if not known:
        raise CommandError(
            _(
                "The server does not know under which address phones reach the event. Say it: --address https://192.168.1.10:8443."
            )
        )
    return addresses.clean(known)


def check_writable(path: Path) -> None:
    """Before anything is done: codes on a card that could not be written would be gone. Raises ``CommandError``."""
    if not path.parent.is_dir() or path.is_dir() or not os.access(path.parent, os.W_OK):
        raise CommandError(_("%(path)s cannot be written. Nothing was done.") % {"path": path})


def write(path: Path, content: bytes) -> None:
    """Write a file that appears whole, for its owner's eyes only. Raises ``CommandError``."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
        partial.replace(path)
    except OSError as error:
        raise CommandError(
            _("%(path)s cannot be written: %(reason)s.") % {"path": path, "reason": error.strerror}
        ) from error
