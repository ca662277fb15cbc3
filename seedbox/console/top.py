"""`top`: what a running daemon does, drawn anew every other second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console as Terminal
from rich.console import Group, RenderableType
from rich.live import Live

from seedbox.console.status import STATES, trouble_lines
from seedbox.console.tables import Document, line, table
from seedbox.console.text import plural
from seedbox.units import format_rate, format_size

_AROUND = 8  # lines of the screen that are not shards


@dataclass(frozen=True, slots=True)
class Look:
    """What a daemon said at one moment."""

    status: Document
    shards: Sequence[Document]  # the first, as sorted


def is_live() -> bool:
    """Tell whether standard output is a terminal that can be drawn anew."""
    stream = sys.stdout
    return stream is not None and stream.isatty() and Terminal(file=stream).is_interactive


def top_document(look: Look) -> Document:
    """Return one look."""
    return {"status": look.status, "shards": list(look.shards)}


def top_view(look: Look, *, rows: int) -> RenderableType:
    """Return one look, for people, with so many shards at most."""
    traffic, counts = look.status["traffic"], look.status["counts"]
    limit = "" if traffic["limit"] is None else f" of {format_rate(traffic['limit'])}"
    shown = table("shard", "state", "rate>", "served>", "peers>", "seeds>", "leechers>", "")
    for shard in look.shards[:rows]:
        shown.add_row(*_row(shard))
    return Group(
        line(
            f"{format_rate(traffic['rate'])}{limit} to {plural(traffic['peers'], 'peer')}; "
            f"today {format_size(traffic['today'])}, this month {format_size(traffic['month'])}, "
            f"in all {format_size(traffic['uploaded'])}",
            "bold",
        ),
        line(" > ".join(f"{counts[state]:,} {state}" for state in STATES)),
        *trouble_lines(look.status["troubles"]),
        line(""),
        shown,
    )


def _row(shard: Document) -> Iterator[RenderableType]:
    swarm, pause = shard["swarm"], shard["pause"]
    yield line(shard["name"])
    yield line(shard["reached"][-1] if shard["reached"] else "-")
    yield format_rate(shard["rate"])
    yield format_size(shard["uploaded"])
    yield f"{shard['peers']:,}"
    yield from ("-", "-") if swarm is None else (f"{swarm['seeds']:,}", f"{swarm['leechers']:,}")
    yield line("" if pause is None else f"{pause['why']}: {pause['detail']}", "red")


def watch(looks: Iterator[Look], *, every: float, terminal: Terminal | None = None) -> None:
    """Draw each look until there is none any more, or Ctrl-C.

    Args:
        looks: Asks the daemon, each time that it is asked.
        every: Seconds between two.
        terminal: Where to draw; standard output by default.
    """
    screen = terminal or Terminal(highlight=False, emoji=False)
    never = threading.Event()  # a wait that Ctrl-C ends
    with Live(console=screen, screen=True, auto_refresh=False) as live:
        for look in looks:
            live.update(top_view(look, rows=max(1, screen.height - _AROUND)), refresh=True)
            never.wait(every)
