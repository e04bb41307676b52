"""``manage.py run``: from nothing to a bank, and the same bank again after a restart."""

import json
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from neobank import local_secrets
from neobank.backups import sealing
from tests.conftest import SESSION
from tests.databases import PROJECT
from tests.servers import WebServer
from tests.sessions import Database

# `make run` is the demo on SQLite.
pytestmark = pytest.mark.once


@dataclass
class Demo(WebServer):
    """The demo, as ``make run`` starts it."""

    credentials: Path = field(default_factory=Path)

    def start(self) -> "Demo":
        """Run it and return when it answers."""
        command = [sys.executable, str(PROJECT / "manage.py"), "run", "--credentials", str(self.credentials)]
        address = {"HOST": "127.0.0.1", "PORT": str(self.port)}
        self._spawn(command, self.log, {**self.environment, **address}, cwd=PROJECT)
        self._wait_until(self._answers, self.log)
        return self

    def logins(self) -> Any:
        """What it wrote down for the person at the machine."""
        return json.loads(self.credentials.read_text())

    def ask(self, path: str, body: Any = None, **headers: str) -> Any:
        """The JSON answer to a GET, or to a POST of ``body``."""
        raw = None if body is None else json.dumps(body).encode()
        request = Request(self.base_url + path, raw, {"Content-Type": "application/json", **headers})  # noqa: S310
        with urlopen(request, timeout=60) as answer:  # noqa: S310  our own server
            return json.load(answer)


def new_demo(database: Database, folder: Path) -> Demo:
    """A demo that was never started, on an empty database of its own, with secrets of its own."""
    own = {*local_secrets.DRAW, "DEBUG", "ALLOWED_HOSTS", "HTTPS", "COLLECTED_STATIC"}
    environment = {name: value for name, value in database.environment.items() if name not in own}
    var = {"VAR_DIR": str(folder / "var"), "BCRYPT_ROUNDS": "4"}
    return Demo(folder, environment=environment | var, credentials=folder / "logins.json")


@pytest.fixture
def fresh(fresh_database: Database, tmp_path: Path) -> Iterator[Demo]:
    """One that no other test has touched."""
    made = new_demo(fresh_database, tmp_path)
    yield made
    made.kill()


