"""The event's own look, changed in the console."""

from __future__ import annotations

import io

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts import tenancy
from accounts.models import AuditEvent, Logo, Tenant
from tests.cast import World
from tests.console.desk import Desk, tags_of, text_of, url_of

NO_COLOURS = dict.fromkeys(("accent_dark", "glow_dark", "accent_light", "glow_light"), "")


def logo() -> SimpleUploadedFile:
    """A file as a browser sends it; what it is called says nothing."""
    file = io.BytesIO()
    Image.new("RGB", (40, 20), "teal").save(file, "PNG")
    return SimpleUploadedFile("logo.svg", file.getvalue(), content_type="image/svg+xml")


def test_a_game_master_gives_the_event_colours_and_a_logo_and_takes_them_back(world: World, gm: Desk) -> None:
    path, shown = url_of(world.arcadia.tenant, "brand"), url_of(world.arcadia.tenant)
    assert "Every player sees" in text_of(gm.get(path))
    assert "Take the logo away" not in text_of(gm.get(path))

    said = gm.notice(gm.act(path, **NO_COLOURS | {"accent_dark": " #FFD166", "logo": logo()}))
    assert "The look of Arcadia is changed." in said
    assert "#ffd166" in said
    source = next(str(a["src"]) for tag, a in tags_of(gm.get(shown)) if tag == "img")
    assert gm.get(source)["Content-Type"] == "image/webp"
    assert "Change look" in said, "the trail says it"

    same = NO_COLOURS | {"accent_dark": "#ffd166"}
    assert "Nothing was changed" in gm.notice(gm.act(path, **same))
    gm.notice(gm.act(path, **NO_COLOURS | {"without_logo": "on"}))
    tenant = Tenant.objects.get(pk=world.arcadia.tenant.pk)
    assert (tenant.accent_dark, tenant.logo) == ("", "")
    with tenancy.scope(tenant):
        assert not Logo.objects.exists()
        assert AuditEvent.objects.filter(action="tenant.brand").count() == 2


def test_what_nobody_could_read_is_refused_beside_the_field(world: World, gm: Desk) -> None:
    path = url_of(world.arcadia.tenant, "brand")
    answer = gm.act(path, **NO_COLOURS | {"accent_light": "#00f0ff"})
    assert answer.status_code == 422
    assert "#00f0ff cannot be seen well on the light pages: its contrast is 1.1, and needs 4.5. Take #" in (
        text_of(answer)
    )
    not_a_picture = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", content_type="image/png")
    answer = gm.act(path, **NO_COLOURS | {"logo": not_a_picture})
    assert answer.status_code == 400
    assert "not a picture that can be read" in text_of(answer)
    assert Tenant.objects.get(pk=world.arcadia.tenant.pk).logo == ""
