"""Words: numbers of things, and text from outside, made harmless for a terminal."""

from __future__ import annotations


def safe(text: str, *, lines: bool = True) -> str:
    """Return text with everything replaced that could steer a terminal.

    Escape sequences in a title or a file name could rewrite what the user has read before.

    Args:
        text: What is to be printed.
        lines: Line feeds stay, since messages of several lines are ours.
    """
    kept = "\n" if lines else ""
    return "".join(char if char.isprintable() or char in kept else "\ufffd" for char in text)


def plural(count: int, noun: str) -> str:
    """Return how many there are of something: `1 file`, `1,024 files`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
