"""The start of a daemon: what it remembers, and whether that may still be served."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from seedbox.daemon.ledger import Remembered
from seedbox.daemon.library import (
    HERE,
    Believed,
    Reading,
    Recognised,
    believe,
    manifests_in,
    mark,
    recognise,
    still_open,
)
from seedbox.daemon.options import Options
from seedbox.daemon.record import Pause, Trouble
from seedbox.daemon.state import StoredDataset, Tombstone
from seedbox.daemon.state.database import FILE_NAME
from seedbox.daemon.truth import UNKNOWN_RELEASE, Held, loaded
from seedbox.daemon.web_manifest import WebManifest
from seedbox.jobs.admission import Admitted
from seedbox.jobs.events import Warned
from seedbox.web import CancelledError

if TYPE_CHECKING:
    from seedbox.daemon.loop import Parts


async def first_look(options: Options) -> dict[Path, Believed]:
    """Return the manifests of a daemon that has no state yet: if one is bad, none is made.

    Raises:
        SeedboxError: A manifest cannot be believed.
    """
    if (options.state / FILE_NAME).exists():
        return {}
    found: dict[Path, Believed] = {}
    for path in await asyncio.to_thread(_given, options.manifests):
        found[path] = await _believe(options, path)
    return found


async def _believe(options: Options, path: Path, reading: Reading = HERE) -> Believed:
    now, trust = options.clock.now(), options.trust
    return await asyncio.to_thread(believe, path, trust, options.data, now=now, reading=reading)


async def begin(parts: Parts, new: Mapping[Path, Believed]) -> tuple[Admitted, ...]:
    """Take on what the state knows, and manifests that it has never seen.

    What is recognised is on its way into the engine when this returns. A manifest that was changed
    is left to the feed: it may take long to read. If nothing of it was ever proven, nobody waits
    for it but the user, who is told at once what is wrong with it.

    Args:
        parts: The daemon.
        new: Manifests that were believed just now.

    Returns:
        The manifests that may be believed.

    Raises:
        SeedboxError: A manifest that is new cannot be believed.
    """
    remembered = await parts.ledger.remembered()
    parts.holdings.load(_loaded(remembered))
    parts.uploaded_before.update(
        (held.key, held.shard.uploaded) for held in parts.holdings if held.shard.uploaded
    )
    known = {stored.dataset.source: stored for stored in remembered.datasets}
    for stored in remembered.datasets:
        parts.holdings.put_dataset(stored.dataset)
    parts.shelf.obeying.graves.add(remembered.tombstones)
    admitted: list[Admitted] = []
    for path in await asyncio.to_thread(_given, parts.options.manifests):
        admitted += await _begin_file(parts, path, known.pop(str(path), None), new.get(path))
    for url, manifest in parts.web.manifests.items():
        admitted += await _begin_web(parts, manifest, known.pop(url, None))
    gone = {stored.dataset.id for stored in known.values()}
    await parts.shelf.let_go(id_ for id_ in sorted(gone) if not parts.shelf.knows(id_))
    if any(held.fault is not None and held.stats for held in parts.holdings):
        parts.sweeper.hurry()
    return tuple(admitted)


async def _begin_file(
    parts: Parts, path: Path, seen: StoredDataset | None, new: Believed | None
) -> list[Admitted]:
    """Take on a manifest that lies here.

    Raises:
        SeedboxError: It is new, and cannot be believed.
    """
    if seen is not None and _proven(parts, seen):
        recognised = await _recognise(parts, path, seen, parts.web.reading(path))
        return [] if recognised is None else [recognised.admitted]
    marked = mark(path)
    found = new or await _believe(parts.options, path, parts.web.reading(path))
    parts.feed.known[path] = marked
    await parts.shelf.take_on(found)
    parts.watch(found.admitted)
    return [found.admitted]


async def _begin_web(
    parts: Parts, manifest: WebManifest, seen: StoredDataset | None
) -> list[Admitted]:
    """Take on a manifest by URL as it was copied; of one that is new, see whether it is right.

    The rest of a new one, and what is newer, is left to the feed: there may be many torrents.

    Raises:
        SeedboxError: A manifest that is new cannot be had, or not be believed.
    """
    now, path = parts.options.clock.now(), manifest.path
    proven = seen is not None and _proven(parts, seen)
    if path is None and proven:
        return []  # our copy is damaged; the feed gets another
    if path is None:
        try:
            return [await asyncio.to_thread(manifest.check, now)]
        except CancelledError:
            return []  # the user has had enough
    manifest.unread = True
    if seen is not None and proven:
        recognised = await _recognise(parts, path, seen, Reading(manifest.url))
        return [] if recognised is None else [recognised.admitted]
    found = await asyncio.to_thread(manifest.held, now)
    manifest.unread = False
    await parts.shelf.take_on(found)
    parts.web.taken(manifest.url)
    return [found.admitted]


def _given(manifests: Iterable[Path]) -> list[Path]:
    return list(dict.fromkeys(path for given in manifests for path in manifests_in(given)))


def _proven(parts: Parts, stored: StoredDataset) -> bool:
    return any(held.proven is not None for held in parts.holdings.of(stored.dataset.id))


async def _recognise(
    parts: Parts, path: Path, stored: StoredDataset, reading: Reading
) -> Recognised | None:
    """Serve what the state has of a manifest that is as it was; None: it has to be read."""
    options, all_held = parts.options, parts.holdings.of(stored.dataset.id)
    marked = mark(path)
    now, archive, trust = options.clock.now(), parts.archive, options.trust
    recognised = await asyncio.to_thread(
        recognise, path, stored, archive, trust, now=now, reading=reading
    )
    terms = {held.shard.license for held in all_held if held.blocked is None}
    if recognised is None or not still_open(terms):
        return None
    if reading.url is not None and recognised.admitted.signed_by is None:
        return None  # nobody vouches for it any more
    for warning in recognised.warnings:
        parts.watcher.on_event(Warned(warning))
    head = recognised.admitted.source.manifest.head
    if not recognised.deletes and not any(held.release == UNKNOWN_RELEASE for held in all_held):
        # Otherwise it is read for the dates, and for what has to be deleted, in its time.
        parts.feed.known[path] = marked
        parts.web.known(reading.url, head)
    parts.shelf.recognise(head, path)
    parts.watch(recognised.admitted)
    return recognised


def _loaded(remembered: Remembered) -> list[Held]:
    """Return the shards of a state; what was withdrawn stays so, whatever else it says."""
    buried = _digests(remembered.tombstones)
    return [_buried(loaded(stored), buried) for stored in remembered.shards]


def _digests(tombstones: Iterable[Tombstone]) -> dict[bytes, Tombstone]:
    return {
        digest: tombstone
        for tombstone in tombstones
        for digest in (tombstone.info_hash.v1, tombstone.info_hash.v2)
        if digest is not None
    }


def _buried(held: Held, buried: dict[bytes, Tombstone]) -> Held:
    named = held.shard.info_hash
    found = buried.get(named.v1 or b"") or buried.get(named.v2 or b"")
    if found is None or held.blocked is not None:
        return held
    pause = Pause(Trouble.WITHDRAWN, found.at, found.reason)
    return replace(held, blocked=pause, shard=replace(held.shard, listed=None, pause=pause))
