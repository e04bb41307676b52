"""What a game master types to seal a rig and to reveal it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.console.lists import Moment
from accounts.errors import Invalid
from casino.configuration import Step, parse_payout, text_of
from casino.mixing import PAYOUT_DEFAULT
from casino.models import GameConfiguration
from casino.services.configurations import check_promise, check_schedule, check_span

SCHEDULE_MAX: Final = 10_000
_LINE: Final = re.compile(
    r"(?:(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})|(?P<day2>\d{1,2})\.(?P<month2>\d{1,2})\.(?P<year2>\d{4}))"
    r"[\sT,;]+(?P<hour>\d{1,2}):(?P<minute>\d{2})[\s,;=]+(?P<payout>[0-9]{2,3}(?:[.,][0-9]{1,2})?)\s*%?",
    re.ASCII,
)


# Beyond them clocks and calendars come to their ends.
YEARS: Final = (2000, 2999)


class PayoutField(forms.CharField):
    """A payout in per cent, read as hundredths of one. Takes a comma, because many phones offer nothing else."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {"inputmode": "decimal", "autocomplete": "off", "class": "amount"}
        super().__init__(max_length=12, widget=forms.TextInput(attrs=attributes), **kwargs)

    def clean(self, value: Any) -> Any:
        """Hundredths of a per cent. Raises ``ValidationError``."""
        return payout_typed(super().clean(value))


class SealForm(forms.Form):
    """The schedule, the range that players are told, and the promise to reveal it. ``configuration`` is the current one."""

    schedule = forms.CharField(
        label=gettext_lazy("Schedule"),
        max_length=SCHEDULE_MAX,
        help_text=gettext_lazy(
            "One line for each step, on the event's clock: day, time, payout in per cent. For instance: 2026-11-21 20:00 103.50. "
            "Before the first step its payout holds already; the last one holds until you reveal the rig."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )
    payout_from = PayoutField(
        label=gettext_lazy("Players are told: at least"), help_text=gettext_lazy("Per cent.")
    )
    payout_to = PayoutField(
        label=gettext_lazy("Players are told: at most"),
        help_text=gettext_lazy(
            "Per cent. Make the range wider than the schedule, so that it gives nothing away."
        ),
    )
    reveal_by = Moment(
        label=gettext_lazy("You will reveal it by"),
        help_text=gettext_lazy(
            "Players read this promise. Until then no round of this rig can be checked to the end."
        ),
    )

    def __init__(self, *args: Any, configuration: GameConfiguration, zone: ZoneInfo, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.configuration, self.zone = configuration, zone
        self.fields["reveal_by"].required = True

    def clean_schedule(self) -> list[Step]:
        """The steps. Raises ``ValidationError`` naming the line that cannot be read."""
        lines = [line for line in self.cleaned_data["schedule"].splitlines() if line.strip()]
        return [self._step(number, line) for number, line in enumerate(lines, start=1)]

    def clean(self) -> dict[str, Any]:
        """What belongs together: steps within the range, a range that these reels can pay, a promise that comes after them."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        steps, low, high = cleaned["schedule"], cleaned["payout_from"], cleaned["payout_to"]
        try:
            check_schedule(steps, low, high)
            check_span(self.configuration.version, low, high)
        except Invalid as wrong:
            self.add_error(None, wrong.sentence)
            return cleaned
        try:
            check_promise(steps, cleaned["reveal_by"])
        except Invalid as wrong:
            self.add_error("reveal_by", wrong.sentence)
        return cleaned

    def _step(self, number: int, line: str) -> Step:
        found = _LINE.fullmatch(line.strip())
        if found is None:
            raise forms.ValidationError(
                _("Line %(number)d cannot be read. Write it like this: 2026-11-21 20:00 103.50")
                % {"number": number}
            )
        part = {name.removesuffix("2"): text for name, text in found.groupdict().items() if text is not None}
        year, month, day, hour, minute = (
            int(part[name]) for name in ("year", "month", "day", "hour", "minute")
        )
        try:
            if not YEARS[0] <= year <= YEARS[1]:
                raise ValueError
            local = dt.datetime(year, month, day, hour, minute)  # noqa: DTZ001  the event's clock follows
        except ValueError:
            raise forms.ValidationError(
                _("Line %(number)d names a day or a time that does not exist.") % {"number": number}
            ) from None
        return Step(self._on_the_clock(number, local), payout_typed(part["payout"]))

    def _on_the_clock(self, number: int, local: dt.datetime) -> dt.datetime:
        """``local`` on the event's clock. Raises ``ValidationError`` where clocks skip it, or show it twice."""
        first, second = (local.replace(tzinfo=self.zone, fold=fold) for fold in (0, 1))
        if first.utcoffset() != second.utcoffset():
            raise forms.ValidationError(
                _(
                    "In line %(number)d clocks are changed: that time is there twice, or not at all. Write another."
                )
                % {"number": number}
            )
        return first.astimezone(dt.UTC)


class RevealForm(forms.Form):
    """What the machine pays openly from then on."""

    payout = PayoutField(
        label=gettext_lazy("From then on it pays"),
        initial=text_of(PAYOUT_DEFAULT),
        help_text=gettext_lazy("Per cent, for everybody to see."),
    )

    def __init__(self, *args: Any, configuration: GameConfiguration, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.configuration = configuration

    def clean_payout(self) -> int:
        """What these reels can pay."""
        payout: int = self.cleaned_data["payout"]
        try:
            check_span(self.configuration.version, payout, payout)
        except Invalid as wrong:
            raise forms.ValidationError(wrong.sentence) from None
        return payout


def payout_typed(text: str) -> int:
    """Hundredths of a per cent. Raises ``ValidationError`` with a sentence that shows how."""
    try:
        return parse_payout(text.replace(",", ".").removesuffix("%").strip())
    except ValueError:
        raise forms.ValidationError(_("A payout is from 50.00 to 150.00 per cent, like 96.00.")) from None
