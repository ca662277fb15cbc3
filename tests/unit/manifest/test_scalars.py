"""What a plain scalar is taken for by some YAML reader."""

import re
from unicodedata import bidirectional

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.scalars import UNWRITTEN, taken_for, unfit

# The plain scalars that are no text in the core schema of YAML 1.2.
CORE = re.compile(
    r"null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?(\.inf|\.Inf|\.INF)"
    r"|\.nan|\.NaN|\.NAN"
)
TURNING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}  # UAX 9, table 4
LOOKALIKES = st.text("0123456789_.:+-eExXobaAfFnNiIyYsStTrRuUlL~ <=Z", max_size=12)


@pytest.mark.parametrize(
    ("plain", "kind"),
    [
        ("", "nothing"),
        ("~", "nothing"),
        ("NULL", "nothing"),
        ("no", "a truth value"),
        ("On", "a truth value"),
        ("y", "a truth value"),
        ("1.10", "a number"),
        ("012", "a number"),
        ("0b11", "a number"),
        ("0xfe", "a number"),
        ("1e3", "a number"),
        ("1_000", "a number"),
        ("12:30:00", "a number"),
        ("-.inf", "a number"),
        (".NaN", "a number"),
        ("2026-11-02", "a date"),
        ("2026-11-02T09:00:00Z", "a date"),
        ("<<", "a merge key"),
    ],
)
def test_a_scalar_that_some_reader_does_not_take_for_text_is_named(plain: str, kind: str) -> None:
    assert taken_for(plain) == kind


@pytest.mark.parametrize(
    "plain",
    [
        "Norway",
        "1.2.3",
        "v1",
        "0bcafe",
        "0xyz",
        "2.1.0-rc1",
        "10.5281/zenodo.1",
        "12:99",
        "nope",
        "0000-0000-0000-0000",
        "e",
        "-",
        "+",
        ".",
        "_1",
        "org.example/wiki",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_text_that_only_looks_like_something_else_stays_text(plain: str) -> None:
    assert taken_for(plain) is None


@given(LOOKALIKES)
def test_nothing_that_yaml_1_1_resolves_is_missed(plain: str) -> None:
    resolvers = yaml.SafeLoader.yaml_implicit_resolvers.get(plain[:1], [])

    assert taken_for(plain) is not None or not any(pattern.match(plain) for _, pattern in resolvers)


@given(st.from_regex(CORE, fullmatch=True))
def test_nothing_that_yaml_1_2_resolves_is_missed(plain: str) -> None:
    assert taken_for(plain) is not None


def test_a_million_digits_take_no_time() -> None:
    assert taken_for("1" * 1_000_000 + "x") is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("two\nlines\tand a tab", None),
        ("Straße, 東京, عربى, \U0001f600", None),
        ("a\u200db\u200cc\u200bd", None),  # joiners, which Persian and emoji need
        ("a\u2028b\ufeff", None),
        ("a\x1b[31m", "the character U+001B"),
        ("a\x85b", "the character U+0085"),
        ("\ud800", "the character U+D800"),
        ("\uffff\x00", "the character U+FFFF"),
        ("a\u202egpj", "the character U+202E, which turns the direction of writing"),
        ("\u061c", "the character U+061C, which turns the direction of writing"),
    ],
)
def test_a_character_that_no_text_may_hold_is_named(text: str, first: str | None) -> None:
    assert unfit(text) == first


@given(st.characters())
def test_what_no_text_may_hold_never_stands_in_a_file_as_it_is(character: str) -> None:
    assert unfit(character) is None or UNWRITTEN.match(character) or character == "\r"


def test_all_that_turns_the_direction_of_writing_is_refused() -> None:
    turning = [chr(code) for code in range(0x11_0000) if bidirectional(chr(code)) in TURNING]

    assert [character for character in turning if not unfit(character)] == []
    assert [character for character in turning if not UNWRITTEN.match(character)] == []
