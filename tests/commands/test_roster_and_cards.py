"""`import_roster`, `login_cards`, `join_poster`."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts import tenancy
from accounts.models import LoginCode, User
from tests.cast import Event
from tests.commands.conftest import Run
from tests.paper import codes_in

LIST = "name;faction;balance\nVex;Free Grid;12,50\nNyx;;\nVEX;;1\n"


@pytest.fixture
def roster(tmp_path: Path) -> str:
    path = tmp_path / "roster.csv"
    path.write_text(LIST, encoding="utf-8-sig")
    return str(path)


def names(event: Event) -> set[str]:
    with tenancy.scope(event.tenant):
        return set(User.objects.values_list("character_name", flat=True))


def test_a_dry_run_names_bad_lines_and_does_nothing(run: Run, event: Event, roster: str) -> None:
    said, _ = run("import_roster", roster, dry_run=True)
    assert "Line 4, “VEX”: Line 2 has this name" in said
    assert "2 to make with ₵12.50 (1250), 0 there already, 1 lines wrong." in said
    assert names(event) == set()


def test_all_or_nothing_and_good_ones(run: Run, event: Event, roster: str) -> None:
    with pytest.raises(CommandError, match="Nothing was imported"):
        run("import_roster", roster, all_or_nothing=True, yes=True)
    assert names(event) == set()
    said, _ = run("import_roster", roster, good_ones=True, yes=True)
    assert "Imported 2 characters with ₵12.50 (1250)." in said
    assert names(event) == {"Vex", "Nyx"}
    said, _ = run("import_roster", roster, good_ones=True, yes=True)
    assert "There is nobody to import" in said


def test_one_must_say_how_and_which_file(run: Run, event: Event, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="required"):
        run("import_roster", "roster.csv")
    with pytest.raises(CommandError, match="cannot be read"):
        run("import_roster", str(tmp_path / "none.csv"), dry_run=True)


def test_cards_are_printed_into_a_file_for_its_owner_alone(
    run: Run, event: Event, roster: str, tmp_path: Path
) -> None:
    event.person("Bob")
    run("import_roster", roster, good_ones=True, yes=True)
    out = tmp_path / "cards.pdf"
    said, _ = run("login_cards", out=out, yes=True)
    assert "2 cards are in" in said
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert {link.rpartition("/")[0] for link in codes_in(out.read_bytes())} == {"http://neo.example/card"}
    run("login_cards", out=out, people=["Bob"], address="http://10.0.0.7:8000", yes=True)
    [link] = codes_in(out.read_bytes())
    assert link.startswith("http://10.0.0.7:8000/card/")
    run("login_cards", out=out, faction="free grid", yes=True)
    assert len(codes_in(out.read_bytes())) == 1


def test_where_cards_cannot_be_written_no_code_is_made(run: Run, event: Event, tmp_path: Path) -> None:
    event.person("Bob")
    with pytest.raises(CommandError, match="Nothing was done"):
        run("login_cards", out=tmp_path / "no" / "cards.pdf", everybody=True, yes=True)
    with pytest.raises(CommandError, match="nobody to print"):
        run("login_cards", out=tmp_path / "cards.pdf", yes=True)
    with pytest.raises(CommandError, match="add --yes"):
        run("login_cards", out=tmp_path / "cards.pdf", everybody=True)
    with pytest.raises(CommandError, match="address that phones open"):
        run("login_cards", out=tmp_path / "cards.pdf", everybody=True, address="no/where", yes=True)
    with tenancy.scope(event.tenant):
        assert not LoginCode.objects.exists()


def test_the_poster_leads_to_where_people_join(run: Run, event: Event, tmp_path: Path) -> None:
    out = tmp_path / "poster.pdf"
    run("join_poster", out=out, trust="Compare the fingerprint 4F:2A.")
    assert codes_in(out.read_bytes()) == ["http://neo.example/register?event_code=moonrise"]
