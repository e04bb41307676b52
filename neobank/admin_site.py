"""The game masters' console: Django's admin site, without anything that writes rows behind the services' backs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, include, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect

from accounts.console.events import of_masters
from accounts.console.pages import ConsoleAdmin
from accounts.console.parts import Button
from accounts.console.people_actions import ROLE_LABELS
from accounts.console.trail import panel_of, read
from accounts.models import User
from accounts.requests import BankRequest
from neobank import dashboard

TRAIL_ON_FRONT_PAGE = 10
_View = TypeVar("_View", bound=Callable[..., HttpResponseBase])


class Console(AdminSite):
    """``/admin/``: for people whose role allows ``accounts.console``, who sign in where everybody does.

    Django's own sign-in, password change, history, autocompletion and lists of an app are not here: they would know nothing of
    our sessions, services, trail and tenants.
    """

    site_title = gettext_lazy("Console")
    index_title = gettext_lazy("Console")

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: Any = None,
        **options: Any,
    ) -> None:
        """Takes ``ConsoleAdmin`` alone. Django's own registrations (groups, which grant nothing here) are passed over.

        Raises ``ImproperlyConfigured`` for an admin that could write.
        """
        if admin_class is not None and issubclass(admin_class, ConsoleAdmin):
            super().register(model_or_iterable, admin_class, **options)
        elif not getattr(admin_class, "__module__", "").startswith("django.contrib."):
            raise ImproperlyConfigured(
                f"{admin_class} is no ConsoleAdmin: what it saves would pass by the services."
            )

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.has_perm("accounts.console"))

    def admin_view(self, view: _View, cacheable: bool = False) -> _View:
        """``view`` for staff alone, never cached, on the event's own clock.

        Raises ``PermissionDenied`` for those who are signed in and not staff; a second sign-in would not help them.
        """

        @never_cache
        @csrf_protect
        def inner(request: BankRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(_page_of(request), settings.LOGIN_URL)
            if not self.has_permission(request) or request.tenant is None:
                raise PermissionDenied
            with timezone.override(ZoneInfo(request.tenant.time_zone)):
                response = view(request, *args, **kwargs)
                if isinstance(response, TemplateResponse):
                    response.render()
                return response

        return cast(_View, inner)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """The front page with its figures and the models' own addresses, nothing else."""
        return [
            path("", self.admin_view(self.index), name="index"),
            path("figures/", self.admin_view(dashboard.figures), name="figures"),
            *(
                path(f"{model._meta.app_label}/{model._meta.model_name}/", include(pages.get_urls()))
                for model, pages in self._registry.items()
            ),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """What every page of the console shows: the event, the pause, who is sitting there, and the lists."""
        tenant = cast(BankRequest, request).tenant
        return {
            "site_title": self.site_title,
            "tenant": tenant,
            "me": request.user,
            "my_role": ROLE_LABELS.get(cast(User, request.user).role, ""),
            "may_act": request.user.has_perm("ledger.adjust"),
            "lists": self._lists(request),
            "has_permission": True,
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The front page: find somebody, see how the world runs, and what was done last."""
        panels = []
        if request.user.has_perm("accounts.view_audit"):
            actor = cast(BankRequest, request).actor()
            done = read(actor, of_masters(self), limit=TRAIL_ON_FRONT_PAGE)
            panels.append(panel_of(_("What game masters did lately"), done, asked={"masters": "on"}))
        return TemplateResponse(
            request,
            "admin/index.html",
            {
                **self.each_context(request),
                "title": self.index_title,
                "panels": panels,
                "search_url": reverse("admin:ledger_account_changelist"),
                **dashboard.economy(request),
            },
        )

    def _lists(self, request: HttpRequest) -> list[Button]:
        """The lists that this person may see, in their order."""
        seen = [pages for pages in self.pages() if pages.has_view_permission(request)]
        return [
            Button(str(pages.title), pages.list_url()) for pages in sorted(seen, key=lambda one: one.place)
        ]

    def pages(self) -> list[ConsoleAdmin]:
        """The pages of every model that is registered here."""
        return [cast(ConsoleAdmin, pages) for pages in self._registry.values()]


def _page_of(request: HttpRequest) -> str:
    """Where to come back to after signing in: a form that was sent begins again."""
    return request.get_full_path() if request.method in {"GET", "HEAD"} else reverse("admin:index")
