import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.console.text import plural, safe


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J",
        "\x07",
        "\x08",
        "\r",
        "\t",
        "\x7f",
        "\x9b31m",
        "\u202e",
        "\u2028",
        "\u200f",
        "\udcff",
    ],
)
def test_what_could_steer_a_terminal_is_replaced(text: str) -> None:
    assert safe(text) == "\ufffd" + text[1:]


def test_what_people_write_stays() -> None:
    assert safe("Flüsse, 河 & [bold]ok[/] :cat: · 95 %") == "Flüsse, 河 & [bold]ok[/] :cat: · 95 %"


def test_line_feeds_stay_in_messages_and_not_in_lines() -> None:
    assert safe("one\ntwo") == "one\ntwo"
    assert safe("one\ntwo", lines=False) == "one\ufffdtwo"


@given(st.text())
def test_nothing_unprintable_is_left_and_lengths_agree(text: str) -> None:
    made = safe(text, lines=False)

    assert made.isprintable() or "\ufffd" in made
    assert len(made) == len(text)
    assert safe(made, lines=False) == made


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 files"), (1, "1 file"), (2, "2 files"), (12_345, "12,345 files")]
)
def test_one_is_singular(count: int, words: str) -> None:
    assert plural(count, "file") == words
