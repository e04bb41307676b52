"""What has happened in the bank of the pictures: a Saturday night in NeoTropolis, the same names and sums every time.

`tell` needs an empty, migrated SQLite database, and moves the clock itself: PostgreSQL goes by its own.
"""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from unittest.mock import patch

import time_machine
from django.contrib import admin
from django.test import override_settings
from django.urls import reverse

from accounts import roles, tenancy
from accounts.models import LoginCode, Tenant, User
from accounts.services.login_codes import issue_login_codes
from accounts.services.settings import change_settings
from identity.addresses import Trust
from identity.paper.vouchers import ON_A_PAGE, PrintedVoucher, vouchers_pdf
from identity.services.cards import address_of, print_cards
from identity.services.poster import join_poster
from ledger import voucher_codes
from ledger.models import Account, Transfer, VoucherBatch
from ledger.services import accounts, asking, requests, transfers, vouchers
from ledger.services.factions import found_faction
from ledger.services.gm import adjust
from ledger.services.transfers import Payment
from tests.cast import Event, Person, make_event
from tests.console.desk import url_of

PLAYER, BAR, GM = "Vex", "The Last Drop", "Old Nyx"
HOST: Final = "neotropolis.example"
#: Saturday, 22:40 in the event's own time: what the server's clock shows when the pictures are taken.
EVENING: Final = dt.datetime(2026, 7, 18, 20, 40, tzinfo=dt.UTC)
_CODE: Final = "neon-4821"
_LAPTOP: Final = "https://192.168.1.5:8443"
_TRUST: Final = Trust("http://192.168.1.5:8080/", ":".join(f"{17 * n % 256:02X}" for n in range(1, 33)))

_PEOPLE: Final = {
    # name: faction, what was there at the beginning
    PLAYER: ("Chrome Syndicate", 350_00),
    "Kestrel": ("Neon Saints", 200_00),
    "Razor": ("Chrome Syndicate", 1_500_00),
    "Moth": ("Free Grid", 80_00),
    "Ink": ("Free Grid", 120_00),
    "Doc Halogen": ("Neon Saints", 640_00),
    "Silk": ("Chrome Syndicate", 95_00),
    BAR: ("", 500_00),
}
_PAYMENTS: Final = (
    # minutes before the picture, who, whom, how much, what for
    (271, "Razor", PLAYER, 120_00, "courier run, north gate"),
    (244, PLAYER, BAR, 12_50, "two synth-ales"),
    (230, "Kestrel", BAR, 6_25, "synth-ale"),
    (201, "Doc Halogen", "Kestrel", 80_00, "for the eye"),
    (175, PLAYER, "Ink", 45_00, "forged permit"),
    (160, "Silk", BAR, 18_75, "a round for the Grid"),
    (122, "Razor", "Doc Halogen", 300_00, "new arm, first half"),
    (95, PLAYER, BAR, 6_25, ""),
    (71, "Ink", PLAYER, 20_00, "half of it back"),
    (44, "Kestrel", PLAYER, 66_60, "found money"),
    (31, PLAYER, "Silk", 150_00, "the locket"),
    (12, PLAYER, BAR, 25_00, "stew for four"),
)


def tell() -> tuple[dict[str, str], dict[str, bytes]]:
    """Let it all happen. Returns the addresses that SHOTS name in braces, and the PDFs that SHEETS name."""
    with _no_chance(), _at(minutes_ago=300):
        event = make_event("neotropolis", faction="Chrome Syndicate", event_code=_CODE)
        people = _people(event)
    for minutes, who, whom, amount, memo in _PAYMENTS:
        with _no_chance(minutes), _at(minutes_ago=minutes):
            payment = Payment(people[whom].number, amount, memo=memo)
            transfers.transfer(actor=people[who].actor, payment=payment)
    with _no_chance(), _at(minutes_ago=3):
        return _places(event, people), _paper(people)


def _people(event: Event) -> dict[str, Person]:
    with tenancy.scope(event.tenant):
        change_settings(actor=event.server, name="NeoTropolis", time_zone="Europe/Berlin")
    event.tenant.refresh_from_db()
    for faction in ("Neon Saints", "Free Grid"):
        found_faction(actor=event.server, name=faction)
    people = {
        name: event.person(name, money=money, faction=faction) for name, (faction, money) in _PEOPLE.items()
    }
    people[GM] = event.person(GM, role=roles.GM)
    accounts.set_merchant(actor=event.server, account=people[BAR].number, merchant=True)
    event.till(people[BAR], name="Vending machine, dome 2")
    return people


