import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidTorrentError
from seedbox.torrent.bencode import Encodable, Limits, Value, decode, decode_dict, encode

SPELLINGS: list[tuple[Value, bytes]] = [
    (b"spam", b"4:spam"),
    (b"", b"0:"),
    (b"\x00\xff", b"2:\x00\xff"),
    (b"i3e", b"3:i3e"),
    (bytes(1000), b"1000:" + bytes(1000)),
    (3, b"i3e"),
    (-3, b"i-3e"),
    (0, b"i0e"),
    (10, b"i10e"),
    (9223372036854775807, b"i9223372036854775807e"),
    (-9223372036854775808, b"i-9223372036854775808e"),
    ([], b"le"),
    ([b"spam", b"eggs"], b"l4:spam4:eggse"),
    ([[[]], []], b"llleelee"),
    ({}, b"de"),
    ({b"cow": b"moo", b"spam": b"eggs"}, b"d3:cow3:moo4:spam4:eggse"),
    ({b"spam": [b"a", b"b"]}, b"d4:spaml1:a1:bee"),
    ({b"": 1, b"B": 2, b"a": 3, b"aa": {}}, b"d0:i1e1:Bi2e1:ai3e2:aadee"),
]

NOT_CANONICAL = [
    b"",
    b"e",
    b"x",
    b" 4:spam",
    b"4:spam ",
    b"i3ei3e",
    b"lee",
    b"\x00",
    # integers
    b"i",
    b"ie",
    b"i-e",
    b"i-0e",
    b"i00e",
    b"i03e",
    b"i-03e",
    b"i+3e",
    b"i 3e",
    b"i3 e",
    b"i3.0e",
    b"i1_0e",
    b"i0x1e",
    b"i--3e",
    b"i\xd9\xa3e",  # an Arabic digit
    b"i9223372036854775808e",  # 64 bits and signed is what other readers hold
    b"i-9223372036854775809e",
    b"i" + b"9" * 5000 + b"e",
    # strings
    b"4",
    b"4:",
    b"4:spa",
    b"-1:",
    b"+4:spam",
    b"04:spam",
    b"00:",
    b"4 :spam",
    b"4;spam",
    b"9999999999:",
    b"99999999999999999999:",
    b"1" * 5000,
    b"1" * 5000 + b":",
    # lists and dicts
    b"l",
    b"d",
    b"li3e",
    b"d3:cow",
    b"d3:cow3:moo",
    b"d3:cowe",
    b"di3e3:mooe",
    b"dlelee",
    b"d3:cow3:moo3:cow3:mooe",
    b"d4:spam4:eggs3:cow3:mooe",
    b"d1:a0:1:B0:e",
    b"d2:aa0:1:a0:e",
]


@pytest.mark.parametrize(("value", "spelling"), SPELLINGS)
def test_a_value_has_one_spelling_both_ways(value: Value, spelling: bytes) -> None:
    assert encode(value) == spelling
    assert decode(spelling) == value


@pytest.mark.parametrize("data", NOT_CANONICAL)
def test_any_other_spelling_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidTorrentError):
        decode(data)


def test_a_document_cut_anywhere_is_refused() -> None:
    document = b"d4:infod6:lengthi-120e4:name3:a:b6:piecesl0:10:0123456789eee"
    assert decode(document)

    for end in range(len(document)):
        with pytest.raises(InvalidTorrentError):
            decode(document[:end])


def test_the_error_names_the_byte() -> None:
    with pytest.raises(InvalidTorrentError, match=r"key b'cow' is repeated \(at byte 11\)"):
        decode(b"d3:cow3:moo3:cow3:mooe")
    with pytest.raises(InvalidTorrentError, match=r"key b'a' is out of order \(at byte 6\)"):
        decode(b"d1:bde1:adee")


def test_the_error_tells_an_early_end_from_a_wrong_byte() -> None:
    with pytest.raises(InvalidTorrentError, match=r"the data ends too early \(at byte 1\)"):
        decode(b"l")
    with pytest.raises(InvalidTorrentError, match=r"unexpected b'x' \(at byte 1\)"):
        decode(b"lxe")


def test_the_message_shows_no_more_than_the_start_of_a_key() -> None:
    key = b"300:" + b"k" * 300

    with pytest.raises(InvalidTorrentError) as caught:
        decode(b"d" + key + b"0:" + key + b"0:e")

    assert len(caught.value.message) < 200


