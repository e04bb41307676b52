"""An event's own look: colours that replace tokens of the pages' style, as far as they can be read. Pure.

Contrast is measured after WCAG 2.2: relative luminance, and the ratio of success criteria 1.4.3 (text) and 1.4.11 (edges).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from accounts.errors import Invalid

TEXT_MIN: Final = 4.5
EDGE_MIN: Final = 3.0
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.ASCII)
_STEPS: Final = 40
# Ink on a filled button is the one of these two that stands out more; that is always 4.5 and better.
_INKS: Final = ("#000000", "#ffffff")

# What the pages lay beneath links and edges, by theme, as tokens.css says (a test compares).
GROUNDS: Final[Mapping[str, Mapping[str, str]]] = {
    "dark": {
        "ground": "#0a0e14",
        "surface": "#121a26",
        "surface-high": "#1b2535",
        "hero": "#1a0033",
        "hero-far": "#0b1c2e",
        "bad-ground": "#2e0f1b",
    },
    "light": {
        "ground": "#f4f5fb",
        "surface": "#ffffff",
        "surface-high": "#e8ebf4",
        "hero": "#e9dcff",
        "hero-far": "#d8f3f8",
        "bad-ground": "#fde8ec",
    },
}


@dataclass(frozen=True, slots=True)
class Colour:
    """One colour that an event may choose: for which theme, and how far it has to stand out from its grounds."""

    theme: str
    contrast_min: float


#: By the column of ``Tenant`` that holds it; "" there is the house's own.
COLOURS: Final[Mapping[str, Colour]] = {
    "accent_dark": Colour("dark", TEXT_MIN),
    "glow_dark": Colour("dark", EDGE_MIN),
    "accent_light": Colour("light", TEXT_MIN),
    "glow_light": Colour("light", EDGE_MIN),
}


def clean(name: str, typed: str) -> str:
    """``typed`` as ``#rrggbb``, "" for none, to be kept in the column ``name``.

    Raises ``Invalid`` (``invalid_tenant``, with the field) for what is no colour, or cannot be read where it will stand.
    """
    colour = typed.strip().lower()
    if not colour:
        return ""
    if not _COLOUR.fullmatch(colour):
        raise Invalid(
            "invalid_tenant",
            _("%(typed)s is not a colour. Write # and six digits or letters a to f, like #00f0ff.")
            % {"typed": typed.strip()[:40]},
            field=name,
        )
    wanted = COLOURS[name]
    if (found := least_contrast(colour, wanted.theme)) < wanted.contrast_min:
        raise _too_faint(name, colour, found)
    return colour


def _too_faint(name: str, colour: str, found: float) -> Invalid:
    wanted = COLOURS[name]
    sentence = (
        _("%(colour)s cannot be seen well on the dark pages: its contrast is %(found)s, and needs %(least)s.")
        if wanted.theme == "dark"
        else _(
            "%(colour)s cannot be seen well on the light pages: its contrast is %(found)s, and needs %(least)s."
        )
    )
    facts = {"colour": colour, "found": f"{found:.1f}", "least": f"{wanted.contrast_min:g}"}
    advice = _("Take %(nearest)s instead.") % {"nearest": nearest(name, colour)}
    return Invalid("invalid_tenant", f"{sentence % facts} {advice}", field=name)


def nearest(name: str, colour: str) -> str:
    """``colour``, mixed with as little white (dark pages) or black (light pages) as makes it good for ``name``."""
    wanted = COLOURS[name]
    towards = "#ffffff" if wanted.theme == "dark" else "#000000"
    for step in range(_STEPS + 1):
        mixed = _mixed(colour, towards, step)
        if least_contrast(mixed, wanted.theme) >= wanted.contrast_min:
            return mixed
    return towards


def least_contrast(colour: str, theme: str) -> float:
    """The contrast of ``#rrggbb`` with the ground of ``theme`` on which it stands out least."""
    return min(contrast(colour, ground) for ground in GROUNDS[theme].values())


def contrast(one: str, other: str) -> float:
    """The ratio of two colours, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def sheet(chosen: Mapping[str, str]) -> str:
    """The style sheet that puts the ``chosen`` colours (by column) in place of the house's; "" when there is none.

    Its selectors are those of tokens.css, so that it wins by standing behind it, in each theme for itself.
    """
    dark = _tokens(chosen.get("accent_dark", ""), chosen.get("glow_dark", ""))
    light = _tokens(chosen.get("accent_light", ""), chosen.get("glow_light", ""))
    rules = []
    if dark:
        rules.append(f":root{{{dark}}}")
    if light:
        rules.append(
            "@media (prefers-color-scheme:light){"
            f':root:not(.always-dark):not([data-theme="dark"]){{{light}}}'
            "}"
        )
        rules.append(f':root[data-theme="light"]:not(.always-dark){{{light}}}')
    return "\n".join(rules)


def _tokens(accent: str, glow: str) -> str:
    named: dict[str, str] = {}
    if accent:
        ink = max(_INKS, key=lambda ink: contrast(ink, accent))
        named |= {"accent": accent, "link": accent, "accent-text": ink}
        named |= {"shine": f"{accent}33", "aura-far": f"{accent}14"}
    if glow:
        named |= {"glow": glow, "aura": f"{glow}14"}
    return "".join(f"--{name}:{value};" for name, value in named.items())


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    return red, green, blue


def _mixed(colour: str, other: str, step: int) -> str:
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * step / _STEPS):02x}" for a, b in pairs)


def _luminance(colour: str) -> float:
    shares = [part / 255 for part in _parts(colour)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
