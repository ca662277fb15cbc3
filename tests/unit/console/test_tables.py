import io
from decimal import Decimal

import pytest
from rich.console import Console as Terminal
from rich.console import RenderableType

from seedbox.console.tables import facts, hashes, line, magnet_of, number, share, table
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from support.torrents import make


def printed(view: RenderableType, width: int) -> list[str]:
    text = io.StringIO()
    Terminal(file=text, width=width, soft_wrap=True).print(view)
    return [row.rstrip() for row in text.getvalue().splitlines()]


def test_numbers_stand_right_and_words_left() -> None:
    rows = table("shard", "size>")
    rows.add_row(line("a"), "1 B")
    rows.add_row(line("long-name"), "1.00 GiB")

    assert printed(rows, 80) == [
        "shard          size",
        "a               1 B",
        "long-name  1.00 GiB",
    ]


def test_on_a_narrow_terminal_names_fold_and_numbers_do_not() -> None:
    rows = table("shard", "size>", "coverage>")
    rows.add_row(line("x" * 30), "123.45 GiB", "100.0 %")

    shown = printed(rows, 40)

    assert shown[0].split() == ["shard", "size", "coverage"]
    assert shown[1].split()[1:] == ["123.45", "GiB", "100.0", "%"]
    assert "".join(row.split()[0] for row in shown[1:]) == "x" * 30


def test_cells_hold_text_from_outside_as_it_is() -> None:
    rows = table("file")
    rows.add_row(line("[bold]a[/]\x1b[2J\nb"))

    assert printed(rows, 80) == ["file", "[bold]a[/]\ufffd[2J\ufffdb"]


def test_facts_without_a_value_are_left_out() -> None:
    said = facts([("title", "A set"), ("doi", None), ("comment", ""), ("files", 0)])

    assert printed(said, 80) == ["title  A set", "files  0"]


def test_long_facts_go_on_below_themselves() -> None:
    said = facts([("title", "many words that do not fit"), ("id", "a/b")])

    assert printed(said, 22) == ["title  many words that", "       do not fit", "id     a/b"]


@pytest.mark.parametrize(
    ("value", "words", "plain"),
    [
        (None, "-", None),
        (Decimal("0.8"), "80.0 %", 0.8),
        (Decimal(1), "100.0 %", 1),
        (Decimal("0.999999"), "99.9 %", 0.999999),
    ],
)
def test_shares_and_numbers(value: Decimal | None, words: str, plain: float | None) -> None:
    assert share(value) == words
    assert number(value) == plain
    assert isinstance(number(Decimal("2.0")), int)


def test_hashes_are_hex_and_only_those_that_there_are() -> None:
    assert hashes(b"\x01" * 20, None) == {"v1": "01" * 20}
    assert hashes(None, b"\x02" * 32) == {"v2": "02" * 32}


def test_the_link_of_a_torrent_has_its_trackers_and_web_seeds() -> None:
    extras = Extras((("udp://a.example:1/",), ("udp://b.example:1/",)), ("https://c.example/",))

    link = magnet_of(make({"a": b"x"}, Format.V1, name="set", extras=extras))

    assert link.trackers == ("udp://a.example:1/", "udp://b.example:1/")
    assert (link.name, link.web_seeds) == ("set", ("https://c.example/",))
