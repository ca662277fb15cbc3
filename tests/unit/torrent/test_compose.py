from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidTorrentError
from seedbox.torrent.bencode import decode
from seedbox.torrent.compose import DigestRun, Extras, PieceDigest, compose
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import File, Layout, arrange
from seedbox.torrent.metainfo import Metainfo
from support import reference
from support.content import contents
from support.torrents import FORMS, KiB, make

FILES = contents({"a b": 40_000, "a/x": 70_000, "a/y": 0, "a.txt": 16_384, "z": 0})


def entry(length: int, *path: str, attr: bytes = b"") -> dict[bytes, object]:
    known: dict[bytes, object] = {b"length": length, b"path": [part.encode() for part in path]}
    return {b"attr": attr, **known} if attr else known


def v2_leaf(data: bytes) -> dict[bytes, object]:
    root = {b"pieces root": reference.pieces_root(data)} if data else {}
    return {b"": {b"length": len(data), **root}}


V1_KEYS = {
    b"files": [
        entry(70_000, "a", "x"),
        entry(0, "a", "y"),
        entry(40_000, "a b"),
        entry(16_384, "a.txt"),
        entry(0, "z"),
    ],
    b"pieces": b"".join(
        reference.v1_pieces([FILES["a/x"], FILES["a b"], FILES["a.txt"]], 32 * KiB, padded=False)
    ),
}
V2_KEYS = {
    b"file tree": {
        b"a": {b"x": v2_leaf(FILES["a/x"]), b"y": v2_leaf(b"")},
        b"a b": v2_leaf(FILES["a b"]),
        b"a.txt": v2_leaf(FILES["a.txt"]),
        b"z": v2_leaf(b""),
    },
    b"meta version": 2,
}
HYBRID_KEYS = {
    **V2_KEYS,
    b"files": [
        entry(70_000, "a", "x"),
        entry(28_304, ".pad", "28304", attr=b"p"),
        entry(0, "a", "y"),
        entry(40_000, "a b"),
        entry(25_536, ".pad", "25536", attr=b"p"),
        entry(16_384, "a.txt"),
        entry(16_384, ".pad", "16384", attr=b"p"),
        entry(0, "z"),
    ],
    b"pieces": b"".join(
        reference.v1_pieces([FILES["a/x"], FILES["a b"], FILES["a.txt"]], 32 * KiB, padded=True)
    ),
}
LAYERS = {
    reference.pieces_root(FILES[path]): b"".join(reference.piece_layer(FILES[path], 32 * KiB))
    for path in ("a/x", "a b")
}


@pytest.mark.parametrize(
    ("form", "keys", "beside"),
    [
        (Format.V1, V1_KEYS, {}),
        (Format.V2, V2_KEYS, {b"piece layers": LAYERS}),
        (Format.HYBRID, HYBRID_KEYS, {b"piece layers": LAYERS}),
    ],
)
def test_a_torrent_is_written_as_its_beps_have_it(
    form: Format, keys: dict[bytes, object], beside: dict[bytes, object]
) -> None:
    info = {b"name": b"data", b"piece length": 32_768, **keys}

    assert make(FILES, form).raw == reference.bencode(
        {b"created by": b"seedbox", b"info": info, **beside}
    )


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        (Format.V1, {b"length", b"pieces"}),
        (Format.V2, {b"file tree", b"meta version"}),
        (Format.HYBRID, {b"length", b"pieces", b"file tree", b"meta version"}),
    ],
)
def test_a_single_file_torrent_has_no_list_of_files(form: Format, keys: set[bytes]) -> None:
    data = FILES["a/x"]
    torrent = make({"a.bin": data}, form, name="a.bin", single=True)

    values = {
        b"length": len(data),
        b"pieces": b"".join(reference.v1_pieces([data], 32 * KiB, padded=False)),
        b"file tree": {b"a.bin": v2_leaf(data)},
        b"meta version": 2,
    }
    info = {b"name": b"a.bin", b"piece length": 32_768, **{key: values[key] for key in keys}}
    assert reference.bencode(info) in torrent.raw
    assert torrent.layout.single
    assert [file.path for file in torrent.files] == [("a.bin",)]


