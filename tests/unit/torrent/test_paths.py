import tracemalloc
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.torrent.paths import is_pad_file, order, problem, problems

Path = tuple[str, ...]

FINE: list[Path] = [
    ("a",),
    ("a", "b", "c.txt"),
    (".hidden", "..more", "a..b"),
    ("...a",),
    ("a b", "-", "~", "#1", "100%", "x;y&z"),
    ("2026-11-02T09:00:00Z.csv",),  # a colon is fine; only `x:` reads as a drive
    ("caf\u00e9",),  # NFC
    ("cafe\u0301",),  # NFD
    ("ﬁ", "ß", "İ", "\u0131", "ς"),
    ("日本語", "\u0627\u0644\u0639\u0631", "😀"),
    ("می\u200cروم",),  # Persian needs the zero-width non-joiner
    ("👩\u200d💻",),  # and some emoji the joiner
    ("console", "auxiliary.txt", "nullable", "com", "com10", "lpt", "communication1"),
    ("a.con", "my aux"),
    ("name.", "name "),  # one of them alone is a name; two that Windows folds clash
    ("a" * 255,),
    ("é" * 127,),
    ("d",) * 100,
]

REFUSED: list[tuple[Path, str]] = [
    ((), "is empty"),
    (("",), "has the segment ''"),
    (("a", ""), "has the segment ''"),
    (("",) * 3, "has the segment ''"),
    ((".",), "has the segment '.'"),
    (("..",), "has the segment '..'"),
    (("a", "..", "..", "etc"), "has the segment '..'"),
    (("...",), "has the segment '...'"),  # Windows: dots at the end are dropped
    ((".. ",), "has the segment '.. '"),
    ((" ",), "has the segment ' '"),
    ((".\u200b.",), "has the segment"),  # libtorrent drops U+200B
    (("\ufeff",), "has the segment"),
    (("/",), "slash"),
    (("/etc", "passwd"), "slash"),
    (("a/b",), "slash"),
    (("a", "b/../../c"), "slash"),
    (("a\\b",), "backslash"),
    (("..\\..\\a",), "backslash"),
    (("\\\\server\\share",), "backslash"),
    (("a\x00b",), "control character"),
    (("a\nb",), "control character"),
    (("\x1b[2J",), "control character"),
    (("a\x7f",), "control character"),
    (("a\x9b2J",), "control character"),  # C1: a terminal takes it for ESC [
    (("a\u2028b",), "control character"),
    (("C:",), "drive"),
    (("c:a",), "drive"),
    (("C:", "Windows"), "drive"),
    (("\u202egpj.exe",), "direction of writing"),
    (("a\u200fb",), "direction of writing"),
    (("a\u2066b",), "direction of writing"),
    (("a\u061cb",), "direction of writing"),
    (("\udcff",), "is not valid UTF-8"),
    (("a\ud800",), "is not valid UTF-8"),
    (("a" * 256,), "a segment of 256 bytes, the limit is 255"),
    (("é" * 128,), "a segment of 256 bytes, the limit is 255"),
    (("d",) * 101, "has 101 segments, the limit is 100"),
    (("_____padding_file_0_if you see this file",), "take for padding"),
]

WINDOWS_DEVICES = [
    "CON",
    "con",
    "Prn",
    "AUX",
    "nul",
    "COM1",
    "com9",
    "com¹",
    "LPT0",
    "lpt³",
    "CONIN$",
    "conout$",
    "nul.txt",
    "NUL.tar.gz",
    "nul .txt",
    "aux.",
    "aux. .",
    "con ",
    "con:",
    "con:stream",
]

CLASHES: list[tuple[list[Path], str]] = [
    ([("a",), ("a",)], "is the same as 'a'"),
    ([("a", "b"), ("a", "b")], "is the same as 'a/b'"),
    ([("README",), ("Readme",)], "is the same as 'README'"),
    ([("x", "A"), ("x", "a")], "is the same as 'x/A'"),
    ([("caf\u00e9",), ("cafe\u0301",)], "is the same as 'café'"),
    ([("CAF\u00c9",), ("cafe\u0301",)], "is the same as 'CAFÉ'"),
    ([("straße",), ("STRASSE",)], "is the same as 'straße'"),
    ([("ς",), ("Σ",)], "is the same as 'ς'"),
    ([("\u1fb4",), ("\u03b1\u0345\u0301",)], "is the same as"),  # canonical order of marks
    ([("a",), ("a.",)], "is the same as 'a'"),
    ([("a ",), ("a",)], "is the same as 'a '"),
    ([("ab",), ("a\u200db",)], "is the same as 'ab'"),
    ([("a",), ("a", "b")], "needs a folder where 'a' is a file"),
    ([("a", "b"), ("a",)], "is a file where another path has the folder 'a'"),
    ([("a", "b", "c", "d"), ("a", "b")], "is a file where another path has the folder 'a/b'"),
    ([("A", "b"), ("a",)], "is a file where another path has the folder 'A'"),
    ([("A", "x"), ("a", "y")], "is in a folder that is the same as 'A'"),
    ([("é", "x", "1"), ("e\u0301", "x", "2")], "is in a folder that is the same as 'é'"),
    ([("r", "A", "x"), ("r", "a", "y")], "is in a folder that is the same as 'r/A'"),
]


