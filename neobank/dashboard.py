"""The first page of the console: the economy, what was done lately, and whether all is well. It composes; it counts nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

import neobank
from accounts import tenancy
from accounts.console.parts import Button, Fact, Panel
from accounts.requests import BankRequest
from casino.console import dashboard as casino
from ledger.console import dashboard
from ledger.console.dashboard import Taken
from neobank.backups.archive import SUFFIX
from neobank.laptop import place

SEES: Final = "ledger.view_all"
# An hourly backup that did not come is a reason to look.
_BACKUP_OLD_AFTER: Final = dt.timedelta(hours=2)


def economy(request: HttpRequest) -> dict[str, Any]:
    """What the template needs for the figures; nothing for those who may not see them."""
    if not request.user.has_perm(SEES):
        return {}
    taken = dashboard.latest()
    found = taken.figures
    played = casino.panel(cast(BankRequest, request))
    return {
        "figures": {
            "at": timezone.localtime(found.at),
            "url": reverse("admin:figures"),
            "hours": dashboard.hours_table(found),
            "panels": [*([played] if played else []), *dashboard.panels_of(found)],
        },
        "health": _health(taken),
        "quick": _quick(request),
    }


def figures(request: HttpRequest) -> JsonResponse:
    """The same for the chart, as JSON. Raises ``PermissionDenied``."""
    if not request.user.has_perm(SEES) or request.method not in {"GET", "HEAD"}:
        raise PermissionDenied
    return JsonResponse(dashboard.as_json(dashboard.latest().figures))


def _quick(request: HttpRequest) -> list[Button]:
    """The ways that are gone most often."""
    slug = tenancy.current().slug
    ways = [
        ("ledger.payroll", _("Pay people from a list"), reverse("admin:accounts_tenant_pay", args=[slug])),
    ]
    return [Button(label, url) for permission, label, url in ways if request.user.has_perm(permission)]


def _health(taken: Taken) -> Panel:
    tenant = tenancy.current()
    world = (
        Fact(_("World"), _("money flows"), "good")
        if tenant.paused_at is None
        else Fact(_("World"), _("PAUSED: nobody can pay"), "bad")
    )
    engine = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}[connection.vendor]
    answered = _("%(engine)s, answered in %(ms)d ms") % {"engine": engine, "ms": taken.took_ms}
    return Panel(
        _("Health"),
        facts=[
            world,
            dashboard.books_fact(taken.figures),
            Fact(_("Database"), answered, "good"),
            _backup(),
            Fact(_("Version"), neobank.__version__),
        ],
    )


def _backup() -> Fact:
    label, newest = _("Last backup"), _newest_backup()
    if newest is None:
        return Fact(label, _("none here"), "bad")
    age = timezone.now() - newest
    return Fact(
        label, _("%(age)s ago") % {"age": timesince(newest)}, "bad" if age > _BACKUP_OLD_AFTER else "good"
    )


def _newest_backup() -> dt.datetime | None:
    """When the newest backup that this machine can see was finished."""
    folders = {Path(settings.BACKUP_DIR), place.backup_folder()}
    times = []
    for folder in folders:
        try:
            times += [path.stat().st_mtime for path in folder.glob(f"neobank-*{SUFFIX}")]
        except OSError:
            # A stick that was pulled out is no reason not to show the rest.
            continue
    return dt.datetime.fromtimestamp(max(times), dt.UTC) if times else None
