"""Taking back everything that somebody sent, or a device took, since a moment: when, what would happen, then exactly that."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from django import forms
from django.http import HttpResponse
from django.urls import reverse as address_of
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.console.actions import ActionPage, Change, Done, Effect, ReasonForm
from accounts.console.parts import NOTHING, Cell, Fact, Table, extension_of, link, moment
from accounts.errors import DomainError
from accounts.models import ApiKey, User
from ledger import selectors
from ledger.console.money import balance_of, shown, with_balances
from ledger.console.transfers import Moment, account_link
from ledger.idempotency import claim_for
from ledger.models import Account, Balance, Currency
from ledger.selectors import Reversal, ReversalLine, ReversalTotal
from ledger.services.reversal import reverse

QUICK: Final[dict[str, Any]] = {
    "15": gettext_lazy("The last 15 minutes"),
    "60": gettext_lazy("The last hour"),
    "180": gettext_lazy("The last 3 hours"),
}
# Moments long ago cannot be said in every time zone.
FIRST_YEAR: Final = 2000
_HIDDEN: Final = ("fixed", "digest")


class ReverseForm(ReasonForm):
    """Since when, and why. ``fixed`` (the moment) and ``digest`` belong to the preview that is being confirmed."""

    when = forms.ChoiceField(
        label=gettext_lazy("Since when"), widget=forms.RadioSelect, choices=list(QUICK.items()), initial="60"
    )
    exact = Moment(
        label=gettext_lazy("Or exactly since"),
        help_text=gettext_lazy("On the event's clock. Filled in, it counts instead of the choice above."),
    )
    until = Moment(label=gettext_lazy("Until"), help_text=gettext_lazy("Empty: until now."))
    fixed = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    digest = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    field_order = ("when", "exact", "until", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _("Everybody concerned reads it in the history.")

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or self.cleaned_data
        since, until, now = self._since(typed), typed.get("until"), timezone.now()
        if since is not None and since > now:
            self.add_error("exact", _("That moment is still to come. Choose one in the past."))
        elif since is not None and since.year < FIRST_YEAR:
            self.add_error("exact", _("That is before there was a bank. Check the year."))
        elif since is not None and until is not None and until < since:
            self.add_error("until", _("The end is before the beginning."))
        return {**typed, "since": since, "until": until if until is not None and until < now else None}

    def _since(self, typed: dict[str, Any]) -> dt.datetime | None:
        # What is no moment was not put there by a preview; the digest will say so.
        if (fixed := _moment_in(typed.get("fixed", ""))) is not None:
            return fixed
        if typed.get("exact") is not None or self.has_error("exact"):
            exact: dt.datetime | None = typed.get("exact")
            return exact
        return timezone.now() - dt.timedelta(minutes=int(typed["when"])) if typed.get("when") else None


def _moment_in(text: str) -> dt.datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    is_whole = found is not None and found.tzinfo is not None and found.year >= FIRST_YEAR
    return found if is_whole else None


class _Reverse(ActionPage):
    """The page, whatever it is about."""

    name = "reverse"
    permission = "ledger.reverse"
    label = gettext_lazy("Reverse since …")
    heading = gettext_lazy("Reverse what was sent")
    form_class = ReverseForm
    asks_password = True
    # What the sum of all lines is called.
    moved: ClassVar[Any] = gettext_lazy("Sent")
    plan: Reversal

    # -- what a subclass says ------------------------------------------------------------------------------------------

    def what_was_sent(self, count: int) -> str:
        """The first sentence, with places for ``who``, ``sent``, ``count`` and ``since``."""
        raise NotImplementedError

    def where_it_goes(self) -> str:
        """The sentence about who gets it."""
        raise NotImplementedError

    def still_running(self) -> str:
        """A warning while more may be sent, else ""."""
        raise NotImplementedError

    # -- the pages -----------------------------------------------------------------------------------------------------

    def _ask(self, form: forms.Form, **more: Any) -> HttpResponse:
        if form.is_bound and any(form.data.get(name) for name in _HIDDEN):
            # Whoever comes back chooses anew: nothing of the preview stays in the form.
            form = self._refilled(form, dict.fromkeys(_HIDDEN, ""))
        return super()._ask(form, **more)

    def _state(self, form: forms.Form, **more: Any) -> HttpResponse:
        typed = form.cleaned_data
        try:
            self.plan = selectors.reversal(self.actor, self.row, since=typed["since"], until=typed["until"])
        except DomainError as impossible:
            return self._ask(form, status=impossible.status, refusal=impossible)
        preview = {"fixed": self.plan.since.astimezone(dt.UTC).isoformat(), "digest": self.plan.digest}
        return super()._state(self._refilled(form, preview), **more)

    def _refilled(self, form: forms.Form, instead: dict[str, str]) -> forms.Form:
        """The form as it was sent, but for ``instead``."""
        refilled = self.form_class({**dict(form.data.items()), **instead}, **self.form_arguments())
        refilled.is_valid()
        return refilled

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        plan = self.plan
        if not plan.lines:
            nothing = _("Nothing was sent since %(since)s, so there is nothing to take back.")
            return Effect([nothing % {"since": on_the_clock(plan.since)}], is_possible=False)
        sentences = [sentence for total in plan.totals for sentence in self._said_of(total)]
        if plan.taking:
            sentences += [self.where_it_goes(), _("Everybody concerned is told, and reads your reason.")]
        running = self.still_running() if plan.taking and plan.until is None else ""
        return Effect(
            sentences,
            [
                Change(
                    who(one.account),
                    in_its_currency(one.account, one.now),
                    in_its_currency(one.account, one.then),
                )
                for one in plan.changes
            ],
            [running] if running else [],
            _("take back %(sum)s") % {"sum": together((total.currency, total.take) for total in plan.totals)},
            facts=[fact for total in plan.totals for fact in _figures(total, self.moved)],
            table=lines_table(plan),
            is_possible=bool(plan.taking),
        )

    def _said_of(self, total: ReversalTotal) -> list[str]:
        facts = {
            "who": self.pages.title_of(self.row),
            "since": on_the_clock(self.plan.since),
            "count": total.count,
            **{
                name: shown(getattr(total, name), total.currency)
                for name in ("sent", "given_back", "take", "lost")
            },
        }
        said = [self.what_was_sent(total.count) % facts]
        if self.plan.until is not None:
            said.append(
                _("Only what was sent until %(until)s is looked at.")
                % {"until": on_the_clock(self.plan.until)}
            )
        if total.given_back:
            said.append(_("Of that %(given_back)s were given back before.") % facts)
        if not total.take and not total.lost:
            return [*said, _("Nothing is left to take back.")]
        if not total.take:
            return [*said, _("Nothing of it can be taken back; the lines below say why.")]
        if not total.lost:
            return [*said, _("%(take)s can be taken back: all that is left of it.") % facts]
        return [*said, _("%(take)s can be taken back; %(lost)s cannot, and the lines below say why.") % facts]

    def act(self, typed: dict[str, Any], key: str) -> Done:
        since, until = typed["since"], typed["until"]
        said = {name: typed[name] for name in ("digest", "reason")}
        body = {**said, "since": since.isoformat(), "until": until.isoformat() if until else ""}
        done = reverse(
            actor=self.actor,
            subject=self.row,
            since=since,
            until=until,
            claim=claim_for(key, method="POST", path=self.request.path, body=body),
            **said,
        )
        facts = {"sum": together(done.sums), "count": done.count}
        here = self.pages.url_of(self.row)
        if done.replayed:
            again = _("This was done before and was not done again: %(sum)s were taken back.")
            return Done(again % facts, here, is_news=False)
        sentence = ngettext(
            "%(sum)s were taken back, of %(count)d movement.",
            "%(sum)s were taken back, of %(count)d movements.",
            done.count,
        )
        return Done(sentence % facts, here)


class _ReverseSent(_Reverse):
    """What was sent: it goes back to where it came from, which is one's own."""

    def what_was_sent(self, count: int) -> str:
        return ngettext(
            "%(who)s sent %(sent)s since %(since)s, in %(count)d movement.",
            "%(who)s sent %(sent)s since %(since)s, in %(count)d movements.",
            count,
        )

    def where_it_goes(self) -> str:
        back = {line.transfer.from_account: None for line in self.plan.taking}
        return _("It goes back to %(who)s.") % {"who": ", ".join(map(who, back))}

    def still_running(self) -> str:
        running = [who(account) for account in with_balances(self.plan.own) if not balance_of(account).freeze]
        warning = _(
            "%(who)s is not frozen. If anything is sent before you confirm, this preview no longer holds and nothing is done. "
            "To be sure, freeze first."
        )
        return warning % {"who": ", ".join(running)} if running else ""


