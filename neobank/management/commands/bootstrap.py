"""``manage.py bootstrap``: an event to start with. May be run at every start."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import directory
from accounts.errors import DomainError
from accounts.models import Tenant
from accounts.services.tenants import create_tenant
from neobank import demo
from neobank.events import draw_event_code, set_up_event

SLUG, NAME = "neo", "NeoTropolis"
DEMO_WELCOME_BONUS = 500_00


class Command(BaseCommand):
    help = (
        "Make the event NeoTropolis with its currency and factions, if there is none yet. --demo also makes a game master, "
        "three players with money, a bar and its till, and writes their logins to .demo-credentials.json."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", action="store_true", help="add people, money and a till to try out")
        parser.add_argument(
            "--credentials",
            type=Path,
            default=settings.BASE_DIR / ".demo-credentials.json",
            metavar="FILE",
            help="where the demo's logins are kept",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["credentials"]
        with _one_at_a_time(path.parent):
            try:
                tenant = self._event(is_demo=options["demo"])
                if options["demo"]:
                    self._show(demo.seed(tenant=tenant, path=path), path)
            except DomainError as refusal:
                raise CommandError(refusal.sentence) from refusal

    def _event(self, *, is_demo: bool) -> Tenant:
        tenant = Tenant.objects.filter(slug=SLUG).first()
        if is_demo and not _may_be_the_demo(tenant):
            raise CommandError(
                _(
                    "This database holds a real event. The demo, with its all-powerful till, needs a database of its own."
                )
            )
        if tenant is None and not directory.is_empty():
            self.stdout.write(_("There is an event already; nothing was changed."))
            return Tenant.objects.exclude(slug=directory.SYSTEM_SLUG)[0]
        # The factions of an event that is there already are its game masters' own affair.
        factions = demo.FACTIONS if tenant is None or _is_the_demo(tenant) else ()
        if tenant is None:
            tenant = self._create(is_demo=is_demo)
        set_up_event(tenant=tenant, command=demo.COMMAND, factions=factions)
        return tenant

    def _create(self, *, is_demo: bool) -> Tenant:
        if is_demo:
            return create_tenant(
                command=demo.COMMAND,
                slug=SLUG,
                language=settings.LANGUAGE_CODE,
                name=NAME,
                registration=Tenant.Registration.OPEN,
                welcome_bonus=DEMO_WELCOME_BONUS,
                bonus_when_open=True,
            )
        code = draw_event_code()
        tenant = create_tenant(
            command=demo.COMMAND,
            slug=SLUG,
            language=settings.LANGUAGE_CODE,
            name=NAME,
            registration=Tenant.Registration.EVENT_CODE,
            event_code=code,
        )
        self.stdout.write(
            _("Made %(event)s. Players register with the event code %(code)s.")
            % {"event": NAME, "code": code}
        )
        return tenant

    def _show(self, logins: dict[str, Any], path: Path) -> None:
        lines = [
            _("The demo is at %(url)s") % {"url": logins["base_url"]},
            "",
            _("  Game master  %(character_name)s  %(password)s   (/admin/)") % logins["gm"],
            *(
                _("  Player       %(character_name)s  %(password)s   %(account_number)s") % player
                for player in logins["players"]
            ),
            _("  Till         %(api_key)s   %(account_number)s") % logins["terminal"],
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.write(
            self.style.WARNING(
                _(
                    "This till's key has the scopes debit:any and balance:any: it takes money from any player by number "
                    "alone. A real till's key only credits its own account. Never run the demo at an event."
                )
            )
        )
        self.stdout.write(_("The logins are kept in %(path)s") % {"path": path})


def _may_be_the_demo(tenant: Tenant | None) -> bool:
    return directory.is_empty() if tenant is None else _is_the_demo(tenant)


def _is_the_demo(tenant: Tenant) -> bool:
    """A bonus on open registration is what the demo has and a real event must not have."""
    return tenant.bonus_when_open


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Two that start at once would each draw passwords, and one of the files would be wrong."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
