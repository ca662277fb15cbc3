from typing import Any

import pytest

from seedbox.errors import InvalidTorrentError
from seedbox.torrent import fields
from seedbox.torrent.layout import File

KiB = 1024
ROOT = b"r" * 32
LEAF = {b"length": 5, b"pieces root": ROOT}

Entry = dict[bytes, Any]


def leaf(length: int, **more: object) -> Entry:
    root = {b"pieces root": ROOT} if length else {}
    return {b"": {b"length": length, **root, **{k.encode(): v for k, v in more.items()}}}


def test_a_missing_value_is_named() -> None:
    assert fields.get({b"a": 1}, b"a", int) == 1
    with pytest.raises(InvalidTorrentError, match="'b' is missing"):
        fields.get({b"a": 1}, b"b", int)


@pytest.mark.parametrize(
    ("kind", "what"),
    [(int, "a number"), (bytes, "a string"), (list, "a list"), (dict, "a dictionary")],
)
def test_a_value_of_another_kind_is_named(kind: type[Any], what: str) -> None:
    samples: list[Any] = [1, b"1", [1], {b"1": 1}]
    for value in samples:
        if isinstance(value, kind):
            assert fields.optional({b"a": value}, b"a", kind) == value
        else:
            with pytest.raises(InvalidTorrentError, match=f"'a' is not {what}"):
                fields.optional({b"a": value}, b"a", kind)


def test_a_value_that_is_not_there_is_none() -> None:
    assert fields.optional({}, b"a", int) is None


def test_a_second_spelling_in_utf8_must_be_the_same() -> None:
    assert fields.get_utf8({b"name": b"a", b"name.utf-8": b"a"}, b"name", bytes) == b"a"
    with pytest.raises(InvalidTorrentError, match=r"'name' and 'name\.utf-8' differ"):
        fields.get_utf8({b"name": b"a", b"name.utf-8": b"b"}, b"name", bytes)
    with pytest.raises(InvalidTorrentError, match="'name' is missing"):
        fields.get_utf8({b"name.utf-8": b"b"}, b"name", bytes)


