"""What one would write without an engine: DRF and the ORM, keeping the same promises row by row. For comparison only.

The same authentication, idempotency, locks in order, refusals, limits, counters, entries and answer as ``POST /transfers``; the
database's own guards are on for both. It is no second way to write money: nothing outside this folder can import it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Any, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.actors import Actor
from accounts.errors import Conflict, NotFound, Reused
from accounts.ids import uuid7
from accounts.models import Tenant
from accounts.permissions import SignedIn
from ledger.api.answers import PaidAnswer
from ledger.models import Account, Balance, Entry, IdempotencyKey, Spent, Transfer
from ledger.services.transfers import Paid


class OrmTransfer(APIView):
    """``POST {to_account, amount, memo}`` with an ``Idempotency-Key``."""

    permission_classes = [SignedIn]

    def post(self, request: Request) -> Response:
        """Pay, one statement after another."""
        actor = cast(Actor, request.auth)
        body = cast(dict[str, Any], request.data)
        canonical = json.dumps(body, sort_keys=True).encode()
        with transaction.atomic():
            claim, new = IdempotencyKey.objects.get_or_create(
                principal=actor.principal,
                key=request.headers["Idempotency-Key"],
                defaults={
                    "request_hash": hashlib.sha256(canonical).digest(),
                    "outcome": "posted",
                    "refs": [],
                    "created_at": timezone.now(),
                },
            )
            if not new:
                raise Reused("key_reused", "")
            paid = self.pay(actor, body, claim)
        return Response(PaidAnswer(paid).data, status=201)

    def pay(self, actor: Actor, body: dict[str, Any], claim: IdempotencyKey) -> Paid:
        """Look up, lock, check, write."""
        payer = Account.objects.select_related("holder", "currency").get(
            holder__user=actor.user, is_primary=True
        )
        payee = Account.objects.select_related("holder", "currency").filter(number=body["to_account"]).first()
        if payee is None:
            raise NotFound("unknown_account", "")
        rows = Balance.objects.filter(account__in=[payer, payee], shard=0).order_by("account_id", "shard")
        balances = {row.account_id: row for row in rows.select_for_update()}
        debit, credit = balances[payer.pk], balances[payee.pk]
        day = actor.tenant.day_of(timezone.now())
        self.check(actor, debit, credit, body["amount"], day)
        stamps = [
            row.last_posted_at + dt.timedelta(microseconds=1) for row in (debit, credit) if row.last_posted_at
        ]
        posted_at = max([timezone.now(), *stamps])
        transfer = Transfer.objects.create(
            id=uuid7(),
            from_account=payer,
            to_account=payee,
            currency=payer.currency,
            amount=body["amount"],
            kind=Transfer.Kind.TRANSFER,
            memo=body.get("memo", ""),
            actor=actor.user,
            ip=actor.origin.ip,
            request_id=actor.origin.request_id,
            posted_at=posted_at,
        )
        entries = []
        for account, row, amount in ((payer, debit, -transfer.amount), (payee, credit, transfer.amount)):
            row.amount += amount
            row.last_seq += 1
            Balance.objects.filter(account=account, shard=0).update(
                amount=row.amount, last_seq=row.last_seq, last_posted_at=posted_at
            )
            entries.append(
                Entry(
                    account=account,
                    shard=0,
                    seq=row.last_seq,
                    transfer=transfer,
                    amount=amount,
                    balance_after=row.amount,
                    posted_at=posted_at,
                )
            )
        Entry.objects.bulk_create(entries)
        self.count(payer, transfer.amount, day)
        IdempotencyKey.objects.filter(pk=claim.pk).update(refs=[str(transfer.pk)])
        return Paid(transfer, debit.amount)

    def check(self, actor: Actor, debit: Balance, credit: Balance, amount: int, day: dt.date) -> None:
        """The refusals that an ordinary payment can meet."""
        if Tenant.objects.get(pk=actor.tenant.pk).paused_at is not None:
            raise Conflict("world_paused", "")
        if debit.status != "active" or credit.status != "active":
            raise Conflict("account_frozen", "")
        spent = Spent.objects.filter(scope="account", subject=str(debit.account_id), day=day).first()
        if debit.limit_per_payment is not None and amount > debit.limit_per_payment:
            raise Conflict("limit_exceeded", "")
        if debit.limit_per_day is not None and (spent.amount if spent else 0) + amount > debit.limit_per_day:
            raise Conflict("limit_exceeded", "")
        if debit.amount - debit.held - (debit.floor or 0) < amount:
            raise Conflict("insufficient_funds", "")

    def count(self, payer: Account, amount: int, day: dt.date) -> None:
        """What the payer has started today."""
        counter = Spent.objects.filter(scope="account", subject=str(payer.pk), day=day)
        if not counter.update(amount=F("amount") + amount):
            Spent.objects.create(scope="account", subject=str(payer.pk), day=day, amount=amount)
