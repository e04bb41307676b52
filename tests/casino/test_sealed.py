"""Sealed rigs: nothing gives the schedule away while it is sealed, and everything can be checked once it is told."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from fractions import Fraction

import pytest
import time_machine
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from accounts import crypto, tenancy
from accounts.errors import Conflict, Denied, Invalid
from accounts.models import AuditEvent
from accounts.services import sealing
from casino import fairness, mixing, reels, selectors
from casino.configuration import Step, payout_at
from casino.configuration import commitment as commitment_of
from casino.drawing import draw_round
from casino.models import GameConfiguration, Rig, Round, SeedPair
from casino.services import configurations
from casino.services.house import fund
from casino.services.seeds import rotate
from casino.services.setup import open_casino
from tests.casino.floor import GLITCH, SMUGGLER, Floor, play

NOON = dt.datetime(2031, 7, 4, 12, 0, tzinfo=dt.UTC)
# Each payout has digits that stand nowhere else.
LOW, MIDDLE, HIGH = 8913, 9371, 9729
SCHEDULE = [
    Step(NOON + dt.timedelta(hours=1), LOW),
    Step(NOON + dt.timedelta(hours=2), MIDDLE),
    Step(NOON + dt.timedelta(hours=3), HIGH),
]
RANGE = (8850, 9800)


def seal(floor: Floor, game: str = SMUGGLER, **more: object) -> Rig:
    asked = {"steps": SCHEDULE, "payout_from": RANGE[0], "payout_to": RANGE[1]} | more
    return configurations.seal_rig(actor=floor.world.gm.actor, game=game, **asked)  # type: ignore[arg-type]


def reveal(floor: Floor, game: str = SMUGGLER, payout: int = 9600) -> Rig:
    return configurations.reveal_rig(actor=floor.world.gm.actor, game=game, payout=payout)


def at(hours: float) -> dt.datetime:
    return NOON + dt.timedelta(hours=hours)


@pytest.fixture
def sealed(floor: Floor) -> Floor:
    """A floor whose Smuggler plays on a rig that was sealed at noon."""
    with time_machine.travel(NOON, tick=False):
        seal(floor)
    return floor


# -- sealing and revealing ---------------------------------------------------------------------------------------------


def test_what_cannot_be_sealed_is_refused_in_words(floor: Floor) -> None:
    naive = [Step(dt.datetime(2031, 7, 4, 13, 0), MIDDLE)]  # noqa: DTZ001
    for more, said in (
        ({"steps": []}, "1 to 100 steps"),
        ({"steps": SCHEDULE * 40}, "1 to 100 steps"),
        ({"steps": SCHEDULE[::-1]}, "follow one another"),
        ({"steps": naive}, "known time zone"),
        ({"payout_to": 9400}, "within the range"),
        ({"payout_from": 9400}, "within the range"),
        ({"steps": SCHEDULE[:1], "payout_from": LOW, "payout_to": LOW}, "no secret"),
        ({"payout_from": 4999}, "50.00 to 150.00"),
        ({"payout_to": 15001}, "50.00 to 150.00"),
        ({"reveal_by": at(2.5)}, "still to come"),
    ):
        with pytest.raises(Invalid, match=said):
            seal(floor, **more)
    with tenancy.scope(floor.event.tenant):
        assert not Rig.objects.exists()


def test_a_range_or_payout_beyond_the_reels_is_refused_and_the_machine_goes_on(floor: Floor) -> None:
    """A version whose strip sets do not span everything: no spin may find out that nothing pays what was asked."""
    with tenancy.scope(floor.event.tenant):
        version = selectors.certified(selectors.current_configuration(selectors.game_named(SMUGGLER))).version
        lowest, highest = version.sets[0].rtp, version.sets[-1].rtp
    reach = (-(-lowest * 10_000 // 1), highest * 10_000 // 1)
    for beyond in (int(reach[0]) - 1, int(reach[1]) + 1):
        if mixing.PAYOUT_MIN <= beyond <= mixing.PAYOUT_MAX:
            with pytest.raises(Invalid, match="reels of this game pay from"):
                configurations.set_payout(actor=floor.world.gm.actor, game=SMUGGLER, payout=beyond)
            with pytest.raises(Invalid, match="reels of this game pay from"):
                seal(floor, payout_from=min(beyond, LOW), payout_to=max(beyond, HIGH))
    play(floor.alice, SMUGGLER)


def test_only_game_masters_seal_and_reveal(sealed: Floor) -> None:
    for actor in (sealed.alice.actor, sealed.event.person("Helper", role="support").actor):
        with pytest.raises(Denied):
            configurations.seal_rig(actor=actor, game=GLITCH, steps=SCHEDULE, payout_from=1, payout_to=2)
        with pytest.raises(Denied):
            configurations.reveal_rig(actor=actor, game=SMUGGLER, payout=9600)


def test_while_a_rig_is_sealed_neither_payout_nor_version_nor_rig_can_come_in_its_place(
    sealed: Floor,
) -> None:
    with pytest.raises(Conflict) as refused:
        configurations.set_payout(actor=sealed.world.gm.actor, game=SMUGGLER, payout=9500)
    assert refused.value.code == "rig_sealed"
    with pytest.raises(Conflict, match="runs already"):
        seal(sealed)
    open_casino(actor=sealed.event.server)
    with tenancy.scope(sealed.event.tenant):
        newest = selectors.current_configuration(selectors.game_named(SMUGGLER))
        assert selectors.is_sealed(newest)
    reveal(sealed)
    with pytest.raises(Conflict) as refused:
        reveal(sealed)
    assert refused.value.code == "no_rig"


def test_a_rig_in_whose_place_something_came_can_still_be_told(sealed: Floor) -> None:
    """Nothing here does that; an event that was brought in from elsewhere may be so."""
    with tenancy.scope(sealed.event.tenant), transaction.atomic():
        game = selectors.game_named(SMUGGLER)
        version = selectors.current_configuration(game).version
        configurations.append(actor=sealed.event.server, game=game, version=version, payout=9100)
    reveal(sealed, payout=9600)
    with tenancy.scope(sealed.event.tenant):
        game = selectors.game_named(SMUGGLER)
        assert selectors.sealed_rig(game) is None
        assert selectors.current_configuration(game).payout == 9100


def test_what_was_promised_cannot_be_changed_beneath(sealed: Floor) -> None:
    with tenancy.scope(sealed.event.tenant):
        rigs = Rig.objects.all()
        for change in (
            {"commitment": "0" * 64},
            {"payout_to": 9900},
            {"reveal_by": NOON},
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                rigs.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            rigs.delete()
        rigs.update(revealed_at=NOON)
        for moment in (None, at(1)):
            with pytest.raises(DatabaseError), transaction.atomic():
                rigs.update(revealed_at=moment)


# -- while it is sealed ------------------------------------------------------------------------------------------------


def test_the_hashed_configuration_holds_the_commitment_and_the_range_alone(sealed: Floor) -> None:
    with tenancy.scope(sealed.event.tenant):
        newest = selectors.current_configuration(selectors.game_named(SMUGGLER))
    said = json.loads(newest.canonical)
    assert (said["commitment"], said["payout_from"], said["payout_to"]) == (
        newest.rig.commitment,
        "88.50",
        "98.00",
    )
    assert "payout" not in said
    assert newest.digest == hashlib.sha256(newest.canonical.encode()).hexdigest()
    assert b"89.13" not in bytes(newest.rig.secret)
    assert selectors.expected(newest) is None
    assert selectors.published(newest.rig) is None


def test_the_schedule_decides_by_the_moment_of_each_round(sealed: Floor) -> None:
    expected = {0.5: LOW, 1: LOW, 1.99: LOW, 2: MIDDLE, 2.5: MIDDLE, 3: HIGH, 30: HIGH}
    for hours, payout in expected.items():
        with time_machine.travel(at(hours), tick=False), tenancy.scope(sealed.event.tenant):
            row = play(sealed.alice, SMUGGLER).round
            assert selectors.payout_of(row.configuration, row.played_at) == payout
            mix = selectors.certified(row.configuration).mix_at(payout)
            assert row.out_of == str(mix.out_of)
            assert not selectors.may_tell_selector(row)


def test_the_largest_stake_says_nothing_of_the_step(sealed: Floor) -> None:
    """At every step the house covers the same stakes and names the same largest one."""
    drain(sealed, 120_000_00)
    told = set()
    for hours in (0.5, 1.5, 2.5, 3.5):
        with time_machine.travel(at(hours), tick=False), pytest.raises(Conflict) as refused:
            play(sealed.alice, SMUGGLER, stake=20_00)
        told.add(
            (refused.value.code, refused.value.sentence, json.dumps(refused.value.facts, sort_keys=True))
        )
        with tenancy.scope(sealed.event.tenant):
            newest = selectors.current_configuration(selectors.game_named(SMUGGLER))
            sets = selectors.certified(newest).version.sets
            told_by_range = mixing.sets_within(selectors.certified(newest).version, *RANGE)
            assert set(told_by_range) <= set(sets)
            assert selectors.bound_of(newest) == selectors.certified(newest).bound_of(told_by_range)
    assert len(told) == 1
    assert {code for code, _sentence, _facts in told} == {"house_limit"}


def drain(floor: Floor, left: int) -> None:
    fund(actor=floor.event.server, amount=left - floor.house(), reason="drained")


def test_a_spin_asks_the_database_the_same_at_every_step(sealed: Floor) -> None:
    """Counted, not timed: kinds and number of statements; a round that wins takes the same as one that does not."""
    with time_machine.travel(at(0.1)):
        play(sealed.alice, SMUGGLER)
    kinds = set()
    for hours in (0.5, 1.5, 2.5, 3.5, 3.6):
        with time_machine.travel(at(hours), tick=False), CaptureQueriesContext(connection) as sent:
            won = play(sealed.alice, SMUGGLER).round.win > 0
        words = [
            query["sql"].split()[:3] for query in sent.captured_queries if "SAVEPOINT" not in query["sql"]
        ]
        kinds.add((won, json.dumps(words)) if connection.vendor == "sqlite" else (False, json.dumps(words)))
    assert len(kinds) == len({won for won, _words in kinds})


def test_a_round_draws_as_much_of_its_stream_at_every_step(floor: Floor) -> None:
    """The work of drawing is blocks of 32 bytes: as many for each payout of the range that players were told."""
    with tenancy.scope(floor.event.tenant):
        configurations_now = [
            selectors.current_configuration(selectors.game_named(name)) for name in (GLITCH, SMUGGLER)
        ]
        found = [selectors.certified(one) for one in configurations_now]
    for certified in found:
        rules = certified.version.rules
        for nonce in range(1, 40):
            blocks: dict[int, set[int]] = {}
            for payout in range(*RANGE, 7):
                stream = fairness.Stream("5e" * 32, "client", nonce)
                drawn = draw_round(rules, certified.mix_at(payout), stream)
                blocks.setdefault(len(drawn.free_stops), set()).add(stream._blocks)
            assert all(len(found) == 1 for found in blocks.values()), (rules.game, nonce)
        # And for every number of free spins, whatever the selector takes: 4, 8 or 12 bytes.
        for spins in {0, *rules.free_spins.values()}:
            words = {-(-(4 * rules.reels * (1 + spins) + selector) // 32) for selector in (4, 8, 12)}
            assert len(words) == 1, (rules.game, spins)


def test_retired_seeds_that_drew_sealed_rounds_are_told_with_the_rig(sealed: Floor) -> None:
    alice = sealed.alice
    play(alice, GLITCH)
    with tenancy.scope(sealed.event.tenant):
        open_pair, _ = rotate(actor=alice.actor)
        assert selectors.revealed_seed(open_pair) is not None
    play(alice, GLITCH)
    play(alice, SMUGGLER)
    sealed_pair, _ = rotate(actor=alice.actor)
    play(alice, SMUGGLER)
    with tenancy.scope(sealed.event.tenant):
        assert selectors.revealed_seed(sealed_pair) is None
    reveal(sealed)
    with tenancy.scope(sealed.event.tenant):
        seed = selectors.revealed_seed(sealed_pair)
        assert seed is not None
        assert fairness.commitment(seed) == sealed_pair.server_seed_hash
        active = Round.objects.latest("number").seed_pair
        assert selectors.revealed_seed(active) is None


def test_new_field_keys_seal_rigs_and_seeds_anew(sealed: Floor) -> None:
    """The guard of what was promised lets the secret be sealed under another key, and nothing needs the old one then."""
    play(sealed.alice, SMUGGLER)
    old, new = settings.FIELD_KEYS, f"99:{base64.b64encode(b'n' * 32).decode()}"
    with override_settings(FIELD_KEYS=f"{new},{old}"):
        for field in ((Rig, "secret"), (SeedPair, "server_seed")):
            assert field in sealing.sealed_fields()
            batch = sealing.reseal_batch(actor=sealed.event.server, field=field, after=None, limit=100)
            assert batch.resealed == batch.rows > 0
    with override_settings(FIELD_KEYS=new), tenancy.scope(sealed.event.tenant):
        found = selectors.published_to(sealed.world.gm.actor, Rig.objects.get())
        assert found is not None
        assert [step.payout for step in found.steps] == [LOW, MIDDLE, HIGH]
        play_on = play(sealed.alice, SMUGGLER).round
        assert fairness.commitment(crypto.open_from(play_on.seed_pair, "server_seed")) == (
            play_on.seed_pair.server_seed_hash
        )


def test_the_trail_says_that_a_rig_was_sealed_and_not_what_is_in_it(sealed: Floor) -> None:
    with tenancy.scope(sealed.event.tenant):
        lines = [str(row) for row in AuditEvent.objects.filter(action__startswith="casino.").values()]
    assert any("casino.seal" in line for line in lines)
    assert not [line for line in lines for payout in SCHEDULE if str(payout.payout) in line]


# -- once it is told ---------------------------------------------------------------------------------------------------


def test_after_the_reveal_everything_can_be_derived_again(sealed: Floor) -> None:
    """With the pure modules alone, from what is published: commitment, payout at each moment, selector, set, prize."""
    for hours in (0.5, 1.5, 2.5, 3.5):
        with time_machine.travel(at(hours)):
            for _spin in range(6):
                play(sealed.alice, SMUGGLER)
    pair, _ = rotate(actor=sealed.alice.actor)
    rig = reveal(sealed)
    with tenancy.scope(sealed.event.tenant):
        rows = list(selectors.with_proof().order_by("number"))
        told = selectors.published(rig)
        seed = selectors.revealed_seed(pair)
        canonical = GameConfiguration.objects.get(pk=rig.pk).version.canonical
    assert seed is not None
    assert told is not None
    assert commitment_of(bytes.fromhex(told.salt), told.schedule) == rig.commitment
    version = reels.GameVersion.parse(canonical)
    payouts = set()
    for row in rows:
        payouts.add(payout := payout_at(told.steps, row.played_at))
        mix = mixing.mix(version, Fraction(payout, 10_000))
        drawn = draw_round(version.rules, mix, fairness.Stream(seed, row.client_seed, row.nonce))
        assert list(drawn.stops) == row.stops
        assert (str(drawn.selector), str(mix.out_of), drawn.strip_set.name) == (
            row.selector,
            row.out_of,
            row.set_name,
        )
        assert [list(stops) for stops in drawn.free_stops] == row.free_stops
        assert drawn.played.line_bets == row.line_bets
        assert selectors.may_tell_selector(row)
    assert payouts == {LOW, MIDDLE, HIGH}


def test_a_game_pays_openly_from_the_next_spin_after_the_reveal(sealed: Floor) -> None:
    before = play(sealed.alice, SMUGGLER).round
    reveal(sealed, payout=9512)
    after = play(sealed.alice, SMUGGLER).round
    assert (before.configuration.payout, after.configuration.payout) == (None, 9512)
    assert after.configuration.prev_digest == before.configuration.digest


def test_what_is_overdue_is_known(floor: Floor) -> None:
    with time_machine.travel(NOON, tick=False):
        seal(floor, reveal_by=at(9))
    with tenancy.scope(floor.event.tenant):
        assert selectors.overdue_rigs(at(8)) == []
        assert [rig.reveal_by for rig in selectors.overdue_rigs(at(9))] == [at(9)]
    reveal(floor)
    with tenancy.scope(floor.event.tenant):
        assert selectors.overdue_rigs(timezone.now() + dt.timedelta(days=9999)) == []


@pytest.mark.parametrize("year", [26, 202, 9026])
def test_a_slip_in_the_year_is_refused_before_it_is_sealed_for_ever(floor: Floor, year: int) -> None:
    with pytest.raises(Invalid, match="Check the years"):
        seal(floor, steps=[Step(NOON.replace(year=year), LOW)])
    play(floor.alice, SMUGGLER)
