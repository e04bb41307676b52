"""Django's ``migrate``, through the owner's login, and then the walls between tenants."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.core.management.commands.migrate import Command as MigrateCommand
from django.db import connections

from neobank import walls


class Command(MigrateCommand):
    """The alias ``owner`` is the default where it exists: the application's own role may not change tables."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.set_defaults(database="owner" if "owner" in connections else "default")

    def handle(self, *args: Any, **options: Any) -> None:
        super().handle(*args, **options)
        if options["plan"] or options["check_unapplied"]:
            return
        try:
            warnings = walls.build(connections[options["database"]])
        except walls.CannotBuild as refusal:
            raise CommandError(str(refusal)) from refusal
        for warning in warnings:
            self.stderr.write(self.style.WARNING(warning))
