from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import (
    BrokenSignatureError,
    HugeSignatureError,
    OtherIdError,
    RefusedFileError,
    TamperedCommentError,
    UnboundSignatureError,
    WrongKeyError,
    WrongSignatureError,
)
from seedbox.manifest.keys import SecretKey
from seedbox.manifest.signature import Claim, check, check_claim, parse_signature, sign
from support.signing import claim, key, legacy

DATA = b"seedbox: 1\n"
COMMENT = str(claim(DATA))
SIGNED = sign(DATA, key(), COMMENT)
LINES = SIGNED.decode().splitlines()


def with_line(number: int, line: str) -> bytes:
    lines = [*LINES[: number - 1], line, *LINES[number:]]
    return "".join(f"{each}\n" for each in lines).encode()


def test_what_was_signed_is_right() -> None:
    signature = parse_signature(SIGNED, file="m.yaml")

    assert signature.prehashed
    assert signature.claim == claim(DATA)
    assert check(DATA, signature, [key(2).public, key().public], file="m.yaml") == key().public
    assert check_claim(DATA, signature, [key().public], claim(DATA), file="m.yaml") == key().public


def test_a_legacy_signature_is_right_and_is_told_apart() -> None:
    signature = parse_signature(legacy(DATA, key(), COMMENT), file="m.yaml")

    assert not signature.prehashed
    assert check(DATA, signature, [key().public], file="m.yaml") == key().public


def test_the_last_line_feed_may_be_missing() -> None:
    assert parse_signature(SIGNED[:-1], file="m") == parse_signature(SIGNED, file="m")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it has 1 lines, not 4"),
        (SIGNED + b"\n", "it has 5 lines, not 4"),
        (SIGNED[:-60], "the base64 of line 4 "),
        (SIGNED.replace(b"\n", b"\r\n"), "line 1 has a control character"),
        (with_line(1, "comment: x"), "line 1 does not begin with 'untrusted comment:'"),
        (with_line(3, "comment: x"), "line 3 does not begin with 'trusted comment:'"),
        (with_line(1, "untrusted comment: \0"), "line 1 has a control character"),
        (with_line(3, "trusted comment: \x1b[1m"), "line 3 has a control character"),
        (with_line(3, "trusted comment: \x85"), "line 3 has a control character"),
        (SIGNED.replace(b"seedbox", b"\xffeedbox"), "byte 34 is no UTF-8"),
        (b"\xef\xbb\xbf" + SIGNED, "line 1 does not begin with"),
        (with_line(2, LINES[1][:-1]), "the base64 of line 2 is none"),
        (with_line(2, LINES[1] + " "), "the base64 of line 2 is none"),
        (with_line(2, LINES[3]), "the base64 of line 2 holds 64 bytes, not 74"),
        (with_line(4, LINES[3][:-3] + "B=="), "the base64 of line 4 has bits after its end"),
        (with_line(2, b64encode(b"XX" + bytes(72)).decode()), "it is of another algorithm"),
    ],
)
def test_what_minisign_does_not_write_is_no_signature(data: bytes, reason: str) -> None:
    with pytest.raises(BrokenSignatureError) as caught:
        parse_signature(data, file="m.yaml", id="org.example/set")

    words = "m.yaml of org.example/set cannot be checked: m.yaml.minisig is no signature: "
    assert caught.value.message.startswith(words + reason)
    assert caught.value.exit_status == 7


def test_what_is_longer_than_8_kib_is_not_even_decoded() -> None:
    with pytest.raises(HugeSignatureError, match=r"has 8,193 bytes, a signature has at most 8,192"):
        parse_signature(b"\xff" * 8193, file="m")


@given(st.binary(max_size=600) | st.binary(max_size=90).map(lambda b: SIGNED[:250] + b))
def test_bytes_are_a_signature_or_refused_by_their_own_error(data: bytes) -> None:
    try:
        signature = parse_signature(data, file="m")
        check(DATA, signature, [key().public], file="m")
    except RefusedFileError:
        return
    assert signature == parse_signature(SIGNED, file="m")


@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255))
def test_one_changed_byte_is_refused_unless_it_is_in_the_untrusted_comment(
    at: int, other: int
) -> None:
    data = bytearray(SIGNED)
    data[at] ^= other
    try:
        check(DATA, parse_signature(bytes(data), file="m"), [key().public], file="m")
    except RefusedFileError:
        return
    assert len("untrusted comment: ") <= at < SIGNED.index(b"\n")


def test_a_comment_of_several_lines_cannot_be_signed() -> None:
    with pytest.raises(ValueError, match="one line"):
        sign(DATA, key(), "a\nb")


# --- what is wrong ----------------------------------------------------------------------------


def refused(
    data: bytes, signed: bytes, keys: tuple[SecretKey, ...] = (key(),), wanted: Claim | None = None
) -> RefusedFileError:
    signature = parse_signature(signed, file="m")
    with pytest.raises(RefusedFileError) as caught:
        check_claim(data, signature, [k.public for k in keys], wanted or claim(data), file="m")
    return caught.value


def test_another_key_is_neither_right_nor_wrong() -> None:
    error = refused(DATA, SIGNED, (key(2), key(3)))

    assert isinstance(error, WrongKeyError)
    assert error.message == (
        "m of org.example/set cannot be checked: it is signed by key 0101010101010101, wanted is "
        "key 0202020202020202 or 0303030303030303"
    )


def test_a_key_with_the_same_id_is_tried_too() -> None:
    twin = SecretKey.make(key_id=key().key_id, seed=bytes(32))
    signature = parse_signature(SIGNED, file="m")

    assert check(DATA, signature, [twin.public, key().public], file="m") == key().public
    assert isinstance(refused(DATA, SIGNED, (twin,)), WrongSignatureError)


def test_other_bytes_are_wrongly_signed_and_both_digests_are_told() -> None:
    error = refused(b"other", SIGNED)

    assert isinstance(error, WrongSignatureError)
    assert claim(b"other").sha256.hex() in error.message
    assert claim(DATA).sha256.hex() in error.message


def test_an_altered_comment_is_told_apart_from_altered_bytes() -> None:
    altered = SIGNED.replace(b"sequence:1", b"sequence:2")

    assert isinstance(refused(DATA, altered), TamperedCommentError)
    assert isinstance(refused(b"other", altered), WrongSignatureError)


def test_a_prehashed_signature_is_not_taken_for_a_legacy_one() -> None:
    as_legacy = SIGNED.replace(b"\nRU", b"\nRW")

    assert isinstance(refused(DATA, as_legacy), WrongSignatureError)


@pytest.mark.parametrize(
    "said", [claim(DATA, id="org.example/other"), claim(DATA, sequence=2), claim(b"other")]
)
def test_a_claim_about_something_else_is_refused(said: Claim) -> None:
    assert isinstance(refused(DATA, sign(DATA, key(), str(said))), OtherIdError)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "timestamp:1\tfile:m\thashed",
        COMMENT + " ",
        COMMENT.upper(),
        COMMENT.replace(":1", ":01"),
        COMMENT.replace(" ", "\t"),
    ],
)
def test_a_comment_that_is_no_claim_is_refused(comment: str) -> None:
    assert isinstance(refused(DATA, sign(DATA, key(), comment)), UnboundSignatureError)


def test_a_claim_is_one_line_and_is_read_back() -> None:
    made = Claim("org.example/set", 12, bytes(range(32)))

    assert str(made) == (
        "id:org.example/set sequence:12 "
        "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    )
    assert Claim.parse(str(made)) == made
