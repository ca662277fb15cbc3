"""What is written where Croissant wants something that a manifest does not have.

Pure. Each is a true statement made of what the manifest does say, and tells what that was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from seedbox.manifest.model import Head, Manifest, Publisher
from seedbox.torrent.magnet import Magnet
from seedbox.units import format_size

_NUMBERS = re.compile(r"([0-9]{1,18})(?:\.([0-9]{1,18}))?(?:\.([0-9]{1,18}))?", re.ASCII)
_SEMVER = re.compile(  # semver.org 2.0.0
    r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}"
    r"(?:-(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
    r"(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*)?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class StandIn:
    """What is written where Croissant wants something that the manifest does not have."""

    field: str  # of Croissant
    value: str
    source: str  # what it was made of


def stand_ins(manifest: Manifest) -> Iterator[StandIn]:
    """Yield one for each thing that Croissant wants and the manifest does not have."""
    head = manifest.head
    maker = [each.name for each in head.creators]
    if not maker:
        made = (head.publisher.name, "publisher") if head.publisher else (_namespace(head), "id")
        yield StandIn("creator", *made)
        maker = [made[0]]
    url = head.homepage
    if url is None:
        url, source = _address(manifest)
        yield StandIn("url", url, source)
    if head.description is None:
        yield StandIn("description", _described(manifest), "title, shards")
    if head.cite_as is None:
        # As DataCite recommends: Creator (Year): Title. Version. Publisher. Identifier
        parts = [head.title, f"Version {head.version}", *_names(head.publisher), url]
        words = f"{'; '.join(maker)} ({head.issued.year}): {'. '.join(parts)}"
        yield StandIn("citeAs", words, "creators, issued, title, version, publisher, url")
    if semver(head.version) is None:
        yield StandIn("version", f"{head.sequence}.0.0", "sequence")


def _names(publisher: Publisher | None) -> list[str]:
    return [publisher.name] if publisher else []


def _namespace(head: Head) -> str:
    return head.id.partition("/")[0]


def _address(manifest: Manifest) -> tuple[str, str]:
    """Return where a dataset without a homepage is, and which field says so."""
    head = manifest.head
    origin = head.origin
    known = (
        (doi_url(head), "doi"),
        (origin.url if origin else None, "origin.url"),
        (head.mirrors[0] if head.mirrors else None, "mirrors"),
        (origin.purl if origin else None, "origin.purl"),
    )
    first = manifest.shards[0]
    magnet = str(Magnet(first.info_hash, first.name))  # of the catalog, if there is one
    return next(((url, source) for url, source in known if url), (magnet, "the first shard"))


def _described(manifest: Manifest) -> str:
    """Return what there is to say of a dataset that nobody has described."""
    head, count = manifest.head, len(manifest.shards)
    files = sum(shard.files for shard in manifest.shards)
    order = f", in the order of {head.popularity.metric}" if head.popularity else ""
    return (
        f"{head.title}: {format_size(manifest.size)} in {files:,} file{'s' * (files != 1)}, "
        f"shared over BitTorrent as {count:,} shard{'s' * (count != 1)}{order}."
    )


def semver(version: str) -> str | None:
    """Return a version as MAJOR.MINOR.PATCH; None: it is none, and it does not become one."""
    bare = version.removeprefix("v")
    if _SEMVER.fullmatch(bare):
        return bare
    numbers = _NUMBERS.fullmatch(bare)
    return ".".join(str(int(part or 0)) for part in numbers.groups()) if numbers else None


def doi_url(head: Head) -> str | None:
    """Return the address of a DOI."""
    return f"https://doi.org/{quote(head.doi, safe='/:;()')}" if head.doi else None
