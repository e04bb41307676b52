"""``manage.py import_ledger FILE``: what ``export_ledger`` wrote, into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections, transaction
from django.db.utils import OperationalError, ProgrammingError
from django.utils.translation import gettext as _

from accounts import directory
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.management.staff import progress_bar
from accounts.models import Tenant
from ledger import books, exchange
from ledger.exchange.trail import remember


class Command(BaseCommand):
    help = (
        "Read a file of export_ledger into a migrated database without events: all of it in one transaction, or nothing. "
        "Refuses a damaged file. Writes into the database of DATABASE_OWNER_URL where that is set, of DATABASE_URL otherwise. "
        "The books are replayed before anything counts. Needs the FIELD_KEYS of the server that wrote the file."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            with progress_bar(path.stat().st_size, unit="B") as bar:
                header = exchange.verify(path, progress=bar.update)
            self._read(path, header.rows)
        except FileNotFoundError as error:
            raise CommandError(_("There is no file %s.") % path) from error
        except (exchange.Damaged, exchange.NotEmpty, books.CannotRead) as refusal:
            raise CommandError(str(refusal)) from refusal
        directory.forget()
        try:
            for slug in header.tenants:
                actor = Actor.server(Tenant.objects.get(slug=slug), "import_ledger")
                remember(actor=actor, action="event.import", sha256=header.sha256, rows=header.rows)
        except DomainError as refusal:
            raise CommandError(
                _("The rows are there, but not their line in the trail: %s") % refusal
            ) from refusal
        self.stdout.write(
            _("Imported %(rows)d rows of %(slugs)s. Everybody signs in anew.")
            % {"rows": header.rows, "slugs": ", ".join(header.tenants)}
        )

    def _read(self, path: Path, rows: int) -> None:
        alias = books.reading_alias()
        self.stdout.write(_("Database: %s") % books.whereabouts(alias))
        connection = connections[alias]
        try:
            with transaction.atomic(using=alias, durable=True):
                with progress_bar(rows, unit="rows") as bar:
                    exchange.read_into(connection, path, progress=bar.update)
                with progress_bar(None, unit="rows") as bar, books.seeing_everything(connection):
                    differences = books.report(connection, say=self.stdout.write, bar=bar)
                if differences:
                    raise exchange.Damaged(_("The books in this file are not right. Nothing was imported."))
        except (ProgrammingError, OperationalError) as error:
            raise CommandError(
                _("The database is not ready: %s. Run `manage.py migrate` on it first.") % str(error).strip()
            ) from error
