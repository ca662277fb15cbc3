"""Build: read a source once, and write its torrents and their manifest.

The source is only read: shards seed it in place. Each hashed piece goes into a journal, so a
build that was stopped goes on where it was; the manifest is written last, and only if the source
still is what it was when the plan was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk, hashing
from seedbox.errors import InvalidManifestError, SourceChangedError, SourceError
from seedbox.jobs import journal
from seedbox.jobs.events import Advanced, Done, Note, OnEvent, Started
from seedbox.jobs.outputs import Outputs
from seedbox.manifest import lint
from seedbox.manifest.model import Head, Manifest, Role, Shard, TorrentRef, WebSeed
from seedbox.manifest.write import write_manifest
from seedbox.plan.build import BuildPlan, ShardPlan
from seedbox.plan.places import STATE
from seedbox.torrent.compose import Extras, PieceDigest, compose
from seedbox.torrent.layout import Layout
from seedbox.torrent.metainfo import Metainfo

_MANIFEST = "manifest.yaml"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build has made."""

    manifest_path: Path
    manifest: Manifest
    size: int  # bytes of payload
    hashed: int  # bytes read in this run; the rest an earlier run had hashed
    unlisted: int  # files without a popularity value
    left_out: tuple[disk.Absent, ...]  # links and other things that are no files

    @property
    def ok(self) -> bool:
        """A build that ends has built everything."""
        return True


def run_build(
    plan: BuildPlan, source: disk.Listing, out: Path, *, jobs: int | None, on_event: OnEvent
) -> BuildReport:
    """Make the torrents and the manifest of a plan.

    Args:
        plan: Made from `source`.
        source: The files.
        out: The folder for `manifest.yaml` and `torrents/`; locked meanwhile.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes.

    Raises:
        SourceChangedError: A file changed since the plan was made.
        SourceError: Two shards would be the same torrent.
        InvalidManifestError: The head and the options do not fit together, as web seeds and origin.
        DestinationTakenError: OUT holds a file that seedbox did not write.
        InUseError: Another build works in OUT.
        DiskError: The system refused to read or write.
    """
    state = out / STATE
    by_path = {file.parts: file for file in source.files}
    with disk.lock(state):
        outputs = Outputs(out, state / "made")
        shards: list[Shard] = []
        hashed = 0
        for shard in plan.shards:
            files = [by_path[path] for path in shard.sources]
            with journal.opened(state / "pieces" / shard.name, shard.layout, files) as known:
                hashed += shard.layout.size - _payload(shard.layout, known.known)
                digests = hash_all(shard.name, shard.layout, files, known, jobs, on_event)
            metainfo = compose(shard.layout, digests, extras(plan.head, shard.web_seeds))
            _refuse_twins(shards, shard, metainfo, files)
            outputs.write(_torrent_name(shard), metainfo.raw)
            shards.append(_entry(plan, shard, metainfo))
        _still_the_same(source)
        manifest = Manifest(plan.head, tuple(shards))
        written = outputs.write(_MANIFEST, _checked(manifest, out))
        disk.remove_made(state / "pieces")
    return BuildReport(written, manifest, plan.size, hashed, plan.unlisted, source.left_out)


def _checked(manifest: Manifest, out: Path) -> bytes:
    """Return a manifest's text, if `lint` would find nothing wrong with it.

    Raises:
        InvalidManifestError: The head and the options do not fit together.
    """
    file = str(out / _MANIFEST)
    if wrong := lint.lint(manifest, file=file):
        raise InvalidManifestError(file, tuple(wrong))
    return write_manifest(manifest)


def _refuse_twins(
    shards: Sequence[Shard], shard: ShardPlan, metainfo: Metainfo, files: Sequence[disk.Located]
) -> None:
    """Refuse a shard that is the same torrent as one before it: a manifest has no place for it.

    Raises:
        SourceError: One file comes twice under one name, and each would be a shard of its own.
    """
    for other in shards:
        if other.info_hash == metainfo.info_hash:
            raise SourceError(
                str(files[0].path),
                f"would make {shard.name} the same torrent as {other.name}: same name, same bytes",
                "Leave one of the two files out, or pass another --shard-size.",
            )


def hash_all(
    name: str,
    layout: Layout,
    files: Sequence[disk.Located],
    known: journal.Journal | None,
    jobs: int | None,
    on_event: OnEvent,
) -> list[PieceDigest]:
    """Return the digests of every piece: those in the journal, the others from the disk."""
    task = f"hash {name}"
    piece_map = layout.piece_map
    digests = dict(known.known) if known else {}
    missing: Sequence[int] = range(piece_map.count)
    if digests:
        missing = [piece for piece in missing if piece not in digests]
    done = _payload(layout, digests)
    if done:
        on_event(Note(f"{name}: {done:,} of {layout.size:,} bytes were hashed before"))
    on_event(Started(task, layout.size))
    with closing(hashing.hash_pieces(layout, files, wanted=missing, jobs=jobs)) as fresh:
        for hashed in fresh:
            if known:
                known.add(hashed.digests)
            digests.update((digest.index, digest) for digest in hashed.digests)
            done += hashed.size
            on_event(Advanced(task, done))
    on_event(Done(task))
    return [digests[piece] for piece in range(piece_map.count)]


def _payload(layout: Layout, pieces: Mapping[int, PieceDigest] | Sequence[int]) -> int:
    """Return the bytes of files in some pieces; padding is none."""
    piece_map = layout.piece_map
    spans = (span for piece in pieces for span in piece_map.spans(piece))
    return sum(span.length for span in spans if span.file is not None)


def extras(head: Head, web_seeds: tuple[str, ...]) -> Extras:
    """Return what stands beside the info dict of a dataset's torrents.

    The comment carries title, license and attribution to people who get the .torrent alone.
    """
    terms = [head.title]
    if head.license:
        terms += [head.license.spdx, head.license.attribution or ""]
    return Extras(
        trackers=head.trackers,
        web_seeds=web_seeds,
        collections=(head.id,),
        creation_date=int(head.issued.timestamp()),
        comment=" | ".join(term for term in terms if term),
    )


def _torrent_name(shard: ShardPlan) -> str:
    return f"torrents/{shard.name}.torrent"


def _entry(plan: BuildPlan, shard: ShardPlan, metainfo: Metainfo) -> Shard:
    popular = plan.head.popularity is not None
    return Shard(
        name=shard.name,
        role=Role.DATA,
        items=len(metainfo.files),
        files=len(metainfo.files),
        size=metainfo.size,
        use=shard.use if popular else None,
        coverage=shard.coverage,
        piece_length=metainfo.piece_length,
        info_hash=metainfo.info_hash,
        torrent=TorrentRef(_torrent_name(shard), sha256(metainfo.raw).digest()),
        at=shard.at,
        web_seeds=tuple(WebSeed(url) for url in shard.web_seeds),
    )


def _still_the_same(source: disk.Listing) -> None:
    """Look once more at every file: an early one may have changed while a late one was read."""
    for file in source.files:
        now = disk.look(file.root, file.parts)
        if now != file:
            was = f"it had {file.size:,} bytes"
            raise SourceChangedError(str(file.path), was=was, now=f"it {_words(file, now)}")


def _words(file: disk.Located, now: disk.Located | disk.Absent) -> str:
    if isinstance(now, disk.Absent):
        return now.reason
    if now.inode != file.inode:
        return f"is another file, of {now.size:,} bytes"
    return f"has {now.size:,} bytes and another time of change"
