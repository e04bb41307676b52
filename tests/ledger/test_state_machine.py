"""Random stories through the public services, both engines in step: after each step the books are in order on either, and both
have said the same, refusals with their named offender included.

Three accounts and one till, so that the same few rows meet again and again. ``tests.ledger.teller`` asks for every movement
twice with one key and checks the invariants.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from ledger.models import Balance
from tests.databases import manage
from tests.environment import process_environment
from tests.ledger.teller import NOBODY_AT_ALL, Asked, Elsewhere, Teller

places = st.integers(0, 2)
payees = st.integers(0, NOBODY_AT_ALL)
amounts = st.integers(1, 120_00) | st.sampled_from([0, -1, 1, 100_00, 2**53])
limits = st.none() | st.integers(1, 500_00)
REFUSALS = {
    *("account_frozen", "insufficient_funds", "invalid_amount", "limit_exceeded", "same_account"),
    *("world_paused", "paused_already", "not_paused", "refund_exceeds", "not_refundable", "not_allowed"),
    *("unknown_account", "unknown_transfer", "key_reused"),
}


class Story(RuleBasedStateMachine):
    """Alice, Bob, Carol, the till and the game masters do what they like, at two banks at once."""

    banks: ClassVar[list[Asked]]

    def __init__(self) -> None:
        super().__init__()
        self.both("begin")

    def both(self, word: str, *arguments: Any) -> None:
        """Ask both; a refusal is one of those we know."""
        first, *others = [json.loads(json.dumps(bank.ask(word, *arguments))) for bank in self.banks]
        assert "refused" not in first or first["refused"][0] in REFUSALS
        for other in others:
            assert other == first, f"the engines disagree about {word}{arguments}"

    @rule(payer=places, payee=payees, amount=amounts)
    def pays(self, payer: int, payee: int, amount: int) -> None:
        self.both("pay", payer, payee, amount)

    @rule(payer=places, lines=st.lists(st.tuples(payees, amounts), min_size=1, max_size=6))
    def pays_many(self, payer: int, lines: list[tuple[int, int]]) -> None:
        self.both("pay_many", payer, lines)

    @rule(place=payees, amount=amounts)
    def is_charged_at_the_till(self, place: int, amount: int) -> None:
        self.both("charge", place, amount)

    @rule(which=st.integers(0, 30), who=st.integers(0, 4), amount=st.none() | st.integers(1, 60_00))
    def gives_back(self, which: int, who: int, amount: int | None) -> None:
        self.both("give_back", which, who, amount)

    @rule(place=places, how=st.sampled_from(Balance.Freeze.values))
    def is_frozen(self, place: int, how: str) -> None:
        self.both("freeze", place, how)

    @rule(place=places)
    def is_thawed(self, place: int) -> None:
        self.both("unfreeze", place)

    @rule(place=places, per_payment=limits, per_day=limits)
    def is_limited(self, place: int, per_payment: int | None, per_day: int | None) -> None:
        self.both("limit", place, per_payment, per_day)

    @rule(place=places, amount=st.integers(-150_00, 150_00), force=st.booleans())
    def is_adjusted(self, place: int, amount: int, *, force: bool) -> None:
        self.both("adjust", place, amount, force)

    @rule()
    def everything_stops(self) -> None:
        self.both("pause")

    @rule()
    def everything_goes_on(self) -> None:
        self.both("resume")


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[Elsewhere]:
    """The same stage on SQLite, in a process of its own."""
    environment = process_environment(f"sqlite:///{tmp_path / 'other.sqlite3'}", tmp_path)
    assert manage("migrate", "--verbosity=0", environment=environment).returncode == 0
    elsewhere = Elsewhere(environment)
    yield elsewhere
    elsewhere.close()


def run(examples: int) -> None:
    run_state_machine_as_test(
        Story,
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            phases=(Phase.reuse, Phase.generate),  # the steps are told; making them fewer takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )


# Both engines are in each of these already, so the run on SQLite does not repeat them.


@pytest.mark.postgresql_only
def test_both_engines_tell_every_story_alike(db: None, on_sqlite: Elsewhere) -> None:
    Story.banks = [Teller(), on_sqlite]
    run(12)


@pytest.mark.soak
@pytest.mark.postgresql_only
def test_both_engines_tell_many_stories_alike(db: None, on_sqlite: Elsewhere) -> None:
    Story.banks = [Teller(), on_sqlite]
    run(int(os.environ.get("SOAK_STORIES", "300")))
