"""Signatures as minisign makes them: of a file's bytes, and of a comment that cannot be altered.

A .minisig file has four lines: a comment that proves nothing, the signature with the id of its
key, the trusted comment, and a signature of the signature and the trusted comment together. New
signatures are of the BLAKE2b-512 digest ("ED"); older ones, of the bytes ("Ed"), are checked too.

The trusted comment of what seedbox signs is a claim: `id:… sequence:… sha256:…`, one line.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b, sha256
from typing import Self

from seedbox.errors import (
    BrokenSignatureError,
    HugeSignatureError,
    OtherIdError,
    TamperedCommentError,
    UnboundSignatureError,
    WrongKeyError,
    WrongSignatureError,
)
from seedbox.manifest.keys import (
    COMMENT,
    KEY_ID_BYTES,
    PublicKey,
    SecretKey,
    key_name,
    strict_base64,
)

SUFFIX = ".minisig"
MAX_SIGNATURE = 8 * 1024  # bytes; what minisign writes has some 400

_TRUSTED = "trusted comment: "
_PREHASHED = b"ED"
_LEGACY = b"Ed"
_SIGNATURE_BYTES = 64  # RFC 8032
_CLAIM = re.compile(r"id:([a-z0-9._/-]+) sequence:([1-9][0-9]{0,17}) sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Claim:
    """What a trusted comment says of the file: whose it is, which one, and its digest."""

    id: str
    sequence: int
    sha256: bytes

    @classmethod
    def parse(cls, comment: str) -> Self | None:
        """Read a trusted comment; None: it is no claim, such as minisign's own."""
        found = _CLAIM.fullmatch(comment)
        return cls(found[1], int(found[2]), bytes.fromhex(found[3])) if found else None

    def __str__(self) -> str:
        """Return it as a trusted comment."""
        return f"id:{self.id} sequence:{self.sequence} sha256:{self.sha256.hex()}"


@dataclass(frozen=True, slots=True)
class Signature:
    """A .minisig file, not checked against anything."""

    prehashed: bool
    key_id: bytes
    signature: bytes  # of the file
    trusted_comment: str
    bound: bytes  # of the signature and the trusted comment

    @property
    def claim(self) -> Claim | None:
        """What the trusted comment says of the file, true or not."""
        return Claim.parse(self.trusted_comment)

    def message(self, data: bytes) -> bytes:
        """Return what of a file is signed."""
        return blake2b(data).digest() if self.prehashed else data

    @property
    def binding(self) -> bytes:
        """What the second signature is of."""
        return self.signature + self.trusted_comment.encode()


def sign(data: bytes, key: SecretKey, trusted_comment: str) -> bytes:
    """Return the bytes of a .minisig file.

    Raises:
        ValueError: The comment has a line break or another control character.
    """
    if _unprintable(trusted_comment):
        raise ValueError(f"a trusted comment is one line: {trusted_comment!r}")
    signature = key.sign(blake2b(data).digest())
    bound = key.sign(signature + trusted_comment.encode())
    lines = (
        f"{COMMENT}signature from seedbox, key {key.public.name}",
        b64encode(_PREHASHED + key.key_id + signature).decode(),
        f"{_TRUSTED}{trusted_comment}",
        b64encode(bound).decode(),
    )
    return "".join(f"{line}\n" for line in lines).encode()


def parse_signature(data: bytes, *, file: str, id: str | None = None) -> Signature:  # noqa: A002  (as the manifest calls it)
    """Read a .minisig file.

    Args:
        data: Its bytes.
        file: The name of the file that it is of, for errors.
        id: The dataset of that file, for errors.

    Raises:
        HugeSignatureError: It is longer than any signature.
        BrokenSignatureError: It is not what minisign writes.
    """
    name = f"{file}{SUFFIX}"
    if len(data) > MAX_SIGNATURE:
        raise HugeSignatureError(file, id=id, signature=name, size=len(data), most=MAX_SIGNATURE)
    try:
        return _parse(data)
    except ValueError as error:
        raise BrokenSignatureError(file, id=id, signature=name, reason=str(error)) from None


