"""``manage.py restore FILE``: a backup, into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from accounts import directory
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.management.staff import progress_bar
from accounts.models import Tenant
from ledger import books
from ledger.exchange.trail import remember
from neobank.backups import archive, copies, restoring, sealing
from neobank.backups.errors import CannotBackUp


class Command(BaseCommand):
    help = (
        "Put a backup into the database of DATABASE_URL, which must be empty, then count and replay everything. "
        "Needs the BACKUP_KEY it was sealed with, and the FIELD_KEYS of the server it came from."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path, alias = options["file"], books.reading_alias()
        try:
            copies.refuse_unless_empty(alias)
            with progress_bar(None, unit="B") as bar:
                archive.verify(path, progress=bar.update)
            with progress_bar(None, unit="B") as bar:
                description = restoring.restore(alias, path, say=self.stdout.write, bar=bar)
            self.stdout.write(_("Restored the database of %s.") % description.created_at)
            if pending := restoring.pending_migrations(alias):
                self.stdout.write(
                    _(
                        "It is of an older version (migrations to apply: %(count)d). Run `manage.py migrate`, then `check_books`."
                    )
                    % {"count": len(pending)}
                )
                return
            with progress_bar(None, unit="rows") as bar:
                wrong = restoring.differences_after(alias, description, say=self.stdout.write, bar=bar)
        except FileNotFoundError as error:
            raise CommandError(_("There is no file %s.") % path) from error
        except (CannotBackUp, sealing.CannotOpen, books.CannotRead, OperationalError, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._remember(path, description)
        if wrong:
            raise CommandError(
                _("The backup was restored, but it is not right. Try another one, in another database.")
            )

    def _remember(self, path: Path, description: archive.Description) -> None:
        """The trail goes back to the moment of the backup; that it did is the first line after it."""
        directory.forget()
        try:
            for tenant in Tenant.objects.order_by("slug"):
                actor = Actor.server(tenant, "restore")
                remember(actor=actor, action="event.restore", file=path.name, taken_at=description.created_at)
        except DomainError as refusal:
            raise CommandError(
                _("The rows are there, but not their line in the trail: %s") % refusal
            ) from refusal
