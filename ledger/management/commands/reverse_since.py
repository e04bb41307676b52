"""``manage.py reverse_since``: take back everything that an account or person sent, or a device key took, since a moment."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm
from accounts.models import ApiKey, Tenant
from accounts.selectors import person_named
from ledger import selectors
from ledger.management.typed import both
from ledger.models import Account, Currency
from ledger.selectors import Reversal, ReversalLine, Subject
from ledger.services.reversal import reverse

_AGO = re.compile(r"([0-9]{1,4})([mh])", re.ASCII)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


class Command(StaffCommand):
    help = (
        "Take back everything that an account or person sent, or that a device key took, since a moment. Shows each movement, "
        "how much of it can come back and why not more, and asks. Does exactly what it has shown, or nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("account", nargs="?", metavar="NC-XXXX-XXXX")
        whose.add_argument("--person", metavar="NAME", help="whatever this person sent, from any account")
        whose.add_argument("--key", metavar="nbk_xxxxxxxx", help="whatever the device with this key took")
        parser.add_argument(
            "--since",
            required=True,
            metavar="MOMENT",
            help="90m or 3h ago, 21:40 (the last time it was that), or 2026-07-18T21:40; on the event's clock",
        )
        parser.add_argument("--until", metavar="MOMENT", help="likewise; without it, until now")
        parser.add_argument("--reason", default="", help="stands in the histories of all concerned; required")
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--yes", action="store_true", help="do it without asking")
        how.add_argument("--dry-run", action="store_true", help="only show what would come back")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        subject = _subject(actor, options)
        since = moment_typed(options["since"], actor.tenant)
        until = moment_typed(options["until"], actor.tenant) if options["until"] else None
        plan = selectors.reversal(actor, subject, since=since, until=until)
        self._show(plan, ZoneInfo(actor.tenant.time_zone))
        if options["dry_run"]:
            return
        if not plan.taking:
            raise CommandError(_("Nothing of it can be taken back. Nothing was done."))
        if not options["reason"].strip():
            raise CommandError(_("Say why: add --reason. It stands in the books for ever."))
        sums = _sums((total.currency, total.take) for total in plan.totals)
        confirm(
            _("Take %(sum)s back, of %(count)d movements?") % {"sum": sums, "count": len(plan.taking)},
            yes=options["yes"],
        )
        done = reverse(
            actor=actor,
            subject=subject,
            since=since,
            until=until,
            digest=plan.digest,
            reason=options["reason"],
        )
        self.say(
            _("%(sum)s were taken back, of %(count)d movements.")
            % {"sum": _sums(done.sums), "count": done.count}
        )
        for change in plan.changes:
            self.say(
                _("%(name)s (%(number)s) has %(amount)s now.")
                % {
                    "name": change.account.holder.name,
                    "number": change.account.number,
                    "amount": both(change.then, change.account.currency),
                }
            )

    def _show(self, plan: Reversal, zone: ZoneInfo) -> None:
        for line in plan.lines:
            self.say(_told(line, zone))
        for total in plan.totals:
            sums = {name: both(getattr(total, name), total.currency) for name in _SUMS}
            self.say(
                _(
                    "%(count)d movements since %(since)s: sent %(sent)s, given back before %(given_back)s, comes back now "
                    "%(take)s, cannot be taken back %(lost)s"
                )
                % {**sums, "count": total.count, "since": _clock(plan.since, zone)}
            )
        if not plan.lines:
            self.say(_("Nothing was sent since %(since)s.") % {"since": _clock(plan.since, zone)})


_SUMS = ("sent", "given_back", "take", "lost")


def _subject(actor: Actor, options: dict[str, Any]) -> Subject:
    if options["person"]:
        return person_named(actor, options["person"])
    if options["key"]:
        return _key(options["key"])
    account: Account = selectors.account_for(actor, options["account"])
    return account


def _key(typed: str) -> ApiKey:
    key = ApiKey.objects.filter(prefix=typed.removeprefix("nbk_")[:8]).first()
    if key is None:
        raise CommandError(
            _("There is no device key %(typed)s. Type the first characters, nbk_ and eight more.")
            % {"typed": typed[:12]}
        )
    return key


def _told(line: ReversalLine, zone: ZoneInfo) -> str:
    transfer = line.transfer
    facts = {
        "when": _clock(transfer.posted_at, zone),
        "payer": transfer.from_account.number,
        "payee": transfer.to_account.number,
        "name": transfer.to_account.holder.name,
        "amount": both(transfer.amount, transfer.currency),
        "take": both(line.take, transfer.currency),
        "why": f"  {line.remarks}" if line.remarks else "",
    }
    return _("%(when)s  %(payer)s -> %(payee)s %(name)s  %(amount)s  comes back %(take)s%(why)s") % facts


def moment_typed(text: str, tenant: Tenant) -> dt.datetime:
    """A moment as staff type it: ``90m``, ``3h``, ``21:40`` or ISO 8601, on the event's clock. Raises ``CommandError``."""
    zone, now = ZoneInfo(tenant.time_zone), timezone.now()
    if ago := _AGO.fullmatch(text):
        return now - dt.timedelta(minutes=int(ago[1]) * (60 if ago[2] == "h" else 1))
    if clock := _CLOCK.fullmatch(text):
        local = now.astimezone(zone)
        found = local.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return found if found <= local else found - dt.timedelta(days=1)
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise CommandError(
            _("%(text)s is no moment. Write it like 90m, 3h, 21:40 or 2026-07-18T21:40.") % {"text": text}
        )
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


# Beyond them a moment cannot be said in every time zone.
_FIRST_YEAR, _LAST_YEAR = 2000, 9998


def _clock(moment: dt.datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _sums(sums: Iterable[tuple[Currency, int]]) -> str:
    return " + ".join(both(amount, currency) for currency, amount in sums if amount)
