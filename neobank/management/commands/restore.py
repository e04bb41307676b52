"""``manage.py restore FILE``: a backup, into an empty database."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, OperationalError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import directory
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.management.staff import progress_bar
from accounts.models import Tenant
from accounts.services.sessions import end_all_sessions
from ledger import books
from ledger.exchange.trail import remember
from neobank.backups import archive, copies, restoring, sealing
from neobank.backups.errors import CannotBackUp

BEFORE_THE_PORT_IS_OPENED: Final = gettext_noop(
    "Everybody signs in anew. But whatever was taken from somebody after %s is theirs again. Before you open the port:\n"
    "  1. Give SECRET_KEY and JWT_SECRET new values.\n"
    "  2. Do again what was done since: keys revoked, people switched off, roles changed, passwords reset, accounts frozen, "
    "limits set, invitations used up, the world paused.\n"
    "docs/disaster-recovery.md says how to find out what it was."
)


class Command(BaseCommand):
    help = (
        "Put a backup into an empty database, migrate it when it is of an older version, count and replay everything, and end "
        "every sign-in. The database is that of DATABASE_OWNER_URL where that is set, of DATABASE_URL otherwise. Needs the "
        "BACKUP_KEY that the backup was sealed with, and the FIELD_KEYS of the server it came from."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path, alias = options["file"], books.reading_alias()
        self.stdout.write(_("Database: %s") % books.whereabouts(alias))
        try:
            copies.refuse_unless_empty(alias)
            with progress_bar(None, unit="B") as bar:
                archive.verify(path, progress=bar.update)
            with progress_bar(None, unit="B") as bar:
                description = restoring.restore(alias, path, say=self.stdout.write, bar=bar)
            self.stdout.write(_("Restored the database of %s.") % description.created_at)
            # Before any migration: these are the tables of the version that took the backup.
            wrong = restoring.miscounted(alias, description, say=self.stdout.write)
            self._bring_up_to_date(alias)
            with progress_bar(None, unit="rows") as bar:
                wrong += restoring.replayed(alias, say=self.stdout.write, bar=bar)
        except FileNotFoundError as error:
            raise CommandError(_("There is no file %s.") % path) from error
        except (CannotBackUp, sealing.CannotOpen, books.CannotRead, OperationalError, OSError) as refusal:
            raise CommandError(str(refusal)) from refusal
        self._remember(path, description)
        if wrong:
            raise CommandError(
                _("The backup was restored, but it is not right. Try another one, in another database.")
            )
        self.stdout.write(self.style.WARNING(_(BEFORE_THE_PORT_IS_OPENED) % description.created_at))

    def _bring_up_to_date(self, alias: str) -> None:
        pending = restoring.pending_migrations(alias)
        if not pending:
            return
        self.stdout.write(_("It is of an older version: applying %d migrations.") % len(pending))
        try:
            call_command("migrate", database=alias, interactive=False, verbosity=0, stderr=self.stderr)
        except DatabaseError as error:
            raise CommandError(
                _("The rows are back, but they could not be brought to this version: %s") % str(error).strip()
            ) from error

    def _remember(self, path: Path, description: archive.Description) -> None:
        """The trail goes back to the moment of the backup; that it did is the first line after it. Sign-ins that were ended
        since are back as well, so all of them end here.
        """
        directory.forget()
        try:
            for tenant in Tenant.objects.order_by("slug"):
                actor = Actor.server(tenant, "restore")
                remember(actor=actor, action="event.restore", file=path.name, taken_at=description.created_at)
                end_all_sessions(actor=actor, reason="restored")
        except DomainError as refusal:
            raise CommandError(
                _("The rows are there, but not their line in the trail: %s") % refusal
            ) from refusal
