"""Keys and signatures that minisign made once, so that the format is held without the program."""

from base64 import b64decode
from pathlib import Path

import pytest

from seedbox.errors import UnboundSignatureError, WrongPasswordError
from seedbox.manifest.keys import (
    PublicKey,
    read_secret_key,
    write_public_key,
    write_secret_key,
)
from seedbox.manifest.signature import Claim, check, check_claim, parse_signature, sign

HERE = Path(__file__).parent
SIGNED = (HERE / "signed.yaml").read_bytes()
CLAIM = Claim(
    "org.example/golden",
    7,
    bytes.fromhex("6b79a762c66be2dadaf1c767689ea4d6480ba99567d7001178d35efeeb2d1d1e"),
)
PLAIN = PublicKey.parse((HERE / "minisign-plain.pub").read_text())


def golden(name: str) -> bytes:
    return (HERE / name).read_bytes()


def test_a_public_key_has_the_name_that_minisign_gave_it() -> None:
    assert PLAIN.name == "2F6EA88CCB51143D"
    assert write_public_key(PLAIN) == golden("minisign-plain.pub")


def test_an_encrypted_key_is_opened_and_written_byte_for_byte() -> None:
    written = golden("minisign.key")
    key = read_secret_key(written, "golden password")
    salt = b64decode(written.splitlines()[1])[6:38]

    assert write_public_key(key.public) == golden("minisign.pub")
    assert write_secret_key(key, "golden password", salt=salt) == written


def test_an_encrypted_key_stays_closed_without_its_password() -> None:
    with pytest.raises(WrongPasswordError, match=r"^key is encrypted, and no password was given$"):
        read_secret_key(golden("minisign.key"), None)


def test_a_key_without_a_password_is_opened_and_written_byte_for_byte() -> None:
    written = golden("minisign-plain.key")
    key = read_secret_key(written, None)

    assert key.public == PLAIN
    assert write_secret_key(key, None, salt=bytes(32)) == written


@pytest.mark.parametrize(
    ("name", "prehashed"), [("signed.yaml.minisig", True), ("signed-legacy.yaml.minisig", False)]
)
def test_signatures_of_both_kinds_are_right(name: str, prehashed: bool) -> None:
    signature = parse_signature(golden(name), file="signed.yaml")

    assert signature.prehashed is prehashed
    assert check_claim(SIGNED, signature, [PLAIN], CLAIM, file="signed.yaml") == PLAIN


def test_ours_differs_from_minisigns_in_the_untrusted_comment_alone() -> None:
    key = read_secret_key(golden("minisign-plain.key"), None)
    ours = sign(SIGNED, key, str(CLAIM)).splitlines()

    assert ours[1:] == golden("signed.yaml.minisig").splitlines()[1:]


def test_minisigns_own_comment_is_right_and_says_nothing_of_the_manifest() -> None:
    signature = parse_signature(golden("signed-unbound.yaml.minisig"), file="signed.yaml")

    assert check(SIGNED, signature, [PLAIN], file="signed.yaml") == PLAIN
    with pytest.raises(UnboundSignatureError, match=r"'timestamp:1795352753\\tfile:signed\.yaml"):
        check_claim(SIGNED, signature, [PLAIN], CLAIM, file="signed.yaml")
