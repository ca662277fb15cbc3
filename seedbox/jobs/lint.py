"""Lint: every rule of the manifest page, and the torrents beside the manifest where they are."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from seedbox import disk
from seedbox.errors import (
    InvalidManifestError,
    InvalidTorrentError,
    InvalidWithdrawalsError,
    Problem,
    SourceError,
)
from seedbox.jobs.admission import Trust, signature_problems
from seedbox.jobs.online import Online, OnlineOptions, look_online
from seedbox.jobs.shards import MAX_MANIFEST, Source, has_torrent, shard_torrent
from seedbox.jobs.versions import Replaced, contents, read_replaced
from seedbox.jobs.withdrawals import beside, orders_on, read_withdrawals
from seedbox.manifest import lint, versions
from seedbox.manifest.keys import PublicKey
from seedbox.manifest.model import Manifest, Shard
from seedbox.manifest.parse import Document, parse_document
from seedbox.manifest.problems import LIMIT
from seedbox.manifest.versions import Contents
from seedbox.manifest.withdrawals import Withdrawals, grown
from seedbox.plan.withdrawals import stopped


@dataclass(frozen=True, slots=True)
class LintReport:
    """What is wrong with a manifest."""

    path: Path
    problems: tuple[Problem, ...]
    shards: int
    torrents: int  # .torrent files that were there and were held against the manifest
    signed_by: PublicKey | None = None  # None: nobody has checked who wrote it
    online: Online | None = None  # what servers have told; None: nobody was asked

    @property
    def ok(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class LintOptions:
    """What to hold a manifest against, beyond its own text and the files beside it."""

    against: Path | None = None  # the manifest that it replaces
    trust: Trust | None = None  # whose signature it has to have; None: nobody looks
    online: OnlineOptions | None = None  # what to ask servers; None: nobody is asked


_NOTHING_ELSE = LintOptions()


def run_lint(path: Path, options: LintOptions = _NOTHING_ELSE) -> LintReport:
    """Check a manifest against every rule, all problems at once.

    Raises:
        SourceError: There is no such file.
        InvalidManifestError: The manifest that it is held against is none.
        InvalidWithdrawalsError: The withdrawals beside that manifest are none.
        InvalidTorrentError: A .torrent beside that manifest is none.
        InvalidTrustError: The record of pinned keys cannot be used.
    """
    data = disk.read_whole(path, MAX_MANIFEST)
    document = parse_document(data, file=str(path))
    problems = lint.check_document(document, file=str(path))
    if document.value is None:
        return LintReport(path, tuple(problems), 0, 0)
    source = Source(path, document.value)
    found, torrents = _torrents(source)
    problems += found
    withdrawals, taken_back = _withdrawals(document, source)
    problems += taken_back
    signer, mistrusted = signature_problems(source, data, options.trust)
    problems += mistrusted
    if options.against is not None:
        replaced = read_replaced(options.against)
        known = {} if found else contents((replaced.source, source))
        problems += _against(document, source, replaced, withdrawals, known)
        problems += _shrunk(source, options.against, withdrawals)
    online = None
    if options.online is not None:
        online, told = look_online(document, source, options.online)
        problems += told
    return LintReport(path, tuple(problems), len(document.value.shards), torrents, signer, online)


def _torrents(source: Source) -> tuple[list[Problem], int]:
    """Return what is wrong with the torrents that are at hand, and how many those are."""
    problems: list[Problem] = []
    count = 0
    for shard in source.manifest.shards:
        if has_torrent(source, shard):
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


def _withdrawals(
    document: Document[Manifest], source: Source
) -> tuple[Withdrawals | None, list[Problem]]:
    """Return what the withdrawals beside a manifest say, and what is wrong with them."""
    file = beside(source.path)
    try:
        withdrawals = read_withdrawals(source.path)
    except InvalidWithdrawalsError as error:
        return None, list(error.problems)
    if withdrawals is None:
        return None, []
    ours = source.manifest.head.id
    if withdrawals.id != ours:
        message = f"id is {withdrawals.id}, that of the manifest {ours}"
        hint = "Keep the withdrawals of another dataset elsewhere."
        return None, [Problem("id", message, hint, str(file), None, "id")]
    return withdrawals, _relisted(document, source, withdrawals)


def _relisted(
    document: Document[Manifest], source: Source, withdrawals: Withdrawals
) -> list[Problem]:
    """Return the shards that a release lists although they had been taken back before it."""
    issued = source.manifest.head.issued
    orders = stopped(orders_on(replace(source, withdrawals=withdrawals), now=issued))
    return [
        Problem(
            "withdrawn",
            f"{shard.name} is listed in a release of {issued.isoformat()}: {order.why}",
            "Leave it out, or build it again under another name without what was withdrawn.",
            str(source.path),
            document.line_of(f"shards[{at}]"),
            f"shards[{at}]",
        )
        for at, shard in enumerate(source.manifest.shards)
        if (order := orders.get(shard.name)) and order.issued < issued
    ]


def _against(
    document: Document[Manifest],
    source: Source,
    replaced: Replaced,
    withdrawals: Withdrawals | None,
    known: Contents,
) -> list[Problem]:
    """Return where a manifest and the one that it replaces disagree (rule 9)."""
    before, new = replaced.source, source.manifest
    orders = orders_on(replace(before, withdrawals=withdrawals), now=new.head.issued)
    found = versions.problems(
        before.manifest, new, replaced.digest, withdrawn=stopped(orders), contents=known
    )
    return [
        Problem(rule, message, hint, str(source.path), document.line_of(path), path)
        for path, rule, message, hint in islice(found, LIMIT)
    ]


def _shrunk(source: Source, replaced: Path, withdrawals: Withdrawals | None) -> list[Problem]:
    """Return what the withdrawals beside the manifest before had, and these have not."""
    before = read_withdrawals(replaced)
    if before is None:
        return []
    file = str(beside(source.path))
    if withdrawals is None:
        message = f"there are none that can be read, {beside(replaced)} has {len(before.entries)}"
        return [Problem("grown", message, "Withdrawals only ever grow; keep them.", file)]
    return [
        Problem(rule, message, hint, file, None, path)
        for path, rule, message, hint in islice(grown(before, withdrawals), LIMIT)
    ]
