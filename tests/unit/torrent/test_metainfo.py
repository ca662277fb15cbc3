from collections.abc import Callable
from hashlib import sha1, sha256
from typing import Any

import pytest

from seedbox.errors import InvalidTorrentError
from seedbox.torrent.bencode import Limits
from seedbox.torrent.info_hash import Format, InfoHash
from seedbox.torrent.layout import File
from seedbox.torrent.metainfo import Metainfo
from seedbox.torrent.pieces import Span
from support import reference
from support.content import contents
from support.reference import bencode
from support.torrents import FORMS, Change, KiB, changed, make

FILES = contents({"a": 70_000, "b/c": 0, "b/d": 16_384, "e": 40_000, "f": 5, "g": 0})


def info(document: dict[bytes, Any]) -> dict[bytes, Any]:
    found: dict[bytes, Any] = document[b"info"]
    return found


def refuses(form: Format, change: Change, why: str) -> None:
    raw = changed(make(FILES, form).raw, change)
    with pytest.raises(InvalidTorrentError, match=why):
        Metainfo.parse(raw)


def test_a_v1_torrent_of_one_file_is_read() -> None:
    digest = sha1(b"hello", usedforsecurity=False).digest()
    raw = b"d4:infod6:lengthi5e4:name5:a.txt12:piece lengthi16384e6:pieces20:" + digest + b"ee"

    torrent = Metainfo.parse(raw)

    assert torrent.raw == raw
    assert torrent.info_hash == InfoHash(v1=sha1(raw[7:-1], usedforsecurity=False).digest())
    assert (torrent.form, torrent.name, torrent.layout.single) == (Format.V1, "a.txt", True)
    assert torrent.files == (File(("a.txt",), 5, 0),)
    assert (torrent.size, torrent.piece_length, torrent.num_pieces) == (5, 16_384, 1)
    assert torrent.v1_piece(0) == digest
    assert torrent.v2_pieces(torrent.files[0]) == []
    assert (torrent.trackers, torrent.web_seeds, torrent.similar, torrent.collections) == ((),) * 4
    assert (torrent.creation_date, torrent.comment, torrent.created_by) == (None, None, None)
    assert torrent.private is False


def test_a_v2_torrent_of_one_file_is_read() -> None:
    root = sha256(b"hello").digest()
    leaf = b"d6:lengthi5e11:pieces root32:" + root + b"e"
    tree = b"d5:a.txtd0:" + leaf + b"ee"
    body = b"d9:file tree" + tree + b"12:meta versioni2e4:name3:any12:piece lengthi16384ee"
    torrent = Metainfo.parse(b"d4:info" + body + b"12:piece layersdee")

    assert torrent.info_hash == InfoHash(v2=sha256(body).digest())
    assert (torrent.form, torrent.name, torrent.layout.single) == (Format.V2, "a.txt", True)
    assert torrent.files == (File(("a.txt",), 5, 0, root),)
    assert torrent.v1_piece(0) is None
    assert torrent.v2_pieces(torrent.files[0]) == [root]


@pytest.mark.parametrize("form", FORMS)
def test_the_info_hash_is_of_the_bytes_as_they_were_written(form: Format) -> None:
    torrent = make(FILES, form)
    body = bencode(info_of(torrent))

    assert body in torrent.raw
    v1, v2 = sha1(body, usedforsecurity=False).digest(), sha256(body).digest()
    assert torrent.info_hash.v1 == (None if form is Format.V2 else v1)
    assert torrent.info_hash.v2 == (None if form is Format.V1 else v2)


@pytest.mark.parametrize("form", FORMS)
def test_an_unknown_key_is_part_of_the_info_hash_and_otherwise_ignored(form: Format) -> None:
    before = make(FILES, form)
    after = Metainfo.parse(changed(before.raw, lambda top: info(top).update({b"x": [b"y"]})))

    assert after.info_hash != before.info_hash
    assert after.layout == before.layout


@pytest.mark.parametrize("form", FORMS)
def test_each_piece_has_its_hashes(form: Format) -> None:
    torrent = make(FILES, form)
    expected = reference.digests(FILES, 32 * KiB, form)

    assert torrent.num_pieces == len(expected)
    if form is not Format.V2:
        assert [torrent.v1_piece(i) for i in range(torrent.num_pieces)] == [d.v1 for d in expected]
    if form is not Format.V1:
        assert [d for file in torrent.files for d in torrent.v2_pieces(file)] == [
            d.v2 for d in expected
        ]


