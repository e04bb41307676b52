"""Carrying a list of the console away as CSV: what the list is narrowed to, written while it is read.

Asked for by a form and not by a link, because it leaves a line in the trail.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.views import View

from accounts import sheets, tenancy
from accounts.actors import Actor
from accounts.console.lists import ListForm, address
from accounts.requests import BankRequest

if TYPE_CHECKING:
    from accounts.console.pages import ConsoleAdmin

CLOCK: Final = "%Y-%m-%d %H:%M:%S"
# Or a spreadsheet takes the file for one in its own country's letters.
_MARK: Final = "\ufeff"
Row = Sequence[str | int | sheets.Figure]


class ExportPage(View):
    """The rows of one list as a file. Subclasses say what a row is, and read them piece by piece."""

    pages: ConsoleAdmin = cast("ConsoleAdmin", None)  # given to as_view
    permission: ClassVar[str]
    # How the trail names it, and what the file is called.
    noted_as: ClassVar[str]
    file_name: ClassVar[str]
    columns: ClassVar[Sequence[str]]
    http_method_names = ["post"]

    def pieces(self, form: ListForm) -> Iterator[list[Row]]:
        """The rows that ``form`` asks for. Whatever is read between two pieces is read in the event's scope."""
        raise NotImplementedError

    def remember(self, actor: Actor, asked: dict[str, str]) -> None:
        """Leave a line in the trail."""
        raise NotImplementedError

    def post(self, request: HttpRequest) -> HttpResponseBase:
        """The file; back to the list when it was asked for something that cannot be. Raises ``Denied``."""
        actor = cast(BankRequest, request).actor()
        actor.require(self.permission)
        sent = request.POST.dict()
        asked = {name: sent[name] for name in self.pages.list_form.base_fields if sent.get(name)}
        form = self.pages.list_form(asked or None)
        if form.is_bound and not form.is_valid():
            return HttpResponseRedirect(address(self.pages.list_url(), asked))
        # What this event's list has no field for was looked at by nobody.
        self.remember(actor, {name: value for name, value in asked.items() if name in form.fields})
        tenant = actor.tenant
        response = StreamingHttpResponse(self._text(actor, form), content_type="text/csv; charset=utf-8")
        now = timezone.now().astimezone(ZoneInfo(tenant.time_zone))
        name = f"{self.file_name}-{tenant.slug}-{now:%Y%m%d-%H%M}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def _text(self, actor: Actor, form: ListForm) -> Iterator[str]:
        """The file. The request's own scope has ended when the server asks for this, so each piece opens one."""
        yield _MARK + sheets.written([self.columns])
        pieces = self.pieces(form)
        while True:
            with (
                tenancy.scope(actor.tenant),
                translation.override(actor.tenant.language),
                timezone.override(ZoneInfo(actor.tenant.time_zone)),
            ):
                piece = next(pieces, None)
            if piece is None:
                return
            yield sheets.written(piece)


def both_times(when: dt.datetime) -> tuple[str, str]:
    """A moment on the event's clock, and in UTC."""
    return timezone.localtime(when).strftime(CLOCK), when.astimezone(dt.UTC).strftime(f"{CLOCK}Z")
