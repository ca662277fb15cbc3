"""Exit status 7, of single files: some of a source may not be shared."""

from __future__ import annotations

from dataclasses import dataclass

from seedbox.errors.base import SeedboxError

_MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """One of them, and the rule that refused it."""

    path: str
    license: str | None  # None: there is none
    why: str

    def __str__(self) -> str:
        """Return one line for people."""
        terms = "no license" if self.license is None else f"license {self.license!r:.120}"
        return f"{self.path!r:.200}: {terms}: {self.why}"


class ItemsRefusedError(SeedboxError):
    """Files whose license does not let everybody pass them on."""

    code = "files-refused"
    exit_status = 7

    def __init__(
        self, dataset: str, items: tuple[RefusedFile, ...], *, of: int, count: int | None = None
    ) -> None:
        """Name files of a dataset that are refused, and how many files there are in all.

        Args:
            dataset: Its id.
            items: The files; of very many, the first are enough.
            of: How many files there are.
            count: How many are refused; as many as `items` if not given.
        """
        count = len(items) if count is None else count
        super().__init__(dataset=dataset, items=items, of=of, count=count)
        self.items, self.of, self.count = items, of, count

    @property
    def message(self) -> str:
        """Count them, and name the first."""
        files = "file" if self.of == 1 else "files"
        lines = [f"{self.count:,} of {self.of:,} {files} may not be shared:"]
        lines += map(str, self.items[:_MOST_SHOWN])
        if self.count > _MOST_SHOWN:
            lines.append(f"{self.count - _MOST_SHOWN:,} more")
        return "\n  ".join(lines)

    @property
    def hint(self) -> str:
        """They stay out, by either way."""
        if self.count == self.of:
            return "Share only openly licensed data; see docs/manifest.md, Licenses."
        return "Take them out of the source, or pass --leave-out-refused."
