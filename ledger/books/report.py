"""The replay of every tenant, said to a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Tenant
from ledger.books.replay import Replay


class Bar(Protocol):
    """As much of a progress bar as is needed here."""

    total: Any

    def update(self, n: int) -> Any: ...


def report(
    connection: BaseDatabaseWrapper,
    *,
    say: Callable[[str], Any],
    bar: Bar,
    tenants: Iterable[Tenant] | None = None,
    rows_of_a_rule: int = 100,
) -> int:
    """Replay ``tenants`` (all of them when None) and ``say`` what is found; returns the number of differences, notes aside.

    Of each rule at most ``rows_of_a_rule`` rows are said, then how many more there are.
    """
    if tenants is None:
        tenants = Tenant.objects.using(connection.alias).order_by("slug")
    replays = [Replay(connection, tenant, bar.update) for tenant in tenants]
    bar.total = sum(replay.steps for replay in replays)
    return sum(_one(replay, say, rows_of_a_rule) for replay in replays)


def _one(replay: Replay, say: Callable[[str], Any], rows_of_a_rule: int) -> int:
    slug = replay.tenant.slug
    found: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for difference in replay.differences():
        seen = notes if difference.is_note else found
        seen[difference.rule] += 1
        if seen[difference.rule] <= rows_of_a_rule:
            said = _("note: %(text)s") % {"text": difference} if difference.is_note else str(difference)
            say(f"{slug}: {said}")
    for rule, count in (found + notes).items():
        if count > rows_of_a_rule:
            say(
                _("%(slug)s: and %(count)d more [%(rule)s]")
                % {"slug": slug, "count": count - rows_of_a_rule, "rule": rule}
            )
    differences = found.total()
    if differences:
        say(
            ngettext(
                "%(slug)s: %(count)d difference. The books are NOT right.",
                "%(slug)s: %(count)d differences. The books are NOT right.",
                differences,
            )
            % {"slug": slug, "count": differences}
        )
        return differences
    in_the_world = ", ".join(f"{code} {amount}" for code, amount in replay.circulating().items()) or "0"
    say(
        _(
            "%(slug)s: clean. %(transfers)d transfers, %(entries)d entries, %(accounts)d accounts; in the world: %(issued)s."
        )
        % {
            "slug": slug,
            "transfers": replay.transfers,
            "entries": replay.entries,
            "accounts": replay.accounts,
            "issued": in_the_world,
        }
    )
    return 0
