"""`adjust_balance`, `freeze`, `unfreeze`, `pay_faction` and `refund`: amounts typed in major units, moved to the unit."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from accounts import tenancy
from accounts.errors import Conflict
from accounts.models import AuditEvent
from accounts.services.people import disable_user
from ledger.models import Balance, Entry, Transfer
from ledger.services.accounts import freeze
from ledger.services.transfers import Payment, transfer
from tests.cast import Event, Person
from tests.commands.conftest import Run


@pytest.fixture
def alice(event: Event) -> Person:
    return event.person("Alice", money=10_000, faction=event.faction.name)


@pytest.fixture
def bob(event: Event) -> Person:
    return event.person("Bob", faction=event.faction.name)


@pytest.fixture(autouse=True)
def nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


@pytest.fixture
def at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """`at_the_terminal("y")`: somebody who answers that to whatever is asked; returns the questions."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def answering(answer: str) -> list[str]:
        questions: list[str] = []

        def asked(question: str) -> str:
            questions.append(question)
            return answer

        monkeypatch.setattr("sys.stdin", Terminal())
        monkeypatch.setattr("builtins.input", asked)
        return questions

    return answering


def state(event: Event, person: Person) -> Balance:
    with tenancy.scope(event.tenant):
        return Balance.objects.get(account=person.account)


def transfers(event: Event) -> int:
    with tenancy.scope(event.tenant):
        return Transfer.objects.count()


# -- adjust_balance ----------------------------------------------------------------------------------------------------


def test_money_is_issued_and_burnt_with_a_reason_and_shown_in_both_units(
    run: Run, event: Event, alice: Person
) -> None:
    said, _ = run("adjust_balance", alice.number, "12.34", "--reason", "found a wallet")
    assert "₵12.34 (1234). Balance now ₵112.34 (11234)" in said
    run("adjust_balance", alice.number, "-2.34", "--reason", "fine")
    run("adjust_balance", alice.number, "+1", "--reason", "gift")
    assert alice.balance() == 11_100
    with tenancy.scope(event.tenant):
        newest = Transfer.objects.order_by("-posted_at")[0]
    assert (newest.kind, newest.memo, newest.actor_id) == ("admin", "gift", None)


@pytest.mark.parametrize("amount", ["0", "-0", "--1", "1.234", "1,00", "1e2", "", "+-1", "99999999999999"])
def test_what_is_no_amount_is_refused(run: Run, event: Event, alice: Person, amount: str) -> None:
    before = transfers(event)
    with pytest.raises(CommandError):
        run("adjust_balance", "--reason", "x", "--", alice.number, amount)
    assert transfers(event) == before


def test_burning_below_zero_is_refused_unless_forced_and_forcing_needs_a_yes(
    run: Run, event: Event, alice: Person
) -> None:
    with pytest.raises(CommandError, match=r"has ₵100\.00; this needs ₵500\.00"):
        run("adjust_balance", alice.number, "-500", "--reason", "tax")
    with pytest.raises(CommandError, match="add --yes"):
        run("adjust_balance", alice.number, "-500", "--reason", "tax", "--force")
    run("adjust_balance", alice.number, "-500", "--reason", "tax", "--force", "--yes")
    assert alice.balance() == -40_000
    with tenancy.scope(event.tenant):
        assert AuditEvent.objects.filter(action="account.floor").count() == 1


@pytest.mark.parametrize("amount", ["100.50", "+100.50"])
def test_forcing_is_for_burning_alone(run: Run, event: Event, alice: Person, amount: str) -> None:
    with pytest.raises(CommandError, match=r"write the amount with a minus: -100\.50"):
        run("adjust_balance", alice.number, amount, "--reason", "tax", "--force", "--yes")
    assert alice.balance() == 10_000


def test_an_adjustment_needs_a_reason_and_a_known_account(run: Run, event: Event, alice: Person) -> None:
    with pytest.raises(CommandError, match="--reason"):
        run("adjust_balance", alice.number, "1")
    with pytest.raises(CommandError, match="There is no account"):
        run("adjust_balance", "NC-0000-0000", "1", "--reason", "x")


# -- freeze, unfreeze --------------------------------------------------------------------------------------------------


def test_an_account_is_frozen_and_let_go_on(run: Run, event: Event, alice: Person, bob: Person) -> None:
    run("freeze", alice.number, "--stop", "debits", "--reason", "brawl")
    assert (state(event, alice).status, state(event, alice).freeze) == ("frozen", "debits")
    with pytest.raises(Conflict, match="is frozen"):
        transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=1))
    run("unfreeze", alice.number)
    transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=1))