@pytest.mark.parametrize("value", [1, 2, -1])
def test_private_is_any_number_but_zero(value: int) -> None:
    raw = make(FILES, Format.V1).raw

    assert Metainfo.parse(changed(raw, lambda top: info(top).update({b"private": value}))).private
    off = Metainfo.parse(changed(raw, lambda top: info(top).update({b"private": 0})))
    assert not off.private


def test_v1_torrents_with_odd_piece_lengths_are_read() -> None:
    document = {
        b"info": {b"length": 5, b"name": b"f", b"piece length": 3, b"pieces": bytes(40)},
    }

    assert Metainfo.parse(bencode(document)).num_pieces == 2


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [0, -16_384, 1 << 31, b"16384", [16_384]])
def test_an_impossible_piece_length_is_refused(form: Format, length: object) -> None:
    refuses(form, lambda top: info(top).update({b"piece length": length}), "piece length")


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
@pytest.mark.parametrize("length", [1, 8192, 16_385, 49_152, 256 * KiB * KiB])
def test_a_v2_piece_length_is_a_power_of_two_from_16_kib_to_128_mib(
    form: Format, length: int
) -> None:
    refuses(form, lambda top: info(top).update({b"piece length": length}), "power of two")


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
@pytest.mark.parametrize("version", [3, 1, 0, -1, 1 << 40])
def test_another_meta_version_is_refused(form: Format, version: int) -> None:
    refuses(form, lambda top: info(top).update({b"meta version": version}), "meta version")


@pytest.mark.parametrize(
    ("form", "change", "why"),
    [
        (Format.V1, lambda top: info(top).pop(b"pieces"), "neither pieces nor a meta version"),
        (Format.HYBRID, lambda top: info(top).pop(b"pieces"), "without its pieces"),
        (Format.HYBRID, lambda top: info(top).pop(b"files"), "'files' is missing"),
        (Format.HYBRID, lambda top: info(top).pop(b"file tree"), "'file tree' is missing"),
        (Format.HYBRID, lambda top: info(top).pop(b"meta version"), "no meta version"),
        (Format.V2, lambda top: info(top).update({b"files": []}), "without its pieces"),
        (Format.V2, lambda top: info(top).update({b"length": 5}), "without its pieces"),
        (Format.V2, lambda top: info(top).update({b"pieces": b""}), "'files' is missing"),
    ],
)
def test_half_a_half_is_refused(form: Format, change: Change, why: str) -> None:
    refuses(form, change, why)


@pytest.mark.parametrize("form", [Format.V1, Format.HYBRID])
@pytest.mark.parametrize("spoil", [lambda p: p[:-1], lambda p: p[:-20], lambda p: p + bytes(20)])
def test_the_number_of_pieces_must_fit_the_files(
    form: Format, spoil: Callable[[bytes], bytes]
) -> None:
    refuses(
        form,
        lambda top: info(top).update({b"pieces": spoil(info(top)[b"pieces"])}),
        r"its pieces take \d+ bytes, its files need \d+",
    )


@pytest.mark.parametrize("form", FORMS)
def test_a_torrent_of_empty_files_is_refused(form: Format) -> None:
    raw = make({"a": b"x", "b": b""}, form).raw

    def empty(top: dict[bytes, Any]) -> None:
        if form is not Format.V2:
            info(top).update({b"pieces": b""})
            info(top)[b"files"] = [{b"length": 0, b"path": [path]} for path in (b"a", b"b")]
        if form is not Format.V1:
            info(top)[b"file tree"][b"a"][b""] = {b"length": 0}

    with pytest.raises(InvalidTorrentError, match="it holds no data"):
        Metainfo.parse(changed(raw, empty))


@pytest.mark.parametrize("files", [[], [{b"attr": b"p", b"length": 5, b"path": [b"x"]}]])
def test_a_torrent_of_pad_files_alone_is_refused(files: list[Any]) -> None:
    refuses(
        Format.V1,
        lambda top: info(top).update({b"files": files, b"pieces": bytes(20 * len(files))}),
        "it holds no data",
    )


