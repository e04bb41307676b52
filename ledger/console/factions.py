"""Freezing a whole faction."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ActionPage, Done, Effect, ReasonForm
from accounts.console.parts import extension_of
from accounts.models import Faction
from ledger import selectors
from ledger.console.account_actions import FreezeForm
from ledger.console.money import balance_of, shown, with_balances
from ledger.models import Account, Balance, Currency
from ledger.services import accounts


class _FactionAction(ActionPage):
    permission = "ledger.freeze"
    in_one_step = True
    row: Faction

    def open_accounts(self) -> list[Account]:
        """The accounts of the faction and of its members that are not closed, with their balances."""
        found = with_balances(selectors.accounts_of_faction(self.row))
        return [account for account in found if balance_of(account).status != Balance.Status.CLOSED]


def _total(found: list[Account]) -> str:
    """What the accounts hold together, currency by currency."""
    sums: dict[Currency, int] = {}
    for account in found:
        sums[account.currency] = sums.get(account.currency, 0) + balance_of(account).amount
    return " + ".join(shown(total, currency) for currency, total in sums.items())


class FreezeFaction(_FactionAction):
    """Stop a faction's account and those of all its members."""

    name = "freeze"
    label = gettext_lazy("Freeze all accounts")
    noted_as = "faction.freeze"
    tone = "bad"
    form_class = FreezeForm

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        found = self.open_accounts()
        frozen = sum(1 for account in found if balance_of(account).status == Balance.Status.FROZEN)
        sentences = [
            _(
                "It concerns %(count)d accounts: that of %(faction)s and those of its members. %(frozen)d are frozen now."
            )
            % {"count": len(found), "faction": self.row.name, "frozen": frozen},
            _(
                "Together they hold %(total)s, which stay there. When you have confirmed, what you choose below stops at once."
            )
            % {"total": _total(found)},
            _("Members who join later are not frozen."),
        ]
        return Effect(sentences)

    def already_done(self, typed: dict[str, Any]) -> str:
        is_same = all(balance_of(account).freeze == typed["how"] for account in self.open_accounts())
        return _("All of them are frozen in that way already. Nothing was done.") if is_same else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        count = accounts.freeze_faction(
            actor=self.actor, faction=self.row, how=typed["how"], reason=typed["reason"]
        )
        facts = {"count": count, "faction": self.row.name}
        return Done(_("%(count)d accounts of %(faction)s are frozen.") % facts, self.pages.url_of(self.row))


class UnfreezeFaction(_FactionAction):
    """Let a faction go on."""

    name = "unfreeze"
    label = gettext_lazy("Unfreeze all accounts")
    noted_as = "faction.unfreeze"
    form_class = ReasonForm

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        found = self.open_accounts()
        frozen = [account for account in found if balance_of(account).status == Balance.Status.FROZEN]
        sentence = _(
            "%(count)d frozen accounts of %(faction)s and its members can pay and be paid again at once."
        )
        return Effect(
            [sentence % {"count": len(frozen), "faction": self.row.name}],
            warnings=[_("That includes accounts that were frozen one by one, for other reasons.")],
        )

    def already_done(self, typed: dict[str, Any]) -> str:
        is_free = all(balance_of(account).status == Balance.Status.ACTIVE for account in self.open_accounts())
        return _("None of them is frozen. Nothing was done.") if is_free else ""

    def act(self, typed: dict[str, Any], key: str) -> Done:
        count = accounts.unfreeze_faction(actor=self.actor, faction=self.row, reason=typed["reason"])
        facts = {"count": count, "faction": self.row.name}
        return Done(_("%(count)d accounts of %(faction)s are active.") % facts, self.pages.url_of(self.row))


extension_of(Faction).actions.extend([FreezeFaction, UnfreezeFaction])
