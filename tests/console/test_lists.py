"""Finding things in the console: searching, filtering, turning pages; and what that costs the database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import directory, search, tenancy
from ledger.console import dashboard, exports, transfers
from ledger.models import Transfer
from ledger.services.gm import PayLine, pay_run
from ledger.services.transfers import Payment, transfer, transfer_batch
from tests.cast import Person, World
from tests.console.desk import Desk, tags_of, text_of, url_of

ACCOUNTS, TRANSFERS, PEOPLE, TRAIL = (
    "/admin/ledger/account/",
    "/admin/ledger/transfer/",
    "/admin/accounts/user/",
    "/admin/accounts/auditevent/",
)


def pay(payer: Person, payee: Person, count: int, memo: str = "beer") -> None:
    payments = [Payment(to_account=payee.number, amount=1, memo=f"{memo} {n}") for n in range(count)]
    transfer_batch(actor=payer.actor, payments=payments)


def older(page: Any) -> str:
    """The address behind "Older", or ""."""
    return next(
        (
            str(a["href"])
            for tag, a in tags_of(page)
            if tag == "a" and re.search("(after|older)=", a.get("href") or "")
        ),
        "",
    )


def memos(page: Any) -> list[str]:
    return re.findall(r"beer \d+", text_of(page))


# -- Searching ---------------------------------------------------------------------------------------------------------


def test_words_are_folded() -> None:
    assert search.fold("Zoë  O'Neil") == ["zoe", "o", "neil"]
    assert search.fold("ＫＩＲＡ_9") == ["kira", "9"]
    assert search.fold(" -’ ") == []


def test_accounts_are_found_by_holder_and_by_number(world: World, gm: Desk) -> None:
    for typed in ("ali", "ALICE", world.alice.number[:9], world.alice.number[3:8].lower()):
        shown = text_of(gm.get(ACCOUNTS, q=typed))
        assert world.alice.number in shown, typed
        assert world.bob.number not in shown, typed
    assert "Chrome Syndicate" in text_of(gm.get(ACCOUNTS, q="synd"))
    assert "NC-MINT-0000" in text_of(gm.get(ACCOUNTS, q="nc-mi"))
    assert "No such account" in text_of(gm.get(ACCOUNTS, q="nobody"))


def test_a_whole_number_leads_straight_to_the_account(world: World, gm: Desk) -> None:
    typed = world.alice.number.lower().replace("-", " ")
    answer = gm.get(ACCOUNTS, q=typed)
    assert (answer.status_code, answer["Location"]) == (302, url_of(world.alice.account))


def test_only_frozen_accounts_are_shown_when_asked(world: World, gm: Desk) -> None:
    gm.act(url_of(world.bob.account, "freeze"), how="both", reason="a talk")
    shown = text_of(gm.get(ACCOUNTS, frozen="on"))
    assert world.bob.number in shown
    assert world.alice.number not in shown


def test_transfers_are_narrowed_by_whose_kind_time_and_key(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 2)
    transfer(actor=world.bob.actor, payment=Payment(to_account=world.gm.number, amount=1, memo="beer 77"))
    assert memos(gm.get(TRANSFERS, q="overs")) == ["beer 77"]
    assert set(memos(gm.get(TRANSFERS, q=world.bob.number))) == {"beer 77", "beer 1", "beer 0"}
    assert "opening balance" in text_of(gm.get(TRANSFERS, kind="admin"))
    assert memos(gm.get(TRANSFERS, kind="admin")) == []
    assert memos(gm.get(TRANSFERS, key=str(world.till.key.pk))) == []
    local = timezone.now().astimezone(ZoneInfo("Europe/Berlin"))
    hour_ago, in_an_hour = ((local + timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M") for h in (-1, 1))
    assert len(memos(gm.get(TRANSFERS, since=hour_ago, until=in_an_hour))) == 3
    assert memos(gm.get(TRANSFERS, since=in_an_hour)) == []
    assert memos(gm.get(TRANSFERS, until=hour_ago)) == []


def test_transfers_are_narrowed_by_amount_starter_and_run(world: World, gm: Desk) -> None:
    for n, amount in ((1, 9_99), (2, 10_00), (3, 10_01)):
        payment = Payment(to_account=world.bob.number, amount=amount, memo=f"beer {n}")
        transfer(actor=world.alice.actor, payment=payment)
    transfer(actor=world.bob.actor, payment=Payment(to_account=world.gm.number, amount=10_00, memo="beer 4"))
    assert memos(gm.get(TRANSFERS, amount_from="10", amount_to="10,00")) == ["beer 4", "beer 2"]
    assert memos(gm.get(TRANSFERS, amount_from="10", by="alice")) == ["beer 3", "beer 2"]
    assert memos(gm.get(TRANSFERS, by="nobody")) == []
    wrong = gm.get(TRANSFERS, amount_from="a lot")
    assert (wrong.status_code, memos(wrong)) == (422, [])
    for run, memo in (("friday", "beer 5"), ("saturday", "beer 6")):
        lines = [PayLine(world.bob.number, 1, memo)]
        pay_run(actor=world.gm.actor, lines=lines, run=run, reason="wages")
    page = gm.get(TRANSFERS, run="friday")
    assert memos(page) == ["beer 5"]
    assert "Only what was paid in the run “friday”." in text_of(page)


def test_a_wrong_filter_shows_nothing_and_says_why(world: World, gm: Desk) -> None:
    answer = gm.get(TRANSFERS, since="yesterday")
    assert answer.status_code == 422
    assert "Enter a valid date/time" in text_of(answer)
    assert "opening balance" not in text_of(answer)


def test_the_trail_is_narrowed_by_who_what_and_to_what(world: World, gm: Desk) -> None:
    gm.act(url_of(world.bob.account, "freeze"), how="both", reason="a talk about dice")
    for query in (
        {"q": "overs"},
        {"action": "account.freeze"},
        {"target": f"ledger.account:{world.bob.number}"},
        {"actor": str(world.gm.user.pk)},
    ):
        assert "a talk about dice" in text_of(gm.get(TRAIL, **query)), query
    assert "a talk about dice" not in text_of(gm.get(TRAIL, q="alice"))


def test_the_front_page_shows_what_game_masters_did_and_not_what_players_do(world: World, gm: Desk) -> None:
    gm.act(url_of(world.bob.account, "freeze"), how="both", reason="a talk about dice")
    shown = text_of(gm.get("/admin/"))
    assert "a talk about dice" in shown
    assert "session.open" not in shown


# -- Turning pages -----------------------------------------------------------------------------------------------------


def test_every_transfer_stands_on_exactly_one_page_also_of_one_moment(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 60)
    first = gm.get(TRANSFERS)
    second = gm.get(older(first))
    assert len(memos(first)) == 50
    assert sorted(memos(first) + memos(second), key=lambda memo: int(memo[5:])) == [
        f"beer {n}" for n in range(60)
    ]
    assert older(second) == ""
    assert "Newest" in text_of(second)


def test_filters_are_kept_when_pages_are_turned(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 60)
    second = gm.get(older(gm.get(TRANSFERS, kind="transfer")))
    assert len(memos(second)) == 10
    assert "opening balance" not in text_of(second)


def test_a_rare_kind_is_looked_for_in_steps(world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfers, "LOOKED_THROUGH", 25)
    pay(world.alice, world.bob, 40)
    first = gm.get(TRANSFERS, kind="admin")
    assert "opening balance" not in text_of(first)
    assert "Looked back as far as" in text_of(first)
    second = gm.get(older(first))
    assert "opening balance" in text_of(second)
    assert older(second) == ""


def test_an_account_s_history_is_read_to_its_end(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 40)
    page = gm.get(url_of(world.alice.account))
    seen = memos(page)
    while next_page := older(page):
        page = gm.get(next_page)
        seen += memos(page)
    assert seen == [f"beer {n}" for n in reversed(range(40))]
    assert "₵100.00" in text_of(page)


def test_the_issuance_account_in_its_many_parts_is_read_to_its_end_too(world: World, gm: Desk) -> None:
    for n in range(30):
        world.arcadia.person(f"Extra {n:02}", money=1_00)
    page = gm.get("/admin/ledger/account/NC-MINT-0000/")
    seen = re.findall(r"Extra \d\d", text_of(page))
    while next_page := older(page):
        page = gm.get(next_page)
        seen += re.findall(r"Extra \d\d", text_of(page))
    assert seen == [f"Extra {n:02}" for n in reversed(range(30))]


@pytest.mark.parametrize("place", ["x", "1,2", "-1", "9" * 30, "\u0661"])
def test_a_made_up_place_in_a_history_is_no_page(world: World, gm: Desk, place: str) -> None:
    assert gm.get(url_of(world.alice.account), older=place).status_code == 404


@pytest.mark.parametrize("place", ["x", "00000000-0000-0000-0000-000000000000", "1 or 1=1"])
def test_a_made_up_place_in_a_list_is_no_page(gm: Desk, place: str) -> None:
    for path in (ACCOUNTS, TRANSFERS, PEOPLE, TRAIL):
        assert gm.get(path, after=place).status_code == 404


# -- What it costs -----------------------------------------------------------------------------------------------------


@contextmanager
def statements() -> Iterator[list[str]]:
    sent: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield sent
    sent += [query["sql"] for query in captured.captured_queries]


def places(world: World) -> list[tuple[str, dict[str, str]]]:
    return [
        ("/admin/", {}),
        (PEOPLE, {}),
        (PEOPLE, {"q": "extra"}),
        (ACCOUNTS, {}),
        (ACCOUNTS, {"q": "extra"}),
        (TRANSFERS, {}),
        (TRANSFERS, {"kind": "transfer"}),
        (TRANSFERS, {"q": "alice"}),
        (TRANSFERS, {"amount_from": "5", "amount_to": "6", "by": "alice"}),
        (TRANSFERS, {"run": "friday"}),
        (TRAIL, {}),
        (TRAIL, {"q": "overs"}),
        (TRAIL, {"masters": "on"}),
        (TRAIL, {"action": "transfer.transfer"}),
        (TRAIL, {"actor": str(world.alice.user.pk)}),
        (TRAIL, {"target": f"ledger.account:{world.bob.number}"}),
        ("/admin/accounts/apikey/", {}),
        (url_of(world.alice.account), {}),
        (url_of(world.alice.user), {}),
        (url_of(world.gm.user), {}),
        (url_of(world.arcadia.faction), {}),
    ]


def test_pages_ask_as_often_for_many_rows_as_for_few(
    world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(directory, "KEPT_S", 3600.0)
    monkeypatch.setattr(dashboard, "KEPT_S", 0.0)

    def live(count: int, start: int) -> None:
        pay(world.alice, world.bob, count)
        for n in range(start, start + count // 4):
            person = world.arcadia.person(f"Extra {n:02}", faction="Chrome Syndicate")
            world.arcadia.till(person, name=f"Till {n}")

    def asked() -> dict[str, int]:
        counts = {}
        for path, query in places(world):
            with statements() as sent:
                assert gm.get(path, **query).status_code == 200
            counts[f"{path} {query}"] = len(sent)
        return counts

    live(8, 0)
    few = asked()
    live(48, 20)
    many = asked()
    # What is asked about lines of the trail depends on what they are about, not on how many they are.
    assert all(many[place] <= few[place] for place in few), (few, many)
    assert max(few.values()) <= 17


LARGE = (
    "accounts_user",
    "accounts_searchtoken",
    "accounts_auditevent",
    "ledger_account",
    "ledger_transfer",
    "ledger_entry",
)


def test_lists_and_searches_can_walk_along_an_index(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, 30)
    for path, query in places(world):
        with statements() as sent:
            assert gm.get(path, **query).status_code == 200
        for statement in sent:
            select = bare(statement)
            if select.startswith("SELECT") and not select.startswith("SELECT set_config"):
                plan = plan_of(world, select)
                assert not [table for table in LARGE if walks_whole(plan, table)], (
                    f"{path} {query}\n{select}\n{plan}"
                )


@pytest.mark.parametrize("asked", [{}, {"kind": "transfer"}, {"amount_from": "5"}, {"q": "alice"}])
def test_each_piece_of_a_file_is_found_along_an_index(
    world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch, asked: dict[str, str]
) -> None:
    pay(world.alice, world.bob, 30)
    monkeypatch.setattr(exports, "_PIECE", 10)
    with statements() as sent:
        assert b"".join(gm.post(f"{TRANSFERS}export/", asked).streaming_content)
    pieces = [select for statement in sent if 'FROM "ledger_transfer"' in (select := bare(statement))]
    for select in pieces:
        plan = plan_of(world, select)
        assert not walks_whole(plan, "ledger_transfer"), f"{select}\n{plan}"
        # What is in its order already is not sorted: that would read all that is left for every piece.
        assert "IN (" in select or not re.search(r"\bSort\b|TEMP B-TREE", plan), f"{select}\n{plan}"


@pytest.mark.postgresql_only
def test_a_name_is_looked_up_as_a_range_of_the_index(world: World) -> None:
    # Behind row-level security a condition may only lead through an index when its operator is leakproof.
    with tenancy.scope(world.arcadia.tenant), statements() as sent:
        assert search.find(search.USER, "ali o") == []
    plan = plan_of(world, bare(sent[0]))
    for word, following in (("ali", "alj"), ("o", "p")):
        assert f"(token >= '{word}'::text) AND (token < '{following}'::text)" in plan
    assert plan.count("Index Cond") >= 2
    assert "Seq Scan" not in plan


def bare(statement: str) -> str:
    """A statement without the settings that a scope puts in front of its first one."""
    return re.sub(r"^(?:SET LOCAL [^;]*; )*", "", statement)


def walks_whole(plan: str, table: str) -> bool:
    """Whether a plan reads a table from end to end without an index."""
    return re.search(rf'Seq Scan on {table}\b|SCAN "?{table}"?(?! USING)', plan) is not None


def plan_of(world: World, select: str) -> str:
    """The plan of a statement when reading a whole table, or sorting, is the last resort: on few rows it would be the first."""
    with tenancy.scope(world.arcadia.tenant), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {select}")
            return "\n".join(str(row[-1]) for row in cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {select}")
        return "\n".join(str(row[0]) for row in cursor.fetchall())


def test_a_page_of_a_million_is_not_counted(world: World, gm: Desk) -> None:
    with statements() as sent:
        gm.get(TRANSFERS)
        gm.get(TRANSFERS, kind="transfer")
    # How much news somebody has not seen is counted with the sign-in: a handful, in an index of its own.
    counts = [statement for statement in sent if "count(" in statement.lower()]
    assert not [statement for statement in counts if "accounts_notification" not in statement]
    assert Transfer._meta.db_table in " ".join(sent)
