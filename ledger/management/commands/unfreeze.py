"""``manage.py unfreeze``: let postings on an account, or on all of a faction, go on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.selectors import faction_named
from ledger.services.accounts import unfreeze, unfreeze_faction


class Command(StaffCommand):
    help = "Let postings on an account go on, or on every account of a faction and its members."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("account", nargs="?", metavar="NC-XXXX-XXXX")
        whom.add_argument("--faction", metavar="NAME")
        parser.add_argument("--reason", default="", help="for the trail")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        if options["faction"] is not None:
            faction = faction_named(options["faction"])
            count = unfreeze_faction(actor=actor, faction=faction, reason=options["reason"])
            self.say(
                _("%(count)d accounts of %(faction)s go on.") % {"count": count, "faction": faction.name}
            )
            return
        account = unfreeze(actor=actor, account=options["account"], reason=options["reason"])
        self.say(
            _("%(number)s (%(name)s) goes on.") % {"number": account.number, "name": account.holder.name}
        )
