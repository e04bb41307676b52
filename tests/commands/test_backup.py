"""`backup`, `restore` and `backup_drill`: what is put back is what was there, or nothing is put back."""

from __future__ import annotations

import dataclasses
import json
import os
import random
import re
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError
from django.db import DatabaseError, connections
from django.test import override_settings

from accounts import directory, passwords, selectors, tenancy
from accounts.models import AuditEvent, Tenant
from ledger import books
from ledger.models import Transfer
from ledger.services.transfers import Payment, transfer
from neobank import walls
from neobank.backups import archive, copies, sealing
from neobank.backups.errors import CannotBackUp
from tests.cast import PASSWORD
from tests.commands import story
from tests.commands.conftest import Run
from tests.commands.story import Story
from tests.conftest import SESSION
from tests.sessions import Database


@pytest.fixture
def told(fresh_database: Database) -> Story:
    return story.tell()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


@pytest.fixture
def taken(run: Run, told: Story, folder: Path) -> Path:
    """A backup of the story."""
    run("backup", to=folder)
    [path] = folder.glob("*.nbk")
    return path


def restore(run: Run, path: Path, database: Database) -> str:
    with SESSION.connected_to(database):
        said, _ = run("restore", path)
        directory.forget()
    return said


def has_tables(database: Database) -> bool:
    with SESSION.connected_to(database):
        try:
            copies.refuse_unless_empty(books.reading_alias())
        except CannotBackUp:
            return True
        return False


