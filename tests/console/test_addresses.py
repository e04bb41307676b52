"""Under which address an event is printed on cards and posters, and what a phone has to trust first."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Domain
from identity import addresses
from tests.cast import World
from tests.console.desk import Desk, fields_of, text_of, url_of
from tests.paper import codes_in, words_in

LAPTOP = "https://192.168.1.5:8443"
TRUST = "http://192.168.1.5:8080/"


@pytest.fixture
def laptop(settings: Any) -> None:
    """What `make event` tells its bank."""
    settings.PUBLIC_URL, settings.TRUST_URL = LAPTOP, TRUST
    settings.TRUST_FINGERPRINT = ":".join(["AB"] * 32)


@pytest.mark.parametrize(
    ("hosts", "public", "asked_at", "proposed"),
    [
        ((), "", "https://localhost:8443", "https://localhost:8443"),
        ((), "", "https://10.0.0.7", "https://10.0.0.7"),
        ((), LAPTOP, "https://localhost:8443", LAPTOP),
        ((), LAPTOP, "https://camp.local:8443", LAPTOP),
        ((), "https://127.0.0.1:8443", "https://camp.local:8443", "https://camp.local:8443"),
        (("arcadia.example",), "", "https://localhost:8443", "http://arcadia.example"),
        (("arcadia.example",), LAPTOP, "https://localhost:8443", "http://arcadia.example"),
        (("arcadia.example",), "https://arcadia.example:444/", "http://[::1]", "https://arcadia.example:444"),
    ],
)
def test_what_is_proposed_is_what_phones_open_as_far_as_anybody_knows(
    world: World, settings: Any, hosts: tuple[str, ...], public: str, asked_at: str, proposed: str
) -> None:
    settings.PUBLIC_URL = public
    tenant = world.arcadia.tenant
    Domain.objects.filter(tenant=tenant).delete()
    for host in hosts:
        Domain.objects.create(tenant=tenant, host=host)
    assert addresses.proposal(tenant, asked_at) == proposed


@pytest.mark.usefixtures("laptop")
def test_nothing_is_said_about_trust_for_an_address_that_is_not_the_laptops(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["192.168.1.5", "camp.local"]
    for address in (LAPTOP, "https://camp.local:8443"):
        assert addresses.trust_for(address) == addresses.Trust(TRUST, settings.TRUST_FINGERPRINT)
    assert addresses.trust_for("https://bank.example") is None
    settings.TRUST_URL = ""
    assert addresses.trust_for(LAPTOP) is None


@pytest.mark.usefixtures("laptop")
def test_in_the_laptops_console_paper_and_desk_carry_its_address_and_its_way_of_trusting(
    world: World, gm: Desk
) -> None:
    tenant = world.arcadia.tenant
    Domain.objects.filter(tenant=tenant).delete()
    poster, cards = url_of(tenant, "poster"), url_of(tenant, "login-cards")
    proposed = fields_of(gm.get(poster))["address"]
    assert proposed == LAPTOP
    statement = gm.state(poster, address=proposed)
    assert f"how to trust the bank's certificate: at {TRUST}" in text_of(statement)
    page = gm.confirm(poster, statement).content
    assert set(codes_in(page)) == {TRUST, f"{LAPTOP}/register?event_code=moonrise"}
    assert words_in(page).count("AB") == 32

    statement = gm.state(cards, days="14", faction="all", everybody="on", address=proposed)
    printed = gm.confirm(cards, statement).content
    assert all(code.startswith(f"{LAPTOP}/card/") for code in codes_in(printed))
    assert "First open 192.168.1.5:8080." in words_in(printed)

    shown = gm.act(url_of(world.alice.user, "login-qr")).content.decode()
    assert f"{LAPTOP}/card/" in shown
    assert TRUST in shown
