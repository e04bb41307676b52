"""What every test may ask for: an engine, a database in the state the test needs, a real server.

- `db` (or the `django_db` mark): a transaction on the worker's database, rolled back afterwards. The usual choice.
- `fresh_database`: a copy of the migrated template for one test, for real commits, threads and processes.
- `serve`: real gunicorn servers on the fresh database.
- `valkey`: the URL of a real Valkey.
- `engine`: "postgresql" or "sqlite".

Django reads its settings when it is first touched, and pytest-django touches it before any conftest when it is told the
settings module in pyproject.toml. So the module is named here instead, after the environment has been put right.
"""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import django
import pytest
from django.conf import settings
from pytest_django.plugin import DjangoDbBlocker

from tests import databases
from tests.servers import WebServer
from tests.sessions import ENGINES, Database, Session

if settings.configured:
    pytest.exit(
        "Unset DJANGO_SETTINGS_MODULE: the tests choose their own settings and databases.", returncode=4
    )

SESSION = Session.of_this_process()
SESSION.apply_environment()
os.environ["DJANGO_SETTINGS_MODULE"] = "neobank.settings"
django.setup()
# Left in place, it would make the workers read their settings before this file has run there.
del os.environ["DJANGO_SETTINGS_MODULE"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which engine to run on; `make test` runs both."""
    parser.addoption(
        "--engine", choices=list(ENGINES), default="postgresql", help="the database engine to test on"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse an engine that was named where it came too late; let a terminated run clean up like an interrupted one."""
    if SESSION.worker == "main":
        if config.getoption("engine") != SESSION.engine:
            raise pytest.UsageError("Give --engine on the command line, not in a file or a variable.")
        signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_report_header() -> str:
    """Say which engine this run is about."""
    return f"engine: {ENGINES[SESSION.engine]}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Before any worker exists: start the servers and migrate, once."""
    open_session()


def pytest_unconfigure() -> None:
    """At the end, an interrupted run included: nothing is left running."""
    SESSION.close()


def open_session() -> None:
    """Open the session, or end the run with the plain reason."""
    try:
        SESSION.open()
    except databases.ServerFailed as failure:
        pytest.exit(f"The test database could not be made.\n{failure}", returncode=3)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is of the other engine or was seen on it, and refuse tests that would need a flush."""
    others = {"postgresql": ("sqlite_only", "once"), "sqlite": ("postgresql_only",)}[SESSION.engine]
    left_out = [item for item in items if any(map(item.get_closest_marker, others))]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in set(left_out)]
    for item in items:
        mark = item.get_closest_marker("django_db")
        fixtures = set(getattr(item, "fixturenames", ()))
        flushes = fixtures & {"transactional_db", "live_server", "django_db_reset_sequences"}
        if flushes or (mark and (mark.kwargs.get("transaction") or mark.args)):
            raise pytest.UsageError(
                f"{item.nodeid}: tests never flush; use the fresh_database fixture instead."
            )
        if "fresh_database" in fixtures and ("db" in fixtures or mark):
            raise pytest.UsageError(f"{item.nodeid}: take either db or fresh_database, not both.")


@pytest.fixture(scope="session")
def engine() -> str:
    """The engine of this run: "postgresql" or "sqlite"."""
    return SESSION.engine


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The worker's own copy of the template; replaces pytest-django's way of making and migrating databases."""
    open_session()
    SESSION.databases.copy(SESSION.name)
    yield
    with django_db_blocker.unblock():
        django.db.connections.close_all()


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    """Counters and cached rows of one test are no business of the next."""
    from django.core.cache import caches

    for cache in caches.all(initialized_only=True):
        cache.clear()


@pytest.fixture
def fresh_database(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Database]:
    """A copy of the template for this test alone; Django's connections, in every thread, lead to it.

    What the test commits stays until the copy is dropped at its end, so threads, servers and commands all see it.
    """
    with SESSION.database() as database, django_db_blocker.unblock(), SESSION.connected_to(database):
        yield database


@pytest.fixture
def serve(
    fresh_database: Database, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Callable[..., WebServer]]:
    """A function that starts a real gunicorn on the fresh database and returns when it answers.

    `serve(workers=2, threads=4, SETTING="value")`; the returned server has `base_url`, `kill`, `stop` and `start`.
    Several workers get a Valkey to count in. On SQLite production refuses them; a laptop may, so DEBUG=1 there.
    """
    started: list[WebServer] = []

    def start(*, workers: int = 1, threads: int = 4, **more: str) -> WebServer:
        chosen = {"WEB_WORKERS": str(workers), "WEB_THREADS": str(threads)}
        if workers > 1:
            chosen["REDIS_URL"] = request.getfixturevalue("valkey")
            chosen["DEBUG"] = "1" if SESSION.engine == "sqlite" else "0"
        server = WebServer(tmp_path, environment=fresh_database.environment | chosen | more)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture
def server(serve: Callable[..., WebServer]) -> WebServer:
    """One running server of one worker, for tests that need no more than that."""
    return serve()


@pytest.fixture(scope="session")
def valkey() -> Iterator[str]:
    """The URL of a real Valkey, started when the first test of a worker asks for it."""
    running = databases.start_valkey()
    yield running.url
    running.remove()
