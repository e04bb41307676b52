"""Take every text out of the code into locale/, and compile what is translated: ``make messages``. Needs GNU gettext.

Nothing is guessed: a text that is new, or that has changed, is left empty, and tests/test_german.py names it.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
LEFT_OUT = (".venv", "var", "tests", "benchmarks", "examples", "scripts")


def main() -> None:
    """Both steps, from the project's folder."""
    os.chdir(PROJECT)
    sys.path.insert(0, str(PROJECT))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neobank.settings")
    import django
    from django.core.management import call_command
    from django.core.management.commands.makemessages import Command

    django.setup()
    # A guess from a sentence that looks alike is a wrong sentence that nobody looks at.
    command = Command()
    command.msgmerge_options = [*command.msgmerge_options, "--no-fuzzy-matching"]
    call_command(
        command,
        locale=["de"],
        no_obsolete=True,
        # Without line numbers: they change with every commit, and every branch would collide here.
        add_location="file",
        ignore_patterns=list(LEFT_OUT),
    )
    for catalogue in (PROJECT / "locale").glob("*/LC_MESSAGES/django.po"):
        # Git knows when; written down here it would be another line for branches to collide in.
        text = catalogue.read_text(encoding="utf-8")
        catalogue.write_text(re.sub(r'^"POT-Creation-Date:.*\n', "", text, flags=re.M), encoding="utf-8")
    call_command("compilemessages", locale=["de"], ignore_patterns=list(LEFT_OUT))


if __name__ == "__main__":
    main()
