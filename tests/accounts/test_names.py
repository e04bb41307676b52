"""Names: what may be one, and which two are the same."""

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import names
from accounts.errors import Invalid
from tests.databases import PROJECT


def same(one: str, other: str) -> bool:
    return names.key(names.clean(one)) == names.key(names.clean(other))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("Alice", "Alice"),
        ("  Zero \t Cool ", "Zero Cool"),
        ("Ａｌｉｃｅ", "Alice"),
        ("O'Brien-Smith", "O'Brien-Smith"),
        ("xX_N30_Xx", "xX_N30_Xx"),
        ("José", "José"),
        ("ﬁxer", "fixer"),
        ("Søren", "Søren"),
        ("Ольга", "Ольга"),
        ("ゼロ計画", "ゼロ計画"),
        ("ギデオン・ー", "ギデオン・ー"),
        ("김철수", "김철수"),
        ("फ़रीदा", "फ़रीदा"),
        ("रवि", "रवि"),
        ("สมชาย", "สมชาย"),
        ("فاطمة", "فاطمة"),
        ("42", "42"),
    ],
)
def test_a_name_is_shown_as_it_was_meant(raw: str, shown: str) -> None:
    assert names.clean(raw) == unicodedata.normalize("NFKC", shown)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "A",
        " A ",
        "a" * 65,
        "ﷺ" * 10,
        "a" * 100_000,
        "a\0b",
        "a\x1bb",
        "Alice\u202e",
        "\u2066Alice\u2069",
        "Ali\u200bce",
        "Ali\u00adce",
        "Ali\ufeffce",
        "Ali\u3164ce",
        "Ali\ufe0fce",
        "Ali\u115fce",
        "Ali\ue000ce",
        "Ali\ud800ce",
        "Ali\uffffce",
        "Neo😀",
        "★Neo★",
        "--",
        "А\u0301",
    ],
    ids=ascii,
)
def test_what_is_invisible_endless_or_no_writing_at_all_is_no_name(raw: str) -> None:
    with pytest.raises(Invalid) as refusal:
        names.clean(raw, field="name")
    assert (refusal.value.code, refusal.value.field) == ("invalid_name", "name")


@pytest.mark.parametrize(
    "raw", ["Аlice", "Alicе", "Νeo", "Zeroゼロ", "Ольga", "김Kim", "אa", "ابa"], ids=ascii
)
def test_letters_of_two_alphabets_make_no_name(raw: str) -> None:
    with pytest.raises(Invalid):
        names.clean(raw)


@pytest.mark.parametrize(
    "raw",
    ["\u0301Alice", "Al \u0301ice", "Max\u030c", "A\u0336\u0336b", "Z\u0335\u0327\u0328\u0348\u0331algo"],
    ids=ascii,
)
def test_accents_neither_float_nor_hang_over_nor_pile_up(raw: str) -> None:
    with pytest.raises(Invalid):
        names.clean(raw)


@pytest.mark.parametrize("raw", ["NC-7F3K-Q2MX", "nc7f3kq2mx", "NC 7F3K Q2MX", "NC-MINT-0000"])
def test_a_name_cannot_be_read_as_an_account_number(raw: str) -> None:
    with pytest.raises(Invalid):
        names.clean(raw)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "ALICE"),
        ("Alice", "ａｌｉｃｅ"),
        ("Alice", "AIice"),
        ("Alice", "A1ice"),
        ("Alice", "A|ice"),
        ("Alice", "аӏісе"),
        ("Alice", "ɑlice"),
        ("Rob", "R0b"),
        ("Mary", "rnary"),
        ("NEO", "ΝΕΟ"),
        ("Neo", "ΝΕΟ"),
        ("HOT", "НОТ"),
        ("hot", "нот"),
        ("Groß", "GROSS"),
        ("Zero Cool", "zero  cool"),
    ],
)
def test_names_that_look_alike_are_the_same_name(one: str, other: str) -> None:
    assert same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Alice", "Alicia"),
        ("Sam", "Fam"),
        ("Nan", "Van"),
        ("Yves", "Uves"),
        ("Jose", "José"),
        ("Zero Cool", "ZeroCool"),
        ("Player 2", "Player 3"),
        ("Ольга", "Олег"),
    ],
)
def test_names_that_look_different_are_different(one: str, other: str) -> None:
    assert not same(one, other)


# The letters of one script at a time: mixed ones are refused, and are looked at above.
ALPHABETS = [
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 '-_.",
    "abcéèüñøåłßœæıŁŒ ſǅ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯіїєӏ",
    "αβγδεζηθικλμνξοπρσςτυφχψωΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩάέ",
    "あいうえおアイウエオー計画龍",
    "가나다라마바사김철수",
]
written = st.one_of([st.text(alphabet, max_size=64) for alphabet in ALPHABETS])


def cleaned(text: str) -> str | None:
    try:
        return names.clean(text)
    except Invalid:
        return None


@given(st.one_of(written, st.text(max_size=80)))
def test_whatever_is_typed_is_cleaned_or_refused_and_cleaning_twice_changes_nothing(text: str) -> None:
    name = cleaned(text)
    if name is not None:
        assert names.clean(name) == name
        assert names.MIN_LENGTH <= len(name) <= names.MAX_LENGTH


@given(st.one_of(written, st.text(max_size=80)))
def test_the_key_of_a_name_is_short_and_its_own_key(text: str) -> None:
    name = cleaned(text)
    if name is not None:
        key = names.key(name)
        assert 1 <= len(key) <= names.MAX_KEY_LENGTH
        assert names.key(key) == key


@given(written)
def test_the_key_does_not_see_case(text: str) -> None:
    name = cleaned(text)
    for variant in (text.upper(), text.lower(), text.swapcase(), text.casefold()):
        other = cleaned(variant)
        # Full upper case of one letter may be two (ß), and so a name too long.
        if name is not None and other is not None:
            assert names.key(other) == names.key(name)


@given(st.text(ALPHABETS[0], max_size=64))
def test_the_key_does_not_see_width(text: str) -> None:
    wide = text.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert cleaned(wide) == cleaned(text)


@pytest.mark.parametrize("plane", range(17))
def test_every_character_a_name_may_hold_has_one_key_in_any_case(plane: int) -> None:
    for code in range(plane << 16, (plane + 1) << 16):
        char = chr(code)
        if not names._scripts_of(char):
            continue
        key = names.key(f"a{char}b")
        assert names.key(key) == key
        for variant in (char.upper(), char.lower(), char.casefold()):
            if unicodedata.is_normalized("NFKC", variant):
                assert names.key(f"a{variant}b") == key, ascii(char)


def test_names_need_no_package_but_the_vendored_table() -> None:
    script = (
        "import sys\n"
        "sys.modules['confusables'] = sys.modules['confusable_homoglyphs'] = None\n"
        "from accounts import names\n"
        "assert names.key('Mila') == 'rnlla'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=PROJECT, check=True)
