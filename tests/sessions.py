"""One test session: which engine it runs on, where its files are, and which database each of its processes uses.

With several workers the first process starts the servers and migrates; it hands its choice down in one environment
variable, because settings are read before anything else could reach a worker.
"""

import argparse
import itertools
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

from tests import databases, environment

ENGINES = {"postgresql": "PostgreSQL 18", "sqlite": "SQLite"}
HANDED_DOWN = "NB_TEST_SESSION"


@dataclass(frozen=True)
class Database:
    """A database that is there for one test alone."""

    name: str
    url: str
    var: Path

    @property
    def environment(self) -> dict[str, str]:
        """The environment for a process that is to work on it: a server, a command. Files go to a folder of its own."""
        return environment.process_environment(self.url, self.var)

    def manage(self, *arguments: str, **options: Any) -> CompletedProcess[str]:
        """Run a `manage.py` command on it in a process of its own; `options` as subprocess.run takes them."""
        return databases.manage(*arguments, environment=self.environment, **options)


class Session:
    """What one process of a test session knows. Only the process that opened it may close it."""

    def __init__(self, engine: str, folder: Path, worker: str) -> None:
        self.engine = engine
        self.folder = folder
        self.worker = worker
        self.databases = databases.databases_on(engine, folder)
        self.name = f"nb_{worker}"
        self._counter = itertools.count(1)
        self._opened_here = False

    @classmethod
    def of_this_process(cls) -> "Session":
        """The session around a worker, or a new one for the process that will lead it."""
        worker = os.environ.get("PYTEST_XDIST_WORKER")
        if worker:
            engine, _, folder = os.environ[HANDED_DOWN].partition(":")
            return cls(engine, Path(folder), worker)
        parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
        parser.add_argument("--engine", choices=ENGINES, default="postgresql")
        chosen, _ = parser.parse_known_args(sys.argv[1:])
        return cls(chosen.engine, databases.session_folder(), "main")

    def apply_environment(self) -> None:
        """Give this process the tests' environment, with its own database; before settings are read."""
        marks = {name: value for name, value in os.environ.items() if name.startswith("PYTEST_")}
        wanted = environment.process_environment(self.databases.url(self.name), self._var(self.name))
        os.environ.clear()
        os.environ.update(wanted | marks | {HANDED_DOWN: f"{self.engine}:{self.folder}"})

    def open(self) -> None:
        """Start the servers and migrate the template; a second call does nothing. Raises ServerFailed."""
        if self._opened_here or self.worker != "main":
            return
        self._opened_here = True
        self.folder.mkdir(mode=0o711, exist_ok=True)
        self.folder.chmod(0o711)
        self.databases.start()
        template = self.databases.url(databases.TEMPLATE)
        self.databases.build_template(
            environment.process_environment(template, self._var(databases.TEMPLATE))
        )

    def close(self) -> None:
        """Stop the servers and remove every file of the session."""
        if self._opened_here:
            self.databases.stop()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _var(self, name: str) -> Path:
        """Where processes that work on a database keep their files."""
        return self.folder / "var" / name

    @contextmanager
    def database(self) -> Iterator[Database]:
        """A new copy of the template, removed afterwards together with whoever is still connected to it."""
        name = f"{self.name}_{next(self._counter)}"
        self.databases.copy(name)
        try:
            yield Database(name, self.databases.url(name), self._var(name))
        finally:
            self.databases.drop(name)
            shutil.rmtree(self._var(name), ignore_errors=True)

    @contextmanager
    def connected_to(self, database: Database) -> Iterator[None]:
        """Let every connection that Django opens, in any thread, lead to one database."""
        usual = self._point_connections_to(self.databases.django_name(database.name))
        try:
            yield
        finally:
            self._point_connections_to(usual)

    def _point_connections_to(self, name: str) -> str:
        """Change NAME under every alias; returns what it was. Threads open connections from the same settings."""
        from django.db import connections

        before = ""
        for connection in connections.all():
            connection.close()
            if hasattr(connection, "close_pool"):
                connection.close_pool()
            before = str(connection.settings_dict["NAME"])
            connection.settings_dict["NAME"] = name
        return before
