"""The pages about one's login, at the root."""

from __future__ import annotations

from django.urls import path

from identity import card_pages, letter_pages, pages, person_pages, security_pages

app_name = "people"

urlpatterns = [
    path("register", pages.register, name="register"),
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("card/<str:code>", card_pages.card, name="card"),
    path("forgot", letter_pages.forgot, name="forgot"),
    path("reset/<str:code>", letter_pages.reset, name="reset"),
    path("confirm/<str:token>", letter_pages.confirm_email, name="confirm_email"),
    path("me", person_pages.me, name="me"),
    path("me/profile", person_pages.profile, name="profile"),
    path("me/picture", person_pages.own_picture, name="own_picture"),
    path("me/news", person_pages.news, name="news"),
    path("me/news/seen", person_pages.news_seen, name="news_seen"),
    path("me/security", security_pages.security, name="security"),
    path("me/password", security_pages.password, name="password"),
    path("me/email", security_pages.email, name="email"),
    path("me/activity", security_pages.activity, name="activity"),
    path("me/devices/<uuid:session_id>/end", security_pages.end_session, name="end_session"),
    path("me/devices/end", security_pages.end_others, name="end_others"),
    path("pictures/<uuid:picture_id>", person_pages.picture, name="picture"),
]
