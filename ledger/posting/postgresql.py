"""The engine on PostgreSQL: one round trip to ``ledger_post`` (ledger/migrations/sql)."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, connection

from accounts.actors import Actor
from accounts.units import RunAgain
from ledger.models import IdempotencyKey
from ledger.money import is_amount
from ledger.posting.orders import Authority, Claim, Claimed, Leg, Offence, Order, Posting, Seen, Stored


def post(
    *,
    actor: Actor,
    items: Sequence[Order],
    authority: Authority,
    claim: Claim | Claimed | None,
    day: dt.date,
    settles: uuid.UUID | None,
    follows: Order | None,
    seen: bool,
) -> Posting | Offence | Stored:
    """See ``ledger.posting.post``."""
    posted = [*items, follows] if follows is not None else items
    request = _request(actor, items, authority, claim, day)
    request["refs"] = [str(order.id) for order in posted]
    if any(order.refunds for order in items):
        request["refunding"] = True
    if settles is not None:
        request["settles"] = str(settles)
    if seen:
        request["seen"] = True
    if follows is not None:
        request["follows"] = _item(0, follows)
    answer = _call(request)
    if "stored" in answer:
        return Stored(**answer["stored"])
    if "refused" in answer:
        return Offence.from_json(answer["refused"])
    legs = [Leg(seq, after) for seq, after in answer["legs"]]
    return Posting(
        ids=tuple(order.id for order in posted),
        posted_at=dt.datetime.fromisoformat(answer["posted_at"]),
        debits=tuple(legs[::2]),
        credits=tuple(legs[1::2]),
    )


def look(
    *, actor: Actor, order: Order, authority: Authority, claim: Claimed | None, day: dt.date
) -> Seen | Offence:
    """See ``ledger.posting.look``."""
    answer = _call(_request(actor, [order], authority, claim, day) | {"looking": True})
    return Offence.from_json(answer["refused"]) if "refused" in answer else _seen(answer["seen"], day)


def _seen(amounts: list[int | None], day: dt.date) -> Seen:
    payer, payer_available, payee, payee_available = amounts
    return Seen(payer or 0, payer_available, payee or 0, payee_available, day)


def _request(
    actor: Actor, items: Sequence[Order], authority: Authority, claim: Claim | Claimed | None, day: dt.date
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "tenant": str(actor.tenant.pk),
        "day": day.isoformat(),
        "authority": authority.value,
        "actor": _text(actor.user_id),
        "key": _text(actor.key_id),
        "ip": actor.origin.ip,
        "device": actor.origin.device_id,
        "request": actor.origin.request_id,
        "items": [_item(index, order) for index, order in enumerate(items)],
    }
    if isinstance(claim, Claimed):
        request["claimed"] = _claim(actor, claim.claim)
    elif claim is not None:
        request["claim"] = _claim(actor, claim)
    return request


def claim(*, actor: Actor, claim: Claim, outcome: str, refs: Any) -> Stored | None:
    """Claim the key, or return what is stored under it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ledger_claim(%s, %s::jsonb, %s, %s::jsonb)",
            [actor.tenant.pk, json.dumps(_claim(actor, claim)), outcome, json.dumps(refs)],
        )
        stored = cursor.fetchone()[0]
    return Stored(**_loaded(stored)) if stored is not None else None


def settle(*, actor: Actor, claim: Claim, outcome: str, refs: Any) -> None:
    """Write the outcome of a key that ``claim`` took."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_idempotencykey SET outcome = %s, refs = %s::jsonb"
            " WHERE tenant_id = %s AND principal = %s AND key = %s",
            [outcome, json.dumps(refs), actor.tenant.pk, actor.principal, claim.key],
        )


def release(*, actor: Actor, claim: Claim) -> None:
    """Give a claimed key back, as if it had never come."""
    IdempotencyKey.objects.filter(principal=actor.principal, key=claim.key).delete()


def lock_refunds(*, actor: Actor, transfers: Sequence[uuid.UUID]) -> None:
    """See ``ledger.posting.lock_refunds``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_lock_refunded(%s, %s::uuid[])", [actor.tenant.pk, list(transfers)])


def _call(request: dict[str, Any]) -> dict[str, Any]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT ledger_post(%s::jsonb)", [json.dumps(request)])
            return _loaded(cursor.fetchone()[0])
    except IntegrityError as error:
        # Somebody else's posting took the reference after ours had looked; the next run will see it and say so.
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) == "transfer_reference":
            raise RunAgain from error
        raise


def _loaded(value: Any) -> dict[str, Any]:
    """Django asks psycopg for jsonb as text."""
    return json.loads(value) if isinstance(value, str) else value


def _item(index: int, order: Order) -> dict[str, Any]:
    item: dict[str, Any] = {
        "i": index,
        "id": str(order.id),
        "f": order.from_account if order.may_debit else None,
        "t": order.to_account,
        # Out of range may be out of bigint's range too; NULL is refused in its turn as any other wrong amount.
        "a": order.amount if is_amount(order.amount) else None,
        "k": order.kind,
        "m": order.memo,
    }
    for name, value in (("c", order.currency), ("r", order.reference), ("d", order.metadata)):
        if value is not None:
            item[name] = value
    if order.refunds is not None:
        item["b"] = str(order.refunds)
    return item


def _claim(actor: Actor, claim: Claim) -> dict[str, str]:
    return {"principal": actor.principal, "key": claim.key, "hash": claim.request_hash.hex()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)
