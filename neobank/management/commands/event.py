"""``manage.py event``: the real thing on one laptop in a field, from nothing to a poster."""

from __future__ import annotations

import argparse
import fcntl
import getpass
import io
import os
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections
from django.utils.translation import gettext as _

from accounts.actors import Actor
from accounts.errors import DomainError
from accounts.models import Tenant
from identity.addresses import Trust
from identity.services.poster import join_link, join_poster
from neobank import local_secrets
from neobank.backups import sealing
from neobank.backups.errors import CannotBackUp
from neobank.laptop import (
    addresses,
    authority,
    moving,
    opening,
    place,
    static_files,
    terminal,
    watch,
)
from neobank.tls import secure_url

MANAGE: Final = str(settings.BASE_DIR / "manage.py")
_SHOWN: Final = "backup-key-was-shown"
# An earlier start that was killed takes its servers along within a few seconds.
_PORT_S_MAX: Final = 30
_PORT_AGAIN_S: Final = 0.2


class Command(BaseCommand):
    help = (
        "Run the event of this laptop for phones on its network: HTTPS, secrets that stay, a poster, backups every 15 minutes. "
        "Asks for the event's name and the game master's login the first time, or takes them from EVENT_NAME, EVENT_GM_NAME and "
        "EVENT_GM_PASSWORD. May be started again at any time."
    )
    # It checks everything itself, when the secrets are drawn.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--restore",
            type=Path,
            metavar="FILE",
            help="first put back a backup of `make event` from another laptop; asks for its BACKUP_KEY",
        )
        # The second half, which already runs under the secrets.
        parser.add_argument("--prepared", action="store_true", help=argparse.SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        # What is made here (the database above all) is for nobody else on this machine.
        os.umask(0o077)
        backup: Path | None = options["restore"]
        try:
            if not options["prepared"]:
                self._prepare(backup)
            status = self._run(backup)
        except (
            OSError,
            CannotBackUp,
            sealing.CannotOpen,
            authority.CannotCertify,
            opening.NobodyToAsk,
        ) as refusal:
            raise CommandError(str(refusal)) from refusal
        except DomainError as refusal:
            raise CommandError(refusal.sentence) from refusal
        except KeyboardInterrupt:
            raise CommandError(_("Stopped before the bank was open. Start it again at any time.")) from None
        sys.exit(status)

    def _prepare(self, backup: Path | None) -> None:
        """Draw the secrets, or take them from a backup; then this process goes on under them."""
        if backup is not None:
            moving.unpack(backup, _key_of(backup))
            (place.folder() / _SHOWN).touch()
            # It stands in the file now, as it is written on paper and not as it was typed.
            for name in ("BACKUP_KEY", "BACKUP_KEY_FILE"):
                os.environ.pop(name, None)
        place.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        line = [sys.executable, MANAGE, "event", "--prepared"]
        line += ["--restore", str(backup)] if backup is not None else []
        os.execve(sys.executable, line, place.environment())  # noqa: S606

    def _run(self, backup: Path | None) -> int:
        held = _hold(place.folder())
        try:
            self._wait_for_ports()
            names = list(dict.fromkeys((*place.names(), *place.THIS_MACHINE)))
            certificate = self._certify(names)
            self._gather_static_files()
            if backup is not None:
                self._step("restore", str(backup))
            self._step("migrate", "--verbosity=0")
            tenant = opening.open_event(say=self._say)
            self._step("check", "--deploy", "--fail-level", "WARNING", "--database", "default", quiet=True)
            connections.close_all()
            return self._serve(tenant, names, certificate)
        finally:
            os.close(held)

    # -- before it is open ---------------------------------------------------------------------------------------------

    def _wait_for_ports(self) -> None:
        if settings.PORT == settings.EVENT_HTTP_PORT:
            raise CommandError(_("PORT and EVENT_HTTP_PORT are the same. Give each its own."))
        for port, setting in ((settings.PORT, "PORT"), (settings.EVENT_HTTP_PORT, "EVENT_HTTP_PORT")):
            deadline = time.monotonic() + (_PORT_S_MAX if _ran_before() else 0)
            while (why := _why_not_listen(port)) and time.monotonic() < deadline:
                time.sleep(_PORT_AGAIN_S)
            if why:
                raise CommandError(
                    _(
                        "Port %(port)d cannot be used: %(why)s. End the program that uses it, or choose another port: "
                        "%(setting)s=%(other)d make event"
                    )
                    % {"port": port, "why": why, "setting": setting, "other": port + 1000}
                )

    def _certify(self, names: list[str]) -> str:
        """See to the certificate; returns the fingerprint of our authority, "" with a given certificate."""
        if not place.has_own_authority():
            given = authority.certificate_in(Path(settings.TLS_CERT))
            if given.not_valid_after_utc < datetime.now(UTC):
                raise CommandError(_("The certificate in %s has ended. Get a new one.") % settings.TLS_CERT)
            return ""
        now = datetime.now(UTC)
        laptop = next(iter(addresses.names_of_this_machine()[1:]), "localhost")
        root, is_new = authority.authority(place.authority_path(), laptop=laptop, names=names, now=now)
        for name in sorted({*names} - {*place.reachable(names)}):
            names.remove(name)
            self._shout(_("%s is no address of a local network: phones are not led there.") % name)
        if authority.certify(
            place.certificate_path(), authority=place.authority_path(), names=names, now=now
        ):
            self.stdout.write(_("Made a certificate for %s.") % ", ".join(names))
        if is_new and _ran_before():
            self._shout(
                _("The authority is a new one: every phone has to trust it anew. Hang up the new poster.")
            )
        return authority.fingerprint(root)

    def _gather_static_files(self) -> None:
        if not settings.COLLECTED_STATIC or static_files.are_gathered():
            return
        self.stdout.write(
            _("Gathering the pages' files, once for this version; this takes a minute or two ...")
        )
        # Not the second browser for API documentation, which no page of ours uses.
        self._step("collectstatic", "--noinput", "--clear", "--ignore", "redoc", "--verbosity=0", quiet=True)
        static_files.remember()

    def _step(self, *command: str, quiet: bool = False) -> None:
        """Another command, in this process, which has its settings. Raises what it raises: ``CommandError``."""
        call_command(
            *command,
            stdout=io.StringIO() if quiet else self.stdout,
            stderr=io.StringIO() if quiet else self.stderr,
        )
        self.stdout.flush()

    # -- open ----------------------------------------------------------------------------------------------------------

    def _serve(self, tenant: Tenant, names: list[str], fingerprint: str) -> int:
        plan = watch.Plan(
            # What the authority is, and for which names, is known since it was made. The page about the certificate knows no
            # event, and speaks its language all the same.
            environment=place.for_children({**os.environ, **place.public(names, port=settings.PORT)})
            | {"LANGUAGE_CODE": tenant.language},
            backup_command=[
                *("backup", "--with-secrets", "--label", "event"),
                *("--keep", str(settings.EVENT_BACKUP_KEEP), "--to", str(place.backup_folder())),
            ],
            backup_folder=place.backup_folder(),
            backup_every_s=max(1, settings.EVENT_BACKUP_EVERY_S),
            host="127.0.0.1" if settings.HOST in local_secrets.EVERYWHERE else settings.HOST,
            authority=str(place.authority_path()) if fingerprint else None,
            zone=ZoneInfo(tenant.time_zone),
        )
        if not settings.EVENT_BACKUP_DIR:
            plan.backup_folder.mkdir(parents=True, exist_ok=True)
        watching = watch.Watch(plan, say=self._say, shout=self._shout, look=lambda: _trouble(names))
        with watching.signals():
            try:
                watching.open()
                self._tell(tenant, names, fingerprint)
                return watching.run()
            except watch.Stopped:
                return 0
            except ChildProcessError as ended:
                raise CommandError(
                    _("The %s did not start; what it says stands above.") % ended.args[0]
                ) from ended
            finally:
                watching.close()
                self._say(_("Closed. Everything is kept in %s.") % place.folder())

    def _tell(self, tenant: Tenant, names: list[str], fingerprint: str) -> None:
        first = names[0]
        address = secure_url("/", first).rstrip("/")
        join = join_link(tenant, address)
        trust = Trust(place.trust_url(names), fingerprint) if fingerprint else None
        page = join_poster(actor=Actor.server(tenant, opening.COMMAND), address=address, trust=trust)
        authority.write(place.poster_path(), page)
        shown = terminal.Summary(
            event=tenant.name,
            event_code=tenant.event_code,
            addresses=[
                secure_url("/", name) for name in names if name not in place.THIS_MACHINE or name == first
            ],
            join_url=join,
            trust_url=trust.url if trust else "",
            fingerprint=fingerprint,
            poster=place.poster_path(),
            backups=place.backup_folder(),
            every_minutes=f"{settings.EVENT_BACKUP_EVERY_S / 60:g}",
            is_on_a_network=first not in place.THIS_MACHINE,
        )
        for line in terminal.lines(shown):
            self._say(line)
        self._say(f"{_('Join'):<16}{join}")
        if terminal.can_show_pictures(sys.stdout):
            self._say(terminal.qr(join))
        self._show_backup_key()
        if trouble := _backups_are_here():
            self._shout(trouble)
        self._say(_("Ctrl-C ends it: requests finish, a last backup is taken, everything is kept."))

    def _show_backup_key(self) -> None:
        marker = place.folder() / _SHOWN
        if marker.exists() or not _is_drawn("BACKUP_KEY"):
            return
        for line in terminal.backup_key(settings.BACKUP_KEY, sealing.key_id(settings.BACKUP_KEY)):
            self._say(line)
        marker.touch()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _shout(self, text: str) -> None:
        bell = "\a" if sys.stderr.isatty() else ""
        self.stderr.write(f"{bell}*** {text}", self.style.ERROR)
        self.stderr.flush()


def _hold(folder: Path) -> int:
    """The folder, held by this process alone until it ends in whatever way."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise CommandError(
            _("This event runs already, in another window: https://localhost:%d. End it there with Ctrl-C.")
            % settings.PORT
        ) from None
    return descriptor


def _ran_before() -> bool:
    return place.poster_path().exists()


def _why_not_listen(port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, port))
        except OSError as error:
            return error.strerror or str(error)
    return ""


def _key_of(backup: Path) -> str:
    if not backup.is_file():
        raise CommandError(_("There is no file %s.") % backup)
    if settings.BACKUP_KEY not in {"", settings.INSECURE}:
        return place.tidy_key(settings.BACKUP_KEY)
    if not sys.stdin.isatty():
        raise CommandError(_("Set BACKUP_KEY (or BACKUP_KEY_FILE) to the key on paper, and start it again."))
    return place.tidy_key(getpass.getpass(_("BACKUP_KEY of that backup: ")))


def _is_drawn(secret: str) -> bool:
    kept = local_secrets.load_or_draw(place.secrets_path(), {}, draw=place.DRAW, note=place.NOTE)
    return kept[secret] == getattr(settings, secret)


def _backups_are_here() -> str | None:
    """What is wrong with the place of the backups, if anything."""
    folder = place.backup_folder()
    if not settings.EVENT_BACKUP_DIR:
        return (
            _(
                "BACKUPS LIE ON THIS LAPTOP ALONE, in %s: when it falls into the lake, so do they. Plug in a stick, then: "
            )
            % folder
            + "EVENT_BACKUP_DIR=/path/of/the/stick make event"
        )
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if there.stat().st_dev == place.folder().stat().st_dev:
        return (
            _(
                "BACKUPS LIE ON THE SAME DISK as the bank, in %s. Name a folder on another one in EVENT_BACKUP_DIR."
            )
            % folder
        )
    return None


def _trouble(names: list[str]) -> str | None:
    """What changed around the bank since it was opened."""
    now = place.names()
    if now and now[0] not in names:
        return (
            _(
                "THE ADDRESS HAS CHANGED to %s, and phones do not find the bank any more. Press Ctrl-C and start it again."
            )
            % now[0]
        )
    if not now and names[0] not in place.THIS_MACHINE:
        return _("THE NETWORK IS GONE. Phones do not reach the bank until this laptop is back on it.")
    return None
