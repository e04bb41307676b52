"""`export_ledger` and `import_ledger`: a whole event travels between databases and engines, to the unit, or not at all."""

from __future__ import annotations

import hashlib
import json
import random
import stat
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import DatabaseError, connections
from django.test import override_settings

from accounts import crypto, directory, passwords, selectors, tenancy
from accounts.models import ApiKey, AuditEvent, CredentialTenant, LoginSession, SearchToken, Tenant, User
from identity.services.people import create_user
from ledger import exchange
from ledger.idempotency import claim_for
from ledger.models import Account, Balance, Entry, Transfer
from ledger.services import vouchers
from ledger.services.transfers import Payment, refund, transfer
from tests import databases, environment
from tests.cast import PASSWORD, Person, make_event
from tests.commands import story
from tests.commands.conftest import Run
from tests.commands.story import Story
from tests.conftest import SESSION
from tests.sessions import Database


@pytest.fixture
def told(fresh_database: Database) -> Story:
    return story.settle_once(story.tell())


@pytest.fixture
def back(fresh_database: Database) -> Iterator[Database]:
    """A second database of this run's engine, migrated and empty."""
    with SESSION.database() as database:
        yield database


@pytest.fixture
def exported(run: Run, told: Story, tmp_path: Path) -> Path:
    """The story, as a file."""
    path = tmp_path / "event.jsonl"
    run("export_ledger", path)
    return path


@pytest.fixture
def into(run: Run, back: Database) -> Callable[[Path], str]:
    """Imports a file into `back` and returns what was said; the test goes on in the first database."""

    def read(path: Path) -> str:
        with SESSION.connected_to(back):
            return run("import_ledger", path)[0]

    return read


def is_empty(database: Database) -> bool:
    with SESSION.connected_to(database):
        return not Tenant.objects.exists()


def content(path: Path) -> list[str]:
    """The rows, but for the lines that exporting and importing leave in the trail."""
    lines = path.read_text(encoding="utf-8").splitlines()[1:-1]
    return [line for line in lines if '"event.export"' not in line and '"event.import"' not in line]


def sealed(lines: list[str], path: Path) -> Path:
    """A file with these lines and a checksum that fits: what somebody who can compute a checksum could hand in."""
    body = "".join(f"{line}\n" for line in lines)
    trailer = {"rows": len(lines) - 1, "sha256": hashlib.sha256(body.encode()).hexdigest()}
    path.write_text(body + json.dumps(trailer, separators=(",", ":")) + "\n", encoding="utf-8")
    return path


def test_an_event_travels_to_sqlite_and_back_and_every_row_is_the_same(
    run: Run, told: Story, back: Database, tmp_path: Path
) -> None:
    """On the PostgreSQL run this is the way from one engine to the other and home again."""
    url = f"sqlite:///{tmp_path / 'elsewhere.sqlite3'}"
    elsewhere = environment.process_environment(url, tmp_path)
    assert databases.manage("migrate", "-v0", environment=elsewhere).returncode == 0
    first, second, third = (str(tmp_path / name) for name in ("1.jsonl", "2.jsonl", "3.jsonl"))
    run("export_ledger", Path(first))
    for arguments in (("import_ledger", first), ("export_ledger", second)):
        done = databases.manage(*arguments, environment=elsewhere)
        assert done.returncode == 0, done.stderr
    with SESSION.connected_to(back):
        run("import_ledger", Path(second))
        said, _ = run("check_books")
        assert "neo: clean. 13 transfers, 26 entries" in said
        run("export_ledger", Path(third))
    assert len(content(Path(first))) > 100
    assert content(Path(first)) == content(Path(second)) == content(Path(third))


