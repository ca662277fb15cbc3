"""What a daemon keeps beside its database: the .torrent of each shard, and good manifests.

A .torrent never changes, since its name is its info-hash. Of each manifest the last version that
was believed is kept, so that a worse one that takes its place stops nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import DiskError, SourceError

_MAX = 64 * 1024 * 1024  # bytes, as everywhere
_MANIFEST, _WITHDRAWALS, _SIGNATURE = "manifest.yaml", "withdrawals.yaml", ".minisig"


@dataclass(frozen=True, slots=True)
class Archive:
    """The state folder of a daemon."""

    folder: Path

    # --- torrents -----------------------------------------------------------------------------

    def torrent_path(self, key: str) -> Path:
        """Return where the .torrent of a shard lies."""
        return self.folder / "torrents" / key[:2] / f"{key}.torrent"

    def put_torrent(self, key: str, raw: bytes) -> None:
        """Keep a .torrent; nothing is written if it is there.

        Raises:
            DiskError: It cannot be written.
            NoSpaceError: The disk is full.
        """
        path = self.torrent_path(key)
        try:
            if path.read_bytes() == raw:
                return
        except OSError:
            disk.make_folder(path.parent)  # says what is wrong, if more is than that it is new
        disk.write_whole(path, raw)

    def torrent(self, key: str) -> bytes | None:
        """Return a .torrent; None: it is not there any more."""
        try:
            return disk.read_whole(self.torrent_path(key), _MAX)
        except (DiskError, SourceError):
            return None

    # --- manifests ----------------------------------------------------------------------------

    def manifest_path(self, id_: str) -> Path:
        """Return where the last good manifest of a dataset lies."""
        return self.folder.joinpath("manifests", *id_.split("/"), _MANIFEST)

    def put_manifest(self, id_: str, data: bytes, withdrawals: bytes | None) -> None:
        """Keep a manifest, and what was taken back of it.

        Raises:
            DiskError: It cannot be written.
            NoSpaceError: The disk is full.
        """
        path = self.manifest_path(id_)
        disk.make_folder(path.parent)
        if _bytes(path) != data:
            disk.write_whole(path, data)
        beside = path.with_name(_WITHDRAWALS)
        if withdrawals is None:
            beside.unlink(missing_ok=True)
        elif _bytes(beside) != withdrawals:
            disk.write_whole(beside, withdrawals)

    def manifest(self, id_: str) -> bytes | None:
        """Return the last good manifest of a dataset; None: there is none."""
        return _bytes(self.manifest_path(id_))

    def withdrawals(self, id_: str) -> bytes | None:
        """Return what was taken back when the manifest was kept; None: nothing was."""
        return _bytes(self.manifest_path(id_).with_name(_WITHDRAWALS))


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
