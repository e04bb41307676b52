"""The catalogue of errors: complete, true, and the documentation made from it."""

from pathlib import Path

from django.conf import settings

from neobank import catalogue
from neobank.catalogue import CODES

USES = list(catalogue.uses(settings.BASE_DIR))


def test_every_code_in_the_source_stands_in_the_catalogue() -> None:
    missing = sorted(f"{use.code} ({use.place})" for use in USES if use.code not in CODES)
    assert not missing, "give these a row in neobank/catalogue.py: " + ", ".join(missing)


def test_every_code_has_the_status_that_the_catalogue_says() -> None:
    wrong = [
        f"{use.place}: {use.code} is {use.status} here, {CODES[use.code].status} in the catalogue"
        for use in USES
        if use.code in CODES and use.status not in {None, CODES[use.code].status}
    ]
    assert not wrong, "\n".join(wrong)


def test_the_catalogue_lists_nothing_that_is_never_said() -> None:
    assert set(CODES) - {use.code for use in USES} == set()


def test_the_scanner_sees_every_way_of_refusing(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "a.py").write_text(
        'raise Conflict("one", "")\nreturn errors.NotFound("two", "")\nProblem.of("three", "")\nother("four")\n'
    )
    seen = [(use.code, use.status, use.place) for use in catalogue.uses(tmp_path)]
    assert seen == [
        ("one", 409, "ledger/a.py:1"),
        ("two", 404, "ledger/a.py:2"),
        ("three", None, "ledger/a.py:3"),
    ]


def test_the_page_of_errors_is_what_make_docs_writes() -> None:
    page = Path(settings.BASE_DIR, "docs", "errors.md").read_text(encoding="utf-8")
    assert page == catalogue.page(), "docs/errors.md is stale: run `make docs`"