@pytest.mark.parametrize(("opening", "closing"), [(b"l", b"e"), (b"d0:", b"e")])
def test_nesting_is_bounded(opening: bytes, closing: bytes) -> None:
    def nested(depth: int) -> bytes:
        return opening * depth + (b"0:" if opening == b"d0:" else b"") + closing * depth

    decode(nested(5), Limits(depth=5))
    with pytest.raises(InvalidTorrentError, match="nested deeper than 5"):
        decode(nested(6), Limits(depth=5))
    with pytest.raises(InvalidTorrentError, match="nested deeper than 128"):
        decode(nested(1_000_000))


def test_the_number_of_values_is_bounded_keys_counted() -> None:
    decode(b"d1:ali1ei2eee", Limits(values=5))
    with pytest.raises(InvalidTorrentError, match="more than 4 values"):
        decode(b"d1:ali1ei2eee", Limits(values=4))


def test_the_size_is_bounded() -> None:
    decode(b"4:spam", Limits(size=6))
    with pytest.raises(InvalidTorrentError, match="6 bytes, the limit is 5"):
        decode(b"4:spam", Limits(size=5))


def test_the_default_limits_let_no_more_than_64_mib_in() -> None:
    with pytest.raises(InvalidTorrentError, match="67,108,865 bytes"):
        decode(bytes(64 * 1024 * 1024 + 1))


def test_a_dict_is_told_where_its_own_values_lie() -> None:
    raw = b"d1:ad1:ai1ee4:infod1:ali0eee1:zi5ee"

    value, spans = decode_dict(raw)

    assert value == {b"a": {b"a": 1}, b"info": {b"a": [0]}, b"z": 5}
    assert {key: raw[span] for key, span in spans.items()} == {
        b"a": b"d1:ai1ee",
        b"info": b"d1:ali0eee",
        b"z": b"i5e",
    }


@pytest.mark.parametrize("raw", [b"le", b"i0e", b"0:", b"ld4:infodeee"])
def test_a_document_that_is_no_dict_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidTorrentError, match="not a dictionary"):
        decode_dict(raw)


# --- files, which are read at once where they are spelled as most are -------------------------

ROOT = bytes(range(32))
FILES: list[Value] = [
    {b"length": 5, b"path": [b"a", b"b c"]},
    {b"length": 0, b"path": [b"x" * 255]},
    {b"length": 0, b"path": [b"x" * 256, b""]},
    {b"length": 10**17, b"path": []},
    {b"length": 2**63 - 1, b"path": [b"ee", b"e", b"1:e"]},
    {b"length": -1, b"path": [b"a"]},
    {b"length": 5, b"path": [b"a", [b"b"]]},
    {b"length": 5, b"path": [b"a"], b"path.utf-8": [b"a"]},
    {b"length": 5, b"path": 5},
    {b"length": b"5", b"path": [b"a"]},
    {b"attr": b"p", b"length": 7, b"path": [b".pad", b"7"]},
    {b"attr": b"p", b"length": 7, b"path": [b".pad", b"12345678901234567890"]},
    {b"attr": b"p", b"length": 7, b"path": [b".pad", b"seven"]},
    {b"attr": b"x", b"length": 7, b"path": [b".pad", b"7"]},
    {b"": {b"length": 0}},
    {b"": {b"length": 1, b"pieces root": ROOT}},
    {b"": {b"length": 1, b"pieces root": b"e" * 32}},
    {b"": {b"length": 1, b"pieces root": ROOT + b"!"}},
    {b"": {b"attr": b"x", b"length": 1, b"pieces root": ROOT}},
    {b"": {b"length": 1}, b"a": {}},
]


def plainly(data: bytes, at: int = 0) -> tuple[Value, int]:
    """Decode in the plainest way there is; return the value and where it ends."""
    if data[at : at + 1] == b"i":
        number = re.compile(rb"i(0|-?[1-9][0-9]*)e").match(data, at)
        if number is None or not -(2**63) <= int(number[1]) < 2**63:
            raise ValueError(at)
        return int(number[1]), number.end()
    if data[at : at + 1] not in {b"l", b"d"}:
        length = re.compile(rb"(0|[1-9][0-9]{0,9}):").match(data, at)
        if length is None or length.end() + int(length[1]) > len(data):
            raise ValueError(at)
        return data[length.end() : length.end() + int(length[1])], length.end() + int(length[1])
    items, end = list[Value](), at + 1
    while data[end : end + 1] != b"e":
        item, end = plainly(data, end)
        items.append(item)
    if data[at : at + 1] == b"l":
        return items, end + 1
    keys = [key for key in items[::2] if isinstance(key, bytes)]
    if 2 * len(keys) != len(items) or keys != sorted(set(keys)):
        raise ValueError(at)
    return dict(zip(keys, items[1::2], strict=True)), end + 1


