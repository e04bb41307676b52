#!/usr/bin/env python3
"""Walk through a NeoBank server as two players: register, pay, read the history, give back.

Needs nothing but Python: python examples/demo_cli.py [--base-url http://localhost:8000] [--event-code WORD]
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import urllib.error
import urllib.request
import uuid
from typing import Any


class Refused(Exception):
    """The server answered with a problem; the text is what it says to the person."""


class Bank:
    """The REST API, as one person (or nobody yet) uses it."""

    def __init__(self, base_url: str, token: str = "") -> None:
        self.base_url = base_url.rstrip("/")
        self.token = token

    def call(self, method: str, path: str, body: Any = None, *, key: str = "") -> tuple[Any, bool]:
        """The JSON answer, and whether it is an earlier answer again."""
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if key:
            headers["Idempotency-Key"] = key
        request = urllib.request.Request(  # noqa: S310  the address is the one typed on the command line
            self.base_url + "/api/v1" + path,
            method=method,
            headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.load(answer), answer.headers.get("Idempotent-Replayed") == "true"
        except urllib.error.HTTPError as error:
            problem = json.load(error)
            raise Refused(f"{error.code} {problem.get('code')}: {problem.get('detail')}") from None


def register(base_url: str, role: str, event_code: str) -> tuple[Bank, dict[str, Any]]:
    """A new character with a random name and password."""
    name, password = f"{role} {secrets.token_hex(3)}", secrets.token_urlsafe(12)
    body = {"character_name": name, "password": password} | ({"event_code": event_code} if event_code else {})
    answer, _ = Bank(base_url).call("POST", "/auth/register", body)
    bank = Bank(base_url, answer["access_token"])
    account, _ = bank.call("GET", "/account")
    say(f"registered {name!r}, account {account['account_number']}, balance {account['balance_display']}")
    return bank, account


def say(line: str) -> None:
    sys.stdout.write(f"- {line}\n")


def walk(base_url: str, event_code: str) -> None:
    """The whole walk; raises Refused with the server's own sentence."""
    alice, alice_account = register(base_url, "Alice", event_code)
    bob, bob_account = register(base_url, "Bob", event_code)
    amount = min(1250, alice_account["balance"])
    if amount < 1:
        raise Refused(
            "this event gives no welcome bonus, so Alice has nothing to pay with (try --event-code, or a game master)"
        )

    key = str(uuid.uuid4())
    payment = {"to_account": bob_account["account_number"], "amount": amount, "memo": "two synth-ales"}
    paid, _ = alice.call("POST", "/transfers", payment, key=key)
    transfer = paid["transfer"]
    say(
        f"Alice paid Bob {transfer['amount_display']} ({amount} minor units); she has {paid['new_balance_display']} left"
    )
    again, replayed = alice.call("POST", "/transfers", payment, key=key)
    if not replayed or again["transfer"]["id"] != transfer["id"]:
        raise Refused("the same Idempotency-Key paid twice: this server is broken")
    say("she sent the same request again, as a phone with bad signal does: it was paid once")

    try:
        alice.call("POST", "/transfers", payment | {"amount": 10**12}, key=str(uuid.uuid4()))
    except Refused as refused:
        say(f"a payment that is too large is refused: {refused}")

    refunded, _ = bob.call("POST", f"/transfers/{transfer['id']}/refund", {}, key=str(uuid.uuid4()))
    say(f"Bob gave back {refunded['transfer']['amount_display']}")

    history, _ = alice.call("GET", "/transactions?limit=10")
    say("Alice's history, newest first:")
    for line in history["results"]:
        other = line["counterparty_name"]
        say(
            f"    {line['type']:12} {line['amount_display']:>14}   balance {line['balance_after_display']:>14}   {other}"
        )
    say("done: everything above happened on the server and is in its books")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base-url", default="http://localhost:8000", help="default: %(default)s")
    parser.add_argument("--event-code", default="", help="the word on the poster, where registering needs it")
    arguments = parser.parse_args()
    try:
        walk(arguments.base_url, arguments.event_code)
    except Refused as refused:
        sys.stderr.write(f"The server refused: {refused}\n")
        return 1
    except urllib.error.URLError as error:
        sys.stderr.write(
            f"No server answers at {arguments.base_url} ({error.reason}). Start one with: make run\n"
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