@pytest.mark.parametrize("path", FINE)
def test_ordinary_names_of_any_language_pass(path: Path) -> None:
    assert problem(path) is None
    assert list(problems([path])) == []


@pytest.mark.parametrize(("path", "why"), REFUSED)
def test_a_path_that_leaves_its_folder_or_reads_as_two_things_is_refused(
    path: Path, why: str
) -> None:
    assert why in (problem(path) or "")
    assert [(refused, why in found) for refused, found in problems([path])] == [(path, True)]


@pytest.mark.parametrize("name", WINDOWS_DEVICES)
def test_windows_devices_are_refused_anywhere_in_a_path(name: str) -> None:
    for path in [(name,), ("a", name), (name, "a"), ("a", name, "b")]:
        assert "Windows reads as a device" in (problem(path) or "")


@pytest.mark.parametrize("path", [path for path, _ in REFUSED if path])
def test_a_bad_path_is_refused_in_a_folder_that_is_known_to_be_fine(path: Path) -> None:
    fine = [("top", f"file {i}") for i in range(3)]

    assert [refused for refused, _ in problems([*fine, ("top", *path)])] == [("top", *path)]


@pytest.mark.parametrize(("paths", "why"), CLASHES)
def test_paths_that_some_system_takes_for_one_clash(paths: list[Path], why: str) -> None:
    (refused,) = problems(paths)

    assert refused[0] == paths[-1]
    assert why in refused[1]


@pytest.mark.parametrize("paths", [paths for paths, _ in CLASHES])
def test_a_clash_is_found_in_either_order(paths: list[Path]) -> None:
    assert [refused for refused, _ in problems(reversed(paths))] == [paths[0]]


@pytest.mark.parametrize(
    "paths",
    [
        [("a",), ("b", "a"), ("b", "b"), ("c", "b", "a")],
        [("a", "x"), ("b", "x"), ("a", "y")],
        [("1",), ("01",), ("\uff11",)],  # a full-width digit is another name (NFKC would fold it)
    ],
)
def test_paths_that_no_system_mixes_up_stand_side_by_side(paths: list[Path]) -> None:
    assert list(problems(paths)) == []


def test_an_empty_path_is_refused_among_others() -> None:
    assert list(problems([("a",), (), ("b",)])) == [((), "is empty")]


def test_each_bad_path_is_named_once() -> None:
    paths = [("a", "1"), ("A", "2"), ("A", "3"), ("..",), ("a", "1"), ("b",)]

    assert [path for path, _ in problems(paths)] == [("A", "2"), ("A", "3"), ("..",), ("a", "1")]


def test_memory_grows_with_the_segments_not_with_the_square_of_the_depth() -> None:
    paths = [(f"{index}", *["d"] * 97, "f") for index in range(300)]
    tracemalloc.start()
    try:
        assert list(problems(paths)) == []
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 300 * 99 * 350  # bytes; whole prefixes would take 300 * 99 * 900


def test_order_is_by_segment_then_by_utf8_bytes() -> None:
    paths = [
        ("B",),
        ("a", "x"),
        ("a b",),
        ("a-b",),
        ("a.txt",),
        ("a0",),
        ("aa",),
        ("z", "a", "b"),
        ("z", "b"),
        ("é",),
        ("ﬁ",),
        ("😀",),  # after ﬁ by its bytes, before it by UTF-16
    ]
    shuffled = Random(3).sample(paths, len(paths))

    assert sorted(shuffled, key=order) == paths


def test_order_takes_names_that_are_no_utf8_so_that_the_check_can_name_them() -> None:
    assert order(("\udcff", "a")) == [b"\xed\xb3\xbf", b"a"]


def test_pad_files_of_bitcomet_are_known_by_their_name() -> None:
    assert is_pad_file(("data", "_____padding_file_12_if you see this file, please update"))
    assert not is_pad_file(("data", "padding_file"))


names = st.text(st.sampled_from("aAbéE\u0301 .ß\u200d"), min_size=1, max_size=3)


@given(st.lists(st.lists(names, min_size=1, max_size=3).map(tuple), max_size=6), st.randoms())
def test_whether_paths_clash_does_not_depend_on_their_order(
    paths: list[Path], random: Random
) -> None:
    again = random.sample(paths, len(paths))

    assert bool(list(problems(paths))) == bool(list(problems(again)))


@given(st.lists(st.text(), max_size=5).map(tuple))
def test_what_passes_can_be_joined_below_a_folder(path: Path) -> None:
    if problem(path) is None:
        assert ".." not in path
        assert all(segment and not {"/", "\\", "\0"} & set(segment) for segment in path)
        assert "/".join(path).encode().decode().split("/") == list(path)
