"""``manage.py local COMMAND …``: a command beside ``manage.py run`` or ``event``, under its secrets and on its database."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from neobank import local_secrets
from neobank.laptop import authority, place


class Command(BaseCommand):
    help = (
        "Run another command as `manage.py run` runs its own: trying out (DEBUG=1), with the secrets in var/dev.env; or as "
        "`manage.py event` does. `make manage ARGS=...` calls this. What was set in front of `make run` or `make event`, such as "
        "DATABASE_URL, has to be set here too."
    )
    # The command that takes over checks itself, with the secrets that it is given.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--demo", action="store_true", help="beside `make run`")
        which.add_argument("--event", action="store_true", help="beside `make event`")
        parser.add_argument(
            "line", nargs=argparse.REMAINDER, metavar="COMMAND", help="for instance: check_books"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        line = options["line"]
        if not line:
            raise CommandError(_('Say which command: make manage ARGS="check_books".'))
        is_event = _is_for_the_event(demo=options["demo"], event=options["event"])
        # As for the demo: what is made here is for nobody else on this machine.
        os.umask(0o077)
        manage = str(settings.BASE_DIR / "manage.py")
        try:
            environment = place.environment() if is_event else local_secrets.environment()
        except authority.CannotCertify as refusal:
            raise CommandError(str(refusal)) from refusal
        os.execve(sys.executable, [sys.executable, manage, *line], environment)  # noqa: S606


def _is_for_the_event(*, demo: bool, event: bool) -> bool:
    """Whether the command is meant for the event of this laptop and not for the demo. Raises ``CommandError``."""
    has_demo, has_event = local_secrets.path().exists(), place.secrets_path().exists()
    if event and not has_event:
        raise CommandError(_("There is no event on this machine yet. Run `make event` first."))
    if not event and not has_demo and (demo or not has_event):
        raise CommandError(
            _("Nothing was started on this machine yet, so there is no %(path)s. Run `make run` first.")
            % {"path": local_secrets.path()}
        )
    if has_demo and has_event and not (demo or event):
        raise CommandError(
            _('There are a demo and an event on this machine. Say which one: make manage ARGS="--event %s"')
            % "check_books"
        )
    return event or not has_demo
