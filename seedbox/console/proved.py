"""What servers have told of a dataset: web seeds that were proved, evidence that still holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import RenderableType

from seedbox.console.tables import Document, line
from seedbox.console.text import plural

if TYPE_CHECKING:
    from datetime import datetime

    from seedbox.jobs.online import Online
    from seedbox.manifest.model import Manifest


def online_document(online: Online | None) -> Document:
    """Return what servers have told; nothing if nobody was asked."""
    found: dict[str, object] = {}
    if online is not None and online.proof is not None:
        found["web_seeds"] = [
            _seed(tried.shard, tried.url, tried.pieces, tried.checked)
            for tried in online.proof.tried
        ]
    if online is not None and online.evidence is not None:
        found["evidence"] = online.evidence
    return found


def online_words(online: Online | None) -> Iterable[str]:
    """Yield what servers have told, in short."""
    if online is not None and online.proof is not None:
        tried = online.proof.tried
        proved = sum(each.failure is None for each in tried)
        yield f"{proved:,} of {plural(len(tried), 'web seed')} proved"
    if online is not None and online.evidence is not None:
        yield f"evidence unchanged on {plural(online.evidence, 'page')}"


def proved_document(manifest: Manifest) -> Document:
    """Return the web seeds that a build has proved; nothing if it was not to prove any."""
    seeds = [
        _seed(shard.name, seed.url, seed.pieces, seed.checked)
        for shard in manifest.shards
        for seed in shard.web_seeds
        if seed.checked is not None
    ]
    return {"web_seeds": seeds} if seeds else {}


def proved_lines(manifest: Manifest) -> list[RenderableType]:
    """Return the same for people."""
    counts = [
        seed.pieces or 0 for shard in manifest.shards for seed in shard.web_seeds if seed.checked
    ]
    if not counts:
        return []
    seeds, pieces = plural(len(counts), "web seed"), plural(sum(counts), "piece")
    return [line(f"proved {seeds} by {pieces}")]


def _seed(shard: str, url: str, pieces: int | None, checked: datetime | None) -> Document:
    when = None if checked is None else checked.isoformat().replace("+00:00", "Z")
    return {"shard": shard, "url": url, "pieces": pieces, "checked": when}
