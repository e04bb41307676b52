"""The two commands, and the ground the other tests stand on: pins, runners, real servers, databases of one's own."""

import contextlib
import http.client
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from django.core.management import get_commands
from django.db import connection

from tests import databases, environment, house
from tests.servers import WebServer
from tests.sessions import Database

PROJECT = databases.PROJECT


def script(name: str) -> ModuleType:
    """One of scripts/, loaded without being run."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", PROJECT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- the Makefile and the pins -----------------------------------------------------------------------------------------


def makefile_targets() -> dict[str, str]:
    """Target -> recipe of the Makefile."""
    lines = (PROJECT / "Makefile").read_text().splitlines()
    return dict(line.split(": ; ", 1) for line in lines if ": ; " in line)


def test_the_makefile_has_one_line_for_each_target_and_no_other() -> None:
    text = (PROJECT / "Makefile").read_text()
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert declared is not None
    assert list(makefile_targets()) == declared[1].split()
    assert "\t" not in text


def test_every_script_and_command_that_a_target_names_exists() -> None:
    for recipe in makefile_targets().values():
        for named in re.findall(r"scripts/\w+\.py|manage\.py", recipe):
            assert (PROJECT / named).is_file(), named
        for command in re.findall(r"manage\.py (\w+)", recipe):
            assert command in get_commands(), command


def test_every_command_for_staff_stands_in_the_list_of_operations() -> None:
    ours = {name for name, app in get_commands().items() if isinstance(app, str) and app in house.FLOORS}
    page = (PROJECT / "docs" / "operations.md").read_text()
    cells = re.findall(r"^\| (`[a-z].*?) \|", page, re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`([a-z_]+)", cell)}
    # What starts servers or makes their ground, and what makes a page of the documentation.
    assert ours - listed == {"run", "event", "local", "serve", "migrate", "write_docs"}


def test_continuous_integration_runs_lint_and_tests_and_stops_at_the_first_failure() -> None:
    run = PROJECT / ".ci" / "run"
    assert os.access(run, os.X_OK)
    lines = run.read_text().splitlines()
    assert {"set -euo pipefail", "make lint", "make test"} <= set(lines)


def pins(file: str) -> dict[str, str]:
    """Package -> rest of its requirement line, of a compiled file."""
    lines = [
        line
        for line in (PROJECT / file).read_text().splitlines()
        if line and not line.lstrip().startswith("#")
    ]
    return {line.split("==")[0]: line.partition("==")[2] for line in lines}


def test_every_pin_is_exact() -> None:
    for file in ("requirements.txt", "requirements/test.txt"):
        assert all(re.match(r"\d", version) for version in pins(file).values()), file


def test_an_environment_for_the_tests_serves_a_server_too() -> None:
    runtime, test = pins("requirements.txt"), pins("requirements/test.txt")
    assert runtime
    assert {name: test.get(name) for name in runtime} == runtime


# -- scripts/venv.py ---------------------------------------------------------------------------------------------------


@pytest.fixture
def venv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """scripts/venv.py in an empty project; its steps are noted in `steps` instead of run."""
    module = script("venv")
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements.txt").write_text("django==5.2\n")
    (tmp_path / "requirements" / "test.txt").write_text("django==5.2\npytest==9\n")
    python = tmp_path / ".venv" / "bin" / "python"
    steps: list[list[str]] = []

    def run(command: list[str]) -> None:
        steps.append(command)
        if "venv" in command:
            python.parent.mkdir(parents=True)
            python.symlink_to(sys.executable)

    for name, value in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "PYTHON": python,
        "STAMP": tmp_path / ".venv" / "installed.json",
        "run": run,
        "steps": steps,
    }.items():
        monkeypatch.setattr(module, name, value, raising=False)
    monkeypatch.setattr(module.shutil, "which", lambda name: None)
    return module


def test_the_environment_is_made_once_and_installed_again_only_when_the_pins_change(venv: ModuleType) -> None:
    assert venv.main(["runtime"]) == 0
    assert len(venv.steps) == 2
    assert venv.main(["runtime"]) == 0
    assert len(venv.steps) == 2
    (venv.ROOT / "requirements.txt").write_text("django==5.2.1\n")
    assert venv.main(["runtime"]) == 0
    assert [step[-1] for step in venv.steps[2:]] == ["requirements.txt"]


def test_an_environment_made_for_the_tests_is_not_installed_again_for_a_server(venv: ModuleType) -> None:
    assert venv.main(["test"]) == 0
    assert venv.main(["runtime"]) == 0
    assert [step[-1] for step in venv.steps if "install" in step] == ["requirements/test.txt"]


def test_an_installation_that_was_cut_off_is_repeated(
    venv: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    complete = venv.run

    def cut_off(command: list[str]) -> None:
        complete(command)
        if "install" in command:
            raise venv.Refused("the network went away")

    monkeypatch.setattr(venv, "run", cut_off)
    assert venv.main(["runtime"]) == 1
    assert "the network went away" in capsys.readouterr().err
    monkeypatch.setattr(venv, "run", complete)
    assert venv.main(["runtime"]) == 0
    assert [step[-1] for step in venv.steps if "install" in step] == ["requirements.txt"] * 2


def test_uv_is_used_where_it_is_installed(venv: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv.shutil, "which", lambda name: "/opt/uv" if name == "uv" else None)
    assert venv.main(["runtime"]) == 0
    assert {step[0] for step in venv.steps} == {"/opt/uv"}


def test_a_python_without_venv_and_pip_is_answered_with_what_to_install(
    venv: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "has", lambda python, module: False)
    assert venv.main(["runtime"]) == 1
    assert "apt install python3-venv" in capsys.readouterr().err
    assert venv.steps == []


def test_a_python_that_is_too_old_is_answered_with_how_to_name_another(
    venv: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(venv, "new_enough", lambda python: False)
    assert venv.main(["runtime"]) == 1
    assert "PYTHON=" in capsys.readouterr().err


# -- scripts/suite.py --------------------------------------------------------------------------------------------------


def test_the_second_engine_runs_and_the_failure_counts_when_the_first_engine_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = script("suite")
    report = '<testsuites><testsuite tests="9" failures="{}" errors="0" skipped="1" time="2.4"/></testsuites>'
    seen: list[str] = []

    def run_pytest(engine: str, arguments: list[str], path: Path) -> int:
        seen.append(engine)
        failures = 1 if engine == "postgresql" else 0
        path.write_text(report.format(failures))
        return failures

    monkeypatch.setattr(suite, "run_pytest", run_pytest)
    assert suite.main([]) == 1
    assert seen == ["postgresql", "sqlite"]
    printed = capsys.readouterr().out
    assert "PostgreSQL 18: FAILED 1 failed, 1 skipped, 7 passed in 2 s" in printed
    assert "SQLite: 1 skipped, 8 passed in 2 s" in printed


def test_a_whole_suite_without_any_test_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    suite = script("suite")
    monkeypatch.setattr(suite, "run_pytest", lambda engine, arguments, path: suite.NOTHING_COLLECTED)
    assert suite.main([]) == 1
    assert suite.main(["-k", "something only one engine has"]) == 0


# -- the databases under the tests -------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_each_worker_has_a_database_of_its_own(engine: str) -> None:
    with connection.cursor() as cursor:
        if engine == "postgresql":
            cursor.execute("SELECT current_database(), current_setting('server_version_num')::int / 10000")
            name, version = cursor.fetchone()
            assert version == databases.POSTGRES_MAJOR
        else:
            cursor.execute("SELECT file FROM pragma_database_list")
            name = Path(cursor.fetchone()[0]).stem
    assert name == "nb_" + os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.mark.postgresql_only
@pytest.mark.django_db
def test_tests_run_as_the_application_role_which_is_bound_by_row_level_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == ("neobank_app", False, False)


def test_what_is_committed_on_a_fresh_database_is_seen_by_other_threads(fresh_database: Database) -> None:
    rows: list[tuple[int]] = []

    def look() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'probe'")
            rows.append(cursor.fetchone())
        connection.close()

    write_as_owner(
        fresh_database,
        "INSERT INTO django_migrations (app, name, applied) VALUES ('probe', 'x', '2026-01-01')",
    )
    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert rows == [(1,)]


def write_as_owner(database: Database, statement: str) -> None:
    """Commit a row on a fresh database, from outside Django."""
    if database.url.startswith("postgresql"):
        with psycopg.connect(database.url) as owner:
            owner.execute(statement.encode())
        return
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_fresh_database_is_as_migrated_whatever_an_earlier_test_left_behind(
    fresh_database: Database,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations WHERE app = 'probe'")
        assert cursor.fetchone() == (0,)


def test_a_command_started_by_a_test_works_on_the_fresh_database(fresh_database: Database) -> None:
    done = fresh_database.manage("migrate", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_shell_holds_does_not_reach_the_application() -> None:
    shell = {
        "DATABASE_URL": "postgresql://production",
        "SECRET_KEY_FILE": "/run/secrets/key",
        "PGHOST": "production",
        "PYTEST_XDIST_WORKER": "gw7",
        "PATH": "/bin",
    }
    assert environment.clean(shell) == {"PATH": "/bin"}


# -- servers that are really started, and really gone ------------------------------------------------------------------


@pytest.mark.postgresql_only
def test_a_durable_server_keeps_what_was_committed_through_a_power_cut() -> None:
    server = databases.start_postgres(durable=True)
    try:
        assert server.execute("SELECT current_setting('fsync'), current_setting('full_page_writes')") == [
            ("on", "on")
        ]
        server.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        server.kill()
        server.start()
        assert server.execute("SELECT answer FROM kept") == [(42,)]
    finally:
        server.remove()
    assert not server.folder.exists()


@pytest.mark.postgresql_only
def test_only_its_own_user_can_reach_the_server() -> None:
    server = databases.start_postgres(durable=False)
    try:
        assert server.execute("SHOW listen_addresses") == [("",)]
        assert server.folder.stat().st_mode & 0o077 == 0
    finally:
        server.remove()


def test_valkey_answers_on_its_socket(valkey: str) -> None:
    import redis

    with redis.Redis.from_url(valkey) as client:
        client.set("drink", "mead")
        assert client.get("drink") == b"mead"


def test_a_killed_web_server_comes_back_under_the_same_address(serve: Callable[..., WebServer]) -> None:
    server = serve(workers=2)

    def live() -> int:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)) as client:
            client.request("GET", "/health/live")
            return client.getresponse().status

    assert live() == 200
    server.kill()
    with pytest.raises(ConnectionRefusedError):
        live()
    server.start()
    assert live() == 200
    server.stop()
    assert server.process is not None
    assert server.process.returncode == 0


@pytest.mark.postgresql_only
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_the_process_that_started_it(end: signal.Signals) -> None:
    code = (
        "import signal, sys\n"
        "from tests.databases import start_postgres\n"
        # Whoever runs the tests in the background may have had interrupts ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "server = start_postgres(durable=False)\n"
        "print(server.process.pid, server.folder, flush=True)\n"
        "signal.pause()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env=environment.clean(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    pid, folder = parent.stdout.readline().split()
    parent.send_signal(end)
    parent.communicate()
    assert databases.eventually(lambda: not databases.is_running(int(pid)))
    shutil.rmtree(folder)
