"""What every error is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class SeedboxError(Exception):
    """Base of all errors that seedbox raises on purpose."""

    code: ClassVar[str] = "error"
    exit_status: ClassVar[int] = 1

    def __init__(self, **data: object) -> None:
        """Keep the values that the message is made of."""
        super().__init__(data)
        self.data = data

    def __str__(self) -> str:
        """Return the message, so that an uncaught error still reads well."""
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the values; Python would call `__init__` with `args`, which it does not take."""
        return _revived, (type(self), *self.args), self.__dict__

    @property
    def message(self) -> str:
        """What is wrong, with the values that disagree."""
        return str(self.data.get("message", self.code))

    @property
    def hint(self) -> str | None:
        """The next step, one imperative sentence."""
        hint = self.data.get("hint")
        return None if hint is None else str(hint)


def _revived(kind: type[SeedboxError], *args: object) -> SeedboxError:
    """Return an error as it was pickled, before its attributes are given back to it."""
    return kind.__new__(kind, *args)


class BugError(SeedboxError):
    """Something that nobody raised on purpose; its cause has the traceback."""

    code = "bug"
    exit_status = 70  # EX_SOFTWARE of sysexits.h


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file that somebody wrote, with its place."""

    rule: str  # short stable code, such as "unknown-key"
    message: str
    hint: str
    file: str = ""
    line: int | None = None  # 1-based
    path: str = ""  # inside the document, such as "shards[3].size"

    def __str__(self) -> str:
        """Return `file:line: path: message`."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (place, self.path, self.message) if part)


class UsageError(SeedboxError):
    """The flags contradict each other or name something that is not there."""

    code = "usage"
    exit_status = 2

    def __init__(self, message: str, hint: str) -> None:
        """Say what cannot be done as asked, and how to ask."""
        super().__init__(message=message, hint=hint)
