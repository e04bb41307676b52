"""`create_gm`, `issue_api_key`, `pause_world`, and what all commands of staff have in common."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import CommandError

from accounts import crypto, keytext, passwords, selectors, tenancy
from accounts.models import ApiKey, AuditEvent, Tenant, User
from tests.cast import PASSWORD, Event, make_event
from tests.commands.conftest import Run
from tests.sessions import Database


def person(event: Event, name: str) -> User:
    with tenancy.scope(event.tenant):
        user = selectors.login_named(name)
    assert user is not None
    return user


def last_audit(event: Event, action: str) -> AuditEvent:
    with tenancy.scope(event.tenant):
        return AuditEvent.objects.filter(action=action).order_by("-id")[0]


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    def put(text: str) -> None:
        monkeypatch.setattr("sys.stdin", io.StringIO(text))

    return put


def test_a_game_master_is_made_with_a_password_from_stdin(run: Run, event: Event, stdin: Any) -> None:
    stdin("under the bridge at nine\n")
    said, _ = run("create_gm", "Shade")
    user = person(event, "Shade")
    assert user.role == "gm"
    assert passwords.verify(user, "under the bridge at nine").is_right
    assert "under the bridge" not in said
    assert last_audit(event, "user.create").actor_label == "manage.py create_gm"


def test_a_drawn_password_is_shown_once_and_works(run: Run, event: Event) -> None:
    said, _ = run("create_gm", "Shade", generate=True)
    password = said.split()[-1]
    assert passwords.verify(person(event, "Shade"), password).is_right
    again, _ = run("create_gm", "Shade", generate=True)
    assert "already" in again
    assert passwords.verify(person(event, "Shade"), password).is_right


def test_a_player_becomes_a_game_master_only_when_somebody_says_so(
    run: Run, event: Event, stdin: Any
) -> None:
    event.person("Alice")
    stdin("")
    with pytest.raises(CommandError, match="add --yes"):
        run("create_gm", "Alice")
    assert person(event, "Alice").role == "player"
    run("create_gm", "alice", yes=True)
    assert person(event, "Alice").role == "gm"
    assert passwords.verify(person(event, "Alice"), PASSWORD).is_right
    run("create_gm", "Alice", unmake=True)
    assert person(event, "Alice").role == "player"


@pytest.mark.parametrize(
    ("name", "typed", "sentence"),
    [("Shade", "", "No password"), ("Shade", "short", "at least 8"), ("x", "good enough words", "too short")],
)
def test_a_game_master_without_a_good_name_or_password_is_refused(
    run: Run, event: Event, stdin: Any, name: str, typed: str, sentence: str
) -> None:
    stdin(typed)
    with pytest.raises(CommandError, match=sentence):
        run("create_gm", name)
    with tenancy.scope(event.tenant):
        assert not User.objects.exists()


def test_a_key_is_born_credit_only_bound_and_limited_and_is_alone_on_stdout(run: Run, event: Event) -> None:
    alice = event.person("Alice")
    said, noted = run("issue_api_key", "Bar", account=alice.number, per_payment="100.50", per_day="5000")
    text = keytext.parse(said.strip())
    assert text is not None
    assert text.secret not in noted
    with tenancy.scope(event.tenant):
        key = ApiKey.objects.get(prefix=text.prefix)
    assert bytes(key.digest) == crypto.digest(text.secret)
    assert (key.scopes, key.account_number) == (["credit"], alice.number)
    assert (key.limit_per_payment, key.limit_per_day, key.expires_at) == (10050, 500000, None)
    assert "₵100.50 (10050)" in noted


def test_a_key_that_may_debit_anybody_is_issued_with_a_warning(run: Run, event: Event) -> None:
    alice = event.person("Alice")
    options: dict[str, Any] = {"account": alice.number, "per_payment": "10", "per_day": "10", "days": 2}
    _, noted = run("issue_api_key", "Bar", "--scope", "debit:any", **options)
    assert "empty any player's account" in noted
    with tenancy.scope(event.tenant):
        key = ApiKey.objects.get()
    assert key.scopes == ["credit", "debit:any"]
    assert (key.expires_at - key.created_at).days in (1, 2)


@pytest.mark.parametrize("missing", ["--per-payment", "--per-day", "--account"])
def test_a_key_needs_an_account_and_both_limits(run: Run, event: Event, missing: str) -> None:
    given = {"--account": event.person("Alice").number, "--per-payment": "1", "--per-day": "2"}
    del given[missing]
    with pytest.raises(CommandError, match=missing):
        run("issue_api_key", "Bar", *(part for pair in given.items() for part in pair))


@pytest.mark.parametrize("amount", ["0", "-1", "1.234", "1e3", "ten", "", "１"])
def test_a_limit_that_is_no_amount_is_refused(run: Run, event: Event, amount: str) -> None:
    number = event.person("Alice").number
    with pytest.raises(CommandError, match=r"Write it like 100\.00"):
        run("issue_api_key", "Bar", f"--account={number}", f"--per-payment={amount}", "--per-day=5")
    with tenancy.scope(event.tenant):
        assert not ApiKey.objects.exists()


def test_a_key_for_an_unknown_account_or_for_the_mint_is_refused(run: Run, event: Event) -> None:
    with pytest.raises(CommandError, match="There is no account"):
        run("issue_api_key", "Bar", account="NC-0000-0000", per_payment="1", per_day="1")
    with pytest.raises(CommandError, match="issues money"):
        run("issue_api_key", "Bar", account="NC-MINT-0000", per_payment="1", per_day="1")


def test_the_world_is_paused_and_goes_on(run: Run, event: Event) -> None:
    run("pause_world", reason="thunder")
    tenant = Tenant.objects.get()
    assert tenant.paused_at is not None
    assert tenant.pause_reason == "thunder"
    with pytest.raises(CommandError, match="paused already"):
        run("pause_world")
    run("pause_world", resume=True)
    assert Tenant.objects.get().paused_at is None
    with pytest.raises(CommandError, match="not paused"):
        run("pause_world", resume=True)


def test_with_several_events_a_command_asks_which(run: Run, event: Event) -> None:
    other = make_event("dune")
    with pytest.raises(CommandError, match=r"--tenant dune \| neo"):
        run("pause_world")
    with pytest.raises(CommandError, match="There is: dune, neo"):
        run("pause_world", tenant="nowhere")
    run("pause_world", tenant="dune")
    assert Tenant.objects.get(slug="dune").paused_at is not None
    assert Tenant.objects.get(slug="neo").paused_at is None
    assert last_audit(other, "world.pause").status == "ok"


def test_without_an_event_a_command_says_how_to_make_one(run: Run) -> None:
    with pytest.raises(CommandError, match="create_tenant SLUG NAME"):
        run("pause_world")


def test_a_refusal_ends_the_process_with_one_sentence_and_status_1(
    event: Event, fresh_database: Database
) -> None:
    done = fresh_database.manage("pause_world", "--resume")
    assert done.returncode == 1
    assert done.stderr.strip() == "CommandError: The world is not paused."
    assert done.stdout == ""