class ReverseAccount(_ReverseSent):
    """Take back what left an account."""

    noted_as = "account.reverse"
    row: Account

    @classmethod
    def is_offered(cls, row: Account) -> bool:
        return row.kind != Account.Kind.SYSTEM and balance_of(row).status != Balance.Status.CLOSED


class ReversePerson(_ReverseSent):
    """Take back what a person sent, from whichever account."""

    noted_as = "user.reverse"
    row: User


class ReverseKey(_Reverse):
    """Give back what a device took."""

    noted_as = "key.reverse"
    heading = gettext_lazy("Reverse what was taken")
    moved = gettext_lazy("Taken")
    row: ApiKey

    def what_was_sent(self, count: int) -> str:
        return ngettext(
            "%(who)s took %(sent)s since %(since)s, in %(count)d movement.",
            "%(who)s took %(sent)s since %(since)s, in %(count)d movements.",
            count,
        )

    def where_it_goes(self) -> str:
        count = len({line.transfer.from_account_id for line in self.plan.taking})
        sentence = ngettext(
            "It goes back to the account that it was taken from.",
            "It goes back to the %(count)d accounts that it was taken from.",
            count,
        )
        return sentence % {"count": count}

    def still_running(self) -> str:
        warning = _(
            "This key still works. If it takes anything before you confirm, this preview no longer holds and nothing is done. "
            "To be sure, revoke it first."
        )
        return warning if self.row.is_live else ""


