"""The addresses of the identity room's API, below ``/api/v1/``."""

from __future__ import annotations

from django.urls import path

from identity.api import account, auth

urlpatterns = [
    path("auth/register", auth.Register.as_view(), name="api-register"),
    path("auth/login", auth.Login.as_view(), name="api-login"),
    path("auth/refresh", auth.Refresh.as_view(), name="api-refresh"),
    path("auth/logout", auth.Logout.as_view(), name="api-logout"),
    path("auth/sessions", auth.Sessions.as_view(), name="api-sessions"),
    path("auth/sessions/<uuid:session_id>", auth.Session.as_view(), name="api-session"),
    path("auth/password", auth.Password.as_view(), name="api-password"),
    path("account/password", auth.Password.as_view(), name="api-account-password"),
    path("auth/password/forgot", auth.Forgot.as_view(), name="api-password-forgot"),
    path("auth/password/reset", auth.Reset.as_view(), name="api-password-reset"),
    path("account/picture", account.MyPicture.as_view(), name="api-my-picture"),
    path("account/email", account.MyEmail.as_view(), name="api-my-email"),
    path("pictures/<uuid:picture_id>", account.Pictures.as_view(), name="api-picture"),
    path("account", account.MyAccount.as_view(), name="api-me"),
]
