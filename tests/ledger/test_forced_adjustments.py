"""What a game master takes by force, and what is left of it when the money comes back."""

from __future__ import annotations

import pytest

from accounts import tenancy
from accounts.errors import Conflict
from accounts.models import AuditEvent
from ledger.models import Balance
from ledger.services.gm import adjust
from ledger.services.transfers import Payment, transfer, transfer_batch
from tests.cast import World


def floor_of(world: World) -> int | None:
    with tenancy.scope(world.arcadia.tenant):
        floor: int | None = Balance.objects.get(account=world.alice.account, shard=0).floor
        return floor


def test_without_force_nobody_is_pushed_below_zero(world: World) -> None:
    with pytest.raises(Conflict) as refused:
        adjust(actor=world.arcadia.server, account=world.alice.number, amount=-150_00, reason="fine")
    assert (refused.value.code, refused.value.facts["available"]) == ("insufficient_funds", 100_00)
    assert floor_of(world) == 0


def test_force_lowers_the_floor_and_says_so_on_the_trail(world: World) -> None:
    paid = adjust(
        actor=world.arcadia.server, account=world.alice.number, amount=-150_00, reason="fine", force=True
    )
    assert (paid.new_balance, floor_of(world)) == (-50_00, -50_00)
    with tenancy.scope(world.arcadia.tenant):
        line = AuditEvent.objects.filter(action="account.floor").latest("id")
    assert line.metadata == {"before": 0, "after": -50_00}


def test_the_room_is_taken_back_as_far_as_the_balance_recovers(world: World) -> None:
    server, alice = world.arcadia.server, world.alice.number
    adjust(actor=server, account=alice, amount=-150_00, reason="fine", force=True)
    adjust(actor=server, account=alice, amount=20_00, reason="some of it back")
    assert (world.alice.balance(), floor_of(world)) == (-30_00, -30_00)
    adjust(actor=server, account=alice, amount=100_00, reason="all of it back")
    assert (world.alice.balance(), floor_of(world)) == (70_00, 0)
    with pytest.raises(Conflict, match=r"70\.00"):
        transfer(actor=world.alice.actor, payment=Payment(to_account=world.bob.number, amount=70_01))


def test_a_refused_force_leaves_the_floor_where_it_was(world: World) -> None:
    adjust(actor=world.arcadia.server, account=world.alice.number, amount=-150_00, reason="fine", force=True)
    with pytest.raises(Conflict) as refused:
        adjust(
            actor=world.arcadia.server,
            account=world.alice.number,
            amount=-(2**53 - 1),
            reason="too much",
            force=True,
        )
    assert refused.value.code == "balance_limit"
    assert floor_of(world) == -50_00


def test_whatever_comes_in_takes_the_room_back(world: World) -> None:
    server, alice, bob = world.arcadia.server, world.alice, world.bob
    adjust(actor=server, account=bob.number, amount=200_00, reason="wealth")
    adjust(actor=server, account=alice.number, amount=-150_00, reason="fine", force=True)
    transfer(actor=bob.actor, payment=Payment(to_account=alice.number, amount=80_00))
    assert (alice.balance(), floor_of(world)) == (30_00, 0)
    with pytest.raises(Conflict, match=r"30\.00"):
        transfer(actor=alice.actor, payment=Payment(to_account=bob.number, amount=30_01))
    with pytest.raises(Conflict) as refused:
        adjust(actor=server, account=alice.number, amount=-30_01, reason="without force")
    assert refused.value.code == "insufficient_funds"


def test_a_batch_takes_it_back_too(world: World) -> None:
    server, alice, bob = world.arcadia.server, world.alice, world.bob
    adjust(actor=server, account=bob.number, amount=200_00, reason="wealth")
    adjust(actor=server, account=alice.number, amount=-150_00, reason="fine", force=True)
    payments = [Payment(to_account=alice.number, amount=10_00) for _ in range(2)]
    transfer_batch(actor=bob.actor, payments=payments)
    assert (alice.balance(), floor_of(world)) == (-30_00, -30_00)