@pytest.mark.parametrize("value", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xc0\xaf", 5, [b"a"]])
def test_text_must_be_utf8_surrogates_and_overlong_forms_refused(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidTorrentError, match="'name'"):
        fields.text(value, "name")


def test_text_for_people_is_read_as_well_as_can_be() -> None:
    assert fields.optional_text({b"comment": b"caf\xc3\xa9 \xff"}, b"comment") == "café \ufffd"
    assert fields.optional_text({}, b"comment") is None
    with pytest.raises(InvalidTorrentError, match="'comment' is not a string"):
        fields.optional_text({b"comment": 5}, b"comment")


def test_similar_and_collections_inside_the_info_dict_come_before_those_beside_it() -> None:
    top: Entry = {b"collections": [b"c"]}

    assert fields.strings(top, {b"collections": [b"a", b"b"]}, b"collections") == [b"a", b"b", b"c"]
    assert fields.strings({}, {}, b"collections") == []


@pytest.mark.parametrize("value", [5, b"a" * 20, [5], [b"a" * 19], [b"a" * 21], [[b"a" * 20]]])
def test_similar_is_a_list_of_info_hashes_of_20_bytes(value: Any) -> None:  # noqa: ANN401
    with pytest.raises(InvalidTorrentError, match="'similar'"):
        fields.strings({b"similar": value}, {}, b"similar", length=20)
    with pytest.raises(InvalidTorrentError, match="'similar'"):
        fields.strings({}, {b"similar": value}, b"similar", length=20)


@pytest.mark.parametrize(
    ("top", "tiers"),
    [
        ({}, ()),
        ({b"announce": b"http://a"}, (("http://a",),)),
        ({b"announce": b""}, ()),
        ({b"announce-list": []}, ()),
        ({b"announce": b"http://a", b"announce-list": []}, (("http://a",),)),
        ({b"announce": b"http://a", b"announce-list": [[], [b""]]}, (("http://a",),)),
        ({b"announce": b"http://a", b"announce-list": [[b"http://b"]]}, (("http://b",),)),
        (
            {b"announce-list": [[b"http://a", b"udp://b"], [], [b"", b"http://c"]]},
            (("http://a", "udp://b"), ("http://c",)),
        ),
    ],
)
def test_tiers_of_the_list_stand_before_the_single_tracker(
    top: Entry, tiers: tuple[tuple[str, ...], ...]
) -> None:
    assert fields.tiers(top) == tiers


@pytest.mark.parametrize(
    "top",
    [
        {b"announce": 5},
        {b"announce": b"\xff"},
        {b"announce": [b"http://a"]},
        {b"announce": 5, b"announce-list": [[b"http://a"]]},
        {b"announce-list": b"http://a"},
        {b"announce-list": [b"http://a"]},
        {b"announce-list": [[5]]},
        {b"announce-list": [[b"\xff"]]},
    ],
)
def test_trackers_of_a_wrong_kind_are_refused(top: Entry) -> None:
    with pytest.raises(InvalidTorrentError, match="'announce"):
        fields.tiers(top)


@pytest.mark.parametrize(
    ("value", "seeds"),
    [
        (b"http://a/", ("http://a/",)),
        (b"", ()),
        ([], ()),
        ([b"http://a/", b"", b"https://b/c d"], ("http://a/", "https://b/c d")),
    ],
)
def test_web_seeds_are_one_string_or_a_list(value: object, seeds: tuple[str, ...]) -> None:
    assert fields.web_seeds({b"url-list": value}) == seeds  # type: ignore[dict-item]
    assert fields.web_seeds({}) == ()


@pytest.mark.parametrize("value", [5, {}, [5], [[b"http://a/"]], b"\xff", [b"\xff"]])
def test_web_seeds_of_a_wrong_kind_are_refused(value: object) -> None:
    with pytest.raises(InvalidTorrentError, match="'url-list'"):
        fields.web_seeds({b"url-list": value})  # type: ignore[dict-item]


def test_a_single_v1_file_is_named_after_the_torrent() -> None:
    half = fields.v1_files({b"length": 5}, "f")

    assert half == fields.Half(single=True, files=[File(("f",), 5, 0)], total=5, pads=[])


def test_v1_files_follow_each_other_and_pad_files_are_none() -> None:
    half = fields.v1_files(
        {
            b"files": [
                {b"length": 5, b"path": [b"a", b"b"]},
                {b"attr": b"p", b"length": 11, b"path": [b".pad", b"11"]},
                {b"attr": b"xh", b"length": 0, b"path": [b"c"], b"sha1": bytes(20)},
                {b"attr": b"p", b"length": 3},
                {b"length": 7, b"path": [b"d"], b"path.utf-8": [b"d"], b"mtime": 5},
            ]
        },
        "r",
    )

    assert half.files == [
        File(("r", "a", "b"), 5, 0),
        File(("r", "c"), 0, 16),
        File(("r", "d"), 7, 19),
    ]
    assert (half.single, half.total, half.pads) == (False, 26, [(5, 11), (16, 3)])


def test_pad_files_from_before_bep_47_are_none() -> None:
    name = b"_____padding_file_0_if you see this file, please update to BitComet 0.85"

    half = fields.v1_files(
        {b"files": [{b"length": 5, b"path": [b"a"]}, {b"length": 3, b"path": [name]}]}, "r"
    )

    assert ([file.path for file in half.files], half.pads) == ([("r", "a")], [(5, 3)])


@pytest.mark.parametrize(
    ("info", "why"),
    [
        ({}, "'files' is missing"),
        ({b"length": 5, b"files": []}, "both 'length' and 'files'"),
        ({b"length": -1}, "a file of -1 bytes"),
        ({b"length": b"5"}, "'length' is not a number"),
        ({b"length": 1 << 48}, "281,474,976,710,656 bytes, the limit is 281,474,976,710,655"),
        ({b"length": 5, b"attr": b"l"}, "symbolic link"),
        ({b"length": 5, b"symlink path": [b"a"]}, "symbolic link"),
        ({b"length": 5, b"attr": 5}, "'attr' is not a string"),
        ({b"length": 5, b"attr": b"p"}, "its only file is a pad file"),
        ({b"files": {}}, "'files' is not a list"),
        ({b"files": [5]}, "not a file"),
        ({b"files": [{b"path": [b"a"]}]}, "'length' is missing"),
        ({b"files": [{b"length": 5}]}, "'path' is missing"),
        ({b"files": [{b"length": 5, b"path": b"a"}]}, "'path' is not a list"),
        ({b"files": [{b"length": 5, b"path": [5]}]}, "not a string"),
        ({b"files": [{b"length": 5, b"path": [b"\xff"]}]}, "not UTF-8"),
        ({b"files": [{b"length": -5, b"path": [b"a"]}]}, "a file of -5 bytes"),
        ({b"files": [{b"length": 5, b"path": [b"a"], b"attr": b"xl"}]}, "symbolic link"),
        ({b"files": [{b"length": 5, b"path": [b"a"], b"symlink path": []}]}, "symbolic link"),
        ({b"files": [{b"length": 5, b"path": [b"a"], b"attr": b"pl"}]}, "symbolic link"),
        ({b"files": [{b"length": 5, b"path": 5, b"attr": b"p"}]}, "'path' is not a list"),
        (
            {b"files": [{b"length": 5, b"path": [b"a"], b"path.utf-8": [b"..", b"b"]}]},
            "'path' and 'path.utf-8' differ",
        ),
        (
            {b"files": [{b"length": (1 << 48) - 1, b"path": [n]} for n in (b"a", b"b")]},
            "the limit is 281,474,976,710,655",
        ),
    ],
)
def test_a_v1_half_that_breaks_bep_3_or_47_is_refused(info: Entry, why: str) -> None:
    with pytest.raises(InvalidTorrentError, match=why):
        fields.v1_files(info, "r")


def test_v2_files_are_in_the_order_of_the_tree_and_begin_pieces() -> None:
    tree: Entry = {
        b"a": {b"x": leaf(20_000), b"y": leaf(0)},
        b"a b": leaf(0),
        b"a.txt": leaf(16_384),
        b"z": {b"z": {b"z": leaf(1)}},
        b"zz": leaf(0),
    }

    half = fields.v2_files(tree, "r", 16 * KiB, folder=False)

    assert half.files == [
        File(("r", "a", "x"), 20_000, 0, ROOT),
        File(("r", "a", "y"), 0, 32_768),
        File(("r", "a b"), 0, 32_768),
        File(("r", "a.txt"), 16_384, 32_768, ROOT),
        File(("r", "z", "z", "z"), 1, 49_152, ROOT),
        File(("r", "zz"), 0, 65_536),
    ]
    assert (half.single, half.total, half.pads) == (False, 49_153, [(20_000, 12_768)])


@pytest.mark.parametrize("name", ["f", "display name"])
def test_a_v2_tree_of_one_file_is_that_file_alone_whatever_the_torrent_is_called(name: str) -> None:
    half = fields.v2_files({b"f": leaf(5)}, name, 16 * KiB, folder=False)

    assert (half.single, half.files) == (True, [File(("f",), 5, 0, ROOT)])


def test_a_v2_tree_of_one_file_lies_in_a_folder_if_the_v1_half_has_one() -> None:
    half = fields.v2_files({b"f": leaf(5)}, "f", 16 * KiB, folder=True)

    assert (half.single, half.files) == (False, [File(("f", "f"), 5, 0, ROOT)])


def test_a_v2_tree_of_one_file_in_a_folder_is_no_single_file() -> None:
    half = fields.v2_files({b"d": {b"f": leaf(5)}}, "r", 16 * KiB, folder=False)

    assert (half.single, half.files) == (False, [File(("r", "d", "f"), 5, 0, ROOT)])


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({}, "is no file and no folder"),
        ({b"a": {}}, "'a' is no file and no folder"),
        ({b"a": {b"b": {}}}, "'a/b' is no file and no folder"),
        ({b"a": 5}, "is no file and no folder"),
        ({b"a": [b"b"]}, "is no file and no folder"),
        ({b"": LEAF}, "is a file and a folder"),
        ({b"": LEAF, b"a": leaf(1)}, "is a file and a folder"),
        ({b"a": {**leaf(1), b"b": leaf(1)}}, "'a' is a file and a folder"),
        ({b"a": {b"": 5}}, "is a file and a folder"),
        ({b"a": {b"": {b"pieces root": ROOT}}}, "'length' is missing"),
        ({b"a": {b"": {b"length": b"5", b"pieces root": ROOT}}}, "'length' is not a number"),
        ({b"a": {b"": {b"length": [], b"pieces root": ROOT}}}, "'length' is not a number"),
        ({b"a": {b"": {b"length": -5}}}, "a file of -5 bytes"),
        ({b"a": {b"": {b"length": 1 << 60, b"pieces root": ROOT}}}, "the limit is"),
        ({b"a": {b"": {b"length": 5}}}, "'a' has a wrong pieces root"),
        ({b"a": {b"": {b"length": 0, b"pieces root": ROOT}}}, "'a' has a wrong pieces root"),
        ({b"a": {b"": {b"length": 5, b"pieces root": ROOT[:31]}}}, "'a' has a wrong pieces root"),
        ({b"a": {b"": {b"length": 5, b"pieces root": 5}}}, "'pieces root' is not a string"),
        ({b"a": leaf(1, attr=b"l")}, "'a' is a symbolic link"),
        ({b"a": {b"": {b"length": 0, b"symlink path": [b"b"]}}}, "'a' is a symbolic link"),
        ({b"a": leaf(1, attr=b"p")}, "'a' is a pad file"),
        ({b"\xff": leaf(1)}, "not UTF-8"),
    ],
)
def test_a_file_tree_that_breaks_bep_52_is_refused(tree: Entry, why: str) -> None:
    with pytest.raises(InvalidTorrentError, match=why):
        fields.v2_files(tree, "r", 16 * KiB, folder=False)
