"""Run the test suite on PostgreSQL and again on SQLite; further arguments go to pytest.

    .venv/bin/python scripts/suite.py [pytest arguments]

The second run happens whatever came of the first. Exits 0 only when both passed; their closing lines stand together at
the end.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENGINES = {"postgresql": "PostgreSQL 18", "sqlite": "SQLite"}
WORDS = {"failures": "failed", "errors": "broken", "skipped": "skipped"}
INTERRUPTED = 2  # pytest's own exit code
NOTHING_COLLECTED = 5


def run_pytest(engine: str, arguments: list[str], report: Path) -> int:
    """One run of the suite; returns pytest's exit code, INTERRUPTED after Ctrl-C.

    Ctrl-C reaches pytest as well, which is given the time to stop its servers.
    """
    parallel = ["-n", "auto", "--dist", "worksteal"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        f"--engine={engine}",
        f"--junitxml={report}",
        *parallel,
        *arguments,
    ]
    pytest = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    interrupted = False
    while True:
        try:
            code = pytest.wait()
        except KeyboardInterrupt:
            interrupted = True
        else:
            return INTERRUPTED if interrupted else code


def closing_line(engine: str, code: int, report: Path) -> str:
    """What came of one run, in one line: `PostgreSQL 18: 412 passed in 80 s`."""
    line = f"{ENGINES[engine]}: " + ("" if code == 0 else "FAILED ")
    if not report.exists():
        return f"{line}(pytest ended with {code} before the tests did)"
    totals = dict.fromkeys(("tests", *WORDS), 0)
    seconds = 0.0
    for suite in ElementTree.parse(report).iter("testsuite"):  # noqa: S314  written by our own pytest just now
        totals = {name: count + int(suite.get(name, 0)) for name, count in totals.items()}
        seconds += float(suite.get("time", 0))
    passed = totals.pop("tests") - sum(totals.values())
    parts = [f"{count} {WORDS[name]}" for name, count in totals.items() if count] + [f"{passed} passed"]
    return f"{line}{', '.join(parts)} in {seconds:.0f} s"


def main(arguments: list[str]) -> int:
    """Both runs and their summary; returns the exit code."""
    lines = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="nb-suite-") as folder:
        for engine in ENGINES:
            report = Path(folder) / f"{engine}.xml"
            print(f"\n===== {ENGINES[engine]} =====", flush=True)
            code = run_pytest(engine, arguments, report)
            # A selection of tests may well hold none for one of the engines.
            failed |= code not in (0, NOTHING_COLLECTED) or (code == NOTHING_COLLECTED and not arguments)
            lines.append(closing_line(engine, code, report))
            if code == INTERRUPTED:
                break
    print("\n" + "\n".join(lines), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
