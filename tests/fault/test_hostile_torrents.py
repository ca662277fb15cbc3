"""Torrents that somebody else made, by mistake or to do harm: refused with the one error."""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedbox.errors import InvalidTorrentError
from seedbox.torrent.bencode import encode
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support.content import contents
from support.reference import bencode
from support.torrents import FORMS, changed, make

EXTRAS = Extras(
    trackers=(("http://a/announce",), ("udp://b:80",)),
    web_seeds=("http://c/", "http://d/"),
    similar=(bytes(20),),
    collections=("e",),
    creation_date=5,
    comment="f",
)
FILES = contents({"a": 40_000, "b/c": 0, "b/d": 100})
WHOLE = {form: make(FILES, form, extras=EXTRAS).raw for form in FORMS}
SINGLE = {form: make({"f": b"x"}, form, name="f", single=True).raw for form in FORMS}

BAD_NAMES = [
    b"",
    b".",
    b"..",
    b"/",
    b"/etc",
    b"../../etc/passwd",
    b"a/b",
    b"..\\..\\a",
    b"\\\\server\\share",
    b"C:",
    b"c:\\a",
    b"a\x00",
    b"a\nb",
    b"\x1b[31m",
    b"CON",
    b"nul.txt",
    b"lpt1",
    b"\xff\xfe",
    b"\xc0\xae\xc0\xae",  # `..` in an overlong form
    b"\xed\xa0\x80",
    "\u202egpj.exe".encode(),
    b"x" * 256,
]


