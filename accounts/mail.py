"""Letters by e-mail, where ``EMAIL_URL`` is set: handed over after the commit, sent by a thread of this process.

Whoever hands one over waits for nothing: a mail server that is slow, broken or gone delays no page and fails no sign-in. There is
no table of letters to send. Each one is asked for again with the same button, or says what stands in the inbox of the bank
anyway, so what a crash loses costs a click; and links that open something lie in no database and in no backup.
"""

from __future__ import annotations

import atexit
import queue
import threading
from dataclasses import dataclass, field
from email.utils import formataddr
from smtplib import SMTPRecipientsRefused, SMTPResponseException
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage

log = structlog.get_logger(__name__)

# Beyond this the mail server has been gone for long, or somebody floods it.
WAITING_MAX: Final = 200
# Before each try, in seconds.
PAUSES_S: Final = (0, 3, 15)
_LAST_WORDS_S: Final = 5
# Answers of a mail server from here on are for good.
_NEVER: Final = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in plain text. ``kind`` is what the log calls it; its repr shows neither whom it goes to nor what it says."""

    kind: str
    sender: str = field(repr=False)
    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


_waiting: queue.Queue[Letter] = queue.Queue(WAITING_MAX)
_lock = threading.Lock()
_postman: threading.Thread | None = None
_closing = threading.Event()


def is_on() -> bool:
    """Whether letters are sent from here."""
    return bool(settings.EMAIL_URL)


def post(letter: Letter) -> None:
    """Take ``letter`` in and return at once. Call it after the commit of what the letter tells about."""
    if not is_on():
        return
    try:
        _waiting.put_nowait(letter)
    except queue.Full:
        log.warning("mail.dropped", kind=letter.kind, waiting=WAITING_MAX)
        return
    _start()


def settle(timeout_s: float) -> bool:
    """Wait until every letter was sent or given up; says whether that happened in time."""
    with _waiting.all_tasks_done:
        return _waiting.all_tasks_done.wait_for(lambda: not _waiting.unfinished_tasks, timeout_s)


def _start() -> None:
    """The postman, where there is none yet: after a fork, too, which takes no thread along."""
    global _postman
    with _lock:
        if _postman is None or not _postman.is_alive():
            _postman = threading.Thread(target=_deliver, name="mail", daemon=True)
            _postman.start()


def _deliver() -> None:
    while True:
        letter = _waiting.get()
        try:
            _try_to_send(letter)
        finally:
            _waiting.task_done()


def _try_to_send(letter: Letter) -> None:
    for tried, pause_s in enumerate(PAUSES_S, start=1):
        _closing.wait(pause_s)
        try:
            _send(letter)
        except Exception as error:
            # Whatever a mail server, a resolver or TLS comes up with: the next letter has its own chance.
            log.warning("mail.failed", kind=letter.kind, tried=tried, error=type(error).__name__)
            if _is_final(error):
                break
        else:
            log.info("mail.sent", kind=letter.kind)
            return
    log.error("mail.given_up", kind=letter.kind)


def _is_final(error: Exception) -> bool:
    """Whether the mail server has said that it will never take this letter."""
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= _NEVER for code, _text in error.recipients.values())
    return isinstance(error, SMTPResponseException) and error.smtp_code >= _NEVER


def _send(letter: Letter) -> None:
    # A line break in a header would begin another header; names of events are typed by people.
    EmailMessage(
        subject=" ".join(letter.subject.split()),
        body=letter.text,
        from_email=formataddr((" ".join(letter.sender.split()), settings.EMAIL_FROM)),
        to=[letter.to],
        headers={"Auto-Submitted": "auto-generated"},
    ).send()


@atexit.register
def _last_words() -> None:
    _closing.set()
    settle(_LAST_WORDS_S)