@pytest.fixture(scope="module")
def demo(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A running one, which the tests of this file share: a start costs four processes."""
    with SESSION.database() as database:
        made = new_demo(database, tmp_path_factory.mktemp("demo"))
        yield made.start()
        made.kill()


def test_one_command_makes_a_bank_and_a_restart_changes_nothing(demo: Demo) -> None:
    logins = demo.logins()
    player = {name: logins["players"][0][name] for name in ("character_name", "password")}
    token = demo.ask("/api/v1/auth/login", player)["access_token"]
    secrets_file = Path(demo.environment["VAR_DIR"]) / "dev.env"
    secrets = secrets_file.read_text()
    assert stat.S_IMODE(secrets_file.stat().st_mode) == 0o600
    assert logins["gm"]["password"] in demo.log.read_text(), "the logins are printed"
    demo.stop()
    assert demo.process is not None
    assert demo.process.returncode == 0, "SIGTERM is a good end"

    demo.start()
    assert secrets_file.read_text() == secrets
    assert demo.logins() == logins
    account = demo.ask("/api/v1/account", Authorization=f"Bearer {token}")
    assert logins["players"][0]["account_number"] in json.dumps(account), "people stay signed in"


def test_without_a_demo_there_is_an_empty_bank_that_says_what_to_run(fresh: Demo) -> None:
    fresh.environment = {**fresh.environment, "DEMO": "0"}
    fresh.start()
    assert not fresh.credentials.exists()
    log = fresh.log.read_text()
    for hint in ("make manage ARGS=bootstrap", 'make manage ARGS="create_gm NAME"'):
        assert hint in log


def test_commands_beside_it_find_its_database_and_its_secrets(demo: Demo, tmp_path: Path) -> None:
    made = make_manage(demo, 'create_gm "Old Nyx" --generate')
    assert made.returncode == 0, made.stderr
    password = made.stdout.split()[-1]
    demo.ask("/api/v1/auth/login", {"character_name": "Old Nyx", "password": password})

    assert "neo: clean" in make_manage(demo, "check_books").stdout
    backed_up = make_manage(demo, f"backup --to {tmp_path / 'backups'}")
    assert backed_up.returncode == 0, backed_up.stderr
    [manifest] = (tmp_path / "backups").glob("*.json")
    drawn = local_secrets.load_or_draw(Path(demo.environment["VAR_DIR"]) / "dev.env", {})
    assert json.loads(manifest.read_text())["backup_key"] == sealing.key_id(drawn["BACKUP_KEY"])

    wrong = make_manage(demo, "freeze NC-0000-0000")
    assert wrong.returncode != 0
    assert "Traceback" not in wrong.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="the page uses curl")
def test_what_terminals_md_shows_works_beside_it_as_it_stands_there(demo: Demo) -> None:
    page = (PROJECT / "docs" / "terminals.md").read_text()
    blocks = re.findall(r"^```\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    [key, calls] = [block for block in blocks if "$TILL" in block]
    logins = demo.logins()
    for shown, here in {
        "NC-XXXX-XXXX": logins["terminal"]["account_number"],
        "NC-YYYY-YYYY": logins["players"][0]["account_number"],
        "make -s": f"make -s READY=@true PY={sys.executable}",
    }.items():
        assert shown in key
        key = key.replace(shown, here)
    script = key + calls.replace("http://localhost:8000", demo.base_url).replace("\ncurl", "\necho\ncurl")
    done = subprocess.run(
        ["sh", "-c", script], cwd=PROJECT, env=demo.environment, capture_output=True, text=True
    )
    pong, paid, balance = (json.loads(line) for line in done.stdout.splitlines() if line)
    assert pong["message"] == "pong", done.stderr
    assert paid["transaction"]["amount"] == balance["balance"] == 350


def test_a_command_that_cannot_run_is_answered_with_what_to_type(fresh: Demo) -> None:
    for arguments, answer in (
        ("", 'make manage ARGS="check_books"'),
        ("check_books", "Run `make run` first."),
    ):
        asked = make_manage(fresh, arguments)
        assert asked.returncode != 0
        assert answer in asked.stderr
        assert "Traceback" not in asked.stderr
    assert not Path(fresh.environment["VAR_DIR"]).exists()


def make_manage(demo: Demo, arguments: str) -> subprocess.CompletedProcess[str]:
    """`make manage` as a person types it, with the interpreter that is there already."""
    command = ["make", "--silent", "manage", "READY=@true", f"PY={sys.executable}", f"ARGS={arguments}"]
    return subprocess.run(command, cwd=PROJECT, env=demo.environment, capture_output=True, text=True)


def test_secrets_are_drawn_once_and_only_the_missing_ones(tmp_path: Path) -> None:
    path = tmp_path / "var" / "dev.env"
    first = local_secrets.load_or_draw(path, {})
    assert set(first) == set(local_secrets.DRAW)
    assert len(set(first.values())) == len(first)
    assert local_secrets.load_or_draw(path, {}) == first
    kept = [line for line in path.read_text().splitlines() if not line.startswith("JWT_SECRET")]
    path.write_text("\n".join(kept) + "\n")
    second = local_secrets.load_or_draw(path, {})
    assert {name for name in first if first[name] != second[name]} == {"JWT_SECRET"}


def test_what_the_environment_says_comes_before_the_file(tmp_path: Path) -> None:
    given = {"SECRET_KEY": "mine", "BACKUP_KEY_FILE": "/run/secrets/backup"}
    drawn = local_secrets.load_or_draw(tmp_path / "dev.env", given)
    assert set(local_secrets.DRAW) - set(drawn) == {"SECRET_KEY", "BACKUP_KEY"}
