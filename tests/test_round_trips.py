"""How often the database is asked, and whether it walks along an index: counted, and read from its plans; never timed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import directory, tenancy
from accounts.actors import Actor
from accounts.models import AuditEvent, Notification
from accounts.units import unit_of_work
from ledger import posting, selectors
from ledger.models import Account, AccountHolder, Balance
from ledger.posting import Authority, Order
from ledger.services import requests
from tests.cast import Person, Phone, World, make_world
from tests.ledger.asking import pay
from tests.pages.reading import sign_in, text_of
from tests.sessions import Database

TRANSFER_STATEMENTS_MAX = 4

# What opens and closes a transaction is not counted.
FRAME = re.compile(r"(SET LOCAL [^;]*; )*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)")
WALL = re.compile(r"^(SET LOCAL [^;]*; )*")
# What grows all event long; the rest fits on a few pages, where reading it whole is the best plan.
GROWING = ("ledger_entry", "ledger_transfer", "accounts_auditevent")


@pytest.fixture
def world(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> World:
    """Two events and everybody in them, on a database where transactions are real; which host is whose stays known."""
    monkeypatch.setattr(directory, "KEPT_S", 3600.0)
    return make_world()


def known(person: Person) -> Phone:
    """A phone that has asked before: this process knows the event of its token."""
    phone = person.phone()
    assert phone.get("payees", q="warm up").status_code == 200
    return phone


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent inside, but for those that open and close transactions."""
    sent: list[str] = []
    with CaptureQueriesContext(connection) as captured:
        yield sent
    sent += [query["sql"] for query in captured.captured_queries if not FRAME.match(query["sql"])]


# -- payments ----------------------------------------------------------------------------------------------------------


@pytest.mark.postgresql_only
@pytest.mark.parametrize(("path", "key"), [("transfers", ""), ("transactions", None)])
def test_a_payment_over_http_takes_at_most_four_statements(world: World, path: str, key: str | None) -> None:
    phone = known(world.alice)
    with statements() as first:
        assert pay(phone, path, key=key, to_account=world.bob.number, amount=1).status_code == 201
    with statements() as later:
        assert pay(phone, path, key=key, to_account=world.bob.number, amount=1).status_code == 201
    for sent in (first, later):
        assert sum("ledger_post" in statement for statement in sent) == 1
        assert len(sent) <= TRANSFER_STATEMENTS_MAX, "\n".join(sent)


@pytest.mark.postgresql_only
def test_a_batch_of_a_thousand_takes_no_more_statements_than_one_payment(world: World) -> None:
    line = {"to_account": world.bob.number, "amount": 1}
    phone = known(world.alice)
    with statements() as batch:
        answer = pay(phone, "transfers/batch", transfers=[line] * 1000)
    assert answer.status_code == 201
    assert sum("ledger_post" in statement for statement in batch) == 1
    assert len(batch) <= TRANSFER_STATEMENTS_MAX


@pytest.mark.postgresql_only
def test_a_payment_does_not_read_every_account_of_the_event(world: World, fresh_database: Database) -> None:
    crowd(world, 3000)
    analyse(fresh_database)
    phone = known(world.alice)
    with statements() as sent:
        pay(phone, to_account=world.bob.number, amount=1)
    looked_up = [statement for statement in sent if "ledger_account" in statement]
    assert looked_up
    for statement in looked_up:
        assert "Seq Scan on ledger_account " not in plan_of(world, statement)


@pytest.mark.postgresql_only
def test_paying_a_request_takes_at_most_four_statements(world: World) -> None:
    with tenancy.scope(world.arcadia.tenant):
        Account.objects.filter(pk=world.bob.account.pk).update(is_merchant=True)
    phone = known(world.alice)
    for _time in ("the first", "another"):
        code = requests.ask(actor=world.bob.actor, amount=1).request.code
        with statements() as sent:
            assert pay(phone, f"requests/{code}/pay").status_code == 201
        assert sum("ledger_post" in statement for statement in sent) == 1
        assert len(sent) <= TRANSFER_STATEMENTS_MAX, "\n".join(sent)


