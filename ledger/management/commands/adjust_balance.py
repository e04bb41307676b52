"""``manage.py adjust_balance``: issue money to an account, or burn some of it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm
from ledger import selectors
from ledger.management.typed import amount_of, both
from ledger.services.gm import adjust


class Command(StaffCommand):
    help = (
        "Issue money to an account (100.50), or burn some of it (-100.50), with a reason that stands in the books for ever. "
        "The amount is in major units."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("account", metavar="NC-XXXX-XXXX")
        parser.add_argument("amount", help="for instance 100.50, or -100.50")
        parser.add_argument("--reason", required=True)
        parser.add_argument(
            "--force", action="store_true", help="burn below zero too: the account then owes the rest"
        )
        parser.add_argument("--yes", action="store_true", help="do not ask before forcing")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        account = selectors.account_for(actor, options["account"])
        typed: str = options["amount"]
        size = amount_of(typed[1:] if typed[:1] in {"+", "-"} else typed, account.currency)
        amount = -size if typed.startswith("-") else size
        if options["force"] and amount > 0:
            raise CommandError(
                _("--force is for burning below zero. To burn, write the amount with a minus: -%(typed)s.")
                % {"typed": typed.lstrip("+")}
            )
        if options["force"]:
            confirm(
                _("Burn %(amount)s of %(name)s's account %(number)s, even below zero?")
                % {
                    "amount": both(size, account.currency),
                    "name": account.holder.name,
                    "number": account.number,
                },
                yes=options["yes"],
            )
        paid = adjust(
            actor=actor,
            account=account.number,
            amount=amount,
            reason=options["reason"],
            force=options["force"],
        )
        self.say(
            _("%(number)s (%(name)s): %(amount)s. Balance now %(balance)s. Transfer %(transfer)s")
            % {
                "number": account.number,
                "name": account.holder.name,
                "amount": both(amount, account.currency),
                "balance": both(paid.new_balance, account.currency),
                "transfer": paid.transfer.pk,
            }
        )