def first_layer(top: dict[bytes, Any]) -> tuple[bytes, bytes]:
    found: tuple[bytes, bytes] = next(iter(top[b"piece layers"].items()))
    return found


def set_layer(top: dict[bytes, Any], spoil: Callable[[bytes], object]) -> None:
    root, layer = first_layer(top)
    top[b"piece layers"][root] = spoil(layer)


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda top: top.pop(b"piece layers"), "no piece layer of 3 digests for 'a'"),
        (lambda top: top.update({b"piece layers": {}}), "no piece layer of 3 digests for 'a'"),
        (lambda top: top.update({b"piece layers": []}), "'piece layers' is not a dict"),
        (lambda top: top[b"piece layers"].pop(first_layer(top)[0]), "no piece layer of"),
        (lambda top: set_layer(top, lambda layer: layer[:-1]), "no piece layer of"),
        (lambda top: set_layer(top, lambda layer: layer[:-32]), "no piece layer of"),
        (lambda top: set_layer(top, lambda layer: layer + bytes(32)), "no piece layer of"),
        (lambda top: set_layer(top, lambda layer: layer[32:] + layer[:32]), "misses its root"),
        (lambda top: set_layer(top, lambda layer: bytes(len(layer))), "misses its root"),
        (lambda top: set_layer(top, lambda _: 5), "no piece layer of"),
        (lambda top: set_layer(top, lambda layer: [layer]), "no piece layer of"),
        (lambda top: top[b"piece layers"].update({b"x" * 32: bytes(64)}), "belongs to no file"),
        (lambda top: top[b"piece layers"].update({b"": b""}), "belongs to no file"),
    ],
)
def test_piece_layers_must_lead_to_the_roots_of_the_files(
    form: Format, change: Change, why: str
) -> None:
    refuses(form, change, why)


def test_without_files_over_one_piece_the_piece_layers_may_be_left_out() -> None:
    raw = changed(make({"a": b"x", "b": b"y"}, Format.V2).raw, lambda top: top.pop(b"piece layers"))

    assert Metainfo.parse(raw).piece_layers == {}


@pytest.mark.parametrize("length", [32_769, 70_000, 200_000])
def test_one_layer_cannot_stand_for_two_files_of_other_numbers_of_pieces(length: int) -> None:
    files = contents({"a": 131_072, "b": 131_072})
    twins = {"a": files["a"], "b": files["a"]}
    assert len(make(twins, Format.V2).piece_layers) == 1

    raw = changed(
        make(twins, Format.V2).raw,
        lambda top: info(top)[b"file tree"][b"b"][b""].update({b"length": length}),
    )
    with pytest.raises(InvalidTorrentError, match="no piece layer of"):
        Metainfo.parse(raw)


def v1_list(top: dict[bytes, Any]) -> list[dict[bytes, Any]]:
    found: list[dict[bytes, Any]] = info(top)[b"files"]
    return found


def is_pad(entry: dict[bytes, Any]) -> bool:
    return b"attr" in entry


def swap(entries: list[Any], one: int, other: int) -> None:
    entries[one], entries[other] = entries[other], entries[one]


