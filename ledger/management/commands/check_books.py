"""``manage.py check_books``: replay everything."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.utils import OperationalError, ProgrammingError
from django.utils.translation import gettext as _

from accounts import directory
from accounts.management.staff import progress_bar, the_tenant
from accounts.models import Tenant
from ledger import books


class Command(BaseCommand):
    help = (
        "Replay every movement and compare: balances, running balances, limits, refunds, zero sums. Prints the rows that differ "
        "and ends with status 1 if there are any, or no event at all. Looks into the database of DATABASE_OWNER_URL where that "
        "is set, of DATABASE_URL otherwise. May run while the bank is open; sees one moment of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this event; all of them without it")
        parser.add_argument(
            "--rows",
            type=int,
            default=100,
            metavar="N",
            help="print at most N rows of each rule (default 100)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        alias = books.reading_alias()
        self.stdout.write(_("Database: %s") % books.whereabouts(alias))
        chosen = None if options["tenant"] is None else [the_tenant(options["tenant"])]
        with progress_bar(None, unit="rows") as bar:
            try:
                with books.snapshot(alias) as connection:
                    if not Tenant.objects.using(alias).exclude(slug=directory.SYSTEM_SLUG).exists():
                        # Nothing to complain about, but what looks after the wrong database must not look fine.
                        raise CommandError(
                            _(
                                "There is no event here, so nothing was checked. If there should be one, this is another "
                                "database: look at DATABASE_OWNER_URL, or at DATABASE_URL where that is not set."
                            )
                        )
                    differences = books.report(
                        connection,
                        say=self.stdout.write,
                        bar=bar,
                        tenants=chosen,
                        rows_of_a_rule=options["rows"],
                    )
            except books.CannotRead as refusal:
                raise CommandError(str(refusal)) from refusal
            except (ProgrammingError, OperationalError) as error:
                raise CommandError(
                    _("The books cannot be read: %s. Was `manage.py migrate` run on this database?")
                    % str(error).strip()
                ) from error
        if differences:
            raise CommandError(
                _("The books are not right. Stop the world (pause_world) and see docs/operations.md.")
            )
