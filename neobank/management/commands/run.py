"""``manage.py run``: the demo on this machine, from nothing to a page in a browser."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from neobank import local_secrets

MANAGE = str(settings.BASE_DIR / "manage.py")


class Command(BaseCommand):
    help = (
        "Run the demo: draw secrets once, migrate, seed a demo event (unless DEMO=0), serve. "
        "Honours HOST, PORT, DATABASE_URL and DEMO; may be started again at any time."
    )
    # This process only starts others; they check themselves, with the secrets that are drawn here.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--credentials", metavar="FILE", help="where the demo's logins are kept")

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse_a_second_server()
        # What is made here (the database above all) is for nobody else on this machine.
        os.umask(0o077)
        # Static files are served from where they lie; the server looks for the folder all the same.
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
        environment = local_secrets.environment()
        self._step(environment, "migrate", "--verbosity=0")
        if settings.DEMO:
            where = ["--credentials", options["credentials"]] if options["credentials"] else []
            self._step(environment, "bootstrap", "--demo", *where)
        else:
            self.stdout.write(
                _(
                    "No demo: make an event with `make manage ARGS=bootstrap`, and a game master with "
                    '`make manage ARGS="create_gm NAME"`.'
                )
            )
        self.stdout.write(_("Serving on port %(port)s; Ctrl-C stops.") % {"port": settings.PORT})
        self.stdout.flush()
        sys.exit(_run_until_told(environment))

    def _refuse_a_second_server(self) -> None:
        host = "127.0.0.1" if settings.HOST in local_secrets.EVERYWHERE else settings.HOST
        try:
            socket.create_connection((host, settings.PORT), timeout=1).close()
        except OSError:
            return
        raise CommandError(
            _(
                "Something answers on port %(port)s already: the bank is running (open http://localhost:%(port)s), "
                "or choose another port with PORT=8001."
            )
            % {"port": settings.PORT}
        )

    def _step(self, environment: dict[str, str], *command: str) -> None:
        self.stdout.flush()
        done = subprocess.run([sys.executable, MANAGE, *command], env=environment, check=False)
        if done.returncode:
            raise CommandError(
                _("`manage.py %(command)s` failed; what it says stands above.") % {"command": command[0]}
            )


def _run_until_told(environment: dict[str, str]) -> int:
    """Run the server as a child, pass on what stops us, and return its exit code when it is gone."""
    child = subprocess.Popen([sys.executable, MANAGE, "serve"], env=environment)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        child.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    # Ctrl-C reaches the child by itself, it is in the same group of processes.
    signal.signal(signal.SIGINT, lambda *_: None)
    return child.wait()
