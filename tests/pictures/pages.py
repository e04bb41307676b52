"""What is looked at: one line a page. A new page is a new line in SHOTS, a new PDF a new line in SHEETS.

`make screenshots ARGS="send console"` takes only the pictures whose names begin so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tests.pictures.story import BAR, GM, PLAYER

PHONE: Final = "phone"
DESKTOP: Final = "desktop"
#: Width, height, and how many dots a pixel has.
SIZES: Final = {PHONE: (390, 844, 2), DESKTOP: (1280, 800, 1)}
BOTH: Final = (PHONE, DESKTOP)

Step = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """A page as `who` sees it ("" is nobody): `path` may hold names of story.PLACES in braces; `then` is done before the picture.

    It is taken in the dark look in every one of `sizes`, and in the light one in `light`.
    """

    name: str
    who: str
    path: str
    then: Sequence[Step] = ()
    sizes: Sequence[str] = BOTH
    light: Sequence[str] = ()

    def files(self) -> list[tuple[str, str, bool]]:
        """File name, size, and whether it is light."""
        dark = [(f"{self.name}-{size}.png", size, False) for size in self.sizes]
        return [*dark, *((f"{self.name}-{size}-light.png", size, True) for size in self.light)]


def fill(field: str, text: str) -> Step:
    """Type into the field of this name: labels change with the language, and with whoever mends a sentence."""
    return lambda page: page.locator(f"main [name={field}]").first.fill(text)


def choose(field: str, value: str) -> Step:
    """Choose this value of the radio buttons of this name."""
    return lambda page: page.locator(f"main [name={field}][value={value}]").check()


def enter(field: str) -> Step:
    """Press Enter in the field of this name, which sends its form, and wait for the page it leads to."""

    def act(page: Any) -> None:
        with page.expect_navigation():
            page.locator(f"main [name={field}]").first.press("Enter")

    return act


SHOTS: Final = (
    # -- everybody
    Shot("landing", "", "/", light=(PHONE,)),
    Shot("register", "", "/register?event_code=neon-4821", sizes=(PHONE,)),
    Shot("card", "", "{card}", sizes=(PHONE,)),
    # -- a player
    Shot("bank", PLAYER, "/bank", light=BOTH),
    Shot("send", PLAYER, "/bank/send", sizes=(PHONE,)),
    Shot(
        "confirm",
        PLAYER,
        "/bank/send?to=Kestrel&amount=12.50&memo=two+synth-ales",
        (enter("memo"),),
        (PHONE,),
    ),
    Shot("receipt", PLAYER, "{receipt}", sizes=(PHONE,)),
    Shot("history", PLAYER, "/bank/history", light=(PHONE,)),
    Shot("qr", PLAYER, "/bank/qr", sizes=(PHONE,)),
    Shot("scan", PLAYER, "/bank/scan", sizes=(PHONE,)),
    Shot("asked", PLAYER, "{asked}", sizes=(PHONE,)),
    Shot("me", PLAYER, "/me", sizes=(PHONE,)),
    Shot("security", PLAYER, "/me/security", sizes=(PHONE,)),
    Shot("news", PLAYER, "/me/news", sizes=(PHONE,)),
    Shot("activity", PLAYER, "/me/activity", sizes=(PHONE,)),
    Shot("voucher", PLAYER, "{voucher}", sizes=(PHONE,)),
    Shot("ask", PLAYER, "/bank/ask", sizes=(PHONE,)),
    Shot("offline", PLAYER, "/offline", sizes=(PHONE,)),
    # -- a merchant
    Shot(
        "charge",
        BAR,
        "/bank/charge",
        (fill("amount", "12.50"), fill("memo", "two synth-ales")),
        (PHONE,),
        (PHONE,),
    ),
    Shot("charging", BAR, "{charging}", sizes=(PHONE,)),
    Shot("charge-paid", BAR, "{charged}", sizes=(PHONE,)),
    Shot("takings", BAR, "/bank/charge/takings"),
    # -- a game master
    Shot("console", GM, "/admin/"),
    Shot("console-people", GM, "{people}?q=ve", sizes=(DESKTOP,)),
    Shot("console-person", GM, "{person}", sizes=(DESKTOP,)),
    Shot("console-account", GM, "{account}"),
    Shot(
        "console-adjust",
        GM,
        "{adjust}",
        (
            choose("direction", "give"),
            fill("reason", "won the duel at the fountain"),
            fill("amount", "50"),
            enter("amount"),
        ),
        (DESKTOP,),
    ),
    Shot(
        "console-reverse",
        GM,
        "{reverse}",
        (fill("reason", "theft at the bar"), enter("reason")),
        (DESKTOP,),
    ),
    Shot("console-login-qr", GM, "{login_qr}", (enter("sign_out"),), (DESKTOP,)),
    Shot("console-key", GM, "{issue_key}", sizes=(DESKTOP,)),
    Shot("console-event", GM, "{event}", sizes=(DESKTOP,)),
    Shot(
        "console-pay-list",
        GM,
        "{pay}",
        (fill("pasted", "Vex; 12.50; courier\nKestrel; 7,50\nVexx; 3\nSilk; =1+1"), fill("reason", "salary")),
        (DESKTOP,),
    ),
    Shot("console-vouchers", GM, "{vouchers}", sizes=(DESKTOP,)),
    Shot("console-brand", GM, "{brand}", sizes=(DESKTOP,)),
    Shot("styleguide", GM, "/styleguide", sizes=(DESKTOP,), light=(DESKTOP,)),
    Shot("console-transfers", GM, "{transfers}", sizes=(DESKTOP,)),
)

#: Name of the picture, and which of story.PAPER it shows.
SHEETS: Final = {"poster": "poster", "login-cards": "cards", "voucher-sheet": "vouchers"}
