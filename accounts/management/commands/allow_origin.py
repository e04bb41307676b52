"""``manage.py allow_origin http://localhost:5500``: let a web app from another address use the API."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import origins
from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.services.settings import change_settings


class Command(StaffCommand):
    help = (
        "Let web apps from other origins use the API with a bearer token (CORS); without an origin, list those that may. "
        "Whoever signs in on such a page lets that page do what they may do."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "origins",
            nargs="*",
            metavar="ORIGIN",
            help="as browsers name it: http://localhost:5500, without a path",
        )
        parser.add_argument("--remove", action="store_true", help="shut these origins out again")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        named, listed = origins.clean(options["origins"]), list(actor.tenant.cors_origins)
        if options["remove"]:
            _check_listed(named, listed)
            wanted = [origin for origin in listed if origin not in named]
        else:
            wanted = list(dict.fromkeys((*listed, *named)))
        tenant = change_settings(actor=actor, cors_origins=wanted)
        for origin in tenant.cors_origins:
            self.say(origin)
        if not tenant.cors_origins:
            self.note(_("No web app from another address may use the API of %s.") % tenant.name)


def _check_listed(named: list[str], listed: list[str]) -> None:
    """Nobody should believe that an origin is shut out because it was misspelt. Raises ``CommandError``."""
    known = ", ".join(listed) or _("none")
    if not named:
        raise CommandError(_("Say which origin to shut out. Allowed are: %s.") % known)
    if unknown := [origin for origin in named if origin not in listed]:
        raise CommandError(
            _("%(origins)s was not allowed. Allowed are: %(known)s.")
            % {"origins": ", ".join(unknown), "known": known}
        )
