from dataclasses import FrozenInstanceError

import pytest

from seedbox.torrent.info_hash import Format, InfoHash

V1, V2 = bytes(range(20)), bytes(range(32))


def test_formats_are_written_as_v1_v2_and_hybrid() -> None:
    assert [str(form) for form in Format] == ["v1", "v2", "hybrid"]
    assert Format("hybrid") is Format.HYBRID


@pytest.mark.parametrize(
    ("info_hash", "form"),
    [
        (InfoHash(v1=V1), Format.V1),
        (InfoHash(v2=V2), Format.V2),
        (InfoHash(V1, V2), Format.HYBRID),
    ],
)
def test_the_format_is_that_of_the_hashes(info_hash: InfoHash, form: Format) -> None:
    assert info_hash.format is form


@pytest.mark.parametrize("v1", [None, V1])
def test_the_key_is_the_hex_of_v2_where_there_is_one(v1: bytes | None) -> None:
    assert InfoHash(v1, V2).key == (
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    )


def test_the_key_of_a_v1_torrent_is_the_hex_of_v1() -> None:
    assert InfoHash(v1=V1).key == "000102030405060708090a0b0c0d0e0f10111213"


def test_an_info_hash_without_hashes_is_a_bug() -> None:
    with pytest.raises(ValueError, match="needs v1, v2 or both"):
        InfoHash()


@pytest.mark.parametrize("length", [0, 19, 21, 32, 40])
def test_a_v1_info_hash_of_other_than_20_bytes_is_a_bug(length: int) -> None:
    for v2 in (None, V2):
        with pytest.raises(ValueError, match=f"v1 info-hash has 20 bytes, got {length}"):
            InfoHash(bytes(length), v2)


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64])
def test_a_v2_info_hash_of_other_than_32_bytes_is_a_bug(length: int) -> None:
    for v1 in (None, V1):
        with pytest.raises(ValueError, match=f"v2 info-hash has 32 bytes, got {length}"):
            InfoHash(v1, bytes(length))


def test_equal_info_hashes_are_one_key_of_a_dict() -> None:
    assert {InfoHash(V1, V2): 1}[InfoHash(bytes(range(20)), bytes(range(32)))] == 1
    assert len({InfoHash(V1), InfoHash(V1, V2), InfoHash(v2=V2)}) == 3


def test_an_info_hash_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        InfoHash(V1).v1 = bytes(20)  # type: ignore[misc]