def _parse(data: bytes) -> Signature:
    """Read a .minisig file.

    Raises:
        ValueError: With words on what is wrong.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start:,} is no UTF-8") from None
    lines = text.removesuffix("\n").split("\n")
    if len(lines) != 4:  # noqa: PLR2004  (as minisign has it)
        raise ValueError(f"it has {len(lines)} lines, not 4")
    for number, line in enumerate(lines, 1):
        if _unprintable(line):
            raise ValueError(f"line {number} has a control character")
    comment, first, trusted, second = lines
    if not comment.startswith(COMMENT) or not trusted.startswith(_TRUSTED):
        wrong, wanted = (3, _TRUSTED) if comment.startswith(COMMENT) else (1, COMMENT)
        raise ValueError(f"line {wrong} does not begin with {wanted.strip()!r}")
    head = _line(2, first, len(_PREHASHED) + KEY_ID_BYTES + _SIGNATURE_BYTES)
    if head[:2] not in {_PREHASHED, _LEGACY}:
        raise ValueError("it is of another algorithm than Ed25519")
    bound = _line(4, second, _SIGNATURE_BYTES)
    return Signature(
        prehashed=head[:2] == _PREHASHED,
        key_id=head[2:10],
        signature=head[10:],
        trusted_comment=trusted.removeprefix(_TRUSTED),
        bound=bound,
    )


def _line(number: int, line: str, size: int) -> bytes:
    try:
        return strict_base64(line, size)
    except ValueError as error:
        raise ValueError(f"the base64 of line {number} {error}") from None


def _unprintable(text: str) -> bool:
    """Tell whether text has a control character; minisign's own comments have tabs."""
    return any(char != "\t" and unicodedata.category(char) == "Cc" for char in text)


# --- checking ---------------------------------------------------------------------------------


def check(data: bytes, signature: Signature, keys: Sequence[PublicKey], *, file: str) -> PublicKey:
    """Return which of some keys has signed a file and the trusted comment.

    Args:
        data: The bytes of the file.
        signature: What lies beside it.
        keys: Those that are trusted for it; at least one.
        file: Its name, for errors.

    Raises:
        WrongKeyError: None of them is the one that the signature names.
        WrongSignatureError: It is not one of these bytes.
        TamperedCommentError: The trusted comment is not the signed one.
    """
    key, comment_is_true = _signer(signature, keys, file, None)
    return _checked(data, signature, key, file, None, comment_is_true=comment_is_true)


def check_claim(
    data: bytes, signature: Signature, keys: Sequence[PublicKey], claim: Claim, *, file: str
) -> PublicKey:
    """Return which of some keys has signed a file as what it is.

    Args:
        data: The bytes of the file.
        signature: What lies beside it.
        keys: Those that are trusted for its id; at least one.
        claim: What the file says of itself, and its digest.
        file: Its name, for errors.

    Raises:
        WrongKeyError: None of them is the one that the signature names.
        WrongSignatureError: It is not one of these bytes.
        TamperedCommentError: The trusted comment is not the signed one.
        OtherIdError: It was made for another id, or under another sequence or digest.
        UnboundSignatureError: Its trusted comment says nothing of the file.
    """
    key, comment_is_true = _signer(signature, keys, file, claim.id)
    said = signature.claim
    if comment_is_true and said is not None and said.id != claim.id:
        raise _other(file, key, said, claim)
    _checked(data, signature, key, file, claim.id, comment_is_true=comment_is_true)
    if said is None:
        comment = signature.trusted_comment
        raise UnboundSignatureError(file, id=claim.id, comment=comment, wanted=str(claim))
    if said != claim:
        raise _other(file, key, said, claim)
    return key


def _other(file: str, key: PublicKey, said: Claim, claim: Claim) -> OtherIdError:
    return OtherIdError(file, id=claim.id, key=key.name, signed=str(said), found=str(claim))


def _signer(
    signature: Signature, keys: Sequence[PublicKey], file: str, of: str | None
) -> tuple[PublicKey, bool]:
    """Return the key that a signature names, and whether that key signed the trusted comment.

    Raises:
        WrongKeyError: It names none of them.
    """
    named = [key for key in keys if key.key_id == signature.key_id]
    if not named:
        wanted = " or ".join(key.name for key in keys)
        raise WrongKeyError(file, id=of, found=key_name(signature.key_id), wanted=wanted)
    # Key ids are chosen by whoever makes a key, so several keys may share one.
    true = (key for key in named if key.signed(signature.binding, signature.bound))
    signer = next(true, None)
    return (named[0], False) if signer is None else (signer, True)


def _checked(
    data: bytes,
    signature: Signature,
    key: PublicKey,
    file: str,
    of: str | None,
    *,
    comment_is_true: bool,
) -> PublicKey:
    """Return the key, once it has signed the file and the comment.

    Raises:
        WrongSignatureError: It has not signed these bytes.
        TamperedCommentError: It has not signed the trusted comment.
    """
    if not key.signed(signature.message(data), signature.signature):
        said = signature.claim if comment_is_true else None
        signed = "something else" if said is None else said.sha256.hex()
        found = sha256(data).hexdigest()
        raise WrongSignatureError(file, id=of, key=key.name, found=found, signed=signed)
    if not comment_is_true:
        comment = signature.trusted_comment
        raise TamperedCommentError(file, id=of, key=key.name, comment=comment)
    return key