def refused(raw: bytes) -> InvalidTorrentError:
    with pytest.raises(InvalidTorrentError) as caught:
        Metainfo.parse(raw)
    assert len(caught.value.message) < 1000
    return caught.value


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Return the path to each value in a document."""
    inner: list[tuple[Any, ...]] = [path] if path else []
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            inner += places(item, (*path, key))
    return inner


def put(document: Any, path: tuple[Any, ...], value: object) -> type:  # noqa: ANN401
    """Replace one value in a document; return the kind of the one that stood there."""
    for key in path[:-1]:
        document = document[key]
    before = type(document[path[-1]])
    document[path[-1]] = value
    return before


def decoded(raw: bytes) -> dict[bytes, Any]:
    found: dict[bytes, Any] = {}
    changed(raw, found.update)
    return found


@pytest.mark.parametrize("form", FORMS)
def test_a_torrent_cut_anywhere_is_refused(form: Format) -> None:
    raw = WHOLE[form]
    Metainfo.parse(raw)

    for end in range(len(raw)):
        refused(raw[:end])


@pytest.mark.parametrize("form", FORMS)
def test_anything_after_the_end_is_refused(form: Format) -> None:
    for tail in (b"\n", b"e", b"de", WHOLE[form]):
        refused(WHOLE[form] + tail)


@pytest.mark.parametrize("form", FORMS)
def test_a_value_of_a_wrong_kind_is_refused_wherever_it_stands(form: Format) -> None:
    samples: list[object] = [5, b"text", [], [5], {}, {b"x": 5}]
    for raw in (WHOLE[form], SINGLE[form]):
        for path in places(decoded(raw)):
            if path == (b"url-list",):  # BEP 19: a string or a list
                continue
            for wrong in samples:
                document = decoded(raw)
                if put(document, path, wrong) is not type(wrong):
                    refused(bencode(document))


@pytest.mark.parametrize(
    ("form", "keys"),
    [
        (Format.V1, b"info,name,piece length,pieces,files,length,path"),
        (Format.V2, b"info,name,piece length,meta version,file tree,length,pieces root"),
        (Format.HYBRID, b"info,name,piece length,meta version,pieces,files,file tree,length"),
        (Format.HYBRID, b"path,pieces root"),
        (Format.V2, b"piece layers"),
        (Format.HYBRID, b"piece layers"),
    ],
)
def test_a_required_key_that_is_missing_is_refused(form: Format, keys: bytes) -> None:
    for key in keys.split(b","):
        found = [path for path in places(decoded(WHOLE[form])) if path[-1] == key]
        assert found
        for path in found:
            document = decoded(WHOLE[form])
            parent: Any = document
            for step in path[:-1]:
                parent = parent[step]
            del parent[key]
            if key != b"path" or b"attr" not in parent:  # BEP 47: a pad file may do without
                refused(bencode(document))


@pytest.mark.parametrize("raw", [b"", b"de", b"le", b"i0e", b"0:", b"d4:infodee", b"d4:info0:e"])
def test_a_document_that_is_no_torrent_is_refused(raw: bytes) -> None:
    refused(raw)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_name_is_refused_for_the_torrent_a_folder_and_a_file(
    form: Format, name: bytes
) -> None:
    for part in (b"data", b"b", b"d"):
        refused(bencode(renamed(decoded(WHOLE[form]), part, name)))


def renamed(value: Any, old: bytes, new: bytes) -> Any:  # noqa: ANN401
    """Return a document with one string replaced wherever it is a value or a key."""
    if isinstance(value, dict):
        return {new if key == old else key: renamed(value[key], old, new) for key in value}
    if isinstance(value, list):
        return [renamed(item, old, new) for item in value]
    return new if value == old else value


@pytest.mark.parametrize("paths", [(b"x", b"X"), (b"x", b"x"), ("é".encode(), b"E\xcc\x81")])
@pytest.mark.parametrize("form", [Format.V1, Format.V2])
def test_two_paths_that_are_one_on_some_systems_are_refused(
    form: Format, paths: tuple[bytes, bytes]
) -> None:
    one, other = paths
    info: dict[bytes, object] = {b"name": b"r", b"piece length": 16_384}
    if form is Format.V1:
        files = [{b"length": 1, b"path": [one]}, {b"length": 1, b"path": [other]}]
        info |= {b"files": files, b"pieces": bytes(20)}
    elif one != other:
        leaf = {b"": {b"length": 1, b"pieces root": b"r" * 32}}
        info |= {b"file tree": {one: leaf, other: leaf}, b"meta version": 2}
    assert "is the same as" in refused(bencode({b"info": info})).message or one == other


def test_keys_out_of_order_or_repeated_are_refused() -> None:
    good = b"d4:infod6:lengthi1e4:name1:f12:piece lengthi16384e6:pieces20:" + bytes(20) + b"ee"
    Metainfo.parse(good)

    refused(good.replace(b"6:lengthi1e4:name1:f", b"4:name1:f6:lengthi1e"))
    refused(good.replace(b"4:name1:f", b"4:name1:f4:name1:g"))
    refused(b"d4:infode" + good[1:])


@pytest.mark.parametrize("number", [b"i01e", b"i-0e", b"i-1e", b"i1", b"i99999999999999999999e"])
def test_a_length_that_is_no_canonical_number_is_refused(number: bytes) -> None:
    start, end = b"d4:infod6:length", b"4:name1:f12:piece lengthi16384e6:pieces20:" + bytes(20)
    Metainfo.parse(start + b"i1e" + end + b"ee")

    refused(start + number + end + b"ee")


@pytest.mark.parametrize("wrapped", [b"l" * 1_000_000, b"d1:a" * 1_000_000])
def test_nesting_without_end_is_refused_at_once(wrapped: bytes) -> None:
    assert "nested deeper" in refused(b"d4:info" + wrapped).message


def test_a_file_tree_deeper_than_any_path_is_refused() -> None:
    tree: dict[bytes, Any] = {b"": {b"length": 1, b"pieces root": b"r" * 32}}
    for _ in range(101):
        tree = {b"d": tree}
    info = {b"file tree": tree, b"meta version": 2, b"name": b"r", b"piece length": 16_384}

    assert "102 segments" in refused(bencode({b"info": info})).message


def test_a_small_tree_of_files_far_below_is_refused_before_its_paths_take_memory() -> None:
    tree: dict[bytes, Any] = {b"%06d" % index: {b"": {b"length": 0}} for index in range(60_000)}
    for _ in range(90):
        tree = {b"d": tree}
    info = {b"file tree": tree, b"meta version": 2, b"name": b"r", b"piece length": 16_384}

    assert "more than 5,000,000 segments" in refused(bencode({b"info": info})).message


def test_sizes_beyond_every_disk_are_refused() -> None:
    for size in (1 << 48, (1 << 63) - 1):
        info = {b"length": size, b"name": b"f", b"piece length": 1 << 30, b"pieces": b""}
        assert "the limit is" in refused(bencode({b"info": info})).message


def test_a_count_of_pieces_that_would_exhaust_memory_is_refused_before_it_is_used() -> None:
    info = {b"length": 1 << 47, b"name": b"f", b"piece length": 1, b"pieces": b""}

    assert "more than 8,388,608 pieces" in refused(bencode({b"info": info})).message


@settings(max_examples=300)
@given(st.binary(max_size=300))
@example(b"d4:infod4:name1:aee")
def test_random_bytes_are_refused(raw: bytes) -> None:
    refused(raw)


edits = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from("rid"), st.binary(min_size=1, max_size=3)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=400)
@given(st.sampled_from([*WHOLE.values(), *SINGLE.values()]), edits)
def test_a_real_torrent_with_bytes_changed_is_read_or_refused_with_the_one_error(
    raw: bytes, edits: list[tuple[float, str, bytes]]
) -> None:
    for where, what, new in edits:
        at = int(where * (len(raw) - 1))
        keep = at if what == "i" else at + len(new)
        raw = raw[:at] + (b"" if what == "d" else new) + raw[keep:]

    parse_or_refuse(raw)


atoms = st.sampled_from([0, -1, 2, 1 << 62, b"", b"..", b"a", b"\xff", b"lp"]) | st.binary(
    max_size=9
)
anything = st.recursive(
    atoms,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([b"", b"a", b"length", b"path", b"attr"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=400)
@given(st.sampled_from([*WHOLE.values(), *SINGLE.values()]), st.data())
def test_a_real_torrent_with_values_changed_is_read_or_refused_with_the_one_error(
    raw: bytes, data: st.DataObject
) -> None:
    document = decoded(raw)
    for _ in range(data.draw(st.integers(1, 2))):
        put(document, data.draw(st.sampled_from(places(document))), data.draw(anything))

    parse_or_refuse(encode(document))


def parse_or_refuse(raw: bytes) -> None:
    """Parse; what parses must be safe to act on."""
    try:
        torrent = Metainfo.parse(raw)
    except InvalidTorrentError:
        return
    assert torrent.size > 0
    assert torrent.num_pieces == torrent.layout.piece_map.count > 0
    for file in torrent.files:
        assert file.path[0] == torrent.name
        assert not {"", ".", ".."} & set(file.path)
        if torrent.form is not Format.V1:
            count = len(torrent.layout.piece_map.pieces_of(torrent.files.index(file)))
            assert len(torrent.v2_pieces(file)) == count
    if torrent.form is not Format.V2:
        assert len(torrent.pieces) == 20 * torrent.num_pieces
