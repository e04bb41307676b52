"""An event's economy at a glance. Every figure is of the books themselves; what is asked walks along an index."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final

from django.db.models import (
    Count,
    DateTimeField,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    Subquery,
    Sum,
    UUIDField,
)
from django.utils import timezone

from accounts.models import Tenant
from ledger import numbers
from ledger.models import AccountHolder, Balance, Currency, Entry, Transfer
from ledger.selectors.history import transfers_by_ids

HOURS: Final = 24
LARGEST_SHOWN: Final = 8
# Among how many welcome bonuses (the newest) one looks for those that were sent away, and how many are shown.
BONUSES_LOOKED_AT: Final = 5_000
SENDERS_SHOWN: Final = 20
# Whoever keeps less than a tenth of the bonus has sent it away.
_SENT_AWAY: Final = 90
# A first act is looked for among an account's first lines: what comes later was not the reason to join.
_FIRST_LINES: Final = 20
_BETWEEN_PEOPLE: Final = (Transfer.Kind.TRANSFER, Transfer.Kind.TERMINAL)


@dataclass(frozen=True, slots=True)
class Supply:
    """What was issued of a currency and what was burnt, in all and since the day began; minor units.

    ``imbalance`` is what all accounts come to together, those that issue included: 0 while the books are right.
    """

    currency: Currency
    minted: int
    burnt: int
    minted_today: int
    burnt_today: int
    imbalance: int

    @property
    def circulating(self) -> int:
        """What is in the world."""
        return self.minted - self.burnt


@dataclass(frozen=True, slots=True)
class Hour:
    """How many transfers an hour saw, and what people paid each other in it (minor units of the first currency)."""

    begins: dt.datetime
    count: int
    moved: int


@dataclass(frozen=True, slots=True)
class BonusSender:
    """An account whose first act was to send its welcome bonus away; ``same_payee`` is how many did so to that account."""

    transfer: Transfer
    bonus: int
    same_payee: int


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one moment. ``gini`` is 0 where everybody has the same, near 1 where one has all; None without money."""

    at: dt.datetime
    day_began: dt.datetime
    supplies: list[Supply]
    hours: list[Hour]
    largest: list[Transfer]
    senders: list[BonusSender]
    gini: float | None

    @property
    def velocity(self) -> float | None:
        """How often the money of the first currency changed hands in these hours."""
        supply = self.supplies[0].circulating if self.supplies else 0
        return sum(hour.moved for hour in self.hours) / supply if supply > 0 else None


class _Minute(Func):
    """The minute of a moment, computed by the database itself: on SQLite a moment is a text that begins with it."""

    template = "date_trunc('minute', %(expressions)s)"
    output_field = DateTimeField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 16)", **context)


def newest_transfer() -> uuid.UUID | None:
    """The id of the last movement: figures are those of before as long as it is the same."""
    newest: uuid.UUID | None = (
        Transfer.objects.order_by("-posted_at", "-id").values_list("pk", flat=True).first()
    )
    return newest


def figures(tenant: Tenant) -> Figures:
    """The figures of ``tenant``, now. The caller asks who may see them."""
    now = timezone.now()
    day_began = tenant.beginning_of(tenant.day_of(now))
    currencies = list(Currency.objects.order_by("position"))
    first = currencies[0] if currencies else None
    sums = _sums()
    return Figures(
        at=now,
        day_began=day_began,
        supplies=_supplies(currencies, day_began, sums),
        hours=_hours(now, first),
        largest=_largest(day_began, first),
        senders=_senders(),
        gini=_gini([row.amount for row in sums if first and row.is_of_person(first)]),
    )


# -- money -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sum:
    """What one holder has of one currency."""

    currency: int
    kind: str
    amount: int

    def is_of_person(self, currency: Currency) -> bool:
        """Whether this is a person's money in ``currency``."""
        return self.kind == AccountHolder.Kind.PERSON and self.currency == currency.pk


def _sums() -> list[_Sum]:
    columns = ("account__currency_id", "account__holder__kind", "account__holder_id")
    rows = Balance.objects.order_by().values(*columns).annotate(total=Sum("amount"))
    return [
        _Sum(currency, kind, total) for currency, kind, _holder, total in rows.values_list(*columns, "total")
    ]


