"""The SHA-256 of each member of an archive, put together from what is found in any order.

What nobody has hashed is read back from the archive: after a build that was stopped, or one that
had no use for it.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator, Sequence
from hashlib import sha256
from threading import Event

from seedbox import disk
from seedbox.errors import DiskError
from seedbox.hashing.gather import file_reader
from seedbox.hashing.messages import DIGEST, MessageHasher
from seedbox.jobs.events import Advanced, Done, OnEvent, Started
from seedbox.plan.tar import Archive

_EMPTY = sha256().digest()
_RUN = 8 * 1024 * 1024  # bytes that are read back at once


class MemberDigests:
    """Digests of the members of an archive, for 33 bytes a member."""

    def __init__(self, archive: Archive) -> None:
        """Know none yet, but of empty members."""
        self._archive = archive
        self.all = bytearray(DIGEST * len(archive.sizes))  # zeros: not known
        self._known = bytearray(len(archive.sizes))
        self.store([index for index, size in enumerate(archive.sizes) if not size], _EMPTY)

    def size(self, member: int) -> int:
        """Return the bytes of a member."""
        return self._archive.sizes[member]

    def store(self, members: Sequence[int], digests: bytes) -> None:
        """Keep digests that were found.

        Args:
            members: Rising numbers.
            digests: Of each, one after the other; or one that all of them have.
        """
        if not members:
            return
        if len(digests) < DIGEST * len(members):
            digests *= len(members)
        first, stop = members[0], members[-1] + 1
        if stop - first == len(members):
            self.all[first * DIGEST : stop * DIGEST] = digests
            self._known[first:stop] = b"\1" * len(members)
            return
        for number, index in enumerate(members):
            own = digests[number * DIGEST : (number + 1) * DIGEST]
            self.all[index * DIGEST : (index + 1) * DIGEST] = own
            self._known[index] = 1

    def read_back(self, file: disk.Located, task: str, on_event: OnEvent) -> None:
        """Read the members that are missing from the archive, in which they are whole.

        Args:
            file: The archive.
            task: What that is called.
            on_event: Gets progress in bytes. What it raises ends the work.

        Raises:
            DiskError: It cannot be read.
            UsageError: SEEDBOX_HASH names a path that this machine cannot run.
        """
        missing = array("Q", (at for at, known in enumerate(self._known) if not known))
        if not missing:
            return
        hasher, done = MessageHasher(file_reader(), Event()), 0
        on_event(Started(task, sum(map(self.size, missing))))
        fd = disk.open_file(file)
        try:
            for members in _runs(self._archive, missing):
                self.store(members, self._digests(file, fd, members, hasher))
                done += sum(map(self.size, members))
                on_event(Advanced(task, done))
        finally:
            os.close(fd)
        on_event(Done(task))

    def _digests(
        self, file: disk.Located, fd: int, members: Sequence[int], hasher: MessageHasher
    ) -> bytes:
        """Return the digests of members that lie close to each other, or of a long one."""
        starts, begin = self._archive.data, self._archive.data[members[0]]
        length = starts[members[-1]] + self.size(members[-1]) - begin
        if length > _RUN:
            running = sha256()
            for at in range(0, length, _RUN):
                running.update(_read(file, fd, begin + at, min(_RUN, length - at)))
            return running.digest()
        run = memoryview(_read(file, fd, begin, length))
        cut = (run[starts[at] - begin : starts[at] - begin + self.size(at)] for at in members)
        return hasher.many(list(cut)) or b""


def _runs(archive: Archive, members: Sequence[int]) -> Iterator[Sequence[int]]:
    """Cut rising members into runs that lie within so many bytes, unless one alone is longer."""
    start = 0
    for at, index in enumerate(members):
        end = archive.data[index] + archive.sizes[index]
        if at > start and end - archive.data[members[start]] > _RUN:
            yield members[start:at]
            start = at
    yield members[start:]


def _read(file: disk.Located, fd: int, at: int, length: int) -> bytes:
    with disk.attempt("read", file):
        data = os.pread(fd, length, at)
    if len(data) != length:
        raise DiskError(str(file.path), "read", f"it ends after {at + len(data):,} bytes")
    return data
