"""The documentation leads somewhere: every link and picture is there, every page is listed, every picture has its line."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests import house
from tests.pictures.pages import SHEETS, SHOTS

PROJECT = house.PROJECT
PAGES = sorted(path for path in house.project_files() if path.suffix == ".md" and "vendor" not in path.parts)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"^```.*?^```|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What a link may point at inside of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_every_link_and_picture_of_a_page_is_there(page: Path) -> None:
    broken = []
    # A link may have code for its text; code that looks like a link is none.
    for link in LINK.findall(CODE.sub(lambda found: "" if "](" in found[0] else "code", page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        is_there = target.exists() and target.is_relative_to(PROJECT)
        if not is_there or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_every_page_for_readers_stands_in_the_list_of_pages() -> None:
    folder = PROJECT / "docs"
    listed = {(folder / link).resolve() for link in LINK.findall((folder / "README.md").read_text())}
    ours = {page for page in PAGES if page.is_relative_to(folder)} - {folder / "README.md"}
    assert {page.relative_to(folder).as_posix() for page in ours - listed} == set()


def test_the_pictures_are_those_of_the_table_and_small() -> None:
    table = [file for shot in SHOTS for file, _size, _light in shot.files()] + [f"{n}.png" for n in SHEETS]
    assert len(set(table)) == len(table)
    there = {path.name: path.stat().st_size for path in (PROJECT / "docs" / "screenshots").glob("*")}
    assert set(there) == set(table), "run: make screenshots"
    assert sum(there.values()) < 3_000_000
