"""Accounts, balances, histories and payees over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from accounts import tenancy
from accounts.units import unit_of_work
from ledger import selectors
from ledger.models import Account, Entry
from ledger.services import accounts as account_services
from tests.cast import OPENING_BALANCE, Person, Phone, World
from tests.ledger.asking import pay, refusal


@unit_of_work
def open_savings(*, actor: Any, person: Person) -> Account:
    return account_services.open_account(
        actor=actor,
        holder=person.account.holder,
        currency=selectors.first_currency(),
        kind=Account.Kind.SAVINGS,
        label="Rainy day",
    )


@unit_of_work
def hire(*, actor: Any, account: Account, person: Person) -> None:
    account_services.add_staff(actor=actor, account=account, user=person.user)


def follow(phone: Phone, address: str) -> Any:
    """The answer at the ``next`` of a list."""
    parts = urlsplit(address)
    return phone.get(parts.path.removeprefix("/api/v1/"), **dict(parse_qsl(parts.query)))


def pages(phone: Phone, path: str, **query: Any) -> list[list[dict[str, Any]]]:
    """Every page of a list."""
    answer = phone.get(path, **query)
    found = [answer.json()["results"]]
    while answer.json()["next"]:
        answer = follow(phone, answer.json()["next"])
        assert answer.status_code == 200
        found.append(answer.json()["results"])
    return found


# -- accounts ----------------------------------------------------------------------------------------------------------


def test_my_accounts_are_listed_with_what_is_in_them(world: World) -> None:
    savings = open_savings(actor=world.arcadia.server, person=world.alice)
    body = world.alice.phone().get("accounts").json()
    assert body["next"] is None
    first, second = body["results"]
    assert first.pop("created_at").endswith("Z")
    assert first == {
        "number": world.alice.number,
        "holder": "Alice",
        "kind": "checking",
        "label": "",
        "currency": "NC",
        "is_primary": True,
        "is_merchant": False,
        "status": "active",
        "frozen": "",
        "balance": OPENING_BALANCE,
        "balance_display": "₵100.00",
        "available": OPENING_BALANCE,
        "available_display": "₵100.00",
    }
    assert (second["number"], second["kind"], second["balance"]) == (savings.number, "savings", 0)


def test_an_account_where_i_work_is_among_mine(world: World) -> None:
    hire(actor=world.arcadia.server, account=world.bob.account, person=world.alice)
    numbers = [row["number"] for row in world.alice.phone().get("accounts").json()["results"]]
    assert sorted(numbers) == sorted([world.alice.number, world.bob.number])
    paid = pay(world.alice.phone(), to_account=world.bob.number, amount=100)
    assert paid.status_code == 201
    from_till = pay(world.alice.phone(), to_account=world.gm.number, from_account=world.bob.number, amount=60)
    assert from_till.json()["transfer"]["from_name"] == "Bob"


def test_a_freeze_is_shown(world: World) -> None:
    account_services.freeze(actor=world.gm.actor, account=world.alice.number, how="debits")
    body = world.alice.phone().get(f"accounts/{world.alice.number}").json()
    assert (body["status"], body["frozen"]) == ("frozen", "debits")


@pytest.mark.parametrize("path", ["accounts/{}", "accounts/{}/balance", "accounts/{}/transactions"])
def test_somebody_elses_account_is_not_there(world: World, path: str) -> None:
    strangers = (world.bob, world.charlie, world.charlies_gm)
    for person, number in [
        *((p, world.alice.number) for p in strangers),
        (world.alice, "NC-0000-0000"),
        (world.alice, "x"),
    ]:
        assert refusal(person.phone().get(path.format(number))) == (404, "unknown_account")
    assert world.gm.phone().get(path.format(world.alice.number)).status_code == 200


def test_pages_of_accounts_hold_each_once(world: World) -> None:
    numbers = {world.alice.number}
    numbers |= {open_savings(actor=world.arcadia.server, person=world.alice).number for _ in range(6)}
    found = pages(world.alice.phone(), "accounts", limit=3)
    assert [len(page) for page in found] == [3, 3, 1]
    assert {row["number"] for page in found for row in page} == numbers


# -- balances ----------------------------------------------------------------------------------------------------------


def test_a_balance_now_and_then(world: World) -> None:
    phone = world.alice.phone()
    moments = []
    for _ in range(3):
        paid = pay(phone, to_account=world.bob.number, amount=100)
        moments.append(paid.json()["transfer"]["created_at"])
    path = f"accounts/{world.alice.number}/balance"
    now = phone.get(path).json()
    assert now.pop("at")
    assert now == {
        "account_number": world.alice.number,
        "currency": "NC",
        "balance": 9700,
        "balance_display": "₵97.00",
    }
    assert [phone.get(path, at=moment).json()["balance"] for moment in moments] == [9900, 9800, 9700]
    just_before = dt.datetime.fromisoformat(moments[1]) - dt.timedelta(microseconds=1)
    answer = phone.get(path, at=just_before.isoformat()).json()
    assert answer["balance"] == 9900
    assert dt.datetime.fromisoformat(answer["at"]) == just_before
    assert phone.get(path, at="2000-01-01T00:00:00Z").json()["balance"] == 0


def test_a_moment_to_come_has_no_balance_yet(world: World) -> None:
    later = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=1)).isoformat()
    answer = world.alice.phone().get(f"accounts/{world.alice.number}/balance", at=later)
    assert refusal(answer) == (422, "future_moment")


@pytest.mark.parametrize(
    "at",
    [
        "yesterday",
        "1",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "\x00",
    ],
)
def test_a_moment_that_is_none(world: World, at: str) -> None:
    answer = world.alice.phone().get(f"accounts/{world.alice.number}/balance", at=at)
    assert refusal(answer) in {(400, "invalid_request"), (422, "future_moment")}


# -- histories ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(world: World) -> World:
    """Alice has paid Bob ten times; twice Bob has paid her."""
    for n in range(10):
        pay(world.alice.phone(), to_account=world.bob.number, amount=n + 1, memo=f"Round {n}")
    for n in range(2):
        pay(world.bob.phone(), to_account=world.alice.number, amount=n + 1, memo=f"Back {n}")
    return world


def test_a_line_says_what_a_person_wants_to_know(world: World) -> None:
    paid = pay(world.alice.phone(), to_account=world.bob.number, amount=250, memo="Beer").json()["transfer"]
    [out] = world.alice.phone().get("transactions", limit=1).json()["results"]
    assert out == {
        "id": paid["id"],
        "account": world.alice.number,
        "type": "transfer_out",
        "amount": -250,
        "amount_display": "-₵2.50",
        "currency": "NC",
        "counterparty": world.bob.number,
        "counterparty_name": "Bob",
        "memo": "Beer",
        "balance_after": 9750,
        "balance_after_display": "₵97.50",
        "created_at": paid["created_at"],
    }
    [into] = world.bob.phone().get("transactions").json()["results"]
    assert (into["type"], into["amount"], into["counterparty_name"]) == ("transfer_in", 250, "Alice")


def test_newest_first_and_every_line_once_however_it_is_paged(busy: World) -> None:
    phone = busy.alice.phone()
    [whole] = pages(phone, "transactions")
    assert len(whole) == 13
    assert [line["created_at"] for line in whole] == sorted(
        (line["created_at"] for line in whole), reverse=True
    )
    assert whole[-1]["type"] == "admin"
    for limit in (1, 4, 12, 13):
        found = pages(phone, "transactions", limit=limit)
        assert [line for page in found for line in page] == whole
        assert all(len(page) == limit for page in found[:-1])


def test_lines_that_arrive_meanwhile_neither_repeat_nor_hide_others(busy: World) -> None:
    phone = busy.alice.phone()
    [whole] = pages(phone, "transactions")
    first = phone.get("transactions", limit=5).json()
    pay(phone, to_account=busy.bob.number, amount=99)
    rest = follow(phone, first["next"].replace("limit=5", "limit=100")).json()["results"]
    assert first["results"] + rest == whole


def test_several_accounts_are_one_history(busy: World) -> None:
    savings = open_savings(actor=busy.arcadia.server, person=busy.alice)
    pay(busy.alice.phone(), to_account=savings.number, amount=500)
    phone = busy.alice.phone()
    lines = [line for page in pages(phone, "transactions", limit=2) for line in page]
    assert [(line["account"], line["amount"]) for line in lines[:2]] in (
        [(savings.number, 500), (busy.alice.number, -500)],
        [(busy.alice.number, -500), (savings.number, 500)],
    )
    assert len(lines) == 15
    [only] = phone.get("transactions", account=savings.number).json()["results"]
    assert only["account"] == savings.number
    [same] = phone.get(f"accounts/{savings.number}/transactions").json()["results"]
    assert same == only


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"type": "transfer_out"}, 10),
        ({"type": "transfer_in"}, 2),
        ({"type": "admin"}, 1),
        ({"type": "refund"}, 0),
        ({"q": "round"}, 10),
        ({"q": "Back 1"}, 1),
        ({"q": "bob"}, 12),
        ({"q": "%"}, 0),
        ({"q": "nobody"}, 0),
        ({"q": "round", "type": "transfer_in"}, 0),
    ],
)
def test_filters(busy: World, query: dict[str, str], count: int) -> None:
    found = pages(busy.alice.phone(), "transactions", limit=3, **query)
    assert sum(len(page) for page in found) == count


def test_a_span_of_time_holds_both_of_its_ends(busy: World) -> None:
    phone = busy.alice.phone()
    [whole] = pages(phone, "transactions")
    newest, oldest = whole[3]["created_at"], whole[7]["created_at"]
    span = {"created_at__gte": oldest, "created_at__lte": newest}
    assert [line for page in pages(phone, "transactions", limit=2, **span) for line in page] == whole[3:8]
    assert phone.get("transactions", created_at__gte="2100-01-01T00:00:00Z").json()["results"] == []
    assert phone.get("transactions", created_at__lte="2000-01-01T00:00:00Z").json()["results"] == []


@pytest.mark.parametrize(
    "query",
    [
        {"type": "theft"},
        {"created_at_gte": "2026-01-01T00:00:00Z"},
        {"created_at__gte": "soon"},
        {"q": "x" * 65},
        {"limit": "0"},
        {"limit": "101"},
        {"limit": "ten"},
        {"tenant": "borea"},
    ],
)
def test_a_filter_that_does_not_exist_or_makes_no_sense_is_an_error(
    world: World, query: dict[str, str]
) -> None:
    assert refusal(world.alice.phone().get("transactions", **query)) == (400, "invalid_request")


@pytest.mark.parametrize(
    "cursor", ["x", "e30x", "bnVsbA", "W10", "eyJhIjoxfQ", "eyJOQy0wMDAwLTAwMDAuMCI6MX0", "9" * 2000]
)
def test_a_cursor_that_no_list_gave_out_is_refused(world: World, cursor: str) -> None:
    for path in ("transactions", "accounts", "audit"):
        assert refusal(world.alice.phone().get(path, cursor=cursor)) == (400, "bad_cursor")


def test_a_cursor_cannot_lead_into_somebody_elses_history(busy: World) -> None:
    address = busy.alice.phone().get("transactions", limit=2).json()["next"]
    for other in (busy.bob, busy.charlie):
        assert refusal(follow(other.phone(), address)) == (400, "bad_cursor")


def test_no_answer_and_no_cursor_holds_an_integer_key(busy: World) -> None:
    from neobank.pagination import decode

    cursor = dict(parse_qsl(urlsplit(busy.alice.phone().get("transactions", limit=2).json()["next"]).query))[
        "cursor"
    ]
    with tenancy.scope(busy.arcadia.tenant):
        last = Entry.objects.filter(account=busy.alice.account).order_by("-seq")[1]
    assert decode(cursor) == {f"{busy.alice.number}.0": last.seq}


def test_an_account_kept_in_parts_has_a_history_too(busy: World) -> None:
    phone = busy.gm.phone()
    for name in ("Dora", "Emil", "Fritz"):
        busy.arcadia.person(name, money=100)
    found = pages(phone, "accounts/NC-MINT-0000/transactions", limit=2)
    lines = [line for page in found for line in page]
    assert [line["amount"] for line in lines] == [-100, -100, -100, -OPENING_BALANCE]
    assert {line["balance_after"] for line in lines} == {None}


# -- payees ------------------------------------------------------------------------------------------------------------


def found_by(person: Person, text: str) -> list[str]:
    answer = person.phone().get("payees", q=text)
    assert answer.status_code == 200
    assert answer.json()["next"] is None
    return [row["name"] for row in answer.json()["results"]]


def test_a_payee_is_found_by_exact_name_or_number_in_any_case(world: World) -> None:
    for text in ("Bob", " bob ", "ＢＯＢ", world.bob.number, world.bob.number.lower().replace("-", "")):
        assert found_by(world.alice, text) == ["Bob"]
    [row] = world.alice.phone().get("payees", q="bob").json()["results"]
    assert row == {"account_number": world.bob.number, "name": "Bob", "kind": "person"}


def test_nobody_can_list_the_characters(world: World) -> None:
    for text in ("B", "Bo", "o", "%", "_", "NC-", "."):
        assert found_by(world.alice, text) == []


def test_people_paid_before_are_found_by_the_beginning_of_a_word(world: World) -> None:
    zoe = world.arcadia.person("Zoë van Dyke")
    pay(world.alice.phone(), to_account=zoe.number, amount=1)
    pay(world.alice.phone(), to_account=world.bob.number, amount=1)
    assert found_by(world.alice, "zo") == ["Zoë van Dyke"]
    assert found_by(world.alice, "VAN") == ["Zoë van Dyke"]
    assert found_by(world.alice, "yke") == []
    assert found_by(world.bob, "zo") == []


def test_the_last_paid_come_first_and_each_once(world: World) -> None:
    for name in ("Ann Lee", "Ann Moe", "Ann Lee"):
        person = {"Ann Lee": world.bob, "Ann Moe": world.gm}[name]
        pay(world.alice.phone(), to_account=person.number, amount=1)
    assert found_by(world.alice, "o") == ["Overseer"]
    assert found_by(world.alice, "b") == ["Bob"]


def test_another_event_has_no_payees_for_us(world: World) -> None:
    assert found_by(world.alice, "Charlie") == []
    assert found_by(world.alice, world.charlie.number) == []


def test_the_issuance_is_no_payee(world: World) -> None:
    assert found_by(world.alice, "NC-MINT-0000") == []
    assert found_by(world.alice, "The Mint") == []


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "x" * 65}])
def test_a_payee_needs_a_word_to_look_for(world: World, query: dict[str, str]) -> None:
    assert refusal(world.alice.phone().get("payees", **query)) == (400, "invalid_request")


@pytest.mark.parametrize("path", ["transactions", "audit"])
@pytest.mark.parametrize("end", ["created_at__gte", "created_at__lte"])
@pytest.mark.parametrize(
    "moment",
    [
        "0001-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-12:00",
        "9999-12-31",
    ],
)
def test_the_ends_of_the_calendar_break_nothing(world: World, path: str, end: str, moment: str) -> None:
    answer = world.alice.phone().get(path, **{end: moment})
    assert answer.status_code in {200, 400}
