"""Every kind of row, altered beneath the application by whoever owns the database, is named by the replay.

One event is told once; each attack runs in a transaction of its own that is rolled back, guards and all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.db import connections, transaction
from pytest_django.plugin import DjangoDbBlocker
from tqdm import tqdm

from ledger import books
from tests.commands import story
from tests.commands.attacks import rules_broken_after, said_after, take_guards_away
from tests.commands.story import Story
from tests.conftest import SESSION


@pytest.fixture(scope="module")
def told(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Story]:
    """The story, in a database that this file has for itself."""
    with SESSION.database() as database, django_db_blocker.unblock(), SESSION.connected_to(database):
        yield story.settle_once(story.tell())


ATTACKS = {
    # entries
    "an entry's amount": (
        "UPDATE ledger_entry SET amount = amount + 1 WHERE account_id = {bob} AND seq = 2",
        {"entry_balance_after", "entry_transfer", "balance_amount", "transfer_entries"},
    ),
    "an entry's running balance": (
        "UPDATE ledger_entry SET balance_after = balance_after + 1 WHERE account_id = {bob} AND seq = 2",
        {"entry_balance_after"},
    ),
    "an entry's place": (
        (
            "UPDATE ledger_entry SET seq = 40 WHERE account_id = {bob} AND seq = (SELECT max(seq) FROM ledger_entry"
            " WHERE account_id = {bob})"
        ),
        {"entry_seq", "balance_last_seq"},
    ),
    "an entry's moment": (
        "UPDATE ledger_entry SET posted_at = '2020-01-01 00:00:00' WHERE account_id = {bob} AND seq = 2",
        {"entry_posted_at", "entry_transfer"},
    ),
    "an entry's event": (
        "UPDATE ledger_entry SET tenant_id = {dune} WHERE account_id = {bob} AND seq = 2",
        {"entry_transfer"},
    ),
    "an entry that is gone": (
        "DELETE FROM ledger_entry WHERE account_id = {bob} AND seq = 2",
        {"entry_seq", "entry_balance_after", "balance_amount", "transfer_entries"},
    ),
    "the last entry, with its balance put right": (
        "DELETE FROM ledger_entry WHERE account_id = {paul}",
        {"balance_amount", "balance_last_seq", "balance_last_posted_at", "transfer_entries"},
    ),
    "an entry led to another transfer": (
        "UPDATE ledger_entry SET transfer_id = {salary} WHERE account_id = {alice} AND transfer_id = {paid}",
        {"entry_transfer", "transfer_entries"},
    ),
    # balances
    "a balance": (
        "UPDATE ledger_balance SET amount = amount + 1 WHERE account_id = {bob}",
        {"balance_amount", "zero_sum"},
    ),
    "two balances that still add up": (
        (
            "UPDATE ledger_balance SET amount = amount + CASE account_id WHEN {bob} THEN 1 ELSE -1 END"
            " WHERE account_id IN ({alice}, {bob})"
        ),
        {"balance_amount"},
    ),
    "a balance's count": (
        "UPDATE ledger_balance SET last_seq = last_seq + 1 WHERE account_id = {bob}",
        {"balance_last_seq"},
    ),
    "a balance's last moment": (
        "UPDATE ledger_balance SET last_posted_at = '2020-01-01 00:00:00' WHERE account_id = {bob}",
        {"balance_last_posted_at"},
    ),
    "a floor above the balance": (
        "UPDATE ledger_balance SET floor = 99999999 WHERE account_id = {bob}",
        {"balance_floor"},
    ),
    "a floor taken away": (
        "UPDATE ledger_balance SET floor = NULL WHERE account_id = {bob}",
        {"balance_floor"},
    ),
    "a floor far below the balance": (
        "UPDATE ledger_balance SET floor = -1000000 WHERE account_id = {bob}",
        {"balance_floor"},
    ),
    "a history below zero, filled up since": (
        (
            "UPDATE ledger_entry SET balance_after = -5, amount = -5 - (SELECT e.balance_after FROM ledger_entry e"
            " WHERE e.account_id = {alice} AND e.seq = ledger_entry.seq - 1)"
            " WHERE account_id = {alice} AND transfer_id = {paid}"
        ),
        {"entry_balance_after", "entry_below_zero", "entry_transfer", "balance_amount", "transfer_entries"},
    ),
    "money held by nothing": (
        "UPDATE ledger_balance SET held = 5 WHERE account_id = {bob}",
        {"balance_held"},
    ),
    "half a freeze": (
        "UPDATE ledger_balance SET {freeze} = '' WHERE account_id = {bar}",
        {"balance_status"},
    ),
    "a balance's event": (
        "UPDATE ledger_balance SET tenant_id = {dune} WHERE account_id = {bob}",
        {"balance_tenant", "same_event"},
    ),
    "a shard that is gone": (
        "DELETE FROM ledger_balance WHERE account_id = {mint} AND shard = 15",
        {"account_shards"},
    ),
    "a person's balance that is gone": (
        "DELETE FROM ledger_balance WHERE account_id = {bob}",
        {"account_shards", "balance_missing", "zero_sum"},
    ),
    "one shard frozen alone": (
        "UPDATE ledger_balance SET status = 'frozen', {freeze} = 'both' WHERE account_id = {mint} AND shard = 15",
        {"account_state"},
    ),
    "an account's number": (
        "UPDATE ledger_account SET number = 'NC-AAAA-AAAB' WHERE id = {bob}",
        {"account_number"},
    ),
    "an account's currency": (
        "UPDATE ledger_account SET currency_id = {dune_currency} WHERE id = {bob}",
        {"same_event", "transfer_currency", "zero_sum"},
    ),
    # transfers
    "a transfer's amount": (
        "UPDATE ledger_transfer SET amount = amount - 1 WHERE id = {paid}",
        {"entry_transfer", "refunded_amount", "spent_total", "spent_day"},
    ),
    "a transfer of nothing": (
        "UPDATE ledger_transfer SET amount = 0 WHERE id = {refund}",
        {"entry_transfer", "refunded_amount", "transfer_amount"},
    ),
    "a transfer's payee": (
        "UPDATE ledger_transfer SET to_account_id = {bar} WHERE id = {paid}",
        {"entry_transfer", "refund_of"},
    ),
    "a transfer's moment": (
        "UPDATE ledger_transfer SET posted_at = '2030-01-01 00:00:00' WHERE id = {paid}",
        {"entry_transfer", "refund_of", "spent_day"},
    ),
    "a transfer's currency": (
        "UPDATE ledger_transfer SET currency_id = 99 WHERE id = {paid}",
        {"same_event", "transfer_currency"},
    ),
    "a transfer's event": (
        "UPDATE ledger_transfer SET tenant_id = {dune} WHERE id = {paid}",
        {"answer_posted", "entry_transfer", "same_event", "spent_total", "spent_day"},
    ),
    "a transfer's actor": (
        "UPDATE ledger_transfer SET actor_id = {nobody} WHERE id = {paid}",
        {"answer_posted", "same_event"},
    ),
    "a transfer's actor from another event": (
        "UPDATE ledger_transfer SET actor_id = {paul_user} WHERE id = {paid}",
        {"answer_posted", "same_event"},
    ),
    "a transfer's key": (
        "UPDATE ledger_transfer SET key_id = {nobody} WHERE key_id = {key} AND kind = 'refund'",
        {"same_event"},
    ),
    "a transfer that is gone": (
        "DELETE FROM ledger_transfer WHERE id = {paid}",
        {"answer_posted", "entry_transfer", "same_event", "spent_total", "spent_day"},
    ),
    "a reference twice": (
        "UPDATE ledger_transfer SET reference = 'r-1' WHERE id = {refund}",
        {"transfer_reference"},
    ),
    "a refund that refunds nothing": (
        "UPDATE ledger_transfer SET refunds_id = NULL WHERE id = {refund}",
        {"refund_kind", "refunded_amount"},
    ),
    # counters
    "what was given back": (
        "UPDATE ledger_refunded SET amount = amount - 1 WHERE transfer_id = {paid}",
        {"refunded_amount"},
    ),
    "what could be given back": (
        "UPDATE ledger_refunded SET original = original + 1 WHERE transfer_id = {paid}",
        {"refunded_amount"},
    ),
    "what was given back, gone": (
        "DELETE FROM ledger_refunded WHERE transfer_id = {paid}",
        {"refunded_missing"},
    ),
    "what was spent": (
        "UPDATE ledger_spent SET amount = amount - 1 WHERE scope = 'account' AND subject = '{alice}'",
        {"spent_total", "spent_day"},
    ),
    "what a key has taken, gone": (
        "DELETE FROM ledger_spent WHERE scope = 'key'",
        {"spent_total", "spent_day"},
    ),
    # what was answered
    "an answer": (
        "UPDATE ledger_idempotencykey SET refs = '[\"00000000-0000-0000-0000-000000000007\"]' WHERE key = 'once'",
        {"answer_posted"},
    ),
    "an answer that is somebody else's": (
        "UPDATE ledger_idempotencykey SET principal = 'u:00000000-0000-0000-0000-000000000007' WHERE key = 'once'",
        {"answer_posted"},
    ),
    "a terminal's payment without its key": (
        "UPDATE ledger_transfer SET key_id = NULL WHERE kind = 'terminal'",
        {"transfer_kind", "spent_total", "spent_day"},
    ),
    # what is settled once
    "what was asked for": (
        "UPDATE ledger_paymentrequest SET amount = amount + 1 WHERE id = {asked}",
        {"request_paid"},
    ),
    "who had asked": (
        "UPDATE ledger_paymentrequest SET account_id = {alice} WHERE id = {asked}",
        {"request_paid"},
    ),
    "whom a request asked": (
        "UPDATE ledger_paymentrequest SET payer_id = {bob_user} WHERE id = {asked}",
        {"request_paid"},
    ),
    "a request that is said to be paid": (
        "UPDATE ledger_paymentrequest SET state = 'paid' WHERE state = 'open'",
        {"request_paid"},
    ),
    "a request that was paid, open again": (
        "UPDATE ledger_paymentrequest SET state = 'open', transfer_id = NULL WHERE id = {asked}",
        {"request_of_transfer"},
    ),
    "a request that another payment is said to have paid": (
        "UPDATE ledger_paymentrequest SET transfer_id = {paid} WHERE id = {asked}",
        {"request_paid", "request_of_transfer"},
    ),
    "a voucher that is said to be redeemed": (
        "UPDATE ledger_voucher SET state = 'redeemed' WHERE state = 'open'",
        {"voucher_redeemed"},
    ),
    "a voucher that was redeemed, good again": (
        "UPDATE ledger_voucher SET state = 'open', transfer_id = NULL WHERE id = {redeemed}",
        {"voucher_of_transfer"},
    ),
    "a voucher that another movement is said to be of": (
        "UPDATE ledger_voucher SET transfer_id = {salary} WHERE id = {redeemed}",
        {"voucher_redeemed", "voucher_of_transfer"},
    ),
    "what vouchers were worth": (
        "UPDATE ledger_voucherbatch SET worth = worth + 1",
        {"voucher_redeemed"},
    ),
    "a voucher that is gone": (
        "DELETE FROM ledger_voucher WHERE id = {redeemed}",
        {"voucher_count", "voucher_of_transfer"},
    ),
    "money that no voucher has minted": (
        "UPDATE ledger_transfer SET kind = 'voucher' WHERE kind = 'payroll'",
        {"voucher_of_transfer"},
    ),
    # people
    "a person's event": (
        "UPDATE accounts_user SET tenant_id = {dune} WHERE character_name = 'Bob'",
        {"same_event"},
    ),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_altered_beneath_the_application_it_is_named(told: Story, what: str) -> None:
    sql, rules = ATTACKS[what]
    assert rules_broken_after(sql, told.names) == rules


def test_the_row_and_both_figures_are_named(told: Story) -> None:
    said = said_after("UPDATE ledger_balance SET amount = amount + 1 WHERE account_id = {bob}", told.names)
    row = f"neo: ledger_balance {told.bob.number}/0"
    assert f"{row}: says ₵57.81 (5781); its entries add up to ₵57.80 (5780) [balance_amount]" in said
    assert any(line.startswith("dune: clean.") for line in said)
    assert "neo: 2 differences. The books are NOT right." in said


def test_a_day_that_was_moved_is_a_note_and_no_difference(told: Story) -> None:
    said = said_after("UPDATE ledger_spent SET day = '2020-02-02' WHERE scope = 'key'", told.names)
    assert any(line.startswith("neo: note: ledger_spent key") for line in said)
    assert any(line.startswith("neo: clean.") for line in said)


def test_many_rows_of_a_rule_are_cut_short_and_counted(told: Story) -> None:
    said: list[str] = []
    connection = connections[books.reading_alias()]
    with transaction.atomic(using=connection.alias):
        take_guards_away(connection)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE ledger_entry SET balance_after = 0 WHERE seq < 4")
        with books.seeing_everything(connection), tqdm(disable=True) as bar:
            books.report(connection, say=said.append, bar=bar, rows_of_a_rule=2)
        transaction.set_rollback(True, using=connection.alias)
    assert sum("[entry_balance_after]" in line for line in said if line.startswith("neo: ledger_entry")) == 2
    assert any(re.fullmatch(r"neo: and \d+ more \[entry_balance_after\]", line) for line in said)
