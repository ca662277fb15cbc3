"""Hashing the members of an archive while runs of it go through memory, in several threads.

Most members lie whole in one run. What reaches from one into the next is hashed on there: whoever
has the beginning hands it over, and whoever has the rest waits for it. A run is never begun before
the one in front of it, so nobody waits for what has not begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from seedbox.hashing.messages import MessageHasher, Running
from seedbox.jobs.member_digests import MemberDigests
from seedbox.plan.tar import Part

Handed: TypeAlias = "Future[Running | None]"
"""The member that a run ends in, as far as it has come; None: there is none, or its beginning was
not read."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Where a run meets the one before it and the one after it."""

    before: Handed | None  # None: that one is not made
    after: Handed

    def leave(self) -> None:
        """Let nobody wait any more."""
        if not self.after.done():
            self.after.set_result(None)


@dataclass(frozen=True, slots=True)
class RunHasher:
    """Hashes members in runs; called from several threads at once."""

    digests: MemberDigests  # gets what is found
    hasher: MessageHasher

    def __call__(self, parts: Sequence[Part], run: memoryview, ends: Ends) -> bool:
        """Hash the members in a run; False if stopped.

        Args:
            parts: Which bytes of the run are of which member; see `Archive.stretch`.
            run: The bytes.
            ends: Where it meets others; whoever waits there is told by the caller in any case.
        """
        whole: list[Part] = []
        for index, start, at, length in parts:
            if start:  # the rest of a member, which comes first of all
                continue
            if length == self.digests.size(index):
                whole.append((index, start, at, length))
            elif not self._begun(run[at : at + length], ends):
                return False
        found = self.hasher.many([run[at : at + length] for _, _, at, length in whole])
        if found is None:
            return False
        self.digests.store([index for index, *_ in whole], found)
        return not parts or not parts[0][1] or self._gone_on(parts[0], run, ends)

    def _begun(self, data: memoryview, ends: Ends) -> bool:
        """Hash the beginning of a member, and hand it over."""
        running = sha256()
        if not self.hasher.add(running, data):
            return False
        ends.after.set_result(running)
        return True

    def _gone_on(self, part: Part, run: memoryview, ends: Ends) -> bool:
        """Hash what a run has of a member that began earlier: its end, or more of it."""
        index, start, at, length = part
        running = ends.before.result() if ends.before else None
        if running is None:
            return True
        if not self.hasher.add(running, run[at : at + length]):
            return False
        if start + length == self.digests.size(index):
            self.digests.store([index], running.digest())
        else:
            ends.after.set_result(running)
        return True
