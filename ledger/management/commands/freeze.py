"""``manage.py freeze``: stop what people and terminals post on an account, or on all of a faction."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.selectors import faction_named
from ledger.models import Balance
from ledger.services.accounts import freeze, freeze_faction


class Command(StaffCommand):
    help = (
        "Stop what people and terminals post on an account, or on every account of a faction and its members."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("account", nargs="?", metavar="NC-XXXX-XXXX")
        whom.add_argument("--faction", metavar="NAME")
        parser.add_argument(
            "--stop",
            choices=Balance.Freeze.values,
            default=Balance.Freeze.BOTH.value,
            help="what stops: money going out (debits), coming in (credits), or both, which is the default",
        )
        parser.add_argument("--reason", default="", help="for the trail")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        how, reason = options["stop"], options["reason"]
        if options["faction"] is not None:
            faction = faction_named(options["faction"])
            count = freeze_faction(actor=actor, faction=faction, how=how, reason=reason)
            self.say(
                _("%(count)d accounts of %(faction)s are frozen (%(how)s).")
                % {"count": count, "faction": faction.name, "how": Balance.Freeze(how).label}
            )
            return
        account = freeze(actor=actor, account=options["account"], how=how, reason=reason)
        self.say(
            _("%(number)s (%(name)s) is frozen (%(how)s).")
            % {"number": account.number, "name": account.holder.name, "how": Balance.Freeze(how).label}
        )
