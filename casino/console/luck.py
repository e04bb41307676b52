"""How lucky each player was in a game: what they won beyond what was to be expected, exactly."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts import search
from accounts.console.lists import PAGE_ROWS, ListForm, address
from accounts.console.parts import NOTHING, Button, Cell, Fact, Panel, Table, extension_of, link, moment
from accounts.models import User
from accounts.requests import BankRequest
from casino import selectors
from casino.console import live, words
from casino.models import Game
from casino.selectors import Reckoning
from ledger import selectors as bank
from ledger.models import Currency

if TYPE_CHECKING:
    from accounts.console.pages import ConsoleAdmin

_LAST: Final = -(10.0**12)


class LuckForm(ListForm):
    """Whose luck, and in which order."""

    hint = gettext_lazy("The beginning of a player's name.")
    order = forms.ChoiceField(
        label=gettext_lazy("First"),
        required=False,
        choices=[
            ("", gettext_lazy("those who won most beyond expectation")),
            ("unlucky", gettext_lazy("those who lost most beyond expectation")),
            ("odd", gettext_lazy("those whom chance explains least")),
            ("staked", gettext_lazy("those who staked most")),
        ],
    )


class LuckPage(View):
    """The players of one game."""

    pages: ConsoleAdmin = cast("ConsoleAdmin", None)  # given to as_view
    http_method_names = ["get", "head"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises ``Denied`` before the game is looked for."""
        cast(BankRequest, request).actor().require("casino.view")
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The list. Raises ``Http404``."""
        game: Game = self.pages.find(key)
        asked = request.GET.dict()
        form = LuckForm(asked if asked.keys() & LuckForm.base_fields.keys() else None)
        is_wrong = form.is_bound and not form.is_valid()
        lines = [] if is_wrong else _sorted(form, game, sees_sealed=request.user.has_perm(live.MANAGES))
        here, start = request.path, _start(asked.get("after", ""))
        title = selectors.title_of(game.name)
        context = {
            **self.pages.admin_site.each_context(request),
            "title": _("Players' luck: %(game)s") % {"game": title},
            "form": form,
            "table": _table(lines, start, here, {name: asked.get(name, "") for name in LuckForm.base_fields}),
            "note": _note(lines),
            "list_url": here,
            "back": Button(title, self.pages.url_of(game)),
        }
        return TemplateResponse(request, "admin/casino/luck.html", context, status=422 if is_wrong else 200)


_Line = tuple[Any, Reckoning]
_ORDERS: Final[dict[str, Callable[[Reckoning], Any]]] = {
    "": lambda one: -one.deviation,
    "unlucky": lambda one: one.deviation,
    "odd": lambda one: _LAST if one.z is None else -abs(one.z),
    "staked": lambda one: -one.staked,
}


def _sorted(form: LuckForm, game: Game, *, sees_sealed: bool) -> list[_Line]:
    text = form.cleaned_data["q"].strip() if form.is_bound else ""
    users = User.objects.filter(pk__in=search.find(search.USER, text)) if text else None
    found = selectors.luck(sees_sealed=sees_sealed, game=game, users=users)
    order = _ORDERS[form.cleaned_data["order"] if form.is_bound else ""]
    return sorted(found.items(), key=lambda line: (order(line[1]), str(line[0])))


def _start(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise Http404
    return int(text)


def _table(lines: list[_Line], start: int, here: str, asked: dict[str, str]) -> Table:
    shown = lines[start : start + PAGE_ROWS]
    names = dict(User.objects.filter(pk__in=[pk for pk, _one in shown]).values_list("pk", "character_name"))
    currency = bank.first_currency()
    has_more = len(lines) > start + PAGE_ROWS
    return Table(
        [_("Player"), _("Rounds"), _("Staked"), _("Won"), _("Expected"), _("Beyond expectation"), "z"],
        [_cells(pk, names.get(pk, ""), one, currency) for pk, one in shown],
        empty=_("Nobody has played here yet, or nobody of that name."),
        older=address(here, asked, after=str(start + PAGE_ROWS)) if has_more else "",
        newest=address(here, asked) if start else "",
    )


def _cells(pk: Any, name: str, one: Reckoning, currency: Currency) -> list[Cell]:
    return [
        Cell(link(reverse("admin:accounts_user_change", args=[pk]), name)),
        Cell(words.count(one.rounds), is_amount=True),
        Cell(words.money(one.staked, currency), is_amount=True),
        Cell(words.money(one.won, currency), is_amount=True),
        Cell(words.money(one.expected, currency) if one.told else NOTHING, is_amount=True),
        Cell(exact(one, currency), is_amount=True),
        live.z_cell(one),
    ]


def exact(one: Reckoning, currency: Currency) -> str:
    """The deviation to the hundredth of a minor unit where it has parts of one: payouts have two decimals, and so has it."""
    if not one.told:
        return NOTHING
    places = currency.exponent if one.deviation.denominator == 1 else currency.exponent + 4
    sign = "+" if one.deviation > 0 else "-" if one.deviation < 0 else ""
    return f"{sign}{currency.symbol}{words.decimal(abs(one.deviation) / 10**currency.exponent, places)}"


def _note(lines: list[_Line]) -> str:
    hidden = next((live.hidden_note(one) for _pk, one in lines if one.hidden), "")
    players = _(
        "One large win puts a player of few rounds far beyond 4: that is how these machines pay, and proves nothing."
        " (%(count)s players)"
    )
    return " ".join(filter(None, [players % {"count": words.count(len(lines))} if lines else "", hidden]))


# -- on a person's page ------------------------------------------------------------------------------------------------


def casino_panel(request: BankRequest, row: User) -> Panel | None:
    """What somebody has staked and won, and what they have set against themselves; None for those who never played."""
    if not request.user.has_perm("casino.view"):
        return None
    limit = selectors.limit_of(row)
    one = selectors.luck(sees_sealed=request.user.has_perm(live.MANAGES), users=[row]).get(row.pk)
    if one is None and limit is None:
        return None
    currency = bank.first_currency()
    facts = [] if limit is None else _limits(limit, currency)
    if one is not None:
        rounds = address(reverse("admin:casino_round_changelist"), {"player": str(row.pk)})
        facts = [
            Fact(_("Rounds"), link(rounds, words.count(one.rounds))),
            Fact(_("Staked"), words.money(one.staked, currency)),
            Fact(_("Won"), words.money(one.won, currency)),
            Fact(_("Beyond expectation"), exact(one, currency)),
            Fact("z", live.z_cell(one).value),
            *facts,
        ]
    return Panel(_("Casino"), facts=facts, note=live.hidden_note(one) if one else "")


def _limits(limit: Any, currency: Currency) -> list[Fact]:
    labels = (
        (_("Own limit for a stake"), limit.stake_max),
        (_("Own limit of loss a day"), limit.loss_per_day),
        (_("Own limit of loss in one sitting"), limit.loss_per_session),
    )
    facts = [Fact(label, words.money(value, currency)) for label, value in labels if value is not None]
    if limit.paused_until is not None:
        facts.append(Fact(_("Has asked to be kept from playing until"), moment(limit.paused_until)))
    return facts


extension_of(User).panels.append(casino_panel)
