from base64 import b64decode, b64encode
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import InvalidKeyError, WrongPasswordError
from seedbox.manifest.keys import (
    PublicKey,
    SecretKey,
    is_encrypted,
    read_secret_key,
    strict_base64,
    write_public_key,
    write_secret_key,
)
from support.signing import key

MIB = 1 << 20
PLAIN = write_secret_key(key(), None, salt=bytes(32))
LOCKED = write_secret_key(key(), "open", salt=b"s" * 32, memory=MIB)


def changed(data: bytes, at: int, new: bytes) -> bytes:
    """A secret key file with other bytes at an offset of what is in its base64."""
    comment, line = data.splitlines()
    raw = bytearray(b64decode(line))
    raw[at : at + len(new)] = new
    return comment + b"\n" + b64encode(raw) + b"\n"


def test_the_public_key_of_rfc_8032_test_1() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    made = SecretKey.make(key_id=bytes(8), seed=seed)

    assert made.public.key.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert made.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873")


def test_a_name_is_the_key_id_as_a_number_of_64_bits_low_byte_first() -> None:
    assert PublicKey(bytes.fromhex("361de9f3483156eb"), bytes(32)).name == "EB563148F3E91D36"


def test_a_public_key_is_read_from_its_line_or_its_file() -> None:
    public = key().public

    assert PublicKey.parse(public.text) == public
    assert PublicKey.parse(f"  {public.text}\n") == public
    assert PublicKey.parse(write_public_key(public).decode()) == public
    assert public.text.startswith("RW")
    assert len(public.text) == 56


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "its base64 holds 0 bytes, not 42"),
        ("RW\nRW\nRW", "it is not one line"),
        ("comment\n" + key().public.text, "it is not one line"),
        (key().public.text[:-4], "its base64 holds 39 bytes, not 42"),
        (key().public.text[:-1] + "!", "its base64 is none"),
        ("ü" + key().public.text[1:], "its base64 is none"),
        ("RU" + key().public.text[2:], "it is for another algorithm"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidKeyError, match=f"^k.pub is not a usable key: {reason}"):
        PublicKey.parse(text, file="k.pub")


def test_base64_has_one_way_to_be_written() -> None:
    zeros = b64encode(bytes(64)).decode()

    assert strict_base64(zeros, 64) == bytes(64)
    with pytest.raises(ValueError, match=r"^has bits after its end$"):
        strict_base64(zeros[:-3] + "B==", 64)


@pytest.mark.parametrize(("data", "password"), [(PLAIN, None), (LOCKED, "open")])
def test_a_secret_key_is_read_as_it_was_written(data: bytes, password: str | None) -> None:
    assert read_secret_key(data, password) == key()
    assert is_encrypted(data) is (password is not None)


def test_a_secret_is_never_shown() -> None:
    assert key().seed.hex() not in repr(key())
    assert repr(key().seed) not in repr(key())


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=8, max_size=8))
def test_every_key_goes_through_a_file(seed: bytes, key_id: bytes) -> None:
    made = SecretKey.make(key_id=key_id, seed=seed)

    assert read_secret_key(write_secret_key(made, None, salt=bytes(32)), None) == made


def test_a_wrong_password_and_none_are_told_apart() -> None:
    with pytest.raises(WrongPasswordError, match=r"^k does not open with this password$"):
        read_secret_key(LOCKED, "shut", file="k")
    with pytest.raises(WrongPasswordError, match=r"^k is encrypted, and no password was given$"):
        read_secret_key(LOCKED, None, file="k")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\n\xff\n",
        b"one line",
        PLAIN + b"\n",
        PLAIN.replace(b"untrusted comment: ", b"comment: "),
        changed(PLAIN, 0, b"XX"),
        changed(PLAIN, 2, b"XX"),
        changed(PLAIN, 4, b"XX"),
        PLAIN[:-5] + b"\n",
    ],
)
def test_what_is_no_secret_key_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidKeyError, match="it is no secret key of minisign"):
        read_secret_key(data, "open")


@pytest.mark.parametrize("at", [62, 94, 126])  # seed, public key, checksum
def test_a_key_whose_parts_do_not_belong_together_is_refused(at: int) -> None:
    with pytest.raises(InvalidKeyError, match="its parts do not belong together"):
        read_secret_key(changed(PLAIN, at, b"\x99"), None)


def test_a_key_without_a_password_may_have_a_checksum() -> None:
    secret = key().key_id + key().seed + key().public.key
    checksum = blake2b(b"Ed" + secret, digest_size=32).digest()

    assert read_secret_key(changed(PLAIN, 126, checksum), None) == key()


@pytest.mark.parametrize(
    ("operations", "memory"),
    [
        ((1 << 25) + 1, 1 << 30),
        ((1 << 64) - 1, (1 << 64) - 1),
        ((1 << 64) - 1, 0),
    ],
)
def test_a_hostile_file_cannot_ask_for_more_than_minisign(operations: int, memory: int) -> None:
    limits = operations.to_bytes(8, "little") + memory.to_bytes(8, "little")

    words = f"it asks for {operations:,} operations, minisign for 33,554,432"
    with pytest.raises(InvalidKeyError, match=words):
        read_secret_key(changed(LOCKED, 38, limits), "open")


@pytest.mark.parametrize(("operations", "memory"), [(0, 1 << 15), (1 << 15, 0)])
def test_other_limits_give_another_stream(operations: int, memory: int) -> None:
    limits = operations.to_bytes(8, "little") + memory.to_bytes(8, "little")

    with pytest.raises(WrongPasswordError):
        read_secret_key(changed(LOCKED, 38, limits), "open")


def test_the_first_branch_of_libsodiums_choice_is_bounded_by_work() -> None:
    """With much memory allowed, N comes from the operations: 2**15 give N = 2**10, as here."""
    limits = (1 << 15).to_bytes(8, "little") + (1 << 40).to_bytes(8, "little")

    assert read_secret_key(changed(LOCKED, 38, limits), "open") == key()


@pytest.mark.parametrize("error", [MemoryError, ValueError])
def test_a_machine_without_the_memory_says_how_much_it_takes(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def refused(*_: object, **__: object) -> bytes:
        raise error

    monkeypatch.setattr("hashlib.scrypt", refused)

    with pytest.raises(InvalidKeyError, match="to open it takes 1,049,600 bytes of memory"):
        read_secret_key(LOCKED, "open")
