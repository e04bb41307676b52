"""``manage.py backup_drill``: proof that a backup can be put back."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.management.staff import progress_bar
from ledger import books
from neobank.backups import archive, copies, restoring, sealing
from neobank.backups.errors import CannotBackUp


class Command(BaseCommand):
    help = (
        "Take a backup (or use FILE), put it into a database made for this, count and replay everything there, and drop it. "
        "Ends with status 1 when anything is not as it was. The bank may be open."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, nargs="?", help="a backup that was taken before")

    def handle(self, *args: Any, **options: Any) -> None:
        began = timezone.now()
        folder = Path(settings.BACKUP_DIR)
        practice = None
        try:
            if options["file"] is None:
                folder.mkdir(parents=True, exist_ok=True)
                practice = Path(tempfile.mkdtemp(dir=folder, prefix=".drill-"))
            wrong = self._drill(options["file"], practice)
        except FileNotFoundError as error:
            raise CommandError(_("There is no file %s.") % options["file"]) from error
        except (CannotBackUp, sealing.CannotOpen, books.CannotRead, OperationalError, OSError) as refusal:
            raise CommandError(_("The drill failed: %s") % refusal) from refusal
        finally:
            if practice is not None:
                shutil.rmtree(practice)
        if wrong:
            raise CommandError(_("The drill failed: what was put back is not what was there."))
        seconds = round((timezone.now() - began).total_seconds())
        self.stdout.write(
            _("The drill succeeded, in %d seconds. The database made for it is gone.") % seconds
        )

    def _drill(self, file: Path | None, practice: Path | None) -> int:
        """How many things are not as they were."""
        alias = books.reading_alias()
        with progress_bar(None, unit="B") as bar:
            if practice is not None:
                taken = archive.take(
                    alias=alias, folder=practice, label="drill", expect=bar.reset, progress=bar.update
                )
                file = taken.path
            if file is None:
                raise CannotBackUp(_("There is no backup to practise with."))
        with progress_bar(None, unit="B") as bar:
            archive.verify(file, progress=bar.update)
        with copies.scratch(alias) as scratch:
            with progress_bar(None, unit="B") as bar:
                description = restoring.restore(scratch, file, say=self.stdout.write, bar=bar)
            self.stdout.write(_("Put back the database of %s.") % description.created_at)
            if pending := restoring.pending_migrations(scratch):
                raise CannotBackUp(
                    _("it is of an older version (migrations to apply: %d). Practise with that version.")
                    % len(pending)
                )
            with progress_bar(None, unit="rows") as bar:
                return restoring.differences_after(scratch, description, say=self.stdout.write, bar=bar)
