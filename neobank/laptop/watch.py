"""One parent for the bank, its plain-http door and the backups. It restarts nothing by itself, and says loudly what fails."""

from __future__ import annotations

import contextlib
import datetime as dt
import queue
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

MANAGE: Final = str(settings.BASE_DIR / "manage.py")
BANK: Final = "bank"
DOOR: Final = "door"
BACKUP: Final = "backup"
_STOP: Final = "stop"
# gunicorn gives requests 25 seconds; after that nobody waits for them any more.
_STOP_S_MAX: Final = 35
_ASK_AGAIN_S: Final = 0.1
_LOOK_S: Final = 60
_RETRY_S: Final = 60
_KNOCK_S: Final = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """What runs: the environment of all children, how often a backup is taken and by which command, and where to knock.

    ``backup_folder`` has to be there at each of them: a stick that was pulled out must not become a folder on the laptop.
    ``authority`` is the file of the authority that the bank's certificate is checked with; None leaves that to the phones.
    ``zone`` is the event's, for the times at the terminal.
    """

    environment: Mapping[str, str]
    backup_command: list[str]
    backup_folder: Path
    backup_every_s: int
    host: str
    authority: str | None
    zone: dt.tzinfo


class Stopped(Exception):
    """Somebody said stop before the bank was open."""


