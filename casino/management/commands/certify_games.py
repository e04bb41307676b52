"""``manage.py certify_games``: count every combination of every certified strip set, and say what came out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from casino import certifying
from casino.games import CERTIFIED


class Command(BaseCommand):
    help = (
        "Enumerate every combination of stops of every certified strip set, compare with the closed form, and write "
        "docs/certificates. With --check nothing is written, and any difference ends it with status 1."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; say what differs")

    def handle(self, *args: Any, **options: Any) -> None:
        for game in CERTIFIED:
            if options["check"]:
                if found := certifying.differences(game):
                    raise CommandError("\n".join(found))
                self.stdout.write(_("%(game)s: certificate and reels agree.") % {"game": game})
            else:
                try:
                    certifying.write(game)
                except ValueError as error:
                    raise CommandError(str(error)) from error
                for path in certifying.files_of(game):
                    self.stdout.write(str(path))
