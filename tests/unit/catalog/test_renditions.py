"""Renditions: who is encoded, by which encoder, under which name."""

from decimal import Decimal

import pytest

from seedbox.catalog.renditions import Choice, assign, choice, stored
from seedbox.errors import UsageError
from seedbox.manifest.commands import Command
from seedbox.plan.build import Item

ORIGINAL = choice("original", encode=None, below=None)
OPUS = choice("opus-75k", encode="opus-75k", below=Decimal(10))


def items(**values: int) -> list[Item]:
    """Return items by name, in which `__` stands for a dot."""
    return [
        Item(tuple(name.replace("__", ".").split("/")), 100, Decimal(value))
        for name, value in values.items()
    ]


def becomes(
    found: list[Item], *choices: Choice, popular: bool = True
) -> dict[str, tuple[str, str]]:
    """Return rendition and new path of what is encoded, by its path."""
    assigned = assign(found, choices, popular=popular)
    return {
        "/".join(each.item.path): (each.rendition, "/".join(each.path)) for each in assigned.wanted
    }


def test_items_under_the_threshold_are_encoded_and_no_others() -> None:
    found = items(low__wav=9, same__wav=10, high__wav=11)

    assert becomes(found, ORIGINAL, OPUS) == {"low.wav": ("opus-75k", "low.opus")}


def test_the_smallest_threshold_above_the_popularity_wins() -> None:
    small = choice("small", encode="opus-75k", below=Decimal(5))
    found = items(a__wav=4, b__wav=5, c__wav=9)

    for choices in ((OPUS, small), (small, OPUS)):
        assert becomes(found, *choices) == {
            "a.wav": ("small", "a.opus"),
            "b.wav": ("opus-75k", "b.opus"),
            "c.wav": ("opus-75k", "c.opus"),
        }


def test_a_rendition_whose_encoder_does_not_read_the_item_is_passed_over() -> None:
    packed = choice("packed", encode="zstd-19", below=Decimal(1000))

    assert becomes(items(a__wav=1, a__json=1, b__wav=500), OPUS, packed) == {
        "a.wav": ("opus-75k", "a.opus"),
        "a.json": ("packed", "a.json.zst"),
        "b.wav": ("packed", "b.wav.zst"),
    }


def test_a_rendition_without_a_threshold_is_for_every_item_that_its_encoder_reads() -> None:
    flac = choice("flac", encode="flac", below=None)

    assert becomes(items(a__wav=10**30, a__txt=0), ORIGINAL, flac, popular=False) == {
        "a.wav": ("flac", "a.flac")
    }


def test_as_they_are_below_a_threshold_keeps_items_from_a_larger_one() -> None:
    tail = choice("tail", encode=None, below=Decimal(5))

    assert becomes(items(a__wav=4, b__wav=5), tail, OPUS) == {"b.wav": ("opus-75k", "b.opus")}


def test_an_empty_file_stays_as_it_is() -> None:
    assert becomes([Item(("a.wav",), 0, Decimal(0))], OPUS) == {}


def test_a_threshold_without_popularity_is_refused() -> None:
    with pytest.raises(UsageError, match="below 10, and the dataset has no popularity"):
        assign(items(a__wav=0), (ORIGINAL, OPUS), popular=False)


def test_a_declared_command_encodes_too() -> None:
    own = Command(("x", "{in}", "{out}"), ("x", "-V"), ".xx", (".wav",))

    assert becomes(items(a__wav=1), choice("own", encode=None, below=None, command=own)) == {
        "a.wav": ("own", "a.xx")
    }


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a.flac", "a.wav"], ["a.opus", "a.wav.opus"]),
        (["a.wav", "a.flac"], ["a.wav.opus", "a.opus"]),  # by path, not by place
        (["A.wav", "a.flac"], ["A.opus", "a.flac.opus"]),  # one name on some systems
        (["a.opus", "a.wav"], ["a.opus", "a.wav.opus"]),  # its own name may stay
        (["b/a.wav", "c/a.wav"], ["b/a.opus", "c/a.opus"]),
        (["a.wav", "a.opus/x.wav"], ["a.wav.opus", "a.opus/x.opus"]),  # a folder has the name
        (["a" * 251 + ".wav"], [None]),  # 256 bytes either way
        (["a" * 250 + ".wav", "a" * 250 + ".aac"], [None, "a" * 250 + ".opus"]),
    ],
)
def test_no_new_name_is_that_of_another_item(paths: list[str], expected: list[str | None]) -> None:
    found = [Item(tuple(path.split("/")), 100, Decimal(1)) for path in paths]

    names = becomes(found, OPUS)

    assert [names[path][1] if path in names else None for path in paths] == expected
    nameless = ["/".join(item.path) for item in assign(found, [OPUS], popular=True).nameless]
    assert nameless == [path for path in paths if path not in names]


def test_a_new_name_is_not_that_of_an_item_that_stays_either() -> None:
    found = items(a__wav=1, a__opus=99)

    assert becomes(found, OPUS) == {"a.wav": ("opus-75k", "a.wav.opus")}


def test_what_is_stored_has_the_new_path_and_size_and_the_rest_its_own() -> None:
    found = items(a__wav=1, b__wav=2, c__txt=3)
    assigned = assign(found, (ORIGINAL, OPUS), popular=True)

    assert list(stored(found, assigned, {("a.wav",): 7})) == [
        (Item(("a.opus",), 7, Decimal(1)), "opus-75k"),
        (Item(("b.wav",), 100, Decimal(2)), "original"),  # its encoder failed
        (Item(("c.txt",), 100, Decimal(3)), "original"),
    ]


def test_what_is_to_be_encoded_is_known_by_rendition() -> None:
    found = items(a__wav=1, b__json=2, c__wav=3)
    packed = choice("packed", encode="zstd-19", below=Decimal(5))
    by_rendition = assign(found, (OPUS, packed), popular=True).by_rendition()

    assert {name: len(wanted) for name, wanted in by_rendition.items()} == {"packed": 3}
    assert assign(found, (OPUS, packed), popular=True).original is None
