"""``manage.py import_roster FILE``: hundreds of characters from a CSV file, after a dry run that names each bad line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.management.staff import StaffCommand, confirm, progress_bar
from identity.roster import BYTES_MAX, EXAMPLE, read
from identity.services.roster import Plan, import_roster, plan_roster
from ledger.management.typed import both


class Command(StaffCommand):
    help = (
        "Make the characters of a CSV file (UTF-8; ; or , between cells), with accounts and opening balances. The first line "
        f"names the columns ({EXAMPLE}; also role, e-mail, display name). Names each bad line first. Nobody gets a password: "
        "print login_cards next. Whoever is there already is left alone, so the same file may be imported again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="the roster")
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--dry-run", action="store_true", help="only say what would be done")
        how.add_argument("--all-or-nothing", action="store_true", help="import nobody while a line is wrong")
        how.add_argument(
            "--good-ones", action="store_true", help="import the good lines, leave the others out"
        )
        parser.add_argument("--yes", action="store_true", help="import without asking")

    def act(self, actor: Actor, options: dict[str, Any]) -> None:
        rows = read(_content_of(Path(options["file"])))
        plan = plan_roster(actor=actor, rows=rows)
        self._show(plan)
        if options["dry_run"]:
            return
        if plan.faults and options["all_or_nothing"]:
            raise CommandError(
                _("Nothing was imported. Correct the lines above, or import the others with --good-ones.")
            )
        if not plan.new:
            self.say(_("There is nobody to import. Nothing was done."))
            return
        question = _("Import %(count)d characters and issue %(total)s?")
        facts = {"count": len(plan.new), "total": both(plan.total, plan.currency)}
        confirm(question % facts, yes=options["yes"])
        with progress_bar(len(plan.new), unit="people") as bar:

            def count(people: int) -> None:
                bar.update(people - bar.n)

            done = import_roster(
                actor=actor,
                rows=rows,
                whole=options["all_or_nothing"],
                expected=plan.fingerprint,
                progress=count,
            )
        self.say(
            _("Imported %(count)d characters with %(total)s. Print their cards: manage.py login_cards.")
            % {"count": len(done.new), "total": both(done.total, done.currency)}
        )

    def _show(self, plan: Plan) -> None:
        for fault in plan.faults:
            for sentence in fault.sentences:
                self.say(
                    _("Line %(line)d, “%(name)s”: %(sentence)s")
                    % {"line": fault.line, "name": fault.name, "sentence": sentence}
                )
        for row in plan.unpaid:
            self.say(
                _("Line %(line)d, “%(name)s”: is there already, and was never given an opening balance.")
                % {"line": row.line, "name": row.name}
            )
        self.say(
            _("%(new)d to make with %(total)s, %(present)d there already, %(wrong)d lines wrong.")
            % {
                "new": len(plan.new),
                "total": both(plan.total, plan.currency),
                "present": len(plan.present),
                "wrong": len(plan.faults),
            }
        )


def _content_of(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except OSError as error:
        raise CommandError(
            _("%(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}
        ) from error