@pytest.mark.postgresql_only
def test_a_tills_day_is_read_along_its_own_entries(world: World, fresh_database: Database) -> None:
    live(world, 300)
    others = world.arcadia.person("Somebody else", money=1_000_00)
    for _ in range(10):
        move(actor=world.arcadia.server, payer=others, payee=world.alice, count=1000)
    analyse(fresh_database)
    tenant = world.arcadia.tenant
    with tenancy.scope(tenant), statements() as sent:
        selectors.takings(world.bob.account, tenant=tenant, day=tenant.day_of(timezone.now()), limit=10)
        selectors.waiting(world.bob.account, limit=5)
    for statement in sent:
        assert "Seq Scan on ledger_entry " not in plan_of(world, statement), statement


# -- lists -------------------------------------------------------------------------------------------------------------

LISTS = {
    "my history": ("alice", "transactions", {}),
    "an account's history": ("alice", "accounts/{alice}/transactions", {}),
    "what went out": ("alice", "transactions", {"type": "transfer_out"}),
    "since a moment": ("alice", "transactions", {"created_at__gte": "2026-01-01T00:00:00Z"}),
    "until a moment": ("alice", "transactions", {"created_at__lte": "2100-01-01T00:00:00Z"}),
    "payees": ("alice", "payees", {"q": "somebody"}),
    "my activity": ("alice", "audit", {}),
    "everybody's activity": ("gm", "audit", {}),
    "what was done to an account": ("gm", "audit", {"target": "ledger.account:{alice}"}),
    "one kind of activity": ("gm", "audit", {"action": "account.freeze"}),
    "an issuance's history": ("gm", "accounts/NC-MINT-0000/transactions", {}),
}
SEARCHES = {"a word in my history": ("alice", "transactions", {"q": "beer"})}


def ask(world: World, name: str) -> list[str]:
    """The statements that a list takes."""
    who, path, query = (LISTS | SEARCHES)[name]
    person: Person = getattr(world, who)
    phone, filled = (
        known(person),
        {key: value.format(alice=world.alice.number) for key, value in query.items()},
    )
    with statements() as sent:
        answer = phone.get(path.format(alice=world.alice.number), **filled)
    assert answer.status_code == 200
    return sent


def test_lists_ask_as_often_for_a_thousand_rows_as_for_ten(world: World) -> None:
    everything = LISTS | SEARCHES
    live(world, 10)
    few = {name: len(ask(world, name)) for name in everything}
    live(world, 990)
    many = {name: len(ask(world, name)) for name in everything}
    assert many == few


def test_the_list_of_accounts_asks_as_often_for_a_hundred_as_for_ten(world: World) -> None:
    phone = known(world.alice)
    counts = []
    for more in (9, 90):
        crowd(world, more, holder=world.alice.account.holder)
        with statements() as sent:
            answer = phone.get("accounts", limit=100)
        counts.append((len(answer.json()["results"]), len(sent)))
    assert [length for length, _asked in counts] == [10, 100]
    assert counts[0][1] == counts[1][1]


@pytest.mark.postgresql_only
def test_lists_walk_along_an_index(world: World, fresh_database: Database) -> None:
    live(world, 120)
    others = world.arcadia.person("Somebody else", money=1_000_00)
    for _ in range(15):
        move(actor=world.arcadia.server, payer=others, payee=world.bob, count=1000)
    note(world, others.actor, 6000)
    analyse(fresh_database)
    for name in LISTS:
        for statement in ask(world, name):
            plan = plan_of(world, statement)
            assert not [table for table in GROWING if f"Seq Scan on {table} " in plan], (
                f"{name}:\n{statement}\n{plan}"
            )


