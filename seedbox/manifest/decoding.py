"""Whether bytes can be handed to a YAML parser at all: size, lines, encoding, characters.

Pure. The file is looked at in strips of whole lines, so that neither a long line nor one rare
character makes a second copy of it, four times as large.
"""

from __future__ import annotations

from seedbox.manifest.problems import Problems
from seedbox.manifest.scalars import UNWRITTEN

MAX_BYTES = 64 * 1024 * 1024
MAX_LINE = 1024 * 1024  # bytes; sixteen times what a text field may hold

_BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_PLAIN = b"\r\n" + bytes(range(0x20, 0x7F))  # of ASCII, what may stand in a manifest


def readable(data: bytes, problems: Problems) -> bool:
    """Check all that is checked before any parsing; False: nobody should parse it.

    Raises:
        TooManyProblemsError: There were too many to go on.
    """
    before = len(problems.found)
    if len(data) > MAX_BYTES:
        message = f"the file has {len(data):,} bytes, the limit is {MAX_BYTES:,}"
        problems.add("too-large", None, message, "Make fewer, larger shards.")
        return False
    if data.startswith(_BOMS):
        hint = "Save the file as UTF-8 without a byte order mark."
        problems.add("encoding", 1, "the file begins with a byte order mark", hint)
        return False
    start, line = 0, 1
    while start < len(data):
        stop = _strip_end(data, start)
        if stop is None:
            message = f"the line has more than {MAX_LINE:,} bytes"
            problems.add("too-long", line, message, "Break the line, or shorten what it holds.")
            return False
        strip = data[start:stop]
        if not _check(strip, line, problems):
            return False
        start, line = stop, line + _breaks(strip)
    return len(problems.found) == before


def _strip_end(data: bytes, start: int) -> int | None:
    """Return where the last line ends that fits into a strip; None: not even the first fits."""
    if len(data) - start <= MAX_LINE:
        return len(data)
    return data.rfind(b"\n", start, start + MAX_LINE + 1) + 1 or None


def _breaks(strip: bytes) -> int:
    return strip.count(b"\n") + strip.count(b"\r") - strip.count(b"\r\n")


def _check(strip: bytes, line: int, problems: Problems) -> bool:
    """Note every character of a strip that may not stand there; False: it is no UTF-8."""
    if strip.isascii() and not strip.translate(None, _PLAIN):
        return True
    try:
        text = strip.decode()
    except UnicodeDecodeError as error:
        at = line + _breaks(strip[: error.start])
        message = f"byte 0x{strip[error.start]:02x} is not UTF-8"
        problems.add("encoding", at, message, "Save the file as UTF-8.")
        return False
    for found in UNWRITTEN.finditer(text):
        at = line + _breaks(text[: found.start()].encode())
        shown = "a tab" if found[0] == "\t" else f"the character U+{ord(found[0]):04X}"
        hint = "Write spaces, or an escape inside double quotes."
        problems.add("character", at, f"{shown} may not stand in a manifest", hint)
    return True
