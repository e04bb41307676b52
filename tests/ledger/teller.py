"""One bank that is asked in plain words and answers in plain data, so that two of them can be held side by side.

    python -m tests.ledger.teller

is such a bank in a process of its own, on the database of its environment: a line of JSON asks, a line of JSON answers. Its
words are the names of the methods of ``Teller``; people are places (Alice 0, Bob 1, Carol 2), a transfer is its place among
those that were made.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.databases import PROJECT

if TYPE_CHECKING:
    from accounts.actors import Actor
    from accounts.errors import DomainError
    from ledger.posting import Claim

NOBODY_AT_ALL = 3


class Asked(Protocol):
    """Somebody who can be asked."""

    def ask(self, word: str, *arguments: Any) -> Any:
        """Do it and say what came of it."""


class Teller:
    """A bank with a stage for each story. Every movement is asked for twice with one key; each answer tells the books."""

    def __init__(self) -> None:
        self.stories = 0
        self.begin()

    def begin(self) -> None:
        """A new story, in an event of its own: what an earlier one has left must not decide it, nor be added up again."""
        from tests.ledger.stage import make_stage

        self.stories += 1
        self.stage = make_stage(f"story-{self.stories}")
        self.people = [self.stage.alice, self.stage.bob, self.stage.carol]
        self.transfers: list[uuid.UUID] = []
        self.places = {person.number: place for place, person in enumerate(self.people)}

    def ask(self, word: str, *arguments: Any) -> Any:
        """What came of it (``paid``, ``refused`` or nothing), and the books."""
        from accounts.errors import DomainError

        stage, before = self.stage, self.stage.books()
        try:
            said = {"paid": getattr(self, word)(*arguments)}
        except DomainError as refused:
            assert stage.books() == before, "a refused request changed something"
            said = {"refused": self._plain(_said(refused))}
        self.check_books()
        return {**said, "books": self._plain(self.what_stands())}

    def pay(self, payer: int, payee: int, amount: int) -> Any:
        """One payment."""
        from ledger.services.transfers import Payment, transfer

        payment = Payment(to_account=self._number(payee), amount=amount)
        return self._twice(
            lambda claim: transfer(actor=self.people[payer].actor, payment=payment, claim=claim)
        )

    def pay_many(self, payer: int, lines: Sequence[tuple[int, int]]) -> Any:
        """A batch: places and amounts."""
        from ledger.services.transfers import Payment, transfer_batch

        payments = [Payment(to_account=self._number(place), amount=amount) for place, amount in lines]
        actor = self.people[payer].actor
        return self._twice(lambda claim: transfer_batch(actor=actor, payments=payments, claim=claim))

    def charge(self, place: int, amount: int) -> Any:
        """The till takes from somebody, for Bob."""
        from ledger.services.transfers import terminal_payment

        payer, payee = self._number(place), self.stage.bob.number
        return self._twice(
            lambda claim: terminal_payment(
                actor=self.stage.device, from_account=payer, to_account=payee, amount=amount, claim=claim
            )
        )

    def give_back(self, which: int, who: int, amount: int | None) -> Any:
        """Refund one of the last transfers: by a person, the till (3) or staff (4)."""
        from ledger.services.transfers import refund

        if not self.transfers:
            return None
        actors: list[Actor] = [person.actor for person in self.people] + [self.stage.device, self.stage.staff]
        pk, actor = self.transfers[-1 - which % len(self.transfers)], actors[who]
        return self._twice(lambda claim: refund(actor=actor, transfer_id=pk, amount=amount, claim=claim))

    def freeze(self, place: int, how: str) -> None:
        """Freeze debits, credits or both."""
        from ledger.services.accounts import freeze

        freeze(actor=self.stage.staff, account=self._number(place), how=how)

    def unfreeze(self, place: int) -> None:
        """Thaw."""
        from ledger.services.accounts import unfreeze

        unfreeze(actor=self.stage.staff, account=self._number(place))

    def limit(self, place: int, per_payment: int | None, per_day: int | None) -> None:
        """Set both limits."""
        from ledger.services.accounts import set_limits

        number = self._number(place)
        set_limits(actor=self.stage.staff, account=number, per_payment=per_payment, per_day=per_day)

    def adjust(self, place: int, amount: int, force: bool) -> Any:
        """Issue money, or take it away."""
        from ledger.services.gm import adjust

        number, staff = self._number(place), self.stage.staff
        return self._twice(
            lambda claim: adjust(
                actor=staff, account=number, amount=amount, reason="story", force=force, claim=claim
            )
        )

    def pause(self) -> None:
        """Stop the world."""
        from accounts.services.world import pause_world

        pause_world(actor=self.stage.staff)

    def resume(self) -> None:
        """Let it go on."""
        from accounts.services.world import resume_world

        resume_world(actor=self.stage.staff)

    def what_stands(self) -> dict[str, Any]:
        """What two banks with the same story must agree on: no moments, no numbers, no shards (those hang on row numbers)."""
        from accounts import tenancy
        from ledger import selectors
        from ledger.models import Balance, Entry, Refunded, Spent

        accounts = [person.account for person in self.people]
        pks = [account.pk for account in accounts]
        with tenancy.scope(self.stage.event.tenant):
            standings = selectors.standings(accounts)
            return {
                "standing": [
                    (s.available, s.balance.amount, s.balance.floor, s.balance.last_seq, s.balance.freeze)
                    for s in standings
                ],
                "history": [
                    list(
                        Entry.objects.filter(account=pk)
                        .order_by("seq")
                        .values_list("amount", "balance_after")
                    )
                    for pk in pks
                ],
                "issued": sum(Balance.objects.exclude(account__in=pks).values_list("amount", flat=True)),
                "given back": sorted(Refunded.objects.filter(amount__gt=0).values_list("amount", "original")),
                "started today": [
                    sum(
                        Spent.objects.filter(scope="account", subject=str(pk)).values_list(
                            "amount", flat=True
                        )
                    )
                    for pk in pks
                ],
                "the till": self.stage.spent("key", self.stage.till.key.pk),
            }

    def check_books(self) -> None:
        """The invariants: zero sum, replay equals balances, no floor broken, no refund above its transfer."""
        from accounts import tenancy
        from ledger import selectors
        from ledger.models import Balance, Entry, Refunded, Transfer

        with tenancy.scope(self.stage.event.tenant):
            balances = list(Balance.objects.all())
            entries = list(Entry.objects.order_by("account_id", "shard", "seq"))
            refunds = list(Refunded.objects.values_list("pk", "amount", "original"))
            given = list(Transfer.objects.exclude(refunds=None).values_list("refunds", "amount"))
            standings = selectors.standings([person.account for person in self.people])
        assert sum(row.amount for row in balances) == 0
        replayed: dict[tuple[int, int], tuple[int, int]] = {}
        for entry in entries:
            seq, amount = replayed.get((entry.account_id, entry.shard), (0, 0))
            assert (entry.seq, entry.balance_after) == (seq + 1, amount + entry.amount)
            replayed[entry.account_id, entry.shard] = entry.seq, entry.balance_after
        for row in balances:
            assert (row.last_seq, row.amount) == replayed.get((row.account_id, row.shard), (0, 0))
            assert row.floor is None or row.amount - row.held >= row.floor
        for pk, amount, original in refunds:
            assert amount == sum(part for refunded, part in given if refunded == pk)
            assert amount <= original
        for standing in standings:
            row = standing.balance
            assert standing.available == row.amount - row.held - (row.floor or 0) >= 0

    def _number(self, place: int) -> str:
        from tests.ledger.stage import NOBODY

        return NOBODY if place == NOBODY_AT_ALL else self.people[place].number

    def _twice(self, do: Callable[[Claim], Any]) -> list[tuple[int, int]]:
        """Do it, and ask again with the same key: the answer is the same and nothing is done a second time."""
        from accounts.errors import DomainError
        from ledger.posting import Claim

        claim = Claim(str(uuid.uuid4()), b"h" * 32)
        try:
            first = _paid(do(claim))
        except DomainError as refused:
            self._is_refused_again(refused, do, claim)
            raise
        books = self.stage.books()
        second = _paid(do(claim))
        assert [one.transfer.pk for one in second] == [one.transfer.pk for one in first]
        assert [one.new_balance for one in second] == [one.new_balance for one in first]
        assert all(one.replayed for one in second)
        assert self.stage.books() == books
        self.transfers += [one.transfer.pk for one in first]
        return [(one.transfer.amount, one.new_balance) for one in first]

    def _is_refused_again(self, first: DomainError, do: Callable[[Claim], Any], claim: Claim) -> None:
        from accounts.errors import DomainError

        books = self.stage.books()
        with pytest.raises(DomainError) as again:
            do(claim)
        assert _said(again.value) == _said(first)
        assert self.stage.books() == books

    def _plain(self, value: Any) -> Any:
        """As JSON would have it; numbers of accounts become places."""
        if isinstance(value, str):
            return self.places.get(value, value)
        if isinstance(value, dict):
            return {name: self._plain(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [self._plain(part) for part in value]
        return value


def _said(refused: DomainError) -> list[Any]:
    facts = {name: fact for name, fact in refused.facts.items() if name != "replayed"}
    return [refused.code, refused.field, facts]


def _paid(answer: Any) -> list[Any]:
    return answer if isinstance(answer, list) else [answer]


class Elsewhere:
    """A teller in a process of its own."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.teller"],
            cwd=PROJECT,
            env={**environment, "DJANGO_SETTINGS_MODULE": "neobank.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, word: str, *arguments: Any) -> Any:
        """What the other one answers; its end, with the traceback on its standard error, ends the test."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([word, *arguments]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the other bank has failed; its reason stands above"
        return json.loads(answer)

    def close(self) -> None:
        """Let it end."""
        self._process.communicate()


def main() -> None:
    """Answer until nobody asks."""
    import django

    django.setup()
    teller = Teller()
    for line in sys.stdin:
        word, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(teller.ask(word, *arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
