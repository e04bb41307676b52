"""Make `.venv` and keep it in step with the pinned requirements.

    python3 scripts/venv.py runtime    what a running server needs
    python3 scripts/venv.py test       that, and what lint and the tests need

Standard library only, because nothing else exists before this has run, and written so that an interpreter that is too
old can still read it and say so. A second run with unchanged requirements costs two file reads. Exits 0 when
`.venv/bin/python` is ready, and 1 with a plain sentence when it cannot be made.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"
OLDEST = (3, 11)
REQUIREMENTS = {"runtime": "requirements.txt", "test": "requirements/test.txt"}


class Refused(Exception):
    """The environment cannot be made here; the text says what the person can do about it."""


def answers(python: str, code: str) -> bool:
    """Whether an interpreter runs, and runs this line of code without an error."""
    command = [python, "-c", code]
    try:
        return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
    except OSError:
        return False


def has(python: str, module: str) -> bool:
    """Whether an interpreter can import a module."""
    return answers(python, f"import {module}")


def new_enough(python: str) -> bool:
    """Whether an interpreter runs and is one that NeoBank supports."""
    return answers(python, f"import sys; sys.exit(sys.version_info[:2] < {OLDEST})")


def base_python() -> str:
    """The interpreter to build on: the one running this, or a newer one on PATH when this one is too old."""
    if new_enough(sys.executable):
        return sys.executable
    for minor in range(19, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and new_enough(found):
            return found
    raise Refused(
        f"NeoBank needs Python 3.11 or newer, and {sys.executable} is older. Install a newer Python, then name it: "
        "make run PYTHON=/path/to/python3.11"
    )


def digest(requirements: str) -> str:
    """What decides whether an installation is still the right one: the pins, and the interpreter under them."""
    body = (ROOT / requirements).read_bytes()
    return hashlib.sha256(body + b"\n" + str(PYTHON.resolve()).encode()).hexdigest()


def create(uv: "str | None") -> None:
    """Make the environment; one that works is left alone."""
    if new_enough(str(PYTHON)):
        return
    base = base_python()
    shutil.rmtree(str(VENV), ignore_errors=True)
    print(f"Making .venv with {base} ...", flush=True)
    if uv:
        run([uv, "venv", "--quiet", "--python", base, str(VENV)])
    elif has(base, "ensurepip"):
        run([base, "-m", "venv", str(VENV)])
    elif has(base, "pip") and has(base, "venv"):
        run([base, "-m", "venv", "--without-pip", str(VENV)])
    else:
        raise Refused(
            f"{base} cannot make a virtual environment, because its venv package is missing. On Debian or Ubuntu run "
            "`apt install python3-venv` as root, or install uv; then run the same command again."
        )


def install(uv: "str | None", requirements: str) -> None:
    """Install exactly the pins of one file."""
    print(f"Installing {requirements} (the first time this downloads for a minute or so) ...", flush=True)
    python, options = str(PYTHON), ["--quiet", "--disable-pip-version-check", "--no-input"]
    if uv:
        run([uv, "pip", "install", "--quiet", "--python", python, "-r", requirements])
    elif has(python, "pip"):
        run([python, "-m", "pip", "install", *options, "-r", requirements])
    elif has(base_python(), "pip"):
        # Debian without python3-venv: the system's own pip installs into the environment that has none.
        run([base_python(), "-m", "pip", "--python", python, "install", *options, "-r", requirements])
    else:
        raise Refused(
            ".venv has no pip, and uv is not installed. Delete .venv, then run the same command again."
        )


def run(command: "list[str]") -> None:
    """Run one step in the project root; what it prints has already explained a failure."""
    # An active environment of another project must not decide where the packages go.
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONHOME")
    }
    if subprocess.call(command, cwd=str(ROOT), env=environment) != 0:
        raise Refused(f"This step failed, and the lines above say why: {' '.join(command)}")


def ensure(kind: str) -> None:
    """Bring `.venv` in step with one of REQUIREMENTS; raises Refused.

    The stamp goes before anything is touched and comes back after everything succeeded, so that an interrupted
    installation is repeated and never taken for a finished one. The test pins contain the runtime pins (a test holds
    them to it), so an environment made for the tests also serves.
    """
    requirements = REQUIREMENTS[kind]
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        stamp = {}
    enough = {requirements, REQUIREMENTS["test"]}
    if PYTHON.exists() and any(stamp.get(name) == digest(name) for name in enough):
        return
    uv = shutil.which("uv")
    if STAMP.exists():
        STAMP.unlink()
    create(uv)
    install(uv, requirements)
    STAMP.write_text(json.dumps({requirements: digest(requirements)}) + "\n", encoding="utf-8")


def main(arguments: "list[str]") -> int:
    """The command line; returns the exit code."""
    if len(arguments) != 1 or arguments[0] not in REQUIREMENTS:
        print(f"usage: python3 scripts/venv.py {'|'.join(REQUIREMENTS)}", file=sys.stderr)
        return 2
    # Two targets may run at once; the second waits and then finds the work done.
    folder = os.open(str(ROOT), os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        ensure(arguments[0])
    except Refused as refused:
        print(f"\n{refused}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        os.close(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
