"""Values to manifest text: the same bytes on every machine, in the order of the spec.

Pure. A writer of our own, since PyYAML's takes twenty times as long and lays out by width. One
field a line, small records in braces, so that a diff shows what changed. Text is quoted wherever
some YAML reader would see anything but this text: see `scalars`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from seedbox.manifest.commands import Command, Made
from seedbox.manifest.model import (
    VERSION,
    Creator,
    Evidence,
    Extra,
    Head,
    License,
    Manifest,
    Origin,
    Popularity,
    Publisher,
    Rendition,
    Shard,
    Table,
    TorrentRef,
    WebSeed,
)
from seedbox.manifest.renditions import duration_text
from seedbox.manifest.scalars import UNWRITTEN, taken_for
from seedbox.manifest.schedule import HeadRule, Schedule, TailRule, When
from seedbox.torrent.info_hash import InfoHash

Form = Callable[[Any], str]  # what stands after `key:`, with the space or line break before it

_NOT_PLAIN = re.compile(r"""^[\s\-?:,\[\]{}#&*!|>'"%@`]|[\r\n]|:(?:\s|$)|\s\#|\s$""")
_FLOW = re.compile(r"[,\[\]{}?]")  # a ? in braces stops PyYAML's parser in Python
_NOT_LITERAL = re.compile(r"\A\s|[ \t]$|\n\n\Z|\r", re.MULTILINE)
_SURROGATE = re.compile("[\ud800-\udfff]")


def write_manifest(manifest: Manifest) -> bytes:
    """Return the manifest file."""
    lines = _head_lines(replace(manifest.head, release=None), {})
    lines.append("shards:" if manifest.shards else "shards: []")
    for shard in manifest.shards:
        fields = [f"{key}:{form}" for key, form in _entries(shard)]
        lines.append("- " + "\n  ".join(fields))
    return _encoded(lines)


def write_head(head: Head, comments: Mapping[str, str] | None = None) -> bytes:
    """Return a dataset.yaml.

    Args:
        head: What it says.
        comments: Remarks for whoever edits the file, by top-level key or by a path that begins
            with one, such as `license.spdx`. They stand above the key, or where the key would be
            if it has no value; those under "" stand above everything.
    """
    return _encoded(_head_lines(head, {} if comments is None else comments))


def _encoded(lines: list[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def _head_lines(head: Head, comments: Mapping[str, str]) -> list[str]:
    lines = _remarks(comments, "")
    lines.append(f"seedbox: {VERSION}")
    entries = dict(_entries(head))
    for key in [*_FIELDS[Head], *(key for key in entries if key not in _FIELDS[Head])]:
        lines += _remarks(comments, key)
        if key in entries:
            lines.append(f"{key}:{entries[key]}")
    return lines


def _remarks(comments: Mapping[str, str], key: str) -> list[str]:
    found = [text for path, text in comments.items() if path.partition(".")[0] == key]
    lines = [line for text in found for line in text.splitlines()]
    return [f"# {UNWRITTEN.sub(' ', line)}".rstrip() for line in lines]


# --- scalars ----------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    if _SURROGATE.search(text):
        raise ValueError(f"{text!r} is not valid Unicode, so no file can hold it")
    # JSON's escapes are YAML's, but YAML asks for more of them.
    return UNWRITTEN.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _block(text: str) -> str:
    """Return text for a line of its own."""
    if taken_for(text) or _NOT_PLAIN.search(text) or UNWRITTEN.search(text):
        return _quoted(text)
    return text


def _flow(text: str) -> str:
    """Return text for inside braces or brackets."""
    return _quoted(text) if _FLOW.search(text) else _block(text)


def _long(text: str) -> str:
    """Return text that may have several lines, as a literal block where YAML can hold it."""
    if "\n" not in text or _NOT_LITERAL.search(text) or UNWRITTEN.search(text):
        return f" {_block(text)}"
    indented = re.sub(r"^(?=.)", "  ", text.removesuffix("\n"), flags=re.MULTILINE)
    return f" {'|' if text.endswith(chr(10)) else '|-'}\n{indented}"


def _number(value: Decimal) -> str:
    if value == value.to_integral_value():
        return f"{value:.0f}"
    return f"{value:f}".rstrip("0")


def _coverage(value: Decimal) -> str:
    whole, _, rest = _number(value).partition(".")
    return f"{whole}.{rest:0<6}"


def _moment(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _when(value: When) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    return str(value) if value else "now"


def _percent(value: Decimal) -> str:
    return f"{_number(value * 100)}%"


def _extra(value: Extra) -> str:
    match value:
        case None | bool():
            return json.dumps(value)
        case int():
            return str(value)
        case Decimal():
            return f"{value:f}"
        case str():
            return _flow(value)
        case Table():
            return f"{{{', '.join(f'{_flow(k)}: {_extra(item)}' for k, item in value.pairs)}}}"
        case tuple():
            return _list(_extra)(value)


# --- collections ------------------------------------------------------------------------------


def _list(of: Form) -> Form:
    return lambda items: f"[{', '.join(map(of, items))}]"


def _record(value: object) -> str:
    return f"{{{', '.join(f'{key}:{form}' for key, form in _entries(value))}}}"


def _lines(value: object) -> str:
    return "".join(f"\n  {key}:{form}" for key, form in _entries(value))


def _renditions(renditions: tuple[Rendition, ...]) -> str:
    return "".join(f"\n  {_flow(each.name)}: {_record(each)}" for each in renditions)


def _entries(value: object) -> list[tuple[str, str]]:
    """Return the keys that have a value, each with what follows its colon."""
    entries: list[tuple[str, str]] = []
    for key, form in _FIELDS[type(value)].items():
        field = getattr(value, key)
        if field is not None and field != ():
            entries.append((key, form(field)))
    if extra := getattr(value, "extra", None):
        entries += [(_flow(key), f" {_extra(item)}") for key, item in extra.pairs]
    return entries


def _spaced(form: Form) -> Form:
    return lambda value: f" {form(value)}"


flow, flow_extra, moment = _flow, _extra, _moment  # what withdrawals are written with

_text = _spaced(_block)
_inner = _spaced(_flow)
_bare = _spaced(str)  # numbers and enumerations
_hex = _spaced(lambda value: _flow(value.hex()))
_decimal = _spaced(_number)
_day = _spaced(date.isoformat)
_time = _spaced(_moment)
_texts = _spaced(_list(_flow))
_braces = _spaced(_record)

_FIELDS: Mapping[type, Mapping[str, Form]] = {
    Creator: {"name": _inner, "orcid": _inner},
    Publisher: {"name": _inner, "contact": _inner},
    Evidence: {"url": _inner, "retrieved": _day, "sha256": _hex},
    License: {"spdx": _inner, "attribution": _inner, "evidence": _braces},
    Origin: {"url": _inner, "purl": _inner, "revision": _inner, "retrieved": _day, "sha256": _hex},
    Popularity: {
        "metric": _inner,
        "as_of": _day,
        "window": _spaced(_list(date.isoformat)),
        "source": _inner,
        "total": _decimal,
    },
    Rendition: {"encode": _inner, "below": _decimal, "command": _braces, "made": _braces},
    Command: {
        "run": _texts,
        "version": _texts,
        "suffix": _inner,
        "reads": _texts,
        "check": _texts,
        "time_limit": _spaced(duration_text),
    },
    Made: {"version": _inner, "run": _texts, "items": _bare, "kept": _bare, "sample": _hex},
    TorrentRef: {"path": _inner, "sha256": _hex},
    WebSeed: {"url": _inner, "checked": _time, "pieces": _bare},
    InfoHash: {"v1": _hex, "v2": _hex},
    Head: {
        "id": _text,
        "sequence": _bare,
        "version": _text,
        "issued": _time,
        "expires": _time,
        "previous": lambda value: f" sha256:{value.hex()}",
        "title": _text,
        "description": _long,
        "homepage": _text,
        "doi": _text,
        "keywords": _texts,
        "creators": _spaced(_list(_record)),
        "publisher": _braces,
        "cite_as": _long,
        "mirrors": _texts,
        "withdrawals": _text,
        "license": _lines,
        "origin": _braces,
        "root": _text,
        "pack": _bare,
        "format": _bare,
        "personal_data": _bare,
        "popularity": _lines,
        "renditions": _renditions,
        "trackers": _spaced(_list(_list(_flow))),
        "release": _lines,
    },
    Schedule: {"catalog": _spaced(_when), "head": _braces, "tail": _braces},
    HeadRule: {"coverage": _spaced(_percent), "shards": _bare, "after": _spaced(_when)},
    TailRule: {"shards": _bare, "every": _bare},
    Shard: {
        "name": _text,
        "role": _bare,
        "rendition": _text,
        "items": _bare,
        "files": _bare,
        "size": _bare,
        "use": _decimal,
        "coverage": _spaced(_coverage),
        "piece_length": _bare,
        "info_hash": _braces,
        "torrent": _braces,
        "at": _text,
        "web_seeds": _spaced(_list(_record)),
        "min_copies": _bare,
        "release": _time,
        "license": _braces,
        "supersedes": _spaced(_list(lambda value: _flow(value.hex()))),
    },
}