def test_where_it_arrives_everything_goes_on(
    told: Story, exported: Path, into: Callable[[Path], str], back: Database
) -> None:
    before = {person.number: person.balance() for person in (told.alice, told.bob, told.bar)}
    into(exported)
    with SESSION.connected_to(back):
        directory.forget()
        alice, bob, bar = (told.alice, told.bob, told.bar)
        assert {person.number: person.balance() for person in (alice, bob, bar)} == before
        # The same request as before is answered as before.
        claim = claim_for("once", method="POST", path="/", body={})
        again = transfer(
            actor=alice.actor,
            payment=Payment(to_account=bob.number, amount=250, reference="r-1"),
            claim=claim,
        )
        assert again.replayed
        refund(actor=told.event.server, transfer_id=again.transfer.pk)
        # What lies in the woods as paper is good there too, and can be printed again.
        server, batch = told.event.server, uuid.UUID(told.names["batch"])
        [printed] = vouchers.print_batch(actor=server, batch=batch)
        vouchers.redeem(actor=bob.actor, code=printed.code)
        # New rows are numbered after the old ones.
        newcomer = told.event.person("Newcomer", money=5)
        with tenancy.scope(told.event.tenant):
            assert newcomer.account.pk > max(
                Account.objects.exclude(pk=newcomer.account.pk).values_list("pk", flat=True)
            )
            assert Balance.objects.get(account=bar.account).status == "frozen"
            user = selectors.login_named("Alice")
            assert passwords.verify(user, PASSWORD).is_right
            assert ApiKey.objects.get().digest == told.key.digest
            assert CredentialTenant.objects.filter(handle=told.key.prefix).exists()


def test_the_guards_are_armed_where_it_arrives(
    told: Story, exported: Path, into: Callable[[Path], str], back: Database
) -> None:
    into(exported)
    with SESSION.connected_to(back), tenancy.scope(told.event.tenant):
        for model in (Transfer, Entry, AuditEvent):
            with pytest.raises(DatabaseError, match=r"append-only|permission denied"):
                model.objects.update(tenant=told.event.tenant)


def test_sign_ins_stay_behind(
    run: Run, told: Story, tmp_path: Path, into: Callable[[Path], str], back: Database
) -> None:
    told.alice.phone()
    with tenancy.scope(told.event.tenant):
        assert LoginSession.objects.count() == 1
    run("export_ledger", tmp_path / "event.jsonl")
    assert "Everybody signs in anew" in into(tmp_path / "event.jsonl")
    with SESSION.connected_to(back), tenancy.scope(told.event.tenant):
        assert LoginSession.objects.count() == 0
        assert SearchToken.objects.exists()
        assert CredentialTenant.objects.count() == 1


def test_one_event_may_travel_alone(
    run: Run, told: Story, tmp_path: Path, into: Callable[[Path], str], back: Database
) -> None:
    run("export_ledger", tmp_path / "dune.jsonl", tenant="dune")
    assert "Alice" not in (tmp_path / "dune.jsonl").read_text()
    assert "neo" not in into(tmp_path / "dune.jsonl")
    with SESSION.connected_to(back):
        assert Tenant.objects.get().slug == "dune"


def test_the_trail_on_both_sides_names_the_file(
    told: Story, exported: Path, into: Callable[[Path], str], back: Database
) -> None:
    sha256 = json.loads(exported.read_text().splitlines()[-1])["sha256"]
    into(exported)
    with tenancy.scope(told.event.tenant):
        assert AuditEvent.objects.get(action="event.export").metadata["sha256"] == sha256
    with SESSION.connected_to(back), tenancy.scope(told.event.tenant):
        assert AuditEvent.objects.get(action="event.import").metadata["sha256"] == sha256


def test_the_file_is_for_its_owner_only_and_is_not_replaced_without_a_yes(run: Run, exported: Path) -> None:
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    assert [path.name for path in exported.parent.iterdir()] == [exported.name]
    before = exported.read_bytes()
    with pytest.raises(CommandError, match="Nothing was done"):
        run("export_ledger", exported)
    assert exported.read_bytes() == before
    run("export_ledger", exported, yes=True)


