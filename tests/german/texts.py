"""What there is to translate, read out of the code and the templates, and what the German catalogue holds: in Python alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from django.template.base import Lexer, TokenType
from django.utils.translation.template import templatize

from tests.house import FLOORS, PROJECT

CATALOGUE = PROJECT / "locale" / "de" / "LC_MESSAGES"
TEMPLATES = PROJECT / "templates"
SCRIPTS = PROJECT / "neobank" / "static" / "neobank"

#: Of each function of gettext: how many texts it takes, and which of them is a context.
FUNCTIONS = {"gettext": (1, False), "ngettext": (2, False), "pgettext": (2, True), "npgettext": (3, True)}

Key = tuple[str, str, str]
"""Context, text, plural; "" where there is none."""


@dataclass(frozen=True)
class Text:
    """One text in one place."""

    key: Key
    place: str


# -- in Python ---------------------------------------------------------------------------------------------------------


def of_python(source: str, place: str) -> Iterator[Text]:
    """The texts of a module. Raises ``ValueError`` for one that is put together before it is looked up."""
    tree = ast.parse(source)
    known = dict(_names(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in known:
            count, has_context = FUNCTIONS[known[node.func.id]]
            first = node.args[:count]
            if any(isinstance(text, ast.JoinedStr | ast.BinOp) for text in first):
                raise ValueError(f"{place}:{node.lineno}: a text is put together before it is translated")
            said = [text.value for text in first if isinstance(text, ast.Constant)]
            if len(said) == count:
                yield Text(_key([str(text) for text in said], has_context), f"{place}:{node.lineno}")


def _names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What the functions of gettext are called in a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            for alias in node.names:
                plain = re.sub(r"_(lazy|noop)$", "", alias.name)
                if plain in FUNCTIONS:
                    yield alias.asname or alias.name, plain


def _key(said: list[str], has_context: bool) -> Key:
    context = said[0] if has_context else ""
    text, *plural = said[1:] if has_context else said
    return context, text, plural[0] if plural else ""


# -- in templates ------------------------------------------------------------------------------------------------------

_CALL = re.compile(
    r"""\b(n?p?gettext|_)\(\s*((?:u?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')\s*,?\s*)+)""", re.DOTALL
)
_LITERAL = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)


def of_template(source: str, place: str) -> Iterator[Text]:
    """The texts of a template, as Django itself hands them to xgettext."""
    for call in _CALL.finditer(templatize(source, origin=place)):
        count, has_context = FUNCTIONS["gettext" if call[1] == "_" else call[1]]
        said = [str(ast.literal_eval(text)) for text in _LITERAL.findall(call[2])][:count]
        yield Text(_key(said, has_context), place)


def everything() -> list[Text]:
    """All texts of the project."""
    found: list[Text] = []
    for app in FLOORS:
        for path in sorted((PROJECT / app).rglob("*.py")):
            found += of_python(path.read_text(encoding="utf-8"), str(path.relative_to(PROJECT)))
    for path in templates():
        found += of_template(path.read_text(encoding="utf-8"), str(path.relative_to(PROJECT)))
    return found


def templates() -> list[Path]:
    """Every template of the project that people read."""
    return sorted(path for path in TEMPLATES.rglob("*") if path.is_file() and path.suffix != ".js")


# -- what is not translated --------------------------------------------------------------------------------------------

#: What people read and no language changes.
THE_SAME_IN_EVERY_LANGUAGE = {"NeoBank", "HTTP"}
WORDS_OF_CSS = {"dark light"}
_READ_ATTRIBUTES = ("alt", "title", "placeholder", "aria-label", "label")
_WORD = re.compile(r"[^\W\d_]{2,}")


class _Page(HTMLParser):
    """Collects what a person would read, and leaves out styles, scripts and what is marked as of another language."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self._unread: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if not self._unread:
            self.read += [known[name] or "" for name in _READ_ATTRIBUTES if name in known]
            # What a script says stands in a data- attribute; there a single word is a name.
            self.read += [
                value for name, value in attrs if name.startswith("data-") and value and " " in value
            ]
            if tag == "input" and known.get("type") in {"submit", "button"}:
                self.read.append(known.get("value") or "")
        if self._unread:
            begins = tag == self._unread[-1]
        else:
            begins = tag in {"script", "style", "code"} or (tag != "html" and "lang" in known)
        if begins:
            self._unread.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._unread and tag == self._unread[-1]:
            self._unread.pop()

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.read.append(data)


def read_on(html: str) -> list[str]:
    """What a person reads on a page, piece by piece: text, and the attributes that are read out or shown."""
    page = _Page()
    page.feed(html)
    return [" ".join(piece.split()) for piece in page.read if piece.strip()]


def bare_in_template(source: str) -> list[str]:
    """Words that stand in a template and in no tag that translates."""
    html, inside = "", False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.split_contents()[0]
            inside = name in {"blocktranslate", "blocktrans"} or (
                inside and not name.startswith("endblocktrans")
            )
            inside = inside and not name.startswith("endblocktrans")
        elif token.token_type == TokenType.TEXT and not inside:
            html += token.contents
    return [piece for piece in read_on(html) if set(_WORD.findall(piece)) - THE_SAME_IN_EVERY_LANGUAGE]


#: What is shown to people where it is written as one of these arguments.
_SHOWN = {
    "help_text",
    "verbose_name",
    "verbose_name_plural",
    "description",
    "empty_label",
    "heading",
}
_REFUSALS = {
    "Invalid",
    "Unauthenticated",
    "Denied",
    "NotFound",
    "Conflict",
    "Reused",
    "Unprocessable",
    "TooMany",
    "Unavailable",
}


def bare_in_python(source: str, place: str) -> list[str]:
    """Labels, and sentences of refusals, that are written without gettext."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        shown = [keyword.value for keyword in node.keywords if keyword.arg in _SHOWN]
        if name.endswith(("Field", "Moment")):
            shown += [keyword.value for keyword in node.keywords if keyword.arg == "label"]
        if name in _REFUSALS:
            shown += node.args[1:2]
        elif name in {"ValidationError", "CommandError"}:
            shown += node.args[:1]
        found += [
            f"{place}:{text.lineno}: {ast.unparse(text)}"
            for text in shown
            if isinstance(text, ast.Constant | ast.JoinedStr) and _WORD.search(_literal(text))
        ]
    return found


def _literal(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return " ".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))


