"""The image and the compose file, read instead of run: whoever tests has no container engine.

Invariants are checked on the parsed files. What can run without a container does: the health check against a real
server, the scripts in deploy/ against a real PostgreSQL and an empty folder. That the image builds and starts is for the
workflow in .github to say.
"""

import json
import re
import shutil
import subprocess
import sys
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
OURS = ("app", "migrate")


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


def test_every_image_has_an_exact_version_and_postgresql_is_the_tested_one() -> None:
    images = {name: service["image"] for name, service in services().items() if "build" not in service}
    assert all(re.search(r":\d+\.\d+", image) for image in images.values()), images
    assert images["postgres"].startswith(f"postgres:{databases.POSTGRES_MAJOR}.")


def test_everything_that_must_last_is_on_a_named_volume() -> None:
    declared = set(compose()["volumes"])
    mounts = {
        name: [str(mount).split(":")[:2] for mount in s.get("volumes", [])] for name, s in services().items()
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


def test_only_the_migration_and_the_database_know_the_owners_password() -> None:
    knowing = {
        name for name, service in services().items() if "OWNER_DATABASE_PASSWORD" in json.dumps(service)
    }
    assert knowing == {"migrate", "postgres"}


def test_our_containers_are_given_only_settings_that_exist() -> None:
    known = set().union(*(house.settings_read(module) for module in house.project_modules()))
    for name in OURS:
        assert set(services()[name]["environment"]) <= known


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


@pytest.mark.postgresql_only
def test_the_web_servers_login_gets_the_applications_rights_and_no_others(tmp_path: Path) -> None:
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
        web = server.url("neobank").replace("postgres@", "neobank_web@")
        owner = server.url("neobank").replace("postgres@", "neobank_owner@")
        settings = environment.process_environment(web, tmp_path) | {"DATABASE_OWNER_URL": owner}
        migrated = databases.manage("migrate", "--verbosity=0", environment=settings)
        assert migrated.returncode == 0, migrated.stderr
        checked = databases.manage("migrate", "--check", environment=settings | {"DATABASE_OWNER_URL": ""})
        assert checked.returncode == 0, checked.stderr
        with psycopg.connect(web) as connection:
            assert connection.execute("SELECT count(*) FROM ledger_transfer").fetchone() == (0,)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("TRUNCATE ledger_transfer")
    finally:
        server.remove()
