"""What phones install, what the worker keeps, and how a form that a script has sent hears where its answer leads."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.templatetags.static import static
from django.test import Client
from django.test.utils import override_settings
from PIL import Image

from accounts.services.world import pause_world
from neobank import installing
from tests.cast import PASSWORD, Event, Person, make_event
from tests.pages.reading import tags_of, text_of

TOKENS = Path(settings.BASE_DIR, "neobank", "static", "neobank", "tokens.css")


def found(link: str) -> Path:
    path = finders.find(link.removeprefix(settings.STATIC_URL))
    assert path, link
    return Path(str(path))


def kept_by(browser: Client, **more: str) -> dict[str, object]:
    """What the worker says that it keeps."""
    script = browser.get("/service-worker.js", **more).content.decode()  # type: ignore[arg-type]
    said = re.search(r"const KEPT = (\{.*\});", script)
    assert said
    kept: dict[str, object] = json.loads(said[1])
    return kept


def test_the_manifest_is_the_events_own(event: Event, browser: Client) -> None:
    make_event("borea")
    for host, name in ((event.host, "Arcadia"), ("borea.example", "Borea")):
        answer = Client().get("/manifest.webmanifest", HTTP_HOST=host)
        assert answer["Content-Type"] == "application/manifest+json"
        assert answer["Cache-Control"] == "private, max-age=3600"
        told = json.loads(answer.content)
        assert (told["name"], told["start_url"], told["scope"], told["display"]) == (
            name,
            "/bank",
            "/",
            "standalone",
        )
        sizes = set()
        for icon in told["icons"]:
            with Image.open(found(icon["src"])) as drawn:
                assert (f"{drawn.width}x{drawn.height}", drawn.format) == (icon["sizes"], "PNG")
            sizes.add((icon["sizes"], icon["purpose"]))
        assert sizes == {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")}
    [link] = [a for tag, a in tags_of(browser.get("/bank")) if tag == "link" and a.get("rel") == "manifest"]
    assert link["href"] == "/manifest.webmanifest"


def test_the_phone_paints_in_the_colours_of_the_page(event: Event) -> None:
    dark, light = TOKENS.read_text().split("@media (prefers-color-scheme: light)")
    of_dark, of_light = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", theme)) for theme in (dark, light))
    assert (of_dark["ground"], of_dark["surface"]) == (installing.GROUND, installing.THEME)
    guest = Client()
    painted = re.compile(r'"theme-color" content="(#\w+)"(?: media="\(prefers-color-scheme: (\w+)\)")?')
    said = dict(painted.findall(guest.get("/login").content.decode()))
    assert said == {of_dark["surface"]: "dark", of_light["surface"]: "light"}
    for theme, colours in (("dark", of_dark), ("light", of_light)):
        guest.cookies["neobank_theme"] = theme
        page = guest.get("/login").content.decode()
        assert painted.findall(page) == [(colours["surface"], "")]


def test_the_worker_keeps_a_page_about_nobody_and_what_it_is_made_of(
    event: Event, alice: Person, browser: Client
) -> None:
    guest = Client()
    answer = guest.get("/service-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert (answer["Service-Worker-Allowed"], answer["Cache-Control"]) == ("/", "no-cache")
    assert "script-src 'self'" in answer["Content-Security-Policy"]
    kept = kept_by(guest)
    files = kept["files"]
    assert isinstance(files, list)
    assert kept["offline"] == "/offline"
    assert all(link.startswith("/static/") and found(link).is_file() for link in files)
    assert {"/static/neobank/base.css", "/static/neobank/signal.mjs"} <= set(files)

    page = browser.get("/offline")
    assert page.content == guest.get("/offline").content
    assert "No signal" in text_of(page)
    assert alice.name not in text_of(page)
    landmarks = {tag for tag, _attributes in tags_of(page)}
    assert {"main", "header", "h1", "footer"} <= landmarks
    # Whatever is said today would be said for as long as the page is kept.
    pause_world(actor=event.server, reason="Storm warning.")
    assert kept_by(browser) == kept


@pytest.mark.parametrize("gathered", [False, True])
def test_the_worker_follows_styles_to_their_fonts(tmp_path: Path, gathered: bool) -> None:
    (tmp_path / "looks").mkdir()
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "a.woff2").write_bytes(b"face")
    style = tmp_path / "looks" / "dark.css"
    style.write_text('@font-face { src: url("../faces/a.woff2") } b { background: url("data:image/png,x") }')
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    with override_settings(
        STATICFILES_DIRS=[str(tmp_path)],
        STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
        STATIC_ROOT=str(tmp_path / "gathered"),
        COLLECTED_STATIC=gathered,
        STORAGES=settings.STORAGES | ({"staticfiles": {"BACKEND": backend}} if gathered else {}),
    ):
        if gathered:
            call_command("collectstatic", interactive=False, verbosity=0)
        linked = static("looks/dark.css")
        files = installing.shell_of(f'<link rel="stylesheet" href="{linked}"><a href="/bank">')
        assert files == [static("faces/a.woff2"), linked]
        assert all(bool(re.search(r"\.[0-9a-f]{12}\.", file)) is gathered for file in files)


def test_what_a_script_has_sent_hears_where_it_leads_and_the_next_page_says_what_was_done(
    event: Event, alice: Person, bob: Person, browser: Client
) -> None:
    key = "form-00000000-0000-7000-8000-000000000001"
    typed = {"to": bob.number, "amount": "1", "step": "pay", "key": key}
    answer = browser.post("/bank/send", typed, headers={"X-Form": "1"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "Location" not in answer
    assert answer["X-Location"].startswith("/bank/transfers/")
    assert "Paid. Bob has the money now." in text_of(browser.get(answer["X-Location"]))
    refused = browser.post("/bank/send", typed | {"amount": "x"}, headers={"X-Form": "1"})
    assert refused.status_code == 400
    stranger = Client().post("/bank/send", typed, headers={"X-Form": "1"})
    assert stranger["X-Location"].startswith("/login?next=")
    signed_in = Client().post(
        "/login", {"character_name": "Alice", "password": PASSWORD}, headers={"X-Form": "1"}
    )
    assert signed_in["X-Location"] == "/bank"
    assert settings.SESSION_COOKIE_NAME in signed_in.cookies
