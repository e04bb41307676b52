"""Everything that can be said about the code without running its tests; one summary at the end.

    .venv/bin/python scripts/lint.py

Every step runs, whatever the ones before it found. Exits 0 when all of them are content.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

STEPS = {
    "ruff check": ["-m", "ruff", "check", "--quiet", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "--quiet", "."],
    "mypy": ["-m", "mypy", "--no-error-summary"],
    "migrations up to date": ["manage.py", "makemigrations", "--check", "--dry-run"],
    "system checks": ["manage.py", "check", "--fail-level", "WARNING"],
}


def main() -> int:
    """Run every step; returns the exit code."""
    # The laptop's settings and a database in memory: lint needs no secrets and leaves no files.
    environment = {**os.environ, "DEBUG": "1", "DATABASE_URL": "sqlite://:memory:"}
    failed = []
    for name, arguments in STEPS.items():
        print(f"--- {name}", flush=True)
        if subprocess.call([sys.executable, *arguments], cwd=ROOT, env=environment) != 0:
            failed.append(name)
    print(
        f"\nlint FAILED: {', '.join(failed)}" if failed else f"\nlint passed: {', '.join(STEPS)}", flush=True
    )
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
