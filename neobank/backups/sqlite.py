"""Copies of a SQLite file, by its online backup API."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.db import connections
from django.utils.translation import gettext as _

from neobank.backups.errors import CannotBackUp
from neobank.backups.form import CHUNK, Copy, alias_for

_BUSY_SECONDS = 30


@contextmanager
def copying(alias: str) -> Iterator[Copy]:
    """See ``neobank.backups.copies``. The copy lies beside the database, and as well guarded, until it is sealed."""
    source = _path(alias)
    if not source.exists():
        raise CannotBackUp(_("There is no database at %s yet.") % source)
    with tempfile.TemporaryDirectory(dir=source.parent, prefix=".backup-") as folder:
        target = Path(folder) / "copy.sqlite3"
        with (
            closing(sqlite3.connect(source, timeout=_BUSY_SECONDS)) as ours,
            closing(sqlite3.connect(target)) as theirs,
        ):
            # All pages in one step: in WAL mode that is one moment, and keeps no writer waiting.
            ours.backup(theirs, pages=-1)
            # One file, with nothing of it in a log beside.
            theirs.execute("PRAGMA journal_mode = DELETE")
            counts = _counts(theirs)
        with target.open("rb") as file:
            chunks = iter(lambda: file.read(CHUNK), b"")
            yield Copy(counts, sqlite3.sqlite_version, target.stat().st_size, chunks)


def tables(alias: str) -> list[str]:
    """The tables there are; looking does not make the file."""
    return list(count_rows(alias))


def count_rows(alias: str) -> dict[str, int]:
    """See ``neobank.backups.copies``."""
    path = _path(alias)
    if not path.exists() or not path.stat().st_size:
        return {}
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _counts(connection)
    except sqlite3.DatabaseError as error:
        raise CannotBackUp(
            _("%(path)s is no SQLite database: %(error)s.") % {"path": path, "error": error}
        ) from error


def fill(alias: str, chunks: Iterable[bytes]) -> None:
    """See ``neobank.backups.copies``. The file appears whole, under its name, when it has been found sound."""
    target = _path(alias)
    target.parent.mkdir(parents=True, exist_ok=True)
    connections[alias].close()
    draft = target.with_name(f"{target.name}.restoring")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
        with closing(sqlite3.connect(draft)) as copy:
            [said] = copy.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise CannotBackUp(_("The copy in this backup is not a sound SQLite database: %s.") % said)
        for leftover in ("-wal", "-shm", "-journal"):
            target.with_name(target.name + leftover).unlink(missing_ok=True)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def scratch(alias: str) -> Iterator[str]:
    """See ``neobank.backups.copies``: a file in a folder of its own."""
    with (
        tempfile.TemporaryDirectory(dir=_path(alias).parent, prefix=f".drill-{os.getpid()}-") as folder,
        alias_for(str(Path(folder) / "drill.sqlite3"), like=alias) as name,
    ):
        yield name


def _path(alias: str) -> Path:
    return Path(str(connections[alias].settings_dict["NAME"]))


def _counts(connection: sqlite3.Connection) -> dict[str, int]:
    def one(sql: str) -> Any:
        return connection.execute(sql).fetchone()[0]

    listed = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    )
    names = sorted(name for (name,) in listed)
    return {name: int(one(f'SELECT count(*) FROM "{name}"')) for name in names}  # noqa: S608  names of tables
