"""Programs that ask for passwords, at a terminal of their own."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

DEADLINE = 60.0  # seconds; for all of it


@dataclass(frozen=True)
class Typed:
    """A program that has ended."""

    status: int
    shown: str  # all that the terminal showed


def run_at_terminal(
    command: Sequence[str],
    answers: Sequence[str],
    *,
    prompt: bytes = b"assword",
    env: Mapping[str, str] | None = None,
) -> Typed:
    """Run a program and type an answer at each prompt, once it shows the prompt."""
    terminal, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
    )
    os.close(theirs)
    shown, seen, left = b"", 0, list(answers)
    deadline = time.monotonic() + DEADLINE
    try:
        while more := _more(terminal, deadline):
            shown += more
            at = shown.find(prompt, seen)
            # A prompt ends without a line feed; what repeats the word afterwards does not.
            if left and at >= 0 and shown.endswith((b": ", b":")):
                seen = len(shown)
                os.write(terminal, left.pop(0).encode() + b"\n")
        return Typed(process.wait(DEADLINE), shown.decode())
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def _more(terminal: int, deadline: float) -> bytes:
    """Return what the terminal shows next; nothing once the program has ended."""
    ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
    assert ready, "the program neither goes on nor ends"
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so of a terminal that nobody has open any more
        return b""
