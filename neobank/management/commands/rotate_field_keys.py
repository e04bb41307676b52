"""``manage.py rotate_field_keys``: seal every encrypted field with the first key of FIELD_KEYS."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts import tenancy
from accounts.actors import Actor
from accounts.crypto import parse_key_ring
from accounts.errors import DomainError
from accounts.management.staff import progress_bar, the_tenant
from accounts.models import Tenant
from accounts.services.sealing import SealedField, reseal_batch, sealed_fields

_ROWS_AT_ONCE = 200


class Command(BaseCommand):
    help = (
        "Seal every encrypted field with the first key of FIELD_KEYS. Put the new key in front, restart the servers, run this, "
        "then take the old key away. May run while the bank is open, and go on after it was cut off."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tenant", metavar="SLUG", help="only this event; all of them without it")

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = options["tenant"]
        tenants = [the_tenant(chosen)] if chosen else list(Tenant.objects.order_by("slug"))
        resealed, unreadable = 0, []
        try:
            with progress_bar(sum(map(_rows_of, tenants)), unit="rows") as bar:
                for tenant in tenants:
                    for field in sealed_fields():
                        done, bad = self._reseal(Actor.server(tenant, "rotate_field_keys"), field, bar)
                        resealed += done
                        unreadable += [
                            f"{tenant.slug}: {field[0]._meta.db_table} {pk}.{field[1]}" for pk in bad
                        ]
        except DomainError as refusal:
            raise CommandError(
                _("%s What is sealed stays so; run it again to go on.") % refusal.sentence
            ) from refusal
        first, *others = parse_key_ring(settings.FIELD_KEYS)
        self.stdout.write(_("Sealed %(count)d fields with key %(key)d.") % {"count": resealed, "key": first})
        for row in unreadable:
            self.stdout.write(_("%s cannot be opened with any key of FIELD_KEYS") % row)
        if unreadable:
            raise CommandError(
                _("Some fields could not be opened. Add the key they were sealed with, and run it again.")
            )
        if others and not chosen:
            self.stdout.write(
                _(
                    "Key %s is not needed any more by this database. Keep a copy as long as you keep older backups and exports."
                )
                % ", ".join(map(str, others))
            )

    def _reseal(self, actor: Actor, field: SealedField, bar: Any) -> tuple[int, list[Any]]:
        """Go over a field until a whole pass finds nothing to do: what was written meanwhile may have had the old key."""
        total = 0
        while True:
            changed, unreadable, last = 0, [], None
            while True:
                batch = reseal_batch(actor=actor, field=field, after=last, limit=_ROWS_AT_ONCE)
                changed += batch.resealed
                unreadable += batch.unreadable
                bar.update(batch.rows)
                last = batch.last
                if last is None:
                    break
            total += changed
            if not changed:
                return total, unreadable


def _rows_of(tenant: Tenant) -> int:
    """Twice: the second pass finds nothing to do."""
    with tenancy.scope(tenant):
        return 2 * sum(model.objects.exclude(**{name: b""}).count() for model, name in sealed_fields())
