"""The roster, cards and the desk in the console."""

from __future__ import annotations

from identity.console import desk, printing, roster  # noqa: F401  they add to pages of the ground floor
