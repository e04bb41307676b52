"""What the ledger adds to the trail: the pages of what lines are about, and amounts in their currency."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial

from accounts.console import trail
from accounts.console.trail import Speech
from accounts.models import AuditEvent
from ledger.console.money import shown
from ledger.models import Account, Currency

ACCOUNT = "ledger.account:"


def say_amounts(lines: Sequence[AuditEvent]) -> dict[uuid.UUID, Speech]:
    """How the amounts of each line are said: in the currency of its account, or the event's first for its own settings."""
    numbers = {line.pk: _account_of(line) for line in lines}
    wanted = set(filter(None, numbers.values()))
    currencies = {
        account.number: account.currency
        for account in Account.objects.filter(number__in=wanted).select_related("currency")
    }
    if any(line.target.startswith("accounts.tenant:") for line in lines):
        first = Currency.objects.filter(position=0).first()
        currencies |= {"": first} if first else {}
    return {
        line.pk: partial(shown, currency=currency)
        for line in lines
        if (currency := currencies.get(numbers[line.pk])) is not None
    }


def _account_of(line: AuditEvent) -> str:
    """The number of the account that a line is about, or of the one that its key is bound to."""
    return (
        line.target.removeprefix(ACCOUNT)
        if line.target.startswith(ACCOUNT)
        else str(line.metadata.get("account", ""))
    )


trail.speakers.append(say_amounts)
trail.pages |= {
    "ledger.account": "admin:ledger_account_change",
    "ledger.transfer": "admin:ledger_transfer_change",
    "accounts.key": "admin:accounts_apikey_change",
    "accounts.tenant": "admin:accounts_tenant_change",
}
