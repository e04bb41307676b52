"""``manage.py pay_faction``: the same amount for every member of a faction."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm, progress_bar
from accounts.models import Faction
from accounts.selectors import faction_named
from ledger import selectors
from ledger.management.typed import amount_of, both
from ledger.models import Account, Currency
from ledger.services.gm import PayLine, PayRun, pay_run, plan_faction


class Command(StaffCommand):
    help = (
        "Pay every active member of a faction the same amount (major units), newly issued or from an account. "
        "Shows who gets what first, and pays when you say so. A run that was cut off goes on with --run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("faction", help="its name")
        parser.add_argument("amount", help="for each member, for instance 100.50")
        parser.add_argument("--reason", default="Salary", help="stands in every member's history")
        parser.add_argument(
            "--from", dest="payer", metavar="NC-XXXX-XXXX", help="who pays; without it, the money is issued"
        )
        parser.add_argument(
            "--run", metavar="ID", help="go on with this run: it pays whoever is missing, and nobody twice"
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--yes", action="store_true", help="pay without asking")
        how.add_argument("--dry-run", action="store_true", help="only show who would get what")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        faction = faction_named(options["faction"])
        currency = selectors.first_currency()
        amount = amount_of(options["amount"], currency)
        lines = plan_faction(actor=actor, faction=faction, amount=amount)
        if not lines:
            raise CommandError(
                _("%(faction)s has no active members. Nobody was paid.") % {"faction": faction.name}
            )
        self._show(lines, currency)
        if options["dry_run"]:
            return
        question = _("Pay %(count)d people %(total)s in total?")
        if options["run"]:
            question = _(
                "Pay %(count)d people %(total)s in total, without those whom run %(run)s has paid before?"
            )
        total = both(sum(line.amount for line in lines), currency)
        confirm(question % {"count": len(lines), "total": total, "run": options["run"]}, yes=options["yes"])
        run = options["run"] or _new_run_id(faction)
        # Before the first payment: whoever is cut off has the name to go on with.
        self.note(_("Run %(run)s") % {"run": run})
        with progress_bar(len(lines), unit="people") as bar:

            def count(people: int) -> None:
                bar.update(people)

            done = pay_run(
                actor=actor,
                lines=lines,
                run=run,
                reason=options["reason"],
                from_account=options["payer"],
                progress=count,
            )
        self._say_what_was_done(done, lines, run, currency)

    def _show(self, lines: list[PayLine], currency: Currency) -> None:
        accounts = Account.objects.filter(number__in=[line.account for line in lines]).select_related(
            "holder"
        )
        names = {account.number: account.holder.name for account in accounts}
        for line in lines:
            self.say(f"{line.account}  {both(line.amount, currency)}  {names[line.account]}")
        self.say(
            _("%(count)d people, %(total)s in total")
            % {"count": len(lines), "total": both(sum(line.amount for line in lines), currency)}
        )

    def _say_what_was_done(self, done: PayRun, lines: list[PayLine], run: str, currency: Currency) -> None:
        if done.paid:
            # One amount for everybody, so it does not matter who they were.
            amount = both(done.paid * lines[0].amount, currency)
            self.say(_("Paid %(count)d people %(total)s in total.") % {"count": done.paid, "total": amount})
        if done.paid_before:
            self.say(_("%(count)d people had been paid in this run before.") % {"count": done.paid_before})
        if done.refused is None:
            return
        paid = done.paid + done.paid_before
        facts = {
            "sentence": done.refused.sentence,
            "number": lines[done.refused_line or 0].account,
            "run": run,
            "paid": paid,
            "missing": len(lines) - paid,
        }
        if done.refused.code == "run_differs":
            raise CommandError(_("Run %(run)s: %(sentence)s") % facts)
        so_far = _("%(paid)d people are paid, %(missing)d are not.") if paid else _("Nobody was paid.")
        raise CommandError(
            _("%(sentence)s Stopped at %(number)s. %(so_far)s To go on: --run %(run)s")
            % {**facts, "so_far": so_far % facts}
        )


def _new_run_id(faction: Faction) -> str:
    return f"{timezone.now():%Y%m%d-%H%M}-{faction.pk.hex[-6:]}-{secrets.token_hex(3)}"