@pytest.mark.postgresql_only
def test_the_page_of_my_activity_walks_along_indexes_however_much_there_is(
    world: World, fresh_database: Database
) -> None:
    browser = Client(HTTP_HOST=world.arcadia.host)
    sign_in(browser, "Alice")
    counts = []
    for more in (30, 970):
        note(world, world.alice.actor, more)
        note(world, world.bob.actor, 6 * more)
        analyse(fresh_database)
        browser.get("/me/activity")
        with statements() as sent:
            assert browser.get("/me/activity").status_code == 200
        counts.append(len(sent))
    assert counts[0] == counts[1]
    walks = [statement for statement in sent if "accounts_auditevent" in statement]
    assert len(walks) == 4, "what she did; and what was done to her login, her faction and her account"
    for statement in walks:
        plan = plan_of(world, statement)
        assert "Seq Scan" not in plan, f"{statement}\n{plan}"
        assert "Sort" not in plan, f"{statement}\n{plan}"


@pytest.mark.postgresql_only
def test_news_is_found_among_all_that_somebody_was_ever_told(world: World, fresh_database: Database) -> None:
    with tenancy.scope(world.arcadia.tenant):
        told = [
            Notification(user=world.alice.user, kind="test.note", text=f"Note {n}", read_at=timezone.now())
            for n in range(3000)
        ]
        told[7].read_at = None
        Notification.objects.bulk_create(told)
    analyse(fresh_database)
    browser = Client(HTTP_HOST=world.arcadia.host)
    sign_in(browser, "Alice")
    browser.get("/bank")
    with statements() as sent:
        assert "Note 7" in text_of(browser.get("/bank"))
    asked = [statement for statement in sent if "accounts_notification" in statement]
    assert len(asked) == 2, "the news, and how many there are: that comes with the sign-in"
    for statement in asked:
        assert "notification_unread" in plan_of(world, statement)


# -- making enough of everything ---------------------------------------------------------------------------------------


def live(world: World, count: int) -> None:
    """``count`` more payments by Alice, and as many lines in the trail."""
    move(actor=world.alice.actor, payer=world.alice, payee=world.bob, count=count)
    note(world, world.alice.actor, count)


@unit_of_work
def move(*, actor: Actor, payer: Person, payee: Person, count: int) -> Any:
    orders = [
        Order(from_account=payer.number, to_account=payee.number, amount=1, memo=f"beer {n}")
        for n in range(count)
    ]
    return posting.post(actor=actor, transfers=orders, authority=Authority.GM)


def note(world: World, actor: Actor, count: int) -> None:
    with tenancy.scope(world.arcadia.tenant):
        AuditEvent.objects.bulk_create(
            AuditEvent(
                actor_user_id=actor.user_id,
                actor_label=actor.name,
                action="profile.change",
                target=f"accounts.user:{actor.user_id}",
                created_at=timezone.now(),
            )
            for _ in range(count)
        )


def crowd(world: World, count: int, *, holder: AccountHolder | None = None) -> None:
    """``count`` more accounts: of people of their own, or of one ``holder``."""
    known = world.bob.account
    with tenancy.scope(world.arcadia.tenant):
        start = Account.objects.count()
        holders = [
            holder or AccountHolder(kind=AccountHolder.Kind.PERSON, name=f"Extra {n}") for n in range(count)
        ]
        if holder is None:
            AccountHolder.objects.bulk_create(holders)
        accounts = Account.objects.bulk_create(
            Account(
                number=f"NC-{(start + n) // 10_000:04d}-{(start + n) % 10_000:04d}",
                holder=owner,
                currency=known.currency,
                kind=Account.Kind.CHECKING,
                is_primary=holder is None,
            )
            for n, owner in enumerate(holders)
        )
        Balance.objects.bulk_create(Balance(account=account, shard=0) for account in accounts)


def analyse(database: Database) -> None:
    """Let the planner know how much there is, as the owner does by night."""
    with psycopg.connect(database.url, autocommit=True) as owner:
        owner.execute("ANALYZE")


def plan_of(world: World, statement: str) -> str:
    """How PostgreSQL would run ``statement`` for the application, behind the wall."""
    with tenancy.scope(world.arcadia.tenant), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {WALL.sub('', statement)}")
        return "\n".join(row[0] for row in cursor.fetchall())
