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
def test_a_quarter_of_a_million_levels_stop_at_the_33rd(opening: bytes) -> None:
    assert [rule for rule, _, _ in places(opening * 250_000)] == ["nesting"]


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


# --- limits, and parts that are visited -------------------------------------------------------


@LOADERS
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a: " + b"x" * 1_048_573, []),  # 1 MiB in a line
        (b"a: 1\nb: " + b"x" * 1_048_574, [("too-long", 2, "")]),
        (b"a: 1\r\nb: 2\rc: \x01\n", [("character", 3, "")]),
        (b"a: |\n" + b"  x\n" * 200_000, []),
        (b"a: 1\nb: |\n" + b"  x\n" * 300_000, [("too-long", 2, "")]),
        (b"# words\n" * 7_000 + b"a: 1\n", []),
        (b"# words\n" * 13_000 + b"a: 1\n", [("too-long", 1, "")]),
        (b"a: 1\n" + b"# words\n" * 100_000 + b"b: 2\n", []),
        (b"a: 1\n...\n" + b"# words\n" * 13_000 + b"b: 2\n", [("too-long", 2, "")]),
    ],
)
def test_what_adds_nothing_to_the_tree_is_bounded(
    data: bytes, expected: list[tuple[str, int, str]], loader: nodes._Loader
) -> None:
    assert places(data, loader) == expected


def test_a_tree_has_a_million_keys_and_values_at_most() -> None:
    assert places(b"a: [" + b"1,\n" * 1_000_000) == [("too-many", 1_000_000, "a[999999]")]


class Visited:
    """A visitor that remembers."""

    many = "m"

    def __init__(self) -> None:
        self.seen: list[tuple[str | int, object]] = []

    def entry(self, key: str, node: Node) -> None:
        self.seen.append((key, meaning(node)))

    def item(self, index: int, node: Node) -> None:
        self.seen.append((index, meaning(node)))


def visited(data: bytes) -> tuple[list[tuple[str | int, object]], Node | None, Problems]:
    visitor, problems = Visited(), Problems("m.yaml")
    return visitor.seen, load(data, problems, visitor=visitor), problems


def test_a_visitor_gets_entries_and_the_items_of_one_list_which_no_tree_keeps() -> None:
    seen, root, problems = visited(b"a: 1\nm:\n- b\n- {m: [c]}\nn: [d]\n")

    assert seen == [
        ("a", ("1", True)),
        (0, ("b", True)),
        (1, {"m": [("c", True)]}),
        ("m", []),
        ("n", [("d", True)]),
    ]
    assert isinstance(root, MapNode)
    assert {key: type(node) for key, node in root.entries.items()} == dict.fromkeys(
        "amn", nodes.BrokenNode
    )
    assert not problems.found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"m: 1\n", [("m", ("1", True))]),
        (b"m: {a: [b]}\n", [("m", {"a": [("b", True)]})]),
        (b"a: {m: [b]}\n", [("a", {"m": [("b", True)]})]),
        (b"m: [b]\nm: [c]\n", [(0, ("b", True)), ("m", [])]),
        (b"[a]: 1\nm: []\n", [("m", [])]),
        (b"- m: [a]\n", []),
        (b"m\n", []),
    ],
)
def test_only_the_items_of_the_roots_own_list_are_visited(
    data: bytes, expected: list[tuple[str | int, object]]
) -> None:
    assert visited(data)[0] == expected


def test_problems_among_visited_items_have_their_place() -> None:
    _, _, problems = visited(b"m:\n- a\n- {b: &c d}\n")

    assert [(each.rule, each.line, each.path) for each in problems.found] == [
        ("anchor", 3, "m[1].b")
    ]


def test_every_visited_item_may_be_as_large_as_the_first() -> None:
    large = b"- [" + b"1," * 60_000 + b"]\n"
    larger = b"- [" + b"1," * 99_998 + b"]\n"

    assert visited(b"m:\n" + large * 3)[2].found == []
    assert [each.line for each in visited(b"m:\n" + large + larger)[2].found] == []
    assert [each.line for each in visited(b"a: 1\nm:\n" + large + larger)[2].found] == [4]
    assert [each.path for each in visited(b"a: [" + b"1," * 100_000 + b"]\n")[2].found] == [
        "a[99999]"
    ]
