"""What the person at the laptop sees, and what a start asks."""

from __future__ import annotations

import builtins
import getpass
import io
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from django.contrib.staticfiles.finders import FileSystemFinder
from django.core.files.storage import FileSystemStorage
from django.test import override_settings
from PIL import Image

from accounts import passwords, selectors, tenancy
from accounts.errors import Invalid
from accounts.models import Tenant
from neobank.laptop import addresses, opening, place, static_files, terminal
from neobank.management.commands import event as command
from tests.cast import make_event

JOIN = "https://192.168.100.200:8443/register?event_code=chrome-4821"


def test_a_phone_reads_the_code_off_the_terminal() -> None:
    rows = [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in terminal.qr(JOIN).splitlines()]
    picture = Image.new("L", (len(rows[0]), 2 * len(rows)), 255)
    for y, row in enumerate(rows):
        for x, half_blocks in enumerate(row):
            picture.putpixel((x, 2 * y), 0 if half_blocks in "█▀" else 255)
            picture.putpixel((x, 2 * y + 1), 0 if half_blocks in "█▄" else 255)
    bigger = picture.resize((picture.width * 6, picture.height * 6), Image.Resampling.NEAREST)
    [found] = zxingcpp.read_barcodes(bigger)
    assert found.text == JOIN


def test_pictures_are_for_terminals_alone() -> None:
    assert not terminal.can_show_pictures(io.StringIO())


# -- what a start asks -------------------------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """``typed("Nyx", …)``: somebody at the terminal who answers so; returns what is left to say."""

    def answer(*lines: str) -> list[str]:
        left = list(lines)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(builtins, "input", lambda _question: left.pop(0))
        monkeypatch.setattr(getpass, "getpass", lambda _question: left.pop(0))
        return left

    return answer


def gm_of(tenant: Tenant, name: str, password: str) -> bool:
    with tenancy.scope(tenant):
        return passwords.verify(selectors.login_named(name), password).is_right


@pytest.mark.usefixtures("fresh_database")
def test_two_questions_make_an_event_and_a_second_start_asks_nothing(typed: Callable[..., list[str]]) -> None:
    said: list[Any] = []
    left = typed(
        "",
        "N",
        "Nyx",
        "short",
        "short",
        "Nyx",
        "neon-rain-2077",
        "neon-rain-2078",
        "neon-rain-2077",
        "neon-rain-2077",
    )
    tenant = opening.open_event(say=said.append)
    assert left == []
    assert [sentence.split(".")[0] for sentence in said] == [
        "That name is too short",
        said[1].split(".")[0],
    ]
    assert "8 characters" in said[1]
    assert tenant.name == "NeoTropolis"
    assert tenant.registration == Tenant.Registration.EVENT_CODE
    assert tenant.event_code
    assert gm_of(tenant, "Nyx", "neon-rain-2077")
    typed()
    assert opening.open_event(say=said.append) == tenant


@pytest.mark.usefixtures("fresh_database")
def test_the_environment_answers_everything() -> None:
    answers = {
        "EVENT_NAME": "Ärger im Café",
        "EVENT_CODE": "raven",
        "EVENT_GM_NAME": "Nyx",
        "EVENT_GM_PASSWORD": "neon-rain-2077",
    }
    with override_settings(**answers):
        tenant = opening.open_event(say=pytest.fail)
    assert (tenant.name, tenant.slug, tenant.event_code) == ("Ärger im Café", "rger-im-caf", "raven")
    assert gm_of(tenant, "Nyx", "neon-rain-2077")


@pytest.mark.usefixtures("fresh_database")
def test_nobody_there_is_told_what_to_set_and_the_next_start_goes_on() -> None:
    with pytest.raises(opening.NobodyToAsk, match="EVENT_GM_PASSWORD"):
        opening.open_event(say=pytest.fail)
    with override_settings(EVENT_GM_NAME="Nyx", EVENT_GM_PASSWORD="neon-rain-2077"):
        tenant = opening.open_event(say=pytest.fail)
    assert gm_of(tenant, "Nyx", "neon-rain-2077")
    assert Tenant.objects.count() == 1


@pytest.mark.usefixtures("fresh_database")
def test_a_password_from_the_environment_that_is_too_short_is_refused_and_not_asked_for() -> None:
    with (
        override_settings(EVENT_GM_NAME="Nyx", EVENT_GM_PASSWORD="short"),
        pytest.raises(Invalid, match="8 characters"),
    ):
        opening.open_event(say=pytest.fail)


@pytest.mark.usefixtures("fresh_database")
def test_the_demo_is_no_event() -> None:
    tenant = make_event("neo").tenant
    Tenant.objects.filter(pk=tenant.pk).update(bonus_when_open=True)
    with pytest.raises(Exception, match="the demo"):
        opening.open_event(say=pytest.fail)


@pytest.mark.parametrize(
    ("link", "zone"),
    [
        ("/usr/share/zoneinfo/America/Lima", "America/Lima"),
        ("/usr/share/zoneinfo/Etc/UTC", None),
        ("/usr/share/zoneinfo/Mars/Base", None),
        ("/etc/localtime", None),
    ],
)
def test_the_event_is_where_the_laptop_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, link: str, zone: str | None
) -> None:
    clock = tmp_path / "localtime"
    clock.symlink_to(link)
    monkeypatch.setattr(opening, "_CLOCK", clock)
    assert opening._time_zone().get("time_zone") == zone


# -- what is said while it runs ----------------------------------------------------------------------------------------


def test_a_changed_address_and_a_lost_network_are_cried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["192.168.1.5", "camp.local", "localhost", "127.0.0.1"]
    found: list[str] = []
    monkeypatch.setattr(addresses, "of_this_machine", lambda: found)
    monkeypatch.setattr(addresses, "names_of_this_machine", list)
    found[:] = ["192.168.1.5"]
    assert command._trouble(names) is None
    found[:] = ["10.0.0.7"]
    assert "CHANGED to 10.0.0.7" in str(command._trouble(names))
    found[:] = []
    assert "NETWORK IS GONE" in str(command._trouble(names))
    assert command._trouble(["localhost", "127.0.0.1"]) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "192.168.7.7"])
def test_a_chosen_host_is_the_only_address(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("HOST", host)
    assert place.names() == [host]
    with override_settings(EVENT_ADDRESSES=["camp.local"]):
        assert place.names() == ["camp.local"]


def test_static_files_are_gathered_once_for_each_version_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, root = tmp_path / "source", tmp_path / "static"
    for folder in (source, root):
        folder.mkdir()
    (source / "page.css").write_text("a {}")
    finder = FileSystemFinder.__new__(FileSystemFinder)
    finder.locations = [("", str(source))]
    finder.storages = {str(source): FileSystemStorage(location=source)}
    monkeypatch.setattr(static_files, "get_finders", lambda: [finder])
    with override_settings(STATIC_ROOT=root):
        assert not static_files.are_gathered()
        static_files.remember()
        assert static_files.are_gathered()
        (source / "page.css").write_text("a { color: red }")
        assert not static_files.are_gathered()
