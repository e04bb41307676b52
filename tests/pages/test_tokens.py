"""The colours can be read: contrast after WCAG 2.2, sections 1.4.3 (text, 4.5) and 1.4.11 (edges of fields, 3)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from accounts import brand

STATIC = Path(__file__).parents[2] / "neobank" / "static" / "neobank"
CONSOLE = STATIC.parent / "console" / "console.css"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
DARK, LIGHT = TOKENS.split("@media (prefers-color-scheme: light)")
SHEETS = ("base.css", "styleguide.css", "fonts.css", "../casino/casino.css")

GROUNDS = ("ground", "surface", "hero", "hero-far")
TEXT_ON = [
    *((text, ground) for text in ("text", "text-quiet", "link", "good", "bad") for ground in GROUNDS),
    *((text, "surface-high") for text in ("text", "text-quiet")),
    *((text, "bad-ground") for text in ("text", "link", "bad")),
    # Big chrome digits: every stop of their gradient.
    *(
        (stop, ground)
        for stop in ("chrome", "chrome-high", "chrome-edge", "chrome-low")
        for ground in ("hero", "hero-far")
    ),
    # What a machine pays, and what somebody has won.
    *((text, ground) for text in ("neon-gold", "neon-lime") for ground in GROUNDS),
    *(("text", ground) for ground in ("screen", "screen-far")),
    ("neon-gold", "screen"),
    ("link", "surface-high"),
    ("accent-text", "accent"),
    ("warn-text", "warn-ground"),
]
NEON = ("neon-ice", "neon-rose", "neon-gold", "neon-lime", "neon-violet", "neon-ember")
EDGES_ON = [
    *((edge, ground) for edge in ("line-field", "accent", "glow", "bad") for ground in ("ground", "surface")),
    # The symbols on the reels and in tables.
    *((line, ground) for line in NEON for ground in ("screen", "screen-far", "surface")),
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
    texts = [(STATIC / name).read_text(encoding="utf-8") for name in SHEETS]
    sheets = "".join(texts) + CONSOLE.read_text(encoding="utf-8")
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", sheets)
    used = set(re.findall(r"var\(--([a-z0-9-]+)\)", sheets + TOKENS))
    defined = set(re.findall(r"--([a-z0-9-]+):", TOKENS))
    assert used == defined, f"not defined: {sorted(used - defined)}; not used: {sorted(defined - used)}"


def test_the_console_overrides_sizes_alone_and_is_dark_for_everybody() -> None:
    console = CONSOLE.read_text(encoding="utf-8")
    assert set(re.findall(r"--([a-z0-9-]+):", console)) == {"radius", "touch"}
    assert ":root:not(.always-dark)" in LIGHT
    assert "data-theme" not in (STATIC.parents[2] / "templates" / "admin" / "base.html").read_text()
    base = (STATIC.parents[2] / "templates" / "admin" / "base.html").read_text(encoding="utf-8")
    assert '<html class="always-dark"' in base
    assert base.index("tokens.css") < base.index("console.css")


def test_who_chose_light_sees_what_a_light_phone_sees() -> None:
    """The set stands twice: once for what the browser prefers, once for what the person chose."""
    preferred, chosen = LIGHT.split(':root[data-theme="light"]:not(.always-dark) {', 1)
    pairs = re.compile(r"--([a-z-]+): (#[0-9a-f]{6,8});")
    assert pairs.findall(preferred) == pairs.findall(chosen)
    assert ':root:not(.always-dark):not([data-theme="dark"])' in preferred


def test_an_events_own_colours_are_judged_on_the_grounds_that_the_pages_have() -> None:
    for theme, grounds in brand.GROUNDS.items():
        assert {name: colours(theme)[name] for name in grounds} == dict(grounds)
    for name, wanted in brand.COLOURS.items():
        own = colours(wanted.theme)[name.partition("_")[0]]
        assert brand.clean(name, own) == own, "the house's own colours would be taken"
    names = set(re.findall(r"--([a-z-]+):", brand.sheet(dict.fromkeys(brand.COLOURS, "#00f0ff"))))
    assert names <= set(re.findall(r"--([a-z0-9-]+):", TOKENS)), "tokens are overridden, none is added"
