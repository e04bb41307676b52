"""What a game pays: a chain of hashes that anybody can walk, and a change that holds from the next spin on."""

from __future__ import annotations

import json

import pytest

from accounts import tenancy
from accounts.errors import Conflict, Denied, DomainError, Invalid, NotFound
from accounts.models import AuditEvent
from casino import selectors
from casino.configuration import digest, text_of
from casino.models import GameConfiguration
from casino.services.configurations import set_payout
from casino.services.setup import open_casino
from tests.casino.floor import GLITCH, SMUGGLER, Floor, key, play


def chain(floor: Floor, name: str = GLITCH) -> list[GameConfiguration]:
    """The configurations of a game, oldest first."""
    with tenancy.scope(floor.event.tenant):
        rows = GameConfiguration.objects.filter(game__name=name).select_related("version", "game")
        return list(rows.order_by("seq"))


def test_each_link_holds_the_hash_of_the_one_before(floor: Floor) -> None:
    for payout in (10350, 5000, 15000, 9601):
        set_payout(actor=floor.world.gm.actor, game="glitch-grid", payout=payout)
    links = chain(floor)
    before = ""
    for place, link in enumerate(links, start=1):
        said = json.loads(link.canonical)
        assert digest(link.canonical) == link.digest
        assert (said["seq"], said["prev"], said["version"]) == (place, before, link.version.digest)
        assert said["payout"] == text_of(link.payout or 0)
        assert said["tenant"] == str(floor.event.tenant.pk)
        before = link.digest
    assert [link.payout for link in links] == [9600, 10350, 5000, 15000, 9601]
    assert len(chain(floor, SMUGGLER)) == 1


def test_the_same_payout_again_is_no_new_link(floor: Floor) -> None:
    first = set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=9700)
    assert set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=9700).pk == first.pk
    assert len(chain(floor)) == 2


def test_a_new_payout_holds_from_the_next_spin_on(floor: Floor) -> None:
    before = play(floor.alice).round
    changed = set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=12000)
    assert before.configuration_id != changed.pk == play(floor.alice).round.configuration_id


def test_whoever_has_seen_another_configuration_is_told_and_nothing_is_drawn(floor: Floor) -> None:
    seen = chain(floor)[-1].digest
    assert play(floor.alice, configuration=seen).round.nonce == 1
    changed = set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=12000)
    money, again = floor.alice.balance(), key()
    for _time in ("the first", "again"):
        with pytest.raises(Conflict) as refused:
            play(floor.alice, configuration=seen, claim=again)
        assert (refused.value.code, refused.value.facts["configuration"]) == (
            "config_changed",
            changed.digest,
        )
    assert floor.alice.balance() == money
    assert play(floor.alice, configuration=changed.digest).round.nonce == 2


@pytest.mark.parametrize("payout", [4999, 15001, 0, -1, True])
def test_a_payout_out_of_range_is_refused(floor: Floor, payout: int) -> None:
    with pytest.raises(Invalid, match=r"50\.00 to 150\.00"):
        set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=payout)


def test_only_game_masters_of_the_event_change_it_and_the_trail_says_who(floor: Floor) -> None:
    with pytest.raises(Denied):
        set_payout(actor=floor.alice.actor, game=GLITCH, payout=9700)
    with pytest.raises(NotFound):
        set_payout(actor=floor.world.gm.actor, game="roulette", payout=9700)
    set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=9700)
    with tenancy.scope(floor.event.tenant):
        [line] = AuditEvent.objects.filter(action="casino.payout", actor_user_id=floor.world.gm.user.pk)
    assert (line.target, line.metadata["payout"]["after"]) == ("casino.game:glitch_grid", "97.00")
    with tenancy.scope(floor.world.borea.tenant):
        assert selectors.current_configuration(selectors.game_named(GLITCH)).payout == 9600


def test_opening_the_casino_again_changes_nothing(floor: Floor) -> None:
    set_payout(actor=floor.world.gm.actor, game=GLITCH, payout=9700)
    open_casino(actor=floor.event.server)
    assert [link.payout for link in chain(floor)] == [9600, 9700]
    with pytest.raises(DomainError):
        open_casino(actor=floor.alice.actor)
