"""Keys and signatures for tests: the same on every machine, right ones and forged ones."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from seedbox.manifest.keys import SecretKey, write_public_key, write_secret_key
from seedbox.manifest.signature import Claim, sign

ID = "org.example/set"


def key(number: int = 1) -> SecretKey:
    return SecretKey.make(key_id=bytes([number]) * 8, seed=bytes([number]) * 32)


def key_files(folder: Path, number: int = 1) -> Path:
    """Write `key1` and `key1.pub`, without a password; return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"key{number}"
    path.write_bytes(write_secret_key(key(number), None, salt=bytes(32)))
    path.with_name(f"{path.name}.pub").write_bytes(write_public_key(key(number).public))
    return path


def claim(data: bytes, *, sequence: int = 1, id: str = ID) -> Claim:  # noqa: A002
    return Claim(id, sequence, sha256(data).digest())


def signature_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.minisig")


def sign_beside(path: Path, signer: SecretKey, *, sequence: int = 1, id: str = ID) -> Path:  # noqa: A002
    """Sign whatever a file holds, as whatever it is said to be."""
    data = path.read_bytes()
    target = signature_of(path)
    target.write_bytes(sign(data, signer, str(claim(data, sequence=sequence, id=id))))
    return target


def legacy(data: bytes, signer: SecretKey, comment: str) -> bytes:
    """The .minisig of old versions of minisign: of the bytes, not of their digest."""
    signature = signer.sign(data)
    lines = [
        "untrusted comment: old",
        b64encode(b"Ed" + signer.key_id + signature).decode(),
        f"trusted comment: {comment}",
        b64encode(signer.sign(signature + comment.encode())).decode(),
    ]
    return "".join(f"{line}\n" for line in lines).encode()
