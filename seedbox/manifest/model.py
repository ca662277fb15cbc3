"""The values of a manifest: what one dataset is, and its shards in popularity order.

Pure data. `parse` makes them from text and checks each field on its own, `lint` checks them
against each other, `write` puts them back into text. Numbers are exact: `use`, `total` and
`coverage` are Decimals. Digests are bytes here and hex in text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from urllib.parse import unquote, urlsplit

from seedbox.manifest.commands import Command, Made
from seedbox.manifest.schedule import Schedule
from seedbox.torrent import paths
from seedbox.torrent.info_hash import Format, InfoHash

VERSION = 1  # the manifest format that this package reads and writes


class Pack(StrEnum):
    """How the items of a shard lie in its torrent."""

    FILES = "files"  # under their own paths in the dataset's root
    TAR = "tar"  # in one file, `<shard>.tar`


class PersonalData(StrEnum):
    """What the publisher says about people in the data."""

    NONE = "none"
    CONTAINS = "contains"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What a shard holds."""

    CATALOG = "catalog"  # the table of items; stands before all data
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping under an `x-` key, kept as it was read: in order, and hashable."""

    pairs: tuple[tuple[str, Extra], ...] = ()

    def get(self, key: str) -> Extra:
        """Return the value of a key, or None."""
        return next((value for name, value in self.pairs if name == key), None)

    def __bool__(self) -> bool:
        return bool(self.pairs)


# What may stand under an `x-` key.
Extra = str | int | Decimal | bool | tuple["Extra", ...] | Table | None


@dataclass(frozen=True, slots=True)
class Creator:
    """Who made the data."""

    name: str
    orcid: str | None = None
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who answers for this manifest."""

    name: str
    contact: str | None = None
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where the license is stated, and what stood there."""

    url: str
    retrieved: date | None = None
    sha256: bytes | None = None
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class License:
    """The terms of a dataset or of one shard; whether they are open is computed from `spdx`."""

    spdx: str  # an SPDX expression, as the publisher wrote it
    attribution: str | None = None
    evidence: Evidence | None = None
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class Origin:
    """Where the data was first published: a URL, a package URL (purl), or both."""

    url: str | None = None
    purl: str | None = None
    revision: str | None = None
    retrieved: date | None = None
    sha256: bytes | None = None
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class Popularity:
    """What orders the shards."""

    metric: str
    as_of: date | None = None
    window: tuple[date, date] | None = None
    source: str | None = None
    total: Decimal | None = None  # of every `use`; a manifest has it, a head need not
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class Rendition:
    """How some items are stored."""

    name: str
    encode: str | None = None  # None: as they are
    below: Decimal | None = None  # applies to items whose popularity is under this
    command: Command | None = None  # an encoder of the publisher's own, in place of `encode`
    made: Made | None = None  # what a build has run; a head has none
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class TorrentRef:
    """A .torrent beside the manifest."""

    path: str  # from the manifest's folder, with `/`
    sha256: bytes
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class WebSeed:
    """A base URL that serves a shard by HTTP (BEP 19), and how it was last proved."""

    url: str
    checked: datetime | None = None
    pieces: int | None = None  # how many were fetched and matched
    extra: Table = Table()


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Everything a manifest says about the dataset as a whole; a dataset.yaml is a head alone."""

    id: str  # publisher/dataset
    sequence: int
    version: str
    issued: datetime
    title: str
    expires: datetime | None = None
    previous: bytes | None = None  # SHA-256 of the manifest that this one replaces
    description: str | None = None
    homepage: str | None = None
    doi: str | None = None
    keywords: tuple[str, ...] = ()
    creators: tuple[Creator, ...] = ()
    publisher: Publisher | None = None
    cite_as: str | None = None
    mirrors: tuple[str, ...] = ()
    withdrawals: str | None = None
    license: License | None = None  # of each shard that has none of its own
    origin: Origin | None = None
    root: str | None = None  # the torrents' name; None: see `torrent_root`
    pack: Pack | None = None  # None: files, or for `build` to choose
    format: Format = Format.HYBRID
    personal_data: PersonalData = PersonalData.UNKNOWN
    popularity: Popularity | None = None
    renditions: tuple[Rendition, ...] = ()
    trackers: tuple[tuple[str, ...], ...] = ()  # tiers (BEP 12)
    release: Schedule | None = None  # only in a dataset.yaml: a manifest has dates instead
    extra: Table = Table()

    @property
    def torrent_root(self) -> str | None:
        """The name of every torrent of several files: `root`, else the origin URL's last folder.

        None: neither gives a name that can be a folder, and `build` takes that of its source.
        """
        if self.root is not None or self.origin is None or self.origin.url is None:
            return self.root
        last = unquote(urlsplit(self.origin.url).path.rstrip("/").rpartition("/")[2])
        return None if paths.problem((last,)) else last


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One torrent's worth of items that are about equally popular."""

    name: str
    role: Role
    items: int
    files: int  # in the torrent, pad files not counted
    size: int  # bytes of payload, pad files not counted
    piece_length: int  # bytes
    info_hash: InfoHash
    torrent: TorrentRef
    rendition: str | None = None
    use: Decimal | None = None  # the metric, summed over the items
    coverage: Decimal | None = None  # use of this shard and all before it, over the total
    at: str | None = None  # the folder of a single-file torrent, under the root
    web_seeds: tuple[WebSeed, ...] = ()
    min_copies: int | None = None  # how many full copies the publisher wants
    release: datetime | None = None  # neither seeded nor fetched before
    license: License | None = None  # None: the dataset's
    supersedes: tuple[bytes, ...] = ()  # v2 info-hashes (BEP 38)
    extra: Table = Table()


@dataclass(frozen=True, slots=True)
class Manifest:
    """One release of a dataset."""

    head: Head
    shards: tuple[Shard, ...]

    @property
    def size(self) -> int:
        """Bytes of payload of all shards."""
        return sum(shard.size for shard in self.shards)

    def license_of(self, shard: Shard) -> License | None:
        """Return the license of a shard: its own, else the dataset's."""
        return self.head.license if shard.license is None else shard.license
