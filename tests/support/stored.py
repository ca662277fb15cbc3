"""Shards, datasets and tombstones for tests of the daemon's state."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from decimal import Decimal
from pathlib import Path

from seedbox.daemon.record import Dataset, Evidence, Shard, Swarm
from seedbox.daemon.state import FileStat, StoredDataset, StoredShard, Tombstone
from seedbox.manifest.model import Role
from seedbox.torrent.info_hash import InfoHash

NOON = 1_700_049_600.0  # 2023-11-15T12:00:00Z
DAY = 86_400.0  # seconds
SCHEMA_1 = Path(__file__).parents[1] / "golden" / "state-schema-1.sql"


def info_hash(number: int, kind: str = "hybrid") -> InfoHash:
    digest = hashlib.sha256(str(number).encode()).digest()
    v1 = hashlib.sha1(digest, usedforsecurity=False).digest()
    return {"v1": InfoHash(v1, None), "v2": InfoHash(None, digest)}.get(kind, InfoHash(v1, digest))


def shard(number: int, kind: str = "hybrid", /, **more: object) -> Shard:
    """A shard with nothing left out; `more` replaces what it says."""
    named = info_hash(number, kind)
    facts: dict[str, object] = {
        "key": named.key,
        "info_hash": named,
        "dataset": "example/words",
        "name": f"words-{number:04d}",
        "rank": number,
        "role": Role.DATA,
        "items": 1000,
        "size": 10**10,
        "license": "CC0-1.0",
        "use": Decimal("0.012500"),
        "coverage": Decimal("0.98"),
        "rendition": "opus-24k",
        "folder": "/srv/data/example/words",
        "listed": Evidence(NOON, "manifest", "words.yaml"),
        "verified": Evidence(NOON + 1.5, "hash", "2 files"),
        "announced": Evidence(NOON + 2, "tracker", "udp://tracker.example.org:6969/announce"),
        "reachable": Evidence(NOON + 3, "incoming", "203.0.113.5:6881"),
        "served": Evidence(NOON + 4, "bytes", "16,384 bytes"),
        "uploaded": number * 100,
        "swarm": Swarm(3, 4, NOON),
    }
    return Shard(**{**facts, **more})  # type: ignore[arg-type]  # each has its own type


def stored(number: int, kind: str = "hybrid", /, **more: object) -> StoredShard:
    return StoredShard(shard(number, kind, **more), 1, stats(number), made_here=True)


def stats(number: int, files: int = 2) -> tuple[FileStat, ...]:
    return tuple(
        FileStat(f"words-{number:04d}/части/{n}.txt", 5 * n, int(NOON) * 10**9 + n, 77 + n)
        for n in range(files)
    )


def dataset(name: str = "example/words", **more: object) -> StoredDataset:
    facts: dict[str, object] = {
        "id": name,
        "source": "https://data.example.org/words/manifest.yaml",
        "title": "Words",
        "version": "2026.1",
        "sequence": 7,
        "issued": NOON - DAY,
        "expires": NOON + DAY,
        "license": "CC0-1.0",
        "shards": 3,
        "items": 3000,
        "size": 3 * 10**10,
        "signed_by": "0123456789ABCDEF",
        "loaded": NOON,
        "looked": NOON + 1,
        "next_look": NOON + 3600,
        "problem": "it was signed by another key",
    }
    believed = Dataset(**{**facts, **more})  # type: ignore[arg-type]  # as in shard
    return StoredDataset(believed, bytes(32), '"abc"', "Wed, 15 Nov 2023 12:00:00 GMT")


def tombstone(number: int, kind: str = "hybrid") -> Tombstone:
    name = f"words-{number:04d}"
    return Tombstone(info_hash(number, kind), "example/words", name, "a court said so", NOON)


def old_state(folder: Path) -> Path:
    """Make the state folder of a daemon whose database has schema 1, and return the database."""
    folder.mkdir()
    path = folder / "seedbox.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript(SCHEMA_1.read_text("utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA application_id = 1936024932")  # "seed"
        connection.execute("PRAGMA user_version = 1")
    return path


def content(path: Path) -> list[str]:
    """All that a database has, as SQL."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return list(connection.iterdump())
