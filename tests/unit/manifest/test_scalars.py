"""What a plain scalar is taken for by some YAML reader."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.scalars import taken_for

# The plain scalars that are no text in the core schema of YAML 1.2.
CORE = re.compile(
    r"null|Null|NULL|~|true|True|TRUE|false|False|FALSE|[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"
    r"|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?(\.inf|\.Inf|\.INF)"
    r"|\.nan|\.NaN|\.NAN"
)
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
