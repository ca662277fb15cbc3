"""Looking into a catalog that is on this disk: by words, most used first, and by id.

A catalog comes from outside, so it is read by a database that can read its files and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from seedbox.catalog.database import Database, Limits, reading
from seedbox.catalog.parquet import IDS, ITEMS
from seedbox.errors import InvalidItemsError, SourceError

_LIMITS = Limits(memory=2**30)
_COLUMNS = {  # with what they are read as, whatever a hostile catalog has them as
    "rank": "BIGINT",
    "id": "VARCHAR",
    "path": "VARCHAR",
    "url": "VARCHAR",
    "popularity": "DECIMAL(38, 9)",
    "size": "BIGINT",
    "license": "VARCHAR",
    "attribution": "VARCHAR",
    "sha256": "VARCHAR",
    "shard": "VARCHAR",
    "rendition": "VARCHAR",
    "offset": "BIGINT",
    "length": "BIGINT",
}
_FIELDS = ", ".join(
    f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in _COLUMNS.items() if name != "path"
)
_FOUND = f"SELECT {_FIELDS}, coalesce(path, id) AS path FROM read_parquet(?)"


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """One item as the catalog has it."""

    rank: int  # 1: the most popular
    id: str
    url: str | None
    popularity: Decimal
    size: int  # bytes of the original
    license: str | None
    attribution: str | None
    sha256: str | None  # of the original, in hex
    shard: str  # the one that holds it
    rendition: str | None
    offset: int | None  # of its first byte in the shard's tar; None: it is a file of its own
    length: int | None  # bytes of it in the tar
    path: str


class CatalogFiles:
    """A catalog that is open."""

    def __init__(self, database: Database, folder: Path, files: Sequence[Path]) -> None:
        """See `open_catalog`."""
        self._database, self._folder = database, folder
        self._items = [str(file) for file in files if file.parent.name == ITEMS]
        self._ids = {file.stem: file for file in files if file.parent.name == IDS}

    def search(self, words: Sequence[str], limit: int) -> list[CatalogItem]:
        """Return the most popular items whose id or path has every word, in either case."""
        asked = [word.strip() for word in words if word.strip()]
        has = (
            "contains(lower(nfc_normalize(concat_ws(chr(10), id, path))), lower(nfc_normalize(?)))"
        )
        where = " AND ".join([has] * len(asked)) or "true"
        query = f"{_FOUND} WHERE {where} ORDER BY rank LIMIT ?"
        return self._read(query, self._items, *asked, limit)

    def item(self, name: str) -> CatalogItem | None:
        """Return the item with an id, read from two row groups; None: there is none."""
        digits = {len(stem) for stem in self._ids if stem != "all"}
        prefix = hashlib.sha256(name.encode()).hexdigest()[: max(digits, default=0)] or "all"
        if prefix not in self._ids:
            return None
        file = self._ids[prefix]
        query = "SELECT CAST(rank AS BIGINT) FROM read_parquet(?) WHERE id = ? LIMIT 1"
        ranks = self._database.rows(query, str(file), name, file=file)
        if not ranks:
            return None
        query = f"{_FOUND} WHERE rank = ? AND id = ? LIMIT 1"
        return next(iter(self._read(query, self._items, ranks[0][0], name)), None)

    def _read(self, query: str, *parameters: object) -> list[CatalogItem]:
        rows = self._database.rows(query, *parameters, file=self._folder)
        return [CatalogItem(*row) for row in rows]


@contextmanager
def open_catalog(folder: Path, files: Sequence[Path]) -> Iterator[CatalogFiles]:
    """Open the files of a catalog shard.

    Args:
        folder: What they lie in, for messages.
        files: All of them.

    Raises:
        MissingExtraError: DuckDB is not installed.
        SourceError: They are no catalog.
    """
    hint = "Get the shard again from its publisher; docs/manifest.md says what a catalog is."
    if not any(file.parent.name == ITEMS for file in files):
        raise SourceError(str(folder), f"is no catalog: there is no {ITEMS} folder in it", hint)
    with reading(files, limits=_LIMITS) as database:
        try:
            yield CatalogFiles(database, folder, files)
        except InvalidItemsError as error:
            why = f"is no catalog: {error.problems[0].message}"
            raise SourceError(str(folder), why, hint) from error
