"""Checks of what an encoder made: nothing replaces an original that it does not stand for.

Each gives the reason why a result is refused, or None. Whether a program complains is not enough:
audio is decoded to its end and timed, lossless audio is compared sample by sample with its
original, and what was packed is unpacked and compared byte by byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedbox.catalog.encoders import FFMPEG, SAFE_INPUT, Check, Encoder, filled
from seedbox.jobs import programs

_DRIFT = 0.1  # seconds; how much longer or shorter an encoded item may play
_MAX_OUTPUT = 1 << 16  # bytes that are kept of the end of what a checking program says


@dataclass(frozen=True, slots=True)
class Pair:
    """A file and what was made of it."""

    original: Path
    sha256: bytes  # of the original
    made: Path


@dataclass(frozen=True, slots=True)
class Checker:
    """Runs the check of an encoder."""

    encoder: Encoder
    where: Mapping[str, str]  # each program lies, by its name
    folder: Path  # the programs work there
    bounds: programs.Bounds  # for each of them

    def problem(self, pair: Pair) -> str | None:
        """Return why a result may not stand for its original; None: it may."""
        checks = {
            Check.AUDIO: self._plays,
            Check.SAMPLES: self._same_samples,
            Check.UNPACKS: self._unpacks,
            Check.COMMAND: self._agreed,
        }
        return checks[self.encoder.check](pair)

    def _run(self, command: list[str], take: Callable[[bytes], object] | None) -> programs.Ran:
        line = [self.where[command[0]], *command[1:]]
        return programs.run(line, self.folder, self.bounds, take)

    def _hear(self, command: list[str]) -> tuple[programs.Ran, bytes]:
        said = b""

        def take(data: bytes) -> None:
            nonlocal said
            said = (said + data)[-_MAX_OUTPUT:]

        return self._run(command, take), said

    # --- audio --------------------------------------------------------------------------------

    def _look(self, original: Path) -> tuple[str | None, float]:
        """Return why an original cannot be encoded as audio, and how long it says that it plays.

        Whatever it holds beside one audio stream would be lost; pictures of a cover may go.
        """
        command = ["ffprobe", "-hide_banner", "-v", "error", *SAFE_INPUT, str(original)]
        shown = "stream=codec_type:stream_disposition=attached_pic:format=duration"
        ran, said = self._hear([*command, "-show_entries", shown, "-of", "json"])
        if not ran.well:
            return f"ffprobe {ran.words}", float("nan")
        facts: dict[str, Any] = json.loads(said)
        kinds = [
            str(stream.get("codec_type"))
            for stream in facts.get("streams", [])
            if not stream.get("disposition", {}).get("attached_pic")
        ]
        if kinds != ["audio"]:
            return f"the original holds {', '.join(kinds) or 'nothing'}, not audio alone", 0.0
        return None, float(facts.get("format", {}).get("duration", "nan"))

    def _plays(self, pair: Pair) -> str | None:
        """Decode what was made to its end, and compare how long the two play.

        A header may be wrong on the length of an original, so one that disagrees is decoded.
        """
        why, original = self._look(pair.original)
        if why is not None:
            return why
        ran, made = self._decoded(pair.made)
        if not ran.well or ran.complaint:
            return f"it does not decode: ffmpeg {ran.words}"
        if not abs(made - original) <= _DRIFT:
            ran, original = self._decoded(pair.original)
        if not abs(made - original) <= _DRIFT:
            return f"it plays {made:.2f} s, the original {original:.2f} s"
        return None

    def _decoded(self, path: Path) -> tuple[programs.Ran, float]:
        """Decode a file to its end and return how many seconds it plays."""
        command = [*FFMPEG, *SAFE_INPUT, str(path), "-map", "0:a:0", "-f", "null"]
        ran, said = self._hear([*command, "-progress", "pipe:1", "-"])
        times = [line[12:] for line in said.splitlines() if line.startswith(b"out_time_us=")]
        known = [int(time) for time in times if time.isdigit()]
        return ran, known[-1] / 1e6 if known else float("nan")

    def _same_samples(self, pair: Pair) -> str | None:
        why, _ = self._look(pair.original)
        if why is not None:
            return why
        digests = []
        for path in (pair.original, pair.made):
            command = [*FFMPEG, *SAFE_INPUT, str(path), "-map", "0:a:0", "-c:a", "pcm_s32le"]
            running = hashlib.sha256()
            ran = self._run([*command, "-f", "s32le", "-"], running.update)
            if not ran.well:
                return f"it does not decode: ffmpeg {ran.words}"
            digests.append(running.digest())
        return None if digests[0] == digests[1] else "its samples are not those of the original"

    # --- others -------------------------------------------------------------------------------

    def _unpacks(self, pair: Pair) -> str | None:
        running = hashlib.sha256()
        ran = self._run(["zstd", "-dcq", "--", str(pair.made)], running.update)
        if not ran.well:
            return f"it does not unpack: zstd {ran.words}"
        same = running.digest() == pair.sha256
        return None if same else "it unpacks to other bytes than those of the original"

    def _agreed(self, pair: Pair) -> str | None:
        if not self.encoder.checking:
            return None
        words = self.encoder.checking
        ran = self._run(filled(words, source=str(pair.original), target=str(pair.made)), None)
        return None if ran.well else f"{words[0]} {ran.words}"
