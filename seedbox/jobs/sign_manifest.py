"""Sign a manifest: only one that everybody else will take, and exactly the bytes that were read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import InvalidManifestError
from seedbox.jobs.lint import run_lint
from seedbox.jobs.shards import MAX_MANIFEST
from seedbox.jobs.signing import sign_file
from seedbox.manifest import lint
from seedbox.manifest.keys import PublicKey, SecretKey


@dataclass(frozen=True, slots=True)
class Signed:
    """A manifest that was signed."""

    manifest: Path
    signature: Path
    id: str
    sequence: int
    key: PublicKey


def sign_manifest(path: Path, key: SecretKey) -> Signed:
    """Sign a manifest that `lint` finds no problem in.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: Something is wrong with it; nothing is written.
        SourceChangedError: Somebody writes to it.
        DestinationTakenError: What stands at MANIFEST.minisig is no signature.
    """
    data = disk.read_whole(path, MAX_MANIFEST)
    head = lint.read_manifest(data, file=str(path)).head
    report = run_lint(path)
    if not report.ok:
        raise InvalidManifestError(str(path), report.problems)
    written = sign_file(path, key, id=head.id, sequence=head.sequence, read=data)
    return Signed(path, written, head.id, head.sequence, key.public)
