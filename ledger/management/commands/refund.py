"""``manage.py refund``: give back what was paid."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from ledger import selectors
from ledger.management.typed import amount_of, both
from ledger.services.transfers import refund


class Command(StaffCommand):
    help = "Give back a transfer: all that is left of it, or an amount in major units."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("transfer", help="the transfer's id, as its receipt shows it")
        parser.add_argument("amount", nargs="?", help="for instance 100.50; without it, all that is left")
        parser.add_argument("--memo", default="", help="stands in both histories")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        try:
            transfer_id = uuid.UUID(options["transfer"])
        except ValueError:
            raise CommandError(
                _("%(typed)s is not a transfer's id. It looks like 01890a5d-ac96-774b-bcce-b302099a8057.")
                % {"typed": options["transfer"]}
            ) from None
        original = selectors.transfer_for(actor, transfer_id)
        amount = None if options["amount"] is None else amount_of(options["amount"], original.currency)
        paid = refund(actor=actor, transfer_id=transfer_id, amount=amount, memo=options["memo"])
        self.say(
            _("%(payee)s gave %(payer)s %(amount)s back. Transfer %(transfer)s")
            % {
                "payee": original.to_account.holder.name,
                "payer": original.from_account.holder.name,
                "amount": both(paid.transfer.amount, original.currency),
                "transfer": paid.transfer.pk,
            }
        )