def bare_in_script(source: str) -> list[str]:
    """Sentences in a script: what it says comes from the page, in data- attributes."""
    code = re.sub(r"^\s*//.*$", "", source, flags=re.MULTILINE)
    strings = re.findall(r""""((?:\\.|[^"\\\n])*)"|'((?:\\.|[^'\\\n])*)'|`((?:\\.|[^`\\])*)`""", code)
    said = {"".join(parts) for parts in strings} - WORDS_OF_CSS
    return [
        text
        for text in sorted(said)
        if re.search(r"[^\W\d_]{2,} [^\W\d_]{2,}", text) and not text.startswith(("(", "["))
    ]


# -- the catalogue -----------------------------------------------------------------------------------------------------


@dataclass
class Entry:
    """One entry of a .po file."""

    key: Key
    said: list[str]
    is_fuzzy: bool = False
    fields: dict[str, str] = field(default_factory=dict, repr=False)


def catalogue(path: Path) -> list[Entry]:
    """The entries of a .po file, its header (whose text is empty) among them."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    return [_entry(block) for block in blocks if re.search(r"^msgid ", block, re.MULTILINE)]


def _entry(block: str) -> Entry:
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line.startswith("#"):
            continue
        if match := re.match(r'(msg\w+(?:\[\d\])?) (".*")$', line):
            name = match[1]
            fields[name] = ast.literal_eval(match[2])
        else:
            fields[name] += ast.literal_eval(line)
    key = (fields.get("msgctxt", ""), fields["msgid"], fields.get("msgid_plural", ""))
    said = [text for name, text in sorted(fields.items()) if name.startswith("msgstr")]
    return Entry(key, said, is_fuzzy=bool(re.search(r"^#,.*\bfuzzy\b", block, re.MULTILINE)), fields=fields)


def compiled(entries: list[Entry]) -> dict[str | tuple[str, int], str]:
    """What ``gettext.GNUTranslations`` holds of a catalogue."""
    made: dict[str | tuple[str, int], str] = {}
    for entry in entries:
        context, text, plural = entry.key
        name = f"{context}\x04{text}" if context else text
        if plural:
            made |= {(name, number): said for number, said in enumerate(entry.said)}
        else:
            made[name] = entry.said[0]
    return made
