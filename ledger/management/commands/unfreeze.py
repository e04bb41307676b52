"""``manage.py unfreeze``: let postings on an account, or on all of a faction, go on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm
from accounts.models import Faction
from accounts.selectors import faction_named
from ledger import selectors
from ledger.models import Balance
from ledger.services.accounts import unfreeze, unfreeze_faction


class Command(StaffCommand):
    help = (
        "Let postings on an account go on, or on every account of a faction and its members: also on those that were frozen one "
        "by one, so it shows them and asks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("account", nargs="?", metavar="NC-XXXX-XXXX")
        whom.add_argument("--faction", metavar="NAME")
        parser.add_argument("--reason", default="", help="for the trail")
        parser.add_argument("--yes", action="store_true", help="let a faction go on without asking")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        if options["faction"] is not None:
            self._faction(actor, faction_named(options["faction"]), options)
            return
        account = unfreeze(actor=actor, account=options["account"], reason=options["reason"])
        self.say(
            _("%(number)s (%(name)s) goes on.") % {"number": account.number, "name": account.holder.name}
        )

    def _faction(self, actor: Actor, faction: Faction, options: dict[str, Any]) -> None:
        frozen = selectors.frozen_in(faction)
        if not frozen:
            self.say(_("No account of %(faction)s is frozen. Nothing was done.") % {"faction": faction.name})
            return
        for one in frozen:
            self.say(_told(one))
        facts = {
            "count": len(frozen),
            "faction": faction.name,
            "alone": sum(1 for one in frozen if one.is_alone),
        }
        confirm(
            _(
                "Let %(count)d frozen accounts of %(faction)s and its members go on, %(alone)d of them frozen one by one?"
            )
            % facts,
            yes=options["yes"],
        )
        unfreeze_faction(actor=actor, faction=faction, reason=options["reason"])
        self.say(_("%(count)d accounts of %(faction)s go on.") % facts)


def _told(frozen: selectors.Frozen) -> str:
    facts = {
        "number": frozen.account.number,
        "name": frozen.account.holder.name,
        "how": Balance.Freeze(frozen.how).label,
        "reason": frozen.reason or _("no reason given"),
    }
    if frozen.is_alone:
        return _("%(number)s  %(name)s  (%(how)s)  frozen by itself: %(reason)s") % facts
    return _("%(number)s  %(name)s  (%(how)s)") % facts
