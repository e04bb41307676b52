"""``manage.py pause_world``: stop, or let go on, what players and terminals post."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.services.world import pause_world, resume_world


class Command(StaffCommand):
    help = "Stop every payment of players and terminals; game masters go on. --resume lets them go on again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--resume", action="store_true", help="let payments go on")
        parser.add_argument("--reason", default="", help="shown on every page while the world is paused")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        if options["resume"]:
            resume_world(actor=actor, reason=options["reason"])
            self.say(_("%(event)s goes on.") % {"event": actor.tenant.name})
        else:
            pause_world(actor=actor, reason=options["reason"])
            self.say(
                _(
                    "%(event)s is paused: players and terminals cannot pay until `manage.py pause_world --resume`."
                )
                % {"event": actor.tenant.name}
            )
