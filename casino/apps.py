"""The casino: games whose payout is exact, and rounds that anybody can check."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CasinoConfig(AppConfig):
    name = "casino"
    verbose_name = _("Casino")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have the rounds replayed with the books."""
        from casino.books import CASINO
        from ledger.books import rooms

        rooms.append(CASINO)
