"""Manifests that were read before, by the digest of their bytes.

Pure. A daemon reads the same files again and again, and checking a hundred thousand shards takes
ten seconds where a hash takes a twentieth of one. A digest says nothing about where the bytes lay,
so nothing that names a file is kept: no problems, and no manifest that has any.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256

from seedbox.manifest import lint
from seedbox.manifest.model import Manifest


@dataclass(frozen=True, slots=True)
class _Kept:
    manifest: Manifest
    size: int  # bytes of its file


class ManifestCache:
    """The manifests that were wanted last, bounded by number and by size; for one thread."""

    def __init__(self, *, most: int = 256, most_bytes: int = 128 * 1024 * 1024) -> None:
        """Start empty.

        Args:
            most: Manifests that are kept.
            most_bytes: Bytes of their files together; in memory they take about three times that.
        """
        self._most = most
        self._most_bytes = most_bytes
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()  # by SHA-256, wanted last at the end
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def read(self, data: bytes, *, file: str) -> Manifest:
        """Return a manifest as `lint.read_manifest` does, which is not asked again if it is here.

        Raises:
            InvalidManifestError: With all problems, which name this file.
        """
        digest = sha256(data).digest()
        kept = self._kept.get(digest)
        if kept is not None:
            self._kept.move_to_end(digest)
            return kept.manifest
        manifest = lint.read_manifest(data, file=file)
        self._keep(digest, _Kept(manifest, len(data)))
        return manifest

    def _keep(self, digest: bytes, new: _Kept) -> None:
        if new.size > self._most_bytes:
            return  # it would push out all others, and itself
        self._kept[digest] = new
        self._bytes += new.size
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= oldest.size
