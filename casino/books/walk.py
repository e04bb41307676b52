"""The walk through the casino's own rows: what was promised, then every round of every player in its order."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils.translation import gettext as _

from accounts import tenancy
from accounts.models import Tenant
from casino.books.drawn import Drawing
from casino.books.promises import Promises, Seeds
from casino.books.running import compare
from casino.models import Round, SeedPair
from ledger.books import Difference, Progress

_ROWS_AT_ONCE = 2000


def steps(connection: BaseDatabaseWrapper, tenant: Tenant) -> int:
    """A seed is a step, and so is a round."""
    with tenancy.scope(tenant):
        return sum(model.objects.using(connection.alias).count() for model in (SeedPair, Round))


def walk(connection: BaseDatabaseWrapper, tenant: Tenant, progress: Progress) -> Iterator[Difference]:
    """Every row of ``tenant``'s casino that does not say what the others say."""
    with tenancy.scope(tenant):
        promises = Promises(connection.alias, tenant)
        yield from promises.differences()
        seeds = Seeds(connection.alias)
        yield from seeds.differences(progress)
        drawing = Drawing(promises)
        last: Round | None = None
        rounds = Round.objects.using(connection.alias).order_by("user_id", "number")
        for row in rounds.iterator(chunk_size=_ROWS_AT_ONCE):
            before = last if last is not None and last.user_id == row.user_id else None
            yield from compare(row, before, tenant)
            seed = seeds.of(row.seed_pair_id)
            if seed is not None and seed.user != row.user_id:
                yield difference("round_seeds", row.pk, _("was drawn from somebody else's seeds"))
            yield from drawing.compare(row, seed.text if seed is not None else None)
            last = row
            progress(1)


def difference(rule: str, pk: uuid.UUID, said: str) -> Difference:
    """What is wrong with one round."""
    return Difference(rule, f"casino_round {pk}", said)
