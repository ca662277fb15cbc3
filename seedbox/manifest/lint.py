"""How the parts of a manifest fit together: order, coverage, licenses, names, web seeds.

Pure. `parse` has checked each field alone; here fields and shards are checked against each other,
all of them, each problem with its place. Signatures, the manifest that this one replaces, and
pages on the web need more than the text and are checked elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import replace
from decimal import Decimal
from typing import Protocol

from seedbox.errors import InvalidManifestError, Problem
from seedbox.manifest import web_seeds
from seedbox.manifest.coverage import mean_use, order, running
from seedbox.manifest.licenses import verdict
from seedbox.manifest.model import Head, Manifest, Pack, Role, Shard
from seedbox.manifest.parse import Document, parse_document
from seedbox.manifest.problems import LIMIT, one_line
from seedbox.torrent.info_hash import InfoHash

Finding = tuple[str, str, str, str]  # path, rule, message, hint
Rule = Callable[[Manifest], Iterator[Finding]]

_MIN_PIECE = 16 * 1024  # bytes; BEP 52


class TorrentFacts(Protocol):
    """What `check_torrent` asks of a metainfo."""

    @property
    def info_hash(self) -> InfoHash:
        """From the info dict's own bytes."""

    @property
    def name(self) -> str:
        """The folder, or the file of a single-file torrent."""

    @property
    def size(self) -> int:
        """Bytes of payload."""

    @property
    def files(self) -> Sized:
        """Without pad files."""

    @property
    def piece_length(self) -> int:
        """Bytes."""


def check(data: bytes, *, file: str) -> list[Problem]:
    """Return all problems of a manifest's text: of its YAML, its fields and its rules."""
    return check_document(parse_document(data, file=file), file=file)


def check_document(document: Document[Manifest], *, file: str) -> list[Problem]:
    """Return all problems of a manifest that has been read, as far as it could be."""
    return _check(document, file, _RULES)


def read_manifest(data: bytes, *, file: str) -> Manifest:
    """Return a manifest that keeps all rules but the one on licenses, which `licenses.gate` holds.

    Raises:
        InvalidManifestError: With all problems.
    """
    document = parse_document(data, file=file)
    problems = _check(document, file, [rule for rule in _RULES if rule is not _licenses])
    if problems or document.value is None:
        raise InvalidManifestError(file, tuple(problems))
    return document.value


def lint(manifest: Manifest, *, file: str = "") -> list[Problem]:
    """Return what is wrong between the fields of a manifest, without lines."""
    return _apply(_RULES, manifest, file)


def _check(document: Document[Manifest], file: str, rules: Iterable[Rule]) -> list[Problem]:
    problems = list(document.problems)
    if document.value is not None:
        found = _apply(rules, document.value, file)
        lines = document.lines_of(each.path for each in found) if found else {}
        problems += [replace(each, line=lines[each.path]) for each in found]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _apply(rules: Iterable[Rule], manifest: Manifest, file: str) -> list[Problem]:
    problems: list[Problem] = []
    for rule in rules:
        for path, code, message, hint in rule(manifest):
            problems.append(Problem(code, one_line(message), hint, file, None, path))
            if len(problems) == LIMIT:
                return problems
    return problems


# --- the head ---------------------------------------------------------------------------------


def _dates(manifest: Manifest) -> Iterator[Finding]:
    head = manifest.head
    if head.expires is not None and head.expires <= head.issued:
        message = f"expires {head.expires.isoformat()}, issued {head.issued.isoformat()}"
        yield "expires", "expires", message, "Let it expire after it was issued."
    if head.previous is not None and head.sequence == 1:
        message = "the first of its id replaces nothing"
        yield "previous", "previous", message, "Remove previous, or raise sequence."
    window = None if head.popularity is None else head.popularity.window
    if window is not None and window[1] < window[0]:
        message = f"the window ends on {window[1]}, before {window[0]}"
        yield "popularity.window", "window", message, "Write the first day first."


# --- shards -----------------------------------------------------------------------------------


def _unique(manifest: Manifest) -> Iterator[Finding]:
    if not manifest.shards:
        yield "shards", "no-shards", "there are no shards", "Build the dataset again."
    names: dict[str, int] = {}
    torrents: dict[str, int] = {}
    hashes: dict[bytes, int] = {}
    for at, shard in enumerate(manifest.shards):
        values: list[tuple[str, object, int]] = [
            ("name", shard.name, names.setdefault(shard.name, at)),
            (
                "torrent.path",
                shard.torrent.path,
                torrents.setdefault(shard.torrent.path.casefold(), at),
            ),
        ]
        for key in ("v1", "v2"):
            digest: bytes | None = getattr(shard.info_hash, key)
            if digest is not None:
                values.append((f"info_hash.{key}", digest.hex(), hashes.setdefault(digest, at)))
        for key, value, first in values:
            if first != at:
                message = f"{value} is that of shards[{first}] already"
                yield f"shards[{at}].{key}", "duplicate", message, "Give each shard its own."


def _order(manifest: Manifest) -> Iterator[Finding]:
    shards = manifest.shards
    hint = "Put catalogs first, then data by falling use per item, ties by name."
    for at in range(1, len(shards)):
        before, shard = shards[at - 1], shards[at]
        if shard.role is Role.CATALOG:
            if before.role is not Role.CATALOG:
                message = f"the catalog {shard.name} stands behind the data of {before.name}"
                yield f"shards[{at}]", "order", message, hint
        elif before.role is not Role.CATALOG and order(shard) < order(before):
            now, then = float(mean_use(shard)), float(mean_use(before))
            message = (
                f"{shard.name} has {now:.6g} use per item, {before.name} before it has {then:.6g}"
            )
            yield f"shards[{at}]", "order", message, hint


