"""``make bench``: the engine and the HTTP transfer beside pgbench's TPC-B, side by side in one run on this machine.

PostgreSQL keeps every promise (fsync, synchronous commit); the engine runs as the application's role with row-level security,
idempotency row, triggers, foreign keys and limits on. Rows are measured in alternating rounds and shown as ratios of medians.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from benchmarks.enumeration import combinations_a_second
from benchmarks.postings import posting_script
from benchmarks.report import write, write_some
from tests import databases, environment
from tests.servers import WebServer

FOLDER = Path(__file__).parent
CLIENTS = 8
TPC_B_SCALE = 50


class Bench:
    """One PostgreSQL with a TPC-B database and a bank, and a web server on the bank."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.postgres = databases.start_postgres(durable=True)
        self.scripts = Path(tempfile.mkdtemp(prefix="nb-bench-"))
        self.scripts.chmod(0o755)
        self.postgres.execute("CREATE DATABASE tpcb")
        self.postgres.execute("CREATE DATABASE bank")
        self._pgbench("-i", "-q", "-s", str(TPC_B_SCALE), "tpcb")
        self.environment = environment.process_environment(self.postgres.url("bank"), self.scripts) | {
            "RATE_LIMITS": "0",
            "WEB_WORKERS": "2",
            "WEB_THREADS": "4",
            "DJANGO_SETTINGS_MODULE": "benchmarks.settings",
            "LOG_LEVEL": "WARNING",
        }
        migrated = databases.manage("migrate", environment=self.environment)
        if migrated.returncode:
            sys.exit(migrated.stderr)
        self.seed = self._seed()
        self.server = WebServer(self.scripts, environment=self.environment).start()

    def _seed(self) -> dict[str, Any]:
        command = [sys.executable, "-m", "benchmarks.seed", str(CLIENTS)]
        made = subprocess.run(
            command, env=self.environment, cwd=databases.PROJECT, capture_output=True, text=True
        )
        if made.returncode:
            sys.exit(made.stderr)
        seed: dict[str, Any] = json.loads(made.stdout)
        self.postgres.execute("VACUUM ANALYZE", "bank")
        return seed

    def close(self) -> None:
        """Stop everything."""
        self.server.kill()
        self.postgres.remove()

    def _pgbench(self, *arguments: str, role: str = "") -> str:
        options = {"PGOPTIONS": f"-c role={role}"} if role else {}
        ran = subprocess.run(
            [
                self.postgres.bin / "pgbench",
                "-h",
                self.postgres.folder,
                "-p",
                "5432",
                "-U",
                "postgres",
                *arguments,
            ],
            env={"PATH": os.defpath, **options},
            capture_output=True,
            text=True,
        )
        if ran.returncode:
            sys.exit(f"pgbench failed:\n{ran.stdout}\n{ran.stderr}")
        return ran.stdout

    def _rate(self, *arguments: str, role: str = "") -> float:
        common = [
            "-n",
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-T",
            str(max(1, round(self.seconds))),
        ]
        said = self._pgbench(*common, *arguments, role=role)
        if "number of failed transactions: 0 " not in said:
            sys.exit(f"pgbench had failures:\n{said}")
        return float(re.search(r"tps = ([0-9.]+)", said)[1])  # type: ignore[index]

    def tpc_b(self) -> float:
        """pgbench's TPC-B-like transactions a second."""
        return self._rate("tpcb")

    def engine(self, name: str, lines: int, payee: str | None = None) -> Callable[[], float]:
        """Transfers a second through ``ledger_post``, ``lines`` at a call."""
        script = self.scripts / f"{name}.sql"
        script.write_text(posting_script(self.seed["tenant"], self.seed["actor"], lines, payee))
        return lambda: lines * self._rate("-f", str(script), "bank", role="neobank_app")

    def http(self, path: str) -> Callable[[], float]:
        """Payments, or spins, a second over HTTP."""

        def measure() -> float:
            command = [
                sys.executable,
                str(FOLDER / "http_load.py"),
                str(self.server.port),
                path,
                str(self.seconds),
            ]
            ran = subprocess.run(
                command, input=json.dumps(self.seed), capture_output=True, text=True, check=True
            )
            answer = json.loads(ran.stdout)
            if answer["bad"]:
                sys.exit(f"{path}: {answer['bad']} requests were not answered 201")
            return float(answer["good"] / self.seconds)

        return measure


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument(
        "--seconds", type=float, default=5, help="how long each row is measured in each round"
    )
    parser.add_argument("--rounds", type=int, default=5, help="alternating rounds; medians are shown")
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", help="measure these rows alone, into the last table"
    )
    chosen = parser.parse_args()
    bench = Bench(chosen.seconds)
    guarded = bench.seed["accounts"][0]
    rows: dict[str, Callable[[], float]] = {
        "tpc_b_before": bench.tpc_b,
        "single": bench.engine("single", 1),
        "batch_100": bench.engine("batch_100", 100),
        "batch_1000": bench.engine("batch_1000", 1000),
        "sharded": bench.engine("sharded", 1, "NC-MINT-0000"),
        "guarded": bench.engine("guarded", 1, guarded),
        "http": bench.http("/api/v1/transfers"),
        "spin": bench.http("/api/v1/casino/games/glitch-grid/spin"),
        "spin_free": bench.http("/api/v1/casino/games/starlight-smuggler/spin"),
        "http_orm": bench.http("/api/v1/bench/orm-transfers"),
        "enumeration": combinations_a_second,
        "tpc_b_after": bench.tpc_b,
    }
    if chosen.only:
        rows = {name: rows[name] for name in chosen.only}
    measured: dict[str, list[float]] = {name: [] for name in rows}
    try:
        for number in range(chosen.rounds):
            for name, measure in rows.items():
                measured[name].append(measure())
                sys.stderr.write(f"round {number + 1}/{chosen.rounds} {name}: {measured[name][-1]:.0f}/s\n")
    finally:
        bench.close()
    medians = {name: statistics.median(values) for name, values in measured.items()}
    conditions = {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": "18 (fsync and synchronous_commit on)",
        "clients": CLIENTS,
        "seconds": chosen.seconds,
        "rounds": chosen.rounds,
    }
    if chosen.only:
        sys.stdout.write(write_some(medians, measured, conditions))
        return
    medians["tpc_b"] = statistics.median(measured["tpc_b_before"] + measured["tpc_b_after"])
    sys.stdout.write(write(medians, measured, conditions))


if __name__ == "__main__":
    main()