def lie_about_counts(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the backup at ``path`` say that there was one user more."""
    real = archive.opened

    def with_another_count(path: Path) -> tuple[archive.Description, Iterator[bytes]]:
        description, chunks = real(path)
        description.rows["accounts_user"] += 1
        return description, chunks

    archive.manifest_path(path).unlink()
    monkeypatch.setattr(archive, "opened", with_another_count)


@pytest.mark.parametrize("key", ["", settings.INSECURE])
def test_nothing_is_sealed_with_a_key_that_everybody_knows(
    run: Run, told: Story, folder: Path, key: str
) -> None:
    with override_settings(BACKUP_KEY=key), pytest.raises(CommandError, match="BACKUP_KEY is not set"):
        run("backup", to=folder)
    assert not folder.exists()


# -- there and back ----------------------------------------------------------------------------------------------------


def test_what_is_restored_is_what_was_there_and_everything_goes_on(
    run: Run, told: Story, taken: Path, empty: Database
) -> None:
    before = {person.number: person.balance() for person in (told.alice, told.bob, told.bar)}
    transfer(actor=told.alice.actor, payment=Payment(to_account=told.bob.number, amount=1))
    said = restore(run, taken, empty)
    assert "neo: clean. 11 transfers, 22 entries" in said
    with SESSION.connected_to(empty):
        assert {person.number: person.balance() for person in (told.alice, told.bob, told.bar)} == before
        with tenancy.scope(told.event.tenant):
            assert passwords.verify(selectors.login_named("Alice"), PASSWORD).is_right
        transfer(actor=told.alice.actor, payment=Payment(to_account=told.bob.number, amount=1))
        told.event.person("Newcomer", money=5)
        said, _ = run("check_books")
        assert "neo: clean. 13 transfers" in said


def test_guards_and_walls_stand_where_it_was_restored(
    run: Run, told: Story, taken: Path, empty: Database
) -> None:
    restore(run, taken, empty)
    with SESSION.connected_to(empty):
        assert walls.gaps(connections["default"]) == []
        with tenancy.scope(told.event.tenant):
            for model in (Transfer, AuditEvent):
                with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
                    model.objects.update(tenant=told.event.tenant)


def test_the_trail_says_that_time_went_back(run: Run, told: Story, taken: Path, empty: Database) -> None:
    restore(run, taken, empty)
    with SESSION.connected_to(empty), tenancy.scope(told.event.tenant):
        line = AuditEvent.objects.get(action="event.restore")
        assert line.metadata["file"] == taken.name


def test_the_manifest_says_what_is_in_it_and_the_file_tells_nothing(taken: Path) -> None:
    manifest = json.loads(archive.manifest_path(taken).read_text())
    assert manifest["file"] == taken.name
    assert manifest["size"] == taken.stat().st_size
    assert manifest["rows"]["ledger_transfer"] == 12
    assert manifest["rows"]["ledger_entry"] == 24
    assert manifest["field_keys"] == [1]
    assert settings.BACKUP_KEY not in archive.manifest_path(taken).read_text()
    sealed = taken.read_bytes()
    assert b"Alice" not in sealed
    assert b"SQLite format" not in sealed
    assert stat.S_IMODE(taken.stat().st_mode) == 0o600
    assert len(list(taken.parent.iterdir())) == 2


def test_the_file_alone_is_enough_and_may_be_renamed(run: Run, taken: Path, empty: Database) -> None:
    archive.manifest_path(taken).unlink()
    renamed = taken.rename(taken.with_name("the one from before the fire.nbk"))
    assert "neo: clean." in restore(run, renamed, empty)


def test_a_backup_under_load_holds_one_moment(run: Run, told: Story, folder: Path, empty: Database) -> None:
    stop = threading.Event()
    paid: list[int] = []
    failures: list[BaseException] = []

    def pay() -> None:
        try:
            while not stop.is_set():
                transfer(actor=told.alice.actor, payment=Payment(to_account=told.bob.number, amount=1))
                paid.append(1)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=pay) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        while len(paid) < 10 and not failures:
            stop.wait(0.01)
        run("backup", to=folder)
        seen = len(paid)
        while len(paid) < seen + 5 and not failures:
            stop.wait(0.01)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert not failures
    [path] = folder.glob("*.nbk")
    assert "neo: clean." in restore(run, path, empty)


# -- what is sealed in beside the database -----------------------------------------------------------------------------


def test_secrets_travel_in_a_backup_when_asked_and_only_inside_the_seal(
    run: Run, told: Story, folder: Path, empty: Database
) -> None:
    run("backup", to=folder, with_secrets=True)
    [path] = folder.glob("*.nbk")
    found = archive.belongings(path, settings.BACKUP_KEY)
    assert found == {
        name: getattr(settings, name) for name in ("SECRET_KEY", "JWT_SECRET", "FIELD_KEYS", "SEARCH_KEY")
    }
    readable = path.read_bytes() + archive.manifest_path(path).read_bytes()
    assert not any(secret.encode() in readable for secret in found.values())
    with pytest.raises(sealing.CannotOpen, match="another BACKUP_KEY"):
        archive.belongings(path, "x" * 44)
    assert "neo: clean." in restore(run, path, empty)


def test_nothing_secret_is_in_a_backup_that_was_not_asked_for_it(taken: Path) -> None:
    assert archive.belongings(taken, settings.BACKUP_KEY) == {}


def test_a_backup_without_secrets_stays_readable_for_older_versions(taken: Path) -> None:
    assert archive.opened(taken)[0].format == 1


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_one_flipped_byte_anywhere_is_refused_and_nothing_is_restored(
    run: Run, taken: Path, empty: Database
) -> None:
    good = taken.read_bytes()
    chance = random.Random(11)
    places = [*range(sealing.HEADER), len(good) - 1, *(chance.randrange(len(good)) for _ in range(100))]
    for place in places:
        bad = bytearray(good)
        bad[place] ^= 0xFF
        taken.write_bytes(bad)
        with pytest.raises(sealing.CannotOpen):
            archive.verify(taken, progress=lambda _bytes: None)
    with pytest.raises(CommandError, match="damaged or incomplete"):
        restore(run, taken, empty)
    assert not has_tables(empty)


def test_a_backup_cut_short_is_refused(run: Run, taken: Path, empty: Database) -> None:
    good = taken.read_bytes()
    for length in (0, 10, len(good) // 2, len(good) - 1):
        taken.write_bytes(good[:length])
        with pytest.raises(CommandError):
            restore(run, taken, empty)
    assert not has_tables(empty)


@pytest.mark.parametrize("change", [b'"size": ', b'"created_at": "2', b'"ledger_transfer": ', b'"sha256": "'])
def test_a_manifest_that_was_changed_is_refused(
    run: Run, taken: Path, empty: Database, change: bytes
) -> None:
    manifest = archive.manifest_path(taken)
    text = manifest.read_bytes()
    place = text.index(change) + len(change)
    manifest.write_bytes(
        text[:place] + (b"7" if text[place : place + 1] != b"7" else b"8") + text[place + 1 :]
    )
    with pytest.raises(CommandError, match="manifest"):
        restore(run, taken, empty)
    manifest.write_text("not json")
    with pytest.raises(CommandError, match="manifest"):
        restore(run, taken, empty)
    assert not has_tables(empty)


def test_another_backup_key_is_refused(run: Run, taken: Path, empty: Database) -> None:
    with override_settings(BACKUP_KEY="another key"), pytest.raises(CommandError, match="another BACKUP_KEY"):
        restore(run, taken, empty)
    assert not has_tables(empty)


def test_a_database_with_tables_is_refused_untouched(run: Run, told: Story, taken: Path) -> None:
    with pytest.raises(CommandError, match="goes into an empty one"):
        run("restore", taken)
    assert "neo: clean." in run("check_books")[0]


def test_no_file_and_no_backup_are_refused(run: Run, empty: Database, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no file"):
        restore(run, tmp_path / "absent.nbk", empty)
    (tmp_path / "other.nbk").write_text("hello")
    with pytest.raises(CommandError, match="not a backup of NeoBank"):
        restore(run, tmp_path / "other.nbk", empty)


def test_a_backup_of_the_other_engine_is_refused_with_the_way_to_go(
    run: Run, taken: Path, empty: Database
) -> None:
    description, _ = archive.opened(taken)
    other = {"postgresql": "sqlite", "sqlite": "postgresql"}[description.engine]
    with taken.open("wb") as file:
        sealer = sealing.Sealer(file, settings.BACKUP_KEY)
        text = json.dumps({**dataclasses.asdict(description), "engine": other}).encode()
        sealer.write(len(text).to_bytes(4, "big") + text)
        sealer.finish()
    archive.manifest_path(taken).unlink()
    with pytest.raises(CommandError, match="export_ledger"):
        restore(run, taken, empty)
    assert not has_tables(empty)


def test_a_copy_that_breaks_off_on_its_way_back_leaves_an_empty_database(
    taken: Path, empty: Database
) -> None:
    def breaking() -> Iterator[bytes]:
        _, chunks = archive.opened(taken)
        first = b"".join(chunks)
        yield first[: len(first) * 3 // 4]
        raise OSError("the disk went away")

    with SESSION.connected_to(empty), pytest.raises(OSError, match="the disk went away"):
        copies.put_back(books.reading_alias(), breaking())
    assert not has_tables(empty)


def test_a_restored_database_whose_books_lie_is_told_and_ends_with_status_1(
    run: Run, told: Story, folder: Path, empty: Database
) -> None:
    with connections[books.reading_alias()].cursor() as cursor:
        cursor.execute(
            f"UPDATE ledger_balance SET amount = amount + 1 WHERE account_id = {told.bob.account.pk}"
        )
    run("backup", to=folder)
    [path] = folder.glob("*.nbk")
    with pytest.raises(CommandError, match="it is not right"):
        restore(run, path, empty)


OLDER = "accounts", "0003_search_token_order"


@pytest.fixture
def older(run: Run, told: Story, folder: Path) -> Path:
    """A backup of the story as an older version of the bank would have taken it."""
    run("migrate", *OLDER, verbosity=0)
    run("backup", to=folder)
    [path] = folder.glob("*.nbk")
    return path


def test_a_backup_of_an_older_version_is_counted_migrated_and_replayed(
    run: Run, told: Story, older: Path, empty: Database
) -> None:
    said = restore(run, older, empty)
    assert re.search(r"It is of an older version: applying \d+ migrations\.", said)
    assert "neo: clean. 11 transfers, 22 entries" in said
    with SESSION.connected_to(empty), tenancy.scope(told.event.tenant):
        assert AuditEvent.objects.get(action="event.restore").metadata["file"] == older.name
        assert walls.gaps(connections["default"]) == []
    with pytest.raises(CommandError, match=r"older version \(migrations to apply: "):
        run("backup_drill", older)


def test_rows_that_are_missing_from_an_older_backup_are_told_all_the_same(
    run: Run, older: Path, empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie_about_counts(older, monkeypatch)
    with pytest.raises(CommandError, match="it is not right"):
        restore(run, older, empty)


def test_a_backup_of_a_newer_version_is_refused_before_anything_is_put_back(
    run: Run, told: Story, folder: Path, empty: Database
) -> None:
    with connections[books.reading_alias()].cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('ledger', '0999_cards', CURRENT_TIMESTAMP)"
        )
    run("backup", to=folder)
    [path] = folder.glob("*.nbk")
    with pytest.raises(CommandError, match=r"not known here \(ledger\.0999_cards\)"):
        restore(run, path, empty)
    assert not has_tables(empty)
    with pytest.raises(CommandError, match=r"The drill failed: .*ledger\.0999_cards"):
        run("backup_drill", path)


def test_what_was_taken_away_since_is_said_and_every_sign_in_ends(
    run: Run, told: Story, folder: Path, empty: Database
) -> None:
    phone = told.alice.phone()
    assert phone.get("account").status_code == 200
    run("backup", to=folder)
    [path] = folder.glob("*.nbk")
    said = restore(run, path, empty)
    assert "Before you open the port" in said
    assert "SECRET_KEY and JWT_SECRET" in said
    assert "keys revoked" in said
    with SESSION.connected_to(empty):
        assert phone.get("account").status_code == 401
        assert told.alice.phone().get("account").status_code == 200
    directory.forget()
    assert phone.get("account").status_code == 200


def test_the_database_is_named(run: Run, told: Story, taken: Path, empty: Database, folder: Path) -> None:
    here = str(connections[books.reading_alias()].settings_dict["NAME"])
    for command, options in (("backup", {"to": folder}), ("check_books", {})):
        assert run(command, **options)[0].startswith(f"Database: {here}")
    with pytest.raises(CommandError, match=f"There are tables in {here}"):
        run("restore", taken)
    assert empty.name in restore(run, taken, empty).splitlines()[0]


# -- keeping -----------------------------------------------------------------------------------------------------------


def test_the_newest_of_a_label_are_kept_and_others_left_alone(run: Run, told: Story, folder: Path) -> None:
    run("backup", to=folder, label="daily")
    (folder / "neobank-hourly-notes.txt").write_text("mine")
    for _ in range(4):
        run("backup", to=folder, label="hourly", keep=2)
    hourly = sorted(path.suffix for path in folder.glob("neobank-hourly-2*"))
    assert hourly == [".json", ".json", ".nbk", ".nbk"]
    assert len(list(folder.glob("neobank-daily-*"))) == 2
    assert (folder / "neobank-hourly-notes.txt").exists()


@pytest.mark.parametrize("options", [{"keep": 0}, {"label": "Hourly"}, {"label": "../up"}, {"label": ""}])
def test_a_label_or_number_that_makes_no_sense_is_refused(
    run: Run, told: Story, folder: Path, options: dict[str, object]
) -> None:
    with pytest.raises(CommandError):
        run("backup", to=folder, **options)
    assert not folder.exists()


def test_a_folder_that_cannot_be_written_is_a_plain_refusal(run: Run, told: Story, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match="There is no new backup"):
        run("backup", to=tmp_path / "file" / "below")


@pytest.mark.postgresql_only
def test_a_dump_that_fails_leaves_no_file(run: Run, told: Story, folder: Path, tmp_path: Path) -> None:
    fake = tmp_path / "pg_dump"
    fake.write_text(
        "#!/bin/sh\n"
        '[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 18.4" && exit 0\n'
        "echo half of it; echo 'pg_dump: error: the cable was pulled' >&2; exit 1\n"
    )
    fake.chmod(0o700)
    with override_settings(PG_BIN=str(tmp_path)), pytest.raises(CommandError, match="the cable was pulled"):
        run("backup", to=folder)
    assert list(folder.iterdir()) == []


@pytest.mark.postgresql_only
def test_a_dump_program_older_than_the_server_is_refused(
    run: Run, told: Story, folder: Path, tmp_path: Path
) -> None:
    fake = tmp_path / "pg_dump"
    fake.write_text('#!/bin/sh\necho "pg_dump (PostgreSQL) 12.3"\n')
    fake.chmod(0o700)
    with (
        override_settings(PG_BIN=str(tmp_path)),
        pytest.raises(CommandError, match=r"pg_dump 18 or newer.*12\.3"),
    ):
        run("backup", to=folder)


# -- the drill ---------------------------------------------------------------------------------------------------------


def drills_there(engine: str) -> set[str]:
    """What drills of this process have left; others run beside it."""
    if engine == "sqlite":
        folder = Path(str(connections["default"].settings_dict["NAME"])).parent
        return {path.name for path in folder.glob(f".drill-{os.getpid()}-*")}
    with connections["owner"].cursor() as cursor:
        mine = f"neobank_drill_{os.getpid()}_%"
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [mine])
        return {name for (name,) in cursor.fetchall()}


def test_the_drill_puts_a_backup_back_counts_replays_and_leaves_nothing(
    run: Run, told: Story, folder: Path, engine: str
) -> None:
    with override_settings(BACKUP_DIR=str(folder)):
        said, _ = run("backup_drill")
    assert "neo: clean. 11 transfers" in said
    assert "The drill succeeded" in said
    assert list(folder.iterdir()) == []
    assert drills_there(engine) == set()
    assert Tenant.objects.count() == 2


def test_the_drill_takes_a_backup_of_before(run: Run, taken: Path) -> None:
    said, _ = run("backup_drill", taken)
    assert "The drill succeeded" in said
    assert taken.exists()


def test_the_drill_fails_on_a_damaged_backup_and_on_books_that_lie(
    run: Run, told: Story, taken: Path, folder: Path, engine: str
) -> None:
    text = bytearray(taken.read_bytes())
    text[len(text) // 2] ^= 1
    taken.write_bytes(text)
    with pytest.raises(CommandError, match="The drill failed: This backup is damaged"):
        run("backup_drill", taken)
    with connections[books.reading_alias()].cursor() as cursor:
        cursor.execute(
            f"UPDATE ledger_balance SET amount = amount + 1 WHERE account_id = {told.bob.account.pk}"
        )
    with override_settings(BACKUP_DIR=str(folder)), pytest.raises(CommandError, match="not what was there"):
        run("backup_drill")
    assert drills_there(engine) == set()


def test_the_drill_fails_when_rows_are_missing(
    run: Run, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that opens and replays may still be of less than there was: the counts of the moment itself are sealed in."""
    lie_about_counts(taken, monkeypatch)
    with pytest.raises(CommandError, match="not what was there"):
        run("backup_drill", taken)
