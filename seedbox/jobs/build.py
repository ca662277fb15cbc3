"""Build: read a source once, and write its torrents and their manifest.

The source is only read: shards seed it in place, or are packed into tars beside the manifest.
Each hashed piece goes into a journal, so a build that was stopped goes on where it was; the
manifest is written last, and only if the source still is what it was when the plan was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import InvalidManifestError, SourceError
from seedbox.jobs.catalog import make_catalog
from seedbox.jobs.content import Content, Origin, content_of, hash_shard
from seedbox.jobs.events import OnEvent
from seedbox.jobs.outputs import Outputs
from seedbox.jobs.pack import pack
from seedbox.jobs.web_seeds import Prover
from seedbox.manifest import lint
from seedbox.manifest.model import Head, Manifest, Role, Shard, TorrentRef, WebSeed
from seedbox.manifest.write import write_manifest
from seedbox.plan.build import BuildPlan, ShardPlan
from seedbox.plan.places import STATE
from seedbox.plan.terms import RefusedItem
from seedbox.torrent.compose import Extras, PieceDigest, compose
from seedbox.torrent.metainfo import Metainfo

_MANIFEST = "manifest.yaml"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build has made."""

    manifest_path: Path
    manifest: Manifest
    plan: BuildPlan
    hashed: int  # bytes read in this run; the rest an earlier run had hashed
    left_out: tuple[disk.Absent, ...]  # links and other things that are no files

    @property
    def size(self) -> int:
        """Bytes of payload."""
        return self.manifest.size

    @property
    def unlisted(self) -> int:
        """Files without a popularity value."""
        return self.plan.unlisted

    @property
    def refused(self) -> tuple[RefusedItem, ...]:
        """Files that may not be shared, and are not."""
        return self.plan.refused

    @property
    def ok(self) -> bool:
        """A build that ends has built everything."""
        return True


def run_build(
    plan: BuildPlan, source: Origin, out: Path, *, jobs: int | None, on_event: OnEvent
) -> BuildReport:
    """Make the torrents and the manifest of a plan.

    Args:
        plan: Made from `source`.
        source: The files, here or on a server.
        out: The folder for `manifest.yaml` and `torrents/`; locked meanwhile.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes.

    Raises:
        SourceChangedError: A file changed since the plan was made.
        SourceError: Two shards would be the same torrent.
        InvalidManifestError: The head and the options do not fit together, as web seeds and origin.
        UnprovenWebSeedError: A web seed that the plan wants proved is not.
        DestinationTakenError, InUseError, DiskError: OUT cannot be written to; see docs/cli.md.
    """
    state = out / STATE
    content = content_of(source)
    with disk.lock(state):
        outputs = Outputs(out, state / "made")
        prover = Prover(plan.head, plan.prove_pieces, plan.head.sequence, on_event)
        shards: list[Shard] = []
        hashed = 0
        for shard, digests, read in _made(plan, content, out, jobs, on_event):
            hashed += read
            metainfo = compose(shard.layout, digests, extras(plan.head, shard))
            _refuse_twins(shards, shard, metainfo, content)
            outputs.write(_torrent_name(shard), metainfo.raw)
            shards.append(prover.entry(_entry(plan, shard, metainfo), metainfo))
        content.hold()
        manifest = Manifest(plan.head, tuple(shards))
        written = outputs.write(_MANIFEST, _checked(manifest, out, prover))
        disk.remove_made(state / "pieces")
    return BuildReport(written, manifest, plan, hashed, source.left_out)


def _made(
    plan: BuildPlan, content: Content, out: Path, jobs: int | None, on_event: OnEvent
) -> Iterator[tuple[ShardPlan, list[PieceDigest], int]]:
    """Yield each shard, the catalog first, with its digests and the bytes that were read."""
    if plan.catalog is not None:
        catalog, made = make_catalog(plan, plan.catalog, out, jobs=jobs, on_event=on_event)
        yield catalog, made, catalog.layout.size
    for shard in plan.shards:
        digests, read = _digests(content, shard, out, jobs, on_event)
        yield shard, digests, read


def _digests(
    content: Content, shard: ShardPlan, out: Path, jobs: int | None, on_event: OnEvent
) -> tuple[list[PieceDigest], int]:
    """Hash the files of a shard where they lie, or while they are packed; see `hash_shard`."""
    if not shard.packed:
        return hash_shard(content, shard, out / STATE / "pieces", jobs, on_event)
    members = content.members(shard)
    made = pack(shard.name, members, shard.layout, out, jobs=jobs, on_event=on_event)
    return made, shard.layout.size


def _checked(manifest: Manifest, out: Path, prover: Prover) -> bytes:
    """Return a manifest's text, if `lint` would find nothing wrong with it.

    Raises:
        InvalidManifestError: The head and the options do not fit together.
        UnprovenWebSeedError: A web seed did not give what it was asked for.
    """
    file = str(out / _MANIFEST)
    if wrong := lint.lint(manifest, file=file):
        raise InvalidManifestError(file, tuple(wrong))
    prover.refuse()
    return write_manifest(manifest)


def _refuse_twins(
    shards: Sequence[Shard], shard: ShardPlan, metainfo: Metainfo, content: Content
) -> None:
    """Refuse a shard that is the same torrent as one before it: a manifest has no place for it.

    Raises:
        SourceError: One file comes twice under one name, and each would be a shard of its own.
    """
    for other in shards:
        if other.info_hash == metainfo.info_hash:
            raise SourceError(
                content.name(shard.sources[0]),
                f"would make {shard.name} the same torrent as {other.name}: same name, same bytes",
                "Leave one of the two files out, or pass another --shard-size.",
            )


def extras(head: Head, shard: ShardPlan) -> Extras:
    """Return what stands beside the info dict of a dataset's torrents.

    The comment carries title, license and attribution to people who get the .torrent alone.
    """
    terms = [head.title]
    if license_ := shard.license or head.license:
        terms += [license_.spdx, license_.attribution or ""]
    return Extras(
        trackers=head.trackers,
        web_seeds=shard.web_seeds,
        collections=(head.id,),
        creation_date=int(head.issued.timestamp()),
        comment=" | ".join(term for term in terms if term),
    )


def _torrent_name(shard: ShardPlan) -> str:
    return f"torrents/{shard.name}.torrent"


def _entry(plan: BuildPlan, shard: ShardPlan, metainfo: Metainfo) -> Shard:
    popular = plan.head.popularity is not None and shard.role is Role.DATA
    return Shard(
        name=shard.name,
        role=shard.role,
        items=len(shard.sources),
        files=len(metainfo.files),
        size=metainfo.size,
        use=shard.use if popular else None,
        coverage=shard.coverage,
        piece_length=metainfo.piece_length,
        info_hash=metainfo.info_hash,
        torrent=TorrentRef(_torrent_name(shard), sha256(metainfo.raw).digest()),
        at=shard.at,
        web_seeds=tuple(WebSeed(url) for url in shard.web_seeds),
        license=shard.license,
        rendition=shard.rendition,
    )
