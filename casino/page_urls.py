"""The casino's pages, at the root."""

from __future__ import annotations

from django.urls import path

from casino.pages import verify

app_name = "casino"

urlpatterns = [
    path("fairness/verify", verify.verifier, name="verify"),
]
