"""``manage.py serve``: the web server, as production runs it."""

from __future__ import annotations

import sys
from typing import Any

from django.core import checks
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

from neobank.checks import databases_are_safe
from neobank.serving import Door, Server


class Command(BaseCommand):
    help = "Serve HTTP on HOST:PORT until SIGTERM, after checking that it is safe to; HTTPS where TLS_CERT names a certificate."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--door",
            action="store_true",
            help="instead of the bank: how to trust its certificate, on EVENT_HTTP_PORT without TLS, and a redirect to it",
        )
        parser.add_argument(
            "--while-stdin-is-open", action="store_true", help="stop also when standard input ends"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Not through run_checks: Django's own checks of the database end in a traceback when it does not answer.
        messages = [*checks.run_checks(), *databases_are_safe(None, databases=["default"])]
        serious = [m for m in messages if m.is_serious() and not m.is_silenced()]
        for message in serious:
            self.stderr.write(f"{message.msg}" + (f" {message.hint}" if message.hint else ""))
        if serious:
            sys.exit(1)
        # Neither a connection nor a pool may be shared with the workers, which are forks of this process.
        connections.close_all()
        for connection in connections.all(initialized_only=True):
            if hasattr(connection, "close_pool"):
                connection.close_pool()
        kind = Door if options["door"] else Server
        kind(while_stdin_is_open=options["while_stdin_is_open"]).run()
