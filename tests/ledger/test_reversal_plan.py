"""The plan of a reversal by itself: every line by hand, then whole histories of numbers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ledger.reversal import Part, Purse, Sent, Why, fingerprint, unwind

VEX, ANA, BEN, BANK = 1, 2, 3, 4


def plan(*sent: Sent, **free: int) -> list[Part]:
    """Vex has nothing; Ana and Ben what is said."""
    purses = {VEX: Purse(), ANA: Purse(free.get("ana", 0)), BEN: Purse(free.get("ben", 0))}
    return unwind(sent, {**purses, BANK: Purse(is_bank=True)})


def test_what_is_there_comes_back_whole() -> None:
    assert plan(Sent(VEX, ANA, 30), ana=30) == [Part(30)]


def test_what_was_given_back_before_is_not_taken_again() -> None:
    assert plan(Sent(VEX, ANA, 30, 10), ana=99) == [Part(20, Why.GIVEN_BACK)]
    assert plan(Sent(VEX, ANA, 30, 30), ana=99) == [Part(0, Why.GIVEN_BACK)]


def test_lines_to_one_receiver_share_what_is_there_and_the_newest_goes_first() -> None:
    assert plan(Sent(VEX, ANA, 30), Sent(VEX, ANA, 30), Sent(VEX, ANA, 5), ana=40) == [
        Part(30),
        Part(10, Why.SHORT),
        Part(0, Why.SHORT),
    ]


def test_money_that_went_on_is_there_again_when_the_older_line_has_its_turn() -> None:
    assert plan(Sent(ANA, BEN, 30), Sent(VEX, ANA, 30), ben=30) == [Part(30), Part(30)]


def test_refunds_and_what_went_to_the_bank_stay() -> None:
    assert plan(Sent(VEX, ANA, 5, is_refund=True), Sent(VEX, BANK, 5), ana=9) == [
        Part(0, Why.REFUND),
        Part(0, Why.BANK),
    ]


def test_nothing_moves_on_a_closed_account() -> None:
    closed = {VEX: Purse(9), ANA: Purse(9, is_closed=True)}
    assert unwind([Sent(VEX, ANA, 5), Sent(ANA, VEX, 5)], closed) == [
        Part(0, Why.PAYEE_CLOSED),
        Part(0, Why.PAYER_CLOSED),
    ]


def test_an_account_below_its_floor_gives_nothing() -> None:
    assert plan(Sent(VEX, ANA, 5), ana=-7) == [Part(0, Why.SHORT)]


purses = st.builds(Purse, st.integers(-50, 200), st.booleans(), st.booleans())
sent = st.builds(
    lambda payer, step, amount, back, is_refund: Sent(
        payer, (payer + step) % 4, amount, min(back, amount), is_refund
    ),
    st.integers(0, 3),
    st.integers(1, 3),
    st.integers(1, 100),
    st.integers(0, 120),
    st.booleans(),
)


@given(st.lists(sent, max_size=12), st.tuples(purses, purses, purses, purses))
def test_nobody_gives_what_he_does_not_have_or_more_than_he_got(
    lines: list[Sent], four: tuple[Purse, ...]
) -> None:
    there = dict(enumerate(four))
    free = {account: purse.free for account, purse in there.items()}
    for line, part in zip(lines, unwind(lines, there), strict=True):
        payer, payee = there[line.payer], there[line.payee]
        left = line.amount - line.given_back
        stays = line.is_refund or payer.is_bank or payee.is_bank or payer.is_closed or payee.is_closed
        assert part.take == (0 if stays else min(left, max(free[line.payee], 0)))
        assert (part.why is None) == (part.take == line.amount)
        free[line.payee] -= part.take
        free[line.payer] += part.take


def test_two_plans_have_one_fingerprint_only_when_they_do_the_same() -> None:
    lines = [("a", 0, 5), ("b", 2, 3)]
    assert fingerprint(["x"], lines) == fingerprint(["x"], list(lines))
    others = [
        [("a", 0, 5)],
        [("b", 2, 3), ("a", 0, 5)],
        [("a", 1, 5), ("b", 2, 3)],
        [("a", 0, 4), ("b", 2, 3)],
    ]
    assert len({fingerprint(["x"], other) for other in [lines, *others]} | {fingerprint(["y"], lines)}) == 6
