"""Manifests without torrents, as files: enough for what reads a manifest alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seedbox.manifest.model import Manifest, Shard
from seedbox.manifest.write import write_manifest
from seedbox.torrent.info_hash import Format, InfoHash
from support.datasets import entry, manifest


def unordered(*shards: Shard, **changes: Any) -> Manifest:  # noqa: ANN401  (any field of a Head)
    """A manifest that keeps all rules and knows of no popularity."""
    return manifest(*shards, **{"popularity": None, "format": Format.V1, **changes})


def shard(name: str, **changes: Any) -> Shard:  # noqa: ANN401  (any field of a Shard)
    """A shard whose use nobody knows."""
    v1 = InfoHash(v1=name.encode()[-20:].rjust(20, b"-"))
    return entry(name, **{"use": None, "info_hash": v1, **changes})


def written(folder: Path, *shards: Shard, **changes: Any) -> Path:  # noqa: ANN401  (of a Head)
    """Write a manifest of some shards, or of one, to a folder."""
    path = folder / "manifest.yaml"
    path.write_bytes(write_manifest(unordered(*(shards or (shard("a"),)), **changes)))
    return path
