"""What is carried away: the lists of movements and accounts as CSV, as they are narrowed, harmless to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from accounts import tenancy
from accounts.models import AuditEvent
from ledger.console import exports
from ledger.models import Transfer
from ledger.services.transfers import Payment, transfer, transfer_batch
from tests.cast import World
from tests.console.desk import Desk, text_of

TRANSFERS, ACCOUNTS = "/admin/ledger/transfer/", "/admin/ledger/account/"
EVIL = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)")


def rows_of(answer: Any) -> list[dict[str, str]]:
    """The lines of a file, read when the request is long over."""
    assert answer.status_code == 200, text_of(answer)
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert "no-store" in answer["Cache-Control"]
    pieces: Iterable[bytes] = answer.streaming_content
    return list(csv.DictReader(io.StringIO(b"".join(pieces).decode("utf-8-sig"), newline="")))


def take(desk: Desk, path: str, **asked: str) -> list[dict[str, str]]:
    return rows_of(desk.post(f"{path}export/", asked))


def test_the_file_has_what_the_list_is_narrowed_to_and_no_formula(world: World, gm: Desk) -> None:
    for memo in EVIL:
        transfer(
            actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=1_25, memo=memo)
        )
    found = take(gm, TRANSFERS, kind="transfer")
    assert [row["memo"] for row in found] == [f"'{memo}" for memo in reversed(EVIL)]
    first = found[0]
    assert (first["amount"], first["currency"], first["from_name"]) == ("1.25", "NC", "Alice")
    assert (first["to_account"], first["started_by"]) == (world.bob.number, "Alice")
    with tenancy.scope(world.arcadia.tenant):
        posted = Transfer.objects.get(pk=first["id"]).posted_at
    utc = parse_datetime(first["utc"])
    assert utc == posted.replace(microsecond=0)
    assert first["time"] != first["utc"].removesuffix("Z"), "Arcadia is in Berlin"
    assert "transfer" not in {row["kind"] for row in take(gm, TRANSFERS, amount_from="100")}
    with tenancy.scope(world.arcadia.tenant):
        line = AuditEvent.objects.filter(action="transfers.export").order_by("created_at")[0]
        assert (line.actor_label, line.metadata["asked"]) == ("Overseer", {"kind": "transfer"})
    assert "Transfers taken away as CSV" in text_of(gm.get("/admin/"))


def test_a_long_file_is_read_in_pieces_and_one_that_is_too_long_says_so(
    world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    payments = [Payment(to_account=world.bob.number, amount=1, memo=f"beer {n}") for n in range(25)]
    transfer_batch(actor=world.alice.actor, payments=payments)
    monkeypatch.setattr(exports, "_PIECE", 10)
    found = [row["memo"] for row in take(gm, TRANSFERS, kind="transfer")]
    assert sorted(found) == sorted(f"beer {n}" for n in range(25))
    monkeypatch.setattr(exports.ExportTransfers, "lines_max", 20)
    short = take(gm, TRANSFERS)
    assert len(short) == 21
    assert short[-1]["time"].startswith("CUT OFF after 20 lines")


def test_the_accounts_of_a_file_come_to_nothing_as_the_books_do(world: World, gm: Desk) -> None:
    transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=33_33))
    found = {row["number"]: row for row in take(gm, ACCOUNTS)}
    assert sum(round(float(row["balance"]) * 100) for row in found.values()) == 0
    assert found[world.bob.number]["balance"] == "33.33"
    assert found["NC-MINT-0000"]["balance"] == "-100.00", "a figure, not a text"
    assert [row["holder"] for row in take(gm, ACCOUNTS, q="ali")] == ["Alice"]


def test_a_file_of_another_event_holds_nothing_of_this_one(charlies_gm: Desk, world: World) -> None:
    for path in (TRANSFERS, ACCOUNTS):
        text = str(take(charlies_gm, path))
        assert "Charlie" in text
        assert not [word for word in ("Alice", "Bob", world.alice.number) if word in text]


def test_a_wrong_filter_leads_back_to_the_list_and_looking_takes_nothing(gm: Desk) -> None:
    answer = gm.post(f"{TRANSFERS}export/", {"since": "yesterday"})
    assert (answer.status_code, answer["Location"]) == (302, f"{TRANSFERS}?since=yesterday")
    assert gm.get(f"{TRANSFERS}export/").status_code == 405


def test_what_the_list_has_no_field_for_is_not_written_into_the_trail(gm: Desk, world: World) -> None:
    answer = gm.post(f"{TRANSFERS}export/", {"kind": "", "currency": "\0"})
    assert answer.status_code in {200, 302}
    with tenancy.scope(world.arcadia.tenant):
        assert "currency" not in AuditEvent.objects.get(action="transfers.export").metadata
