"""The spending counters, day by day: what a limit was compared with must be what was really started on that day."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from accounts.models import Tenant
from ledger.books.differences import Difference
from ledger.books.rules import COUNTED
from ledger.books.snapshot import rows

STARTED: Final = f"""
    SELECT t.posted_at, t.from_account_id, t.key_id, t.amount
      FROM ledger_transfer t
     WHERE t.tenant_id = %(tenant)s AND t.kind IN ({COUNTED})"""  # noqa: S608  places of values
COUNTERS: Final = (
    "SELECT s.day, s.scope, s.subject, s.amount FROM ledger_spent s WHERE s.tenant_id = %(tenant)s"
)
# The day is chosen before the locks are waited for and the stamp is taken after, so a payment at the turn of the day may be
# counted on the day before its stamp: by as long as a posting may wait, and be tried again.
TURN_OF_THE_DAY: Final = dt.timedelta(minutes=2)

Counter = tuple[dt.date, str, str]
"""Day, scope (``account`` or ``key``), and whose."""


def compare_days(
    connection: BaseDatabaseWrapper, tenant: Tenant, params: dict[str, Any]
) -> Iterator[Difference]:
    """Notes about days whose counter is not what today's ``day_starts_at`` and time zone make of the transfers.

    Only notes, because an event may have moved its day since; that the sum over all days is right is a rule of its own. Memory
    grows with accounts times days, not with transfers.
    """
    counted: dict[Counter, int] = defaultdict(int)
    for day, scope, subject, amount in rows(connection, COUNTERS, params):
        counted[day, scope, subject] += amount
    started: dict[Counter, int] = defaultdict(int)
    at_the_turn: dict[Counter, int] = defaultdict(int)
    for posted_at, account, key, amount in rows(connection, STARTED, params):
        stamp = posted_at if posted_at.tzinfo else posted_at.replace(tzinfo=dt.UTC)
        day = tenant.day_of(stamp)
        turned = tenant.day_of(stamp - TURN_OF_THE_DAY) != day
        subjects = [("account", str(account))] + ([("key", str(uuid.UUID(str(key))))] if key else [])
        for scope, subject in subjects:
            started[day, scope, subject] += amount
            if turned:
                at_the_turn[day, scope, subject] += amount
    for counter in sorted(counted.keys() | started.keys()):
        day, scope, subject = counter
        tomorrow = (day + dt.timedelta(days=1), scope, subject)
        too_much = counted.get(counter, 0) - started.get(counter, 0)
        if not -at_the_turn.get(counter, 0) <= too_much <= at_the_turn.get(tomorrow, 0):
            said = _(
                "counts %(counted)d; that day's transfers come to %(started)d, unless the day began at another hour then"
            )
            numbers = {"counted": counted.get(counter, 0), "started": started.get(counter, 0)}
            yield Difference(
                "spent_day", f"ledger_spent {scope} {subject} {day}", said % numbers, is_note=True
            )
