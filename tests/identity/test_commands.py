"""People and invitations made at the machine, for events where nobody registers alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts import tenancy
from accounts.models import AuditEvent, Invite
from tests.cast import World


def run(capsys: pytest.CaptureFixture[str], *arguments: str, **options: Any) -> str:
    capsys.readouterr()
    call_command(*arguments, **options)
    return capsys.readouterr().out


def test_a_character_made_at_the_machine_can_sign_in(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run(
        capsys,
        "create_character",
        "Nova",
        "--tenant",
        "arcadia",
        "--faction",
        "Chrome Syndicate",
        "--role",
        "cashier",
    )
    password = printed.split()[-1]
    answer = world.arcadia.phone().post("auth/login", {"character_name": "Nova", "password": password})
    assert answer.status_code == 200
    user = answer.json()["user"]
    assert (user["faction"], user["role"]) == ("Chrome Syndicate", "cashier")
    assert user["account_number"] in printed
    with tenancy.scope(world.arcadia.tenant):
        made = AuditEvent.objects.filter(action="user.create").latest("id")
        assert made.actor_label == "manage.py create_character"


@pytest.mark.parametrize("arguments", [("ALICE",), ("x",), ("Nova", "--faction", "Ice Court")])
def test_what_cannot_be_made_is_refused_in_a_plain_sentence(world: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("create_character", "--tenant", "arcadia", *arguments)


def test_invitations_are_printed_once_and_let_people_in(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    printed = run(
        capsys,
        "create_invite",
        "--tenant",
        "arcadia",
        "--count",
        "3",
        "--days",
        "2",
        "--faction",
        "Chrome Syndicate",
    )
    codes = printed.split()
    assert len(set(codes)) == 3
    asked = {"character_name": "Nova", "password": "correct horse 42", "invite": codes[1]}
    answer = world.arcadia.phone().post("auth/register", asked)
    assert answer.json()["user"]["faction"] == "Chrome Syndicate"
    with tenancy.scope(world.arcadia.tenant):
        assert Invite.objects.count() == 3


@pytest.mark.parametrize(
    "arguments", [("--count", "0"), ("--days", "0"), ("--days", "999999999"), ("--faction", "x")]
)
def test_absurd_invitations_are_refused(world: World, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("create_invite", "--tenant", "arcadia", *arguments)
