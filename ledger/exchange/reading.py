"""Reading an export into an empty database: all of it, or nothing.

Rows are only inserted, with every trigger and constraint armed, and the books are replayed before the commit.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from accounts import crypto
from accounts.models import Tenant
from ledger.exchange import layout
from ledger.exchange.layout import Damaged

# Even, so that both entries of a transfer are inserted by one statement; SQLite allows 32766 values in one.
_ROWS_PER_INSERT = 500


class NotEmpty(Exception):
    """There is something in the database already; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the first and the last line say."""

    tenants: list[str]
    rows: int
    sha256: str


def verify(path: Path, *, progress: Callable[[int], object] = lambda _bytes: None) -> Header:
    """Read the whole file and compare it with its checksum; nothing is done with it. Raises ``Damaged``.

    ``progress`` is told of bytes.
    """
    sha256, first, last, lines = hashlib.sha256(), b"", b"", 0
    with path.open("rb") as file:
        for text in file:
            if last:
                sha256.update(last)
            first, last, lines = first or text, text, lines + 1
            progress(len(text))
    header, trailer = _object(first), _object(last)
    if header.get("kind") != layout.KIND:
        raise Damaged(_("This is not an export of an event. Make one with manage.py export_ledger."))
    if header.get("format") != layout.FORMAT:
        raise Damaged(
            _("This export has format %s, which this version does not read.") % header.get("format")
        )
    if not trailer.keys() >= {"rows", "sha256"} or not last.endswith(b"\n"):
        raise Damaged(
            _("The file ends too early: its last line is missing. Nothing was done; copy it again.")
        )
    if trailer != {"rows": lines - 2, "sha256": sha256.hexdigest()}:
        raise Damaged(_("The file is damaged: its checksum does not fit. Nothing was done; copy it again."))
    ours = {
        model._meta.label: [column.attname for column in layout.columns(model)]
        for model in layout.carried_models()
    }
    if {label: about["fields"] for label, about in header["models"].items()} != ours:
        raise Damaged(
            _(
                "This export was written by another version of the bank. Import it with that version, and move from there."
            )
        )
    return Header(header["tenants"], trailer["rows"], trailer["sha256"])


def read_into(
    connection: BaseDatabaseWrapper, path: Path, *, progress: Callable[[int], object] = lambda _rows: None
) -> None:
    """Insert the rows of a file that ``verify`` has found good, in the caller's transaction on the owner's connection.

    Raises ``NotEmpty``, ``Damaged`` (a row that the database refuses, or a field sealed with other FIELD_KEYS).
    """
    if Tenant._base_manager.using(connection.alias).exists():
        raise NotEmpty(
            _("There is an event in this database. Import into an empty one: migrate a new database first.")
        )
    inserting = _Inserting(connection)
    with path.open("rb") as file:
        next(file)
        for number, text in enumerate(file, start=2):
            content = json.loads(text)
            if not isinstance(content, list):
                break
            try:
                inserting.add(content)
            except (
                ValueError,
                TypeError,
                ValidationError,
                LookupError,
                DatabaseError,
                crypto.CannotOpen,
            ) as error:
                raise Damaged(
                    _("Line %(number)d cannot be taken: %(error)s. Nothing was done.")
                    % {"number": number, "error": error}
                ) from error
            progress(1)
    try:
        inserting.finish()
    except DatabaseError as error:
        raise Damaged(_("The rows do not fit together: %s. Nothing was done.") % error) from error


@dataclass
class _Inserting:
    """Rows on their way into the database, a few hundred of a model and tenant at a time."""

    connection: BaseDatabaseWrapper
    model: type[models.Model] | None = None
    waiting: dict[Any, list[list[Any]]] = field(default_factory=lambda: defaultdict(list))
    highest: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.models = {model._meta.label: model for model in layout.carried_models()}

    def add(self, content: list[Any]) -> None:
        """Take one line."""
        model = self.models[content[0]]
        if model is not self.model:
            self._insert_all()
            self.model = model
        fields = layout.columns(model)
        values = [layout.decoded(column, value) for column, value in zip(fields, content[1:], strict=True)]
        named = {column.attname: value for column, value in zip(fields, values, strict=True)}
        self._look_at(model, fields, named)
        tenant = named["id"] if model is Tenant else named["tenant_id"]
        self.waiting[tenant].append(values)
        if len(self.waiting[tenant]) == _ROWS_PER_INSERT:
            self._insert(tenant, self.waiting.pop(tenant))

    def finish(self) -> None:
        """Insert what is still waiting, look at all foreign keys, and let new rows be numbered after these."""
        self._insert_all()
        self.connection.check_constraints()
        if self.connection.vendor != "postgresql":
            return
        with self.connection.cursor() as cursor:
            for (table, column), highest in self.highest.items():
                cursor.execute("SELECT setval(pg_get_serial_sequence(%s, %s), %s)", [table, column, highest])

    def _look_at(
        self, model: type[models.Model], fields: list[models.Field[Any, Any]], named: dict[str, Any]
    ) -> None:
        for column in fields:
            if isinstance(column, crypto.EncryptedField) and named[column.attname]:
                # Now, and not when somebody needs it and the old keys are gone.
                crypto.open_from(model(**named), column.attname)
            if isinstance(column, models.AutoField):
                place = (model._meta.db_table, str(column.column))
                self.highest[place] = max(self.highest.get(place, 0), named[column.attname])

    def _insert_all(self) -> None:
        for tenant, rows in self.waiting.items():
            self._insert(tenant, rows)
        self.waiting.clear()

    def _insert(self, tenant: Any, rows: list[list[Any]]) -> None:
        if self.model is None:
            return
        quote = self.connection.ops.quote_name
        fields = layout.columns(self.model)
        names = ", ".join(quote(str(column.column)) for column in fields)
        marks = ", ".join(["(" + ", ".join(["%s"] * len(fields)) + ")"] * len(rows))
        statement = f"INSERT INTO {quote(self.model._meta.db_table)} ({names}) VALUES {marks}"  # noqa: S608  names of columns
        with self.connection.cursor() as cursor:
            if self.connection.vendor == "postgresql":
                # The wall between tenants stands for the owner too.
                cursor.execute("SELECT set_config('neobank.tenant', %s, true)", [str(tenant)])
            cursor.execute(statement, list(self._stored(fields, rows)))

    def _stored(self, fields: list[models.Field[Any, Any]], rows: list[list[Any]]) -> Iterator[Any]:
        for values in rows:
            for column, value in zip(fields, values, strict=True):
                yield column.get_db_prep_save(value, self.connection)


def _object(text: bytes) -> dict[str, Any]:
    """A line that holds an object; an empty one when it does not."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
