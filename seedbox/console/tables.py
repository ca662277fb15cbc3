"""What every table and document is made of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from seedbox.console.text import safe
from seedbox.torrent.magnet import Magnet
from seedbox.units import format_share

if TYPE_CHECKING:
    from seedbox.torrent.metainfo import Metainfo

Document = Mapping[str, Any]

FILES_SHOWN = 20  # of a long list; --json has them all


def line(text: str, style: str = "") -> Text:
    """Return one line that may hold text from outside."""
    return Text(safe(text, lines=False), style)


def table(*columns: str) -> Table:
    """Return an empty table; columns that end in `>` hold numbers: right-aligned, never folded."""
    made = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        if column.endswith(">"):
            made.add_column(column.rstrip(">"), justify="right", no_wrap=True)
        else:
            made.add_column(column, overflow="fold")
    return made


def facts(rows: Iterable[tuple[str, object]]) -> Table:
    """Return names and values in two columns; what is empty is left out."""
    made = Table(box=None, pad_edge=False, show_header=False)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for name, value in rows:
        if value not in {None, ""}:
            made.add_row(line(name, "bold"), line(str(value)))
    return made


def share(value: Decimal | None) -> str:
    """Return a share for a table, or a dash if it is not known."""
    return "-" if value is None else format_share(value)


def number(value: Decimal | None) -> int | float | None:
    """Return an exact number as JSON has it."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def hashes(v1: bytes | None, v2: bytes | None) -> dict[str, str]:
    """Return info-hashes in hex, those that there are."""
    return {key: value.hex() for key, value in (("v1", v1), ("v2", v2)) if value is not None}


def magnet_of(metainfo: Metainfo) -> Magnet:
    """Return the link that names a torrent, with the trackers and web seeds in it."""
    urls = tuple(url for tier in metainfo.trackers for url in tier)
    return Magnet(metainfo.info_hash, metainfo.name, urls, metainfo.web_seeds)
