"""The keys of minisign: a publisher's Ed25519 key pair and the two files that hold it.

A key file is a line of comment and a line of base64. That of a secret key may be encrypted with a
password, by scrypt as libsodium's crypto_pwhash_scryptsalsa208sha256 picks its parameters.

Pure: salt, seed and key id are arguments.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from seedbox.errors import InvalidKeyError, WrongPasswordError

KEY_ID_BYTES = 8
SEED_BYTES = 32
SALT_BYTES = 32
MAX_KEY_FILE = 4096  # bytes
COMMENT = "untrusted comment: "

_ALGORITHM = b"Ed"
_KDF = b"Sc"
_NO_KDF = bytes(2)
_CHECKSUM = b"B2"  # BLAKE2b
_PUBLIC_BYTES = 32
_SECRET_BYTES = 158  # algorithm, KDF, checksum, salt, two limits, key id, secret key, checksum

# crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_SENSITIVE and _MEMLIMIT_SENSITIVE of libsodium
_OPERATIONS = 1 << 25
_MEMORY = 1 << 30  # bytes
_BLOCK = 8  # scrypt's r, which libsodium never changes
_LEAST_OPERATIONS = 1 << 15  # libsodium raises what is less


@dataclass(frozen=True, slots=True)
class PublicKey:
    """What signatures are checked with, and what is pinned."""

    key_id: bytes  # 8 bytes; chosen by its maker, so it finds a key and proves nothing
    key: bytes  # 32 bytes (RFC 8032)

    @classmethod
    def parse(cls, text: str, *, file: str = "key") -> Self:
        """Read a key as people pass it on: the base64 that begins with RW, or a whole .pub file.

        Raises:
            InvalidKeyError: It is neither.
        """
        lines = text.strip().split("\n")
        if len(lines) == 2 and lines[0].startswith(COMMENT):  # noqa: PLR2004  (a .pub file)
            lines = lines[1:]
        if len(lines) != 1:
            raise InvalidKeyError("it is not one line of base64, with or without a comment", file)
        try:
            data = strict_base64(lines[0].strip(), len(_ALGORITHM) + KEY_ID_BYTES + _PUBLIC_BYTES)
        except ValueError as error:
            raise InvalidKeyError(f"its base64 {error}", file) from None
        if not data.startswith(_ALGORITHM):
            raise InvalidKeyError("it is for another algorithm than Ed25519", file)
        return cls(data[2:10], data[10:])

    @property
    def text(self) -> str:
        """The line of base64 that begins with RW."""
        return b64encode(_ALGORITHM + self.key_id + self.key).decode()

    @property
    def name(self) -> str:
        """The key id as minisign prints it: 16 upper-case hex digits."""
        return key_name(self.key_id)

    def signed(self, message: bytes, signature: bytes) -> bool:
        """Tell whether a signature of 64 bytes is this key's, of this message (RFC 8032)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SecretKey:
    """What signs."""

    key_id: bytes  # 8 bytes
    seed: bytes = field(repr=False)  # 32 bytes (RFC 8032)
    public: PublicKey

    @classmethod
    def make(cls, *, key_id: bytes, seed: bytes) -> Self:
        """Return the key of a seed; both are random bytes."""
        secret = Ed25519PrivateKey.from_private_bytes(seed)
        return cls(key_id, seed, PublicKey(key_id, secret.public_key().public_bytes_raw()))

    def sign(self, message: bytes) -> bytes:
        """Return the signature of a message, 64 bytes (RFC 8032)."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


def key_name(key_id: bytes) -> str:
    """Return a key id as minisign prints it."""
    return f"{int.from_bytes(key_id, 'little'):016X}"


def strict_base64(text: str, size: int) -> bytes:
    """Return the bytes of base64 that is written in the one way that there is.

    Raises:
        ValueError: It is not; in words that follow "its base64".
    """
    try:
        data = b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, Base64Error):
        raise ValueError("is none") from None
    if len(data) != size:
        raise ValueError(f"holds {len(data)} bytes, not {size}")
    if b64encode(data).decode() != text:
        raise ValueError("has bits after its end")
    return data


def write_public_key(key: PublicKey) -> bytes:
    """Return the bytes of a .pub file."""
    return f"{COMMENT}minisign public key {key.name}\n{key.text}\n".encode()


# --- secret key files -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Stored:
    """The fields of a secret key file."""

    kdf: bytes
    salt: bytes
    operations: int
    memory: int  # bytes
    secret: bytes  # key id, seed, public key, checksum: 104 bytes, encrypted unless kdf is zero


def is_encrypted(data: bytes, *, file: str = "key") -> bool:
    """Tell whether a secret key file needs a password.

    Raises:
        InvalidKeyError: It is no secret key file.
    """
    return _stored(data, file).kdf == _KDF


def read_secret_key(data: bytes, password: str | None, *, file: str = "key") -> SecretKey:
    """Return the key that a file holds.

    Args:
        data: The bytes of the file.
        password: Not used for a key that is not encrypted.
        file: Its name, for errors.

    Raises:
        InvalidKeyError: It is no secret key file, or one that asks for too much memory.
        WrongPasswordError: The password is not that of this key, or is missing.
    """
    stored = _stored(data, file)
    secret = stored.secret
    if stored.kdf == _KDF:
        if password is None:
            raise WrongPasswordError(file, "is encrypted, and no password was given")
        secret = _xor(secret, _stream(password, stored, file))
    key_id, seed, public, checksum = secret[:8], secret[8:40], secret[40:72], secret[72:]
    right = hmac.compare_digest(checksum, _checksum(secret[:72]))
    if stored.kdf == _KDF and not right:
        raise WrongPasswordError(file, "does not open with this password")
    # minisign leaves the checksum of a key without a password zero, and does not look at it.
    key = SecretKey.make(key_id=key_id, seed=seed)
    if key.public.key != public or not (right or checksum == bytes(32)):
        raise InvalidKeyError("its parts do not belong together", file)
    return key


def write_secret_key(
    key: SecretKey, password: str | None, *, salt: bytes, memory: int = _MEMORY
) -> bytes:
    """Return the bytes of a secret key file.

    Args:
        key: The key.
        password: None leaves it unencrypted.
        salt: 32 random bytes; not used without a password.
        memory: Bytes that opening takes; a power of two, minisign's own by default.
    """
    secret = key.key_id + key.seed + key.public.key
    stored = _Stored(_NO_KDF, bytes(SALT_BYTES), 0, 0, secret + bytes(32))
    if password is not None:
        limits = _OPERATIONS * memory // _MEMORY, memory
        stored = _Stored(_KDF, salt, *limits, secret + _checksum(secret))
        stored = _Stored(_KDF, salt, *limits, _xor(stored.secret, _stream(password, stored, "")))
    data = b"".join(
        (
            _ALGORITHM,
            stored.kdf,
            _CHECKSUM,
            stored.salt,
            stored.operations.to_bytes(8, "little"),
            stored.memory.to_bytes(8, "little"),
            stored.secret,
        )
    )
    return f"{COMMENT}minisign encrypted secret key\n{b64encode(data).decode()}\n".encode()


def _stored(data: bytes, file: str) -> _Stored:
    """Take a secret key file apart.

    Raises:
        InvalidKeyError: It is none.
    """
    try:
        comment, line = data.decode().removesuffix("\n").split("\n")
        raw = strict_base64(line, _SECRET_BYTES)
    except ValueError:  # also what is no UTF-8
        raise InvalidKeyError("it is no secret key of minisign", file) from None
    kdf = raw[2:4]
    known = raw.startswith(_ALGORITHM) and kdf in {_KDF, _NO_KDF} and raw[4:6] == _CHECKSUM
    if not comment.startswith(COMMENT) or not known:
        raise InvalidKeyError("it is no secret key of minisign", file)
    limits = int.from_bytes(raw[38:46], "little"), int.from_bytes(raw[46:54], "little")
    return _Stored(kdf, raw[6:38], *limits, raw[54:])


def _checksum(secret: bytes) -> bytes:
    return hashlib.blake2b(_ALGORITHM + secret, digest_size=32).digest()


def _xor(data: bytes, stream: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(data, stream, strict=True))


def _stream(password: str, stored: _Stored, file: str) -> bytes:
    """Return what the secret part is encrypted with.

    Raises:
        InvalidKeyError: To make it would take more than minisign ever asks for, or than there is.
    """
    if stored.operations > _OPERATIONS:
        message = f"it asks for {stored.operations:,} operations, minisign for {_OPERATIONS:,}"
        raise InvalidKeyError(message, file)
    n, p = _costs(stored.operations, stored.memory)
    takes = 128 * _BLOCK * (n + p)  # bytes (RFC 7914)
    try:
        return hashlib.scrypt(
            password.encode("utf-8", "surrogateescape"),  # the bytes that were typed
            salt=stored.salt,
            n=n,
            r=_BLOCK,
            p=p,
            maxmem=takes + (1 << 20),
            dklen=len(stored.secret),
        )
    except (MemoryError, ValueError):  # the second is how OpenSSL says the first
        raise InvalidKeyError(f"to open it takes {takes:,} bytes of memory", file) from None


def _costs(operations: int, memory: int) -> tuple[int, int]:
    """Return scrypt's N and p as libsodium's pickparams does.

    N and p together are at most `operations` / 32, and so is the memory, in KiB, that both take.
    """
    operations = max(operations, _LEAST_OPERATIONS)
    if operations < memory // 32:
        return _power(operations // (_BLOCK * 4)), 1
    n = _power(memory // (_BLOCK * 128))
    return n, operations // 4 // n // _BLOCK


def _power(most: int) -> int:
    """Return the first power of two, from 2 on, that is over half of `most`."""
    n = 2
    while n <= most // 2:
        n *= 2
    return n
