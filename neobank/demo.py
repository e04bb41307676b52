"""The demo event's people, bar and till, and the file that remembers their logins.

Everything here may run again: what exists stays. Only when the file is lost while its people exist are they given new
passwords, because nobody could know the old ones.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from accounts import keytext, passwords, roles, selectors, tenancy
from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import ApiKey, Tenant, User
from accounts.services.keys import issue_key, revoke_key
from accounts.services.password import reset_password
from accounts.services.people import draft
from accounts.services.staff import create_staff
from accounts.units import unit_of_work
from identity.services.people import create_user
from ledger.idempotency import claim_for
from ledger.models import Account, AccountHolder
from ledger.selectors import first_currency
from ledger.services.accounts import add_staff, open_account
from ledger.services.gm import adjust

COMMAND: Final = "bootstrap"
GM: Final = "Overseer"
FACTIONS: Final = ("Chrome Syndicate", "Neon Saints", "Free Grid")
BAR: Final = "The Last Drop"
TILL: Final = "Demo till"
TILL_SCOPES: Final = ("credit", "debit:any", "balance:read", "balance:any")
TILL_PER_PAYMENT: Final = 100_00
TILL_PER_DAY: Final = 5_000_00
# Read off a terminal and typed into a phone: nothing that looks like something else.
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
_PASSWORD_LENGTH: Final = 14


@dataclass(frozen=True, slots=True)
class Player:
    """A demo player; ``opening`` in minor units."""

    name: str
    faction: str
    opening: int


PLAYERS: Final = (
    Player("Razor", "Chrome Syndicate", 1_500_00),
    Player("Kestrel", "Neon Saints", 1_000_00),
    Player("Moth", "Free Grid", 750_00),
)


def seed(*, tenant: Tenant, path: Path) -> dict[str, Any]:
    """Make what is missing and return the logins, as they stand in the file at ``path`` (readable for its owner only)."""
    actor = Actor.server(tenant, COMMAND)
    with tenancy.scope(tenant):
        accounts = _accounts_of_players()
        bar = _bar()
        known = _remembered(path, accounts, bar)
        logins = known or _new_logins(actor, accounts, bar)
        for player in PLAYERS:
            _pay_opening_money(actor, accounts[player.name], player.opening)
    logins = {**logins, "base_url": base_url()}
    if logins != known:
        _write(path, logins)
    return logins


def base_url() -> str:
    """Where a browser on this machine finds the bank."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)  # noqa: S104  compared, not bound
    return f"{'https' if settings.HTTPS else 'http'}://{host}:{settings.PORT}"


def _new_logins(actor: Actor, accounts: dict[str, Account], bar: Account | None) -> dict[str, Any]:
    """Passwords and a key for everybody; missing people, accounts and the bar are made. Fills ``accounts``."""
    gm = selectors.login_named(GM)
    gm_password = _draw()
    if gm is not None:
        reset_password(actor=actor, person=gm, new=gm_password)
    else:
        gm = draft(character_name=GM, role=roles.GM)
        create_staff(actor=actor, user=gm, password_hash=passwords.hash_of(gm_password, owner=gm))
    players = []
    for player in PLAYERS:
        password = _draw()
        if player.name in accounts:
            reset_password(actor=actor, person=_player(accounts[player.name]), new=password)
        else:
            create_user(actor=actor, character_name=player.name, password=password, faction=player.faction)
            accounts[player.name] = _accounts_of_players()[player.name]
        number = accounts[player.name].number
        players.append({"character_name": player.name, "password": password, "account_number": number})
    bar = bar or _open_bar(actor=actor, barkeeper=_player(accounts[PLAYERS[-1].name]))
    return {
        "base_url": base_url(),
        "gm": {"character_name": GM, "password": gm_password},
        "players": players,
        "terminal": {"api_key": _new_till_key(actor, bar), "account_number": bar.number},
    }


def _remembered(path: Path, accounts: dict[str, Account], bar: Account | None) -> dict[str, Any] | None:
    """The logins of the file, when they belong to this very database: account numbers are random, so they tell."""
    try:
        logins = json.loads(path.read_text(encoding="utf-8"))
        numbers = {player["character_name"]: player["account_number"] for player in logins["players"]}
        till = logins["terminal"]
        key = keytext.parse(till["api_key"])
        complete = bool(logins["gm"]["password"]) and all(player["password"] for player in logins["players"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    ours = {name: account.number for name, account in accounts.items()}
    if not complete or key is None or bar is None or till["account_number"] != bar.number:
        return None
    if numbers != ours or len(ours) != len(PLAYERS) or not ApiKey.objects.filter(prefix=key.prefix).exists():
        return None
    return dict(logins)


def _accounts_of_players() -> dict[str, Account]:
    found = {}
    for player in PLAYERS:
        person = selectors.login_named(player.name)
        if person is not None:
            primary = Account.objects.select_related("holder__user").filter(
                is_primary=True, holder__user=person
            )
            found[player.name] = primary.get()
    return found


def _player(account: Account) -> User:
    if account.holder.user is None:
        raise ValueError(f"account {account.number} belongs to no player")
    return account.holder.user


def _bar() -> Account | None:
    return Account.objects.filter(holder__name=BAR, holder__kind=AccountHolder.Kind.SYSTEM).first()


@unit_of_work
def _open_bar(*, actor: Actor, barkeeper: User) -> Account | DomainError:
    """The event's own bar: a merchant account, and a player who works there."""
    holder = AccountHolder.objects.create(kind=AccountHolder.Kind.SYSTEM, name=BAR)
    bar = open_account(
        actor=actor, holder=holder, currency=first_currency(), primary=True, merchant=True, label="till"
    )
    add_staff(actor=actor, account=bar, user=barkeeper)
    return bar


def _new_till_key(actor: Actor, bar: Account) -> str:
    """A key for the demo till; one whose text was lost is of no use to anybody and ends here."""
    for lost in ApiKey.objects.filter(name=TILL, account_number=bar.number, revoked_at=None):
        revoke_key(actor=actor, key_id=lost.pk, reason="its text was lost")
    issued = issue_key(
        actor=actor,
        name=TILL,
        place=BAR,
        account_number=bar.number,
        scopes=TILL_SCOPES,
        limit_per_payment=TILL_PER_PAYMENT,
        limit_per_day=TILL_PER_DAY,
    )
    return issued.secret


def _pay_opening_money(actor: Actor, account: Account, amount: int) -> None:
    """Once for ever: the claim makes a second start, or one that was cut off, harmless."""
    claim = claim_for(f"demo:opening:{account.number}", method="SEED", path=account.number, body=amount)
    adjust(
        actor=actor, account=account.number, amount=amount, reason=_("Opening money of the demo"), claim=claim
    )


def _draw() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_PASSWORD_LENGTH))


def _write(path: Path, logins: dict[str, Any]) -> None:
    """Whole or not at all, and for the eyes of its owner only from the first byte on."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(logins, file, indent=2, ensure_ascii=False)
        file.write("\n")
    draft.replace(path)
