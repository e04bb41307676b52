"""Transfers as lines of the trail: they are their own record, and nothing else is written about them."""

from __future__ import annotations

import datetime as dt
import heapq
import uuid
from collections.abc import Iterable
from itertools import islice

from django.db.models import Exists, F, OuterRef, Q
from django.utils.dateparse import parse_datetime

from accounts.activity import SEES_EVERYTHING, Activity, Wanted, bad_place
from accounts.actors import Actor
from ledger import money
from ledger.models import Account, AccountStaff, Entry, Transfer
from ledger.selectors.accounts import accounts_of
from ledger.selectors.history import transfers_by_ids

ACTION = "transfer."
TARGET = "ledger.account:"
TRANSFER = "ledger.transfer"

_Place = tuple[dt.datetime, uuid.UUID]


def activity(actor: Actor, wanted: Wanted, after: str | None, limit: int) -> list[Activity]:
    """The transfers that ``wanted`` describes, newest first; a target is any account on either side of them.

    People see what they started from accounts that they work with, game masters all. Those of one person are looked for along
    the newest transfers of the event, those of one account along its own entries: an index on the starter would cost every
    payment more than it spares a game master. Raises ``Invalid`` (``bad_cursor``).
    """
    place = _place(after) if after is not None else None
    if not _may_be_here(wanted):
        return []
    if not actor.may(SEES_EVERYTHING):
        mine = Q(amount__lt=0, transfer__actor=actor.user_id)
        if wanted.target:
            number = wanted.target.removeprefix(TARGET)
            mine &= Q(transfer__from_account__number=number) | Q(transfer__to_account__number=number)
        return _along(accounts_of(actor), mine & _asked(wanted, "transfer__"), place, limit)
    if wanted.target:
        account = Account.objects.filter(number=wanted.target.removeprefix(TARGET))
        return _along(account, _asked(wanted, "transfer__"), place, limit)
    newest = Transfer.objects.filter(_asked(wanted, ""), _beyond(place, "id")).order_by("-posted_at", "-id")
    return _lines(newest.values_list("pk", flat=True)[:limit])


def targets_of(actor: Actor) -> list[str]:
    """How the trail names the accounts that the actor works with."""
    return [f"{TARGET}{number}" for number in accounts_of(actor).values_list("number", flat=True)]


def stretch_end(wanted: Wanted, after: str | None, count: int) -> tuple[dt.datetime, str] | None:
    """Where looking for ``wanted`` should stop for now, when it would otherwise walk over more than ``count`` transfers.

    The moment of the ``count``th transfer after ``after``, and the place behind everything of that moment. None when there are
    fewer, and when an index leads to what is wanted. Raises ``Invalid`` (``bad_cursor``).
    """
    is_rare = wanted.by_right or any((wanted.user_id, wanted.key_id, wanted.action))
    is_rare |= wanted.user_ids is not None or wanted.actions is not None
    if wanted.target or not is_rare or not _may_be_here(wanted):
        return None
    place = _place(after) if after is not None else None
    span = Transfer.objects.filter(_within(wanted), _beyond(place, "id")).order_by("-posted_at", "-id")
    last = span.values_list("posted_at", flat=True)[count - 1 : count].first()
    return None if last is None else (last, f"{last.isoformat()}/{uuid.UUID(int=0)}")


def _may_be_here(wanted: Wanted) -> bool:
    """Whether a transfer can be what is wanted: none was ever refused, and all are called so."""
    actions = {wanted.action} if wanted.action else wanted.actions
    return wanted.status in ("", "ok") and (
        actions is None or any(action.startswith(ACTION) for action in actions)
    )


