"""Lint: every rule of the manifest page, and the torrents beside the manifest where they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedbox import disk
from seedbox.errors import InvalidManifestError, InvalidTorrentError, Problem, SourceError
from seedbox.jobs.shards import MAX_MANIFEST, Source, shard_torrent
from seedbox.manifest import lint
from seedbox.manifest.model import Shard
from seedbox.manifest.parse import parse_document


@dataclass(frozen=True, slots=True)
class LintReport:
    """What is wrong with a manifest."""

    path: Path
    problems: tuple[Problem, ...]
    shards: int
    torrents: int  # .torrent files that were there and were held against the manifest

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


def run_lint(path: Path) -> LintReport:
    """Check a manifest against every rule, all problems at once.

    Raises:
        SourceError: There is no such file.
    """
    document = parse_document(disk.read_whole(path, MAX_MANIFEST), file=str(path))
    problems = lint.check_document(document, file=str(path))
    if document.value is None:
        return LintReport(path, tuple(problems), 0, 0)
    found, torrents = _torrents(Source(path, document.value))
    return LintReport(path, (*problems, *found), len(document.value.shards), torrents)


def _torrents(source: Source) -> tuple[list[Problem], int]:
    """Return what is wrong with the torrents that are at hand, and how many those are."""
    problems: list[Problem] = []
    count = 0
    for shard in source.manifest.shards:
        parts = tuple(shard.torrent.path.split("/"))
        if isinstance(disk.look(source.path.parent, parts), disk.Located):
            count += 1
            problems += _torrent(source, shard)
    return problems, count


def _torrent(source: Source, shard: Shard) -> tuple[Problem, ...]:
    try:
        shard_torrent(source, shard)
    except InvalidManifestError as error:
        return error.problems
    except (InvalidTorrentError, SourceError) as error:
        hint = error.hint or ""
        return (Problem("torrent", error.message, hint, file=str(source.path), path=shard.name),)
    return ()