def _coverage(manifest: Manifest) -> Iterator[Finding]:
    popularity, shards = manifest.head.popularity, manifest.shards
    if popularity is None or popularity.total is None:
        for at, shard in enumerate(shards):
            for key in ("use", "coverage"):
                if getattr(shard, key) is not None:
                    message = f"there is a {key}, but the manifest has no popularity"
                    hint = "Add popularity with its metric and total."
                    yield f"shards[{at}].{key}", "coverage", message, hint
        return
    expected = running((shard.use or Decimal(0) for shard in shards), popularity.total)
    for at, (shard, wanted) in enumerate(zip(shards, expected, strict=True)):
        path = f"shards[{at}].coverage"
        if shard.use is None or shard.coverage is None:
            key = "use" if shard.use is None else "coverage"
            if shard.role is Role.DATA or (shard.use is None) is not (shard.coverage is None):
                message = f"{shard.name} has no {key}"
                yield f"shards[{at}]", "coverage", message, f"Add {key}."
        elif shard.coverage != wanted:
            message = f"coverage is {shard.coverage}, the uses so far give {wanted:.6f}"
            yield path, "coverage", message, "Correct use, coverage or popularity.total."
        elif wanted > 1:
            message = f"coverage is {shard.coverage}, over 1"
            yield path, "coverage", message, "Correct popularity.total, the sum of every use."


def _licenses(manifest: Manifest) -> Iterator[Finding]:
    hint = "Only an open license passes; see docs/manifest.md, Licenses."
    head = manifest.head
    default = None if head.license is None else verdict(head.license.spdx)
    if head.license is not None and default is not None and not default.open:
        message = f"license {head.license.spdx!r} is refused: {default.why}"
        yield "license.spdx", f"license-{default.rule}", message, hint
    for at, shard in enumerate(manifest.shards):
        if shard.license is None:
            if default is None:
                message = f"{shard.name} has no license, and the dataset has none either"
                yield f"shards[{at}]", "license-missing", message, "Add license to either."
            continue
        own = verdict(shard.license.spdx)
        if not own.open:
            message = f"license {shard.license.spdx!r} is refused: {own.why}"
            yield f"shards[{at}].license.spdx", f"license-{own.rule}", message, hint


def _layout(manifest: Manifest) -> Iterator[Finding]:
    head = manifest.head
    renditions = {rendition.name for rendition in head.renditions}
    for at, shard in enumerate(manifest.shards):
        path = f"shards[{at}]"
        form = shard.info_hash.format
        if form is not head.format:
            message = f"the info-hash is {form}, the manifest's format {head.format}"
            yield f"{path}.info_hash", "format", message, "Build the shard in that format."
        length = shard.piece_length
        if shard.info_hash.v2 is not None and (length < _MIN_PIECE or length.bit_count() != 1):
            message = f"piece length {length} is not a power of two of 16 KiB or more (BEP 52)"
            yield f"{path}.piece_length", "piece-length", message, "Build the shard again."
        if shard.rendition is not None and shard.rendition not in renditions:
            message = f"the rendition {shard.rendition!r} is not among renditions"
            yield f"{path}.rendition", "rendition", message, "Describe it under renditions."
        if shard.at is not None and (shard.files != 1 or head.pack is Pack.TAR):
            pack = head.pack or Pack.FILES
            message = f"`at` is for single files, the shard has {shard.files} (pack: {pack})"
            yield f"{path}.at", "at", message, "Remove `at`."


def _web_seeds(manifest: Manifest) -> Iterator[Finding]:
    for at, shard in enumerate(manifest.shards):
        for number, seed in enumerate(shard.web_seeds):
            for message, hint in web_seeds.problems(manifest.head, shard, seed):
                yield f"shards[{at}].web_seeds[{number}].url", "web-seed", message, hint


_RULES: tuple[Rule, ...] = (_dates, _unique, _order, _coverage, _licenses, _layout, _web_seeds)


# --- the torrents beside it -------------------------------------------------------------------


def check_torrent(
    head: Head, shard: Shard, metainfo: TorrentFacts, digest: bytes, *, file: str, path: str
) -> list[Problem]:
    """Return where a .torrent and its shard's entry disagree.

    Args:
        head: Of the manifest.
        shard: The entry.
        metainfo: What the .torrent says.
        digest: SHA-256 of the .torrent.
        file: The manifest's, for the problems.
        path: The entry's, such as `shards[3]`.
    """
    pairs: list[tuple[str, object, object]] = [
        ("torrent.sha256", shard.torrent.sha256.hex(), digest.hex()),
        ("info_hash.v1", _hex(shard.info_hash.v1), _hex(metainfo.info_hash.v1)),
        ("info_hash.v2", _hex(shard.info_hash.v2), _hex(metainfo.info_hash.v2)),
        ("size", shard.size, metainfo.size),
        ("files", shard.files, len(metainfo.files)),
        ("piece_length", shard.piece_length, metainfo.piece_length),
    ]
    name = _torrent_name(head, shard)
    if name is not None:
        pairs.append(("name", name, metainfo.name))
    return [
        Problem(
            "torrent",
            f"{key} is {theirs} in the torrent, {ours} in the manifest",
            "Build the shard again, or restore the .torrent.",
            file,
            None,
            f"{path}.{key}",
        )
        for key, ours, theirs in pairs
        if ours != theirs
    ]


def _hex(digest: bytes | None) -> str:
    return "absent" if digest is None else digest.hex()


def _torrent_name(head: Head, shard: Shard) -> str | None:
    """Return what the torrent has to be called, or None if any name will do."""
    if shard.role is Role.CATALOG:
        return shard.name  # it is no part of the data's own tree
    if head.pack is Pack.TAR:
        return f"{shard.name}.tar"
    return None if shard.files == 1 else head.torrent_root
