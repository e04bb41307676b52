"""``manage.py create_tenant SLUG NAME``: a new event with its bank."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.errors import DomainError
from accounts.models import Tenant
from accounts.services.tenants import create_tenant
from ledger import money
from neobank.events import CURRENCY, EXPONENT, set_up_bank


class Command(BaseCommand):
    help = (
        "Make an event: its tenant, the currency NC with the account that issues it, and factions. "
        "Run again with the same slug and name it adds what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name for addresses and commands, for instance: neo")
        parser.add_argument("name", help="the name people read, for instance: NeoTropolis")
        parser.add_argument(
            "--host", action="append", default=[], help="a host name it is served under; may be repeated"
        )
        parser.add_argument("--faction", action="append", default=[], help="a faction; may be repeated")
        parser.add_argument(
            "--registration", choices=Tenant.Registration.values, default=Tenant.Registration.EVENT_CODE
        )
        parser.add_argument("--event-code", default="", metavar="WORD", help="what players type to register")
        parser.add_argument("--welcome-bonus", default="0", metavar="AMOUNT", help="for instance 50.00")
        parser.add_argument("--time-zone", default="Europe/Berlin", metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            tenant = _half_made(options) or create_tenant(
                command="create_tenant",
                slug=options["slug"],
                name=options["name"],
                hosts=tuple(options["host"]),
                registration=options["registration"],
                event_code=options["event_code"],
                welcome_bonus=money.parse(options["welcome_bonus"], exponent=EXPONENT),
                time_zone=options["time_zone"],
            )
            set_up_bank(tenant=tenant, command="create_tenant", factions=tuple(options["faction"]))
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        except ValueError as error:
            raise CommandError(_("The welcome bonus is an amount like 50.00.")) from error
        self.stdout.write(
            _(
                "%(name)s is there, with the currency %(code)s. Next: manage.py create_gm NAME --tenant %(slug)s"
            )
            % {"name": tenant.name, "code": CURRENCY["code"], "slug": tenant.slug}
        )
        if tenant.registration == Tenant.Registration.EVENT_CODE and not tenant.event_code:
            self.stderr.write(
                _("Nobody can register yet: set an event code (--event-code), or invite people."),
                self.style.WARNING,
            )


def _half_made(options: dict[str, Any]) -> Tenant | None:
    """The event of an earlier run, which may have been cut off before its bank was made."""
    return Tenant.objects.filter(slug=options["slug"], name=options["name"]).first()
