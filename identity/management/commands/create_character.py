"""``manage.py create_character NAME``: a character made by staff, for events where nobody registers alone."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, Final

from django.core.management.base import CommandParser
from django.utils.translation import gettext as _

from accounts import roles
from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.services.people import ROLES_OF_AN_EVENT
from identity.selectors import account_number_of
from identity.services.people import create_user

# Read off a sheet of paper in the dark: nothing that looks like something else.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_PASSWORD_LENGTH: Final = 12


class Command(StaffCommand):
    help = "Make a character with a bank account. The password is drawn, and shown only now."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="the character name to sign in with")
        parser.add_argument("--faction", default="", help="the name of a faction that exists")
        parser.add_argument("--role", default=roles.PLAYER, choices=ROLES_OF_AN_EVENT, help="default: player")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        password = "".join(secrets.choice(_LETTERS) for _letter in range(_PASSWORD_LENGTH))
        user = create_user(
            actor=actor,
            character_name=options["name"],
            password=password,
            role=options["role"],
            faction=options["faction"],
        )
        number = account_number_of(replace(actor, user=user))
        self.say(
            _("%(name)s has the account %(number)s. Password, shown only now: %(password)s")
            % {"name": user.character_name, "number": number, "password": password}
        )
