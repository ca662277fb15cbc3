"""Tables of items and catalogs: what is wrong with them, and what their making runs out of."""

from __future__ import annotations

from seedbox.errors.base import SeedboxError
from seedbox.errors.inputs import InvalidFileError


class InvalidItemsError(InvalidFileError):
    """A table of items, or one of popularity beside it, cannot be used."""

    code = "invalid-items"
    what = "table"


class InvalidListError(InvalidFileError):
    """A list of what lies on a server cannot be used."""

    code = "invalid-list"
    what = "list"


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
