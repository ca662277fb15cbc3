"""What a plain YAML scalar would be taken for, by any YAML reader (1.1 or 1.2).

Pure. The reader refuses a plain scalar in a text field when some YAML reader would see a number,
a date, a truth value or nothing in it; the writer quotes exactly those. So every reader agrees
on the meaning of a manifest, and none of `no`, `1.10`, `012`, `1e3`, `12:30:00` changes silently.
"""

from __future__ import annotations

import re

# Characters that only an escape may stand for: control characters, noncharacters, byte order
# marks, what YAML 1.1 takes for a line break where YAML 1.2 sees text, tabs, which readers take
# for a space or for an error, and what turns the direction of writing, with which a line can show
# other words than it holds (CVE-2021-42574).
UNWRITTEN = re.compile(
    "[^\n\r\x20-\x7e\xa0-\u061b\u061d-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff"
    "\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
# What no escape may stand for either: of these, line feeds, tabs and separators are text.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufffe\uffff]"
)
_FIRST = frozenset("0123456789+-.~<=yYnNtTfFoO")  # of every scalar that `taken_for` catches
_NOTHING = re.compile(r"~|null", re.IGNORECASE)
_TRUTH = re.compile(r"y|n|yes|no|true|false|on|off", re.IGNORECASE)
_NUMBER = re.compile(
    r"""[-+]?(?:
        0b[01_]+ | 0o[0-7_]+ | 0x[0-9a-f_]+
        | [0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?       # 12:30:00, to the base of 60
        | (?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:e[-+]?[0-9]+)?
        | \.inf
    )|\.nan""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt \t].*)?", re.ASCII)


def unfit(text: str) -> str | None:
    """Return the first character of a text that no text may hold, for people; None: all may."""
    bad = _UNFIT.search(text)
    if bad is None:
        return None
    does = ", which turns the direction of writing" if "\u061c" <= bad[0] <= "\u2069" else ""
    return f"the character U+{ord(bad[0]):04X}{does}"


def taken_for(plain: str) -> str | None:
    """Return what some reader takes an unquoted scalar for, or None if all read text."""
    if plain and plain[0] not in _FIRST:
        return None
    if not plain or _NOTHING.fullmatch(plain):
        return "nothing"
    if _TRUTH.fullmatch(plain):
        return "a truth value"
    if _NUMBER.fullmatch(plain):
        return "a number"
    if _DATE.fullmatch(plain):
        return "a date"
    return "a merge key" if plain in {"<<", "="} else None
