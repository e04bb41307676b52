"""``manage.py local COMMAND …``: a command beside ``manage.py run``, under the same secrets and on the same database."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from neobank import local_secrets


class Command(BaseCommand):
    help = (
        "Run another command as `manage.py run` runs its own: trying out (DEBUG=1), with the secrets in var/dev.env. "
        "`make manage ARGS=...` calls this. What was set in front of `make run`, such as DATABASE_URL, has to be set here too."
    )
    # The command that takes over checks itself, with the secrets that it is given.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "line", nargs=argparse.REMAINDER, metavar="COMMAND", help="for instance: check_books"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        line = options["line"]
        if not line:
            raise CommandError(_('Say which command: make manage ARGS="check_books".'))
        if not local_secrets.path().exists():
            raise CommandError(
                _("Nothing was started on this machine yet, so there is no %(path)s. Run `make run` first.")
                % {"path": local_secrets.path()}
            )
        # As for the demo: what is made here is for nobody else on this machine.
        os.umask(0o077)
        manage = str(settings.BASE_DIR / "manage.py")
        os.execve(sys.executable, [sys.executable, manage, *line], local_secrets.environment())  # noqa: S606