# -- the preview in words and figures ----------------------------------------------------------------------------------


def lines_table(plan: Reversal) -> Table:
    """Every line, newest first; who paid only where that is not the same for all."""
    payers = {line.transfer.from_account_id for line in plan.lines}
    columns = [
        _("When"),
        *([_("From")] if len(payers) > 1 else []),
        _("To"),
        _("Amount"),
        _("What for"),
        _("Given back before"),
        _("Comes back now"),
        _("Remarks"),
    ]
    return Table(columns, [_cells(line, with_payer=len(payers) > 1) for line in plan.lines])


def _cells(line: ReversalLine, *, with_payer: bool) -> list[Cell]:
    transfer = line.transfer
    page = address_of("admin:ledger_transfer_change", args=[transfer.pk])

    def amount(value: int, tone: str = "") -> Cell:
        return Cell(shown(value, transfer.currency) if value else NOTHING, tone, is_amount=True)

    return [
        Cell(link(page, moment(transfer.posted_at))),
        *([Cell(account_link(transfer.from_account))] if with_payer else []),
        Cell(account_link(transfer.to_account)),
        amount(transfer.amount),
        Cell(transfer.memo or NOTHING, tone="quiet"),
        amount(line.given_back),
        amount(line.take, "good" if line.take else ""),
        Cell(line.remarks or NOTHING, tone="bad" if line.lost else "quiet"),
    ]


def _figures(total: ReversalTotal, moved: Any) -> list[Fact]:
    return [
        Fact(moved, shown(total.sent, total.currency)),
        Fact(_("Given back before"), shown(total.given_back, total.currency)),
        Fact(_("Comes back now"), shown(total.take, total.currency), "good" if total.take else ""),
        Fact(_("Cannot be taken back"), shown(total.lost, total.currency), "bad" if total.lost else ""),
    ]


def together(sums: Iterable[tuple[Currency, int]]) -> str:
    """Sums of several currencies, those that are nothing left out."""
    return " + ".join(shown(amount, currency) for currency, amount in sums if amount)


def in_its_currency(account: Account, amount: int) -> str:
    """An amount in the account's currency."""
    return shown(amount, account.currency)


def who(account: Account) -> str:
    """Whose account, and which."""
    return f"{account.holder.name} ({account.number})"


def on_the_clock(when: dt.datetime) -> str:
    """A moment as a sentence has it, on the event's own clock."""
    return date_format(timezone.localtime(when), _("D j M, H:i:s"))


extension_of(Account).actions.append(ReverseAccount)
extension_of(User).actions.append(ReversePerson)
extension_of(ApiKey).actions.append(ReverseKey)