@pytest.mark.parametrize(
    ("sizes", "written"),
    [
        ({"a": 5, "b": 7}, [5, "pad 16379", 7, "pad 16377"]),
        ({"a": 5, "z": 0}, [5, "pad 16379", 0]),
        ({"a": 0, "b": 5}, [0, 5, "pad 16379"]),
        ({"a": 5, "b": 0, "c": 7, "y": 0, "z": 0}, [5, "pad 16379", 0, 7, "pad 16377", 0, 0]),
        ({"a": 5, "b": 16_384}, [5, "pad 16379", 16_384]),
        ({"a": 16_384, "b": 32_768, "z": 0}, [16_384, 32_768, 0]),
        ({"a": 5}, [5]),
        ({"sub/a": 20_000}, [20_000]),
    ],
)
def test_each_of_several_files_of_a_hybrid_is_padded_to_whole_pieces(
    sizes: dict[str, int], written: list[int | str]
) -> None:
    raw = make(contents(sizes), Format.HYBRID, piece_length=16 * KiB).raw
    info: Any = decode(raw)

    assert [
        f"pad {file[b'length']}" if file.get(b"attr") == b"p" else file[b"length"]
        for file in info[b"info"][b"files"]
    ] == written


def test_no_tracker_or_web_seed_leaves_no_key() -> None:
    raw = make(FILES, Format.V1).raw

    for key in (b"announce", b"url-list", b"comment", b"creation date", b"similar"):
        assert key not in raw


def test_one_tracker_is_announce_alone_and_more_are_a_list_too() -> None:
    one = make(FILES, Format.V1, extras=Extras(trackers=((), ("http://a",))))
    two = make(FILES, Format.V1, extras=Extras(trackers=(("http://a",), (), ("http://b",))))

    assert b"8:announce8:http://a" in one.raw
    assert b"announce-list" not in one.raw
    assert b"8:announce8:http://a13:announce-listll8:http://ael8:http://bee" in two.raw


def test_one_web_seed_is_a_string_and_more_are_a_list() -> None:
    one = make(FILES, Format.V1, extras=Extras(web_seeds=("http://a/",)))
    two = make(FILES, Format.V1, extras=Extras(web_seeds=("http://a/", "http://b/")))

    assert b"8:url-list9:http://a/e" in one.raw
    assert b"8:url-listl9:http://a/9:http://b/e" in two.raw


def test_what_stands_beside_the_info_dict_changes_no_info_hash() -> None:
    extras = Extras(
        trackers=(("http://a",),),
        web_seeds=("http://a/",),
        similar=(bytes(20),),
        collections=("c",),
        creation_date=5,
        comment="text",
    )

    for form in FORMS:
        with_extras, without = make(FILES, form, extras=extras), make(FILES, form)
        assert with_extras.info_hash == without.info_hash
        assert with_extras.raw != without.raw


@pytest.mark.parametrize("form", FORMS)
def test_files_of_one_content_share_one_piece_layer(form: Format) -> None:
    data = FILES["a/x"]
    torrent = make({"a": data, "b": data, "c": data[:100], "d": data[:100]}, form)

    assert len(torrent.piece_layers) == (0 if form is Format.V1 else 1)
    assert torrent.v2_pieces(torrent.files[0]) == torrent.v2_pieces(torrent.files[1])


def test_hashes_that_do_not_fit_the_layout_are_a_bug() -> None:
    layout = arrange("data", [(("a",), 40_000)], form=Format.HYBRID, piece_length=32 * KiB)
    digests = reference.digests({"a": bytes(40_000)}, 32 * KiB, Format.HYBRID)
    compose(layout, digests, Extras())

    for wrong in (digests[:1], [], digests * 2, digests[::-1]):
        with pytest.raises(ValueError, match="digests for"):
            compose(layout, wrong, Extras())
    for lacking in (replace(digests[1], v1=None), replace(digests[1], v2=None)):
        with pytest.raises(ValueError, match="a piece lacks a hash"):
            compose(layout, [digests[0], lacking], Extras())


@pytest.mark.parametrize("form", list(Format))
def test_a_run_of_digests_is_the_digests_one_by_one(form: Format) -> None:
    digests = reference.digests({"a": bytes(70_000), "b": b"1"}, 16 * KiB, form)

    run = DigestRun.of(digests)

    assert list(run) == digests
    assert len(run) == (5 if form is Format.V1 else 6)
    assert (run[-1], run[1]) == (digests[-1], digests[1])
    assert list(run[2:4]) == list(run.cut(range(2, 4))) == digests[2:4]
    assert DigestRun.of(run[1:]) == DigestRun.of(digests[1:]) == run.cut(run.pieces[1:])
    assert DigestRun.joined([run[:2], [], digests[2:3], run[3:]]) == run
    assert len(DigestRun.joined([])) == len(DigestRun.of([])) == 0
    for runs in ([run[:2], run[3:]], [run[2:], run[:2]], [run, run]):
        with pytest.raises(ValueError, match="do not follow each other"):
            DigestRun.joined(runs)


