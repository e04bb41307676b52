"""What a game master types to give a story round, and the pictures to choose from in words."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.actions import ReasonForm
from casino import games, pictures, reels
from casino.console import words
from ledger.console.money import AmountField, MoneyForm
from ledger.models import Account
from ledger.selectors import payee_named

OWN_STOPS: Final = "stops"


class GiveForm(MoneyForm, ReasonForm):
    """To whom, what the machine shows, what it pays, and when the player learns what it was. ``version`` is the machine's."""

    player = forms.CharField(
        label=gettext_lazy("Player"),
        max_length=80,
        help_text=gettext_lazy("The whole name, or the account number."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    picture = forms.ChoiceField(
        label=gettext_lazy("What the machine shows"),
        help_text=gettext_lazy("You see the window before anything happens."),
    )
    set_name = forms.ChoiceField(label=gettext_lazy("Reels"), required=False)
    stops = forms.CharField(
        label=gettext_lazy("Stops"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Only for stops of your own: one number for each reel, the first stop is 0."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    prize = AmountField(
        label=gettext_lazy("Prize"),
        required=False,
        help_text=gettext_lazy("What is really paid, whatever the lines show. Empty: nothing."),
    )
    told = forms.ChoiceField(
        label=gettext_lazy("The player learns that it was a story round"),
        choices=(("now", gettext_lazy("at once")), ("end", gettext_lazy("at the event's end"))),
        initial="now",
        widget=forms.RadioSelect,
    )
    field_order = ("player", "picture", "set_name", "stops", "prize", "told", "reason")

    def __init__(self, *args: Any, version: reels.GameVersion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.version = version
        self.fields["picture"].choices = [  # type: ignore[attr-defined]
            *(
                (picture, picture_text(version.rules, picture))
                for picture in pictures.pictures_of(version.rules)
            ),
            (OWN_STOPS, _("these stops")),
        ]
        self.fields["set_name"].choices = [  # type: ignore[attr-defined]
            (one.name, _("that pay %(rtp)s") % {"rtp": words.per_cent(one.rtp)}) for one in version.sets
        ]
        self.fields["set_name"].initial = _plainest(version).name

    def clean_player(self) -> Account:
        """The account that is paid. Raises ``ValidationError``."""
        account = payee_named(self.cleaned_data["player"])
        if account is None or account.holder.user is None:
            raise forms.ValidationError(
                _("Nobody is called exactly so, and no player has this number. Look at the list of people.")
            )
        return account

    def clean(self) -> dict[str, Any]:
        """The strips and the stops that stand for what was chosen."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        strip_set = self.version.set_named(cleaned["set_name"] or _plainest(self.version).name)
        cleaned["set_name"] = strip_set.name
        if cleaned["picture"] == OWN_STOPS:
            cleaned["found"] = self._typed_stops(cleaned["stops"])
        else:
            cleaned["found"] = pictures.find(self.version.rules, strip_set.strips, cleaned["picture"])
            if cleaned["found"] is None:
                self.add_error("picture", _("These reels cannot show that. Choose other reels."))
        return cleaned

    def _typed_stops(self, text: str) -> tuple[int, ...] | None:
        rules = self.version.rules
        typed = text.replace(",", " ").split()
        if len(typed) == rules.reels and all(
            part.isascii() and part.isdigit() and len(part) <= 4 and int(part) < rules.stops for part in typed
        ):
            return tuple(map(int, typed))
        said = _("Write %(reels)d numbers from 0 to %(last)d.")
        self.add_error("stops", said % {"reels": rules.reels, "last": rules.stops - 1})
        return None


def picture_text(rules: reels.Rules, picture: str) -> str:
    """A picture in words: ``5 × star freighter``."""
    kind, _colon, wanted = picture.partition(":")
    if kind == "nothing":
        return _("nothing that pays")
    symbol, _colon, count = wanted.rpartition(":")
    letter = symbol if kind == "run" else rules.scatter or ""
    return f"{count} × {symbol_text(rules, letter)}"


def symbol_text(rules: reels.Rules, letter: str) -> str:
    """What people call a symbol."""
    return _(games.SYMBOL_NAMES[rules.game][letter])


def _plainest(version: reels.GameVersion) -> reels.StripSet:
    """The strips that pay most nearly what is staked: every picture is on them."""
    return min(version.sets, key=lambda one: abs(one.rtp - 1))
