"""`reverse_since`: shown first, done when somebody says so, and then exactly that."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError
from django.utils import timezone

from accounts import tenancy
from accounts.actors import Actor
from accounts.models import AuditEvent
from ledger.management.commands.reverse_since import moment_typed
from ledger.services.gm import adjust
from ledger.services.transfers import Payment, terminal_payment, transfer
from tests.cast import Event, Person
from tests.commands.conftest import Run


@pytest.fixture(autouse=True)
def nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))


@pytest.fixture
def bob(event: Event) -> Person:
    return event.person("Bob")


@pytest.fixture
def alice(event: Event, bob: Person) -> Person:
    """She has sent Bob ₵30.00 and ₵20.00, of which he has ₵40.00."""
    alice = event.person("Alice", money=100_00)
    for amount in (30_00, 20_00):
        transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=amount))
    adjust(actor=event.server, account=bob.number, amount=-10_00, reason="spent")
    return alice


def test_it_shows_and_does_nothing_until_told(run: Run, alice: Person, bob: Person) -> None:
    said, _ = run("reverse_since", alice.number, "--since", "1h", "--dry-run")
    lines = said.splitlines()
    assert f"{alice.number} -> {bob.number} Bob  ₵20.00 (2000)  comes back ₵20.00 (2000)" in lines[0]
    assert lines[1].endswith(
        "₵30.00 (3000)  comes back ₵20.00 (2000)  The receiver has no more than that now."
    )
    assert lines[2].startswith("2 movements since ")
    assert "sent ₵50.00 (5000)" in lines[2]
    assert lines[2].endswith("comes back now ₵40.00 (4000), cannot be taken back ₵10.00 (1000)")
    with pytest.raises(CommandError, match="Nobody is there to ask"):
        run("reverse_since", alice.number, "--since", "1h", "--reason", "theft")
    with pytest.raises(CommandError, match="Say why"):
        run("reverse_since", alice.number, "--since", "1h", "--yes")
    assert alice.balance() == 50_00


def test_it_takes_back_what_it_has_shown(run: Run, event: Event, alice: Person, bob: Person) -> None:
    said, _ = run("reverse_since", alice.number, "--since", "1h", "--reason", "theft", "--yes")
    assert "₵40.00 (4000) were taken back, of 2 movements." in said
    assert f"Alice ({alice.number}) has ₵90.00 (9000) now." in said
    assert (alice.balance(), bob.balance()) == (90_00, 0)
    with tenancy.scope(event.tenant):
        line = AuditEvent.objects.get(action="account.reverse")
    assert (line.actor_label, line.metadata["reason"]) == ("manage.py reverse_since", "theft")
    with pytest.raises(CommandError, match="Nothing of it can be taken back"):
        run("reverse_since", alice.number, "--since", "1h", "--reason", "theft", "--yes")


def test_a_person_or_a_key_is_named_too(run: Run, event: Event, alice: Person, bob: Person) -> None:
    run("reverse_since", "--person", "alice", "--since", "1h", "--reason", "theft", "--yes")
    assert alice.balance() == 90_00
    till = event.till(bob, scopes=("credit", "debit:any"))
    device = Actor(tenant=event.tenant, key=till.key)
    terminal_payment(actor=device, from_account=alice.number, to_account=bob.number, amount=7_00)
    run("reverse_since", "--key", f"nbk_{till.key.prefix}", "--since", "1h", "--reason", "lost", "--yes")
    assert (alice.balance(), bob.balance()) == (90_00, 0)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["NC-0000-0000", "--since", "1h"], "There is no account"),
        (["--person", "Nobody", "--since", "1h"], "There is nobody"),
        (["--key", "nbk_abcdefgh", "--since", "1h"], "There is no device key"),
        (["NC-MINT-0000", "--since", "1h"], "the bank's own"),
        (["{alice}", "--since", "yesterday"], "is no moment"),
        (["{alice}", "--since", "0001-01-01T00:00"], "is no moment"),
        (["{alice}", "--since", "1h", "--until", "9999-12-31T23:59"], "is no moment"),
        (["{alice}", "--since", "2999-01-01T00:00"], "still to come"),
    ],
)
def test_what_is_typed_wrongly_is_said(run: Run, alice: Person, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        run("reverse_since", *(one.format(alice=alice.number) for one in arguments))


def test_moments_are_on_the_events_clock(event: Event) -> None:
    # 23:30 in Berlin.
    with time_machine.travel(datetime(2026, 7, 18, 21, 30, tzinfo=UTC), tick=False):
        now = timezone.now()
        expected = {
            "90m": now - timedelta(minutes=90),
            "3h": now - timedelta(hours=3),
            "21:40": datetime(2026, 7, 18, 19, 40, tzinfo=UTC),
            "23:31": datetime(2026, 7, 17, 21, 31, tzinfo=UTC),
            "2026-07-18T21:40": datetime(2026, 7, 18, 19, 40, tzinfo=UTC),
            "2026-07-18 21:40:30": datetime(2026, 7, 18, 19, 40, 30, tzinfo=UTC),
            "2026-07-18T21:40Z": datetime(2026, 7, 18, 21, 40, tzinfo=UTC),
        }
        assert {text: moment_typed(text, event.tenant) for text in expected} == expected
