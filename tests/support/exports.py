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


# Every field of a head that Croissant, or our own prefix, has a place for.
OF_THE_HEAD = {
    "conformsTo": "http://mlcommons.org/croissant/1.0",
    "name": "Wikipedia link graph",
    "description": "Who links to whom.",
    "url": "https://example.org/wiki",
    "sameAs": "https://doi.org/10.5281/zenodo.1",
    "identifier": "https://doi.org/10.5281/zenodo.1",
    "license": ["https://spdx.org/licenses/CC-BY-4.0.html"],
    "creditText": ["Example Lab, CC BY 4.0"],
    "citeAs": "@dataset{…}",
    "version": "2.1.0",
    "datePublished": "2026-11-02T09:00:00Z",
    "creator": [
        {
            "@type": "sc:Person",
            "name": "Ada",
            "url": "https://orcid.org/0000-0002-1825-0097",
            "sameAs": "https://orcid.org/0000-0002-1825-0097",
        },
        {"@type": "sc:Organization", "name": "Example Lab"},
    ],
    "publisher": {
        "@type": "sc:Organization",
        "name": "Example Press",
        "email": "data@example.org",
    },
    "keywords": ["graph", "wikipedia"],
    "isBasedOn": ["https://example.org/dumps/1", "pkg:npm/wiki@1.2.3"],
    "isLiveDataset": False,
    "seedbox:id": "org.example/set",
    "seedbox:sequence": 7,
    "seedbox:version": "2.1",
    "seedbox:license": "CC-BY-4.0",
    "seedbox:metric": "page views",
    "seedbox:metricSource": "logs",
    "seedbox:total": "1.50",
    "seedbox:personalData": "none",
    "seedbox:manifest": [
        "https://example.org/wiki/manifest.yaml",
        "https://two.example/m.yaml",
    ],
    "seedbox:withdrawals": "https://example.org/wiki/withdrawals.yaml",
}
