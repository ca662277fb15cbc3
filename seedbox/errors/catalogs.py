"""Tables of items and catalogs: what is wrong with them, and what their making runs out of."""

from __future__ import annotations

from collections.abc import Sequence

from seedbox.errors.base import Problem, SeedboxError
from seedbox.errors.inputs import InvalidFileError

_MOST_SHOWN = 20  # files in a message


class InvalidItemsError(InvalidFileError):
    """A table of items, or one of popularity beside it, cannot be used."""

    code = "invalid-items"
    what = "table"


class InvalidListError(InvalidFileError):
    """A list of what lies on a server cannot be used."""

    code = "invalid-list"
    what = "list"


class NotAsListedError(InvalidFileError):
    """Files of a source are not there, or are not what a table of items says of them."""

    code = "not-as-listed"
    what = "source"

    def __init__(self, source: str, words: Sequence[str], *, count: int | None = None) -> None:
        """Say what is wrong with each file; the first are named.

        Args:
            source: Where the files lie, or which shard they belong to.
            words: What is wrong with each; of very many, the first are enough.
            count: How many there are; as many as `words` if not given.
        """
        count = len(words) if count is None else count
        hint = "Correct the table or the files, and build again; shards that are done are kept."
        shown = list(words[:_MOST_SHOWN])
        if count > _MOST_SHOWN:
            shown.append(f"{count - _MOST_SHOWN:,} more files are not as the table says")
        problems = (Problem("not-as-listed", why, hint) for why in shown)
        super().__init__(source, tuple(problems))


class MemoryLimitError(SeedboxError):
    """Ordering needs more memory than it may have."""

    code = "memory-limit"
    exit_status = 5

    def __init__(self, what: str, *, limit: int) -> None:
        """Name what was done, and the limit in bytes."""
        super().__init__(what=what, limit=limit)

    @property
    def message(self) -> str:
        """Give the limit."""
        return f"{self.data['what']} needs more than its {self.data['limit']:,} bytes of memory"

    @property
    def hint(self) -> str:
        """More of it, or fewer threads that share it."""
        return "Allow more memory, or fewer threads; each takes a share of it."
