"""Carrying the event to another laptop: what goes into a backup beside the database, and how it comes out again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from neobank import checks, local_secrets
from neobank.backups import archive
from neobank.backups.errors import CannotBackUp
from neobank.laptop import authority, place

_AUTHORITY: Final = "authority"
# Sign-ins that were ended after the backup are back in its database; under new secrets nobody can use them.
_DRAWN_ANEW: Final = {"SECRET_KEY", "JWT_SECRET"}


def belongings() -> dict[str, str]:
    """The secrets of this bank but for the one that seals the backup, and its authority. Raises ``OSError``."""
    own = {name: str(getattr(settings, name)) for name in checks.SECRETS if name != "BACKUP_KEY"}
    path = place.authority_path()
    return own | ({_AUTHORITY: path.read_text(encoding="ascii")} if path.exists() else {})


def unpack(backup: Path, key: str) -> None:
    """Make this laptop's folder from a ``backup`` and the ``key`` on paper; the database comes later.

    Raises ``CannotBackUp`` when there is an event here already, or the backup is one of the database alone;
    ``sealing.CannotOpen``, ``OSError``. Then nothing was changed.
    """
    if place.folder().exists() and any(place.folder().iterdir()):
        raise CannotBackUp(
            _("There is an event on this laptop already, in %s. Move that folder away first.")
            % place.folder()
        )
    found = archive.belongings(backup, key)
    kept = {name: text for name, text in found.items() if name in place.DRAW and name not in _DRAWN_ANEW}
    if not kept:
        raise CannotBackUp(
            _(
                "This backup holds no secrets, only the database: it was not taken by `make event`. docs/disaster-recovery.md "
                "says how it is restored."
            )
        )
    place.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    if _AUTHORITY in found:
        authority.write(place.authority_path(), found[_AUTHORITY].encode("ascii"))
    local_secrets.write(place.secrets_path(), kept | {"BACKUP_KEY": key}, note=place.NOTE)
