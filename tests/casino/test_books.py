"""The replay knows the casino: every lie about a round or a promise, told beneath the application, is named.

One evening is played once; each lie is told in a transaction of its own that is rolled back.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from accounts import tenancy
from casino.books.running import compare
from casino.configuration import Link, digest
from casino.models import GameConfiguration, Rig, Round, SeedPair, StoryRound
from ledger import numbers
from ledger.models import Account, Transfer
from tests.casino import busy_night
from tests.casino.floor import GLITCH, Floor, play
from tests.commands.attacks import rules_broken_after, said_after
from tests.commands.story import stored
from tests.conftest import SESSION


@pytest.fixture(scope="module")
def names(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[dict[str, str]]:
    """Rows of an evening as SQL writes them, in a database that this file has for itself."""
    with SESSION.database() as database, django_db_blocker.unblock(), SESSION.connected_to(database):
        told = busy_night.tell()
        yield names_of(told.floor, told.story)


def names_of(floor: Floor, told: StoryRound) -> dict[str, str]:
    """What the lies are about."""
    rounds = floor.rounds()
    won, last = next(row for row in rounds if row.win), rounds[-1]
    lost = next(row for row in rounds if row.win == 0 and row.game_id == last.game_id)
    with tenancy.scope(floor.event.tenant):
        chain = list(GameConfiguration.objects.filter(game__name=GLITCH).order_by("seq"))
        forged = Link(
            str(floor.event.tenant.pk), GLITCH, 1, "", chain[0].version.digest, payout=9713
        ).canonical()
        house = Account.objects.get(number=numbers.HOUSE)
        paid = Transfer.objects.get(kind="transfer")
        told_rig = Rig.objects.get(revealed_at__isnull=False)
        bobs = SeedPair.objects.get(user=floor.world.bob.user, state="active")
    uuids = {
        "won": won.pk,
        "won_bet": won.bet_transfer_id,
        "won_win": won.win_transfer_id,
        "middle": rounds[3].pk,
        "last": last.pk,
        "lost": lost.pk,
        "last_bet": last.bet_transfer_id,
        "pair": last.seed_pair_id,
        "bobs": bobs.pk,
        "bob": floor.world.bob.user.pk,
        "paid": paid.pk,
        "prize": told.transfer_id,
        "nobody": uuid.UUID(int=7),
    }
    return {name: f"'{stored(pk)}'" for name, pk in uuids.items() if pk is not None} | {
        "house": str(house.pk),
        "first": str(chain[0].pk),
        "second": str(chain[1].pk),
        "rig": str(told_rig.pk),
        "forged": forged,
        "forged_digest": digest(forged),
        "zeros": "0" * 64,
    }


LIES = {
    # A round and its money.
    "what was staked": (
        "UPDATE casino_round SET stake = stake + 5 WHERE id = {won}",
        {"round_bet", "round_prize", "round_totals"},
    ),
    "what was won": (
        "UPDATE casino_round SET win = win + 5 WHERE id = {won}",
        {"round_win", "round_prize", "round_totals"},
    ),
    "a win in line bets": (
        "UPDATE casino_round SET line_bets = line_bets + 1 WHERE id = {won}",
        {"round_prize", "round_draw"},
    ),
    "a win that was not paid": (
        "UPDATE casino_round SET win_transfer_id = NULL WHERE id = {won}",
        {"round_win", "casino_transfer"},
    ),
    "another bet": (
        "UPDATE casino_round SET bet_transfer_id = {paid} WHERE id = {won}",
        {"round_bet", "round_win", "casino_transfer"},
    ),
    "a bet that is gone": (
        "UPDATE casino_round SET bet_transfer_id = {nobody} WHERE id = {won}",
        {"round_bet", "round_win", "casino_transfer", "same_event"},
    ),
    "a bet of another kind": (
        "UPDATE ledger_transfer SET kind = 'transfer' WHERE id = {won_bet}",
        {"round_bet"},
    ),
    "a win of another kind": (
        "UPDATE ledger_transfer SET kind = 'refund' WHERE id = {won_win}",
        {"round_win", "refund_kind"},
    ),
    "a win that nobody has played for": (
        "UPDATE ledger_transfer SET kind = 'casino_win' WHERE id = {prize}",
        {"casino_transfer", "story_prize"},
    ),
    "a bet that nobody has placed": (
        "UPDATE ledger_transfer SET kind = 'casino_bet' WHERE id = {paid}",
        {"casino_transfer"},
    ),
    "a bet that went elsewhere": (
        "UPDATE ledger_transfer SET to_account_id = (SELECT min(id) FROM ledger_account) WHERE id = {won_bet}",
        {"round_bet", "round_win", "entry_transfer"},
    ),
    "whose bet it was": (
        "UPDATE ledger_transfer SET actor_id = {bob} WHERE id = {last_bet}",
        {"round_bet", "answer_posted"},
    ),
    "a round that is gone": (
        "DELETE FROM casino_round WHERE id = {middle}",
        {"casino_transfer", "round_number", "round_nonce", "round_totals"},
    ),
    "the last round, gone": ("DELETE FROM casino_round WHERE id = {last}", {"casino_transfer"}),
    "a house below zero, filled up since": (
        "UPDATE ledger_entry SET balance_after = -5 WHERE account_id = {house} AND transfer_id = {won_win}",
        {"entry_balance_after", "house_below_zero"},
    ),
    "a prize of the story": (
        "UPDATE casino_storyround SET prize = prize + 1",
        {"story_prize"},
    ),
    "a prize without its story": ("DELETE FROM casino_storyround", {"prize_of_story"}),
    # Its place among the player's.
    "its number": ("UPDATE casino_round SET number = 1000 WHERE id = {last}", {"round_number"}),
    "its nonce": ("UPDATE casino_round SET nonce = 1000 WHERE id = {last}", {"round_nonce", "round_draw"}),
    "its sitting": ("UPDATE casino_round SET session = {nobody} WHERE id = {last}", {"round_session"}),
    "how many the sitting has": (
        "UPDATE casino_round SET session_rounds = 1 WHERE id = {last}",
        {"round_totals"},
    ),
    "what the sitting has won": (
        "UPDATE casino_round SET session_won = session_won + 1 WHERE id = {middle}",
        {"round_totals"},
    ),
    "what the day has cost": (
        "UPDATE casino_round SET day_staked = day_staked - 1 WHERE id = {last}",
        {"round_totals"},
    ),
    "its day": (
        "UPDATE casino_round SET day = '2020-02-02' WHERE id = {last}",
        {"round_day", "round_totals"},
    ),
    # Its draw.
    "its stops": ("UPDATE casino_round SET stops = '[99]' WHERE id = {last}", {"round_draw"}),
    "its selector": ("UPDATE casino_round SET selector = '-1' WHERE id = {last}", {"round_draw"}),
    "out of how many": ("UPDATE casino_round SET out_of = '1' WHERE id = {won}", {"round_draw"}),
    "its set": ("UPDATE casino_round SET set_name = 'mine' WHERE id = {last}", {"round_draw"}),
    "its free spins": ("UPDATE casino_round SET free_stops = '[[9]]' WHERE id = {last}", {"round_draw"}),
    "its client seed": ("UPDATE casino_round SET client_seed = 'x' WHERE id = {last}", {"round_draw"}),
    "the payout it was played for": (
        (
            "UPDATE casino_round SET configuration_id = {second} WHERE id = (SELECT r.id FROM casino_round r"
            " WHERE r.configuration_id = {first} AND r.user_id <> {bob} ORDER BY r.number LIMIT 1)"
        ),
        {"round_draw", "round_configuration"},
    ),
    "another game's payout": (
        "UPDATE casino_round SET configuration_id = {first} WHERE id = {lost}",
        {"round_configuration", "round_draw"},
    ),
    "somebody else's seeds": (
        "UPDATE casino_round SET seed_pair_id = {bobs} WHERE id = {last}",
        {"round_seeds", "round_nonce", "round_draw"},
    ),
    # What was promised.
    "what a seed hashed to": (
        "UPDATE casino_seedpair SET server_seed_hash = '{zeros}' WHERE id = {pair}",
        {"seed_hash"},
    ),
    "a seed": (
        (
            "UPDATE casino_seedpair SET server_seed = (SELECT p.server_seed FROM casino_seedpair p WHERE p.id = {bobs})"
            " WHERE id = {pair}"
        ),
        {"seed_hash"},
    ),
    "what a game paid": (
        "UPDATE casino_gameconfiguration SET payout = 9713 WHERE id = {first}",
        {"configuration_text", "round_draw"},
    ),
    "what a game paid, with its text and hash": (
        (
            "UPDATE casino_gameconfiguration SET payout = 9713, canonical = '{forged}', digest = '{forged_digest}'"
            " WHERE id = {first}"
        ),
        {"configuration_prev", "round_draw"},
    ),
    "the text of a configuration": (
        "UPDATE casino_gameconfiguration SET canonical = canonical || ' ' WHERE id = {second}",
        {"configuration_digest", "configuration_text"},
    ),
    "what it comes after": (
        "UPDATE casino_gameconfiguration SET prev_digest = '{zeros}' WHERE id = {second}",
        {"configuration_prev", "configuration_text"},
    ),
    "its place in the chain": (
        "UPDATE casino_gameconfiguration SET seq = 70 WHERE id = {second}",
        {"configuration_seq", "configuration_prev", "configuration_text", "round_configuration"},
    ),
    "a configuration that is gone": (
        "DELETE FROM casino_gameconfiguration WHERE id = {second}",
        {"configuration_seq", "configuration_prev", "same_event"},
    ),
    "the strips of a game": (
        "UPDATE casino_gameversion SET canonical = replace(canonical, 'W', 'w') WHERE game = 'glitch_grid'",
        {"version_text"},
    ),
    "the hash of a version": (
        "UPDATE casino_gameversion SET digest = '{zeros}' WHERE game = 'glitch_grid'",
        {"version_text", "configuration_text"},
    ),
    "what a rig had committed to": (
        "UPDATE casino_rig SET commitment = '{zeros}' WHERE configuration_id = {rig}",
        {"rig_commitment", "configuration_text"},
    ),
    "the range that was told of a rig": (
        "UPDATE casino_rig SET payout_to = 9050 WHERE configuration_id = {rig}",
        {"rig_range", "configuration_text"},
    ),
    "a rig's secret": (
        (
            "UPDATE casino_rig SET secret = (SELECT p.server_seed FROM casino_seedpair p WHERE p.id = {bobs})"
            " WHERE configuration_id = {rig}"
        ),
        {"rig_secret"},
    ),
    "a rig that is gone": (
        "DELETE FROM casino_rig WHERE configuration_id = {rig}",
        {"configuration_text"},
    ),
}


def test_an_honest_evening_is_clean(names: dict[str, str]) -> None:
    said = said_after("UPDATE casino_game SET spins_expected = spins_expected", names)
    assert all(": clean." in line for line in said), said


@pytest.mark.parametrize("what", LIES)
def test_a_lie_beneath_the_application_is_named(names: dict[str, str], what: str) -> None:
    sql, rules = LIES[what]
    assert rules_broken_after(sql, names) == rules


def test_seeds_of_a_key_that_is_not_here_are_noted_and_everything_else_is_looked_at(
    names: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "FIELD_KEYS", "9:" + "A" * 43 + "=")
    said = said_after("UPDATE casino_round SET nonce = 1000 WHERE id = {last}", names)
    assert any(line.startswith("arcadia: note: casino_seedpair") for line in said)
    assert any(line.startswith("arcadia: note: casino_rig") for line in said)
    assert sum("[round_nonce]" in line for line in said) == 1
    assert not any("[round_draw]" in line for line in said)


# -- what a round carries on -------------------------------------------------------------------------------------------


def test_a_pause_of_half_an_hour_begins_another_sitting_and_a_new_day_counts_anew(floor: Floor) -> None:
    tenant, first = floor.event.tenant, play(floor.alice).round
    evening_of = first.played_at + dt.timedelta(minutes=30)
    later = Round(
        user_id=first.user_id, number=2, seed_pair_id=first.seed_pair_id, nonce=2, stake=2_00, win=5_00,
        session_rounds=1, session_staked=2_00, session_won=5_00, day=tenant.day_of(evening_of), played_at=evening_of,
        day_staked=3_00, day_won=first.win + 5_00,
    )  # fmt: skip
    later.session = later.pk
    if later.day != first.day:
        later.day_staked, later.day_won = 2_00, 5_00
    assert list(compare(later, first, tenant)) == []
    later.played_at -= dt.timedelta(microseconds=1)
    assert {found.rule for found in compare(later, first, tenant)} == {"round_session", "round_totals"}
    tomorrow = first.played_at + dt.timedelta(days=1)
    later.played_at, later.day = tomorrow, tenant.day_of(tomorrow)
    later.day_staked, later.day_won = 2_00, 5_00
    assert list(compare(later, first, tenant)) == []
