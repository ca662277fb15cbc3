"""The log of a daemon: a line for what is worth one, as text or as JSON, for years.

Text has the time in front, unless the service manager's journal reads it: that has its own, and is
told how grave a line is by a prefix such as `<4>` (sd-daemon(3)). What could be a secret within a
URL is taken out of every line, whatever it came from.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Any, TextIO

from seedbox.console.progress import Clock, Worth
from seedbox.console.text import safe
from seedbox.jobs.events import Event, Warned


class Form(StrEnum):
    """How lines are written."""

    TEXT = "text"
    JSON = "json"


class Level(Enum):
    """How grave a line is; the value is syslog's number for it (RFC 5424, section 6.2.1)."""

    ERROR = 3
    WARNING = 4
    INFO = 6


def journal_reads(stream: TextIO | None, environment: Mapping[str, str]) -> bool:
    """Tell whether a stream is the one that the journal reads (systemd.exec(5), JOURNAL_STREAM).

    The variable alone does not say so: whoever redirects the output of a service inherits it.
    """
    named = environment.get("JOURNAL_STREAM")
    if not named or stream is None:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):  # it is closed, or a file in memory
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


@dataclass(slots=True)
class Log:
    """Writes lines."""

    form: Form
    write: Callable[[str], object]  # gets whole lines
    now: Callable[[], float]  # seconds since the epoch
    worth: Worth
    journal: bool = False  # its reader adds the time, and takes levels as prefixes

    @classmethod
    def to(
        cls,
        write: Callable[[str], object],
        form: Form,
        *,
        journal: bool,
        now: Callable[[], float],
        clock: Clock,
    ) -> Log:
        """Return a log that begins.

        Args:
            write: Gets whole lines.
            form: Text or JSON.
            journal: See `journal_reads`.
            now: Seconds since the epoch.
            clock: Seconds; it only rises.
        """
        return cls(form, write, now, Worth(clock), journal)

    def show(self, event: Event) -> None:
        """Write what is worth a line."""
        if line := self.worth.line(event):
            level = Level.WARNING if isinstance(event, Warned) else Level.INFO
            self.line(line, level, type(event).__name__.lower(), asdict(event))

    def line(
        self, text: str, level: Level, event: str = "note", data: Mapping[str, Any] | None = None
    ) -> None:
        """Write a line, or several that belong together."""
        at = datetime.fromtimestamp(self.now(), UTC)
        if self.form is Form.JSON:
            # The message of a warning says that it is one; here the level does.
            message = hidden(text.removeprefix("warning: "))
            told = {"time": _written(at), "level": level.name.lower(), "event": event}
            rest = {key: _plain(value) for key, value in (data or {}).items()}
            self.write(json.dumps({**told, **rest, "message": message}) + "\n")
            return
        prefix = f"<{level.value}>" if self.journal else f"{_written(at)} "
        lines = safe(hidden(text)).splitlines()
        self.write("".join(f"{prefix}{each}\n" for each in lines))


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _plain(value: Any) -> Any:  # noqa: ANN401  (what JSON has, and what becomes a text)
    if value is None or isinstance(value, bool | int | float):
        return value
    return hidden(str(value))


_USER = re.compile(r"\b([a-z][a-z0-9+.-]*://)[^/\s@]*@", re.IGNORECASE)
_QUERY = re.compile(
    r"([?&;](?:[\w.-]*(?:key|token|secret|password|passwd|auth|signature)|sig|pid|uid|user)=)"
    r"[^&;\s'\"#]*",
    re.IGNORECASE,
)
_PATH = re.compile(
    r"(://[^/\s]+/(?:[^?#\s]*/)?)[0-9a-z]{32,}(?=/(?:announce|scrape)\b)", re.IGNORECASE
)
_BEARER = re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE)


def hidden(text: str) -> str:
    """Return text without what could be a secret: user and password, keys in a query, tokens.

    So is the passkey in the path of a private tracker's URL.
    """
    text = _USER.sub(r"\1…@", text)
    text = _QUERY.sub(r"\1…", text)
    text = _PATH.sub(r"\1…", text)
    return _BEARER.sub(r"\1 …", text)
