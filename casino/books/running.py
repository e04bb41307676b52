"""What a round carries on from the player's last one: its number, its nonce, the totals of the sitting and of the day."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from accounts.models import Tenant
from casino.models import Round
from casino.playing import SITTING_ENDS_AFTER
from ledger.books import Difference


def compare(row: Round, last: Round | None, tenant: Tenant) -> Iterator[Difference]:
    """What ``row`` does not carry on from ``last``, the round of the same player before it (None: it is the first)."""
    name = f"casino_round {row.pk}"
    number = last.number + 1 if last else 1
    if row.number != number:
        said = _("is number %(number)d of its player; the one before it makes it %(wanted)d")
        yield Difference("round_number", name, said % {"number": row.number, "wanted": number})
    nonce = last.nonce + 1 if last and last.seed_pair_id == row.seed_pair_id else 1
    if row.nonce != nonce:
        said = _("has nonce %(nonce)d of its seeds; the round before it makes it %(wanted)d")
        yield Difference("round_nonce", name, said % {"nonce": row.nonce, "wanted": nonce})
    yield from _sitting(name, row, last)
    yield from _day(name, row, last, tenant)


def _sitting(name: str, row: Round, last: Round | None) -> Iterator[Difference]:
    sits = last is not None and row.played_at - last.played_at < SITTING_ENDS_AFTER
    session = last.session if last and sits else row.pk
    if row.session != session:
        yield Difference("round_session", name, _("belongs to another sitting than its moment says"))
    carried = (last.session_rounds, last.session_staked, last.session_won) if last and sits else (0, 0, 0)
    said = (row.session_rounds, row.session_staked, row.session_won)
    wanted = (carried[0] + 1, carried[1] + row.stake, carried[2] + row.win)
    if said != wanted:
        yield _totals(name, _("the sitting"), said, wanted)


def _day(name: str, row: Round, last: Round | None, tenant: Tenant) -> Iterator[Difference]:
    carried = (last.day_staked, last.day_won) if last and last.day == row.day else (0, 0)
    said, wanted = (row.day_staked, row.day_won), (carried[0] + row.stake, carried[1] + row.win)
    if said != wanted:
        yield _totals(name, _("the day"), said, wanted)
    if row.day != tenant.day_of(row.played_at):
        # Its limits are of that day, whatever is said now about when days begin.
        text = _("says %s, which was not its day, unless the day began at another hour then")
        yield Difference("round_day", name, text % row.day, is_note=True)


def _totals(name: str, of: str, said: tuple[int, ...], wanted: tuple[int, ...]) -> Difference:
    text = _("its totals of %(of)s are %(said)s; the round before it makes them %(wanted)s")
    values = {"of": of, "said": "/".join(map(str, said)), "wanted": "/".join(map(str, wanted))}
    return Difference("round_totals", name, text % values)
