"""``manage.py check_books``: replay everything."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.management.staff import progress_bar, the_tenant
from ledger import books


class Command(BaseCommand):
    help = (
        "Replay every movement and compare: balances, running balances, limits, refunds, zero sums. Prints the rows that differ "
        "and ends with status 1 if there are any. May run while the bank is open; sees one moment of it."
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
        chosen = None if options["tenant"] is None else [the_tenant(options["tenant"])]
        with progress_bar(None, unit="rows") as bar:
            try:
                with books.snapshot(books.reading_alias()) as connection:
                    differences = books.report(
                        connection,
                        say=self.stdout.write,
                        bar=bar,
                        tenants=chosen,
                        rows_of_a_rule=options["rows"],
                    )
            except books.CannotRead as refusal:
                raise CommandError(str(refusal)) from refusal
        if differences:
            raise CommandError(
                _("The books are not right. Stop the world (pause_world) and see docs/operations.md.")
            )
