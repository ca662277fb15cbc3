"""Evidence: the page where a license is stated, what stood there and when.

A digest of the page is kept, so that everybody can tell later whether it still is the page that
somebody has read. What cannot be fetched is never taken for unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from seedbox import disk, web
from seedbox.errors import EvidenceChangedError, Problem, UsageError, WebError
from seedbox.manifest.model import Evidence, Head, License, Manifest

_MOST = 4 * 1024 * 1024  # bytes of a page
_RULE = "evidence"


@dataclass(frozen=True, slots=True)
class Looked:
    """What stands where a license is stated."""

    sha256: bytes
    retrieved: date


def look(evidence: Evidence, *, file: Path | None, today: date, timeout: float = 30.0) -> Looked:
    """Fetch the page where a license is stated, or read a copy of it.

    Args:
        evidence: Says where it is.
        file: A copy that was saved; None: fetch the page.
        today: In UTC.
        timeout: Seconds for fetching.

    Raises:
        UsageError: It is in a package, which is not fetched, and there is no copy.
        WebError: The page cannot be fetched, or is longer than 4 MiB.
        SourceError: There is no such file, or it is longer than 4 MiB.
    """
    if file is not None:
        data = disk.read_whole(file, _MOST)
        (found,) = disk.scan(file).files
        changed = datetime.fromtimestamp(found.mtime_ns // 10**9, UTC).date()
        return Looked(sha256(data).digest(), evidence.retrieved or changed)
    if _in_package(evidence):
        hint = "Unpack the package, and pass the file in it with --evidence-file."
        raise UsageError(f"{evidence.url} is in a package, which is not fetched", hint)
    page = web.fetch(evidence.url, limit=_MOST, timeout=timeout)
    return Looked(sha256(page.body).digest(), today)


def _in_package(evidence: Evidence) -> bool:
    return evidence.url.startswith("pkg:")


def with_evidence(head: Head, *, file: Path | None, today: date) -> Head:
    """Return what a dataset says of itself, with the digest of the page that states its license.

    Raises:
        UsageError: It names no such page.
        EvidenceChangedError: It has a digest already, and that of the page is another one.
        WebError: The page cannot be fetched.
        SourceError: There is no such file.
    """
    if head.license is None or head.license.evidence is None:
        raise UsageError(
            "dataset.yaml does not say where its license is stated",
            "Add `evidence: {url: https://…}` to its license.",
        )
    known = head.license.evidence
    looked = look(known, file=file, today=today)
    if known.sha256 not in {None, looked.sha256}:
        raise EvidenceChangedError(
            str(file or known.url),
            known=known.sha256.hex() if known.sha256 else "",
            since=known.retrieved,
            found=looked.sha256.hex(),
        )
    seen = replace(known, sha256=looked.sha256, retrieved=looked.retrieved)
    return replace(head, license=replace(head.license, evidence=seen))


@dataclass(frozen=True, slots=True)
class Held:
    """What came of holding a manifest's evidence against the pages."""

    checked: int  # pages that are as they were
    problems: tuple[Problem, ...]


def hold(manifest: Manifest, *, file: str, today: date, timeout: float = 30.0) -> Held:
    """Hold the evidence of every license of a manifest against what stands there now.

    Args:
        manifest: Its own license and those of its shards; each page is fetched once.
        file: The manifest's, for the problems.
        today: In UTC.
        timeout: Seconds for each page.
    """
    pages: dict[str, Looked | tuple[str, str]] = {}  # or why it cannot be fetched, and a hint
    checked: set[str] = set()
    problems: list[Problem] = []
    for path, terms in _licenses(manifest):
        evidence = terms.evidence
        if evidence is None:
            continue
        if evidence.url not in pages:
            pages[evidence.url] = _looked(evidence, today, timeout)
        page = pages[evidence.url]
        found = _compared(evidence, page) if isinstance(page, Looked) else page
        if found is None:
            checked.add(evidence.url)
        else:
            problems.append(Problem(_RULE, *found, file=file, path=f"{path}.evidence"))
    return Held(len(checked), tuple(problems))


def _licenses(manifest: Manifest) -> Iterator[tuple[str, License]]:
    if manifest.head.license is not None:
        yield "license", manifest.head.license
    for at, shard in enumerate(manifest.shards):
        if shard.license is not None:
            yield f"shards[{at}].license", shard.license


def _looked(evidence: Evidence, today: date, timeout: float) -> Looked | tuple[str, str]:
    try:
        return look(evidence, file=None, today=today, timeout=timeout)
    except (UsageError, WebError) as error:
        hint = "Look yourself whether the license is still stated there."
        return f"not checked: {error.message}", hint


def _compared(evidence: Evidence, page: Looked) -> tuple[str, str] | None:
    """Return how a page differs from what stood there, and a hint; None: it does not."""
    if evidence.sha256 is None:
        hint = "Build with --evidence, which records the digest of the page."
        return f"not checked: no digest of {evidence.url} is recorded", hint
    if evidence.sha256 == page.sha256:
        return None
    when = f" on {evidence.retrieved}" if evidence.retrieved else ""
    message = (
        f"{evidence.url} had SHA-256 {evidence.sha256.hex()}{when}, "
        f"on {page.retrieved} it has {page.sha256.hex()}"
    )
    return message, "Read the page; if it still states the license, build with its new digest."
