"""Encoders: the command that makes a rendition of an item, and what its result is held to.

Pure. `opus-75k`, `flac` and `zstd-19` are seedbox's own; others are declared in dataset.yaml. An
encoder has to make the same bytes of the same input each time. What ffmpeg and libopus make
depends on their versions too, so both what the program calls itself and what it makes of a fixed
sample are recorded.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from seedbox.errors import UsageError
from seedbox.manifest.commands import IN, OUT, Command


class Check(StrEnum):
    """What a result is held to."""

    AUDIO = "audio"  # decodes wholly without an error, and plays as long as its original
    SAMPLES = "samples"  # decodes to the very samples of its original
    UNPACKS = "unpacks"  # unpacks to the very bytes of its original
    COMMAND = "command"  # what the publisher declared, if anything


@dataclass(frozen=True, slots=True)
class Encoder:
    """A command that turns one file into another one."""

    name: str
    run: tuple[str, ...]  # with {in} and {out}
    version: tuple[str, ...]  # prints which version the program has
    suffix: str  # of what it makes
    reads: frozenset[str] | None  # suffixes of what it reads, in lower case; None: everything
    check: Check
    time_limit: timedelta  # for an item, however small
    slowest: int | None = None  # bytes/s; an item may take as much longer as this asks for
    helpers: tuple[str, ...] = ()  # other programs that the check runs
    checking: tuple[str, ...] = ()  # a command that ends with status 0 if {out} is well

    def takes(self, path: tuple[str, ...]) -> bool:
        """Tell by the name of a file whether this encoder reads it."""
        name = path[-1].lower()
        if self.reads is None:
            return not name.endswith(self.suffix)
        return any(name.endswith(suffix) for suffix in self.reads)

    def renamed(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return the path of what is made of a file: with the suffix of the type that it has.

        An encoder that reads everything adds its suffix, so that the type still shows.
        """
        name = path[-1]
        for suffix in sorted(self.reads or (), key=len, reverse=True):
            if name.lower().endswith(suffix) and len(name) > len(suffix):
                return (*path[:-1], name[: -len(suffix)] + self.suffix)
        return self.added(path)

    def added(self, path: tuple[str, ...]) -> tuple[str, ...]:
        """Return a path with the suffix behind the name that it has."""
        return (*path[:-1], path[-1] + self.suffix)

    def seconds(self, size: int) -> float:
        """Return how long a file of so many bytes may take."""
        extra = size / self.slowest if self.slowest else 0.0
        return self.time_limit.total_seconds() + extra


# Which containers are tried, and that no other file is opened: a playlist under an innocent name
# makes ffmpeg read whatever it lists, from this disk or the network (CVE-2016-1897).
_CONTAINERS = "aac,aiff,ape,caf,flac,mov,mp3,ogg,tta,w64,wav,wv"
SAFE_INPUT = ("-protocol_whitelist", "file", "-format_whitelist", _CONTAINERS, "-i")
# Without the extensions of the processor, which round otherwise than C does: with them, most
# files come out otherwise on a processor that has others.
FFMPEG = ("ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-xerror", "-cpuflags", "0")
_ONE_THREAD = ("-threads", "1")
# The first audio stream alone, without tags: who made it and under which license stands in the
# catalog, the manifest and the .torrent, and tags would tell of the tool and of its version.
_AUDIO_ALONE = ("-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1")
_EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact")
_LOSSLESS = frozenset({".aif", ".aiff", ".ape", ".caf", ".tta", ".w64", ".wav", ".wv"})
_LOSSY = frozenset({".aac", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus"})
_PATIENCE = timedelta(minutes=10)
_SLOWEST = 50_000  # bytes/s; a twentieth of what zstd -19 does on a slow core


def _ffmpeg(*codec: str) -> tuple[str, ...]:
    read = (*FFMPEG, *_ONE_THREAD, *SAFE_INPUT, IN, *_ONE_THREAD)
    return (*read, *_AUDIO_ALONE, *codec, *_EXACT)


BUILT_IN: Mapping[str, Encoder] = {
    "opus-75k": Encoder(
        "opus-75k",
        (*_ffmpeg("-c:a", "libopus", "-b:a", "75k"), "-f", "opus", OUT),
        ("ffmpeg", "-version"),
        ".opus",
        _LOSSLESS | _LOSSY,
        Check.AUDIO,
        _PATIENCE,
        _SLOWEST,
        ("ffprobe",),
    ),
    "flac": Encoder(
        "flac",
        (*_ffmpeg("-c:a", "flac", "-compression_level", "8"), "-f", "flac", OUT),
        ("ffmpeg", "-version"),
        ".flac",
        _LOSSLESS,
        Check.SAMPLES,
        _PATIENCE,
        _SLOWEST,
        ("ffprobe",),
    ),
    # A frame holds no time and no name; its checksum (--check) is of the content alone.
    "zstd-19": Encoder(
        "zstd-19",
        ("zstd", "-19", "--single-thread", "--check", "--quiet", "-o", OUT, "--", IN),
        ("zstd", "--version"),
        ".zst",
        None,
        Check.UNPACKS,
        _PATIENCE,
        _SLOWEST,
    ),
}


def encoder_of(name: str, *, encode: str | None, command: Command | None) -> Encoder | None:
    """Return the encoder of a rendition; None: its items stay as they are.

    Args:
        name: The rendition's.
        encode: A built-in encoder.
        command: An encoder of the publisher's own.

    Raises:
        UsageError: There is no such encoder, or there are two.
    """
    if command is not None and encode is not None:
        message = f"rendition {name} has both `encode: {encode}` and a command"
        raise UsageError(message, "Keep one of the two.")
    if command is not None:
        return declared(name, command)
    if encode is None:
        return None
    if encode not in BUILT_IN:
        known = ", ".join(BUILT_IN)
        message = f"rendition {name} asks for the encoder {encode!r}, which is none of {known}"
        raise UsageError(message, "Write one of these, or a command of your own.")
    return BUILT_IN[encode]


def declared(name: str, command: Command) -> Encoder:
    """Return the encoder that a publisher declared."""
    return Encoder(
        name,
        command.run,
        command.version,
        command.suffix,
        frozenset(command.reads) or None,
        Check.COMMAND,
        command.time_limit,
        checking=command.check,
    )


def filled(words: tuple[str, ...], *, source: str, target: str) -> list[str]:
    """Return a command with paths in it; a path that holds `{out}` is not filled once more."""
    halves = [word.split(IN) for word in words]
    return [source.join(half.replace(OUT, target) for half in word) for word in halves]


def sample(encoder: Encoder) -> bytes | None:
    """Return what a built-in encoder is tried on; None: nothing is known of what a command reads.

    A second of two voices as WAV, the same on every machine; to zstd it is bytes as others are.
    """
    if encoder.check is Check.COMMAND:
        return None
    rate, noise, frames = 44_100, 1, []
    for at in range(rate):
        noise = noise * 1_103_515_245 + 12_345 & 0x7FFFFFFF  # POSIX's example of rand()
        left = abs(at % 200 - 100) * 200 - 10_000  # a triangle of 220.5 Hz
        right = (noise >> 16) % 6000 - 3000
        frames.append(struct.pack("<hh", left, right))
    data = b"".join(frames)
    form = struct.pack("<HHIIHH", 1, 2, rate, rate * 4, 4, 16)  # PCM, stereo, 16 bits
    chunks = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    chunks += b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks
