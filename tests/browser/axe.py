"""axe-core in a page, brought in as the developer's tools would: no script tag, so the page's own rules stay as they are."""

from __future__ import annotations

from functools import cache

from playwright.sync_api import Page

from tests.databases import PROJECT

FOLDER = PROJECT / "tests" / "vendor" / "axe-core-4.14.1"
GRAVE = {"serious", "critical"}
_RUN = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"


@cache
def _source() -> str:
    return (FOLDER / "axe.min.js").read_text(encoding="utf-8")


def grave_faults(page: Page) -> list[str]:
    """What keeps people from using the page, one line each: the rule, where, and what axe says about it."""
    page.evaluate(_source())
    return [
        f"{page.url}: {fault['id']} at {node['target']}: {node['failureSummary']}"
        for fault in page.evaluate(_RUN)
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
