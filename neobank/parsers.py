"""JSON bodies, read strictly (RFC 8259, and what I-JSON, RFC 7493, forbids): one meaning a body, or a plain 400."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any, Final, NoReturn

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser

from accounts.errors import Invalid
from neobank.bodies import TooLarge

INTEGER_DIGITS_MAX: Final = 20
DEPTH_MAX: Final = 32


class StrictJSONParser(BaseParser):
    """UTF-8 only, no duplicate keys, no NaN, no integers over 20 digits, bounded nesting, no NUL and no lone surrogates."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The value of the body. Raises ``Invalid`` (``malformed_json``) with a sentence, or ``TooLarge``."""
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLarge
        return parse(raw)


def parse(raw: bytes) -> Any:
    """The value of ``raw``. Raises ``Invalid`` (``malformed_json``)."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        _refuse(_("The body is not UTF-8 text."))
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
        )
    except json.JSONDecodeError as error:
        _refuse(
            _("The body is not valid JSON, line %(line)s, column %(column)s.")
            % {"line": error.lineno, "column": error.colno}
        )
    except RecursionError:
        _refuse_depth()
    _check(value, depth=1)
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _value in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        _refuse(_("The name %(name)s stands twice in one object.") % {"name": _shown(twice)})
    return value


def _constant(name: str) -> NoReturn:
    _refuse(_("%(name)s is not a JSON number.") % {"name": name})


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > INTEGER_DIGITS_MAX:
        _refuse(_("A whole number has more than 20 digits."))
    return int(digits)


def _float(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        _refuse(_("A number is too large."))
    return number


def _check(value: Any, depth: int) -> None:
    if depth > DEPTH_MAX:
        _refuse_depth()
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, list):
        for item in value:
            _check(item, depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _check_text(name)
            _check(item, depth + 1)


def _check_text(text: str) -> None:
    if text.isascii():
        if "\0" in text:
            _refuse(_("A text holds a NUL character. Leave it out."))
        return
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        _refuse(_("A text holds a NUL character or half of a surrogate pair. Leave it out."))


def _shown(text: str) -> str:
    return text[:40].encode("utf-8", "replace").decode()


def _refuse_depth() -> NoReturn:
    _refuse(_("The body is nested too deeply."))


def _refuse(sentence: str) -> NoReturn:
    raise Invalid("malformed_json", sentence)
