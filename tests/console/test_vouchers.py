"""Vouchers as a game master clicks them: made after a look at what they can mint, printed, watched, taken back."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import tenancy
from ledger import voucher_codes
from ledger.models import Transfer, Voucher, VoucherBatch
from ledger.services.setup import create_currency
from ledger.services.vouchers import make_batch, redeem
from tests.cast import PASSWORD, World
from tests.console.desk import Desk, offered, text_of, url_of
from tests.paper import codes_in, page_count, words_in

TYPED = {"label": "Loot of the old bank", "count": "50", "worth": "20", "days": "3"}


@pytest.fixture
def making(world: World) -> str:
    return url_of(world.arcadia.tenant, "vouchers")


@pytest.fixture
def batch(world: World) -> VoucherBatch:
    return make_batch(actor=world.gm.actor, label="Loot", worth=20_00, count=3, lives=timedelta(days=1)).batch


def printed(gm: Desk, batch: VoucherBatch, address: str = "https://bank.example") -> bytes:
    path = url_of(batch, "print")
    return bytes(gm.confirm(path, gm.state(path, address=address)).content)


def test_what_they_can_mint_is_said_before_they_are_made(world: World, gm: Desk, making: str) -> None:
    statement = gm.state(making, **TYPED)
    shown = text_of(statement)
    assert "50 vouchers are made, worth ₵20.00 each." in shown
    assert (
        "50 × ₵20.00 = ₵1,000.00: together they can mint at most 1,000.00 neo-credits of new money." in shown
    )
    assert "<" not in shown
    with tenancy.scope(world.arcadia.tenant):
        assert not Voucher.objects.exists()
    made = gm.confirm(making, statement)
    assert "The vouchers are made." in gm.notice(made)
    assert "not a second time" in gm.notice(gm.confirm(making, statement))
    with tenancy.scope(world.arcadia.tenant):
        assert Voucher.objects.count() == 50
        assert not Transfer.objects.filter(kind="voucher").exists()
    page = text_of(gm.get(made["Location"]))
    assert "Redeemed 0 of 50" in page
    assert "Can still mint ₵1,000.00" in page
    assert "Nobody has redeemed one yet." in page
    assert "open 1–50" in page
    assert "Make vouchers" in page, "the trail stands there"


@pytest.mark.parametrize(
    "wrong", [{"count": "501"}, {"worth": "0"}, {"worth": "1e3"}, {"worth": "90071992547409"}, {"days": "0"}]
)
def test_what_cannot_be_made_is_marked(world: World, gm: Desk, making: str, wrong: dict[str, str]) -> None:
    answer = gm.post(making, {**TYPED, **wrong})
    assert answer.status_code == 422
    assert "Nothing was done" in text_of(answer)


def test_another_currency_counts_in_its_own_decimals(world: World, gm: Desk, making: str) -> None:
    create_currency(actor=world.arcadia.server, code="SC", name="scrap", symbol="§", exponent=0)
    shown = text_of(gm.state(making, **TYPED, coin="SC"))
    assert "50 × §20 = §1,000" in shown
    assert gm.post(making, {**TYPED, "coin": "SC", "worth": "12.50"}).status_code == 422


def test_the_sheet_has_every_code_that_is_still_good(world: World, gm: Desk, batch: VoucherBatch) -> None:
    sheet = printed(gm, batch)
    found = codes_in(sheet)
    assert len(found) == 3
    assert page_count(sheet) == 1
    assert all(code.startswith("https://bank.example/vouchers/") for code in found)
    words = words_in(sheet)
    code = found[0].rpartition("/")[2]
    assert voucher_codes.spaced(code) in words
    assert "₵20.00" in words
    redeem(actor=world.bob.actor, code=code)
    assert sorted(codes_in(printed(gm, batch))) == sorted(set(found) - {found[0]})
    assert text_of(gm.get(url_of(batch))).count("Print vouchers") == 2, "each print stands in the trail"
    assert code not in text_of(gm.get(url_of(batch)))


def test_who_has_redeemed_which(world: World, gm: Desk, batch: VoucherBatch) -> None:
    first = codes_in(printed(gm, batch))[0].rpartition("/")[2]
    paid = redeem(actor=world.bob.actor, code=first).transfer
    answer = gm.get(url_of(batch))
    page = text_of(answer)
    assert "Redeemed 1 of 3" in page
    assert "Minted so far ₵20.00" in page
    assert re.search(rf"When \d Bob Bob · {world.bob.number}", page)
    assert re.search(r"open (2–3|1, 3|1–2) ", page)
    for link in (url_of(paid), url_of(world.bob.user), url_of(world.bob.account)):
        assert f'href="{link}"' in answer.content.decode()
    by_code = gm.get("/admin/ledger/voucherbatch/", q=voucher_codes.spaced(first).lower())
    assert "1 of 3" in text_of(by_code)
    assert "1 of 3" not in text_of(gm.get("/admin/ledger/voucherbatch/", q="nothing"))


def test_the_rest_is_voided(world: World, gm: Desk, batch: VoucherBatch) -> None:
    first = codes_in(printed(gm, batch))[0].rpartition("/")[2]
    redeem(actor=world.bob.actor, code=first)
    path = url_of(batch, "void")
    assert "2 vouchers that nobody has redeemed, worth ₵40.00 together" in text_of(gm.get(path))
    assert "2 vouchers were voided." in gm.notice(gm.act(path, reason="the box was stolen"))
    assert "voided before" in gm.notice(gm.act(path, reason="the box was stolen"))
    shown = gm.get(url_of(batch))
    assert "the rest is voided" in text_of(shown)
    assert not {"print", "void"} & offered(shown)
    assert "None of these vouchers" in text_of(
        gm.state(url_of(batch, "print"), address="https://bank.example")
    )
    assert world.bob.balance() == 20_00


def test_an_old_console_asks_for_the_password_before_it_makes_or_prints(
    world: World, making: str, batch: VoucherBatch
) -> None:
    for path, typed in ((making, TYPED), (url_of(batch, "print"), {"address": "https://bank.example"})):
        with time_machine.travel(timezone.now() + timedelta(hours=1)):
            late = Desk(world.arcadia.host, world.gm)
        with time_machine.travel(timezone.now() + timedelta(hours=1, minutes=6)):
            statement = late.state(path, **typed)
            assert late.confirm(path, statement).status_code == 403
            assert late.confirm(path, statement, password=PASSWORD).status_code in {200, 303}
