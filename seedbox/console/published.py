"""What publishers are told: builds, single torrents, lint."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType

from seedbox.console.encoded import (
    encoded_document,
    encoded_lines,
    encoding_document,
    encoding_lines,
)
from seedbox.console.leftovers import leftovers_document, leftovers_lines
from seedbox.console.proved import (
    online_document,
    online_words,
    proved_document,
    proved_lines,
)
from seedbox.console.stages import of_manifest, of_plan, stages_document, stages_lines
from seedbox.console.tables import (
    FILES_SHOWN,
    Document,
    hashes,
    line,
    magnet_of,
    number,
    share,
    table,
)
from seedbox.console.terms import refused_document, refused_lines
from seedbox.console.text import plural
from seedbox.console.trusted import signature_document
from seedbox.manifest.model import Pack
from seedbox.units import format_size

if TYPE_CHECKING:
    from seedbox.jobs.build import BuildReport
    from seedbox.jobs.encode import EncodeReport
    from seedbox.jobs.lint import LintReport
    from seedbox.jobs.renditions import RenditionsPlan
    from seedbox.jobs.torrent import TorrentReport
    from seedbox.manifest.model import License
    from seedbox.plan.build import BuildPlan


def build_plan_document(plan: BuildPlan, encoding: RenditionsPlan | None) -> Document:
    """Return what a build would make."""
    return {
        "id": plan.head.id,
        "root": plan.head.root,
        "pack": plan.head.pack,
        "pack_why": plan.pack_why,
        "catalog": plan.catalog,
        "size": plan.size,
        "unlisted": plan.unlisted,
        "refused": refused_document(plan.refused),
        "more_refused": plan.more_refused,
        "shards": [
            {
                "name": shard.name,
                "files": len(shard.layout.files),
                "size": shard.layout.size,
                "piece_length": shard.layout.piece_length,
                "pieces": shard.layout.piece_map.count,
                "use": number(shard.use),
                "coverage": number(shard.coverage),
                "license": shard.license.spdx if shard.license else None,
            }
            for shard in plan.shards
        ],
        **stages_document(of_plan(plan)),
        **encoding_document(encoding),
    }


def build_plan_view(plan: BuildPlan, encoding: RenditionsPlan | None) -> RenderableType:
    """Return what a build would make, for people."""
    several = False
    cells: list[list[RenderableType]] = []
    for shard in plan.shards:  # once: there may be more than memory holds
        several |= shard.license is not None
        cells.append(
            [
                line(shard.name),
                f"{len(shard.layout.files):,}",
                format_size(shard.layout.size),
                f"{shard.layout.piece_map.count:,}",
                format_size(shard.layout.piece_length),
                share(shard.coverage),
                _terms(shard.license),
            ]
        )
    columns = ["shard", "files>", "size>", "pieces>", "of>", "coverage>", "license"]
    shown = columns if several else columns[:-1]
    rows = table(*shown)
    for row in cells:
        rows.add_row(*row[: len(shown)])
    more_lines = _packing(plan)
    if plan.catalog is not None:
        more_lines.append(line(f"first of all, the catalog: {plan.catalog}"))
    more_lines += stages_lines(of_plan(plan), plan.head.expires)
    return Group(
        rows,
        *more_lines,
        *refused_lines(plan.refused, plan.more_refused),
        *encoding_lines(encoding),
    )


def _packing(plan: BuildPlan) -> list[RenderableType]:
    """Return how items lie in shards and why, if the publisher has not chosen it."""
    return [] if plan.pack_why is None else [line(f"pack {plan.head.pack}: {plan.pack_why}")]


def build_document(report: BuildReport, encoded: EncodeReport | None) -> Document:
    """Return what a build has made."""
    return {
        "manifest": str(report.manifest_path),
        "catalog": _catalog(report),
        "size": report.size,
        "hashed": report.hashed,
        "unlisted": report.unlisted,
        "left_out": [
            {"path": "/".join(absent.parts), "reason": absent.reason} for absent in report.left_out
        ],
        "refused": refused_document(report.refused),
        "more_refused": report.plan.more_refused,
        "shards": [
            {
                "name": shard.name,
                "files": shard.files,
                "size": shard.size,
                "coverage": number(shard.coverage),
                "license": shard.license.spdx if shard.license else None,
                "info_hash": hashes(shard.info_hash.v1, shard.info_hash.v2),
                "torrent": shard.torrent.path,
            }
            for shard in report.manifest.shards
        ],
        **stages_document(of_manifest(report.manifest)),
        **leftovers_document(report.leftovers),
        **proved_document(report.manifest),
        **encoded_document(encoded),
    }


def build_view(report: BuildReport, encoded: EncodeReport | None) -> RenderableType:
    """Return what a build has made, for people."""
    several = any(shard.license for shard in report.manifest.shards)
    more = ["license"] if several else []
    rows = table("shard", "files>", "size>", "coverage>", *more, "info-hash")
    for shard in report.manifest.shards:
        rows.add_row(
            line(shard.name),
            f"{shard.files:,}",
            format_size(shard.size),
            share(shard.coverage),
            *([_terms(shard.license)] if several else []),
            shard.info_hash.key[:16] + "…",
        )
    parts: list[RenderableType] = [rows]
    if report.unlisted:
        count = plural(report.unlisted, "file")
        parts.append(line(f"without a popularity value: {count}, counted as 0", "yellow"))
    parts += [
        line(f"left out: {'/'.join(absent.parts)} {absent.reason}", "yellow")
        for absent in report.left_out[:FILES_SHOWN]
    ]
    if len(report.left_out) > FILES_SHOWN:
        parts.append(line(f"left out: {len(report.left_out) - FILES_SHOWN:,} more", "yellow"))
    if report.manifest.head.pack is Pack.TAR:
        parts += _packing(report.plan)
    parts += refused_lines(report.refused, report.plan.more_refused)
    parts += encoded_lines(encoded)
    parts += proved_lines(report.manifest)
    parts += stages_lines(of_manifest(report.manifest), report.manifest.head.expires)
    parts += leftovers_lines(report.leftovers)
    torrents = plural(len(report.manifest.shards), "torrent")
    parts.append(line(f"wrote {report.manifest_path} and {torrents}"))
    if (catalog := _catalog(report)) is not None:
        out = report.manifest_path.parent
        parts.append(line(f"wrote the catalog {catalog}; seed it with --data {out}"))
    return Group(*parts)


def _catalog(report: BuildReport) -> str | None:
    """Return where the catalog is; None: there is none."""
    name = report.plan.catalog
    return None if name is None else str(report.manifest_path.parent / name)


def _terms(own: License | None) -> RenderableType:
    return line("the dataset's" if own is None else own.spdx)


def torrent_document(report: TorrentReport) -> Document:
    """Return what torrent was written, and its magnet link."""
    metainfo = report.metainfo
    return {
        "torrent": str(report.path),
        "name": metainfo.name,
        "files": len(metainfo.files),
        "size": metainfo.size,
        "piece_length": metainfo.piece_length,
        "pieces": metainfo.num_pieces,
        "info_hash": hashes(metainfo.info_hash.v1, metainfo.info_hash.v2),
        "magnet": str(magnet_of(metainfo)),
    }


def torrent_view(report: TorrentReport) -> RenderableType:
    """Return what torrent was written, for people."""
    metainfo = report.metainfo
    left = [
        line(f"left out: {'/'.join(gone.parts)} {gone.reason}", "yellow")
        for gone in report.left_out
    ]
    sizes = f"{plural(len(metainfo.files), 'file')}, {format_size(metainfo.size)}"
    pieces = f"{plural(metainfo.num_pieces, 'piece')} of {format_size(metainfo.piece_length)}"
    return Group(
        *left, line(f"wrote {report.path}: {sizes}, {pieces}"), line(str(magnet_of(metainfo)))
    )


def lint_document(reports: Iterable[LintReport]) -> Document:
    """Return what is wrong with some manifests."""
    manifests = [
        {
            "manifest": str(report.path),
            "ok": report.ok,
            "shards": report.shards,
            "torrents": report.torrents,
            "signature": signature_document(report.signed_by),
            "problems": [asdict(problem) for problem in report.problems],
            **online_document(report.online),
        }
        for report in reports
    ]
    return {"ok": all(manifest["ok"] for manifest in manifests), "manifests": manifests}


def lint_view(reports: Iterable[LintReport]) -> RenderableType:
    """Return what is wrong with some manifests, for people."""
    parts: list[RenderableType] = []
    for report in reports:
        for problem in report.problems:
            parts.append(line(f"{problem} [{problem.rule}]", "red"))
            parts.append(line(f"  hint: {problem.hint}"))
        seen = f"{plural(report.shards, 'shard')}, {plural(report.torrents, 'torrent')} at hand"
        if report.signed_by is not None:
            seen += f", signed by key {report.signed_by.name}"
        seen = ", ".join([seen, *online_words(report.online)])
        if report.ok:
            parts.append(line(f"{report.path}: no problem ({seen})", "green"))
        else:
            count = plural(len(report.problems), "problem")
            parts.append(line(f"{report.path}: {count} ({seen})", "red"))
    return Group(*parts)
