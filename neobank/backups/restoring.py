"""Putting a backup back, and practising it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.utils.translation import gettext as _

from accounts.crypto import parse_key_ring
from ledger import books
from ledger.books.report import Bar
from neobank.backups import archive, copies
from neobank.backups.errors import CannotBackUp


def restore(alias: str, path: Path, *, say: Callable[[str], Any], bar: Bar) -> archive.Description:
    """Put the backup at ``path`` into the empty database behind ``alias``; it has been found good (``archive.verify``).

    Raises ``CannotBackUp``, ``sealing.CannotOpen``.
    """
    description, chunks = archive.opened(path)
    engine = connections[alias].vendor
    if description.engine != engine:
        raise CannotBackUp(
            _(
                "This is a backup of %(theirs)s, and this database is %(ours)s. Restore it into %(theirs)s; "
                "`manage.py export_ledger` and `import_ledger` move it from there."
            )
            % {"theirs": description.engine, "ours": engine}
        )
    _refuse_a_newer_version(description)

    def counted() -> Any:
        for chunk in chunks:
            yield chunk
            bar.update(len(chunk))

    copies.put_back(alias, counted())
    missing = set(description.field_keys) - set(parse_key_ring(settings.FIELD_KEYS))
    if missing:
        say(
            _(
                "FIELD_KEYS here lacks key %s: fields that were sealed with it cannot be read until it is added."
            )
            % ", ".join(map(str, sorted(missing)))
        )
    return description


def _refuse_a_newer_version(description: archive.Description) -> None:
    known = MigrationLoader(None).disk_migrations
    unknown = [f"{app}.{name}" for app, name in description.migrations.items() if (app, name) not in known]
    if unknown:
        raise CannotBackUp(
            _(
                "This backup was written by another version of the bank, with migrations that are not known here (%s). Restore "
                "it with that version, or a newer one. Nothing was put back."
            )
            % ", ".join(unknown)
        )


def pending_migrations(alias: str) -> list[str]:
    """Migrations of this version that the database behind ``alias`` has not seen."""
    executor = MigrationExecutor(connections[alias])
    return [
        str(migration) for migration, _back in executor.migration_plan(executor.loader.graph.leaf_nodes())
    ]


def differences_after(
    alias: str, description: archive.Description, *, say: Callable[[str], Any], bar: Bar
) -> int:
    """Count and replay what was put back, and ``say`` what is not as it was; returns how many things are not."""
    return miscounted(alias, description, say=say) + replayed(alias, say=say, bar=bar)


def miscounted(alias: str, description: archive.Description, *, say: Callable[[str], Any]) -> int:
    """Compare how many rows each table has, whatever version they are of; returns how many tables differ."""
    wrong = 0
    counts = copies.count_rows(alias)
    for table in sorted(counts.keys() | description.rows.keys()):
        if counts.get(table) != description.rows.get(table):
            wrong += 1
            say(
                _("%(table)s has %(here)s rows; there were %(there)s when the backup was taken.")
                % {"table": table, "here": counts.get(table, 0), "there": description.rows.get(table, 0)}
            )
    return wrong


def replayed(alias: str, *, say: Callable[[str], Any], bar: Bar) -> int:
    """Replay the books, which must be of this version; returns how many rows differ."""
    with books.snapshot(alias) as connection:
        return books.report(connection, say=say, bar=bar)
