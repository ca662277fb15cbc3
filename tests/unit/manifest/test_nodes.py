"""Untrusted YAML: what is refused, where, and that both parsers agree."""

import re
import tracemalloc
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from seedbox.manifest import nodes
from seedbox.manifest.nodes import ListNode, MapNode, Node, ScalarNode, load
from seedbox.manifest.problems import Problems, TooManyProblemsError

EXAMPLE = Path(__file__).with_name("example.yaml").read_bytes()
LAUGHS = b"a: &a [l, l]\n" + b"".join(
    b"%c: &%c [*%c, *%c]\n" % (key, key, key - 1, key - 1) for key in range(ord("b"), ord("m"))
)


def read(data: bytes, loader: nodes._Loader = nodes.LOADER) -> tuple[Node | None, Problems]:
    problems = Problems("m.yaml")
    try:
        return load(data, problems, loader=loader), problems
    except TooManyProblemsError:
        return None, problems


def places(data: bytes, loader: nodes._Loader = nodes.LOADER) -> list[tuple[str, int | None, str]]:
    return [(each.rule, each.line, each.path) for each in read(data, loader)[1].found]


LOADERS = pytest.mark.parametrize("loader", [yaml.SafeLoader, nodes.LOADER], ids=["python", "c"])


@LOADERS
def test_scalars_keep_their_text_their_quotes_and_their_line(loader: nodes._Loader) -> None:
    tree, _ = read(b'a: 012\nb:\n- "no"\n- {c: 1e3}\nd: |\n  x\n', loader)

    assert tree == MapNode(
        {
            "a": ScalarNode("012", True, 1),
            "b": ListNode(
                [ScalarNode("no", False, 3), MapNode({"c": ScalarNode("1e3", True, 4)}, 4)], 2
            ),
            "d": ScalarNode("x\n", False, 5),
        },
        1,
    )


@LOADERS
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: 1\nb: 2\na: 3\n", [("duplicate-key", 3, "a")]),
        (b"s:\n- {a: 1, a: 2}\n", [("duplicate-key", 2, "s[0].a")]),
        (b'a: 1\n"a": 2\n', [("duplicate-key", 2, "a")]),
        (b"a: &x 1\nb: 2\n", [("anchor", 1, "a")]),
        (b"a: &x [1]\nb: *x\n", [("anchor", 1, "a"), ("alias", 2, "b")]),
        (b"a: 1\nb: *nowhere\n", [("alias", 2, "b")]),
        (b"*a : 1\n", [("alias", 1, "")]),
        (b"a:\n  <<: {b: 1}\n  c: 2\n", [("merge-key", 2, "a.<<")]),
        (b"a: !!str 1\n", [("tag", 1, "a")]),
        (b"a: !local x\n", [("tag", 1, "a")]),
        (b"a: ! x\n", [("tag", 1, "a")]),
        (b"a: !!python/object/apply:os.system [id]\n", [("tag", 1, "a")]),
        (b"a: !!omap [b: 1]\n", [("tag", 1, "a")]),
        (b"? [a, b]\n: 1\nc: 2\n", [("key", 1, "")]),
        (b"{a: 1}: 2\n", [("key", 1, "")]),
        (b"a: 1\n---\nb: 2\n", [("documents", 2, "")]),
        (b"%YAML 1.1\n---\na: 1\n", [("directive", 1, "")]),
        (b"%TAG ! tag:example.org,2026:\n---\na: 1\n", [("directive", 1, "")]),
        (b"", [("empty", 1, "")]),
        (b"# nothing but words\n", [("empty", 1, "")]),
        (b"a: [1, 2\nb: 3\n", [("yaml", 2, "")]),
        (b"a: 'open\n", [("yaml", 2, "")]),
        (b"a: 1\n b: 2\n", [("yaml", 2, "")]),
        (b"a: @at\n", [("yaml", 1, "")]),
        (b"a:\n\t- tab\n", [("character", 2, "")]),
        (b"a:\t1 # which PyYAML refuses in Python and reads in C\n", [("character", 1, "")]),
        (b"\xef\xbb\xbfa: 1\n", [("encoding", 1, "")]),
        ("a: 1\n".encode("utf-16"), [("encoding", 1, "")]),
        ("a: 1\n".encode("utf-16-be"), [("character", 1, "")] * 5),
        (b"a: 1\nb: \xff\n", [("encoding", 2, "")]),
        (b"a: 1\nb: x\0y\n", [("character", 2, "")]),
        ("a: x\N{ZERO WIDTH NO-BREAK SPACE}\n".encode(), [("character", 1, "")]),
        ("a: one\N{LINE SEPARATOR}b: 2\n".encode(), [("character", 1, "")]),
        ("a: \x85\n".encode(), [("character", 1, "")]),
        (b"a: \x1b[31m\n", [("character", 1, "")]),
        (b"[" * 33 + b"]" * 33, [("nesting", 1, "[0]" * 32)]),
        (b"a:\n" + b"".join(b" " * n + b"- \n" for n in range(1, 4)), []),
    ],
)
def test_what_two_readers_could_take_differently_is_refused_with_its_line(
    data: bytes, expected: list[tuple[str, int, str]], loader: nodes._Loader
) -> None:
    assert places(data, loader) == expected


