"""What game masters do to an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Change, Done, Effect, ReasonForm
from ledger import money, selectors
from ledger.console.money import AmountField, MoneyForm, balance_of, or_none, plain, shown
from ledger.idempotency import claim_for
from ledger.models import Account, Balance
from ledger.posting import Claim
from ledger.services import accounts, gm

GIVE, TAKE = "give", "take"


class AccountAction(ActionPage):
    """An action on an account of a person or faction; those of the bank itself are left alone."""

    row: Account

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return row.kind != Account.Kind.SYSTEM and balance_of(row).status != Balance.Status.CLOSED

    @property
    def balance(self) -> Balance:
        """As it stands now."""
        return balance_of(self.row)

    def who(self) -> str:
        """Whose account it is, and which."""
        return _("%(name)s (%(number)s)") % {"name": self.row.holder.name, "number": self.row.number}

    def shown(self, amount: int) -> str:
        """An amount in the account's currency."""
        return shown(amount, self.row.currency)

    def claim(self, key: str, body: dict[str, Any]) -> Claim:
        """The one-time key of the form, bound to what it was confirmed for."""
        return claim_for(key, method="POST", path=self.request.path, body=body)

    def done(self, sentence: str) -> Done:
        """Back to the account."""
        return Done(sentence, self.pages.url_of(self.row))


class FreezeForm(ReasonForm):
    """What is to stop, and why."""

    how = forms.ChoiceField(
        label=gettext_lazy("What stops"),
        widget=forms.RadioSelect,
        initial=Balance.Freeze.BOTH,
        choices=[
            (Balance.Freeze.BOTH, gettext_lazy("Everything: nothing goes out, nothing comes in")),
            (Balance.Freeze.DEBITS, gettext_lazy("Payments out; money can still come in")),
            (Balance.Freeze.CREDITS, gettext_lazy("Payments in; money can still go out")),
        ],
    )
    field_order = ("how", "reason")


class Freeze(AccountAction):
    """Stop an account."""

    name = "freeze"
    permission = "ledger.freeze"
    label = gettext_lazy("Freeze")
    noted_as = "account.freeze"
    tone = "bad"
    form_class = FreezeForm
    in_one_step = True

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        # One that is half frozen can still be frozen whole.
        return super().is_offered(row) and balance_of(row).freeze != Balance.Freeze.BOTH

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        sentences = [
            _("%(who)s holds %(balance)s. When you have confirmed, what you choose below stops at once.")
            % {"who": self.who(), "balance": self.shown(self.balance.amount)},
            _(
                "The money stays there. You can adjust and refund all the same, and take the freeze off again."
            ),
        ]
        if self.row.holder.user_id:
            sentences.append(_("%(name)s is told.") % {"name": self.row.holder.name})
        return Effect(sentences, warnings=[_already_frozen(self.balance)] if self.balance.freeze else [])

    def already_done(self, typed: dict[str, Any]) -> str:
        is_same = self.balance.freeze == typed["how"]
        return _("This account is frozen in that way already. Nothing was done.") if is_same else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.freeze(actor=self.actor, account=self.row.number, how=typed["how"], reason=typed["reason"])
        return self.done(
            _("%(who)s is frozen: %(how)s.") % {"who": self.who(), "how": Balance.Freeze(typed["how"]).label}
        )


class Unfreeze(AccountAction):
    """Let an account go on."""

    name = "unfreeze"
    permission = "ledger.freeze"
    label = gettext_lazy("Unfreeze")
    noted_as = "account.unfreeze"
    in_one_step = True

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return super().is_offered(row) and balance_of(row).status == Balance.Status.FROZEN

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        sentence = _("%(who)s, which holds %(balance)s, can pay and be paid again at once.") % {
            "who": self.who(),
            "balance": self.shown(self.balance.amount),
        }
        return Effect([sentence])

    def already_done(self, typed: dict[str, Any]) -> str:
        is_free = self.balance.status != Balance.Status.FROZEN
        return _("This account is not frozen. Nothing was done.") if is_free else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.unfreeze(actor=self.actor, account=self.row.number, reason=typed["reason"])
        return self.done(_("%(who)s is active again.") % {"who": self.who()})


class AdjustForm(MoneyForm, ReasonForm):
    """Giving or taking, how much, why."""

    direction = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        widget=forms.RadioSelect,
        choices=[
            (GIVE, gettext_lazy("Give: new money appears on this account")),
            (TAKE, gettext_lazy("Take: money disappears from this account")),
        ],
    )
    amount = AmountField(label=gettext_lazy("Amount"))
    force = forms.BooleanField(
        label=gettext_lazy("Take it even when the balance falls below zero"), required=False
    )
    field_order = ("direction", "amount", "reason", "force")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("It stands in the books for ever, and the player reads it too.")


