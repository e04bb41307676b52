"""Light and dark as a person chooses, the event's own colours and logo, the style guide, and how errors look."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from accounts import logos, roles, tenancy
from accounts.errors import Denied, Invalid
from accounts.models import AuditEvent, Logo, Tenant
from accounts.services.brand import change_brand
from tests.cast import Event, Person, make_event
from tests.databases import PROJECT
from tests.pages.reading import sign_in, tags_of, text_of

PARTIALS = PROJECT / "templates" / "_partials"


def html_of(page: Any) -> dict[str, str | None]:
    """The attributes of a page's first tag."""
    return next(attributes for tag, attributes in tags_of(page) if tag == "html")


def sheets_of(page: Any) -> list[str]:
    """The style sheets that a page names, in their order."""
    return [str(a["href"]) for tag, a in tags_of(page) if tag == "link" and a.get("rel") == "stylesheet"]


def picture(form: str = "PNG", size: tuple[int, int] = (600, 300), **more: Any) -> bytes:
    """A picture that is not one colour."""
    drawn = Image.effect_noise(size, 80).convert("RGB")
    file = io.BytesIO()
    drawn.save(file, form, **more)
    return file.getvalue()


# -- Light and dark ----------------------------------------------------------------------------------------------------


def test_a_look_is_chosen_without_javascript_and_kept_on_the_device(event: Event, client: Client) -> None:
    assert "data-theme" not in html_of(client.get("/login"))
    answer = client.post("/theme", {"theme": "light", "here": "/login?next=/bank"})
    assert (answer.status_code, answer["Location"]) == (303, "/login?next=/bank")
    cookie = answer.cookies["neobank_theme"]
    assert (cookie["httponly"], cookie["samesite"], int(cookie["max-age"]) > 30_000_000) == (
        True,
        "Lax",
        True,
    )
    page = client.get("/login")
    assert html_of(page)["data-theme"] == "light"
    pressed = [a["value"] for tag, a in tags_of(page) if a.get("aria-pressed") == "true"]
    assert pressed == ["light"]
    assert "Cookie" in page["Vary"]
    client.post("/theme", {"theme": ""})
    assert "data-theme" not in html_of(client.get("/login"))


@pytest.mark.parametrize("theme", ["", "neon", '"><script>'])
def test_a_cookie_that_says_something_else_is_nothing(event: Event, client: Client, theme: str) -> None:
    client.cookies["neobank_theme"] = theme
    assert "data-theme" not in html_of(client.get("/"))


def test_there_is_no_other_look_and_no_way_to_another_site(event: Event, client: Client) -> None:
    assert client.post("/theme", {"theme": "neon"}).status_code == 400
    assert client.post("/theme", {}).status_code == 400
    assert client.get("/theme").status_code == 405
    for elsewhere in ("https://evil.example/", "//evil.example", "/\\evil.example", "bank", "/a\nb"):
        assert client.post("/theme", {"theme": "dark", "here": elsewhere})["Location"] == "/", elsewhere


def test_what_was_typed_comes_back_after_choosing_a_look(browser: Client, bob: Person) -> None:
    page = browser.post("/bank/send", {"to": "Bobb", "amount": "3", "memo": "bread & wine"})
    here = next(a["value"] for tag, a in tags_of(page) if a.get("name") == "here")
    again = browser.get(browser.post("/theme", {"theme": "dark", "here": str(here)})["Location"])
    assert {"Bobb", "3", "bread & wine"} <= {a.get("value") for tag, a in tags_of(again)}


# -- The event's own look ----------------------------------------------------------------------------------------------


def test_an_event_without_a_look_of_its_own_names_no_sheet_for_it(event: Event, client: Client) -> None:
    assert not [sheet for sheet in sheets_of(client.get("/")) if "brand" in sheet]
    assert client.get("/brand.css").content == b""
    assert client.get("/brand/logo.webp").status_code == 404


