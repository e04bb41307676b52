"""``manage.py backup``: one sealed file with the whole database of one moment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils.translation import gettext as _

from accounts.management.staff import progress_bar
from ledger import books
from neobank.backups import archive
from neobank.backups.errors import CannotBackUp
from neobank.laptop import moving


class Command(BaseCommand):
    help = (
        "Write the whole database, as it is at this moment, into a new file sealed with BACKUP_KEY, and a manifest beside it. "
        "Reads the database of DATABASE_OWNER_URL where that is set, of DATABASE_URL otherwise. May run while the bank is open. "
        "With --keep N, older backups of the same label are deleted afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--to", type=Path, default=Path(settings.BACKUP_DIR), metavar="FOLDER", help="default: BACKUP_DIR"
        )
        parser.add_argument(
            "--label", default="manual", help="for instance hourly, daily, weekly; part of the file's name"
        )
        parser.add_argument(
            "--keep", type=int, metavar="N", help="keep the N newest of this label and delete older ones"
        )
        parser.add_argument(
            "--with-secrets",
            action="store_true",
            help="seal in what `make event` needs on another laptop: the other secrets, and the authority of its certificate",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        label, keep = options["label"], options["keep"]
        if not re.fullmatch(r"[a-z0-9]{1,20}", label):
            raise CommandError(_("A label is 1 to 20 small letters and digits, such as hourly."))
        if keep is not None and keep < 1:
            raise CommandError(_("Keep at least one backup: --keep 1 or more."))
        if settings.BACKUP_KEY in {"", settings.INSECURE}:
            # With DEBUG=0 the system checks stop it sooner.
            raise CommandError(
                _(
                    "There is no new backup: BACKUP_KEY is not set, and anybody could open what is sealed with the "
                    "default. Set it (docs/settings.md); beside `make run` say `make manage ARGS=backup`."
                )
            )
        alias = books.reading_alias()
        self.stdout.write(_("Database: %s") % books.whereabouts(alias))
        try:
            with progress_bar(None, unit="B") as bar:
                backup = archive.take(
                    alias=alias,
                    folder=options["to"],
                    label=label,
                    expect=bar.reset,
                    progress=bar.update,
                    belongings=moving.belongings() if options["with_secrets"] else None,
                )
            gone = archive.prune(options["to"], label, keep=keep) if keep is not None else []
        except (CannotBackUp, books.CannotRead, OperationalError, OSError) as refusal:
            raise CommandError(_("There is no new backup: %s") % refusal) from refusal
        self.stdout.write(
            _("%(path)s (%(size)d bytes, %(rows)d rows)")
            % {"path": backup.path, "size": backup.size, "rows": sum(backup.description.rows.values())}
        )
        for path in gone:
            self.stderr.write(_("Deleted %s") % path.name, str)