def _supplies(currencies: Sequence[Currency], since: dt.datetime, sums: Sequence[_Sum]) -> list[Supply]:
    """What left the issuing accounts and came back, whichever kind of movement it was: one statement, so one moment."""
    mints = {one.pk: numbers.mint(one.code, first=one.position == 0) for one in currencies}
    out, back, today = Q(amount__lt=0), Q(amount__gt=0), Q(posted_at__gte=since)
    moved = (
        Entry.objects.filter(account__number__in=mints.values())
        .order_by()
        .values("account__number")
        .annotate(
            minted=Sum("amount", filter=out),
            burnt=Sum("amount", filter=back),
            minted_today=Sum("amount", filter=out & today),
            burnt_today=Sum("amount", filter=back & today),
        )
    )
    by_number = {row.pop("account__number"): row for row in moved}
    supplies = []
    for one in currencies:
        found = by_number.get(mints[one.pk], {})
        amounts = {
            name: abs(found.get(name) or 0) for name in ("minted", "burnt", "minted_today", "burnt_today")
        }
        imbalance = sum(row.amount for row in sums if row.currency == one.pk)
        supplies.append(Supply(one, **amounts, imbalance=imbalance))
    return supplies


def _gini(amounts: Sequence[int]) -> float | None:
    """Half the mean difference between two people, by the mean. Debts count as nothing."""
    ordered = sorted(max(0, amount) for amount in amounts)
    total = sum(ordered)
    if not total:
        return None
    # The area under the Lorenz curve, by its corners.
    beneath = sum(accumulate(ordered))
    count = len(ordered)
    return (count + 1 - 2 * beneath / total) / count


# -- movements ---------------------------------------------------------------------------------------------------------


def _hours(now: dt.datetime, currency: Currency | None) -> list[Hour]:
    """The last 24 hours of the event's clock, the present one included."""
    this_hour = timezone.localtime(now).replace(minute=0, second=0, microsecond=0).astimezone(dt.UTC)
    begins = [this_hour - dt.timedelta(hours=ago) for ago in reversed(range(HOURS))]
    between_people = Q(kind__in=_BETWEEN_PEOPLE, currency=currency.pk if currency else None)
    minutes = (
        Transfer.objects.filter(posted_at__gte=begins[0])
        .order_by()
        .annotate(minute=_Minute(F("posted_at")))
        .values("minute")
        .annotate(count=Count("pk"), moved=Sum("amount", filter=between_people))
    )
    counts, moved = Counter[int](), Counter[int]()
    for row in minutes:
        place = int((row["minute"] - begins[0]) // dt.timedelta(hours=1))
        counts[place] += row["count"]
        moved[place] += row["moved"] or 0
    return [Hour(moment, counts[place], moved[place]) for place, moment in enumerate(begins)]


def _largest(since: dt.datetime, currency: Currency | None) -> list[Transfer]:
    """The largest movements since then; amounts of other currencies cannot be compared with them."""
    if currency is None:
        return []
    rows = Transfer.objects.filter(posted_at__gte=since, currency=currency).order_by(
        "-amount", "-posted_at", "-id"
    )
    return transfers_by_ids(list(rows.values_list("pk", flat=True)[:LARGEST_SHOWN]))


def _senders() -> list[BonusSender]:
    """Whose first payment was the welcome bonus; those whose payees got several of them lead."""
    first = Entry.objects.filter(
        account=OuterRef("to_account"), shard=0, seq__lte=_FIRST_LINES, amount__lt=0
    ).order_by("seq")
    # A range of the index on references: kinds have none.
    bonuses = (
        Transfer.objects.filter(reference__gte="welcome:0", reference__lt="welcome:g")
        .order_by("-posted_at")
        .annotate(
            act=Subquery(first.values("transfer")[:1], output_field=UUIDField()),
            sent=Subquery(first.values("amount")[:1], output_field=IntegerField()),
        )
        .values_list("amount", "act", "sent")[:BONUSES_LOOKED_AT]
    )
    given: dict[uuid.UUID, int] = {
        act: amount for amount, act, sent in bonuses if act and -sent * 100 >= amount * _SENT_AWAY
    }
    # What game masters took was not sent.
    acts = Transfer.objects.filter(pk__in=list(given), kind=Transfer.Kind.TRANSFER).order_by()
    payees = dict(acts.values_list("pk", "to_account_id"))
    together = Counter(payees.values())
    leading = sorted(payees, key=lambda act: (together[payees[act]], act), reverse=True)[:SENDERS_SHOWN]
    return [BonusSender(row, given[row.pk], together[row.to_account_id]) for row in transfers_by_ids(leading)]
