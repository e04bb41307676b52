"""Every address. Each room has its own: pages at the root, the API under ``/api/v1/``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from django.contrib import admin
from django.urls import include, path

from neobank import activity, api_docs, installing, look, styleguide, views

ROOMS = ("accounts", "ledger", "casino", "identity")

urlpatterns: list[Any] = [
    path("", views.landing, name="landing"),
    path("manifest.webmanifest", installing.manifest, name="manifest"),
    # At the root: a worker reaches no higher than where it lies.
    path("service-worker.js", installing.service_worker, name="service-worker"),
    path("offline", installing.offline, name="offline"),
    path("", include("identity.page_urls")),
    path("", include("ledger.page_urls")),
    path("", include("casino.page_urls")),
    path("admin/", admin.site.urls),
    path("theme", look.choose_theme, name="theme"),
    path("brand.css", look.brand_sheet, name="brand-sheet"),
    path("brand/logo.webp", look.brand_logo, name="brand-logo"),
    path("styleguide", styleguide.styleguide, name="styleguide"),
    path("errors/<slug:slug>", views.error_meaning, name="error"),
    path("api/schema/", api_docs.SchemaView.as_view(), name="api-schema"),
    path("api/docs/", api_docs.DocsView.as_view(), name="api-docs"),
    path("api/v1/audit", activity.TrailView.as_view(), name="api-audit"),
    *(path("", include(f"{room}.urls")) for room in ROOMS if find_spec(f"{room}.urls")),
]

handler400 = "neobank.views.bad_request"
handler403 = "neobank.views.forbidden"
handler404 = "neobank.views.not_found"
handler500 = "neobank.views.server_error"
