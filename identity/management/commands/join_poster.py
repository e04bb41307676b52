"""``manage.py join_poster --out poster.pdf``: the page for the gate, with a QR code to join."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from identity.management.printed import address_from, check_writable, write
from identity.services.poster import join_poster


class Command(StaffCommand):
    help = "Print the poster (PDF, A4): the event's name, a QR code to join, the address, the event code."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", required=True, type=Path, metavar="poster.pdf", help="the file to write")
        parser.add_argument(
            "--address",
            metavar="URL",
            help="what phones open; without it, PUBLIC_URL or the event's own host name",
        )
        parser.add_argument(
            "--trust",
            default="",
            metavar="TEXT",
            help="what to do when a phone warns about the certificate; beside `make event` the poster says it by itself",
        )

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        address = address_from(options["address"], actor.tenant)
        check_writable(options["out"])
        write(options["out"], join_poster(actor=actor, address=address, advice=options["trust"]))
        self.say(
            _("The poster for %(address)s is in %(path)s.") % {"address": address, "path": options["out"]}
        )
