"""Paying many people: those of a list, or all of a faction. First what would happen, line by line, and then exactly that."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.console.actions import ActionPage, Change, Done, Effect
from accounts.console.lists import address
from accounts.console.parts import NOTHING, Cell, Panel, Table, extension_of, link, moment, unbroken
from accounts.errors import Conflict, DomainError
from accounts.models import Faction, Tenant
from ledger import selectors
from ledger.console.money import shown
from ledger.console.payroll_forms import PayListForm, PayMembersForm, terms_of
from ledger.models import Account
from ledger.services.payroll import PERMISSION, Payee, PayPlan, pay_planned, plan_list, plan_members

LINES_SHOWN: Final = 1_000
FAULTS_SHOWN: Final = 200


class _Pay(ActionPage):
    """The two pages, whoever is paid."""

    permission = PERMISSION
    noted_as = "payroll.pay"
    asks_password = True
    # The payments are lines of the trail themselves; this is the one of the run.
    _form: Any
    _plan: PayPlan | None = None
    _is_agreed = False

    # -- what a subclass says ------------------------------------------------------------------------------------------

    def plan(self, typed: dict[str, Any]) -> PayPlan:
        """What would happen now."""
        raise NotImplementedError

    # -- the pages -----------------------------------------------------------------------------------------------------

    def form_arguments(self) -> dict[str, Any]:
        # Each evening is a run of its own.
        day = self.actor.tenant.day_of(timezone.now())
        proposed = _("Salary, %(day)s") % {"day": date_format(day, _("D j M"))}
        return {"actor": self.actor, "initial": {"reason": proposed}}

    def _ask(self, form: forms.Form, **more: Any) -> HttpResponse:
        if form.is_bound:
            # Whoever comes back chooses anew, and may choose another file.
            cast(Any, form).carry(run="", expected="")
            if isinstance(form, PayListForm):
                form.reopen()
        return super()._ask(form, **more)

    def _state(self, form: forms.Form, **more: Any) -> HttpResponse:
        self._form = form
        try:
            plan = self._planned()
        except DomainError as impossible:
            return self._ask(form, status=impossible.status, refusal=impossible)
        # What is shown now is what the next click agrees to.
        self._form.carry(run=plan.run, expected=plan.fingerprint)
        return super()._state(form, **more)

    def _act(self, form: forms.Form) -> Any:
        self._form, self._is_agreed = form, True
        try:
            self._planned()
        except DomainError as impossible:
            return self._ask(form, status=impossible.status, refusal=impossible)
        return super()._act(form)

    def _planned(self) -> PayPlan:
        if self._plan is None:
            self._plan = self.plan(self._form.cleaned_data)
        return self._plan

    def already_done(self, typed: dict[str, Any]) -> str:
        plan = self._planned()
        if plan.due or not plan.payees or not self._is_agreed:
            return ""
        return _("Everybody in this list was paid as “%(run)s” before. Nothing was done.") % {"run": plan.run}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        plan = self._planned()
        count, due = len(plan.payees), plan.due
        facts = {"count": len(due), "total": shown(plan.total, plan.currency), "reason": plan.reason}
        sentences = [_whom(plan) % facts]
        if due:
            sentences.append(_where_from(plan))
            sentences.append(_("Everybody reads “%(reason)s” where the list has no memo.") % facts)
        if before := count - len(due):
            sentences.append(
                ngettext(
                    "%(count)d of the list was paid as “%(run)s” before, and is not paid again.",
                    "%(count)d of the list were paid as “%(run)s” before, and are not paid again.",
                    before,
                )
                % {"count": before, "run": plan.run}
            )
        return Effect(
            sentences,
            changes=_changes(plan),
            warnings=_warnings(plan, self.name),
            button=ngettext("pay %(count)d person %(total)s", "pay %(count)d people %(total)s", len(due))
            % facts,
            panels=[_faults(plan)] if plan.faults else [],
            table=_lines(plan) if plan.payees else None,
            is_possible=bool(due) and not plan.missing,
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        self._plan = None
        plan = self._planned()
        done = pay_planned(actor=self.actor, plan=plan, expected=typed["expected"] or "nothing was shown")
        if done.refused is not None:
            # Shown anew with what is left: whoever was paid in between stands there.
            self._plan = None
            raise _stopped(plan, done.refused, done.refused_line or 0, paid=done.paid)
        facts = {
            "count": done.paid,
            "total": shown(plan.total, plan.currency),
            "run": plan.run,
            "before": done.paid_before,
        }
        said = ngettext(
            "%(count)d person was paid %(total)s. This is all of “%(run)s”.",
            "%(count)d people were paid %(total)s in total. This is all of “%(run)s”.",
            done.paid,
        )
        return Done(said % facts, address(reverse("admin:ledger_transfer_changelist"), {"run": plan.run}))


class PayList(_Pay):
    """Pay the people of a list."""

    name = "pay"
    label = gettext_lazy("Pay people from a list")
    form_class = PayListForm
    row: Tenant

    def plan(self, typed: dict[str, Any]) -> PayPlan:
        return plan_list(actor=self.actor, rows=self._form.rows, terms=terms_of(typed))


class PayMembers(_Pay):
    """Pay every member of a faction the same."""

    name = "pay"
    label = gettext_lazy("Pay all members")
    form_class: ClassVar[type[forms.Form]] = PayMembersForm
    row: Faction

    def form_arguments(self) -> dict[str, Any]:
        return {**super().form_arguments(), "currency": selectors.first_currency()}

    def plan(self, typed: dict[str, Any]) -> PayPlan:
        return plan_members(actor=self.actor, faction=self.row, amount=typed["amount"], terms=terms_of(typed))


# -- What it says ------------------------------------------------------------------------------------------------------


def _whom(plan: PayPlan) -> str:
    if not plan.payees:
        return _("Nobody would be paid.")
    if not plan.due:
        return _("Nobody would be paid: everybody who can be was paid before.")
    return ngettext(
        "%(count)d account is paid %(total)s.",
        "%(count)d accounts are paid %(total)s in total.",
        len(plan.due),
    )


def _where_from(plan: PayPlan) -> str:
    if plan.source is None:
        return _("The money is newly issued.")
    return _("%(payer)s (%(number)s) pays it.") % {
        "payer": plan.source.holder.name,
        "number": plan.source.number,
    }


def _changes(plan: PayPlan) -> list[Change]:
    if plan.source is None or plan.available is None:
        return []
    left = shown(plan.available - plan.total, plan.currency)
    return [Change(plan.source.holder.name, shown(plan.available, plan.currency), left)]


def _warnings(plan: PayPlan, action: str) -> list[str]:
    warnings = []
    if plan.missing:
        facts = {"missing": shown(plan.missing, plan.currency)}
        warnings.append(_("The payer has %(missing)s too little, so nobody can be paid from there.") % facts)
    if plan.faults:
        warnings.append(
            ngettext(
                "%(count)d line is wrong and is left out. You may correct it later, and send the whole list again under the "
                "same name: whoever is missing is paid, and nobody twice.",
                "%(count)d lines are wrong and are left out. You may correct them later, and send the whole list again under "
                "the same name: whoever is missing is paid, and nobody twice.",
                len(plan.faults),
            )
            % {"count": len(plan.faults)}
        )
    if frozen := [payee for payee in plan.due if payee.is_frozen]:
        names = ", ".join(
            _("%(name)s (line %(line)d)") % {"name": one.account.holder.name, "line": one.line}
            for one in frozen[:20]
        )
        warnings.append(
            _(
                "Frozen, and paid all the same, because a freeze does not stop game masters: %(names)s. Take out who should get "
                "nothing."
            )
            % {"names": names + (", …" if len(frozen) > 20 else "")}
        )
    if not plan.due and plan.payees:
        warnings.append(
            _("To pay everybody once more, go back and ask for a new round, or choose another name.")
        )
    return warnings


def _faults(plan: PayPlan) -> Panel:
    rows = [
        [
            Cell(unbroken(str(fault.line))),
            Cell(fault.who or NOTHING),
            Cell(" ".join(fault.sentences), tone="bad"),
        ]
        for fault in plan.faults[:FAULTS_SHOWN]
    ]
    more = len(plan.faults) - FAULTS_SHOWN
    note = _("%(count)d more are not shown. Correct these first.") % {"count": more} if more > 0 else ""
    columns = [_("Line"), _("Who"), _("What is wrong, and what to do")]
    return Panel(_("Lines that are left out"), table=Table(columns, rows), note=note)


def _lines(plan: PayPlan) -> Table:
    columns = [_("Line"), _("To"), _("Amount"), _("What for"), _("What happens")]
    return Table(columns, [_cells(payee, plan) for payee in plan.payees[:LINES_SHOWN]])


def _cells(payee: Payee, plan: PayPlan) -> list[Cell]:
    return [
        Cell(unbroken(str(payee.line))),
        Cell(_account(payee.account)),
        Cell(shown(payee.amount, plan.currency), is_amount=True),
        Cell(payee.memo or plan.reason, tone="quiet"),
        _what_happens(payee),
    ]


def _what_happens(payee: Payee) -> Cell:
    if payee.paid is None:
        return Cell(_("is paid, though frozen") if payee.is_frozen else _("is paid now"), tone="good")
    page = reverse("admin:ledger_transfer_change", args=[payee.paid.pk])
    return Cell(link(page, moment(payee.paid.posted_at)), tone="quiet")


def _account(account: Account) -> Any:
    page = reverse("admin:ledger_account_change", args=[account.number])
    return link(page, f"{account.holder.name} · {account.number}")


def _stopped(plan: PayPlan, refusal: DomainError, place: int, *, paid: int) -> DomainError:
    """What stopped the run, at which line, and how far it has come."""
    payee = plan.payees[place]
    facts = {
        "sentence": refusal.sentence,
        "line": payee.line,
        "who": payee.account.holder.name,
        "number": payee.account.number,
        "paid": paid,
    }
    said = (
        _("%(sentence)s Stopped at line %(line)d, %(who)s (%(number)s). %(paid)d were paid now.")
        if paid
        else _("%(sentence)s Stopped at line %(line)d, %(who)s (%(number)s). Nobody was paid now.")
    )
    again = _("What is left stands below; once that is mended, confirm it: nobody is paid twice.")
    return Conflict(refusal.code, f"{said % facts} {again}")


extension_of(Tenant).actions.append(PayList)
extension_of(Faction).actions.append(PayMembers)
