"""Which items may be published, and which of them share a license.

Pure. A popularity table may give a license to a single path; all others have the dataset's. Items
of one license go into shards of their own, so that a mirror can take those that it may. What is
not open is never part of a shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from seedbox.errors import ItemsRefusedError, RefusedFile
from seedbox.manifest import licenses
from seedbox.manifest.model import Head


class Licensed(Protocol):
    """What is asked of an item."""

    @property
    def path(self) -> tuple[str, ...]:
        """Below the source."""

    @property
    def license(self) -> str | None:
        """Its own terms, as somebody wrote them; None: the dataset's."""


T = TypeVar("T", bound=Licensed)


@dataclass(frozen=True, slots=True)
class RefusedItem:
    """A file that may not be shared, and the rule that says so."""

    path: tuple[str, ...]  # below the source
    license: str | None  # as the table has it; None: neither it nor the dataset has one
    rule: str
    why: str

    @property
    def name(self) -> str:
        """The path as one text."""
        return "/".join(self.path)


@dataclass(frozen=True, slots=True)
class Terms(Generic[T]):
    """Items by license, and those that may not be shared."""

    groups: Mapping[str | None, list[T]]  # by SPDX expression, normalised; None: the dataset's
    refused: tuple[RefusedItem, ...]


def settle(head: Head, items: Iterable[T]) -> Terms[T]:
    """Group items by license.

    A license that means the dataset's is the dataset's, however it is spelled. Groups come in the
    order of their names, the dataset's own first, so that the same items give the same groups.

    Raises:
        LicenseRefusedError: The dataset's own license is not open; or it has none, and no item
            has one either.
    """
    written: dict[str | None, list[T]] = {}
    for item in items:
        written.setdefault(item.license, []).append(item)
    if head.license is not None or not any(written):
        licenses.gate(head)
    default = licenses.verdict(head.license.spdx if head.license else None)
    groups: dict[str | None, list[T]] = {}
    refused: list[RefusedItem] = []
    for text, group in written.items():
        found = default if text is None else licenses.verdict(text)
        if found.open:
            name = None if found.expression == default.expression else found.expression
            groups.setdefault(name, []).extend(group)
        else:
            refused += [RefusedItem(item.path, text, found.rule, found.why) for item in group]
    ordered = {name: groups[name] for name in sorted(groups, key=lambda name: name or "")}
    return Terms(ordered, tuple(sorted(refused, key=lambda item: item.path)))


def refusal(head: Head, refused: Sequence[RefusedItem], *, of: int) -> ItemsRefusedError:
    """Return the error that names the items of a dataset that may not be shared."""
    named = tuple(RefusedFile(item.name, item.license, item.why) for item in refused)
    return ItemsRefusedError(head.id, named, of=of)
