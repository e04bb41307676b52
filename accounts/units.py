"""The unit of work: the outermost service opens the transaction and runs again, whole, when the database asks for it."""

from __future__ import annotations

import functools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar, cast

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.utils import DatabaseError
from django.utils.translation import gettext as _

from accounts import tenancy
from accounts.actors import Actor
from accounts.errors import Conflict, DomainError, Unavailable

P = ParamSpec("P")
T = TypeVar("T")

# SQLite has one writer. Its own waiting is a poll that starves some under load; threads of one process queue here instead, and
# only processes meet at the file.
_writer = threading.RLock()
_WRITER_WAIT_S = 5

TRIES = 5
RETRY_AFTER_S = 2
_SERIALIZATION, _DEADLOCK = "40001", "40P01"
# Our own limit for waiting, and the server's for a whole statement, where it was set one: waiting is what takes long here.
_TOOK_TOO_LONG = {"55P03", "57014"}
# The server stops, has crashed, starts, or has no connection left; and everything that went wrong with a connection.
_NO_CONNECTION, _CONNECTION_CLASS = {"57P01", "57P02", "57P03", "53300"}, "08"


class _NotMyTurn(Unavailable):
    """The writer before us takes long: another process may hold the file. A unit tries again, others say so."""


class RunAgain(Exception):
    """Raised inside a unit when what it looked at has just changed: nothing was written, the same call will see it."""


def unit_of_work(service: Callable[Concatenate[P], T | DomainError]) -> Callable[P, T]:
    """Make ``service(*, actor, ...)`` an outermost service.

    It runs in one durable transaction within the actor's tenant. A ``DomainError`` that it raises rolls everything back; one
    that it *returns* is committed first (with the stored outcome and the audit line) and raised then. A serialization
    failure, deadlock or busy database runs it again, at most 5 times with jitter, then raises ``Unavailable``; a lock timeout
    while an idempotency key was being claimed raises ``Conflict`` (``in_flight``).
    """

    @functools.wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        actor = cast(Actor, kwargs["actor"])
        with tenancy.scope(actor.tenant):
            outcome = _run_until_settled(lambda: service(*args, **kwargs))
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    return run


def _run_until_settled(attempt: Callable[[], T | DomainError]) -> T | DomainError:
    for tried in range(1, TRIES + 1):
        try:
            with writers_turn(), transaction.atomic(durable=True):
                return attempt()
        except (RunAgain, _NotMyTurn):
            pass
        except DatabaseError as error:
            if _is_lock_timeout(error):
                raise _refusal_of_lock_timeout(error) from error
            if not _is_passing(error):
                raise
        if tried < TRIES:
            # Jitter keeps two that met once from meeting again; it is no cryptography.
            time.sleep(random.uniform(0.005, 0.02) * 2**tried)  # noqa: S311
    raise _busy()


@contextmanager
def writers_turn() -> Iterator[None]:
    """On SQLite, wait for one's turn among the writers of this process. Raises ``Unavailable`` (``busy``) after 5 s."""
    if connection.vendor != "sqlite":
        yield
        return
    if not _writer.acquire(timeout=_WRITER_WAIT_S):
        raise _busy(_NotMyTurn)
    try:
        yield
    finally:
        _writer.release()


def is_passing(error: BaseException) -> bool:
    """Whether the database only says "not now": a lock that did not come, or two that met. Nothing of it was written."""
    return isinstance(error, DatabaseError) and (_is_passing(error) or _is_lock_timeout(error))


def is_connection_lost(error: BaseException) -> bool:
    """Whether there is no way to the database: it is not known whether a commit that was under way has happened."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    if connection.vendor == "sqlite":
        return "unable to open database file" in str(error)
    state = getattr(error.__cause__, "sqlstate", None)
    if state is None:
        # The driver itself says so. Its InterfaceError is also what misuse of it raises.
        return isinstance(error, OperationalError) or "closed" in str(error)
    return state in _NO_CONNECTION or state.startswith(_CONNECTION_CLASS)


def _is_passing(error: DatabaseError) -> bool:
    if connection.vendor == "sqlite":
        return isinstance(error, OperationalError) and "locked" in str(error)
    return getattr(error.__cause__, "sqlstate", None) in {_SERIALIZATION, _DEADLOCK}


def _is_lock_timeout(error: DatabaseError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _TOOK_TOO_LONG


def _refusal_of_lock_timeout(error: DatabaseError) -> DomainError:
    context = getattr(getattr(error.__cause__, "diag", None), "context", None) or ""
    if "ledger_claim" in context:
        return Conflict(
            "in_flight",
            _("The same request is still being worked on. Ask again in a moment with the same key."),
            retry_after=RETRY_AFTER_S,
        )
    return _busy()


def _busy(kind: type[Unavailable] = Unavailable) -> Unavailable:
    return kind("busy", _("The bank is very busy. Nothing was done; try again."), retry_after=RETRY_AFTER_S)
