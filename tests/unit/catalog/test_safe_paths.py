import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedbox.catalog.database import Database, opened
from seedbox.catalog.safe_paths import PLAIN, refuse_unsafe
from seedbox.errors import UnsafePathsError
from seedbox.torrent import paths
from support.catalogs import SMALL

# Whatever means something to Windows, to tar, to folding or to a path, and some letters.
TRICKY = [
    *"aAkKsSiI./\\ :~_-@+0\x00\x1f\x7f\n",
    "é",
    "e\u0301",
    "ß",
    "ẞ",
    "\u017f",
    "\u212a",
    "İ",
    "\u0131",
]
TRICKY += ["ﬁ", "字", "\u200b", "\u202e", "..", "con", "COM1", "lpt¹", "nul.", "_____padding_file_"]
texts = st.lists(st.sampled_from(TRICKY), min_size=1, max_size=6).map("".join)
words = st.sampled_from(["a", "A", "b", "ß", "ss", "é", "e\u0301", "K", "\u212a", "x.y", "b."])


@contextmanager
def holding(names: Sequence[str]) -> Iterator[Database]:
    """A database whose ordered table has some paths."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), limits=SMALL) as database:
        database.run("CREATE TABLE ordered AS SELECT unnest(?) AS path", list(names))
        database.run("CREATE VIEW arranged AS SELECT path, rowid AS row FROM ordered")
        yield database


def refused(names: Sequence[str], root: str = "data") -> list[str]:
    """What is said of paths; nothing: they are fine."""
    with holding(names) as database:
        try:
            refuse_unsafe(database, root)
        except UnsafePathsError as error:
            return [problem.message for problem in error.problems]
        assert database.rows("SELECT * FROM duckdb_tables() WHERE table_name <> 'ordered'") == []
    return []


@settings(max_examples=20, deadline=None)
@given(st.lists(texts, min_size=200, max_size=400, unique=True))
@example([chr(code) for code in range(1, 0x250)] + [f"a{chr(code)}" for code in range(1, 0x250)])
@example(["con", "con .x", "a/CON.b", "com1 ", "x" * 190, "x" * 191, "a/" * 94 + "a", "a/" * 98])
def test_what_sql_takes_for_plain_is_safe_and_folds_to_lower_case(names: list[str]) -> None:
    with holding(names) as database:
        plain = database.rows(f"SELECT path, lower(path) FROM arranged WHERE {PLAIN}")  # noqa: S608

    for path, lower in plain:
        parts = tuple(path.split("/"))
        assert paths.problem(("data", *parts)) is None
        assert "/".join(paths.folded(parts)) == lower


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(st.lists(words, min_size=1, max_size=3).map("/".join), texts),
        min_size=1,
        max_size=8,
        unique=True,
    )
)
@example(["a/b", "a"])
@example(["A/b", "a/c"])
@example(["x/A/b", "x/a/c/d"])
@example(["\u212a", "k"])
@example(["straße/x", "STRASSE/y"])
@example(["é/x", "e\u0301"])
def test_paths_are_refused_when_those_of_a_folder_would_be(names: list[str]) -> None:
    found = list(paths.problems(("data", *name.split("/")) for name in names))

    assert bool(refused(names)) is bool(found)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["../x", "a"], ["'../x' has the segment '..'"]),
        (["/etc/passwd"], ["'/etc/passwd' has the segment ''"]),
        (["a//b", "c/"], ["'a//b' has the segment ''", "'c/' has the segment ''"]),
        (
            ["a\0b"],
            ["'a\\x00b' has a slash, a backslash or a control character in a segment"],
        ),
        (["READ.me", "read.ME"], ["'read.ME' is the same as 'READ.me' on some systems"]),
        (["a/b/c", "a/B"], ["'a/B' is a file where another path has the folder 'a/b'"]),
        (["a/x", "A/y"], ["'a' is a folder that is the same as 'A' on some systems"]),
    ],
)
def test_each_path_is_named_with_the_reason(names: list[str], said: list[str]) -> None:
    assert refused(names) == said


def test_of_very_many_20_are_named_and_the_others_counted() -> None:
    names = [f"..//{n:05}" for n in range(25_000)] + ["a", "A", "b", "B"]

    said = refused(names)

    assert said[0] == "'..//00000' has the segment '..'"
    assert said[20:] == ["24,982 more paths are unsafe"]


def test_clashes_are_named_beside_each_other_and_counted() -> None:
    said = refused([name for n in range(30) for name in (f"f{n:02}", f"F{n:02}")])

    assert said[0] == "'f00' is the same as 'F00' on some systems"
    assert said[20:] == ["10 more paths are unsafe"]


def test_the_root_is_held_to_the_same_rules() -> None:
    assert refused(["a"], root="..") == ["'..' has the segment '..'"]
