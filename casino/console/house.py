"""The house's float and the prizes' account: money goes in and out through the ledger, and what it means is said first."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Change, Done, Effect, ReasonForm
from accounts.console.parts import Button, Panel, extension_of
from accounts.errors import DomainError, Invalid
from accounts.models import Tenant
from accounts.requests import BankRequest
from casino import selectors
from casino.console import words
from casino.console.cover import covers, house, panel
from casino.models import Game
from casino.services.house import fund, fund_prizes
from casino.services.setup import open_casino
from ledger import money, numbers
from ledger import selectors as bank
from ledger.console.money import AmountField, MoneyForm, balance_of, plain, shown
from ledger.idempotency import claim_for
from ledger.models import Account, Currency

FUND, DRAW = "fund", "draw"
OF_CASINO: Final = (numbers.HOUSE, numbers.PRIZES)


class FloatForm(MoneyForm, ReasonForm):
    """In or out, how much, why."""

    direction = forms.ChoiceField(
        label=gettext_lazy("What to do"),
        widget=forms.RadioSelect,
        choices=[
            (FUND, gettext_lazy("Fund: new money appears in this account")),
            (DRAW, gettext_lazy("Draw off: money disappears from this account")),
        ],
    )
    amount = AmountField(label=gettext_lazy("Amount"))
    field_order = ("direction", "amount", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("It stands in the books for ever.")


class ChangeFloat(ActionPage):
    """Put money into the house or the prizes' account, or take some out."""

    name = "float"
    permission = "casino.manage"
    label = gettext_lazy("Fund or draw off")
    # A movement is its own record; this is the name of one that was refused.
    noted_as = "account.adjust"
    recorded_as = "transfer.admin"
    form_class = FloatForm
    asks_password = True
    row: Account

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return row.number in OF_CASINO

    def form_arguments(self) -> dict[str, Any]:
        return {"currency": self.row.currency}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        if not self.is_offered(self.row):
            return Effect([self._not_here().sentence], is_possible=False)
        signed, currency = _signed(typed or {}), self.row.currency
        balance = balance_of(self.row)
        there, then = bank.available(balance), balance.amount + signed
        facts = {
            "amount": shown(abs(signed), currency),
            "account": self._called(),
            "there": shown(max(there, 0), currency),
        }
        if -signed > there:
            said = _("There is only %(there)s to draw off from %(account)s. It never falls below zero.")
            return Effect([said % facts], is_possible=False)
        sentence = (
            _("%(amount)s of new money go into %(account)s.")
            if signed > 0
            else _("%(amount)s disappear from %(account)s, and from the world.")
        )
        button = _("fund with %(amount)s") if signed > 0 else _("draw off %(amount)s")
        changes = [Change(_("Balance"), shown(balance.amount, currency), shown(then, currency))]
        warnings: list[str] = []
        if self.row.number == numbers.HOUSE:
            bets, warnings = _bets(there, there + signed, currency)
            changes += bets
        return Effect([sentence % facts], changes, warnings, button % facts)

    def act(self, typed: dict[str, Any], key: str) -> Done:
        if not self.is_offered(self.row):
            raise self._not_here()
        signed = _signed(typed)
        body = {"account": self.row.number, "amount": signed, "reason": typed["reason"]}
        service = fund if self.row.number == numbers.HOUSE else fund_prizes
        paid = service(
            actor=self.actor,
            amount=signed,
            reason=typed["reason"],
            claim=claim_for(key, method="POST", path=self.request.path, body=body),
        )
        facts = {
            "account": self._called(),
            "amount": shown(abs(signed), self.row.currency),
            "balance": shown(paid.new_balance, self.row.currency),
        }
        url = floor_url()
        if paid.replayed:
            said = _("This was done before and was not done again: %(amount)s, balance %(balance)s after it.")
            return Done(said % facts, url, is_news=False)
        said = (
            _("%(amount)s went into %(account)s, which has %(balance)s now.")
            if signed > 0
            else _("%(amount)s were drawn off from %(account)s; %(balance)s are left.")
        )
        return Done(said % facts, url)

    def ways_out(self, refusal: DomainError, typed: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
        there = refusal.facts.get("available", 0)
        if refusal.code != "insufficient_funds" or not money.is_amount(there):
            return []
        text = _("Draw off the %(amount)s that are there") % {"amount": shown(there, self.row.currency)}
        return [(text, {"amount": plain(there, self.row.currency)})]

    def _called(self) -> str:
        name = _("the house") if self.row.number == numbers.HOUSE else _("the prizes' account")
        return _("%(name)s (%(number)s)") % {"name": name, "number": self.row.number}

    def _not_here(self) -> Invalid:
        said = _("This is not an account of the casino. Use “Adjust balance” on its page.")
        return Invalid("invalid_request", said)


def _bets(now: int, then: int, currency: Currency) -> tuple[list[Change], list[str]]:
    """The largest bet of each game, and what to be careful about."""
    changes, warnings = [], []
    for before, after in zip(covers(now), covers(then), strict=True):
        title = selectors.title_of(after.game.name)
        changes.append(
            Change(
                _("Largest bet in %(game)s") % {"game": title},
                before.in_short(currency),
                after.in_short(currency),
            )
        )
        facts = {"game": title, "needed": words.money(after.needed, currency)}
        if not after.largest:
            warnings.append(
                _("%(game)s then takes no bets at all. For all of its stakes the house needs %(needed)s.")
                % facts
            )
        elif not after.is_full:
            warnings.append(
                _(
                    "%(game)s then refuses the larger of its stakes. For all of them the house needs %(needed)s."
                )
                % facts
            )
    return changes, warnings


def _signed(typed: dict[str, Any]) -> int:
    amount: int = typed["amount"]
    return amount if typed["direction"] == FUND else -amount


class OpenCasino(ActionPage):
    """Give an event its casino."""

    name = "open-casino"
    permission = "casino.manage"
    label = gettext_lazy("Open the casino")
    noted_as = "casino.open"
    form_class = forms.Form
    in_one_step = True
    row: Tenant

    @classmethod
    def is_offered(cls, row: Tenant) -> bool:
        return not Game.objects.exists()

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        return Effect(
            [
                _(
                    "%(event)s gets two machines, Glitch Grid and Starlight Smuggler, which pay 96.00 %% on average."
                )
                % {"event": self.row.name},
                _("The house is empty: no bet is taken before you fund it. That is the next step."),
            ]
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        return "" if self.is_offered(self.row) else _("The casino is open already. Nothing was done.")

    def act(self, typed: dict[str, Any], key: str) -> Done:
        open_casino(actor=self.actor)
        return Done(_("The casino is there. Fund the house now: before that no bet is taken."), floor_url())


def floor_url() -> str:
    """The address of the casino's page."""
    return reverse("admin:casino_game_changelist")


def float_button(number: str, label: str) -> Button:
    """The way to fund an account of the casino."""
    return Button(label, reverse("admin:ledger_account_float", args=[number]))


def house_panel(request: BankRequest, row: Account) -> Panel | None:
    """On the house's own page: what it covers."""
    if row.number != numbers.HOUSE or not request.user.has_perm("casino.view"):
        return None
    found = house()
    return panel(found) if found else None


extension_of(Account).actions.append(ChangeFloat)
extension_of(Account).panels.append(house_panel)
extension_of(Tenant).actions.append(OpenCasino)
