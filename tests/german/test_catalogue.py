"""The German catalogue is complete, and nothing that people read passes it by. What it says is missing, `make messages` adds."""

from __future__ import annotations

import gettext
import re
from collections import Counter

import pytest

from tests.german import texts
from tests.german.texts import CATALOGUE, PROJECT, SCRIPTS, Entry
from tests.house import FLOORS

ENTRIES = texts.catalogue(CATALOGUE / "django.po")
GERMAN = {entry.key: entry for entry in ENTRIES if entry.key[1]}
USED = texts.everything()

_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
_TAG = re.compile(r"</?\w+[^>]*>")


def listed(complaints: list[str]) -> str:
    return "\n" + "\n".join(complaints)


def test_every_text_is_in_the_german_catalogue() -> None:
    missing = {text.key: text.place for text in USED if text.key not in GERMAN}
    assert len(USED) > 1400, "the search has gone blind"
    assert not missing, listed([f"missing ({place}): {key!r}" for key, place in missing.items()])


def test_every_text_of_the_catalogue_is_used_and_translated() -> None:
    used = {text.key for text in USED}
    assert not GERMAN.keys() - used, listed([f"not used any more: {key!r}" for key in GERMAN.keys() - used])
    empty = [key for key, entry in GERMAN.items() if entry.is_fuzzy or not all(entry.said)]
    assert not empty, listed([f"not translated, or fuzzy: {key!r}" for key in empty])


def faults_of(entry: Entry) -> list[str]:
    """Where a translation has other places, tags or white space than the text."""
    _context, text, plural = entry.key
    found = []
    for said, of in zip(entry.said, [text, plural or text], strict=False):
        # A singular may say its number in a word.
        places, wanted = Counter(_PLACE.findall(said)), Counter(_PLACE.findall(of))
        if places != wanted:
            found.append(f"places differ: {of!r} / {said!r}")
        if sorted(_TAG.findall(said)) != sorted(_TAG.findall(of)):
            found.append(f"tags differ: {of!r} / {said!r}")
        if (of[:1].isspace(), of[-1:].isspace()) != (said[:1].isspace(), said[-1:].isspace()):
            found.append(f"white space at the ends differs: {of!r} / {said!r}")
    return found


def test_every_translation_has_the_places_and_tags_of_its_text() -> None:
    faults = [fault for entry in GERMAN.values() for fault in faults_of(entry)]
    assert not faults, listed(faults)


def test_the_compiled_catalogue_is_the_written_one() -> None:
    with open(CATALOGUE / "django.mo", "rb") as file:
        read = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    assert {name: text for name, text in read.items() if name} == {
        name: text for name, text in texts.compiled(ENTRIES).items() if name
    }, "run `make messages`"


def test_nobody_is_addressed_formally() -> None:
    """The informal “du”, everywhere. (“Sie” alone is what a card or a bank is called in a second sentence.)"""
    formal = re.compile(
        r"\b(Ihnen|[Bb]itte [A-ZÄÖÜa-zäöü]+ Sie|Sie (haben|können|müssen|dürfen|sind)|[A-ZÄÖÜ][a-zäöü]+en Sie)\b"
    )
    found = [said for entry in GERMAN.values() for said in entry.said if formal.search(said)]
    assert not found, listed(found)


# -- what is not in it -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", texts.templates(), ids=lambda path: path.relative_to(texts.TEMPLATES).as_posix()
)
def test_no_template_holds_bare_words(path: texts.Path) -> None:
    assert texts.bare_in_template(path.read_text(encoding="utf-8")) == []


def test_no_label_and_no_refusal_is_written_without_gettext() -> None:
    found: list[str] = []
    for app in FLOORS:
        for path in sorted((PROJECT / app).rglob("*.py")):
            place = path.relative_to(PROJECT).as_posix()
            # The API describes itself to developers, in English.
            if "/api/" not in place and "/migrations/" not in place and place not in DESCRIBED_IN_ENGLISH:
                found += texts.bare_in_python(path.read_text(encoding="utf-8"), place)
    assert not found, listed(found)


DESCRIBED_IN_ENGLISH = {"neobank/activity.py", "neobank/schema.py", "neobank/pagination.py"}


def test_no_script_says_anything_of_its_own() -> None:
    scripts = sorted(SCRIPTS.rglob("*.mjs"))
    assert scripts
    found = [
        f"{path.name}: {said}"
        for path in scripts
        for said in texts.bare_in_script(path.read_text(encoding="utf-8"))
    ]
    assert not found, listed(found)


# -- that it can fail --------------------------------------------------------------------------------------------------


def test_texts_are_seen_in_every_form() -> None:
    source = (
        "from django.utils.translation import gettext as _, gettext_lazy, ngettext, pgettext_lazy\n"
        'a = _("one") + gettext_lazy("t" "wo")\nb = ngettext("%d egg", "%d eggs", 3)\nc = pgettext_lazy("time", "To")\n'
        'd = other("not this")\n'
    )
    keys = {text.key for text in texts.of_python(source, "x.py")}
    assert keys == {("", "one", ""), ("", "two", ""), ("", "%d egg", "%d eggs"), ("time", "To", "")}
    template = (
        '{% load i18n %}{% translate "it\'s" %}{% blocktranslate trimmed count n=n %}\n one {{ n }}{% plural %}many {{ n }}'
        '{% endblocktranslate %}{{ day|date:_("j M") }}{% translate "To" context "time" %}'
    )
    keys = {text.key for text in texts.of_template(template, "x.html")}
    assert keys == {("", "it's", ""), ("", "one %(n)s", "many %(n)s"), ("", "j M", ""), ("time", "To", "")}


def test_a_text_that_is_put_together_too_early_is_seen() -> None:
    with pytest.raises(ValueError, match=r"x\.py:2"):
        list(texts.of_python('from django.utils.translation import gettext as _\n_(f"Hello {name}")', "x.py"))


def test_bare_words_are_seen() -> None:
    template = (
        '{% load i18n %}<p title="Look here">Hello {{ name }}</p><b>NeoBank</b><i data-x="say it" data-y="name"></i>'
        "{% blocktranslate %}fine{% endblocktranslate %}"
    )
    assert texts.bare_in_template(template) == ["Look here", "Hello", "say it"]
    assert texts.bare_in_python(
        'CharField(label="Name")\nConflict("code", f"No {x}.")\nCharField(label=_("Name"))', "x.py"
    ) == [
        "x.py:1: 'Name'",
        "x.py:2: f'No {x}.'",
    ]
    assert texts.bare_in_script('say("Try again.");\n// "not this one"\nask("[data-x]");') == ["Try again."]


def test_other_places_in_a_translation_are_seen() -> None:
    assert faults_of(Entry(("", "%(name)s paid <b>you</b>", ""), ["%(nam)s hat dich bezahlt "]))
    assert len(faults_of(Entry(("", "%(count)d egg", "%(count)d eggs"), ["%(count)d Ei", "viele Eier"]))) == 1