def test_an_events_colours_come_after_the_tokens_from_an_address_that_may_be_kept(
    event: Event, client: Client
) -> None:
    change_brand(actor=event.server, colours={"accent_dark": "#FFD166", "glow_light": "#7a0066"})
    names = [sheet.partition("?")[0].rpartition("/")[2] for sheet in sheets_of(client.get("/"))]
    assert names == ["fonts.css", "tokens.css", "brand.css", "base.css"]
    address = sheets_of(client.get("/"))[2]
    sheet = client.get(address)
    assert sheet["Content-Type"].startswith("text/css")
    assert sheet["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in sheet["Cache-Control"]
    assert sheet.content.decode().startswith(":root{--accent:#ffd166;--link:#ffd166;--accent-text:#000000;")
    assert "--glow:#7a0066" in sheet.content.decode()
    assert client.get("/brand.css?v=0")["Cache-Control"] == "no-cache"
    change_brand(actor=event.server, colours={"accent_dark": "#00ff88"})
    assert sheets_of(client.get("/"))[2] != address, "what was kept is not shown any longer"


@pytest.mark.parametrize(
    ("column", "typed", "said"),
    [
        ("accent_dark", "#1a0033", "on the dark pages"),
        ("accent_light", "#00f0ff", "on the light pages"),
        ("glow_light", "#ffffff", "on the light pages"),
        ("glow_dark", "red", "is not a colour"),
        ("accent_dark", "#fff", "is not a colour"),
        ("accent_dark", "#00f0ff;}*{display:none", "is not a colour"),
    ],
)
def test_a_colour_that_cannot_be_read_is_refused_with_a_better_one(
    event: Event, column: str, typed: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said) as refused:
        change_brand(actor=event.server, colours={column: typed})
    assert refused.value.field == column
    if "is not" not in said:
        better = refused.value.sentence.rpartition("Take ")[2].partition(" ")[0]
        change_brand(actor=event.server, colours={column: better})


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_logo_is_drawn_anew_small_and_stands_on_every_page(event: Event, client: Client, form: str) -> None:
    change_brand(actor=event.server, colours={}, logo=picture(form))
    source = next(str(a["src"]) for tag, a in tags_of(client.get("/login")) if tag == "img")
    served = client.get(source)
    assert served["Content-Type"] == "image/webp"
    assert served["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in served["Cache-Control"]
    assert len(served.content) <= logos.BYTES_MAX
    with Image.open(io.BytesIO(served.content)) as drawn:
        assert drawn.format == "WEBP"
        assert max(drawn.size) <= logos.SIDE_MAX
        assert round(drawn.width / drawn.height) == 2
    change_brand(actor=event.server, colours={}, without_logo=True)
    assert client.get(source).status_code == 404
    with tenancy.scope(event.tenant):
        assert not Logo.objects.exists()


def test_a_logo_is_kept_under_the_address_of_its_own_content_alone(event: Event, client: Client) -> None:
    change_brand(actor=event.server, colours={}, logo=picture())
    source = next(str(a["src"]) for tag, a in tags_of(client.get("/login")) if tag == "img")
    with tenancy.scope(event.tenant):
        Logo.objects.update(body=b"another, a moment later")
    assert client.get(source)["Cache-Control"] == "no-cache"


def test_nobody_waits_for_a_logo_that_is_drawn(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    scopes: list[Tenant | None] = []
    draw = logos.drawn_anew

    def drawn_anew(upload: bytes) -> bytes:
        scopes.append(tenancy.current_or_none())
        return draw(upload)

    monkeypatch.setattr(logos, "drawn_anew", drawn_anew)
    change_brand(actor=event.server, colours={}, logo=picture())
    assert scopes == [None], "outside the unit of work"


@pytest.mark.parametrize(
    "upload",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"GIF89a" + b"\0" * 100,
        picture()[:200],
        picture("PNG", (10, 10)) * 20_000,
        picture("PNG", (4100, 4000), compress_level=9)[:400],
    ],
    ids=["nothing", "a page", "another kind", "cut off", "too large", "a bomb"],
)
def test_what_is_no_picture_is_refused(event: Event, upload: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        change_brand(actor=event.server, colours={}, logo=upload)
    assert refused.value.field == "logo"


def test_only_game_masters_change_the_look_and_it_is_noted_once(
    event: Event, alice: Person, client: Client
) -> None:
    with pytest.raises(Denied):
        change_brand(actor=alice.actor, colours={"accent_dark": "#00ff88"})
    logo = picture("PNG", (20, 20))
    for _time in ("once", "again"):
        change_brand(actor=event.server, colours={"accent_dark": "#00ff88"}, logo=logo)
    with tenancy.scope(event.tenant):
        lines = AuditEvent.objects.filter(action="tenant.brand")
        assert [line.metadata["accent_dark"] for line in lines] == [{"before": "", "after": "#00ff88"}]


def test_an_events_look_is_its_own(event: Event, client: Client) -> None:
    other = make_event("borea")
    change_brand(actor=event.server, colours={"accent_dark": "#00ff88"}, logo=picture("PNG", (20, 20)))
    assert Tenant.objects.get(pk=other.tenant.pk).accent_dark == ""
    for path in ("/brand.css", "/brand/logo.webp"):
        theirs, ours = (client.get(path, headers={"Host": one.host}) for one in (other, event))
        assert ours.content
        assert theirs.content != ours.content
    assert "/brand" not in str(tags_of(client.get("/", headers={"Host": other.host})))


# -- The style guide ---------------------------------------------------------------------------------------------------


def test_the_style_guide_has_every_part_there_is(event: Event, client: Client) -> None:
    event.person("Overseer", role=roles.GM)
    sign_in(client, "Overseer")
    page = client.get("/styleguide")
    assert page.status_code == 200
    used = {template.name for template in page.templates}
    missing = {f"_partials/{path.name}" for path in PARTIALS.glob("*.html")} - used
    assert not missing, f"show them, in each of their states, in templates/neobank/styleguide.html: {missing}"
    said = text_of(page)
    for state in ("This account is frozen", "Nothing was paid", "403", "404", "429", "500", "is paused"):
        assert state in said, state
    assert {"true"} == {a["aria-busy"] for _tag, a in tags_of(page) if "aria-busy" in a}


def test_the_style_guide_is_for_staff(browser: Client) -> None:
    assert browser.get("/styleguide").status_code == 403
    assert Client().get("/styleguide")["Location"] == "/login?next=/styleguide"


# -- Errors ------------------------------------------------------------------------------------------------------------


def test_an_error_page_has_the_look_and_its_number(browser: Client) -> None:
    browser.post("/theme", {"theme": "light"})
    for path, status in (("/nowhere", 404), ("/styleguide", 403), ("/logout", 405)):
        page = browser.get(path)
        assert page.status_code == status
        assert html_of(page)["data-theme"] == "light"
        classes = {a.get("class") for _tag, a in tags_of(page)}
        assert {"hero broken", "error-number"} <= classes
        assert str(status) in text_of(page)
