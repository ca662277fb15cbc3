"""What is checked before any parsing: size, lines, encoding and characters, each with its line."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest.decoding import readable
from seedbox.manifest.problems import Problems, TooManyProblemsError
from seedbox.manifest.scalars import UNWRITTEN

MiB = 1024 * 1024
HUNDRED = [("character", line) for line in range(1, 101)]


def found(data: bytes) -> list[tuple[str, int | None]]:
    problems = Problems("m.yaml")
    try:
        good = readable(data, problems)
    except TooManyProblemsError:
        good = False
    assert good is not bool(problems.found)
    return [(problem.rule, problem.line) for problem in problems.found]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"a: 1\r\nb: 2\rc: \xc3\xa9\n", []),
        (b"#" * MiB, []),
        (b"#" * MiB + b"\n#", []),
        (b"#\n" + b"#" * (MiB + 1), [("too-long", 2)]),
        (b"#\n" * MiB + b"\x01", [("character", MiB + 1)]),
        (b"#\r\n" * MiB + b"\xff", [("encoding", MiB + 1)]),
        (b"#\r" * 1000 + b"\n\x01", [("character", 1001)]),
        (b"\x01\xff", [("encoding", 1)]),
        (b"\x01\n\x02\x03", [("character", 1), ("character", 2), ("character", 2)]),
        (b"\x01\n" * MiB, [*HUNDRED, ("too-many-problems", 100)]),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}\n\u2028".encode(), [("character", 2)]),
        (b"\xc3\n\xa9", [("encoding", 1)]),
        (b"\xef\xbb\xbfa: 1\n", [("encoding", 1)]),
        (b"#" * (64 * MiB + 1), [("too-large", None)]),
    ],
)
def test_a_file_is_checked_before_it_is_parsed(
    data: bytes, expected: list[tuple[str, int | None]]
) -> None:
    assert found(data) == expected


@given(st.text(max_size=50), st.integers(0, 3))
def test_a_character_is_refused_wherever_it_stands(text: str, strips: int) -> None:
    data = (b"#" * 99 + b"\n") * (strips * 10_500) + text.encode(errors="replace")

    bad = UNWRITTEN.findall(text.encode(errors="replace").decode())

    assert len(found(data)) == len(bad)


def test_one_rare_character_does_not_blow_up_the_whole_text() -> None:
    data = b"# words\n" * (8 * MiB - 2) + "# \N{GRINNING FACE}\n".encode()
    tracemalloc.start()

    assert found(data) == []

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12 * MiB
