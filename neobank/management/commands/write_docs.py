"""``manage.py write_docs``: the pages of ``docs/`` that are made from the source."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from neobank import catalogue


class Command(BaseCommand):
    help = "Write docs/errors.md from the catalogue of errors."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        path = settings.BASE_DIR / "docs" / "errors.md"
        path.write_text(catalogue.page(), encoding="utf-8")
        self.stdout.write(str(path.relative_to(settings.BASE_DIR)))