def test_encrypted_fields_travel_sealed_and_need_the_same_field_keys(
    run: Run, told: Story, tmp_path: Path, into: Callable[[Path], str], back: Database
) -> None:
    create_user(actor=told.event.server, character_name="Zoe", password=PASSWORD, email="zoe@example.org")
    path = tmp_path / "event.jsonl"
    _, noted = run("export_ledger", path)
    assert "sealed with key 1 of FIELD_KEYS" in noted
    assert "zoe@example.org" not in path.read_text()
    other_keys = "1:" + "b3RoZXItZmllbGQta2V5LW9mLTMyLWJ5dGVzLWxvbmc="
    with (
        override_settings(FIELD_KEYS=other_keys),
        pytest.raises(CommandError, match="damaged or belongs elsewhere"),
    ):
        into(path)
    assert is_empty(back)
    into(path)
    with SESSION.connected_to(back), tenancy.scope(told.event.tenant):
        assert crypto.open_from(User.objects.get(character_name="Zoe"), "email") == "zoe@example.org"


# -- what is refused ---------------------------------------------------------------------------------------------------


def test_one_flipped_bit_anywhere_is_seen(exported: Path) -> None:
    good = exported.read_bytes()
    chance = random.Random(7)
    ends = [*range(40), *range(len(good) - 120, len(good))]
    for place in [*ends, *(chance.randrange(len(good)) for _ in range(200))]:
        bad = bytearray(good)
        bad[place] ^= 1 << chance.randrange(8)
        exported.write_bytes(bad)
        with pytest.raises(exchange.Damaged):
            exchange.verify(exported)
    exported.write_bytes(good)
    exchange.verify(exported)