@dataclass
class Watch:
    """``say`` takes a line for the person at the terminal, ``shout`` one that must not be overlooked, ``look`` is called
    once a minute and returns what is wrong around the bank, if anything.
    """

    plan: Plan
    say: Callable[[str], Any]
    shout: Callable[[str], Any]
    look: Callable[[], str | None]
    _news: queue.SimpleQueue[tuple[str, int, str]] = field(default_factory=queue.SimpleQueue)
    _children: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    _due: float = 0.0
    _last_good: str = ""
    _is_stopping: bool = False

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """SIGTERM, Ctrl-C and a closed terminal end it in good order."""
        wanted = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = {each: signal.signal(each, self._told_to_stop) for each in wanted}
        try:
            yield
        finally:
            for each, handler in before.items():
                signal.signal(each, handler)

    def open(self) -> None:
        """Start bank and door; returns when both answer. Raises ``Stopped``, or ``ChildProcessError`` when one ends."""
        self._start(BANK, ["serve", "--while-stdin-is-open"])
        self._start(DOOR, ["serve", "--door", "--while-stdin-is-open"])
        while not self._answers():
            news = self._next(_ASK_AGAIN_S)
            if news is None:
                continue
            if news[0] == _STOP:
                raise Stopped
            raise ChildProcessError(news[0])

    def run(self) -> int:
        """Take backups until told to stop, or until the bank ends by itself; returns the exit status."""
        looked = time.monotonic()
        self._due = looked
        while True:
            now = time.monotonic()
            if now >= self._due and BACKUP not in self._children:
                self._due = now + self.plan.backup_every_s
                self._start_backup()
            if now >= looked + _LOOK_S:
                looked = now
                if trouble := self.look():
                    self.shout(trouble)
            next_look = looked + _LOOK_S
            wake = next_look if BACKUP in self._children else min(self._due, next_look)
            news = self._next(max(0.0, wake - now))
            if news is None:
                continue
            kind, status, said = news
            if kind == _STOP:
                return 0
            if kind == BACKUP:
                self._tell_of_backup(status, said)
            elif kind == DOOR:
                self.shout(
                    _(
                        "The page about the certificate has ended (status %d). The bank goes on; start again when it is quiet."
                    )
                    % status
                )
            else:
                self.shout(_("The bank has ended by itself (status %d). What it said stands above.") % status)
                return 1

    def close(self) -> None:
        """Let requests finish, end every child, and take a last backup when the bank was open."""
        self._is_stopping = True
        for name in (DOOR, BANK):
            self._end(name)
        if BACKUP in self._children:
            self._await_backup()
        if self._due:
            self.say(_("Taking the last backup ..."))
            self._start_backup()
            self._await_backup()

    def _told_to_stop(self, *_args: Any) -> None:
        if self._is_stopping:
            self.say(_("It is stopping: requests finish, then the last backup is taken."))
        self._news.put((_STOP, 0, ""))

    def _next(self, timeout: float) -> tuple[str, int, str] | None:
        try:
            news = self._news.get(timeout=timeout)
        except queue.Empty:
            return None
        self._children.pop(news[0], None)
        return news

    def _spawn(self, command: list[str], *, listens: bool) -> subprocess.Popen[str]:
        """A child; one that ``listens`` talks to the terminal as it goes, and has a stdin that ends with this process,
        however that ends.
        """
        return subprocess.Popen(
            [sys.executable, MANAGE, *command],
            env=dict(self.plan.environment),
            stdin=subprocess.PIPE if listens else subprocess.DEVNULL,
            stdout=None if listens else subprocess.PIPE,
            stderr=None if listens else subprocess.PIPE,
            text=True,
            # Ctrl-C is for the parent, which ends the children in their order.
            start_new_session=True,
        )

    def _start(self, name: str, command: list[str]) -> None:
        child = self._children[name] = self._spawn(command, listens=name != BACKUP)
        threading.Thread(target=self._wait_for, args=(name, child), daemon=True).start()

    def _start_backup(self) -> None:
        folder = self.plan.backup_folder
        if folder.is_dir():
            self._start(BACKUP, self.plan.backup_command)
        else:
            self._news.put((BACKUP, 1, _("There is no folder %s: is the disk plugged in?") % folder))

    def _await_backup(self) -> None:
        while (news := self._news.get())[0] != BACKUP:
            continue
        self._children.pop(BACKUP, None)
        self._tell_of_backup(*news[1:])

    def _wait_for(self, name: str, child: subprocess.Popen[str]) -> None:
        said = complaint = ""
        if name == BACKUP:
            said, complaint = child.communicate()
        status = child.wait()
        self._news.put((name, status, complaint if status else said))

    def _end(self, name: str) -> None:
        child = self._children.pop(name, None)
        if child is None:
            return
        child.terminate()
        try:
            child.wait(_STOP_S_MAX)
        except subprocess.TimeoutExpired:
            self.shout(_("The %s did not stop in time and is ended now.") % name)
            child.kill()
            child.wait()

    def _tell_of_backup(self, status: int, said: str) -> None:
        clock = dt.datetime.now(self.plan.zone).strftime("%H:%M")
        if status == 0:
            self._last_good = clock
            self.say(_("%(clock)s  backup: %(said)s") % {"clock": clock, "said": _last_line(said)})
            return
        self._due = min(self._due, time.monotonic() + _RETRY_S)
        self.shout(
            _("%(clock)s  NO BACKUP. %(said)s The last good one: %(last)s.")
            % {"clock": clock, "said": _last_line(said), "last": self._last_good or _("none since the start")}
        )

    def _answers(self) -> bool:
        """Whether both answer, and the bank as a phone asks it: with a certificate that is believed."""
        context = ssl.create_default_context(cafile=self.plan.authority)
        if self.plan.authority is None:
            # A given certificate need not be one that this laptop itself believes.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        bank = HTTPSConnection(self.plan.host, settings.PORT, timeout=_KNOCK_S, context=context)
        door = HTTPConnection(self.plan.host, settings.EVENT_HTTP_PORT, timeout=_KNOCK_S)
        return _knock(bank) == 200 and _knock(door) in {200, 302}


def _knock(connection: HTTPConnection) -> int:
    """The status of its answer; 0 without one."""
    try:
        connection.request("GET", "/health/ready")
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()


def _last_line(said: str) -> str:
    lines = [line for line in said.strip().splitlines() if line.strip()]
    return lines[-1] if lines else _("It said nothing.")
