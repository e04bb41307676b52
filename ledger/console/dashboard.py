"""The economy on the first page of the console: supply, pace, what was large today, and who sent the welcome bonus away."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import tenancy
from accounts.console.parts import NOTHING, Cell, Fact, Panel, Table, link, moment
from ledger.console.money import shown
from ledger.console.transfers import account_link
from ledger.models import Currency
from ledger.selectors.figures import Figures, Hour, Supply, figures, newest_transfer

# Several game masters, and one who keeps pressing reload, cost the bank no more than one: figures are kept for so long, unless
# something has moved since. The page says of when they are.
KEPT_S: Final = 3.0
# After figures are counted, none are for so many times as long: a tenth of one core at most.
RESTS_TIMES = 9


@dataclass(frozen=True, slots=True)
class Taken:
    """Figures, and how long it took to have them."""

    figures: Figures
    took_ms: int
    until: float
    rests_until: float
    newest: Any


_kept: dict[Any, Taken] = {}
_turns: dict[Any, threading.Lock] = {}


def latest() -> Taken:
    """The figures of the event whose scope this is, with what has moved; but counting takes a tenth of the time at most."""
    tenant = tenancy.current()
    newest = newest_transfer()
    with _turns.setdefault(tenant.pk, threading.Lock()):
        kept = _kept.get(tenant.pk)
        if kept is not None and _is_good(kept, newest):
            return kept
        began = time.monotonic()
        found = figures(tenant)
        ended = time.monotonic()
        took = ended - began
        _kept[tenant.pk] = Taken(
            found, round(took * 1000), ended + KEPT_S, ended + RESTS_TIMES * took, newest
        )
        return _kept[tenant.pk]


def _is_good(kept: Taken, newest: Any) -> bool:
    now = time.monotonic()
    return now < kept.rests_until or (kept.newest == newest and now < kept.until)


def panels_of(found: Figures) -> list[Panel]:
    """Everything but the chart."""
    return [*(_supply(supply, found) for supply in found.supplies), *_largest(found), *_senders(found)]


def _supply(supply: Supply, found: Figures) -> Panel:
    def amount(value: int) -> str:
        return shown(value, supply.currency)

    day = date_format(timezone.localtime(found.day_began), _("D j M, H:i"))
    facts = [
        Fact(_("In the world"), amount(supply.circulating)),
        Fact(_("Minted since %(day)s") % {"day": day}, amount(supply.minted_today)),
        Fact(_("Burnt since %(day)s") % {"day": day}, amount(supply.burnt_today)),
        Fact(_("Minted in all"), amount(supply.minted)),
        Fact(_("Burnt in all"), amount(supply.burnt)),
    ]
    if supply.currency == found.supplies[0].currency:
        facts += _pace(found, supply.currency)
    return Panel(_("Money: %(currency)s") % {"currency": supply.currency.name}, facts=facts)


def _pace(found: Figures, currency: Currency) -> list[Fact]:
    moved = shown(sum(hour.moved for hour in found.hours), currency)
    facts = [Fact(_("Paid between people in 24 hours"), moved)]
    if found.velocity is not None:
        times = _("%(times)s times") % {"times": f"{found.velocity:.2f}"}
        facts.append(Fact(_("So each coin changed hands"), times))
    if found.gini is not None:
        facts.append(Fact(_("Inequality (Gini; 0: all alike, 1: one has all)"), f"{found.gini:.2f}"))
    return facts


def hours_table(found: Figures) -> Table:
    """The chart in figures, the present hour first."""
    currency = found.supplies[0].currency if found.supplies else None
    rows = [_hour(hour, currency) for hour in reversed(found.hours)]
    return Table([_("Hour"), _("Transfers"), _("Paid between people")], rows)


def _hour(hour: Hour, currency: Currency | None) -> list[Cell]:
    moved = shown(hour.moved, currency) if currency and hour.moved else NOTHING
    return [
        Cell(date_format(timezone.localtime(hour.begins), _("D H:i"))),
        Cell(str(hour.count) if hour.count else NOTHING, is_amount=True),
        Cell(moved, is_amount=True),
    ]


def _largest(found: Figures) -> list[Panel]:
    rows = [
        [
            Cell(link(reverse("admin:ledger_transfer_change", args=[row.pk]), moment(row.posted_at))),
            Cell(shown(row.amount, row.currency), is_amount=True),
            Cell(account_link(row.from_account)),
            Cell(account_link(row.to_account)),
            Cell(row.get_kind_display()),
        ]
        for row in found.largest
    ]
    columns = [_("When"), _("Amount"), _("From"), _("To"), _("Kind")]
    table = Table(columns, rows, empty=_("Nothing has moved today yet."))
    return [Panel(_("Largest movements of the day"), table=table)]


def _senders(found: Figures) -> list[Panel]:
    rows = [
        [
            Cell(
                link(
                    reverse("admin:ledger_transfer_change", args=[one.transfer.pk]),
                    moment(one.transfer.posted_at),
                )
            ),
            Cell(account_link(one.transfer.from_account)),
            Cell(shown(one.transfer.amount, one.transfer.currency), is_amount=True),
            Cell(account_link(one.transfer.to_account)),
            Cell(_many(one.same_payee), tone="bad" if one.same_payee > 1 else "quiet"),
        ]
        for one in found.senders
    ]
    note = _(
        "Accounts whose first act was to send the welcome bonus away. Several to one payee: perhaps one person with many logins."
    )
    columns = [_("When"), _("From"), _("Amount"), _("To"), _("How many did so to this account")]
    return [Panel(_("Sent the bonus away"), table=Table(columns, rows, empty=_("Nobody has.")), note=note)]


def _many(count: int) -> str:
    return ngettext("%(count)d account", "%(count)d accounts", count) % {"count": count}


def books_fact(found: Figures) -> Fact:
    """Whether all accounts together come to nothing, which they do while the books are right."""
    wrong = [supply for supply in found.supplies if supply.imbalance]
    if not wrong:
        return Fact(_("Books"), _("balanced: all accounts together come to nothing"), "good")
    said = " + ".join(shown(supply.imbalance, supply.currency) for supply in wrong)
    return Fact(_("Books"), _("NOT BALANCED by %(amount)s: pause the world") % {"amount": said}, "bad")


def as_json(found: Figures) -> dict[str, Any]:
    """The figures for programs: minor units, times in UTC."""
    return {
        "at": found.at.isoformat(),
        "day_began": found.day_began.isoformat(),
        "supplies": [
            {
                "currency": supply.currency.code,
                "exponent": supply.currency.exponent,
                "circulating": supply.circulating,
                "minted": supply.minted,
                "burnt": supply.burnt,
                "minted_today": supply.minted_today,
                "burnt_today": supply.burnt_today,
                "imbalance": supply.imbalance,
            }
            for supply in found.supplies
        ],
        "hours": [
            {"begins": hour.begins.isoformat(), "count": hour.count, "moved": hour.moved}
            for hour in found.hours
        ],
    }
