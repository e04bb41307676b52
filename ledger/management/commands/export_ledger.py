"""``manage.py export_ledger FILE``: an event with everything in it, as a file that either engine can read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.management.staff import confirm, progress_bar, the_tenant
from accounts.models import Tenant
from ledger import books, exchange
from ledger.exchange.trail import remember


class Command(BaseCommand):
    help = (
        "Write an event, or all of them, into a file of JSON lines: people with password hashes, keys with digests, accounts, "
        "every movement, the trail. Sign-ins stay behind. Encrypted fields travel sealed: whoever imports the file needs the "
        "same FIELD_KEYS and SEARCH_KEY. May run while the bank is open; the file holds one moment of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--tenant", metavar="SLUG", help="only this event; all of them without it")
        parser.add_argument("--yes", action="store_true", help="replace a file that is there, without asking")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        chosen = options["tenant"]
        tenants = [the_tenant(chosen)] if chosen else list(Tenant.objects.order_by("slug"))
        if not tenants:
            raise CommandError(_("There is no event to export."))
        if path.exists():
            confirm(_("%(path)s is there already. Replace it?") % {"path": path}, yes=options["yes"])
        written = self._write(path, tenants)
        try:
            for tenant in tenants:
                actor = Actor.server(tenant, "export_ledger")
                remember(actor=actor, action="event.export", sha256=written.sha256, rows=written.rows)
        except DomainError as refusal:
            raise CommandError(
                _("The file was written, but not its line in the trail: %s") % refusal
            ) from refusal
        self.stdout.write(
            _("Wrote %(rows)d rows of %(slugs)s to %(path)s.")
            % {"rows": written.rows, "slugs": ", ".join(tenant.slug for tenant in tenants), "path": path}
        )
        self.stderr.write(
            _("The file holds password hashes and everything people did: keep it as you keep a backup."), str
        )
        if written.sealed_with:
            self.stderr.write(
                _(
                    "It holds fields sealed with key %(keys)s of FIELD_KEYS; without that key it cannot be imported."
                )
                % {"keys": ", ".join(map(str, written.sealed_with))},
                str,
            )

    def _write(self, path: Path, tenants: list[Tenant]) -> exchange.Written:
        """Whole or not at all, and readable for its owner only from the first byte on."""
        draft = path.with_name(f"{path.name}.partial")
        try:
            with (
                progress_bar(None, unit="rows") as bar,
                books.snapshot(books.reading_alias()) as connection,
                os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
            ):
                written = exchange.write(file, connection, tenants, expect=bar.reset, progress=bar.update)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except (OSError, books.CannotRead) as error:
            raise CommandError(_("Nothing was exported: %s") % error) from error
        finally:
            draft.unlink(missing_ok=True)
        return written