def test_a_faction_is_frozen_with_all_its_members(run: Run, event: Event, alice: Person, bob: Person) -> None:
    stranger = event.person("Stranger")
    said, _ = run("freeze", "--faction", event.faction.name.upper())
    # Two members, and the faction's own account.
    assert said.startswith("3 accounts")
    assert [state(event, person).status for person in (alice, bob, stranger)] == [
        "frozen",
        "frozen",
        "active",
    ]
    with pytest.raises(CommandError, match="add --yes"):
        run("unfreeze", "--faction", event.faction.name)
    assert state(event, alice).status == "frozen"
    said, _ = run("unfreeze", "--faction", event.faction.name, "--yes")
    assert said.endswith("3 accounts of Free Grid go on.\n")
    assert state(event, alice).status == "active"
    said, _ = run("unfreeze", "--faction", event.faction.name)
    assert "Nothing was done" in said


def test_letting_a_faction_go_on_shows_whom_it_frees_and_who_was_frozen_alone(
    run: Run, event: Event, alice: Person, bob: Person, at_the_terminal: Callable[[str], list[str]]
) -> None:
    questions = at_the_terminal("n")
    run("freeze", alice.number, "--reason", "an older brawl")
    run("unfreeze", alice.number)
    run("freeze", bob.number, "--stop", "debits", "--reason", "cheating")
    run("freeze", "--faction", event.faction.name)
    shown = io.StringIO()
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("unfreeze", faction=event.faction.name, stdout=shown)
    assert f"{bob.number}  Bob  (nothing moves)  frozen by itself: cheating\n" in shown.getvalue()
    assert f"{alice.number}  Alice  (nothing moves)\n" in shown.getvalue()
    assert "3 frozen accounts of Free Grid" in questions[0]
    assert "1 of them frozen one by one" in questions[0]
    assert state(event, bob).status == "frozen"
    run("unfreeze", "--faction", event.faction.name, "--yes")
    run("freeze", "--faction", event.faction.name)
    said, _ = run("unfreeze", "--faction", event.faction.name, "--yes")
    assert "by itself" not in said


@pytest.mark.parametrize(
    "arguments", [[], ["NC-0000-0000"], ["--faction", "Nobodies"], ["NC-0000-0000", "--stop", "all"]]
)
def test_what_cannot_be_frozen_is_refused(run: Run, event: Event, arguments: list[str]) -> None:
    with pytest.raises(CommandError):
        run("freeze", *arguments)


# -- pay_faction -------------------------------------------------------------------------------------------------------


