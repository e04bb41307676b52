"""What the commands of staff at the machine have in common: one tenant, plain refusals, a question before what is final."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts import directory, tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Tenant


class StaffCommand(BaseCommand):
    """Acts in one tenant as staff at the machine. A refusal is a plain sentence on stderr, and exit status 1."""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="which event; needed when there are several")

    def handle(self, *args: Any, **options: Any) -> None:
        tenant = the_tenant(options["tenant"])
        actor = Actor.server(tenant, self.__module__.rpartition(".")[2])
        try:
            with tenancy.scope(tenant):
                self.act(actor, options)
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        """Do the work, within the tenant's scope. A ``DomainError`` ends the command with its sentence."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """One line of the answer, on stdout."""
        self.stdout.write(text)

    def note(self, text: str, *, loud: bool = False) -> None:
        """One line about the answer, on stderr, so that stdout can be piped on."""
        self.stderr.write(text, self.style.WARNING if loud else str)


def the_tenant(slug: str | None) -> Tenant:
    """The tenant called ``slug``, or the only one. Raises ``CommandError`` with what to type instead."""
    events = Tenant.objects.exclude(slug=directory.SYSTEM_SLUG)
    if slug is not None:
        tenant = Tenant.objects.filter(slug=slug).first()
        if tenant is not None:
            return tenant
        known = ", ".join(events.values_list("slug", flat=True)) or _("none yet")
        raise CommandError(
            _("There is no event %(slug)s. There is: %(known)s.") % {"slug": slug, "known": known}
        )
    found = list(events[:2])
    if not found:
        raise CommandError(_("There is no event yet. Make one: manage.py create_tenant SLUG NAME."))
    if len(found) > 1:
        raise CommandError(
            _("There are several events. Say which one: --tenant %(slugs)s.")
            % {"slugs": " | ".join(events.values_list("slug", flat=True))}
        )
    return found[0]


def confirm(question: str, *, yes: bool) -> None:
    """Go on when ``yes``, or when the person at the terminal says so. Raises ``CommandError`` otherwise."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandError(_("Nothing was done. Nobody is there to ask: add --yes."))
    answer = input(f"{question} [y/N] ")
    if answer.strip().lower() not in {"y", "yes"}:
        raise CommandError(_("Nothing was done."))


def progress_bar(total: int | None, *, unit: str) -> tqdm[Any]:
    """A bar on stderr, on a terminal only: in a log it would be a thousand lines."""
    return tqdm(total=total, unit=f" {unit}", unit_scale=True, disable=not sys.stderr.isatty(), leave=False)
