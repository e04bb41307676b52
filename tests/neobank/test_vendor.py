"""Other people's browser code is what it was when it was taken in, and says whose it is."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.databases import PROJECT

VENDORED = sorted((PROJECT / "neobank" / "static" / "vendor").glob("*/VENDOR.json"))


@pytest.mark.parametrize("note", VENDORED, ids=lambda note: note.parent.name)
def test_vendored_code_is_unchanged_and_has_its_licence(note: object) -> None:
    folder = note.parent  # type: ignore[attr-defined]
    said = json.loads((folder / "VENDOR.json").read_text())
    assert folder.name == f"{said['name']}-{said['version']}"
    assert said["licence"]
    assert list(folder.glob("LICENSE*"))
    for name, digest in said["sha384"].items():
        assert hashlib.sha384((folder / name).read_bytes()).hexdigest() == digest, name
