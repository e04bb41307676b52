"""``manage.py pay_people FILE``: the people of a pay list, after a dry run that names each bad line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm, progress_bar
from ledger.management.typed import both
from ledger.payroll import BYTES_MAX, EXAMPLE, read
from ledger.services.gm import PayRun
from ledger.services.payroll import PayPlan, Terms, pay_planned, plan_list


class Command(StaffCommand):
    help = (
        "Pay the people of a CSV file (UTF-8; ; or , between cells), newly issued or from an account. The columns are "
        f"{EXAMPLE}: an account number or a whole name, an amount in major units, and a memo that may be empty. Names each bad "
        "line first. What it is for is the name of the run, too: the same list under the same name pays whoever is missing, and "
        "nobody twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="the pay list")
        parser.add_argument(
            "--for", dest="reason", required=True, help="what for; stands in everybody's history"
        )
        parser.add_argument(
            "--from",
            dest="payer",
            default="",
            metavar="NC-XXXX-XXXX",
            help="who pays; without it, it is issued",
        )
        parser.add_argument(
            "--again",
            action="store_true",
            help="a new round: pay also those who were paid under this name before",
        )
        parser.add_argument(
            "--good-ones", action="store_true", help="pay the good lines, leave the others out"
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--yes", action="store_true", help="pay without asking")
        how.add_argument("--dry-run", action="store_true", help="only say who would get what")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        rows = read(_content_of(Path(options["file"])))
        terms = Terms(options["reason"], options["payer"], options["again"])
        plan = plan_list(actor=actor, rows=rows, terms=terms)
        self._show(plan)
        if options["dry_run"]:
            return
        if plan.faults and not options["good_ones"]:
            raise CommandError(
                _("Nobody was paid. Correct the lines above, or pay the others with --good-ones.")
            )
        if not plan.due:
            self.say(_("There is nobody to pay. To pay everybody once more: --again."))
            return
        if plan.missing:
            raise CommandError(
                _("Nobody was paid: the payer has %(missing)s too little.")
                % {"missing": both(plan.missing, plan.currency)}
            )
        if options["again"]:
            self.say(
                _("A new round. If it is cut off, go on WITHOUT --again, which would begin another one.")
            )
        question = _("Pay %(count)d people %(total)s in total?")
        confirm(question % {"count": len(plan.due), "total": _total(plan)}, yes=options["yes"])
        with progress_bar(len(plan.payees), unit="people") as bar:

            def count(people: int) -> None:
                bar.update(people)

            done = pay_planned(actor=actor, plan=plan, expected=plan.fingerprint, progress=count)
        self._say_what_was_done(done, plan, options["again"])

    def _show(self, plan: PayPlan) -> None:
        for fault in plan.faults:
            for sentence in fault.sentences:
                self.say(
                    _("Line %(line)d, “%(name)s”: %(sentence)s")
                    % {"line": fault.line, "name": fault.who, "sentence": sentence}
                )
        for payee in plan.payees:
            note = _(" (paid before)") if payee.paid else _(" (frozen)") if payee.is_frozen else ""
            account = payee.account
            self.say(f"{account.number}  {both(payee.amount, plan.currency)}  {account.holder.name}{note}")
        self.say(
            _("Run “%(run)s”: %(due)d to pay with %(total)s, %(before)d paid before, %(wrong)d lines wrong.")
            % {
                "run": plan.run,
                "due": len(plan.due),
                "total": _total(plan),
                "before": len(plan.payees) - len(plan.due),
                "wrong": len(plan.faults),
            }
        )

    def _say_what_was_done(self, done: PayRun, plan: PayPlan, again: bool) -> None:
        if done.paid:
            self.say(_("Paid %(count)d people.") % {"count": done.paid})
        if done.refused is None:
            return
        stopped = plan.payees[done.refused_line or 0]
        # With --again it would be another new round, which pays everybody once more.
        how = (
            _(
                "%(sentence)s Stopped at line %(line)d, %(number)s. To go on, run it once more WITHOUT --again."
            )
            if again
            else _(
                "%(sentence)s Stopped at line %(line)d, %(number)s. To go on, run the same again: nobody is paid twice."
            )
        )
        raise CommandError(
            how
            % {
                "sentence": done.refused.sentence,
                "line": stopped.line,
                "number": stopped.account.number,
            }
        )


def _total(plan: PayPlan) -> str:
    return both(plan.total, plan.currency)


def _content_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise CommandError(
            _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}
        ) from error
