"""A file that is looked at first and acted upon in the next step: between the two it travels in the form.

It is under a signature that holds for this person at this event and for this purpose, and for as long as somebody corrects a
list over dinner. Nothing of it is kept on the server.
"""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any, ClassVar, Final, cast

from django import forms
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import Invalid

HELD_FOR: Final = dt.timedelta(hours=6)


class _NotSentAgain(forms.HiddenInput):
    """What travels in ``held`` is not sent a second time; it leaves nothing behind."""

    def render(self, *args: Any, **kwargs: Any) -> Any:
        """Nothing."""
        return ""


class HeldFile(forms.FileField):
    """A file that the next step does not send again."""

    hidden_widget = _NotSentAgain


class HeldText(forms.CharField):
    """A pasted text that the next step does not send again."""

    hidden_widget = _NotSentAgain


class HeldForm(forms.Form):
    """A form with a ``file``, or the one that was looked at a moment ago (``held``); ``expected`` is what was agreed to."""

    held = forms.CharField(required=False, widget=forms.HiddenInput)
    expected = forms.CharField(required=False, max_length=32, widget=forms.HiddenInput)
    purpose: ClassVar[str]
    bytes_max: ClassVar[int]

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        if self.data.get("held"):
            self.fields["file"].required = False

    def read(self, content: bytes) -> None:
        """Take the lines out of it. Raises ``Invalid``."""
        raise NotImplementedError

    def sent(self) -> bytes | None:
        """What was sent with this very request; None where it is the one that is held."""
        upload: UploadedFile | None = self.cleaned_data.get("file")
        return None if upload is None else upload.read(self.bytes_max + 1)

    def clean(self) -> dict[str, Any]:
        """Reads the lines."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            sent = self.sent()
            content = self.held_text().encode() if sent is None else sent
            self._keep(sent)
            self.read(content)
        except Invalid as refusal:
            if not self.errors.keys() & {"file", "pasted"}:
                self.add_error("file", refusal.sentence)
        return cleaned

    def hold(self, fingerprint: str) -> None:
        """Let the next step carry what was agreed to."""
        self.carry(expected=fingerprint)

    def carry(self, **values: str) -> None:
        """Put values into the form that the next step sends."""
        data = cast(QueryDict, self.data).copy()
        for name, value in values.items():
            data[name] = value
        self.data = data

    def held_text(self) -> str:
        """What was looked at a moment ago. Raises ``Invalid``."""
        try:
            text: str = signing.loads(self.data.get("held", ""), salt=self._salt(), max_age=HELD_FOR)
        except signing.BadSignature:
            raise Invalid(
                "invalid_request",
                _("The file has to be chosen again: too much time has passed."),
                field="file",
            ) from None
        return text

    def _keep(self, sent: bytes | None) -> None:
        # Also what has mistakes: whoever comes back to the form has it still.
        if sent is not None and len(sent) <= self.bytes_max:
            with suppress(UnicodeDecodeError):
                text = sent.decode("utf-8-sig")
                self.carry(held=signing.dumps(text, salt=self._salt(), compress=True), expected="")

    def _salt(self) -> str:
        return f"{self.purpose}:{self.actor.tenant.pk}:{self.actor.user_id}"
