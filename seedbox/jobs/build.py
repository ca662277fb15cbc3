"""Build: read a source once, and write its torrents and their manifest.

The source is only read: shards seed it in place, or are packed into tars beside the manifest.
Each shard is a unit of work that other processes and machines can do too (`shard_unit`, `workers`);
what is written of it, but for its tar, this process alone writes. Each hashed piece goes into a
journal, so a build that was stopped goes on where it was. The catalog, the first shard, is made
after the others, whose items' digests it lists; the manifest is written last, and only if the
source still is what it was when the plan was made.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from seedbox import disk
from seedbox.errors import InvalidManifestError, SourceError
from seedbox.jobs.catalog import make_catalog
from seedbox.jobs.content import Content, Origin, content_of
from seedbox.jobs.events import OnEvent
from seedbox.jobs.item_digests import ItemDigests
from seedbox.jobs.leftovers import Leftovers, clear
from seedbox.jobs.outputs import Outputs
from seedbox.jobs.shard_unit import Made, ShardUnit, unit_of
from seedbox.jobs.supersedes import keep_previous, with_supersedes
from seedbox.jobs.web_seeds import Prover
from seedbox.jobs.workers import Numbered, Workers, in_turn, made_by, told
from seedbox.manifest import lint
from seedbox.manifest.model import Head, Manifest, Role, Shard, TorrentRef, WebSeed
from seedbox.manifest.write import write_manifest
from seedbox.plan.build import BuildPlan, ShardPlan
from seedbox.plan.places import STATE
from seedbox.plan.stages import staged
from seedbox.plan.terms import RefusedItem
from seedbox.torrent.compose import Extras, compose
from seedbox.torrent.info_hash import InfoHash
from seedbox.torrent.metainfo import Metainfo

_MANIFEST = "manifest.yaml"
_FIRST = -1  # the number of a catalog, which is made last; those of the data begin with 0


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build has made."""

    manifest_path: Path
    manifest: Manifest
    plan: BuildPlan
    hashed: int  # bytes read in this run; the rest an earlier run had hashed
    left_out: tuple[disk.Absent, ...]  # links and other things that are no files
    leftovers: Leftovers

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
    plan: BuildPlan,
    source: Origin,
    out: Path,
    *,
    jobs: int | None,
    on_event: OnEvent,
    workers: Workers | None = None,
) -> BuildReport:
    """Make the torrents and the manifest of a plan; the same ones, whoever makes the shards.

    Args:
        plan: Made from `source`.
        source: The files, here or on a server.
        out: The folder for `manifest.yaml` and `torrents/`; locked meanwhile.
        jobs: Threads; one a core if None.
        on_event: Gets progress in bytes.
        workers: Who makes the shards; None: this thread, one after the other.

    Raises:
        SourceChangedError: A file changed since the plan was made.
        SourceError: Two shards would be the same torrent.
        InvalidManifestError: The head and the options do not fit together, as web seeds and origin.
        UnprovenWebSeedError: A web seed that the plan wants proved is not.
        DestinationTakenError, InUseError, DiskError: OUT cannot be written to; see docs/cli.md.
    """
    content = content_of(source)
    with disk.lock(out / STATE):
        previous = keep_previous(out, plan.head)
        prover = Prover(plan.head, plan.prove_pieces, plan.head.sequence, on_event)
        built = _Built(plan, content, Outputs(out, out / STATE / "made"), prover)
        with closing(_made(plan, content, out, jobs, on_event, workers or in_turn())) as made:
            for number, shard, what in made:
                built.add(number, shard, what)
                del shard  # while the next one is waited for, it may take up much memory
        content.hold()
        manifest = with_supersedes(staged(plan.head, built.in_order()), previous, out)
        written = built.outputs.write(_MANIFEST, _checked(manifest, out, prover))
        leftovers = clear(out, manifest, built.outputs)
    return BuildReport(written, manifest, plan, built.hashed, source.left_out, leftovers)


def _made(
    plan: BuildPlan,
    content: Content,
    out: Path,
    jobs: int | None,
    on_event: OnEvent,
    workers: Workers,
) -> Generator[Numbered, None, None]:
    """Yield each shard of the data as soon as it is made, and then the catalog of all of them."""
    digests = ItemDigests(plan)

    def unit(shard: ShardPlan) -> ShardUnit:
        return unit_of(shard, content, out, jobs, digests=digests.wanted)

    made = made_by(workers, plan.shards, unit, on_event)
    if workers.count:
        made = told(made, on_event, task=f"make {len(plan.shards):,} shards", total=plan.size)
    with closing(made):
        for number, shard, what in made:
            digests.take(number, shard, what.items)
            yield number, shard, what
            del shard  # as in `run_build`
    if plan.catalog is not None:
        name, known = plan.catalog, digests.by_shard
        catalog, pieces = make_catalog(plan, name, out, known, jobs=jobs, on_event=on_event)
        yield _FIRST, catalog, Made(pieces, catalog.layout.size)


class _Built:
    """The shards that are done: their torrents are written, their entries kept."""

    def __init__(self, plan: BuildPlan, content: Content, outputs: Outputs, prover: Prover) -> None:
        self._plan, self._content = plan, content
        self.outputs, self._prover = outputs, prover
        self._entries: dict[int, Shard] = {}
        self._twins: dict[InfoHash, tuple[int, str, str]] = {}  # number, shard, source
        self.hashed = 0  # bytes read

    def add(self, number: int, shard: ShardPlan, made: Made) -> None:
        """Write a shard's torrent, and keep its entry.

        Raises:
            SourceError: It is the same torrent as another shard's.
            DestinationTakenError, DiskError: The torrent cannot be written.
        """
        self.hashed += made.read
        metainfo = compose(shard.layout, made.digests, extras(self._plan.head, shard))
        self._refuse_twin(number, shard, metainfo)
        self.outputs.write(_torrent_name(shard), metainfo.raw)
        entry = _entry(self._plan, shard, metainfo)
        self._entries[number] = self._prover.entry(entry, metainfo)

    def in_order(self) -> list[Shard]:
        """Return the entries in the order of the manifest."""
        return [self._entries[number] for number in sorted(self._entries)]

    def _refuse_twin(self, number: int, shard: ShardPlan, metainfo: Metainfo) -> None:
        """Refuse a shard that is the same torrent as another: a manifest has no place for it.

        Raises:
            SourceError: One file comes twice under one name, and each would be a shard of its own.
        """
        if shard.role is not Role.DATA:
            return
        this = number, shard.name, self._content.name(shard.sources[0])
        known = self._twins.setdefault(metainfo.info_hash, this)
        if known is this:
            return
        (_, first, _), (_, second, source) = sorted((known, this))
        raise SourceError(
            source,
            f"would make {second} the same torrent as {first}: same name, same bytes",
            "Leave one of the two files out, or pass another --shard-size.",
        )


def _checked(manifest: Manifest, out: Path, prover: Prover) -> bytes:
    """Return a manifest's text, if `lint` would find nothing wrong with it.

    Raises:
        InvalidManifestError: The head and the options do not fit together.
        UnprovenWebSeedError: A web seed did not give what it was asked for.
    """
    file = str(out / _MANIFEST)
    rank = {shard.name: number for number, shard in enumerate(manifest.shards)}
    prover.tried.sort(key=lambda tried: rank[tried.shard])
    if wrong := lint.lint(manifest, file=file):
        raise InvalidManifestError(file, tuple(wrong))
    prover.refuse()
    return write_manifest(manifest)


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
