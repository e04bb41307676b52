"""Giving a transfer back, whole or in part."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Change, Done, Effect, ReasonForm
from accounts.errors import DomainError
from ledger import money, selectors
from ledger.console.money import AmountField, MoneyForm, balance_of, plain, shown, with_balances
from ledger.idempotency import claim_for
from ledger.models import Account, Transfer
from ledger.services import transfers


class RefundForm(MoneyForm, ReasonForm):
    """How much, and why."""

    amount = AmountField(label=gettext_lazy("Amount to give back"))
    field_order = ("amount", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("Both sides read it in their history.")


class Refund(ActionPage):
    """Give a transfer back."""

    name = "refund"
    permission = "ledger.refund_any"
    label = gettext_lazy("Refund")
    noted_as = recorded_as = "transfer.refund"
    form_class = RefundForm
    asks_password = True
    row: Transfer

    @classmethod
    def is_offered(cls, row: Transfer) -> bool:
        return row.kind != Transfer.Kind.REFUND and selectors.refundable(row) > 0

    def form_arguments(self) -> dict[str, Any]:
        left = selectors.refundable(self.row)
        initial = {"amount": plain(left, self.row.currency)} if left else {}
        return {"currency": self.row.currency, "initial": initial}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        amount: int = (typed or {})["amount"]
        left = selectors.refundable(self.row)
        gives, gets = with_balances([self.row.to_account, self.row.from_account])
        there = selectors.available(balance_of(gives))
        facts = {
            "amount": self.shown(amount),
            "all": self.shown(self.row.amount),
            "gives": _who(gives),
            "gets": _who(gets),
        }
        is_refused = True
        if amount > left:
            warning = _("Of this transfer only %(left)s can still be given back. The bank will refuse more.")
            warnings = [warning % {"left": self.shown(left)}]
        elif there < amount and balance_of(gives).floor is not None:
            warning = _("There is only %(there)s left at %(gives)s. The bank will refuse more.")
            warnings = [warning % {"there": self.shown(max(there, 0)), "gives": _who(gives)}]
        else:
            is_refused, warnings = False, []
        sentences = [_("%(gives)s gives %(amount)s of the %(all)s back to %(gets)s.") % facts]
        if gets.holder.user_id:
            sentences.append(_("%(name)s is told.") % {"name": gets.holder.name})
        changes = [
            self._change(gives, -amount),
            self._change(gets, amount),
            Change(_("Can still be given back"), self.shown(left), self.shown(left - amount)),
        ]
        # What will not come about is not shown as if it did.
        return Effect(sentences, [] if is_refused else changes, warnings, _("give back %(amount)s") % facts)

    def act(self, typed: dict[str, Any], key: str) -> Done:
        body = {"transfer": str(self.row.pk), "amount": typed["amount"], "reason": typed["reason"]}
        paid = transfers.refund(
            actor=self.actor,
            transfer_id=self.row.pk,
            amount=typed["amount"],
            memo=typed["reason"],
            claim=claim_for(key, method="POST", path=self.request.path, body=body),
        )
        facts = {"amount": self.shown(paid.transfer.amount), "gets": _who(self.row.from_account)}
        here = self.pages.url_of(self.row)
        if paid.replayed:
            return Done(_("This refund was made before and was not made again."), here, is_news=False)
        return Done(_("%(amount)s went back to %(gets)s.") % facts, here)

    def ways_out(self, refusal: DomainError, typed: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
        there = refusal.facts.get("available", refusal.facts.get("refundable", 0))
        if not money.is_amount(there):
            return []
        text = _("Give back the %(amount)s that are there") % {"amount": self.shown(there)}
        return [(text, {"amount": plain(there, self.row.currency)})]

    def shown(self, amount: int) -> str:
        """An amount in the transfer's currency."""
        return shown(amount, self.row.currency)

    def _change(self, account: Account, amount: int) -> Change:
        now = balance_of(account).amount
        return Change(_who(account), self.shown(now), self.shown(now + amount))


def _who(account: Account) -> str:
    return f"{account.holder.name} ({account.number})"