def test_a_long_torrent_is_composed_as_any_other() -> None:
    layout = arrange("f", [(("f",), 9 << 30)], form=Format.V1, piece_length=16 * KiB, single=True)
    digest = PieceDigest(0, b"s" * 20, None)
    digests = [replace(digest, index=index) for index in range(589_824)]

    torrent = compose(layout, digests, Extras())

    assert len(torrent.raw) > 11_000_000
    assert torrent.pieces == b"s" * 20 * 589_824


def test_extras_that_break_their_bep_are_refused() -> None:
    with pytest.raises(InvalidTorrentError, match="'similar'"):
        make(FILES, Format.V1, extras=Extras(similar=(b"short",)))


@pytest.mark.parametrize("form", FORMS)
def test_a_layout_that_arrange_would_not_make_is_never_written(form: Format) -> None:
    twice = (File(("data", "a"), 5, 0), File(("data", "a"), 5, 32 * KiB))
    layout = Layout("data", False, form, 32 * KiB, twice, 32 * KiB + 5)
    digests = [PieceDigest(index, bytes(20), bytes(32)) for index in range(2)]

    with pytest.raises((InvalidTorrentError, ValueError)):
        compose(layout, digests, Extras())


def test_a_v2_folder_of_a_file_of_its_own_name_is_never_written_as_that_file() -> None:
    layout = Layout("f", False, Format.V2, 32 * KiB, (File(("f", "f"), 5, 0),), 5)

    with pytest.raises(ValueError, match="readers would see another one"):
        compose(layout, [PieceDigest(0, None, b"r" * 32)], Extras())


sizes = st.sampled_from([0, 1, 16_383, 16_384, 16_385, 32_767, 32_768, 32_769, 65_536, 100_000])
trees = st.dictionaries(
    st.sampled_from(["a", "a b", "a-b", "b/a", "b/é", "b/x/y", "c/e\u0301", "c.txt", "d/d", "Z"]),
    sizes,
    min_size=2,
    max_size=6,
).filter(lambda files: any(files.values()))
urls = st.from_regex(r"\Ahttps?://[a-z]{1,8}/[a-z%0-9]{0,8}\Z")
all_extras = st.builds(
    Extras,
    trackers=st.lists(st.lists(urls, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple),
    web_seeds=st.lists(urls, max_size=3).map(tuple),
    similar=st.lists(st.binary(min_size=20, max_size=20), max_size=2).map(tuple),
    collections=st.lists(st.text(st.characters(codec="utf-8")), max_size=2).map(tuple),
    creation_date=st.none() | st.integers(0, 2**40),
    comment=st.none() | st.text(st.characters(codec="utf-8")),
)


@given(trees, st.sampled_from(FORMS), st.sampled_from([16 * KiB, 32 * KiB, 64 * KiB]), all_extras)
def test_what_is_composed_reads_back_with_every_field(
    tree: dict[str, int], form: Format, piece_length: int, extras: Extras
) -> None:
    files = contents(tree)
    torrent = make(files, form, piece_length=piece_length, extras=extras)
    paths = [(tuple(path.split("/")), size) for path, size in tree.items()]

    again = Metainfo.parse(torrent.raw)
    assert again == torrent
    roots = {
        ("data", *path.split("/")): reference.pieces_root(data) if data else None
        for path, data in files.items()
    }
    layout = arrange("data", paths, form=form, piece_length=piece_length)
    assert [replace(file, pieces_root=None) for file in again.files] == list(layout.files)
    assert replace(again.layout, files=()) == replace(layout, files=())
    if form is not Format.V1:
        assert {file.path: file.pieces_root for file in again.files} == roots
    assert again.trackers == extras.trackers
    assert again.web_seeds == extras.web_seeds
    assert again.similar == extras.similar
    assert again.collections == extras.collections
    assert (again.creation_date, again.comment) == (extras.creation_date, extras.comment)
    assert (again.created_by, again.private) == ("seedbox", False)
    expected = reference.digests(files, piece_length, form)
    assert [again.v1_piece(i) for i in range(again.num_pieces)] == [d.v1 for d in expected]
    if form is not Format.V1:
        v2 = [digest for file in again.files for digest in again.v2_pieces(file)]
        assert v2 == [digest.v2 for digest in expected]
