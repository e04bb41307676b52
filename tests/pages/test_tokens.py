"""The colours can be read: contrast after WCAG 2.2, sections 1.4.3 (text, 4.5) and 1.4.11 (edges of fields, 3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "neobank" / "static" / "neobank"
CONSOLE = STATIC.parent / "console" / "console.css"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
DARK, LIGHT = TOKENS.split("@media (prefers-color-scheme: light)")

GROUNDS = ("ground", "surface", "hero", "hero-far")
TEXT_ON = [
    *((text, ground) for text in ("text", "text-quiet", "link", "good", "bad") for ground in GROUNDS),
    *((text, "surface-high") for text in ("text", "text-quiet")),
    *((text, "bad-ground") for text in ("text", "link", "bad")),
    ("accent-text", "accent"),
    ("warn-text", "warn-ground"),
]
EDGES_ON = [
    (edge, ground) for edge in ("line-field", "accent", "glow", "bad") for ground in ("ground", "surface")
]


def colours(theme: str) -> dict[str, str]:
    """The tokens of a theme that are colours; what the light one leaves out is as in the dark one."""
    found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", DARK))
    return found | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", LIGHT)) if theme == "light" else found


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_can_be_read_on_every_ground_it_stands_on(theme: str) -> None:
    tokens = colours(theme)
    faint = {
        pair: round(contrast(tokens[pair[0]], tokens[pair[1]]), 2)
        for pair in TEXT_ON
        if contrast(tokens[pair[0]], tokens[pair[1]]) < 4.5
    }
    assert not faint


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_edges_of_fields_and_the_focus_can_be_seen(theme: str) -> None:
    tokens = colours(theme)
    faint = [pair for pair in EDGES_ON if contrast(tokens[pair[0]], tokens[pair[1]]) < 3]
    assert not faint


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_colours_stand_in_the_tokens_alone() -> None:
    sheets = (STATIC / "base.css").read_text(encoding="utf-8") + CONSOLE.read_text(encoding="utf-8")
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", sheets)
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", sheets + TOKENS))
    defined = set(re.findall(r"--([a-z0-9-]+):", TOKENS))
    assert used == defined, f"not defined: {sorted(used - defined)}; not used: {sorted(defined - used)}"


def test_the_console_overrides_sizes_alone_and_is_dark_for_everybody() -> None:
    console = CONSOLE.read_text(encoding="utf-8")
    assert set(re.findall(r"--([a-z0-9-]+):", console)) == {"radius", "touch"}
    assert ":root:not(.always-dark)" in LIGHT
    base = (STATIC.parents[2] / "templates" / "admin" / "base.html").read_text(encoding="utf-8")
    assert '<html class="always-dark"' in base
    assert base.index("tokens.css") < base.index("console.css")
