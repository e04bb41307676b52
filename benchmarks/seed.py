"""Fill a migrated database for measuring: one event, many accounts with money, one login per client. Prints it as JSON."""

from __future__ import annotations

import json
import os
import sys

import django

from benchmarks.postings import ACCOUNTS, number

PEOPLE = 200
MONEY = 10**12
LIMITS = {"limit_per_payment": 10**12, "limit_per_day": 10**15}
"""On, so that they are looked at; high enough never to be reached."""


def seed(clients: int) -> dict[str, object]:
    """Make the event; returns what the measuring scripts need.

    People and money come through the services; the accounts of pgbench's scripts, whose numbers are counted, do not.
    """
    from accounts import names, tenancy, tokens
    from accounts.actors import Actor
    from accounts.services.people import draft, make_user
    from accounts.services.sessions import open_session
    from accounts.services.tenants import create_tenant
    from accounts.units import unit_of_work
    from casino.models import Game
    from casino.services.house import fund
    from casino.services.seeds import open_pairs
    from casino.services.setup import open_casino
    from identity.services.stay import Stay
    from ledger.models import Account, Balance
    from ledger.services import gm, setup
    from ledger.services.accounts import open_person

    tenant = create_tenant(command="bench", slug="bench", name="Bench", hosts=("bench.example",))
    server = Actor.server(tenant, "bench")
    setup.create_currency(actor=server, code="NC", name="neo-credits", symbol="₵")

    @unit_of_work
    def people(*, actor: Actor) -> list[tuple[Account, str]]:
        made = []
        for place in range(PEOPLE):
            user = draft(character_name=names.clean(f"Bench {place}"))
            make_user(actor=actor, user=user, password_hash="!")
            account = open_person(actor=actor, user=user)
            token = ""
            if place < clients:
                players.append(Actor(tenant=tenant, user=user))
                opened = open_session(actor=actor, user=user, lasts=Stay.TOKEN.lasts(), device_name="bench")
                token = tokens.issue(opened.session, user, tokens.access_lifetime(refreshable=False))
            made.append((account, token))
        return made

    @unit_of_work
    def counted_accounts(*, actor: Actor, like: Account) -> None:
        made = Account.objects.bulk_create(
            [
                Account(number=number(place), holder=like.holder, currency=like.currency, kind=like.kind)
                for place in range(ACCOUNTS)
            ]
        )
        Balance.objects.bulk_create([Balance(account=account, shard=0) for account in made])

    players: list[Actor] = []
    accounts = people(actor=server)
    counted_accounts(actor=server, like=accounts[0][0])
    numbers = [account.number for account, _ in accounts]
    for run, paid in (("people", numbers), ("counted", [number(place) for place in range(ACCOUNTS)])):
        gm.pay_run(actor=server, lines=[gm.PayLine(one, MONEY) for one in paid], run=run, reason="bench")
    open_casino(actor=server)
    fund(actor=server, amount=MONEY, reason="bench")
    for player in players:
        # Spins bring a client seed, and it protects only who has seen the house's seals.
        open_pairs(actor=player)
    with tenancy.scope(tenant):
        Game.objects.update(pace_ms=0)
        Balance.objects.filter(floor__isnull=False).update(**LIMITS)
    return {
        "tenant": str(tenant.pk),
        "actor": str(accounts[0][0].holder.user_id),
        "accounts": numbers,
        "tokens": [token for _, token in accounts[:clients]],
        "host": "bench.example",
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "neobank.settings")
    django.setup()
    json.dump(seed(int(sys.argv[1])), sys.stdout)
