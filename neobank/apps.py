"""The roof, and the console under its own site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class NeobankConfig(AppConfig):
    name = "neobank"

    def ready(self) -> None:
        from neobank import access_log, checks  # noqa: F401  they register themselves


class ConsoleConfig(AdminConfig):
    default_site = "neobank.admin_site.Console"
