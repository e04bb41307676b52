"""What stands on a printed PDF: read off its pages as a person and a phone's camera do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import zxingcpp

_DOTS_PER_POINT = 2


def codes_in(pdf: bytes) -> list[str]:
    """What every QR code holds."""
    with _pages(pdf) as pages:
        pictures = [page.render(scale=_DOTS_PER_POINT).to_pil() for page in pages]
    return [code.text for picture in pictures for code in zxingcpp.read_barcodes(picture)]


def words_in(pdf: bytes) -> str:
    """The text of all pages, white space folded."""
    with _pages(pdf) as pages:
        return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pages).split())


def page_count(pdf: bytes) -> int:
    """How many sheets of paper it takes."""
    with _pages(pdf) as pages:
        return len(pages)


@contextmanager
def _pages(pdf: bytes) -> Iterator[list[Any]]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield [document[number] for number in range(len(document))]
    finally:
        document.close()
