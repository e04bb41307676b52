"""``manage.py create_tenant SLUG NAME``: a new event with its bank and casino."""

from __future__ import annotations

from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Domain, Tenant
from accounts.services.tenants import add_hosts, create_tenant
from ledger import money
from neobank.events import CURRENCY, EXPONENT, set_up_event

COMMAND: Final = "create_tenant"
_COLUMNS: Final = ("registration", "event_code", "welcome_bonus", "time_zone")


class Command(BaseCommand):
    help = (
        "Make an event: its tenant, the currency NC with the account that issues it, factions, and the casino with its "
        "float. "
        "Run again with the same slug and name it adds hosts and factions that are missing; other settings of an event that is "
        "there are changed in the console."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="short name for addresses and commands, for instance: neo")
        parser.add_argument("name", help="the name people read, for instance: NeoTropolis")
        parser.add_argument(
            "--host", action="append", default=[], help="a host name it is served under; may be repeated"
        )
        parser.add_argument("--faction", action="append", default=[], help="a faction; may be repeated")
        parser.add_argument(
            "--registration",
            choices=Tenant.Registration.values,
            help=f"default: {Tenant.Registration.EVENT_CODE}",
        )
        parser.add_argument("--event-code", metavar="WORD", help="what players type to register")
        parser.add_argument("--welcome-bonus", metavar="AMOUNT", help="for instance 50.00; default: none")
        parser.add_argument("--time-zone", metavar="NAME", help="default: Europe/Berlin")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, name = options["slug"], options["name"].strip()
        try:
            chosen = _chosen(options)
            # Also one that was cut off before its bank was made.
            tenant = Tenant.objects.filter(slug=slug, name=name).first()
            if tenant is None:
                tenant = create_tenant(
                    command=COMMAND,
                    slug=slug,
                    name=name,
                    language=settings.LANGUAGE_CODE,
                    hosts=tuple(options["host"]),
                    **chosen,
                )
            else:
                _refuse_changes(tenant, chosen)
                add_hosts(actor=Actor.server(tenant, COMMAND), hosts=options["host"])
            set_up_event(tenant=tenant, command=COMMAND, factions=tuple(options["faction"]))
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        self.stdout.write(
            _(
                "%(name)s is there, with the currency %(code)s. Next: manage.py create_gm NAME --tenant %(slug)s"
            )
            % {"name": tenant.name, "code": CURRENCY["code"], "slug": tenant.slug}
        )
        hosts = Domain.objects.filter(tenant=tenant).order_by("host").values_list("host", flat=True)
        self.stdout.write(
            _("It is served under %(hosts)s.") % {"hosts": ", ".join(hosts)}
            if hosts
            else _("It is served under every name, as long as it is the only event.")
        )
        if tenant.registration == Tenant.Registration.EVENT_CODE and not tenant.event_code:
            self.stderr.write(
                _("Nobody can register yet: set an event code (--event-code), or invite people."),
                self.style.WARNING,
            )


def _chosen(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that were given, as columns of ``Tenant``."""
    chosen = {column: options[column] for column in _COLUMNS if options[column] is not None}
    if "welcome_bonus" in chosen:
        try:
            chosen["welcome_bonus"] = money.parse(chosen["welcome_bonus"], exponent=EXPONENT)
        except ValueError as error:
            raise CommandError(_("The welcome bonus is an amount like 50.00.")) from error
    return chosen


def _refuse_changes(tenant: Tenant, chosen: dict[str, Any]) -> None:
    others = [column for column, value in chosen.items() if getattr(tenant, column) != value]
    if others:
        raise CommandError(
            _(
                "%(slug)s is there already, with another %(options)s. Nothing was changed. A game master changes it in the "
                "console, under Event."
            )
            % {
                "slug": tenant.slug,
                "options": ", ".join("--" + column.replace("_", "-") for column in others),
            }
        )
