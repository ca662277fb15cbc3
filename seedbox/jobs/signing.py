"""Keys and signatures on the disk: made, read, and put beside what they sign."""

from __future__ import annotations

import contextlib
import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import (
    BrokenSignatureError,
    DestinationTakenError,
    SourceChangedError,
    WrongPasswordError,
)
from seedbox.jobs.shards import MAX_MANIFEST
from seedbox.manifest.keys import (
    KEY_ID_BYTES,
    MAX_KEY_FILE,
    SALT_BYTES,
    SEED_BYTES,
    SecretKey,
    is_encrypted,
    read_secret_key,
    write_public_key,
    write_secret_key,
)
from seedbox.manifest.signature import MAX_SIGNATURE, SUFFIX, Claim, parse_signature, sign

_MAX_PASSWORD = 1024  # bytes


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """A key pair that was made."""

    secret: Path
    public: Path
    key: SecretKey


def key_files(path: Path) -> tuple[Path, Path]:
    """Return where a new key pair goes: the secret key and the public one.

    Raises:
        DestinationTakenError: Something stands in one of the two places; nothing is overwritten.
    """
    both = path, path.with_name(f"{path.name}.pub")
    for each in both:
        if not disk.vacant(each.parent, (each.name,)) and disk.exists(each.parent):
            raise DestinationTakenError(str(each))
    return both


def make_key(path: Path, password: str | None) -> KeyFiles:
    """Make a key pair and write it to `path` and `path`.pub.

    Args:
        path: The secret key's file; nobody else may read it.
        password: What it is encrypted with; None: nothing.

    Raises:
        DestinationTakenError: Something stands in one of the two places.
        DiskError: The system refuses.
    """
    secret, public = key_files(path)
    key = SecretKey.make(
        key_id=secrets.token_bytes(KEY_ID_BYTES), seed=secrets.token_bytes(SEED_BYTES)
    )
    data = write_secret_key(key, password, salt=secrets.token_bytes(SALT_BYTES))
    _write_new(secret, data, 0o600)
    try:
        _write_new(public, write_public_key(key.public), 0o644)
    except BaseException:
        disk.remove_made(secret)
        raise
    return KeyFiles(secret, public, key)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a file where nothing stands, whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with disk.attempt("write", path):
            beside.unlink(missing_ok=True)  # a killed run may have had the same process id
            fd = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with os.fdopen(fd, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
        disk.move_new(beside, path.parent, (path.name,))
    except BaseException:
        with contextlib.suppress(OSError):  # the first refusal is the one to tell
            beside.unlink()
        raise


def read_key_file(path: Path) -> bytes:
    """Return the bytes of a secret key file.

    Raises:
        SourceError: There is no such file, or it is too long for a key.
    """
    return disk.read_whole(path, MAX_KEY_FILE)


def needs_password(data: bytes, path: Path) -> bool:
    """Tell whether a secret key is encrypted.

    Raises:
        InvalidKeyError: It is no secret key.
    """
    return is_encrypted(data, file=str(path))


def open_key(data: bytes, password: str | None, path: Path) -> SecretKey:
    """Return the secret key that a file holds.

    Raises:
        InvalidKeyError: It is no secret key.
        WrongPasswordError: The password is not that of this key, or is missing.
    """
    return read_secret_key(data, password, file=str(path))


def read_password(path: Path) -> str:
    """Return the first line of a file, which may be a pipe such as /dev/fd/3.

    Raises:
        WrongPasswordError: It is no text, empty, or longer than a password.
        DiskError: It cannot be read.
    """
    with disk.attempt("read the password from", path), path.open("rb") as stream:
        line = stream.readline(_MAX_PASSWORD + 1).removesuffix(b"\n").removesuffix(b"\r")
    if not line or len(line) > _MAX_PASSWORD:
        raise WrongPasswordError(str(path), f"has no password of 1 to {_MAX_PASSWORD:,} bytes")
    try:
        return line.decode()
    except UnicodeDecodeError:
        raise WrongPasswordError(str(path), "is no UTF-8") from None


def sign_file(
    path: Path,
    key: SecretKey,
    *,
    id: str,  # noqa: A002  (as the manifest calls it)
    sequence: int,
    read: bytes | None = None,
) -> Path:
    """Write the signature of a file beside it; an older signature there is replaced.

    Args:
        path: The file.
        key: What signs it.
        id: The id that it speaks for.
        sequence: Its number.
        read: The bytes that it has to have; None: whatever it has.

    Returns:
        The signature's file.

    Raises:
        DestinationTakenError: Something stands there that is no signature.
        SourceChangedError: The file has other bytes.
    """
    data = disk.read_whole(path, MAX_MANIFEST)
    digest = sha256(data)
    if read is not None and data != read:
        was = f"SHA-256 {sha256(read).hexdigest()}"
        raise SourceChangedError(str(path), was=was, now=digest.hexdigest())
    target = path.with_name(f"{path.name}{SUFFIX}")
    standing = disk.standing(target, MAX_SIGNATURE)
    if standing is not None:
        try:
            parse_signature(standing, file=str(path))
        except BrokenSignatureError:
            raise DestinationTakenError(str(target)) from None
    disk.write_whole(target, sign(data, key, str(Claim(id, sequence, digest.digest()))))
    return target
