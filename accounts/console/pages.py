"""The list and the page of one model in the console. Nothing can be added, changed or deleted through it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import capfirst

from accounts.console import lists
from accounts.console.actions import ActionPage
from accounts.console.exports import ExportPage
from accounts.console.lists import ListForm, Page
from accounts.console.parts import Button, Cell, Extension, Fact, Panel, Table, extension_of, link
from accounts.requests import BankRequest

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin


class ConsoleAdmin(_ModelAdmin):
    """A model of the console: who may see it, its list, its page, and the actions that start there.

    ``list_display`` is Django's; everything else of Django's that reads the address or writes rows is left out, with its
    addresses. ``url_key`` is the column that names a row in addresses (unique within the tenant).
    """

    # Of accounts.roles; what is not said is nobody's.
    view_permission: ClassVar[str] = ""
    url_key: ClassVar[str] = "pk"
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    list_form: ClassVar[type[ListForm]] = ListForm
    amounts: ClassVar[Sequence[str]] = ()
    console_actions: ClassVar[Sequence[type[ActionPage]]] = ()
    # Where it stands among the lists of the console; 0 leads.
    place: ClassVar[int] = 100
    empty_list: ClassVar[Any] = ""
    # Where there is but one row, the list is left out.
    has_list: ClassVar[bool] = True
    # How the list is carried away; None: it is not.
    export: ClassVar[type[ExportPage] | None] = None
    # What one row is called, and all of them; Django's words for the model when empty.
    singular: ClassVar[Any] = ""
    plural: ClassVar[Any] = ""
    actions = None

    # -- who may -------------------------------------------------------------------------------------------------------

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(request.user.has_perm(self.view_permission)) if self.view_permission else False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # -- where ---------------------------------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """The list, its export, the page, and one address per action; none to add, change or delete."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        wrap = self.admin_site.admin_view
        exports = (
            [path("export/", wrap(self.export.as_view(pages=self)), name=f"{name}_export")]
            if self.export
            else []
        )
        return [
            path("", wrap(self.changelist_view), name=f"{name}_changelist"),
            *exports,
            path("<str:object_id>/", wrap(self.change_view), name=f"{name}_change"),
            *(
                path(
                    f"<str:key>/{action.name}/",
                    wrap(action.as_view(pages=self)),
                    name=f"{name}_{action.name}",
                )
                for action in self.all_actions()
            ),
        ]

    def all_actions(self) -> list[type[ActionPage]]:
        """The actions of this model, those of upper floors included."""
        return [*self.console_actions, *self.extension.actions]

    @property
    def extension(self) -> Extension:
        """What upper floors have added."""
        return extension_of(self.model)

    @property
    def title(self) -> Any:
        """The heading of the list, and its name among the lists."""
        return self.plural or capfirst(self.opts.verbose_name_plural)

    def url_of(self, row: Model, action: str = "change") -> str:
        """The address of a row's page, or of one of its actions."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{action}"
        return reverse(name, args=[getattr(row, self.url_key)])

    def list_url(self) -> str:
        """The address of the list."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    def export_url(self, request: HttpRequest) -> str:
        """Where the list is carried away, "" for those who may not."""
        if self.export is None or not request.user.has_perm(self.export.permission):
            return ""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")

    def find(self, key: str) -> Any:
        """The row that an address names. Raises ``Http404``, also for a row of another tenant."""
        try:
            row = self.rows().filter(**{self.url_key: key}).first()
        except (ValueError, ValidationError):
            row = None
        if row is None:
            raise Http404
        return row

    def rows(self) -> QuerySet[Any]:
        """Every row that the console knows, with what its list and page need beside it."""
        return self.model._default_manager.get_queryset()

    # -- the list ------------------------------------------------------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list. Raises ``PermissionDenied``."""
        self._only_look(request)
        asked = request.GET.dict()
        form = self.list_form(asked if asked.keys() & self.list_form.base_fields.keys() else None)
        if target := self.shortcut(form):
            return HttpResponseRedirect(target)
        page = self.page(cast(BankRequest, request), form, asked.get("after", ""))
        self.prepare(page.rows)
        return TemplateResponse(
            request,
            "admin/list.html",
            {
                **self.admin_site.each_context(request),
                "title": self.title,
                "form": form,
                "table": self._table_of(page, asked),
                "looked_back_to": page.looked_back_to,
                "list_url": self.list_url(),
                "export_url": self.export_url(request),
                "asked": [(name, asked[name]) for name in self.list_form.base_fields if asked.get(name)],
            },
            status=200 if not form.is_bound or form.is_valid() else 422,
        )

    def shortcut(self, form: ListForm) -> str:
        """Where to go at once when exactly one row was named; "" to show the list."""
        return ""

    def page(self, request: BankRequest, form: ListForm, after: str) -> Page:
        """The rows that were asked for; none when the form is wrong. Raises ``Http404`` for a place that is none."""
        if form.is_bound and not form.is_valid():
            return Page([])
        start = self.find(after) if after else None
        return lists.page_after(self.asked_for(form), ordering=self.ordering, after=start)

    def asked_for(self, form: ListForm) -> QuerySet[Any]:
        """Every row that a valid form asks for, in the order of the list."""
        rows = self.rows().order_by(*self.ordering)
        if not form.is_bound:
            return rows
        text = form.cleaned_data["q"].strip()
        rows = form.narrow(rows)
        return rows.filter(self.found(text)) if text else rows

    def prepare(self, rows: list[Any]) -> None:
        """Read what the columns need beside the rows, once for the whole page."""

    def found(self, text: str) -> Q:
        """The rows that ``text``, typed into the search field, stands for."""
        return self.found_by(text)

    def found_by(self, text: str) -> Q:
        """The rows that upper floors know ``text`` for; none when nobody does."""
        found = [condition for finder in self.extension.finders if (condition := finder(text)) is not None]
        return reduce(or_, found, Q(pk__in=()))

    def older(self, page: Page) -> str:
        """The place after which the next page begins; "" at the end."""
        return str(getattr(page.last, self.url_key)) if page.last is not None else ""

    def columns(self) -> list[str]:
        """The headings of the list."""
        return [capfirst(str(label_for_field(name, self.model, self))) for name in self.list_display]

    def cells(self, row: Any) -> Iterable[Cell]:
        """One row under ``columns``."""
        for position, name in enumerate(self.list_display):
            _field, _attribute, value = lookup_field(cast(str, name), row, self)
            if isinstance(value, Cell):
                yield value
            elif position == 0:
                yield Cell(link(self.url_of(row), str(value)))
            else:
                yield Cell(value, is_amount=name in self.amounts)

    def _table_of(self, page: Page, asked: dict[str, str]) -> Table:
        kept = {name: asked.get(name, "") for name in self.list_form.base_fields}
        older = self.older(page)
        return Table(
            columns=self.columns(),
            rows=[list(self.cells(row)) for row in page.rows],
            empty=str(self.empty_list),
            older=lists.address(self.list_url(), kept, after=older) if older else "",
            newest=lists.address(self.list_url(), kept) if asked.get("after") else "",
        )

    # -- the page ------------------------------------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The page of one row. Raises ``PermissionDenied``, ``Http404``."""
        self._only_look(request)
        row = self.find(object_id)
        bank_request = cast(BankRequest, request)
        panels = [*self._panels_from_above(bank_request, row), *self.panels(bank_request, row)]
        return TemplateResponse(
            request,
            "admin/page.html",
            {
                **self.admin_site.each_context(request),
                "title": self.title_of(row),
                "number": self.number_of(row),
                "kind": self.singular or capfirst(self.opts.verbose_name),
                "state": self.state_of(row),
                "figure": self.figure_of(row),
                "facts": self.facts(bank_request, row),
                "buttons": self.buttons(bank_request, row),
                "panels": panels,
                "list_url": self.list_url(),
                "list_title": self.title if self.has_list else "",
            },
        )

    def title_of(self, row: Any) -> str:
        """The heading of a row's page."""
        return str(row)

    def number_of(self, row: Any) -> str:
        """What stands behind the heading and is never broken: an account's number, a key's prefix."""
        return ""

    def state_of(self, row: Any) -> Fact | None:
        """What must be seen first: active, frozen, revoked."""
        return None

    def figure_of(self, row: Any) -> Fact | None:
        """The one figure that the page is opened for."""
        return None

    def facts(self, request: BankRequest, row: Any) -> list[Fact]:
        """What stands at the top of the page."""
        return []

    def panels(self, request: BankRequest, row: Any) -> list[Panel]:
        """What stands below."""
        return []

    def buttons(self, request: BankRequest, row: Any) -> list[Button]:
        """The actions that this person may start on this row, now."""
        return [
            Button(str(action.label), self.url_of(row, action.name), action.tone)
            for action in self.all_actions()
            if request.user.has_perm(action.permission) and action.is_offered(row)
        ]

    def _panels_from_above(self, request: BankRequest, row: Any) -> list[Panel]:
        made = (panel(request, row) for panel in self.extension.panels)
        return [panel for panel in made if panel is not None]

    def _only_look(self, request: HttpRequest) -> None:
        # Nothing on a list or page can be sent; what changes the world has an address of its own.
        if not self.has_view_permission(request) or request.method not in {"GET", "HEAD"}:
            raise PermissionDenied
