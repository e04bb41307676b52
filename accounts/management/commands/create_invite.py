"""``manage.py create_invite``: personal invitations to register."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import selectors
from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.services.invites import create_invite

MANY = 1_000


class Command(StaffCommand):
    help = "Print invitations, one code a line. Each lets one person register, and is shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--count", type=int, default=1, help="how many (default: 1)")
        parser.add_argument(
            "--days", type=int, default=30, help="for how many days they are good (default: 30)"
        )
        parser.add_argument("--faction", default="", help="the faction that they bring their bearer into")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        count = options["count"]
        if not 1 <= count <= MANY:
            raise CommandError(_("Ask for 1 to %(many)d invitations at once.") % {"many": MANY})
        # Two sides of a year, so that no number of days is too large for a date.
        lives = dt.timedelta(days=max(0, min(options["days"], 366)))
        faction = selectors.faction_named(options["faction"]) if options["faction"] else None
        for _number in range(count):
            self.say(create_invite(actor=actor, lives=lives, faction=faction).code)
        self.note(
            ngettext("%(count)d invitation to %(event)s.", "%(count)d invitations to %(event)s.", count)
            % {"count": count, "event": actor.tenant.name}
        )
