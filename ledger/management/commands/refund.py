"""``manage.py refund``: give back what was paid."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm
from ledger import selectors
from ledger.management.typed import amount_of, both
from ledger.models import Transfer
from ledger.services.transfers import refund


class Command(StaffCommand):
    help = "Give back a transfer: all that is left of it, or an amount in major units. Shows who gives whom how much, and asks."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("transfer", help="the transfer's id, as its receipt shows it")
        parser.add_argument("amount", nargs="?", help="for instance 100.50; without it, all that is left")
        parser.add_argument("--memo", default="", help="stands in both histories")
        parser.add_argument("--yes", action="store_true", help="give back without asking")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        try:
            transfer_id = uuid.UUID(options["transfer"])
        except ValueError:
            raise CommandError(
                _("%(typed)s is not a transfer's id. It looks like 01890a5d-ac96-774b-bcce-b302099a8057.")
                % {"typed": options["transfer"]}
            ) from None
        original = selectors.transfer_for(actor, transfer_id)
        typed = options["amount"]
        amount = selectors.refundable(original) if typed is None else amount_of(typed, original.currency)
        if amount:
            _ask(original, amount, yes=options["yes"])
        # With nothing left there is nothing to ask: the service says why.
        paid = refund(actor=actor, transfer_id=original.pk, amount=amount or None, memo=options["memo"])
        self.say(
            _("%(payee)s gave %(payer)s %(amount)s back. Transfer %(transfer)s")
            % {
                "payee": original.to_account.holder.name,
                "payer": original.from_account.holder.name,
                "amount": both(paid.transfer.amount, original.currency),
                "transfer": paid.transfer.pk,
            }
        )


def _ask(original: Transfer, amount: int, *, yes: bool) -> None:
    confirm(
        _(
            "%(payee)s (%(payee_number)s) gives %(amount)s of %(whole)s back to %(payer)s (%(payer_number)s). Refund it?"
        )
        % {
            "payee": original.to_account.holder.name,
            "payee_number": original.to_account.number,
            "amount": both(amount, original.currency),
            "whole": both(original.amount, original.currency),
            "payer": original.from_account.holder.name,
            "payer_number": original.from_account.number,
        },
        yes=yes,
    )
