"""Cards and posters: every code is read by a camera, every name fits, and nothing is left off in silence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from identity.paper.cards import PrintedCard, cards_pdf
from identity.paper.drawing import BOLD, Pen, can_draw
from identity.paper.poster import Poster, poster_pdf
from tests.paper import codes_in, page_count, words_in

LONG = "Wolfeschlegelsteinhausenbergerdorff the Elder of the Long Names"


def card(name: str, place: int = 0, faction: str = "") -> PrintedCard:
    return PrintedCard(name, faction, "NC-7F3K-Q2MX", f"https://bank.example:8443/card/{place:024d}")


def test_ten_cards_on_a_page_are_all_read_by_a_camera() -> None:
    content = cards_pdf([card(f"Runner {n}", n) for n in range(11)], event="Arcadia", until="1 Jan 2027")
    assert page_count(content) == 2
    assert set(codes_in(content)) == {card("x", n).address for n in range(11)}


@pytest.mark.parametrize("name", ["Vex", LONG, "Ærøskøbing Ñandú", "Юрий Гагарин", "Ελένη Παπαδοπούλου"])
def test_a_name_stands_on_its_card_whole(name: str) -> None:
    said = words_in(cards_pdf([card(name, faction="Night Couriers")], event="Arcadia", until="1 Jan 2027"))
    assert name.replace(" ", "") in said.replace(" ", "")
    for word in ("Night Couriers", "Arcadia", "1 Jan 2027", "NC-7F3K-Q2MX"):
        assert word in said


@pytest.mark.parametrize("name", ["山田 太郎", "שרה כהן", "홍길동"])
def test_a_name_that_cannot_be_printed_gives_way_to_the_account_number(name: str) -> None:
    assert not can_draw(name)
    content = cards_pdf([card(name)], event="Arcadia", until="1 Jan 2027")
    assert words_in(content).count("NC-7F3K-Q2MX") == 1
    assert codes_in(content) == [card(name).address]


def test_a_card_shows_its_secret_to_no_log() -> None:
    assert "card/0" not in repr(card("Vex"))


def test_the_same_cards_are_the_same_file() -> None:
    files = [cards_pdf([card("Vex")], event="Arcadia", until="1 Jan 2027") for _ in range(2)]
    assert files[0] == files[1]


@pytest.mark.parametrize(
    "address", ["https://x.io", "https://192.168.178.20:8443", f"https://{'a' * 50}.{'b' * 55}.io"]
)
@pytest.mark.parametrize("trust_url", ["", "http://192.168.178.20:8080/"])
@pytest.mark.parametrize("event", ["N", LONG])
def test_a_poster_is_one_page_with_the_address_whole_and_its_codes_are_read(
    address: str, trust_url: str, event: str
) -> None:
    content = poster_pdf(
        Poster(
            event=event,
            call="Scan to join",
            heading="Join",
            link=f"{address}/register?event_code=moonrise",
            address=address,
            event_code="moonrise & <more>",
            trust_url=trust_url,
            fingerprint=":".join(["AB"] * 32) if trust_url else "",
            advice="Tap. " * 150,
        )
    )
    assert page_count(content) == 1
    assert set(codes_in(content)) == {f"{address}/register?event_code=moonrise", trust_url} - {""}
    said = words_in(content).replace("\ufffe", "")
    shown = address.partition("://")[2] if trust_url else address
    assert shown in said.replace(" ", "")
    assert "moonrise & <more>" in said
    assert said.count("AB") == (32 if trust_url else 0)


def test_a_card_says_where_to_go_when_the_phone_warns() -> None:
    content = cards_pdf(
        [card(LONG, faction="Night Couriers of the Outer Ring")],
        event="Arcadia",
        until="1 Jan 2027",
        trust_url="http://192.168.178.20:8080/",
    )
    assert "First open 192.168.178.20:8080." in words_in(content)
    assert codes_in(content) == [card("x").address]


@settings(max_examples=60, deadline=None)
@given(st.text(st.sampled_from("aWiж-  "), min_size=1, max_size=120), st.floats(30, 300))
def test_lines_are_never_wider_than_their_place_and_lose_nothing(text: str, width: float) -> None:
    pen = Pen("test")
    lines = pen.wrapped(text, font=BOLD, size=9, width=width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(pen.width(line, BOLD, 9) <= width for line in lines if len(line) > 1)
