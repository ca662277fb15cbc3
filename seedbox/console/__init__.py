"""The only printer: results to standard output, progress, messages and errors to standard error.

`Console` carries the user's choices: --json, --json-events, --quiet, --debug. What comes from
outside is made harmless before it reaches a terminal; JSON is ASCII for the same reason.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, TextIO, TypeAlias, Union

from rich.console import Console as Terminal

from seedbox.console.logged import Form, Level, Log, journal_reads
from seedbox.console.progress import Bars, Lines
from seedbox.console.text import safe
from seedbox.errors import BugError, DiskError, SeedboxError

if TYPE_CHECKING:
    from rich.console import RenderableType

    from seedbox.jobs.events import Event

Json: TypeAlias = Union[bool, int, float, str, "Mapping[str, Json]", "list[Json]", None]

_UNFOLDED = 100_000  # columns of what is no terminal: programs and files get whole lines


def _terminal(*, stderr: bool, file: TextIO | None = None) -> Terminal:
    """Return what draws on standard output or error: styled for terminals, unless NO_COLOR is set.

    Args:
        stderr: Which of the two it is for.
        file: Gets the text in its place.
    """
    stream = sys.stderr if stderr else sys.stdout
    is_terminal = stream is not None and stream.isatty()
    return Terminal(
        file=file,
        stderr=stderr,
        force_terminal=is_terminal,
        width=None if is_terminal else _UNFOLDED,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
        highlight=False,
        emoji=False,
        soft_wrap=True,
    )


@dataclass(slots=True)
class Console:
    """Prints as the user asked."""

    as_json: bool = False
    json_events: bool = False
    quiet: bool = False
    debug: bool = False
    err: Terminal = field(default_factory=lambda: _terminal(stderr=True))
    _progress: Bars | Lines | None = None
    _log: Log | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def log(self, form: str) -> None:
        """Write a log to standard error from now on, of events, messages and errors.

        Args:
            form: `text` or `json`.
        """
        journal = journal_reads(sys.stderr, os.environ)
        self._log = Log.to(
            _append,
            Form(form),
            journal=journal,
            now=time.time,
            clock=time.monotonic,
        )

    def show_event(self, event: Event) -> None:
        """Show what a job says; safe to call from any thread."""
        if self.json_events:
            self._tell(type(event).__name__.lower(), asdict(event))
        elif self._log is not None:
            with self._lock:
                self._log.show(event)
        elif not self.quiet:
            with self._lock:
                if self._progress is None:
                    self._progress = Bars(self.err) if self.err.is_interactive else Lines(self.err)
                self._progress.show(event)

    def close(self) -> None:
        """Take bars off the terminal."""
        if self._progress is not None:
            self._progress.close()
            self._progress = None

    def show(self, document: Mapping[str, Json], view: Callable[[], RenderableType]) -> None:
        """Print a result: the document with --json, else the view.

        Args:
            document: The whole result, as JSON has it.
            view: Makes the same for people; called only if it is wanted.

        Raises:
            DiskError: Standard output cannot be written to.
            BrokenPipeError: Nobody reads it any more.
        """
        self.close()
        if self.as_json:
            self._print(json.dumps(document, indent=2) + "\n")
            return
        text = io.StringIO()
        _terminal(stderr=False, file=text).print(view())
        self._print("\n".join(row.rstrip() for row in text.getvalue().split("\n")))

    def write(self, text: str) -> None:
        """Print a result that is a file in itself, as it is.

        Raises:
            DiskError: Standard output cannot be written to.
            BrokenPipeError: Nobody reads it any more.
        """
        self.close()
        self._print(text)

    def say(self, line: str) -> None:
        """Print a message for people to standard error, unless they asked for quiet."""
        if self.json_events:
            self._tell("note", {"message": line})
        elif self._log is not None:
            with self._lock:
                self._log.line(line, Level.INFO)
        elif not self.quiet:
            self.err.print(safe(line), markup=False)

    def show_error(self, error: SeedboxError) -> None:
        """Print an error: to standard output as JSON with --json, else to standard error."""
        self.close()
        if self.debug or isinstance(error, BugError):
            traceback.print_exception(error.__cause__ or error)
        document: Mapping[str, Json] = {
            "code": error.code,
            "message": error.message,
            "hint": error.hint,
            "data": {key: _plain(value) for key, value in error.data.items()},
        }
        if self.json_events:
            self._tell("error", document)
        if self.as_json:
            with contextlib.suppress(DiskError):  # then it is told below
                self._print(json.dumps({"error": document}) + "\n")
                return
        if self._log is not None:
            hint = f"\n  hint: {error.hint}" if error.hint else ""
            text = f"error[{error.code}]: {error.message}{hint}"
            with self._lock:
                self._log.line(text, Level.ERROR, "error", {"code": error.code, "hint": error.hint})
        elif not self.json_events:
            self.err.print(f"[bold red]error[/]\\[{error.code}]: ", end="")
            self.err.print(safe(error.message), markup=False)
            if error.hint:
                self.err.print(safe(f"  hint: {error.hint}"), markup=False)

    def _print(self, text: str) -> None:
        """Write to standard output."""
        try:
            _put(sys.stdout, text)
        except DiskError:
            self.as_json = False  # so that the error goes where it is seen
            raise

    def _tell(self, event: str, data: Mapping[str, Json]) -> None:
        """Write one event as one line."""
        line = json.dumps({"event": event, **data})
        with self._lock:
            _put(sys.stderr, f"{line}\n")


def _put(stream: TextIO | None, text: str) -> None:
    """Write text out, now: at the end of the process nobody could be told that it failed.

    There is no stream if the shell has closed it; what its encoding lacks becomes a `?`.

    Raises:
        DiskError: The system refuses.
        BrokenPipeError: Nobody reads it any more.
    """
    if stream is None:
        return
    known = text.encode(stream.encoding, "replace").decode(stream.encoding)
    try:
        stream.write(known)
        stream.flush()
    except OSError as error:
        # What is left in its buffer would be tried again, and fail again, when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), stream.fileno())
        if isinstance(error, BrokenPipeError):
            raise
        raise DiskError("its output", "write", error.strerror or str(error)) from error


def _append(lines: str) -> None:
    """Write lines of a log; what the system does not take is lost, or written with the next ones.

    A daemon does not stop for its log, and there is nobody else who could be told.
    """
    stream = sys.stderr
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.write(lines.encode(stream.encoding, "replace").decode(stream.encoding))
            stream.flush()


def _plain(value: object) -> Json:
    """Return a value of an error's data as JSON has it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {key: _plain(getattr(value, key)) for key in value.__dataclass_fields__}
    return str(value)
