"""One trail in the console: what was noted and what was paid, on the front page, on a person's page and in the list."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts import roles, tenancy
from accounts.activity import Wanted
from accounts.console import trail
from accounts.errors import Denied
from accounts.models import AuditEvent
from accounts.units import unit_of_work
from ledger.models import Transfer
from ledger.selectors import activity
from ledger.services.accounts import add_staff
from ledger.services.gm import adjust, pay_run, plan_faction
from ledger.services.transfers import Payment, refund, transfer
from neobank import admin as roof
from tests import house
from tests.cast import Person, World
from tests.console.desk import Desk, tags_of, text_of, url_of

FRONT, TRAIL = "/admin/", "/admin/accounts/auditevent/"


def pay(payer: Person, payee: Person, amount: int = 10_00, memo: str = "a lamp") -> Transfer:
    return transfer(
        actor=payer.actor, payment=Payment(to_account=payee.number, amount=amount, memo=memo)
    ).transfer


def give_in_the_console(gm: Desk, person: Person, amount: str, reason: str, direction: str = "give") -> Any:
    path = url_of(person.account, "adjust")
    return gm.confirm(path, gm.state(path, direction=direction, amount=amount, reason=reason))


def links_to(page: Any, piece: str) -> list[str]:
    return [str(a["href"]) for tag, a in tags_of(page) if tag == "a" and piece in (a.get("href") or "")]


# -- What game masters did ---------------------------------------------------------------------------------------------


def test_money_that_was_given_taken_and_given_back_stands_on_the_front_page(world: World, gm: Desk) -> None:
    paid = pay(world.alice, world.bob)
    gm.notice(give_in_the_console(gm, world.alice, "12.50", "won the race"))
    gm.notice(give_in_the_console(gm, world.alice, "2.25", "a fine", "take"))
    assert give_in_the_console(gm, world.bob, "500", "a debt", "take").status_code == 409
    path = url_of(paid, "refund")
    gm.notice(gm.confirm(path, gm.state(path, amount="3", reason="a broken lamp")))
    shown = text_of(gm.get(FRONT))
    alice, bob = f"Alice · {world.alice.number}", f"Bob · {world.bob.number}"
    assert f"Overseer Gave back ₵3.00 {alice} from: Bob · reason: a broken lamp" in shown
    assert f"Overseer Adjust balance: refused (Not enough money) {bob} amount: -₵500.00" in shown
    assert f"Overseer Took ₵2.25 {alice} reason: a fine" in shown
    assert f"Overseer Gave ₵12.50 {alice} reason: won the race" in shown
    assert "Paid" not in shown.partition("What game masters did lately")[2]
    assert (
        shown.index("Gave back") < shown.index("refused") < shown.index("Took") < shown.index("Gave ₵12.50")
    )


def test_a_pay_run_is_one_line_of_the_front_page(world: World, gm: Desk) -> None:
    for n in range(4):
        world.arcadia.person(f"Extra {n}", faction="Chrome Syndicate")
    with tenancy.scope(world.arcadia.tenant):
        lines = plan_faction(actor=world.arcadia.server, faction=world.arcadia.faction, amount=25_00)
        pay_run(actor=world.arcadia.server, lines=lines, run="Friday", reason="the night shift")
    shown = text_of(gm.get(FRONT))
    assert f"Salaries: ₵{25 * len(lines)}.00" in shown
    assert f"people: {len(lines)} · from: The Mint · reason: the night shift" in shown
    assert "Salary" not in shown
    assert text_of(gm.get(TRAIL)).count("Salary: ₵25.00") == len(lines)


def test_what_players_do_with_their_own_is_no_deed_of_a_game_master(world: World, gm: Desk) -> None:
    bar = world.arcadia.person("Bar")
    unit_of_work(add_staff)(actor=world.arcadia.server, account=bar.account, user=world.alice.user)
    refund(actor=world.bob.actor, transfer_id=pay(world.alice, world.bob).pk, memo="by who got it")
    refund(actor=world.alice.actor, transfer_id=pay(world.alice, bar).pk, memo="by who works there")
    with pytest.raises(Denied):
        refund(actor=world.alice.actor, transfer_id=pay(world.alice, world.bob).pk, memo="by who paid it")
    refund(actor=world.arcadia.server, transfer_id=pay(world.alice, world.bob).pk, memo="by the server")
    for page in (gm.get(FRONT), gm.get(TRAIL, masters="on")):
        assert "by the server" in text_of(page)
        assert "by who" not in text_of(page)
        assert "not allowed" not in text_of(page)
    assert "by who got it" in text_of(gm.get(TRAIL))
    assert "Refund: refused (Not allowed)" in text_of(gm.get(TRAIL))


def test_the_front_page_leads_on_to_the_rest_of_it(world: World, gm: Desk) -> None:
    for n in range(11):
        adjust(actor=world.gm.actor, account=world.bob.number, amount=1, reason=f"coin {n}")
    front = gm.get(FRONT)
    assert re.findall(r"coin \d+", text_of(front)) == [f"coin {n}" for n in range(10, 0, -1)]
    [rest] = links_to(front, "masters=on")
    assert "coin 0" in text_of(gm.get(rest))
    assert "Newest" in text_of(gm.get(rest))
    pay(world.alice, world.bob, memo="not there")
    assert "not there" not in text_of(gm.get(TRAIL, masters="on"))


def test_a_front_page_that_did_not_look_to_the_end_says_so(
    world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roof, "LOOKED_THROUGH", 3)
    adjust(actor=world.gm.actor, account=world.bob.number, amount=1, reason="coin")
    for n in range(3):
        pay(world.alice, world.bob, 1, f"beer {n}")
    front = gm.get(FRONT)
    assert "Nothing lately. Older Looked back as far as" in text_of(front)
    [older] = links_to(front, "masters=on")
    assert "coin" in text_of(gm.get(older))


# -- Somebody's page ---------------------------------------------------------------------------------------------------


def test_a_person_s_page_shows_what_they_moved_and_noted(world: World, gm: Desk) -> None:
    gm.notice(give_in_the_console(gm, world.alice, "12.50", "won the race"))
    gm.act(url_of(world.bob.account, "freeze"), how="credits", reason="a talk")
    theirs = text_of(gm.get(url_of(world.gm.user)))
    assert f"Gave ₵12.50 Alice · {world.alice.number} reason: won the race" in theirs
    assert f"Freeze Bob · {world.bob.number} how: credits · reason: a talk" in theirs
    assert "Gave ₵12.50" not in text_of(gm.get(url_of(world.alice.user)))
    pay(world.alice, world.gm, memo="thanks")
    page = gm.get(url_of(world.alice.user))
    assert f"Paid ₵10.00 Overseer · {world.gm.number} for: thanks" in text_of(page)


def test_older_lines_of_a_person_are_one_click_away_and_say_whose_they_are(world: World, gm: Desk) -> None:
    for n in range(12):
        pay(world.alice, world.bob, 1, f"beer {n}")
    pay(world.bob, world.alice, 1, "beer 99")
    page = gm.get(url_of(world.alice.user))
    first = re.findall(r"beer \d+", text_of(page))
    [older] = links_to(page, "actor=")
    listed = text_of(gm.get(older))
    assert "Only what Alice did." in listed
    assert [*first, *re.findall(r"beer \d+", listed)] == [f"beer {n}" for n in reversed(range(12))]


# -- The list ----------------------------------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_who_what_to_what_and_when(world: World, gm: Desk) -> None:
    pay(world.alice, world.bob, memo="beer")
    adjust(actor=world.gm.actor, account=world.alice.number, amount=1, reason="coin")
    local = timezone.now().astimezone(ZoneInfo("Europe/Berlin"))
    hour_ago, in_an_hour = ((local + timedelta(hours=h)).strftime("%Y-%m-%dT%H:%M") for h in (-1, 1))
    queries: list[tuple[dict[str, str], set[str]]] = [
        ({}, {"beer", "coin"}),
        ({"q": "ali"}, {"beer"}),
        ({"q": "nobody"}, set()),
        ({"actor": str(world.gm.user.pk)}, {"coin"}),
        ({"actor": str(world.till.key.pk)}, set()),
        ({"action": "transfer.transfer"}, {"beer"}),
        ({"action": "account.freeze"}, set()),
        ({"target": world.bob.number.lower()}, {"beer"}),
        ({"target": f"ledger.account:{world.alice.number}"}, {"beer", "coin"}),
        ({"masters": "on"}, {"coin"}),
        ({"masters": "on", "action": "transfer.transfer"}, set()),
        ({"since": hour_ago, "until": in_an_hour}, {"beer", "coin"}),
        ({"until": hour_ago}, set()),
    ]
    for query, expected in queries:
        assert set(re.findall(r"\b(?:beer|coin)\b", text_of(gm.get(TRAIL, **query)))) == expected, query


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"actor": "x"}, {"action": "x" * 49}])
def test_what_cannot_be_asked_for_shows_nothing(world: World, gm: Desk, query: dict[str, str]) -> None:
    answer = gm.get(TRAIL, **query)
    assert answer.status_code == 422
    assert "No such line" in text_of(answer)


@pytest.mark.parametrize("query", [{}, {"masters": "on"}, {"q": "overs"}])
@pytest.mark.parametrize("looked_through", [7, 20_000])
def test_every_line_stands_on_exactly_one_page(
    world: World, gm: Desk, monkeypatch: pytest.MonkeyPatch, query: dict[str, str], looked_through: int
) -> None:
    monkeypatch.setattr(roof, "LOOKED_THROUGH", looked_through)
    monkeypatch.setattr("accounts.console.events.PAGE_ROWS", 5)
    for n in range(12):
        adjust(actor=world.gm.actor, account=world.bob.number, amount=1, reason=f"coin {n}")
        pay(world.alice, world.bob, 1, f"beer {n}")
        if n % 3 == 0:
            gm.act(url_of(world.bob.account, "freeze"), how="debits", reason=f"stop {n}")
            gm.act(url_of(world.bob.account, "unfreeze"), reason=f"go {n}")
    seen, path, stopped = [], f"{TRAIL}?{'&'.join(f'{k}={v}' for k, v in query.items())}", 0
    while path:
        page = gm.get(path)
        seen += re.findall(r"(?:coin|beer|stop|go) \d+", text_of(page))
        stopped += "Looked back as far as" in text_of(page)
        path = next(iter(links_to(page, "after=")), "")
    expected = []
    for n in reversed(range(12)):
        expected += [f"go {n}", f"stop {n}"] if n % 3 == 0 else []
        expected += [f"coin {n}"] if query else [f"beer {n}", f"coin {n}"]
    assert seen == expected
    assert bool(stopped) is (bool(query) and looked_through == 7)


def test_a_name_of_a_line_leads_to_all_lines_of_that_person_or_device(world: World, gm: Desk) -> None:
    world.till.device().post(
        "external/transactions",
        {"from_account": world.alice.number, "to_account": world.bob.number, "amount": 1},
    )
    [of_device] = set(links_to(gm.get(TRAIL, action="terminal.debit"), "actor="))
    shown = text_of(gm.get(of_device))
    assert "Only what Bar till did." in shown
    assert "Take money at a terminal: refused (Scope missing)" in shown
    assert "Overseer Sign-in" not in shown


def test_a_line_leads_to_where_everything_about_it_stands(world: World, gm: Desk) -> None:
    paid = pay(world.alice, world.bob, memo="beer")
    assert links_to(gm.get(TRAIL, action="transfer.transfer"), f"/ledger/transfer/{paid.pk}/")
    gm.act(url_of(world.bob.account, "freeze"), how="both", reason="a talk")
    with tenancy.scope(world.arcadia.tenant):
        frozen = AuditEvent.objects.get(action="account.freeze")
    assert links_to(gm.get(TRAIL, action="account.freeze"), url_of(frozen))
    page = gm.get(url_of(frozen))
    assert "What account.freeze" in text_of(page)
    same_kind = next(link for link in links_to(page, "action="))
    assert "a talk" in text_of(gm.get(same_kind))


# -- Words -------------------------------------------------------------------------------------------------------------


def test_every_action_that_a_service_notes_has_words() -> None:
    modules = [
        m
        for m in house.project_modules()
        if not m.is_test and ("services" in m.parts or "exchange" in m.parts)
    ]
    noted = {
        word.value
        for module in modules
        for call in ast.walk(module.tree)
        if isinstance(call, ast.Call)
        for word in (*(k.value for k in call.keywords if k.arg == "action"), *call.args)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
        if re.fullmatch(r"[a-z_]+\.[a-z_]+", word.value)
        and word.value.split(".")[0] not in {"ledger", "accounts"}
    }
    assert len(noted) > 20
    rights = set().union(*roles.PERMISSIONS.values())
    assert not sorted(noted - trail.words.keys() - rights - {"manage.py"})


def test_a_lowered_floor_is_said_in_its_currency(world: World, gm: Desk) -> None:
    adjust(actor=world.gm.actor, account=world.alice.number, amount=-150_00, reason="a debt", force=True)
    assert "Lowest balance change: ₵0.00 → -₵50.00" in text_of(gm.get(url_of(world.alice.account))).replace(
        "Overseer ", ""
    )


# -- The ledger's part -------------------------------------------------------------------------------------------------


def test_of_several_people_and_actions_any_is_meant(world: World) -> None:
    pay(world.alice, world.bob)
    adjust(actor=world.gm.actor, account=world.bob.number, amount=1, reason="coin")

    def found(**asked: Any) -> list[str]:
        return [line.details["memo"] for line in activity(world.gm.actor, Wanted(**asked), None, 10)]

    with tenancy.scope(world.arcadia.tenant):
        both = frozenset({world.alice.user.pk, world.gm.user.pk})
        assert found(user_ids=both) == ["coin", "a lamp"]
        assert found(user_ids=frozenset()) == []
        assert found(user_ids=both, actions=frozenset({"transfer.admin", "account.freeze"})) == ["coin"]
        assert found(actions=frozenset({"account.freeze"})) == []
        assert found(target=f"ledger.account:{world.bob.number}", by_right=True) == ["coin"]