def test_the_dry_run_shows_who_gets_what_and_the_sum_and_pays_nobody(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    before = transfers(event)
    said, _ = run("pay_faction", event.faction.name, "10.50", dry_run=True)
    assert f"{alice.number}  ₵10.50 (1050)  Alice" in said
    assert f"{bob.number}  ₵10.50 (1050)  Bob" in said
    assert "2 people, ₵21.00 (2100) in total" in said
    assert transfers(event) == before


def test_without_a_yes_nobody_is_paid(run: Run, event: Event, alice: Person) -> None:
    with pytest.raises(CommandError, match="add --yes"):
        run("pay_faction", event.faction.name, "10.50")
    assert alice.balance() == 10_000


@pytest.mark.parametrize(("answer", "balance"), [("y", 11_050), ("n", 10_000), ("", 10_000)])
def test_a_person_at_the_terminal_is_asked(
    run: Run,
    event: Event,
    alice: Person,
    at_the_terminal: Callable[[str], list[str]],
    answer: str,
    balance: int,
) -> None:
    questions = at_the_terminal(answer)
    if balance == alice.balance():
        with pytest.raises(CommandError, match="Nothing was done"):
            run("pay_faction", event.faction.name, "10.50")
    else:
        run("pay_faction", event.faction.name, "10.50")
    assert alice.balance() == balance
    assert "Pay 1 people ₵10.50 (1050) in total?" in questions[0]


def test_every_active_member_is_paid_and_nobody_else(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    gone = event.person("Gone", faction=event.faction.name)
    disable_user(actor=event.server, person=gone.user)
    stranger = event.person("Stranger")
    said, noted = run("pay_faction", event.faction.name, "10.50", "--yes", "--reason", "Monday")
    assert "Paid 2 people ₵21.00 (2100) in total." in said
    assert re.search(r"Run \S+", noted)
    assert [person.balance() for person in (alice, bob, gone, stranger)] == [11_050, 1_050, 0, 0]
    with tenancy.scope(event.tenant):
        assert Entry.objects.filter(account=bob.account).get().transfer.memo == "Monday"


def test_a_run_that_is_repeated_pays_nobody_twice(run: Run, event: Event, alice: Person, bob: Person) -> None:
    for _ in range(2):
        said, _err = run("pay_faction", event.faction.name, "10.50", "--yes", "--run", "monday")
    assert "2 people had been paid in this run before." in said
    assert alice.balance() == 11_050
    with pytest.raises(CommandError, match="Run monday: This run has paid 2 of these 2 accounts before"):
        run("pay_faction", event.faction.name, "11", "--yes", "--run", "monday")
    run("pay_faction", event.faction.name, "10.50", "--yes")
    assert alice.balance() == 12_100


def test_a_member_who_joined_after_a_run_is_paid_by_the_same_run(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    run("pay_faction", event.faction.name, "10.50", "--yes", "--run", "monday")
    late = event.person("Aaron", faction=event.faction.name)
    said, _err = run("pay_faction", event.faction.name, "10.50", "--yes", "--run", "monday")
    assert "Paid 1 people ₵10.50 (1050) in total." in said
    assert "2 people had been paid in this run before." in said
    assert [person.balance() for person in (alice, bob, late)] == [11_050, 1_050, 1_050]


def test_a_faction_may_pay_out_of_an_account_and_is_refused_whole_when_that_is_not_enough(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    boss = event.person("Boss", money=1_500)
    with pytest.raises(CommandError, match=rf"Stopped at {bob.number}\. Nobody was paid\. To go on"):
        run("pay_faction", event.faction.name, "10", "--yes", "--from", boss.number)
    assert [person.balance() for person in (alice, bob, boss)] == [10_000, 0, 1_500]
    run("pay_faction", event.faction.name, "7.50", "--yes", "--from", boss.number)
    assert [person.balance() for person in (alice, bob, boss)] == [10_750, 750, 0]


def test_a_repeated_run_that_is_refused_says_how_many_are_paid(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    boss = event.person("Boss", money=1_500)
    again = ["pay_faction", event.faction.name, "7.50", "--yes", "--from", boss.number, "--run", "friday"]
    run(*again)
    late = event.person("Late", faction=event.faction.name)
    with pytest.raises(CommandError, match=rf"Stopped at {late.number}\. 2 people are paid, 1 are not\."):
        run(*again)
    assert [person.balance() for person in (alice, bob, late)] == [10_750, 750, 0]


def test_a_frozen_member_is_paid_all_the_same(run: Run, event: Event, alice: Person) -> None:
    freeze(actor=event.server, account=alice.number)
    run("pay_faction", event.faction.name, "1", "--yes")
    assert alice.balance() == 10_100


@pytest.mark.parametrize(
    ("faction", "amount", "sentence"),
    [
        ("Nobodies", "1", "There is no faction"),
        ("Free Grid", "0", "not an amount"),
        ("Free Grid", "1", "no active members"),
    ],
)
def test_a_payment_that_makes_no_sense_is_refused(
    run: Run, event: Event, faction: str, amount: str, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("pay_faction", faction, amount, "--yes")


# -- refund ------------------------------------------------------------------------------------------------------------


def test_a_transfer_is_given_back_in_part_and_then_the_rest(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    paid = transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=5_000))
    said, _ = run("refund", str(paid.transfer.pk), "20.50", "--memo", "half", "--yes")
    assert "Bob gave Alice ₵20.50 (2050) back." in said
    assert [alice.balance(), bob.balance()] == [7_050, 2_950]
    run("refund", str(paid.transfer.pk), "--yes")
    assert [alice.balance(), bob.balance()] == [10_000, 0]
    with pytest.raises(CommandError, match="can still be given back"):
        run("refund", str(paid.transfer.pk))


@pytest.mark.parametrize("answer", ["y", "n"])
def test_who_gives_how_much_to_whom_is_shown_before_it_is_given_back(
    run: Run,
    event: Event,
    alice: Person,
    bob: Person,
    at_the_terminal: Callable[[str], list[str]],
    answer: str,
) -> None:
    paid = transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=5_000))
    with pytest.raises(CommandError, match="add --yes"):
        run("refund", str(paid.transfer.pk))
    assert bob.balance() == 5_000
    questions = at_the_terminal(answer)
    if answer == "n":
        with pytest.raises(CommandError, match="Nothing was done"):
            run("refund", str(paid.transfer.pk), "20.50")
    else:
        run("refund", str(paid.transfer.pk), "20.50")
    assert bob.balance() == (5_000 if answer == "n" else 2_950)
    [question] = questions
    assert question.startswith(
        f"Bob ({bob.number}) gives ₵20.50 (2050) of ₵50.00 (5000) back to Alice ({alice.number})."
    )


def test_when_the_money_is_gone_the_refusal_says_what_is_there(
    run: Run, event: Event, alice: Person, bob: Person
) -> None:
    paid = transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=5_000))
    transfer(actor=bob.actor, payment=Payment(to_account=alice.number, amount=4_000))
    with pytest.raises(CommandError, match=r"has ₵10\.00; this needs ₵50\.00"):
        run("refund", str(paid.transfer.pk), "--yes")
    run("refund", str(paid.transfer.pk), "10", "--yes")
    assert bob.balance() == 0


@pytest.mark.parametrize(
    ("transfer_id", "sentence"),
    [("12", "is not a transfer's id"), ("01890a5d-ac96-774b-bcce-b302099a8057", "There is no such transfer")],
)
def test_an_unknown_transfer_is_refused(run: Run, event: Event, transfer_id: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("refund", transfer_id)