def test_the_hybrid_that_is_spoilt_below_has_these_entries() -> None:
    entries = v1_list(decoded(make(FILES, Format.HYBRID)))

    assert [(b"/".join(entry[b"path"]), entry[b"length"]) for entry in entries] == [
        (b"a", 70_000),
        (b".pad/28304", 28_304),
        (b"b/c", 0),
        (b"b/d", 16_384),
        (b".pad/16384", 16_384),
        (b"e", 40_000),
        (b".pad/25536", 25_536),
        (b"f", 5),
        (b".pad/32763", 32_763),
        (b"g", 0),
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda files: files[0].update({b"length": 69_999}),
        lambda files: files[0].update({b"path": [b"A"]}),
        lambda files: files[2].update({b"path": [b"other"]}),  # an empty one counts as well
        lambda files: files[9].update({b"length": 1}),
        lambda files: swap(files, 0, 5),
        lambda files: swap(files, 2, 3),
        lambda files: files.pop(0),
        lambda files: files.pop(9),
        lambda files: files.append({b"length": 0, b"path": [b"h"]}),
        # pad files: missing, too short, too long, misplaced, in two parts, extra
        lambda files: files.pop(1),
        lambda files: files[1].update({b"length": 28_303}),
        lambda files: files[1].update({b"length": 28_304 + 32_768}),
        lambda files: swap(files, 3, 4),
        lambda files: swap(files, 0, 1),
        lambda files: files.insert(1, {b"attr": b"p", b"length": 0, b"path": [b".pad", b"0"]}),
        lambda files: files.__setitem__(
            slice(1, 2), [{**files[1], b"length": 28_000}, {**files[1], b"length": 304}]
        ),
        lambda files: files.append({b"attr": b"p", b"length": 1, b"path": [b".pad", b"1"]}),
        lambda files: files[8].update({b"length": 32_762}),
        lambda files: files[8].update({b"length": 32_763 + 32_768}),
        lambda files: files.insert(8, files[8]),
        lambda files: swap(files, 7, 8),
        lambda files: files.__setitem__(
            slice(8, 9), [{**files[8], b"length": 32_000}, {**files[8], b"length": 763}]
        ),
        lambda files: files[1].pop(b"attr"),
        lambda files: files[0].update({b"attr": b"p"}),
    ],
)
def test_a_hybrid_whose_halves_disagree_is_refused(
    change: Callable[[list[dict[bytes, Any]]], object],
) -> None:
    refuses(Format.HYBRID, lambda top: change(v1_list(top)), "the v1 half")


def test_a_hybrid_may_leave_its_last_file_without_padding() -> None:
    padded = make(FILES, Format.HYBRID)

    plain = Metainfo.parse(changed(padded.raw, lambda top: v1_list(top).pop(8)))

    assert plain.files == padded.files
    assert (padded.layout.total, plain.layout.total) == (229_376, 196_613)
    assert plain.num_pieces == padded.num_pieces == 7
    assert plain.layout.piece_map.spans(6) == [Span(4, 0, 5)]


def test_a_hybrid_of_one_file_in_a_folder_may_pad_it() -> None:
    plain = make({"sub/a": b"hello"}, Format.HYBRID)
    tail = {b"attr": b"p", b"length": 32_763, b"path": [b".pad", b"32763"]}

    padded = Metainfo.parse(changed(plain.raw, lambda top: v1_list(top).append(tail)))

    assert padded.files == plain.files
    assert (plain.layout.total, padded.layout.total) == (5, 32_768)


@pytest.mark.parametrize(("pad", "empty"), [(1, 2), (8, 9)])
def test_a_hybrid_may_pad_after_the_empty_files_that_follow(pad: int, empty: int) -> None:
    plain = make(FILES, Format.HYBRID)

    other = Metainfo.parse(changed(plain.raw, lambda top: swap(v1_list(top), pad, empty)))

    assert other.layout == plain.layout


def test_a_hybrid_of_a_single_file_must_be_single_in_both_halves() -> None:
    raw = make({"f": b"x"}, Format.HYBRID, name="f", single=True).raw
    assert Metainfo.parse(raw).layout.single

    with pytest.raises(InvalidTorrentError, match="v1 half has 'g'"):
        Metainfo.parse(changed(raw, lambda top: info(top).update({b"name": b"g"})))
    with pytest.raises(InvalidTorrentError, match="has a folder, the other has none"):
        Metainfo.parse(
            changed(
                raw, lambda top: info(top).update({b"file tree": {b"f": info(top)[b"file tree"]}})
            )
        )


def test_limits_can_be_set_lower() -> None:
    raw = make(FILES, Format.V2).raw

    with pytest.raises(InvalidTorrentError, match="the limit is 100"):
        Metainfo.parse(raw, Limits(size=100))


def test_a_torrent_that_was_read_cannot_be_changed() -> None:
    torrent = make(FILES, Format.V2)

    with pytest.raises(TypeError):
        torrent.piece_layers[b""] = b""  # type: ignore[index]


def test_a_torrent_is_shown_without_its_hashes_and_can_be_a_key() -> None:
    torrent = make({"a": bytes(10_000_000)}, Format.HYBRID, single=True, name="a")

    assert len(repr(torrent)) < 1000
    assert {torrent: 1}[Metainfo.parse(torrent.raw)] == 1


def decoded(torrent: Metainfo) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    changed(torrent.raw, found.update)
    return found


def info_of(torrent: Metainfo) -> dict[bytes, Any]:
    return info(decoded(torrent))
