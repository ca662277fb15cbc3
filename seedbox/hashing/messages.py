"""SHA-256 of many messages in memory, such as the members of an archive while it is made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from threading import Event
from typing import Protocol

from seedbox.hashing import paths
from seedbox.hashing.extension import Lanes

DIGEST = 32  # bytes
_LONG = 1024 * 1024  # bytes; a longer message would keep its lane when all others are through
_STEP = 4 * 1024 * 1024  # bytes between two looks whether to stop; some milliseconds


class Running(Protocol):
    """The SHA-256 of a message that comes in parts."""

    def update(self, data: memoryview, /) -> None:
        """Take the next part."""
        ...

    def digest(self) -> bytes:
        """Return the digest of what has come."""
        ...


@dataclass(frozen=True, slots=True)
class MessageHasher:
    """Hashes messages; called from several threads at once."""

    extension: Lanes | None
    stopped: Event  # ends all calls soon
    path: str = field(default_factory=lambda: paths.chosen().name)

    def many(self, messages: Sequence[memoryview]) -> bytes | None:
        """Return the digests of messages, one after the other; None if stopped."""
        found: list[bytes] = []
        for run in _runs(messages):
            if self.stopped.is_set():
                return None
            if len(run[0]) > _LONG:
                running = sha256()
                if not self.add(running, run[0]):
                    return None
                found.append(running.digest())
            elif self.extension is None:
                found += (sha256(message).digest() for message in run)
            else:
                found.append(self.extension.hash_many(run, "sha256", self.path))
        return b"".join(found)

    def add(self, running: Running, part: memoryview) -> bool:
        """Add the next part of a message; False if stopped."""
        for at in range(0, len(part), _STEP):
            if self.stopped.is_set():
                return False
            running.update(part[at : at + _STEP])
        return True


def _runs(messages: Sequence[memoryview]) -> Iterator[Sequence[memoryview]]:
    """Yield long messages alone, and the others in runs of 16 long ones, which fill all lanes."""
    start = size = 0
    for at, message in enumerate(messages):
        length = len(message)
        if length > _LONG or size + length > 16 * _LONG:
            if at > start:
                yield messages[start:at]
            start, size = at, 0
        if length > _LONG:
            yield messages[at : at + 1]
            start = at + 1
        else:
            size += length
    if start < len(messages):
        yield messages[start:]
