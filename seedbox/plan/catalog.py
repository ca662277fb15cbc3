"""The catalog shard: what it is called, and the terms that it comes under.

Pure. A catalog lists the items of all shards. It is a torrent of its own, named after its shard,
which stands before all data.
"""

from __future__ import annotations

from collections.abc import Iterable

from seedbox.errors import UsageError
from seedbox.manifest.model import Head, License

_NAME_LENGTH = 100  # characters of a shard's name (docs/manifest.md)
_SUFFIX = "catalog"


def shard_stem(head: Head, width: int) -> str:
    """Return what the names of a dataset's shards begin with; `width` characters are to follow."""
    return head.id.rpartition("/")[2][: _NAME_LENGTH - 1 - width]


def shard_name(head: Head, number: int, *, of: int) -> str:
    """Return the name of a shard, by its number from 1; all names of a dataset are as long."""
    width = max(4, len(str(of)))
    return f"{shard_stem(head, width)}-{number:0{width}}"


def catalog_name(head: Head) -> str:
    """Return the name of the catalog of a dataset: of its shard, its torrent and its folder.

    Raises:
        UsageError: The data's own folder is called so.
    """
    name = f"{shard_stem(head, len(_SUFFIX))}-{_SUFFIX}"
    if (head.torrent_root or "").casefold() == name:
        hint = "Set another `root` in dataset.yaml."
        raise UsageError(f"the data is called {name}, and so is the folder of its catalog", hint)
    return name


def catalog_license(head: Head, shards: Iterable[License | None]) -> License | None:
    """Return the license of a catalog; None: the dataset's.

    Where the dataset has none, all those of its shards hold, since each has given lines to it.

    Args:
        head: Of the dataset.
        shards: The licenses of the shards; None: the dataset's.
    """
    if head.license is not None:
        return None
    names = sorted({each.spdx for each in shards if each is not None})
    compound = len(names) > 1
    return License(
        " AND ".join(f"({name})" if compound and " " in name else name for name in names)
    )
