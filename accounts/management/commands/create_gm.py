"""``manage.py create_gm NAME``: make a game master."""

from __future__ import annotations

import getpass
import secrets
import sys
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import passwords, roles, selectors
from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm
from accounts.services.people import draft, set_role
from accounts.services.staff import create_staff

_DRAWN_BYTES = 12


class Command(StaffCommand):
    help = (
        "Make a game master, or make one out of a player. The password is asked for, read from the first line of stdin, "
        "or drawn with --generate and shown once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="the character name to sign in with")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--generate", action="store_true", help="draw a password and print it")
        how.add_argument("--unmake", action="store_true", help="make a player out of a game master again")
        parser.add_argument("--yes", action="store_true", help="do not ask before changing somebody's role")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        name = options["name"]
        person = selectors.login_named(name)
        if options["unmake"]:
            set_role(actor=actor, person=selectors.person_named(actor, name), role=roles.PLAYER)
            self.say(_("%(name)s is a player now.") % {"name": name})
        elif person is None:
            self._create(actor, name, drawn=options["generate"])
        elif person.role == roles.GM:
            self.say(_("%(name)s is a game master already.") % {"name": person.character_name})
        else:
            confirm(
                _("%(name)s exists already (%(role)s). Make a game master of them? Their password stays.")
                % {"name": person.character_name, "role": person.role},
                yes=options["yes"],
            )
            set_role(actor=actor, person=person, role=roles.GM)
            self.say(
                _("%(name)s is a game master now, with the password they had.")
                % {"name": person.character_name}
            )

    def _create(self, actor: Actor, name: str, *, drawn: bool) -> None:
        # The name is looked at first: nobody should type a password twice for a name that is refused.
        user = draft(character_name=name, role=roles.GM)
        password = secrets.token_urlsafe(_DRAWN_BYTES) if drawn else _asked_password()
        create_staff(actor=actor, user=user, password_hash=passwords.hash_of(password, owner=user))
        self.say(
            _("%(name)s is a game master of %(event)s.")
            % {"name": user.character_name, "event": actor.tenant.name}
        )
        if drawn:
            self.say(_("Password, shown only now: %(password)s") % {"password": password})


def _asked_password() -> str:
    """Typed twice at a terminal, else the first line of stdin; never an argument, which others could read in the process list."""
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        if not password:
            raise CommandError(_("No password was given. Write it into stdin, or add --generate."))
        return password
    password = getpass.getpass(_("Password: "))
    if password != getpass.getpass(_("The same again: ")):
        raise CommandError(_("The two differ. Nothing was done; start again."))
    return password