def test_a_file_cut_short_anywhere_is_seen(exported: Path) -> None:
    good = exported.read_bytes()
    lines = good.splitlines(keepends=True)
    after_lines = [len(b"".join(lines[:n])) for n in (0, 1, 2, len(lines) // 2, len(lines) - 1)]
    for length in [*after_lines, 1, 100, len(good) // 2, len(good) - 2, len(good) - 1]:
        exported.write_bytes(good[:length])
        with pytest.raises(exchange.Damaged):
            exchange.verify(exported)


def test_a_line_more_less_or_elsewhere_is_seen(exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    for bad in (
        lines[:5] + lines[6:],
        lines[:5] + lines[4:],
        [*lines[:5], lines[6], lines[5], *lines[7:]],
        [*lines, b"\n"],
        [*lines, lines[-1]],
    ):
        exported.write_bytes(b"".join(bad))
        with pytest.raises(exchange.Damaged):
            exchange.verify(exported)


def test_a_damaged_file_changes_nothing(exported: Path, into: Callable[[Path], str], back: Database) -> None:
    exported.write_bytes(exported.read_bytes().replace(b"Alice", b"Alicf", 1))
    with pytest.raises(CommandError, match="checksum does not fit"):
        into(exported)
    assert is_empty(back)


@pytest.mark.parametrize("text", ["", "hello\n", '{"kind":"something else"}\n', "[]\n", "\x00\xff"])
def test_any_other_file_is_refused(run: Run, tmp_path: Path, text: str) -> None:
    path = tmp_path / "other"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(CommandError, match="not an export"):
        run("import_ledger", path)
    with pytest.raises(CommandError, match="There is no file"):
        run("import_ledger", tmp_path / "absent")


def test_an_export_of_another_version_is_refused(exported: Path, into: Callable[[Path], str]) -> None:
    lines = exported.read_text(encoding="utf-8").splitlines()[:-1]
    header = json.loads(lines[0])
    header["models"]["ledger.Transfer"]["fields"].append("mood")
    with pytest.raises(CommandError, match="another version"):
        into(sealed([json.dumps(header), *lines[1:]], exported))
    header["format"] = 99
    with pytest.raises(CommandError, match="format 99"):
        into(sealed([json.dumps(header), *lines[1:]], exported))


def test_a_database_with_an_event_in_it_is_refused(run: Run, exported: Path) -> None:
    with pytest.raises(CommandError, match="Import into an empty one"):
        run("import_ledger", exported)


def test_a_database_without_tables_is_refused(exported: Path, tmp_path: Path) -> None:
    bare = environment.process_environment(f"sqlite:///{tmp_path / 'bare.sqlite3'}", tmp_path)
    done = databases.manage("import_ledger", str(exported), environment=bare)
    assert done.returncode == 1
    assert "Run `manage.py migrate`" in done.stderr
    assert "Traceback" not in done.stderr


def changed(path: Path, label: str, change: Callable[[dict[str, Any]], None]) -> Path:
    """The file with the first row of `label` changed, under a checksum that fits."""
    lines = path.read_text(encoding="utf-8").splitlines()[:-1]
    fields = json.loads(lines[0])["models"][label]["fields"]
    number = next(n for n, line in enumerate(lines) if line.startswith(f'["{label}"'))
    row = dict(zip(fields, json.loads(lines[number])[1:], strict=True))
    change(row)
    lines[number] = json.dumps([label, *(row[name] for name in fields)])
    return sealed(lines, path)


@pytest.mark.parametrize(
    ("label", "column", "value"),
    [
        ("ledger.Balance", "amount", 7),
        ("ledger.Entry", "amount", 12345),
        ("ledger.Entry", "balance_after", 12345),
        ("ledger.Transfer", "amount", 12345),
        ("ledger.Transfer", "amount", 0),
        ("ledger.Transfer", "amount", "much"),
        ("ledger.Transfer", "from_account_id", 999999),
        ("ledger.Transfer", "id", "not a uuid"),
        ("ledger.Spent", "amount", 1),
        ("ledger.Account", "currency_id", 999999),
        ("accounts.User", "tenant_id", "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_books_that_were_cooked_under_a_fitting_checksum_are_refused_whole(
    exported: Path, into: Callable[[Path], str], back: Database, label: str, column: str, value: object
) -> None:
    with pytest.raises(CommandError, match=r"[Nn]othing was"):
        into(changed(exported, label, lambda row: row.update({column: value})))
    assert is_empty(back)


def test_an_export_under_load_holds_one_moment(
    run: Run, told: Story, tmp_path: Path, into: Callable[[Path], str]
) -> None:
    stop = threading.Event()
    paid: list[int] = []
    failures: list[BaseException] = []

    def pay(payer: Person, payee: Person) -> None:
        try:
            while not stop.is_set():
                transfer(actor=payer.actor, payment=Payment(to_account=payee.number, amount=1))
                paid.append(1)
                # SQLite has one writer and no queue: whoever never lets go would keep the trail's line out.
                stop.wait(0.005)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=pay, args=(told.alice, told.bob))
    thread.start()
    try:
        while len(paid) < 10 and not failures:
            stop.wait(0.01)
        run("export_ledger", tmp_path / "event.jsonl")
    finally:
        stop.set()
        thread.join()
    assert not failures
    assert "neo: clean." in into(tmp_path / "event.jsonl")


def test_two_events_whose_rows_are_interleaved_arrive_both(
    run: Run, fresh_database: Database, tmp_path: Path, into: Callable[[Path], str]
) -> None:
    one, two = make_event("one"), make_event("two")
    for number in range(6):
        for event in (one, two):
            payer = event.person(f"Payer {number}", money=100)
            transfer(
                actor=payer.actor,
                payment=Payment(to_account=event.person(f"Payee {number}").number, amount=1),
            )
    run("export_ledger", tmp_path / "both.jsonl")
    said = into(tmp_path / "both.jsonl")
    assert "one: clean. 12 transfers" in said
    assert "two: clean. 12 transfers" in said