class Adjust(AccountAction):
    """Issue money to an account, or burn some of it."""

    name = "adjust"
    permission = "ledger.adjust"
    label = gettext_lazy("Adjust balance")
    noted_as = "account.adjust"
    recorded_as = "transfer.admin"
    form_class = AdjustForm
    asks_password = True

    def form_arguments(self) -> dict[str, Any]:
        return {"currency": self.row.currency}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        signed = _signed(typed or {})
        now, then = self.balance.amount, self.balance.amount + signed
        facts = {"amount": self.shown(abs(signed)), "who": self.who()}
        sentence = (
            _("%(amount)s of new money go to %(who)s.")
            if signed > 0
            else _("%(amount)s disappear from %(who)s.")
        )
        there = selectors.available(self.balance)
        is_too_much, is_forced = -signed > there, (typed or {})["force"]
        warnings = []
        if is_too_much and is_forced:
            warnings.append(_("The account falls below zero: to %(then)s.") % {"then": self.shown(then)})
        elif is_too_much:
            nothing_more = _("There is only %(there)s to take. The bank will refuse this.")
            warnings.append(nothing_more % {"there": self.shown(max(there, 0))})
        if self.balance.freeze:
            warnings.append(_already_frozen(self.balance))
        button = _("give %(amount)s") if signed > 0 else _("take %(amount)s")
        return Effect(
            [sentence % facts],
            # What will not come about is not shown as if it did.
            []
            if is_too_much and not is_forced
            else [Change(_("Balance"), self.shown(now), self.shown(then))],
            warnings,
            button % facts,
        )

    def act(self, typed: dict[str, Any], key: str) -> Done:
        signed = _signed(typed)
        body = {
            "account": self.row.number,
            "amount": signed,
            "reason": typed["reason"],
            "force": typed["force"],
        }
        paid = gm.adjust(
            actor=self.actor,
            account=self.row.number,
            amount=signed,
            reason=typed["reason"],
            force=typed["force"],
            claim=self.claim(key, body),
        )
        facts = {
            "who": self.who(),
            "amount": self.shown(abs(signed)),
            "balance": self.shown(paid.new_balance),
        }
        if paid.replayed:
            return Done(
                _("This was done before and was not done again: %(amount)s, balance %(balance)s after it.")
                % facts,
                self.pages.url_of(self.row),
                is_news=False,
            )
        sentence = _("%(who)s was given %(amount)s and has %(balance)s now.")
        taken = _("%(amount)s were taken from %(who)s; %(balance)s are left.")
        return self.done((sentence if signed > 0 else taken) % facts)

    def ways_out(self, refusal: Any, typed: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
        there = refusal.facts.get("available", 0)
        if refusal.code != "insufficient_funds" or not money.is_amount(there):
            return []
        return [
            (
                _("Take the %(amount)s that are there") % {"amount": self.shown(there)},
                {"amount": plain(there, self.row.currency)},
            )
        ]


class LimitsForm(MoneyForm):
    """What the account may pay; nothing typed is no limit."""

    per_payment = AmountField(
        label=gettext_lazy("At most at once"), required=False, help_text=gettext_lazy("Empty: no limit.")
    )
    per_day = AmountField(
        label=gettext_lazy("At most a day"), required=False, help_text=gettext_lazy("Empty: no limit.")
    )


class SetLimits(AccountAction):
    """Bound what an account pays."""

    name = "limits"
    permission = "ledger.limits"
    label = gettext_lazy("Set limits")
    noted_as = "account.limits"
    form_class = LimitsForm
    asks_password = True

    def form_arguments(self) -> dict[str, Any]:
        typed = {"per_payment": self.balance.limit_per_payment, "per_day": self.balance.limit_per_day}
        currency = self.row.currency
        initial = {name: plain(value, currency) for name, value in typed.items() if value is not None}
        return {"currency": currency, "initial": initial}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        wanted, currency = typed or {}, self.row.currency
        sentence = _(
            "Limits bind what the holder and terminals pay from %(who)s; not what you do as a game master."
        )
        return Effect(
            [sentence % {"who": self.who()}],
            [
                Change(
                    _("At most at once"),
                    or_none(self.balance.limit_per_payment, currency),
                    or_none(wanted["per_payment"], currency),
                ),
                Change(
                    _("At most a day"),
                    or_none(self.balance.limit_per_day, currency),
                    or_none(wanted["per_day"], currency),
                ),
            ],
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        now = (self.balance.limit_per_payment, self.balance.limit_per_day)
        is_same = now == (typed["per_payment"], typed["per_day"])
        return _("These are its limits already. Nothing was done.") if is_same else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        accounts.set_limits(
            actor=self.actor,
            account=self.row.number,
            per_payment=typed["per_payment"],
            per_day=typed["per_day"],
        )
        return self.done(_("%(who)s has new limits.") % {"who": self.who()})


def _signed(typed: dict[str, Any]) -> int:
    amount: int = typed["amount"]
    return amount if typed["direction"] == GIVE else -amount


def _already_frozen(balance: Balance) -> str:
    return _("This account is frozen now: %(how)s.") % {"how": Balance.Freeze(balance.freeze).label}