@pytest.mark.parametrize("file", FILES)
def test_a_file_is_read_as_any_other_dict(file: Value) -> None:
    document: Value = {b"files": [file, file], b"tree": {b"a": file, b"b": file}, b"z": file}

    value, spans = decode_dict(encode(document))

    assert value == document
    assert encode(document)[spans[b"z"]] == encode(file)
    assert decode(encode(file)) == file


def count(value: Value) -> int:
    """Return how many values there are, keys included."""
    if isinstance(value, dict):
        return 1 + sum(1 + count(each) for each in value.values())
    return 1 + sum(map(count, value)) if isinstance(value, list) else 1


def depth(value: Value) -> int:
    """Return how many lists and dicts are inside each other."""
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0)


@pytest.mark.parametrize("file", FILES)
def test_the_limits_hold_for_files_too(file: Value) -> None:
    data, many = encode([file] * 5), 1 + 5 * count(file)
    assert decode(data, Limits(values=many, depth=depth([file]))) == [file] * 5
    with pytest.raises(InvalidTorrentError, match=f"more than {many - 1} values"):
        decode(data, Limits(values=many - 1))
    with pytest.raises(InvalidTorrentError, match="nested deeper"):
        decode(data, Limits(depth=depth([file]) - 1))


@pytest.mark.parametrize("file", FILES)
def test_a_file_with_a_changed_byte_is_what_plain_reading_makes_of_it(file: Value) -> None:
    data = encode([file])
    for at, byte in product(range(min(len(data), 100)), b"0159:dliep-\x00"):
        changed = data[:at] + bytes([byte]) + data[at + 1 :]
        try:
            expected, end = plainly(changed)
        except ValueError:
            end = -1

        if end == len(changed):
            assert decode(changed) == expected
        else:
            with pytest.raises(InvalidTorrentError):
                decode(changed)


def test_a_dict_is_no_key_whatever_it_holds() -> None:
    for file in FILES:
        with pytest.raises(InvalidTorrentError, match=r"key is not a string \(at byte 1\)"):
            decode(b"d" + encode(file) + b"0:e")


def test_keys_are_written_in_the_order_of_their_bytes() -> None:
    assert encode({b"b": 0, b"a": 0, b"\xff": 0, b"aa": 0, b"B": 0}) == (
        b"d1:Bi0e1:ai0e2:aai0e1:bi0e1:\xffi0ee"
    )


def test_tuples_are_written_as_lists() -> None:
    assert encode((1, (b"a",))) == b"li1el1:aee"


@pytest.mark.parametrize(
    "value",
    ["text", True, None, 1.5, bytearray(b"a"), memoryview(b"a"), {1, 2}, [b"a", "b"]],
)
def test_what_bencode_has_not_is_a_type_error(value: Encodable) -> None:
    with pytest.raises(TypeError, match="bencode has no"):
        encode(value)


@pytest.mark.parametrize("key", ["text", 1, None, (b"a",)])
def test_a_key_that_is_not_bytes_is_a_type_error(key: bytes) -> None:
    with pytest.raises(TypeError, match="a bencode key is bytes"):
        encode({key: 1})


values: st.SearchStrategy[Value] = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=40),
    lambda inner: st.lists(inner) | st.dictionaries(st.binary(max_size=8), inner),
    max_leaves=30,
)


@given(values)
def test_what_is_encoded_decodes_to_the_same(value: Value) -> None:
    assert decode(encode(value)) == value


bencode_like = st.lists(
    st.sampled_from([b"d", b"l", b"e", b"i", b"0", b"1", b"-", b":", b"1:a", b"i0e", b"0:"])
).map(b"".join)


@given(st.binary() | bencode_like)
def test_whatever_decodes_encodes_to_the_same_bytes(data: bytes) -> None:
    try:
        value = decode(data)
    except InvalidTorrentError:
        return
    assert encode(value) == data


@given(values.map(encode), st.data())
def test_one_changed_byte_never_gives_another_spelling_of_the_same(
    data: bytes, draw: st.DataObject
) -> None:
    at = draw.draw(st.integers(0, len(data) - 1))
    other = draw.draw(st.integers(0, 255).filter(lambda byte: byte != data[at]))
    changed = data[:at] + bytes([other]) + data[at + 1 :]

    try:
        value = decode(changed)
    except InvalidTorrentError:
        return
    assert value != decode(data)
