"""Importing the roster: upload, dry run with every bad line, and then the good ones or none."""

from __future__ import annotations

from typing import Any, Final, cast

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.console.actions import ActionPage, Done, Effect
from accounts.console.held import HeldFile, HeldForm
from accounts.console.parts import Cell, Panel, Table, unbroken
from accounts.models import Tenant
from identity.roster import BYTES_MAX, Row, read
from identity.services.roster import PERMISSION, Plan, import_roster, plan_roster
from ledger.console.money import shown

FAULTS_SHOWN: Final = 200
PRESENT_SHOWN: Final = 20


class RosterForm(HeldForm):
    """A file, or the one that was looked at a moment ago; ``rows`` are its lines."""

    file = HeldFile(
        label=gettext_lazy("Roster"),
        help_text=gettext_lazy(
            "A CSV file (UTF-8) of at most 1,000 characters. The first line names the columns: name; faction; balance; and, if "
            "you like, role; e-mail; display name. Nothing is imported before you have seen what would be."
        ),
        widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}),
        max_length=200,
    )
    field_order = ("file", "held", "expected")
    purpose = "neobank.identity.roster"
    bytes_max = BYTES_MAX
    rows: list[Row]

    def read(self, content: bytes) -> None:
        self.rows = read(content)


class ImportRoster(ActionPage):
    """Make the characters of a file, with accounts and opening balances."""

    name = "roster"
    permission = PERMISSION
    label = gettext_lazy("Import roster")
    noted_as = "roster.import"
    form_class = RosterForm
    asks_password = True
    row: Tenant
    _form: RosterForm
    _plan: Plan | None = None
    _is_agreed = False

    def form_arguments(self) -> dict[str, Any]:
        return {"actor": self.actor}

    def _state(self, form: forms.Form, **more: Any) -> Any:
        # What is shown now is what the next click agrees to.
        self._form = cast(RosterForm, form)
        self._form.hold(self._planned().fingerprint)
        return super()._state(form, **more)

    def _act(self, form: forms.Form) -> Any:
        self._form, self._is_agreed = cast(RosterForm, form), True
        return super()._act(form)

    def _planned(self) -> Plan:
        if self._plan is None:
            self._plan = plan_roster(actor=self.actor, rows=self._form.rows)
        return self._plan

    def already_done(self, typed: dict[str, Any]) -> str:
        plan = self._planned()
        # Before the second click the bad lines are to be seen; after it, it was probably a third.
        if plan.new or (plan.faults and not self._is_agreed):
            return ""
        return _("Everybody who can be imported from this list is there already. Nothing was done.")

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        plan = self._planned()
        count, wrong = len(plan.new), len(plan.faults)
        sentences = [
            ngettext(
                "%(count)d character is made, with a bank account; %(total)s are newly issued as opening balance.",
                "%(count)d characters are made, each with a bank account; %(total)s are newly issued as opening balances.",
                count,
            )
            % {"count": count, "total": shown(plan.total, plan.currency)}
            if count
            else _("Nobody would be made.")
        ]
        if count:
            sentences.append(_("Nobody gets a password: print login cards next, and hand them out."))
        if plan.present:
            sentences.append(
                ngettext(
                    "%(count)d is there already and is left as it is: %(names)s.",
                    "%(count)d are there already and are left as they are: %(names)s.",
                    len(plan.present),
                )
                % {"count": len(plan.present), "names": _some([row.name for row in plan.present])}
            )
        warnings = []
        if wrong:
            warnings.append(
                ngettext(
                    "%(count)d line is wrong and is left out. You may also do nothing now, correct the file, and begin again.",
                    "%(count)d lines are wrong and are left out. You may also do nothing now, correct the file, and begin again.",
                    wrong,
                )
                % {"count": wrong}
            )
        if plan.unpaid:
            warnings.append(
                _(
                    "There already, but never given an opening balance; adjust by hand if that is wrong: %(names)s."
                )
                % {"names": _some([row.name for row in plan.unpaid])}
            )
        button = (
            ngettext("import the %(count)d good line", "import the %(count)d good lines", count)
            if wrong
            else ngettext("import %(count)d character", "import all %(count)d characters", count)
        ) % {"count": count}
        return Effect(
            sentences,
            warnings=warnings,
            button=button,
            panels=[_faults(plan)] if wrong else [],
            is_possible=bool(count),
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        self._plan = None
        done = import_roster(
            actor=self.actor,
            rows=self._form.rows,
            whole=False,
            expected=typed["expected"] or "nothing was shown",
        )
        facts = {"count": len(done.new), "total": shown(done.total, done.currency)}
        sentence = ngettext(
            "%(count)d character is in the event, with %(total)s. Print the login card now.",
            "%(count)d characters are in the event, with %(total)s together. Print their login cards now.",
            len(done.new),
        )
        return Done(sentence % facts, self.pages.url_of(self.row))


def _faults(plan: Plan) -> Panel:
    rows = [
        [
            Cell(unbroken(str(fault.line))),
            Cell(fault.name or "–"),
            Cell(" ".join(fault.sentences), tone="bad"),
        ]
        for fault in plan.faults[:FAULTS_SHOWN]
    ]
    more = len(plan.faults) - FAULTS_SHOWN
    note = _("%(count)d more are not shown. Correct these first.") % {"count": more} if more > 0 else ""
    columns = [_("Line"), _("Name"), _("What is wrong, and what to do")]
    return Panel(_("Lines that are left out"), table=Table(columns, rows), note=note)


def _some(names: list[str]) -> str:
    shown_names = ", ".join(names[:PRESENT_SHOWN])
    return f"{shown_names}, …" if len(names) > PRESENT_SHOWN else shown_names
