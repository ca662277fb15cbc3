"""Lint: what only servers can tell of a manifest, asked for by name and never by default."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from seedbox.errors import Problem
from seedbox.jobs import evidence
from seedbox.jobs.events import OnEvent, ignore
from seedbox.jobs.shards import Source
from seedbox.jobs.web_seeds import Proof, prove
from seedbox.manifest.model import Manifest
from seedbox.manifest.parse import Document


@dataclass(frozen=True, slots=True)
class OnlineOptions:
    """What to ask servers."""

    today: date  # in UTC
    pieces: int | None = None  # to ask each web seed for; None: web seeds are not asked
    sample_seed: int | None = None  # which pieces; None: the manifest's sequence, as `build` does
    evidence: bool = False  # fetch the pages where licenses are stated
    on_event: OnEvent = ignore


@dataclass(frozen=True, slots=True)
class Online:
    """What servers have told."""

    proof: Proof | None  # None: web seeds were not asked
    evidence: int | None  # pages that are as they were; None: none was fetched


def look_online(
    document: Document[Manifest], source: Source, options: OnlineOptions
) -> tuple[Online, list[Problem]]:
    """Ask servers what they have, and return it with what is wrong with it."""
    file = str(source.path)
    problems: list[Problem] = []
    proof, held = None, None
    if options.evidence:
        held = evidence.hold(source.manifest, file=file, today=options.today)
        problems += held.problems
    if options.pieces is not None:
        seed = options.sample_seed
        proof = prove(
            source,
            pieces=options.pieces,
            seed=source.manifest.head.sequence if seed is None else seed,
            on_event=options.on_event,
        )
        problems += _unproved(source.manifest, proof, file)
    placed = [replace(problem, line=document.line_of(problem.path)) for problem in problems]
    return Online(proof, None if held is None else held.checked), placed


def _unproved(manifest: Manifest, proof: Proof, file: str) -> list[Problem]:
    """Return what is wrong with web seeds; rules that need no server are the linter's own."""
    at = {shard.name: number for number, shard in enumerate(manifest.shards)}
    return [
        Problem(
            "web-seed",
            tried.failure.message,
            tried.failure.hint,
            file=file,
            path=f"shards[{at[tried.shard]}].web_seeds[{tried.number}].url",
        )
        for tried in proof.tried
        if tried.failure is not None and not tried.failure.static
    ]
