"""The image and the compose file, read instead of run: whoever tests has no container engine.

Invariants are checked on the parsed files. What can run without a container does: the health check against a real
server, the scripts in deploy/ against a real PostgreSQL and an empty folder. That the image builds and starts is for the
workflow in .github to say.
"""

import contextlib
import ipaddress
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from django.core.management import get_commands

from accounts.crypto import parse_key_ring
from tests import databases, environment, house
from tests.servers import WebServer, free_port

PROJECT = databases.PROJECT
SECRET_NAME = re.compile(r"SECRET|PASSWORD|_KEY|KEYS|TOKEN")
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
DEFAULT = re.compile(r"\$\{\w+:-([^}]*)\}")
OURS = ("app", "migrate", "staff")
#: Settings that .env cannot change, because the image and the compose file depend on them; docs/containers.md says why.
FIXED = {
    *("DEBUG", "HOST", "PORT", "COLLECTED_STATIC", "VAR_DIR", "BACKUP_DIR", "PG_BIN", "DEMO"),
    *("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "TLS_CERT", "TLS_KEY"),
    *("EVENT_NAME", "EVENT_CODE", "EVENT_GM_NAME", "EVENT_GM_PASSWORD", "EVENT_ADDRESSES", "EVENT_HTTP_PORT"),
    *("EVENT_BACKUP_DIR", "EVENT_BACKUP_EVERY_S", "EVENT_BACKUP_KEEP"),
}


def dockerfile() -> list[tuple[str, str]]:
    """(instruction, arguments) in order, continued lines joined, comments left out."""
    lines = [line for line in (PROJECT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    text = "\n".join(lines).replace("\\\n", " ")
    return [
        (line.partition(" ")[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()
    ]


def of(instruction: str) -> list[str]:
    """The arguments of every such instruction of the Dockerfile."""
    return [arguments for name, arguments in dockerfile() if name == instruction]


def last_stage() -> list[tuple[str, str]]:
    """The instructions of the stage that is shipped."""
    instructions = dockerfile()
    start = max(index for index, (name, _) in enumerate(instructions) if name == "FROM")
    return instructions[start:]


def compose() -> dict[str, Any]:
    """The parsed compose file, anchors resolved."""
    parsed: dict[str, Any] = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
    return parsed


def services() -> dict[str, dict[str, Any]]:
    """Name -> service of the compose file."""
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


# -- the image ---------------------------------------------------------------------------------------------------------


def test_the_image_is_built_in_stages_from_exact_versions_of_the_python_that_is_tested() -> None:
    bases = of("FROM")
    assert len(bases) == 2
    assert all(re.match(r"python:3\.11\.\d+-slim-\w+( AS build)?$", base) for base in bases)


def test_the_image_runs_as_a_numbered_user_without_rights() -> None:
    users = [arguments for name, arguments in last_stage() if name == "USER"]
    assert len(users) == 1
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", users[0])
    names = [name for name, _ in last_stage()]
    assert not {"RUN", "COPY", "ADD"} & set(names[names.index("USER") :])


def test_static_files_are_collected_while_the_image_is_built() -> None:
    shipped = last_stage()
    assert any(
        "collectstatic" in arguments for name, arguments in dockerfile() if (name, arguments) not in shipped
    )
    assert not any("collectstatic" in arguments for _, arguments in shipped)


def test_the_image_holds_no_secret() -> None:
    named = [
        argument for arguments in of("ENV") + of("ARG") for argument in re.findall(r"(\w+)=?", arguments)
    ]
    assert not [name for name in named if SECRET_NAME.search(name)]


def test_the_image_starts_a_command_that_exists() -> None:
    [command] = of("CMD")
    assert json.loads(command) == ["python", "manage.py", "serve"]
    assert "serve" in get_commands()


def test_the_build_sees_the_application_and_nothing_of_the_machine() -> None:
    lines = [
        line for line in (PROJECT / ".dockerignore").read_text().splitlines() if not line.startswith("#")
    ]
    assert lines[0] == "*"
    let_in = {line[1:] for line in lines if line.startswith("!")}
    assert set(house.FLOORS) | {"templates", "manage.py", "requirements.txt"} <= let_in
    assert not let_in & {".env", "var", ".git", ".venv", "tests", "deploy"}


def health_check(port: int) -> int:
    """Run the image's own health check against a port of this machine; returns its exit code."""
    [arguments] = of("HEALTHCHECK")
    command = json.loads(arguments.partition("CMD ")[2])
    assert "/health/live" in command[-1]
    return subprocess.run([sys.executable, *command[1:]], env={"PORT": str(port)}).returncode


def test_the_health_check_is_content_with_a_server_that_answers(server: WebServer) -> None:
    assert health_check(server.port) == 0


def test_the_health_check_notices_when_nothing_answers() -> None:
    assert health_check(free_port()) != 0


# -- the compose file --------------------------------------------------------------------------------------------------


def test_the_app_is_on_port_8080_and_leaves_the_machine_only_when_told_to() -> None:
    assert services()["app"]["ports"] == ["${NEOBANK_BIND:-127.0.0.1}:8080:8080"]
    assert not [name for name, service in services().items() if name != "app" and "ports" in service]
    assert "8080" in of("EXPOSE")


def test_the_app_starts_after_the_migration_and_healthy_servers() -> None:
    conditions = {name: need["condition"] for name, need in services()["app"]["depends_on"].items()}
    assert conditions == {
        "migrate": "service_completed_successfully",
        "postgres": "service_healthy",
        "valkey": "service_healthy",
    }
    assert all("healthcheck" in services()[name] for name in ("postgres", "valkey"))
    migrate = services()["migrate"]
    assert migrate["command"] == ["python", "manage.py", "migrate"]
    assert migrate["restart"] == "no"


def test_staff_is_started_by_name_only_and_waits_for_the_database_alone() -> None:
    staff = services()["staff"]
    assert staff["profiles"] == ["staff"]
    assert staff["restart"] == "no"
    # Not for `migrate`: a backup goes back into a database that has no table yet.
    assert staff["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_backups_leave_the_machines_volumes_into_a_folder_that_docker_does_not_make() -> None:
    [mount] = services()["staff"]["volumes"]
    assert mount["type"] == "bind"
    assert mount["source"] == "${BACKUP_FOLDER:-./backups}"
    assert mount["bind"] == {"create_host_path": False}
    [volume] = of("VOLUME")
    # BACKUP_DIR, when it is not set, in the image's VAR_DIR.
    assert mount["target"] == f"{volume}/backups"
    assert any(f"VAR_DIR={volume}" in arguments for arguments in of("ENV"))
    user = next(arguments for name, arguments in last_stage() if name == "USER").partition(":")[0]
    page = (PROJECT / "docs" / "containers.md").read_text()
    assert f"-o {user} -g {user} backups" in page


def test_one_service_builds_the_image_and_the_others_take_it_from_there() -> None:
    assert [name for name, service in services().items() if "build" in service] == ["app"]
    assert {services()[name]["image"] for name in OURS} == {"neobank:local"}
    for name in set(OURS) - {"app"}:
        assert services()[name]["pull_policy"] == "never"


def test_every_image_has_an_exact_version_and_postgresql_is_the_tested_one() -> None:
    images = {name: service["image"] for name, service in services().items() if name not in OURS}
    assert all(re.search(r":\d+\.\d+", image) for image in images.values()), images
    assert images["postgres"].startswith(f"postgres:{databases.POSTGRES_MAJOR}.")


def test_everything_that_must_last_is_on_a_named_volume() -> None:
    declared = set(compose()["volumes"])
    mounts = {
        name: [mount.split(":")[:2] for mount in s.get("volumes", []) if isinstance(mount, str)]
        for name, s in services().items()
    }
    named = {source for pairs in mounts.values() for source, _ in pairs if not source.startswith(".")}
    assert named == declared
    assert ["postgres", "/var/lib/postgresql"] in mounts["postgres"]
    [volume] = of("VOLUME")
    assert ["data", volume] in mounts["app"]


def test_our_containers_can_write_nowhere_but_to_volumes_and_tmp_and_gain_no_rights() -> None:
    for name in (*OURS, "valkey"):
        service = services()[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["tmpfs"] == ["/tmp"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_is_written_down_and_none_has_a_default() -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    for name, service in services().items():
        for variable, value in service.get("environment", {}).items():
            if SECRET_NAME.search(variable):
                assert REQUIRED.fullmatch(value), f"{name}: {variable}"
            assert not re.search(r"://[^@/]*:(?!\$\{)[^@/]*@", str(value)), (
                f"{name}: a password in {variable}"
            )
    assert not [name for name in re.findall(r"\$\{(\w+):?-", text) if SECRET_NAME.search(name)]


def test_only_the_migration_staff_and_the_database_know_the_owners_password() -> None:
    knowing = {
        name for name, service in services().items() if "OWNER_DATABASE_PASSWORD" in json.dumps(service)
    }
    assert knowing == {"migrate", "staff", "postgres"}


def test_our_containers_are_given_only_settings_that_exist() -> None:
    known = set().union(*(house.settings_read(module) for module in house.project_modules()))
    for name in OURS:
        assert set(services()[name]["environment"]) <= known


def test_every_documented_setting_in_the_env_file_reaches_the_bank_or_is_said_not_to() -> None:
    documented = house.settings_documented((PROJECT / "docs" / "settings.md").read_text())
    given = services()["app"]["environment"]
    passed = {name for name, value in given.items() if value.startswith((f"${{{name}:-", f"${{{name}:?"))}
    assert documented - passed == FIXED
    page = (PROJECT / "docs" / "containers.md").read_text()
    assert house.settings_documented(page.partition("## What the containers settle themselves")[2]) >= FIXED


def test_what_the_env_file_leaves_out_is_as_the_settings_page_says() -> None:
    """The defaults stand twice; here they are compared, by starting with them and without."""
    show = (
        "import django, json; from django.conf import settings; django.setup(); "
        "values = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}; "
        "print(json.dumps(values, default=lambda value: type(value).__name__))"
    )
    defaults = {
        name: found[1]
        for name, value in services()["app"]["environment"].items()
        if (found := DEFAULT.fullmatch(value))
    }
    assert {"HSTS_SECONDS", "LOG_LEVEL", "WEB_WORKERS"} <= set(defaults)
    bare = {
        "DJANGO_SETTINGS_MODULE": "neobank.settings",
        "DATABASE_URL": "postgresql://neobank_web@postgres/neobank",
        "REDIS_URL": "redis://valkey",
    }
    said = [
        subprocess.run(
            [sys.executable, "-c", show],
            env=bare | more,
            cwd=PROJECT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for more in ({}, defaults)
    ]
    assert said[0] == said[1]


def test_the_gateway_that_a_proxy_on_this_machine_comes_from_is_fixed_and_documented() -> None:
    [network] = compose()["networks"]["default"]["ipam"]["config"]
    subnet, gateway = (DEFAULT.sub(r"\1", network[name]) for name in ("subnet", "gateway"))
    assert ipaddress.ip_address(gateway) in ipaddress.ip_network(subnet)
    assert f"TRUSTED_PROXIES={gateway}" in (PROJECT / "docs" / "containers.md").read_text()


# -- deploy/ -----------------------------------------------------------------------------------------------------------


def make_env(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run deploy/make-env.sh in a project that holds nothing else."""
    (folder / "deploy").mkdir(exist_ok=True)
    script = shutil.copy(PROJECT / "deploy" / "make-env.sh", folder / "deploy")
    return subprocess.run(["sh", script], capture_output=True, text=True)


def test_the_secrets_file_holds_all_that_compose_asks_for_and_is_never_overwritten(tmp_path: Path) -> None:
    assert make_env(tmp_path).returncode == 0
    file = tmp_path / ".env"
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [
        line.partition("=") for line in file.read_text().splitlines() if line and not line.startswith("#")
    ]
    values = {name: value for name, _, value in lines}
    asked_for = set(REQUIRED.findall((PROJECT / "docker-compose.yml").read_text()))
    assert asked_for <= {name for name, value in values.items() if value}
    secrets = [value for name, value in values.items() if SECRET_NAME.search(name)]
    assert len(set(secrets)) == len(secrets)
    assert all(len(secret) >= 32 for secret in secrets)
    assert list(parse_key_ring(values["FIELD_KEYS"])) == [1]

    before = file.read_bytes()
    assert make_env(tmp_path).returncode == 1
    assert file.read_bytes() == before


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL as the compose file's first start leaves it, and the settings of the services that use it."""

    server: databases.Postgres
    web: dict[str, str]
    owner: dict[str, str]

    def run(self, *command: str, as_: dict[str, str]) -> str:
        """What a command of manage.py prints, run under one of the two; fails when it does."""
        done = databases.manage(*command, environment=as_)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextlib.contextmanager
def first_start(folder: Path) -> Iterator[Cluster]:
    """deploy/postgres has run, `migrate` has not; the commands keep their files in `folder`."""
    server = databases.start_postgres(durable=False)
    try:
        server.execute("CREATE ROLE neobank_owner LOGIN SUPERUSER")
        server.execute("CREATE DATABASE neobank OWNER neobank_owner")
        made = subprocess.run(
            ["sh", str(PROJECT / "deploy" / "postgres" / "10-web-login.sh")],
            env={
                "PATH": f"{server.bin}:/usr/bin:/bin",
                "PGHOST": str(server.folder),
                "POSTGRES_USER": "neobank_owner",
                "POSTGRES_DB": "neobank",
                "WEB_DATABASE_PASSWORD": "it's \\ a $password",
            },
            capture_output=True,
            text=True,
        )
        assert made.returncode == 0, made.stderr
        url = server.url("neobank")
        web = environment.process_environment(url.replace("postgres@", "neobank_web@"), folder)
        owner = {"DATABASE_OWNER_URL": url.replace("postgres@", "neobank_owner@")}
        yield Cluster(server, web, web | owner)
    finally:
        server.remove()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """The database of one machine."""
    with first_start(tmp_path) as made:
        yield made


@pytest.mark.postgresql_only
def test_the_web_servers_login_gets_the_applications_rights_and_no_others(cluster: Cluster) -> None:
    cluster.run("migrate", "--verbosity=0", as_=cluster.owner)
    cluster.run("migrate", "--check", as_=cluster.web)
    with psycopg.connect(cluster.web["DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM ledger_transfer").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("TRUNCATE ledger_transfer")


@pytest.mark.postgresql_only
def test_a_first_event_is_made_by_app_and_backed_up_practised_and_put_back_by_staff(
    cluster: Cluster, tmp_path: Path
) -> None:
    cluster.run("migrate", "--verbosity=0", as_=cluster.owner)
    cluster.run("bootstrap", as_=cluster.web)
    assert "is a game master of" in cluster.run("create_gm", "Nyx", "--generate", as_=cluster.web)
    refused = databases.manage("backup", environment=cluster.web)
    assert refused.returncode == 1
    assert "There is no new backup" in refused.stderr

    cluster.run("backup", as_=cluster.owner)
    [backup] = (tmp_path / "backups").glob("*.nbk")
    assert "The drill succeeded" in cluster.run("backup_drill", as_=cluster.owner)
    cluster.server.execute("ALTER DATABASE neobank RENAME TO neobank_before")
    cluster.server.execute("CREATE DATABASE neobank OWNER neobank_owner")
    with first_start(tmp_path) as another_machine:
        for here in (cluster, another_machine):
            assert "neo: clean" in here.run("restore", str(backup), as_=here.owner)
            here.run("migrate", "--verbosity=0", as_=here.owner)
            assert "neo: clean" in here.run("check_books", as_=here.owner)
            assert "is a game master already" in here.run("create_gm", "Nyx", as_=here.web)
