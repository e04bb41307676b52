"""Other people's browser code is what it was when it was taken in, and says whose it is."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.databases import PROJECT

FOLDERS = (PROJECT / "neobank" / "static" / "vendor", PROJECT / "tests" / "vendor")
VENDORED = sorted(note for folder in FOLDERS for note in folder.glob("*/VENDOR.json"))


@pytest.mark.parametrize("note", VENDORED, ids=lambda note: note.parent.name)
def test_vendored_code_is_unchanged_and_has_its_licence(note: object) -> None:
    folder = note.parent  # type: ignore[attr-defined]
    said = json.loads((folder / "VENDOR.json").read_text())
    assert folder.name == f"{said['name']}-{said['version']}"
    assert said["licence"]
    assert list(folder.glob("LICENSE*"))
    for name, digest in said["sha384"].items():
        assert hashlib.sha384((folder / name).read_bytes()).hexdigest() == digest, name


def test_nothing_lies_there_that_nobody_has_noted() -> None:
    for folder in FOLDERS:
        assert {found.name for found in folder.iterdir()} == {
            note.parent.name for note in VENDORED if note.parent.parent == folder
        }
    for note in VENDORED:
        said = json.loads(note.read_text())
        others = {found.name for found in note.parent.iterdir() if not found.name.startswith("LICENSE")}
        assert others == {*said["sha384"], "VENDOR.json"}
