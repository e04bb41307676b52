"""``manage.py login_cards --out cards.pdf``: a card for each character, whose QR code signs in once."""

from __future__ import annotations

import datetime as dt
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm
from accounts.models import User
from accounts.selectors import faction_named, person_named
from identity.addresses import is_of_this_machine
from identity.management.printed import address_from, check_writable, write
from identity.selectors import people_for_cards
from identity.services.cards import print_cards


class Command(StaffCommand):
    help = (
        "Print login cards (PDF, A4, ten on a page): name, faction, and a QR code that signs in once. Without more, for all "
        "who have no password yet. Cards printed for the same people before, and not used, stop working."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--out", required=True, type=Path, metavar="cards.pdf", help="the file to write")
        parser.add_argument(
            "--address",
            metavar="URL",
            help="what phones open; without it, PUBLIC_URL or the event's own host name",
        )
        parser.add_argument(
            "--days", type=int, default=14, help="how long the cards work (default: 14, at most 90)"
        )
        who = parser.add_mutually_exclusive_group()
        who.add_argument("--faction", help="only its members")
        who.add_argument("--people", nargs="+", metavar="NAME", help="only these, with or without a password")
        parser.add_argument("--everybody", action="store_true", help="also those who have a password")
        parser.add_argument("--yes", action="store_true", help="print without asking")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        address = address_from(options["address"], actor.tenant)
        out: Path = options["out"]
        check_writable(out)
        users = self._people(actor, options)
        if is_of_this_machine(address):
            self.note(_("%(address)s can be opened on this computer only.") % {"address": address}, loud=True)
        question = _("Print %(count)d cards for %(address)s? Unused ones from before stop working.")
        if users:
            confirm(question % {"count": len(users), "address": address}, yes=options["yes"])
        content = print_cards(
            actor=actor,
            users=users,
            address=address,
            lives=dt.timedelta(days=options["days"]),
            request=secrets.token_hex(16),
        )
        write(out, content)
        self.say(
            _(
                "%(count)d cards are in %(path)s. Delete the file when it is printed: whoever has it can be anybody."
            )
            % {"count": len(users), "path": out}
        )

    def _people(self, actor: Actor, options: dict[str, Any]) -> list[User]:
        if options["people"]:
            return [person_named(actor, name) for name in dict.fromkeys(options["people"])]
        faction = faction_named(options["faction"]) if options["faction"] else None
        return people_for_cards(actor, faction=faction, everybody=options["everybody"])