def _along(accounts: Iterable[Account], asked: Q, place: _Place | None, limit: int) -> list[Activity]:
    """Transfers found along the entries of ``accounts``, which stand in the order of time shard by shard."""
    streams = []
    for account in accounts:
        for shard in range(account.shards):
            entries = Entry.objects.filter(asked, _beyond(place, "transfer"), account=account, shard=shard)
            newest = entries.order_by("-posted_at", "-transfer")
            streams.append(list(newest.values_list("posted_at", "transfer")[:limit]))
    merged = heapq.merge(*streams, reverse=True)
    return _lines(transfer for _posted_at, transfer in islice(merged, limit))


def _asked(wanted: Wanted, of: str) -> Q:
    """The conditions of ``wanted``; ``of`` leads from the row that is asked to the transfer."""
    actions = wanted.actions
    exact = {
        f"{of}actor": wanted.user_id,
        f"{of}actor__in": wanted.user_ids,
        f"{of}key": wanted.key_id,
        f"{of}kind": wanted.action.removeprefix(ACTION) or None,
        f"{of}kind__in": None if actions is None else {action.removeprefix(ACTION) for action in actions},
    }
    asked = Q(**{column: value for column, value in exact.items() if value is not None}) & _within(wanted)
    return asked & _by_right(of) if wanted.by_right else asked


def _within(wanted: Wanted) -> Q:
    span = {"posted_at__gte": wanted.since, "posted_at__lte": wanted.until}
    return Q(**{column: value for column, value in span.items() if value is not None})


def _by_right(of: str) -> Q:
    """What only a game master may start; a refund also when neither who gives back nor the terminal started it."""
    kind = f"{of}kind"
    works_there = AccountStaff.objects.filter(
        account=OuterRef(f"{of}from_account"), user=OuterRef(f"{of}actor")
    )
    is_own = Q(**{f"{of}from_account__holder__user": F(f"{of}actor")}) | Q(Exists(works_there))
    of_others = Q(**{kind: Transfer.Kind.REFUND, f"{of}key": None}) & ~is_own
    return Q(**{f"{kind}__in": (Transfer.Kind.ADMIN, Transfer.Kind.PAYROLL)}) | of_others


def _beyond(place: _Place | None, id_column: str) -> Q:
    """Rows after ``place``; the first condition is the one that an index can use."""
    if place is None:
        return Q()
    posted_at, transfer = place
    return Q(posted_at__lte=posted_at) & (Q(posted_at__lt=posted_at) | Q(**{f"{id_column}__lt": transfer}))


def _lines(ids: Iterable[uuid.UUID]) -> list[Activity]:
    """The lines of these transfers, in their order. A statement of its own, for the reason given in ``history``."""
    return [_line(transfer) for transfer in transfers_by_ids(list(ids))]


def _line(transfer: Transfer) -> Activity:
    currency = transfer.currency
    return Activity(
        id=transfer.pk,
        record=TRANSFER,
        created_at=transfer.posted_at,
        actor_id=transfer.actor_id or transfer.key_id,
        actor_name=_starter(transfer),
        action=f"{ACTION}{transfer.kind}",
        target=f"{TARGET}{transfer.to_account.number}",
        ip=transfer.ip,
        device_id=transfer.device_id,
        request_id=transfer.request_id,
        details={
            "from_account": transfer.from_account.number,
            "to_account": transfer.to_account.number,
            "amount": transfer.amount,
            "amount_display": money.display(
                transfer.amount, symbol=currency.symbol, exponent=currency.exponent
            ),
            "currency": currency.code,
            "memo": transfer.memo,
        },
        place=f"{transfer.posted_at.isoformat()}/{transfer.pk}",
    )


def _starter(transfer: Transfer) -> str:
    if transfer.actor is not None:
        return str(transfer.actor.character_name)
    return f"{transfer.key.name} ({transfer.key.prefix})" if transfer.key is not None else "server"


def _place(after: str) -> _Place:
    moment, _slash, transfer = after.partition("/")
    try:
        posted_at = parse_datetime(moment)
        if posted_at is not None and posted_at.tzinfo is not None:
            return posted_at.astimezone(dt.UTC), uuid.UUID(transfer)
    except (ValueError, OverflowError):
        pass
    raise bad_place()
