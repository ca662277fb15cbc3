"""Sizes, rates, shares and durations: text from people in, exact numbers out, and back.

Pure. What cannot be read raises ValueError with a text that the command line shows as it is.
Bytes are integers and shares are fractions, so nothing is lost in between. A size such as `1.1GiB`
that is no whole number of bytes is rounded down, so that a budget is never overdrawn.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

_KIB = 1024
_PREFIXES = "KMGTPE"  # the powers 1 to 6 of 1000, or with an `i` of 1024
_BINARY = tuple(f"{prefix}iB" for prefix in _PREFIXES)
_FLAGS = re.ASCII | re.IGNORECASE
_NUMBER = r"(?P<number>[0-9]+(?:\.[0-9]+)?)"
_SIZE_TEXT = rf"{_NUMBER}\s*(?:(?P<prefix>[KMGTPE])(?P<binary>i?))?B?"
_SIZE = re.compile(_SIZE_TEXT, _FLAGS)
_RATE = re.compile(rf"(?P<size>{_SIZE_TEXT})\s*(?:/\s*s)?", _FLAGS)
_SHARE = re.compile(rf"{_NUMBER}\s*(?P<percent>%?)")
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "min": 60, "m": 60, "s": 1}
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(w|d|h|min|m|s)\s*", _FLAGS)
_DURATION = re.compile(rf"(?:{_SPAN.pattern})+", _FLAGS)
_MAX_SIZE = 2**63 - 1  # bytes; what file systems and bencode readers hold
_MAX_DURATION = 100 * 366 * 86_400  # seconds
_MAX_TEXT = 40  # characters; a longer text is no size
_ALL = 1000  # tenths of a percent
_SHORT = 100  # tenths of a second; shorter times are shown with a decimal


def parse_size(text: str) -> int:
    """Return the bytes that a text such as `50GB`, `1.5TiB` or `4096` means.

    `K` to `E` are powers of 1000, `Ki` to `Ei` powers of 1024; letters may be of either case.
    Parts of a byte are dropped after a prefix (`1.1GiB`) and refused without one (`1.5`).

    Raises:
        ValueError: It is no size, or over 2^63 - 1.
    """
    match = _fullmatch(_SIZE, text)
    if match is None:
        raise ValueError(f"{_shown(text)} is not a size; write 50GB, 50GiB, 1.5TiB or bytes")
    power = _PREFIXES.index(match["prefix"].upper()) + 1 if match["prefix"] else 0
    size = Fraction(match["number"]) * (_KIB if match["binary"] else 1000) ** power
    if not power and size.denominator != 1:
        raise ValueError(f"{_shown(text)} is not a whole number of bytes")
    if size > _MAX_SIZE:
        raise ValueError(f"{_shown(text)} is over 8 EiB, the largest size there is")
    return int(size)


def _fullmatch(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    # The length comes first: a number of a million digits would take seconds to convert.
    return pattern.fullmatch(text.strip()) if len(text) <= _MAX_TEXT else None


def _shown(text: str) -> str:
    return repr(text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}…")


def parse_rate(text: str) -> int:
    """Return the bytes/s that a text such as `5MB/s` means; the `/s` may be left out.

    Raises:
        ValueError: It is no rate.
    """
    match = _fullmatch(_RATE, text)
    if match is None:
        raise ValueError(f"{_shown(text)} is not a rate; write 5MB/s, 5MiB/s or bytes/s")
    return parse_size(match["size"])


def parse_share(text: str) -> Fraction:
    """Return the share, 0 to 1, that a text such as `95%` or `0.95` means.

    Without `%` a number up to 1 is the share itself; more is refused rather than guessed.

    Raises:
        ValueError: It is no share, or over 100 %.
    """
    match = _fullmatch(_SHARE, text)
    if match is None:
        raise ValueError(f"{_shown(text)} is not a share; write 95% or 0.95")
    share = Fraction(match["number"]) / (100 if match["percent"] else 1)
    if share > 1:
        meant = "it is over 100%" if match["percent"] else f"did you mean {text.strip()}%?"
        raise ValueError(f"{_shown(text)} is not a share; {meant}")
    return share


def parse_duration(text: str) -> timedelta:
    """Return the time that a text such as `90s`, `1h30m`, `2d` or `1.5h` means.

    Raises:
        ValueError: It is no duration, has no unit, or is over 100 years.
    """
    if _fullmatch(_DURATION, text) is None:
        raise ValueError(f"{_shown(text)} is not a duration; write 90s, 30m, 1h30m or 2d")
    spans = _SPAN.findall(text)
    seconds = sum(Fraction(number) * _SECONDS[unit.lower()] for number, unit in spans)
    if seconds > _MAX_DURATION:
        raise ValueError(f"{_shown(text)} is over 100 years")
    return timedelta(microseconds=round(seconds * 1_000_000))


def format_size(size: int) -> str:
    """Return a size for people: `1023 B`, `1.50 GiB`.

    Below 1 KiB the bytes are exact; above, two decimals, rounded half to even.
    """
    if size < _KIB:
        return f"{size} B"
    unit, scale = _BINARY[0], _KIB
    for larger in _BINARY[1:]:
        if _hundredths(size, scale) < 100 * _KIB:  # as shown, so that 1024.00 KiB is 1.00 MiB
            break
        unit, scale = larger, scale * _KIB
    whole, rest = divmod(_hundredths(size, scale), 100)
    return f"{whole}.{rest:02d} {unit}"


def _hundredths(size: int, scale: int) -> int:
    return round(Fraction(size * 100, scale))


def format_rate(rate: float) -> str:
    """Return bytes/s for people: `5.00 MiB/s`."""
    return f"{format_size(round(rate))}/s"


def format_share(share: Fraction | Decimal | float) -> str:
    """Return a share for people: `80.1 %`.

    What is not all is never shown as `100.0 %`, and what is not nothing never as `0.0 %`.
    """
    tenths = Fraction(share) * 1000
    shown = round(tenths)
    if shown == _ALL and tenths < _ALL:
        shown = _ALL - 1
    if shown == 0 and tenths > 0:
        return "under 0.1 %"
    return f"{shown // 10}.{shown % 10} %"


def format_duration(duration: timedelta) -> str:
    """Return a time for people, its two largest units: `0.4 s`, `42 s`, `3 min 20 s`, `2 d 4 h`."""
    tenths = round(duration / timedelta(milliseconds=100))
    if tenths < _SHORT:
        return f"{tenths // 10}.{tenths % 10} s"
    seconds = round(duration / timedelta(seconds=1))
    minutes, hours, days = seconds // 60, seconds // 3_600, seconds // 86_400
    if not minutes:
        return f"{seconds} s"
    if not hours:
        return f"{minutes} min {seconds % 60} s"
    if not days:
        return f"{hours} h {minutes % 60} min"
    return f"{days} d {hours % 24} h"
