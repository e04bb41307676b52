"""What we tell people to run, run as they would."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

from accounts.models import Tenant
from tests.cast import make_event
from tests.databases import PROJECT
from tests.servers import WebServer


def walk(base_url: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(PROJECT / "examples" / "demo_cli.py"), "--base-url", base_url]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_the_demo_walk_registers_pays_once_reads_its_history_and_gives_back(
    serve: Callable[..., WebServer],
) -> None:
    make_event("examples", registration=Tenant.Registration.OPEN, welcome_bonus=500_00, bonus_when_open=True)

    walked = walk(serve().base_url)

    assert walked.returncode == 0, walked.stderr
    for said in (
        "Alice paid Bob ₵12.50",
        "it was paid once",
        "insufficient_funds",
        "Bob gave back ₵12.50",
        "done:",
    ):
        assert said in walked.stdout


def test_the_demo_walk_says_plainly_that_nobody_answers() -> None:
    walked = walk("http://127.0.0.1:9")

    assert walked.returncode == 1
    assert "make run" in walked.stderr
    assert "Traceback" not in walked.stderr
