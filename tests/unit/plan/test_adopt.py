"""What sizes and names say, before anything is read."""

from dataclasses import dataclass

from seedbox.plan.adopt import Fate, Index, likely, likeness, nearest, served_from, wanted_sizes
from seedbox.plan.places import Place
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import File
from support.torrents import make


@dataclass(frozen=True)
class Seen:
    parts: tuple[str, ...]
    size: int


def seen(path: str, size: int) -> Seen:
    return Seen(tuple(path.split("/")), size)


def file(path: str, length: int) -> File:
    return File(tuple(path.split("/")), length, 0)


def test_an_empty_file_is_not_looked_for() -> None:
    torrent = make({"a": b"12345", "b": b"", "c": b"123"}, Format.HYBRID)

    assert sorted(wanted_sizes(torrent)) == [3, 5]


def test_paths_are_alike_by_the_segments_that_they_end_in() -> None:
    assert likeness(("set", "b", "c"), ("x", "b", "c")) == 2
    assert likeness(("set", "b", "c"), ("b", "c")) == 2
    assert likeness(("set", "b", "c"), ("b", "d")) == 0


def test_of_equal_names_the_one_that_lies_most_like_the_torrent_says_is_guessed() -> None:
    index = Index([seen("z/a", 5), seen("x/b/a", 5), seen("y/b/a", 5), seen("x/b/a", 6)])

    assert index.guess(file("set/b/a", 5)) == seen("x/b/a", 5)  # the first of two as good
    assert index.guess(file("set/z/a", 5)) == seen("z/a", 5)
    assert index.guess(file("set/b/other", 5)) is None
    assert index.guess(file("set/b/a", 7)) is None
    assert index.of_size(5) == [seen("x/b/a", 5), seen("y/b/a", 5), seen("z/a", 5)]
    assert nearest(("a",), []) is None


def test_one_index_stands_before_another() -> None:
    outer = Index([seen("x/a", 5), seen("only", 7)])
    index = Index([seen("b/a", 5)], outer)

    assert index.of_size(5) == [seen("b/a", 5), seen("x/a", 5)]
    assert index.guess(file("set/x/a", 5)) == seen("x/a", 5)
    assert index.guess(file("set/b/a", 5)) == seen("b/a", 5)
    assert index.guess(file("set/only", 7)) == seen("only", 7)
    assert index.guess(file("set/none", 7)) is None
    assert len(index) == 3


def test_what_is_likely_is_counted_by_how_it_was_found() -> None:
    torrent = make(
        {"a": b"12345", "b": b"", "c": b"123", "d": b"1234567", "e": b"12"}, Format.HYBRID
    )
    found = Index([seen("u/c", 3), seen("u/renamed", 7)])

    told = likely(torrent, [True, False, False, False, False], found)

    assert (told.files, told.here, told.named, told.sized) == (5, 2, 1, 1)
    assert told.size == 5 + 3 + 7


def test_a_folder_in_which_all_lies_as_the_torrent_says_can_be_served_from() -> None:
    places = (Place(("org", "set"), 0), Place((), 0), Place((), 1))
    a, b = file("data/a", 1), file("data/b/c", 1)

    assert served_from(places, [(a, ("u", "data", "a")), (b, ("u", "data", "b", "c"))]) == ("u",)
    assert served_from(places, [(a, ("u", "a")), (b, ("u", "b", "c"))]) == ("u",)
    inside = ("u", "org", "set", "data")
    assert served_from(places, [(a, (*inside, "a")), (b, (*inside, "b", "c"))]) == ("u",)
    assert served_from(places, [(a, ("u", "a")), (b, ("v", "b", "c"))]) is None
    assert served_from(places, [(a, ("renamed",))]) is None


def test_a_shard_that_is_whole_on_this_disk_is_well() -> None:
    assert {fate for fate in Fate if fate.well} == {Fate.IN_PLACE, Fate.LINKED, Fate.FOUND}
