"""Manifests: whether each can be believed, by which key, and what it names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seedbox import web
from seedbox.errors import RefusedFileError, SeedboxError
from seedbox.jobs.admission import Admitted, Trust, admit
from seedbox.jobs.doctor.finding import Finding, Verdict
from seedbox.jobs.shards import MAX_MANIFEST
from seedbox.manifest.model import Head, Manifest
from seedbox.manifest.signature import MAX_SIGNATURE, SUFFIX

_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found of a manifest."""

    findings: tuple[Finding, ...]
    manifest: Manifest | None = None  # None: it cannot be believed


def look_at_file(path: Path, trust: Trust, *, now: float) -> Seen:
    """Look at a manifest on this disk; nothing is remembered."""
    return _look(path, trust, now=now, about=str(path), remote=False)


def look_at_url(url: str, trust: Trust, *, now: float) -> Seen:
    """Look at a manifest on a server, and its signature; nothing of it is kept."""
    with tempfile.TemporaryDirectory(prefix="seedbox-doctor-") as folder:
        path = Path(folder, "manifest.yaml")
        try:
            path.write_bytes(web.fetch(url, limit=MAX_MANIFEST, timeout=_SECONDS).body)
            signature = web.poll(_beside(url), None, limit=MAX_SIGNATURE, timeout=_SECONDS)
        except SeedboxError as error:
            return Seen((Finding("manifest", Verdict.FAIL, error.message, error.hint, url),))
        if signature is not None and signature.body is not None:
            path.with_name(path.name + SUFFIX).write_bytes(signature.body)
        return _look(path, trust, now=now, about=url, remote=True)


def _beside(url: str) -> str:
    path, mark, query = url.partition("?")
    return f"{path}{SUFFIX}{mark}{query}"


def _look(path: Path, trust: Trust, *, now: float, about: str, remote: bool) -> Seen:
    at = datetime.fromtimestamp(now, UTC)
    try:
        admitted = admit(path, trust, now=at, taking=False, remember=False)
    except RefusedFileError as error:
        message = error.message.replace(str(path), about)
        return Seen((Finding("key", Verdict.FAIL, message, error.hint, about),))
    except SeedboxError as error:
        message = error.message.replace(str(path), about)
        return Seen((Finding("manifest", Verdict.FAIL, message, error.hint, about),))
    manifest = admitted.source.manifest
    found = (
        read(manifest.head, len(manifest.shards), now=at, about=about),
        _key(admitted, about, remote=remote),
    )
    return Seen(found, manifest)


def read(head: Head, shards: int, *, now: datetime, about: str) -> Finding:
    """Judge a manifest that may be believed."""
    found = f"{head.id}, sequence {head.sequence}, {shards:,} shards"
    if head.expires is not None and head.expires <= now:
        found += f"; expired since {head.expires:%Y-%m-%d %H:%M} UTC"
        hint = "Get its next release from the publisher; nothing new is taken on from this one."
        return Finding("manifest", Verdict.WARN, found, hint, about)
    return Finding("manifest", Verdict.PASS, found, about=about)


def _key(admitted: Admitted, about: str, *, remote: bool) -> Finding:
    signer = None if admitted.signed_by is None else admitted.signed_by.name
    return key(admitted.source.manifest.head.id, signer, about=about, remote=remote)


def key(id_: str, signer: str | None, *, about: str, remote: bool) -> Finding:
    """Judge who vouches for a manifest.

    Args:
        id_: Its dataset.
        signer: Name of the key that has signed it; None: no key is known, nobody has checked.
        about: The manifest.
        remote: Whether it comes from a server; then it is not used without a key.
    """
    if signer is not None:
        return Finding("key", Verdict.PASS, f"signed by key {signer}", about=about)
    found = f"no key is pinned for {id_}, and none was passed with --key: nobody has checked it"
    hint = f"Run `seedbox trust add {id_} KEY`, with the key from the publisher's own page."
    return Finding("key", Verdict.FAIL if remote else Verdict.WARN, found, hint, about)


# --- what they name ---------------------------------------------------------------------------


def trackers(manifests: Iterable[Manifest]) -> Mapping[str, bytes]:
    """Return every tracker, each with 20 bytes of the info-hash of a shard that it should know."""
    found: dict[str, bytes] = {}
    for manifest in manifests:
        for shard in manifest.shards[:1]:
            digest = shard.info_hash.v1 or (shard.info_hash.v2 or b"")[:20]
            for tier in manifest.head.trackers:
                for tracker in tier:
                    found.setdefault(tracker, digest)
    return found


def servers(manifests: Iterable[Manifest]) -> tuple[str, ...]:
    """Return URLs of servers of http and https that manifests name."""
    found: dict[str, None] = {}
    for manifest in manifests:
        urls = [tracker for tier in manifest.head.trackers for tracker in tier]
        urls += [seed.url for shard in manifest.shards[:1] for seed in shard.web_seeds]
        found.update(dict.fromkeys(url for url in urls if url.startswith(("https://", "http://"))))
    return tuple(found)
