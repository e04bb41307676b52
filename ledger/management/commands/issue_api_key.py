"""``manage.py issue_api_key``: a key for a till, a prop, a door."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import roles
from accounts.actors import Actor
from accounts.management.staff import StaffCommand
from accounts.services.keys import issue_key
from ledger import selectors
from ledger.management.typed import amount_of, both
from ledger.models import Account


class Command(StaffCommand):
    help = (
        "Issue a device key bound to one account, which it may only credit unless --scope says more. The key is printed once; "
        "only a digest of it is kept."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("name", help="what people call the device, for instance: bar till")
        parser.add_argument(
            "--account", required=True, metavar="NC-XXXX-XXXX", help="the account it is bound to"
        )
        parser.add_argument(
            "--per-payment",
            required=True,
            metavar="AMOUNT",
            help="most it may take at once, for instance 100.00",
        )
        parser.add_argument(
            "--per-day",
            required=True,
            metavar="AMOUNT",
            help="most it may take in a day, for instance 5000.00",
        )
        parser.add_argument("--place", default="", help="where it stands")
        parser.add_argument(
            "--scope",
            action="append",
            choices=list(roles.SCOPES),
            help="what it may do besides crediting its account; may be repeated",
        )
        parser.add_argument("--days", type=int, metavar="N", help="expires after N days; without it, never")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        account = selectors.account_for(actor, options["account"])
        if account.kind == Account.Kind.SYSTEM:
            raise CommandError(
                _("%(number)s issues money. Bind the key to the account that the device works for.")
                % {"number": account.number}
            )
        per_payment = amount_of(options["per_payment"], account.currency)
        per_day = amount_of(options["per_day"], account.currency)
        issued = issue_key(
            actor=actor,
            name=options["name"],
            place=options["place"],
            account_number=account.number,
            scopes={"credit", *(options["scope"] or ())},
            limit_per_payment=per_payment,
            limit_per_day=per_day,
            expires_at=None
            if options["days"] is None
            else timezone.now() + dt.timedelta(days=options["days"]),
        )
        # The key alone on stdout, so that a script can take it; what is said about it goes to the person.
        self.note(
            _(
                "Key %(name)s for %(number)s (%(holder)s), at most %(payment)s at once and %(day)s a day. It may:"
            )
            % {
                "name": issued.key.name,
                "number": account.number,
                "holder": account.holder.name,
                "payment": both(per_payment, account.currency),
                "day": both(per_day, account.currency),
            }
        )
        for scope in issued.key.scopes:
            self.note(f"  {scope}: {roles.SCOPES[scope]}")
        if "debit:any" in issued.key.scopes:
            self.note(
                _(
                    "Whoever reads this key out of the device can empty any player's account, up to its limits."
                ),
                loud=True,
            )
        self.note(_("Write it into the device now; it is not shown again:"))
        self.say(issued.secret)
