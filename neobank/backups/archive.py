"""Backups as files: taking one, finding out what is in it, keeping the newest.

Beside ``neobank-<label>-<moment>.nbk`` stands its manifest, ``….json``: a copy of the description that is sealed into the file,
with the file's size and checksum, for people and monitors. The file alone is enough to restore.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import json
import os
import platform
import secrets
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import django
from django.conf import settings
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.crypto import parse_key_ring
from neobank.backups import sealing
from neobank.backups.copies import copying
from neobank.backups.errors import CannotBackUp

FORMAT: Final = 1
# Has belongings beside the description; older versions of the bank say that they cannot read it.
FORMAT_WITH_BELONGINGS: Final = 2
SUFFIX: Final = ".nbk"
_LENGTH_BYTES: Final = 4
_BELONGINGS: Final = "belongings"
_DESCRIPTION_MAX: Final = 1 << 20
# Most of what can be saved, at a tenth of the time that the best level takes.
_EFFORT: Final = 4


@dataclass(frozen=True, slots=True)
class Description:
    """What a backup says about itself. ``field_keys`` are the numbers of FIELD_KEYS that were in use, never the keys."""

    format: int
    created_at: str
    label: str
    engine: str
    versions: dict[str, str]
    migrations: dict[str, str]
    field_keys: list[int]
    rows: dict[str, int]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was taken."""

    path: Path
    description: Description
    size: int
    sha256: str


def take(
    *,
    alias: str,
    folder: Path,
    label: str,
    expect: Callable[[int | None], object],
    progress: Callable[[int], object],
    belongings: Mapping[str, str] | None = None,
) -> Backup:
    """Seal the database behind ``alias``, as it is at one moment, into a new file in ``folder``: whole, or not at all.

    ``belongings`` are texts that are sealed in with it and stand in no manifest: secrets. ``expect`` is told how many bytes
    there will be (None: unknown), ``progress`` how many more are done.

    Raises ``CannotBackUp``, ``ledger.books.CannotRead``, ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    now = timezone.now()
    # The random end keeps two that begin in the same second apart.
    path = folder / f"neobank-{label}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}{SUFFIX}"
    draft = path.with_name(f".{path.name}.partial")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file, copying(alias) as copy:
            description = _describe(alias, label, now, copy.version, copy.counts)
            if belongings:
                description = replace(description, format=FORMAT_WITH_BELONGINGS)
            sealer = sealing.Sealer(file, settings.BACKUP_KEY)
            inside = {_BELONGINGS: dict(belongings)} if belongings else {}
            text = json.dumps(asdict(description) | inside).encode()
            sealer.write(len(text).to_bytes(_LENGTH_BYTES, "big") + text)
            expect(copy.size)
            squeeze = zlib.compressobj(_EFFORT)
            for chunk in copy.chunks:
                sealer.write(squeeze.compress(chunk))
                progress(len(chunk))
            sealer.write(squeeze.flush())
            sealer.finish()
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    backup = Backup(path, description, sealer.size, sealer.sha256)
    _write_manifest(backup)
    return backup


def opened(path: Path) -> tuple[Description, Iterator[bytes]]:
    """The description and the copy in a backup. Raises ``sealing.CannotOpen``, also while the copy is read; ``OSError``."""
    description, _belongings, copy = _parts(path, settings.BACKUP_KEY)
    return description, copy


def belongings(path: Path, key: str) -> dict[str, str]:
    """What was sealed in beside the copy, after the whole file has been read and found good.

    ``key`` is its BACKUP_KEY. Raises ``sealing.CannotOpen``, ``OSError``.
    """
    _description, found, copy = _parts(path, key)
    for _chunk in copy:
        pass
    return found


def _parts(path: Path, key: str) -> tuple[Description, dict[str, str], Iterator[bytes]]:
    chunks = _chunks_of(path, key)
    first = next(chunks)
    end = _LENGTH_BYTES + int.from_bytes(first[:_LENGTH_BYTES], "big")
    content = json.loads(first[_LENGTH_BYTES:end]) if end <= _DESCRIPTION_MAX else {}
    if content.get("format") not in {FORMAT, FORMAT_WITH_BELONGINGS}:
        raise sealing.CannotOpen(_("This backup was written by another version of the bank."))
    found = content.pop(_BELONGINGS, {})

    def copy() -> Iterator[bytes]:
        inflate = zlib.decompressobj()
        for chunk in itertools.chain([first[end:]], chunks):
            yield inflate.decompress(chunk)
        yield inflate.flush()

    return Description(**content), found, copy()


def verify(path: Path, *, progress: Callable[[int], object]) -> Description:
    """Open the whole file without doing anything with it, and compare it with its manifest where there is one.

    Raises ``sealing.CannotOpen``, ``OSError``. ``progress`` is told of bytes.
    """
    description, chunks = opened(path)
    for chunk in chunks:
        progress(len(chunk))
    manifest = manifest_path(path)
    if manifest.exists() and not _agrees(manifest, path, description):
        raise sealing.CannotOpen(
            _(
                "The manifest %s does not belong to this backup, or is damaged. Put it away if you trust the backup itself."
            )
            % manifest.name
        )
    return description


def prune(folder: Path, label: str, *, keep: int) -> list[Path]:
    """Delete all but the ``keep`` newest backups with this ``label``; returns what is gone."""
    if keep < 1:
        raise CannotBackUp(_("At least one backup is kept."))
    moment = "[0-9]" * 8 + "T" + "[0-9]" * 6 + "Z"
    ours = sorted(folder.glob(f"neobank-{label}-{moment}-????{SUFFIX}"))
    gone = ours[:-keep]
    for path in gone:
        manifest_path(path).unlink(missing_ok=True)
        path.unlink()
    return gone


def manifest_path(path: Path) -> Path:
    """Where the manifest of the backup at ``path`` stands."""
    return path.with_suffix(".json")


def _chunks_of(path: Path, key: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from sealing.unsealed(file, key)


def _describe(alias: str, label: str, now: dt.datetime, version: str, rows: dict[str, int]) -> Description:
    engine = connections[alias].vendor
    latest: dict[str, str] = {}
    for app, name in sorted(MigrationRecorder(connections[alias]).applied_migrations()):
        latest[app] = name
    return Description(
        format=FORMAT,
        created_at=now.isoformat(),
        label=label,
        engine=engine,
        versions={engine: version, "django": django.get_version(), "python": platform.python_version()},
        migrations=latest,
        field_keys=sorted(parse_key_ring(settings.FIELD_KEYS)),
        rows=rows,
    )


def _manifest(path: Path, description: Description, size: int, sha256: str) -> dict[str, Any]:
    return {
        "file": path.name,
        "size": size,
        "sha256": sha256,
        "backup_key": sealing.key_id(settings.BACKUP_KEY),
        **asdict(description),
    }


def _write_manifest(backup: Backup) -> None:
    path = manifest_path(backup.path)
    draft = path.with_name(f".{path.name}.partial")
    content = _manifest(backup.path, backup.description, backup.size, backup.sha256)
    draft.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # The names too must be on the disk before anybody counts on them.
        os.fsync(folder)
    finally:
        os.close(folder)


def _agrees(manifest: Path, path: Path, description: Description) -> bool:
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        content = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return False
    expected = _manifest(path, description, path.stat().st_size, sha256)
    # A backup may be renamed; everything else is compared.
    return isinstance(content, dict) and {**content, "file": ""} == {**expected, "file": ""}