@LOADERS
def test_32_levels_are_read(loader: nodes._Loader) -> None:
    assert places(b"[" * 32 + b"]" * 32, loader) == []


@LOADERS
@pytest.mark.parametrize("escape", [rb"\UFFFFFFFF", rb"\U00110000", rb"\xZZ"])
def test_an_impossible_escape_is_a_problem_not_a_crash(
    escape: bytes, loader: nodes._Loader
) -> None:
    assert [rule for rule, _, _ in places(b'a: "' + escape + b'"\n', loader)] == ["yaml"]


def test_every_problem_has_a_hint_and_shows_what_was_read() -> None:
    _, problems = read(b"a: &anchor 1\nb: *anchor\nc: !!bool yes\na: 2\n")

    assert [problem.message for problem in problems.found] == [
        "&anchor is an anchor",
        "*anchor is an alias",
        "tag:yaml.org,2002:bool is a tag",
        "the key 'a' stands in line 1 already",
    ]
    assert all(problem.hint.endswith(".") for problem in problems.found)


def test_laughs_are_counted_and_never_expanded() -> None:
    tracemalloc.start()
    _, problems = read(LAUGHS + b"x: [" + b"*l, " * 100_000 + b"]\n")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(problems.found) == 101
    assert problems.found[-1].rule == "too-many-problems"
    assert peak < 20_000_000


def test_a_file_over_64_mib_is_not_even_parsed() -> None:
    assert places(b"#" * (64 * 1024 * 1024 + 1)) == [("too-large", None, "")]


@pytest.mark.parametrize("opening", [b"[", b"{a: ", b"- ", b"? "])
def test_a_million_levels_stop_at_the_33rd(opening: bytes) -> None:
    assert [rule for rule, _, _ in places(opening * 1_000_000)] == ["nesting"]


def meaning(node: Node | None) -> object:
    """Return what a tree says, without its lines."""
    if isinstance(node, MapNode):
        return {key: meaning(value) for key, value in node.entries.items()}
    if isinstance(node, ListNode):
        return [meaning(item) for item in node.items]
    return (node.text, node.plain) if isinstance(node, ScalarNode) else None


def test_both_parsers_read_the_example_alike() -> None:
    assert read(EXAMPLE)[0] == read(EXAMPLE, yaml.SafeLoader)[0]


LINES = EXAMPLE.decode().splitlines()
PIECES = st.sampled_from(sorted(set(re.findall(r"\w+|[^\w\s]|\s", EXAMPLE.decode()))))


@given(st.integers(0, len(LINES) - 1), st.sampled_from(LINES), PIECES, st.integers(0, 200))
def test_both_parsers_read_a_changed_example_alike_where_both_accept_it(
    at: int, other: str, piece: str, column: int
) -> None:
    changed = f"{LINES[at][:column]}{piece}{LINES[at][column:]}"
    data = "\n".join([*LINES[:at], changed, other, *LINES[at + 1 :]]).encode()

    (by_c, problems), (by_python, others) = read(data), read(data, yaml.SafeLoader)

    if not problems.found and not others.found:
        assert by_c == by_python


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    tree, problems = read(data)

    assert tree is not None or problems.found


MARKS = [*":-?[]{},&*!|>'\"%@`# ", "\n", "\n  ", "- ", "a: ", "a", "1", "\N{BULLET}", "<<", "---"]


@given(st.lists(st.sampled_from(MARKS), max_size=20))
def test_what_both_parsers_accept_they_read_alike(marks: list[str]) -> None:
    data = "".join(marks).encode()

    (by_c, problems), (by_python, others) = read(data), read(data, yaml.SafeLoader)

    assert by_c is not None or problems.found
    assert by_python is not None or others.found
    if not problems.found and not others.found:
        assert meaning(by_c) == meaning(by_python)
