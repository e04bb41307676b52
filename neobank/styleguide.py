"""The style guide: every part of the pages in every state it can be in, for staff, on one page.

The parts are the real ones (``templates/_partials``), with people and movements that do not exist; a test finds a part that is
missing here.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Final

from django import forms
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.actors import Actor
from accounts.models import Notification, User
from accounts.pages import signed_in_page
from accounts.requests import BankRequest
from casino import games, reels
from casino.models import Rig
from casino.pages import shown
from casino.selectors import GameSession
from ledger.models import Account, AccountHolder, Balance, Currency, Entry, PaymentRequest, Transfer
from ledger.selectors import Line, Standing
from neobank.problems import Problem

#: Tokens that are shown as patches of colour.
COLOURS: Final = (
    *("ground", "surface", "surface-high", "hero", "hero-far", "line", "line-field"),
    *("text", "text-quiet", "link", "accent", "accent-text", "glow"),
    *("chrome-high", "chrome", "chrome-edge", "chrome-low"),
    *("neon-ice", "neon-rose", "neon-gold", "neon-lime", "neon-violet", "neon-ember", "screen", "screen-far"),
    *("good", "bad", "bad-ground", "warn-ground", "warn-text"),
)


class SampleForm(forms.Form):
    """One field of each kind."""

    to = forms.CharField(
        label=gettext_lazy("To"), help_text=gettext_lazy("A name, or the number of an account.")
    )
    amount = forms.CharField(
        label=gettext_lazy("Amount"),
        widget=forms.TextInput(attrs={"class": "figure", "inputmode": "decimal", "autocomplete": "off"}),
    )
    memo = forms.CharField(label=gettext_lazy("What for"), required=False)
    account = forms.ChoiceField(label=gettext_lazy("From"), choices=(("1", "Nyx · ₵1,337.42"),))


@require_safe
@signed_in_page()
def styleguide(request: BankRequest, actor: Actor) -> HttpResponse:
    """The page. Raises ``Denied`` for whoever is not staff."""
    actor.require("accounts.console")
    wrong = SampleForm({"to": "Vexx", "amount": "12,5,0", "account": "1"}, auto_id="wrong_%s")
    wrong.add_error("to", _("Nobody here is called “Vexx”. Look at the spelling, or ask for the number."))
    wrong.add_error("amount", _("Write a plain number like 12.50, with at most 2 decimals."))
    wrong.add_error(None, _("Nothing was paid."))
    context = {
        "colours": COLOURS,
        "form": SampleForm(auto_id="sample_%s"),
        "wrong": wrong,
        "somebody": User(character_name="Nyx", emoji="🦊"),
        "lines": _lines(),
        "asked_of_me": [_asked()],
        "said": [
            Message(constants.SUCCESS, _("Paid. Vex has the money now.")),
            Message(constants.INFO, _("You are signed out.")),
            Message(constants.ERROR, _("You have ₵3.00; this needs ₵12.50. Nothing was paid.")),
        ],
        "news": _news(),
        "standings": [_standing(), _standing(is_frozen=True)],
        "problems": _problems(),
        "machine": _machine(),
        "sittings": _sittings(),
    }
    return render(request, "neobank/styleguide.html", context)


def _machine() -> dict[str, Any]:
    """A window in which two lines have won, what its game pays, and the hashes beside it."""
    rules = games.CERTIFIED[games.STARLIGHT_SMUGGLER].rules
    spin = reels.Spin(
        stops=(0, 0, 0, 0, 0),
        window=("CCWED", "SFWGH", "ABCDI"),
        line_wins=(reels.LineWin(1, "C", 3, 30),),
        scatters=1,
        line_bets=30,
    )
    window = shown.shown_spin(rules, spin, 10, lambda amount: f"₵{amount / 100:.2f}")
    return {
        "window": window,
        "spins": [window, shown.waiting_spin(rules)],
        "sprite": "casino/starlight_smuggler.svg",
        "payout": 96_00,
        "rig": Rig(payout_from=85_00, payout_to=103_50, commitment="5ea1" * 16),
        "hash": "3f2a91c0" * 8,
        "currency": Currency(code="NC", name="neo-credits", symbol="₵", exponent=2),
    }


def _sittings() -> list[tuple[GameSession | None, dt.timedelta]]:
    now = timezone.now()
    lost = GameSession(uuid.UUID(int=0), now - dt.timedelta(minutes=72), now, 40, 80_00, 61_50)
    return [(None, dt.timedelta(0)), (lost, dt.timedelta(minutes=72))]


def _account(name: str, number: str) -> Account:
    currency = Currency(code="NC", name="neo-credits", symbol="₵", exponent=2)
    return Account(number=number, holder=AccountHolder(name=name), currency=currency, is_primary=True)


def _standing(*, is_frozen: bool = False) -> Standing:
    if not is_frozen:
        account = _account("Nyx", "NC-7F3K-Q2MX")
        return Standing(account, Balance(amount=1_337_42, held=37_42))
    account = _account("Vex Przybyszewskiewicz-Kjærgaard", "NC-0000-VEXX")
    frozen = Balance(amount=12_345_678_90, status=Balance.Status.FROZEN, freeze=Balance.Freeze.BOTH)
    return Standing(account, frozen)


def _lines() -> list[Line]:
    mine = _account("Nyx", "NC-7F3K-Q2MX")
    moves = (
        ("Bar “Zur letzten Verbindung”", -12_50, Transfer.Kind.TRANSFER, _("two synth-ales")),
        ("Vex", 250_00, Transfer.Kind.TRANSFER, ""),
        ("Łucja Şirin Żaneta Wawrzyniakówna", -1, Transfer.Kind.REFUND, "w" * 60),
    )
    now, balance, lines = timezone.now(), 1_337_42, []
    for age, (name, amount, kind, memo) in enumerate(moves):
        when = now - dt.timedelta(hours=3 * age)
        transfer = Transfer(id=uuid.UUID(int=age), kind=kind, memo=memo, posted_at=when)
        entry = Entry(amount=amount, balance_after=balance, posted_at=when)
        lines.append(Line(entry=entry, account=mine, transfer=transfer, counterparty=_account(name, "NC")))
        balance -= amount
    return lines


def _asked() -> PaymentRequest:
    until = timezone.now() + dt.timedelta(hours=2)
    bar = _account("Bar “Zur letzten Verbindung”", "NC-7F3K-Q2MX")
    return PaymentRequest(code="sample", account=bar, amount=4_20, memo=_("two synth-ales"), expires_at=until)


def _news() -> list[Notification]:
    texts = (_("Vex paid you ₵250.00."), _("Your password was changed."))
    return [
        Notification(id=uuid.UUID(int=n), text=text, created_at=timezone.now())
        for n, text in enumerate(texts)
    ]


def _problems() -> list[Problem]:
    return [
        Problem.of("not_allowed", _("You are not allowed to do this. Ask a game master.")),
        Problem.of("not_found", _("There is nothing here. Check the address.")),
        Problem.of("rate_limited", _("That was too often. Wait a minute, then try again.")),
        Problem.of("internal_error", _("Something broke on our side. Try again.")),
    ]
