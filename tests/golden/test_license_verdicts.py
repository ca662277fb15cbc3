"""Verdicts on licenses, written down by hand from SPDX's list and the Open Definition."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.licenses import verdict

with (Path(__file__).with_name("license_verdicts.csv")).open(encoding="utf-8", newline="") as table:
    ROWS = list(csv.DictReader(table))


def test_the_table_has_each_expression_once_and_enough_of_them() -> None:
    assert len({row["expression"] for row in ROWS}) == len(ROWS) >= 150


@pytest.mark.parametrize("row", ROWS, ids=[repr(row["expression"])[1:-1] or "-" for row in ROWS])
def test_the_verdict_is_the_one_in_the_table(row: dict[str, str]) -> None:
    found = verdict(row["expression"])

    assert {
        "expression": row["expression"],
        "open": "yes" if found.open else "no",
        "rule": found.rule,
        "source": found.source or "",
        "normalised": found.expression or "",
    } == row, found.why


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("x" * 10_000, "invalid-expression"),
        ("LicenseRef-" + "x" * 10_000, "invalid-expression"),
        (" OR ".join(["MIT"] * 2_000), "invalid-expression"),
        ("(" * 5_000 + "MIT" + ")" * 5_000, "invalid-expression"),
        ("( " * 200, "invalid-expression"),
        ("cc-by-" + "nc-" * 2_000, "non-commercial"),
        ("MIT " * 1_500, "invalid-expression"),
        ("LicenseRef-" + "x" * 5_000, "unknown-ref"),
        ("Creative Commons " + "(CC BY 4.0) " * 400, "invalid-expression"),
        ("MIT\nANDISC", "unknown-license"),
    ],
)
def test_no_length_is_too_much_and_no_reason_is_long(text: str, rule: str) -> None:
    found = verdict(text)

    assert (found.open, found.rule) == (False, rule)
    assert 10 < len(found.why) < 300


WORDS = [
    *("MIT", "CC-BY-4.0", "CC-BY-NC-4.0", "GPL-2.0+", "GFDL-1.3", "JSON", "NONE", "LLVM-exception"),
    *("LicenseRef-x", "DocumentRef-a:LicenseRef-b", "AdditionRef-x", "eCos-2.0", "any-OSI"),
    *(
        "AND",
        "or",
        "With",
        "(",
        ")",
        "+",
        ",",
        "/",
        "é",
        "\x00",
        "\u2028",
        "\ufeff",
        "4.0",
        "CC",
        "BY",
    ),
]


@given(
    st.lists(st.sampled_from(WORDS) | st.text(max_size=4), max_size=14), st.sampled_from(["", " "])
)
def test_any_soup_of_words_gets_a_verdict_that_says_why(words: list[str], between: str) -> None:
    found = verdict(between.join(words))

    assert found.open is (found.rule == "open")
    assert found.why
    assert (found.expression is not None) or not found.open
    if found.expression is not None:
        again = verdict(found.expression)
        assert (again.open, again.expression) == (found.open, found.expression)
