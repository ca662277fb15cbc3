"""Which shards of the release before have files of a new one (BEP 38).

Pure. A mirror that holds a superseded shard links what is unchanged and fetches the rest. Two
files are the same if they have the same pieces root (BEP 52), whatever they are called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from seedbox.manifest.model import Manifest, Role, Shard
from seedbox.manifest.versions import Contents


def with_supersedes(old: Manifest, new: Manifest, contents: Contents) -> Manifest:
    """Return a manifest whose shards name those that they supersede.

    A shard supersedes each one that has gone and shares a file with it, in the order of the old
    manifest. One that has gone and has no file in any shard is superseded by that of its name, as
    `lint --against` asks for. Catalogs are of one release each and supersede nothing.

    Args:
        old: The release before.
        new: The next one.
        contents: The files of the shards of both, as far as they are known.
    """
    stays = {shard.info_hash.v2 for shard in new.shards}
    gone = [shard for shard in _data(old) if shard.info_hash.v2 not in {None, *stays}]
    named: dict[str, list[bytes]] = {}
    known = {shard.info_hash.v2 for shard in old.shards}
    owners = _owners(gone, contents)
    rank = {shard.info_hash.v2: number for number, shard in enumerate(gone)}
    for shard in _data(new):
        if shard.info_hash.v2 is not None and shard.info_hash.v2 not in known:
            files = contents.get(shard.info_hash.key, ())
            found = {digest for file in files for digest in owners.get(file.root or b"", ())}
            named[shard.name] = sorted(found, key=lambda digest: rank[digest])
    taken = {digest for found in named.values() for digest in found}
    for shard in gone:
        digest = shard.info_hash.v2
        if digest is not None and digest not in taken and shard.name in named:
            named[shard.name].append(digest)
    shards = (replace(s, supersedes=tuple(named.get(s.name, s.supersedes))) for s in new.shards)
    return replace(new, shards=tuple(shards))


def _data(manifest: Manifest) -> list[Shard]:
    return [shard for shard in manifest.shards if shard.role is Role.DATA]


def _owners(shards: list[Shard], contents: Contents) -> Mapping[bytes, tuple[bytes, ...]]:
    """Return which shards have each file, by its pieces root."""
    owners: dict[bytes, tuple[bytes, ...]] = {}
    for shard in shards:
        digest = shard.info_hash.v2
        for file in contents.get(shard.info_hash.key, ()):
            if file.root is not None and digest is not None:
                owners[file.root] = tuple(dict.fromkeys((*owners.get(file.root, ()), digest)))
    return owners
