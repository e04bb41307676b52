"""OPTIONS: the question that browsers ask before another origin's app may speak (CORS), and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.cast import World, make_world
from tests.strangers import Address, addresses

API = [address for address in addresses() if address.route.startswith("api/")]
SOME = {"number": "NC-2222-2222", "slug": "somebody"}
SOME_ID = "01234567-89ab-7def-8123-456789abcdef"
APP = "https://app.example"


@pytest.fixture
def world(db: None) -> World:
    made = make_world()
    made.arcadia.tenant.cors_origins = [APP]
    made.arcadia.tenant.save()
    return made


def ask(world: World, address: Address, headers: dict[str, str]) -> Any:
    path = address.filled({name: SOME.get(name, SOME_ID) for name in address.parameters})
    return Client(raise_request_exception=False).options(path, headers={"Host": world.arcadia.host} | headers)


def test_no_address_is_described_by_options(world: World) -> None:
    device = world.arcadia.till(world.bob).device()
    for headers in ({}, world.alice.phone().headers, world.gm.phone().headers, device.headers):
        for address in API:
            answer = ask(world, address, headers)
            assert answer.status_code in {401, 403, 405}, f"{address}: {answer.status_code}"
            assert answer["Content-Type"] == "application/problem+json"
            if address.is_api and answer.status_code == 405:
                assert answer.json()["code"] == "method_not_allowed"


def test_an_app_of_another_origin_is_let_in_everywhere(world: World) -> None:
    for address in API:
        headers = {"Origin": APP, "Access-Control-Request-Method": "POST"}
        answer = ask(world, address, headers)
        assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (200, APP), str(address)
        stranger = ask(world, address, headers | {"Origin": "https://evil.example"})
        assert "Access-Control-Allow-Origin" not in stranger, str(address)
