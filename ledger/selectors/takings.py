"""What a till has taken on a day of the event."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Sum

from accounts.models import Tenant
from ledger.models import Account, Refunded, Transfer
from ledger.selectors.history import Cursor, Filters, Line, entries_of, history

# What people and devices pay into a till; not what game masters do, and not what comes back from others.
_TAKEN: Final = (Transfer.Kind.TRANSFER, Transfer.Kind.TERMINAL)


@dataclass(frozen=True, slots=True)
class Taking:
    """One payment taken, and how much of it was given back (minor units)."""

    line: Line
    given_back: int

    @property
    def left(self) -> int:
        """What can still be given back."""
        return self.line.transfer.amount - self.given_back


@dataclass(frozen=True, slots=True)
class Takings:
    """A page of a day's payments, newest first, and the sums of the whole day in minor units.

    ``given_back`` is what was given back of that day's payments, whenever that was.
    """

    day: dt.date
    count: int
    taken: int
    given_back: int
    lines: list[Taking]
    next: Cursor | None

    @property
    def kept(self) -> int:
        """What the day has brought."""
        return self.taken - self.given_back


def takings(
    account: Account, *, tenant: Tenant, day: dt.date, cursor: Cursor | None = None, limit: int = 50
) -> Takings:
    """What ``account`` (already allowed to the reader, of one shard) took on a day of ``tenant``."""
    until = tenant.beginning_of(day + dt.timedelta(days=1)) - dt.timedelta(microseconds=1)
    wanted = Filters(since=tenant.beginning_of(day), until=until, kinds=_TAKEN, is_incoming=True)
    sums = entries_of(account, 0, wanted).aggregate(
        count=Count("seq"), taken=Sum("amount"), given_back=Sum("transfer__refunded__amount")
    )
    page = history([account], filters=wanted, cursor=cursor, limit=limit)
    returned = dict(
        Refunded.objects.filter(pk__in=[line.transfer.pk for line in page.lines]).values_list("pk", "amount")
    )
    return Takings(
        day=day,
        count=sums["count"],
        taken=sums["taken"] or 0,
        given_back=sums["given_back"] or 0,
        lines=[Taking(line, returned.get(line.transfer.pk, 0)) for line in page.lines],
        next=page.next,
    )
