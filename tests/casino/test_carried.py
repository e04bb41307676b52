"""What a casino is made of travels: in an export, in a backup, and under another key."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError

from accounts import directory, tenancy
from accounts.models import Tenant
from casino import selectors
from casino.models import Rig, Round, SeedPair
from casino.services.configurations import reveal_rig
from casino.services.seeds import rotate
from casino.services.spins import Spun
from ledger.exchange.layout import columns
from tests import databases, environment
from tests.casino import busy_night
from tests.casino.busy_night import Evening
from tests.casino.floor import GLITCH, SMUGGLER, key, play
from tests.commands.conftest import Run, empty, run
from tests.commands.test_exchange import sealed
from tests.commands.test_rotation import NEW, OLD, keys
from tests.conftest import SESSION
from tests.sessions import Database

__all__ = ["empty", "run"]


@pytest.fixture
def told(fresh_database: Database) -> Evening:
    return busy_night.tell()


def goes_on(told: Evening, before: Spun) -> None:
    """The key of ``before`` is answered as before, the next round takes the next places, and what was sealed can be told."""
    alice = told.floor.alice
    directory.forget()
    again = play(alice, claim=key("the-last-one"))
    assert (again.round.pk, again.balance, again.replayed) == (before.round.pk, before.balance, True)
    spun = play(alice).round
    assert (spun.number, spun.nonce) == (before.round.number + 1, before.round.nonce + 1)
    assert spun.session_rounds == before.round.session_rounds + 1
    reveal_rig(actor=told.floor.event.server, game=SMUGGLER, payout=9600)
    retired, _pairs = rotate(actor=alice.actor)
    with tenancy.scope(alice.tenant):
        assert selectors.revealed_seed(retired) is not None


def test_it_travels_from_engine_to_engine_and_is_played_on(
    run: Run, told: Evening, tmp_path: Path, fresh_database: Database
) -> None:
    before = play(told.floor.alice, claim=key("the-last-one"))
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    elsewhere = environment.process_environment(url, tmp_path)
    assert databases.manage("migrate", "-v0", environment=elsewhere).returncode == 0
    first, second = tmp_path / "1.jsonl", tmp_path / "2.jsonl"
    run("export_ledger", first)
    for arguments in (("import_ledger", str(first)), ("check_books",), ("export_ledger", str(second))):
        done = databases.manage(*arguments, environment=elsewhere)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "note" not in done.stdout
    with SESSION.database() as back, SESSION.connected_to(back):
        run("import_ledger", second)
        goes_on(told, before)
        assert "NOT right" not in run("check_books")[0]


def test_a_backup_brings_it_back(run: Run, told: Evening, tmp_path: Path, empty: Database) -> None:
    before = play(told.floor.alice, claim=key("the-last-one"))
    run("backup", to=tmp_path)
    play(told.floor.alice)
    [path] = tmp_path.glob("*.nbk")
    with SESSION.connected_to(empty):
        said, _err = run("restore", path)
        assert "arcadia: clean." in said
        goes_on(told, before)
        run("check_books")


def test_another_key_seals_every_seed_and_rig_and_the_rounds_are_the_same(
    run: Run, fresh_database: Database
) -> None:
    with keys(OLD):
        told = busy_night.tell()
        before = play(told.floor.alice, claim=key("the-last-one"))
    with tenancy.scope(told.floor.event.tenant):
        sealed = SeedPair.objects.count() + Rig.objects.count()
        assert {bytes(row.secret)[1] for row in Rig.objects.all()} == {1}
    with keys(NEW, OLD):
        assert f"Sealed {sealed} fields with key 2." in run("rotate_field_keys")[0]
    with keys(OLD):
        assert "note: casino_seedpair" in run("check_books")[0]
    with keys(NEW):
        assert "note" not in run("check_books")[0]
        goes_on(told, before)
        assert "note" not in run("check_books")[0]
    with tenancy.scope(told.floor.event.tenant):
        assert Round.objects.filter(game__name=GLITCH).exists()


def test_a_file_in_which_rounds_lie_is_refused_whole(run: Run, told: Evening, tmp_path: Path) -> None:
    """Whoever cooks a file and computes its checksum anew is found by the replay, before anything is kept."""
    path = tmp_path / "event.jsonl"
    run("export_ledger", path)
    lines = path.read_text(encoding="utf-8").splitlines()[:-1]
    place = next(n for n, line in enumerate(lines) if line.startswith('["casino.Round"'))
    row = json.loads(lines[place])
    row[1 + [field.name for field in columns(Round)].index("selector")] += "1"
    lines[place] = json.dumps(row)
    with SESSION.database() as back, SESSION.connected_to(back):
        with pytest.raises(CommandError, match="The books in this file are not right"):
            run("import_ledger", sealed(lines, path))
        assert not Tenant.objects.exists()
