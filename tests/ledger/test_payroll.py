"""Pay lists: what each bad line is told, that the same list again pays nobody twice, and that a name is a run."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import roles, tenancy
from accounts.errors import Conflict, Denied, Invalid, NotFound
from ledger.models import Account, Balance, Transfer
from ledger.payroll import BYTES_MAX, PayRow, amount_of, read
from ledger.services import accounts, gm
from ledger.services.payroll import PayPlan, Terms, pay_planned, plan_list, plan_members
from tests.cast import OPENING_BALANCE, World

GOOD = "Bob;12.50;courier\nAlice;7,5;"


def plan_of(world: World, text: str = GOOD, **terms: Any) -> PayPlan:
    chosen = Terms(**{"reason": "Wages", **terms})
    return plan_list(actor=world.gm.actor, rows=read(text.encode()), terms=chosen)


def pay(world: World, text: str = GOOD, **terms: Any) -> PayPlan:
    """Look, and pay what was looked at."""
    plan = plan_of(world, text, **terms)
    done = pay_planned(actor=world.gm.actor, plan=plan, expected=plan.fingerprint)
    assert done.refused is None
    return plan


def faults(plan: PayPlan) -> dict[int, str]:
    return {fault.line: " ".join(fault.sentences) for fault in plan.faults}


def test_people_are_paid_by_name_and_number_with_the_memo_or_what_it_is_for(world: World) -> None:
    pay(world, f"who;amount;memo\nbob;12.50;courier\n{world.alice.number.lower()};7,5;\n")
    assert (world.bob.balance(), world.alice.balance()) == (12_50, OPENING_BALANCE + 7_50)
    with tenancy.scope(world.arcadia.tenant):
        paid = Transfer.objects.filter(kind="payroll").order_by("amount")
        assert list(paid.values_list("memo", flat=True)) == ["Wages", "courier"]


def test_every_bad_line_is_named_and_the_good_ones_stay(world: World) -> None:
    closed = world.arcadia.person("Carol")
    frozen = world.arcadia.person("Dora")
    accounts.freeze(actor=world.gm.actor, account=frozen.number)
    with tenancy.scope(world.arcadia.tenant):
        Balance.objects.filter(account=closed.account).update(status=Balance.Status.CLOSED)
    wrong = world.bob.number[:-1] + ("2" if world.bob.number[-1] != "2" else "3")
    lines = [
        ("who;amount;memo", ""),
        ("Bob;1;", ""),
        ("Nobody Here;1;", "Nobody is called so"),
        (f"{world.bob.number};2;", "Line 2 pays this account already"),
        ("Carol;1;", "closed"),
        (f"{wrong};1;", "typing mistake"),
        ("NC-MINT-0000;1;", "bank's own"),
        ("=HYPERLINK();1;", "formula"),
        ("Alice;=1+1;", "formula"),
        ("Alice;1;@sum", "formula"),
        ("Alice;-1;", "not negative"),
        ("Alice;0;", "above zero"),
        ("Alice;1.001;", "too many decimals"),
        ("Alice;1,000;", "plain number"),
        ("Alice;١٢;", "plain number"),
        ("Alice;;", "Write an amount"),
        ("Alice;99999999999999;", "hold that much"),
        ("Al\u200bice;1;", "signs that no name has"),
        ("A1ice;1;", "“Alice” looks alike"),
        (";1;", "does not say who"),
        (f"Alice;1;{'x' * 141}", "at most 140"),
        ("Charlie;1;", "Nobody is called so"),
        (f"{world.charlie.number};1;", "no account with this number"),
        ("Dora;3;", ""),
    ]
    plan = plan_of(world, "\n".join(line for line, _word in lines))
    said = faults(plan)
    expected = {number: word for number, (_line, word) in enumerate(lines, start=1) if word}
    assert said.keys() == expected.keys()
    assert not [(number, word, said[number]) for number, word in expected.items() if word not in said[number]]
    assert [(payee.line, payee.amount, payee.is_frozen) for payee in plan.payees] == [
        (2, 1_00, False),
        (len(lines), 3_00, True),
    ]
    assert plan.total == 4_00


def test_the_same_list_again_pays_nobody_and_a_corrected_one_whoever_is_missing(world: World) -> None:
    pay(world, "Bob;5\nCarl;5\n")
    carl = world.arcadia.person("Carl")
    again = pay(world, "Bob;5\nCarl;5\n", reason="  WAGES ")
    assert [payee.account.number for payee in again.due] == [carl.number]
    assert plan_of(world, "Carl;5\nBob;5").due == []
    assert (world.bob.balance(), carl.balance()) == (5_00, 5_00)


def test_a_new_round_pays_everybody_once_more_and_once_only(world: World) -> None:
    pay(world, "Bob;5")
    second = plan_of(world, "Bob;5", again=True)
    for _time in range(2):
        pay_planned(actor=world.gm.actor, plan=second, expected=second.fingerprint)
        # Whoever confirms a page that was made before brings the run along that stood on it.
        second = plan_of(world, "Bob;5", again=True, run=second.run)
    assert second.run == "wages (2)"
    assert world.bob.balance() == 10_00
    # Without asking for a new round it is the last one that goes on.
    assert (plan_of(world, "Bob;5").run, plan_of(world, "Bob;5").due) == ("wages (2)", [])


def test_the_newest_round_is_the_runs_own_and_not_the_lists(world: World) -> None:
    carl = world.arcadia.person("Carl")
    pay(world, "Bob;5")
    pay(world, "Bob;5\nCarl;5", again=True)
    plan = pay(world, "Carl;5")
    assert [payee.paid is not None for payee in plan.payees] == [True]
    assert (world.bob.balance(), carl.balance()) == (10_00, 5_00)


def test_a_new_round_that_stopped_is_gone_on_with_without_saying_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gm, "MAX_BATCH", 1)
    carl = world.arcadia.person("Carl")
    pay(world, "Bob;5\nCarl;5")
    plan = plan_of(world, "Bob;5\nCarl;5", again=True)
    with tenancy.scope(world.arcadia.tenant):
        Balance.objects.filter(account=carl.account).update(status=Balance.Status.CLOSED)
    done = pay_planned(actor=world.gm.actor, plan=plan, expected=plan.fingerprint)
    assert done.refused is not None
    with tenancy.scope(world.arcadia.tenant):
        Balance.objects.filter(account=carl.account).update(status=Balance.Status.ACTIVE)
    assert pay(world, "Bob;5\nCarl;5").run == plan.run
    assert (world.bob.balance(), carl.balance()) == (10_00, 10_00)


def test_a_comma_that_tears_an_amount_in_two_is_named(world: World) -> None:
    plan = plan_of(world, "Bob,12,50\nAlice,7,beer")
    assert "12.50" in faults(plan)[1]
    assert [payee.memo for payee in plan.payees] == ["beer"]
    assert plan_of(world, "Bob; 12,50; beer, wine, rum").payees[0].amount == 12_50


def test_another_name_is_another_run(world: World) -> None:
    pay(world, "Bob;5")
    pay(world, "Bob;5", reason="Danger money")
    assert world.bob.balance() == 10_00


def test_a_line_that_was_paid_otherwise_in_this_run_is_named(world: World) -> None:
    pay(world, "Bob;5")
    plan = plan_of(world, "Bob;6\nAlice;1")
    assert "Was paid ₵5.00 from The Mint" in faults(plan)[1]
    assert [payee.line for payee in plan.due] == [2]
    assert 1 in faults(plan_of(world, "Bob;5", from_account=world.alice.number))


def test_what_has_changed_since_somebody_looked_pays_nobody(world: World) -> None:
    plan = plan_of(world, "Bob;5\nCarl;5")
    world.arcadia.person("Carl")
    with pytest.raises(Conflict) as caught:
        pay_planned(actor=world.gm.actor, plan=plan_of(world, "Bob;5\nCarl;5"), expected=plan.fingerprint)
    assert caught.value.code == "pay_list_changed"
    assert world.bob.balance() == 0


def test_a_payer_who_has_too_little_is_seen_before(world: World) -> None:
    plan = plan_of(world, "Bob;100.01", from_account=world.alice.number)
    assert (plan.available, plan.missing) == (OPENING_BALANCE, 1)
    assert "pays" in faults(plan_of(world, "Alice;1", from_account=world.alice.number))[1]
    pay(world, "Bob;60", from_account=world.alice.number)
    assert (world.alice.balance(), world.bob.balance()) == (40_00, 60_00)
    for number, error in (("NC-MINT-0000", Invalid), (world.charlie.number, NotFound)):
        with pytest.raises(error):
            plan_of(world, from_account=number)


def test_all_members_of_a_faction_are_paid_and_those_who_join_later(world: World) -> None:
    def members() -> PayPlan:
        terms = Terms("Wages")
        return plan_members(actor=world.gm.actor, faction=world.arcadia.faction, amount=5_00, terms=terms)

    plan = members()
    pay_planned(actor=world.gm.actor, plan=plan, expected=plan.fingerprint)
    dora = world.arcadia.person("Dora", faction=world.arcadia.faction.name)
    later = members()
    assert [payee.account.number for payee in later.due] == [dora.number]
    pay_planned(actor=world.gm.actor, plan=later, expected=later.fingerprint)
    assert (world.alice.balance(), dora.balance()) == (OPENING_BALANCE + 5_00, 5_00)


@pytest.mark.parametrize("role", [role for role in roles.ROLES if not roles.allows(role, "ledger.payroll")])
def test_only_game_masters_pay_others(world: World, role: str) -> None:
    actor = world.arcadia.person("Somebody", role=role).actor
    with pytest.raises(Denied):
        plan_list(actor=actor, rows=[PayRow(1, "Bob", "1")], terms=Terms("Wages"))
    plan = plan_of(world, "Bob;1")
    with pytest.raises(Denied):
        pay_planned(actor=actor, plan=plan, expected=plan.fingerprint)
    with pytest.raises(Denied):
        plan_members(actor=actor, faction=world.arcadia.faction, amount=1, terms=Terms("Wages"))


def test_a_run_of_a_thousand_and_one_asks_no_more_often_and_pays_each_once(world: World) -> None:
    bob = world.bob.account
    with tenancy.scope(world.arcadia.tenant):
        made = Account.objects.bulk_create(
            Account(number=f"NC-T{n:03X}-0000", holder=bob.holder, currency=bob.currency, kind=bob.kind)
            for n in range(1_001)
        )
        Balance.objects.bulk_create(Balance(account=account, shard=0) for account in made)
    text = "\n".join(f"{account.number};0.01" for account in made)
    assert len(pay(world, text).due) == 1_001
    assert plan_of(world, text).due == []
    with tenancy.scope(world.arcadia.tenant):
        amounts = Balance.objects.filter(account__in=made).values_list("amount", flat=True)
        assert set(amounts) == {1}


# -- Reading -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Vex;12,50;beer",
        "Vex,12.50,beer",
        "Vex\t12.50\tbeer",
        "\ufeffmemo;Betrag;Wer\nbeer;12.50;Vex",
        '"Vex";"12,50";"beer"\r\n\r\n',
    ],
)
def test_every_way_of_writing_a_list_is_read(text: str) -> None:
    [row] = read(text.encode())
    assert (row.who, amount_of(row.amount, exponent=2), row.memo) == ("Vex", 12_50, "beer")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "no line"),
        (b"who;amount\n", "no line"),
        (b"amount;memo\n1;x", "one of them is"),
        (b"who;amount;pin\nVex;1;2", "no column"),
        (b"Vex;1;a;b;c", "more cells"),
        ("José;1".encode("latin-1"), "CSV UTF-8"),
        (b"V\0x;1", "no text file"),
        (b'"Vex;1\n', "quotation mark"),
        (b"x" * (BYTES_MAX + 1), "too large"),
        (b"V;1\n" * 10_001, "more than 10000"),
    ],
)
def test_what_is_no_list_is_refused_with_what_to_do(content: bytes, word: str) -> None:
    with pytest.raises(Invalid, match=word) as refused:
        read(content)
    assert refused.value.code == "invalid_pay_list"


@given(st.binary(max_size=200))
def test_whatever_is_uploaded_is_read_or_refused(content: bytes) -> None:
    try:
        rows = read(content)
    except Invalid:
        return
    for row in rows:
        with suppress(ValueError):
            assert amount_of(row.amount, exponent=2) > 0
