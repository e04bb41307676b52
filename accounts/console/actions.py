"""Something a game master does: a form, a page that states the effect in words and numbers, and one call of a service.

A service opens its own transaction, so nothing here runs in one. What is sent twice is done once: the form carries a one-time
key, which services that move money claim; the others find that there is nothing left to do.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from accounts import confirmation
from accounts.actors import Actor
from accounts.console.parts import Button, Tone, whole_numbers
from accounts.errors import DomainError, Invalid
from accounts.models import LoginSession
from accounts.requests import BankRequest
from accounts.services.password import confirm_password

if TYPE_CHECKING:
    from accounts.console.pages import ConsoleAdmin

_KEY = re.compile(r"[0-9a-f-]{36}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Change:
    """What stands there now, and what will."""

    label: Any
    now: Any
    then: Any


@dataclass(frozen=True, slots=True)
class Effect:
    """What will happen, in whole sentences and in figures; ``button`` is what the person agrees to, in two or three words."""

    sentences: Sequence[str]
    changes: Sequence[Change] = ()
    warnings: Sequence[str] = ()
    button: str = ""

    def for_page(self) -> Effect:
        """The same with account numbers that are not broken over two lines: half of one is taken for a whole."""
        return Effect(
            [whole_numbers(sentence) for sentence in self.sentences],
            [Change(whole_numbers(change.label), change.now, change.then) for change in self.changes],
            [whole_numbers(warning) for warning in self.warnings],
            self.button,
        )


@dataclass(frozen=True, slots=True)
class Done:
    """What has happened, in a sentence, and the page where it shows."""

    sentence: str
    url: str
    is_news: bool = True


class ReasonForm(forms.Form):
    """A reason, which is required."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=140,
        help_text=gettext_lazy(
            "For the other game masters: it stands in the trail. The player does not see it."
        ),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def clean_reason(self) -> str:
        """One line of text, however it was pasted."""
        return " ".join(self.cleaned_data["reason"].split())