def _places(event: Event, people: dict[str, Person]) -> dict[str, str]:
    """What game masters did last, and the address of everything that is looked at."""
    gm, vex, bar = people[GM], people[PLAYER], people[BAR]
    adjust(actor=gm.actor, account=people["Moth"].number, amount=40_00, reason="bounty for the drone")
    accounts.freeze(
        actor=gm.actor, account=people["Silk"].number, how="debits", reason="dispute about a locket"
    )
    ask = [(9_50, "stew and bread"), (12_50, "two synth-ales"), (6_25, "synth-ale")]
    asked, waiting, paid = (
        requests.ask(actor=bar.actor, amount=amount, memo=memo).request.code for amount, memo in ask
    )
    requests.pay(actor=people["Kestrel"].actor, request=paid)
    [card] = _codes(gm, people["Moth"])
    asking.ask_people(actor=people["Razor"].actor, payers=[PLAYER], amount=33_00, memo="the cab, your third")
    loot, printed = _vouchers(gm)
    for finder, voucher in zip(("Ink", "Moth", PLAYER), printed, strict=False):
        vouchers.redeem(actor=people[finder].actor, code=voucher.code)
    with tenancy.scope(event.tenant):
        receipt = Transfer.objects.filter(memo="stew for four").get()
        account, tenant = Account.objects.get(pk=vex.account.pk), Tenant.objects.get(pk=event.tenant.pk)
        return {
            "card": address_of("", card.code),
            "receipt": reverse("bank:receipt", args=[receipt.pk]),
            "asked": reverse("bank:request", args=[asked]),
            "charging": reverse("bank:charging", args=[waiting]),
            "charged": reverse("bank:charging", args=[paid]),
            "people": _list_of(User),
            "transfers": _list_of(Transfer),
            "person": url_of(vex.user),
            "login_qr": url_of(people["Moth"].user, "login-qr"),
            "account": url_of(account),
            "adjust": url_of(account, "adjust"),
            "reverse": url_of(account, "reverse"),
            "issue_key": url_of(account, "issue-key"),
            "event": url_of(tenant),
            "brand": url_of(tenant, "brand"),
            "pay": url_of(tenant, "pay"),
            "voucher": reverse("bank:voucher", args=[printed[-1].code]),
            "vouchers": url_of(loot),
        }


def _vouchers(gm: Person) -> tuple[VoucherBatch, Sequence[Any]]:
    lives = dt.timedelta(days=2)
    made = vouchers.make_batch(
        actor=gm.actor, label="Loot of the old vault", worth=20_00, count=12, lives=lives
    )
    return made.batch, vouchers.print_batch(actor=gm.actor, batch=made.batch.pk)


def _codes(gm: Person, *people: Person) -> list[Any]:
    return issue_login_codes(
        actor=gm.actor,
        users=[person.user for person in people],
        kind=LoginCode.Kind.DESK,
        lives=dt.timedelta(hours=1),
        request="pictures",
    )


def _paper(people: dict[str, Person]) -> dict[str, bytes]:
    users = [person.user for name, person in people.items() if name not in {BAR, GM, "Moth"}]
    actor, week = people[GM].actor, dt.timedelta(days=7)
    told = {"PUBLIC_URL": _LAPTOP, "TRUST_URL": _TRUST.url, "TRUST_FINGERPRINT": _TRUST.fingerprint}
    with override_settings(**told):
        cards = print_cards(actor=actor, users=users, address=_LAPTOP, lives=week, request="paper")
        sheet = vouchers_pdf(
            [
                PrintedVoucher(
                    number, voucher_codes.spaced(code), f"{_LAPTOP}{reverse('bank:voucher', args=[code])}"
                )
                for number, code in (
                    (n, voucher_codes.code_of("pictures", n)) for n in range(1, ON_A_PAGE + 1)
                )
            ],
            event="NeoTropolis",
            label="Loot of the old vault",
            worth="₵20.00",
            until="20 Jul 2026, 22:40",
            page=f"{_LAPTOP}{reverse('bank:vouchers')}",
        )
        return {
            "poster": join_poster(actor=actor, address=_LAPTOP),
            "cards": cards,
            "vouchers": sheet,
        }


def _list_of(model: Any) -> str:
    label = model._meta
    return reverse(f"{admin.site.name}:{label.app_label}_{label.model_name}_changelist")


@contextmanager
def _at(*, minutes_ago: int) -> Iterator[None]:
    with time_machine.travel(EVENING - dt.timedelta(minutes=minutes_ago), tick=True):
        yield


@contextmanager
def _no_chance(seed: int = 0) -> Iterator[None]:
    """Numbers and codes that people read come out the same every time, so that a picture changes when its page does."""
    chance = random.Random(seed)
    with (
        patch.object(secrets, "randbelow", chance.randrange),
        patch.object(secrets, "choice", chance.choice),
        patch.object(voucher_codes, "new_seed", lambda: "pictures"),
    ):
        yield
