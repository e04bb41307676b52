"""The pages about one's login, at the root."""

from __future__ import annotations

from django.urls import path

from identity import card_pages, pages

app_name = "people"

urlpatterns = [
    path("register", pages.register, name="register"),
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("card/<str:code>", card_pages.card, name="card"),
    path("me", pages.me, name="me"),
    path("me/profile", pages.profile, name="profile"),
    path("me/password", pages.password, name="password"),
    path("me/activity", pages.activity, name="activity"),
    path("me/devices/<uuid:session_id>/end", pages.end_session, name="end_session"),
]