class ActionPage(View):
    """One action on one row of a ``ConsoleAdmin``: ask, say what will happen, do it.

    With ``in_one_step`` the form and the statement share a page, where nothing typed changes the statement. Subclasses say what
    happens in ``effect`` and call their service in ``act``; whether the person may is asked before anything is shown.
    """

    pages: ConsoleAdmin = cast("ConsoleAdmin", None)  # given to as_view
    # The last part of its address, and of its name there.
    name: ClassVar[str]
    permission: ClassVar[str]
    label: ClassVar[Any]
    # How the trail names it; a movement of money is its own record, and then that name is the one of what was refused.
    noted_as: ClassVar[str]
    recorded_as: ClassVar[str] = ""
    tone: ClassVar[Tone] = ""
    form_class: ClassVar[type[forms.Form]] = ReasonForm
    in_one_step: ClassVar[bool] = False
    # Money, keys and roles, and what decides about money: a console left open for a minute must not be enough.
    asks_password: ClassVar[bool] = False

    http_method_names = ["get", "head", "post"]
    row: Any
    actor: Actor

    # -- what a subclass says ------------------------------------------------------------------------------------------

    @classmethod
    def is_offered(cls, row: Any) -> bool:
        """Whether there is anything to do on ``row`` now; decides about the button only."""
        return True

    def form_arguments(self) -> dict[str, Any]:
        """What the form needs to know."""
        return {}

    def effect(self, typed: dict[str, Any] | None) -> Effect:
        """What will happen; ``typed`` is the form's cleaned data, None before anything was typed (one-step pages)."""
        raise NotImplementedError

    def already_done(self, typed: dict[str, Any]) -> str:
        """A sentence when there is nothing left to do, else ""."""
        return ""

    def act(self, typed: dict[str, Any], key: str) -> Done | HttpResponse:
        """Call the service. Raises ``DomainError``."""
        raise NotImplementedError

    def ways_out(self, refusal: DomainError, typed: dict[str, Any]) -> list[tuple[str, dict[str, str]]]:
        """After a refusal: what may be done instead, as a button's text and the fields it changes."""
        return []

    def show_once(self, title: str, secret: str, note: str, back: Button) -> HttpResponse:
        """A page with something that nobody can show a second time; like every page of the console it is kept nowhere."""
        context = {
            **self.pages.admin_site.each_context(self.request),
            "title": title,
            "secret": secret,
            "note": note,
            "back": back,
        }
        return TemplateResponse(self.request, "admin/secret.html", context)

    # -- the two pages -------------------------------------------------------------------------------------------------

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Raises ``Denied`` before the row is even looked for, and ``Http404``."""
        self.actor = cast(BankRequest, request).actor()
        self.actor.require(self.permission)
        self.row = self.pages.find(kwargs["key"])
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """The empty form."""
        form = self.form_class(**self.form_arguments())
        return self._ask(form)

    def post(self, request: HttpRequest, key: str) -> HttpResponse:
        """The statement of the effect; once that was confirmed, the effect."""
        form = self.form_class(request.POST, **self.form_arguments())
        if not form.is_valid():
            return self._ask(form, status=422)
        if "confirmed" not in request.POST:
            return self._ask(form) if self.in_one_step or "back" in request.POST else self._state(form)
        return self._act(form)

    def _act(self, form: forms.Form) -> HttpResponse:
        typed = form.cleaned_data
        try:
            if sentence := self.already_done(typed):
                return self._leave(Done(sentence, self.pages.url_of(self.row), is_news=False))
            self._require_password()
            done = self.act(typed, self._key())
        except DomainError as refusal:
            return self._refused(form, refusal)
        return self._leave(done) if isinstance(done, Done) else done

    def _leave(self, done: Done) -> HttpResponse:
        (messages.success if done.is_news else messages.info)(self.request, done.sentence)
        response = HttpResponseRedirect(done.url)
        response.status_code = 303
        return response

    def _refused(self, form: forms.Form, refusal: DomainError) -> HttpResponse:
        # A stored refusal is final for its key; a wrong password has not come that far.
        key = self._key_as_sent() if refusal.code in _KEEPS_KEY else ""
        show = self._ask if self.in_one_step else self._state
        return show(form, status=refusal.status, refusal=refusal, key=key)

    def _ask(
        self, form: forms.Form, *, status: int = 200, refusal: DomainError | None = None, key: str = ""
    ) -> HttpResponse:
        effect = self.effect(None) if self.in_one_step else None
        return self._page(
            form, status=status, refusal=refusal, key=key, effect=effect, is_statement=self.in_one_step
        )

    def _state(
        self, form: forms.Form, *, status: int = 200, refusal: DomainError | None = None, key: str = ""
    ) -> HttpResponse:
        typed = form.cleaned_data
        if sentence := self.already_done(typed):
            return self._leave(Done(sentence, self.pages.url_of(self.row), is_news=False))
        key = key or (self._key_as_sent() if refusal is None else "")
        return self._page(
            form,
            status=status,
            refusal=refusal,
            key=key,
            effect=self.effect(typed),
            is_statement=True,
            is_fixed=True,
        )

    def _page(
        self, form: forms.Form, *, status: int, key: str, refusal: DomainError | None, **more: Any
    ) -> HttpResponse:
        request = cast(BankRequest, self.request)
        ways_out = self.ways_out(refusal, form.cleaned_data) if refusal and form.is_valid() else []
        wants_password = more["is_statement"] and self._wants_password()
        effect: Effect | None = more.pop("effect")
        context = {
            **self.pages.admin_site.each_context(request),
            "title": f"{self.label}: {self.pages.title_of(self.row)}",
            "number": self.pages.number_of(self.row),
            "state": self.pages.state_of(self.row),
            "figure": self.pages.figure_of(self.row),
            "label": self.label,
            "tone": self.tone,
            "form": form,
            "key": key or str(uuid.uuid4()),
            "refusal": whole_numbers(refusal.sentence) if refusal else "",
            "effect": effect.for_page() if effect else None,
            "button": (effect.button if effect else "") or self.label,
            "offers": [{"label": text, "fields": _fields_of(form, instead)} for text, instead in ways_out],
            "wants_password": wants_password,
            "back": Button(self.pages.title_of(self.row), self.pages.url_of(self.row)),
            "list_url": self.pages.list_url(),
            "is_fixed": False,
            **more,
        }
        return TemplateResponse(request, "admin/action.html", context, status=status)

    # -- who is sitting there, and what was sent -----------------------------------------------------------------------

    def _wants_password(self) -> bool:
        return self.asks_password and not confirmation.is_fresh(self.request.session, self._session())

    def _require_password(self) -> None:
        """Raises ``Denied`` (``wrong_password``) and ``TooMany``."""
        if self._wants_password():
            confirm_password(actor=self.actor, password=self.request.POST.get("password", ""))
            confirmation.remember(self.request.session, self._session())

    def _session(self) -> LoginSession:
        # Whoever is here has come with a cookie, and a cookie is of a session.
        return cast(LoginSession, self.actor.session)

    def _key_as_sent(self) -> str:
        sent = self.request.POST.get("key", "")
        return sent if _KEY.fullmatch(sent) else ""

    def _key(self) -> str:
        key = self._key_as_sent()
        if not key:
            raise Invalid(
                "invalid_request", _("This form is not complete. Nothing was done; confirm it again.")
            )
        return f"console:{key}"


def _fields_of(form: forms.Form, instead: dict[str, str]) -> list[tuple[str, str]]:
    """What was sent, as hidden fields, with some of it replaced."""
    sent = [(bound.html_name, bound.value()) for bound in form if bound.name not in instead]
    flat = [
        (name, str(one))
        for name, value in sent
        for one in (value if isinstance(value, list) else [value])
        if one
    ]
    return [*flat, *instead.items()]


_KEEPS_KEY = {"wrong_password", "rate_limited", "busy", "in_flight"}
