"""Where the event of this laptop keeps its files, and what its processes run under.

One folder is one event: its secrets, its database, its authority, its poster. Copying the folder copies the event, so
everything in it is for its owner alone.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from django.conf import settings

from neobank import local_secrets
from neobank.laptop import addresses, authority

PORT: Final = 8443
THIS_MACHINE: Final = ("localhost", "127.0.0.1")
# Long enough to count, short enough that a laptop called camp.local is reached by plain http again next week.
_HSTS_S: Final = 3600
# Copied by hand from a screen to paper, and typed again at night: nothing that looks like something else. 158 bits.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS: Final = 8
_GROUP: Final = 4
NOTE: Final = (
    "The secrets of this laptop's event, drawn once by `make event`. Lose BACKUP_KEY and no backup opens."
)


def folder() -> Path:
    """The event's folder, whether it is there or not."""
    return settings.VAR_DIR / "event"


def secrets_path() -> Path:
    """Its secrets; where this file is, there is an event."""
    return folder() / "secrets.env"


def authority_path() -> Path:
    """Key and certificate of its authority."""
    return folder() / "authority.pem"


def certificate_path() -> Path:
    """Key and certificate of the bank, made by the authority."""
    return folder() / "bank.pem"


def poster_path() -> Path:
    """The poster."""
    return folder() / "poster.pdf"


def backup_folder() -> Path:
    """Where the backups of the schedule go."""
    return Path(settings.EVENT_BACKUP_DIR or settings.BACKUP_DIR)


def has_own_authority() -> bool:
    """Whether the certificate is this laptop's own, so that phones have to be told to trust it."""
    return settings.TLS_CERT in {"", str(certificate_path())}


def names() -> list[str]:
    """Under which addresses and names people reach the bank, the one for the poster first; empty without any network."""
    if settings.EVENT_ADDRESSES:
        return list(settings.EVENT_ADDRESSES)
    given = os.environ.get("HOST", "")
    if given and given not in local_secrets.EVERYWHERE:
        return [given]
    return [*addresses.of_this_machine(), *addresses.names_of_this_machine()]


def environment() -> dict[str, str]:
    """What the processes of the event run under; the secrets are drawn when there are none.

    Raises ``OSError``, and ``CannotCertify`` when the authority's file is damaged.

    What this process's own environment sets comes first, but for what makes it the real thing: no DEBUG, HTTPS, no demo.
    """
    own = folder()
    drawn = local_secrets.load_or_draw(secrets_path(), os.environ, draw=DRAW, note=NOTE)
    usual = {
        "HOST": "0.0.0.0",  # noqa: S104  phones are on every network of the laptop
        "PORT": str(PORT),
        "DATABASE_URL": f"sqlite:///{own / 'bank.sqlite3'}",
        "BACKUP_DIR": str(own / "backups"),
        "TLS_CERT": str(certificate_path()),
        "HSTS_SECONDS": str(_HSTS_S),
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "WARNING",
    }
    chosen = usual | dict(os.environ) | drawn
    hosts = list(dict.fromkeys((*names(), *THIS_MACHINE)))
    return (
        chosen
        | public(reachable(hosts), port=chosen["PORT"])
        | {
            "DEBUG": "0",
            "HTTPS": "1",
            "DEMO": "0",
            "ALLOWED_HOSTS": ",".join(hosts),
            "CSRF_TRUSTED_ORIGINS": ",".join(f"https://{host}:{chosen['PORT']}" for host in hosts),
            "PYTHONUNBUFFERED": "1",
        }
    )


def public(hosts: list[str], *, port: str | int) -> dict[str, str]:
    """The settings that stand on cards and posters: the address for phones, and how they come to trust it."""
    told = {"PUBLIC_URL": f"https://{hosts[0]}:{port}"}
    if has_own_authority():
        root = authority_path()
        known = authority.fingerprint(authority.certificate_in(root)) if root.exists() else ""
        told |= {"TRUST_URL": trust_url(hosts), "TRUST_FINGERPRINT": known}
    return told


def trust_url(hosts: list[str]) -> str:
    """The page about the certificate, on the plain-http side of the bank."""
    return f"http://{hosts[0]}:{settings.EVENT_HTTP_PORT}/"


def reachable(hosts: list[str]) -> list[str]:
    """``hosts`` without those that our authority, where there is one, may not sign: phones are not led there."""
    if settings.EVENT_ADDRESSES or not has_own_authority() or not authority_path().exists():
        return hosts
    root = authority.certificate_in(authority_path())
    return [name for name in hosts if authority.may_sign(root, name)]


def for_children(environment: Mapping[str, str]) -> dict[str, str]:
    """The same without what only the parent needs to know."""
    return {name: value for name, value in environment.items() if not name.startswith("EVENT_GM_PASSWORD")}


def tidy_key(typed: str) -> str:
    """A BACKUP_KEY as it was typed from paper: small letters, groups of four; any other key stays as it is."""
    letters = "".join(typed.lower().replace("-", "").split())
    if len(letters) != _GROUPS * _GROUP or set(letters) - set(_LETTERS):
        return typed.strip()
    return _in_groups(letters)


def _paper_key() -> str:
    return _in_groups("".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)))


def _in_groups(letters: str) -> str:
    return "-".join(letters[start : start + _GROUP] for start in range(0, len(letters), _GROUP))


# How each secret of an event is drawn.
DRAW: Final = {**local_secrets.DRAW, "BACKUP_KEY": _paper_key}
