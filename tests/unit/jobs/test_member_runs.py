from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from hashlib import sha256
from threading import Event

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seedbox.hashing import memory
from seedbox.hashing.messages import MessageHasher
from seedbox.jobs.member_digests import MemberDigests
from seedbox.jobs.member_runs import Ends, Handed, RunHasher
from seedbox.plan.tar import Archive
from support.content import content

BLANK = bytes(32)


class Whole:
    """An archive in memory, and the digests of its members."""

    def __init__(self, sizes: Sequence[int]) -> None:
        self.archive = Archive(((f"{at:04}",), size) for at, size in enumerate(sizes))
        self.bytes = bytearray(self.archive.size)
        self.expected = []
        for index, _, at, length in self.archive.stretch(0, memoryview(self.bytes)):
            self.bytes[at : at + length] = content(f"{index}", length)
        for at, size in zip(self.archive.data, self.archive.sizes, strict=True):
            self.expected.append(sha256(self.bytes[at : at + size]).digest())

    def hash(self, cuts: Sequence[int], made: Sequence[bool], stopped: Event) -> list[bytes]:
        """Hash the runs between cuts, as far as they are made, several at a time."""
        digests = MemberDigests(self.archive)
        hasher = RunHasher(digests, MessageHasher(memory.usable(), stopped))
        before: Handed | None = None
        with ThreadPoolExecutor(3) as pool:
            for start, stop, wanted in zip(cuts, cuts[1:], made, strict=False):
                ends = Ends(before if wanted else None, Future())
                if wanted:
                    pool.submit(self._run, hasher, start, stop, ends)
                before = ends.after if wanted else None
        return [bytes(digests.all[at : at + 32]) for at in range(0, len(digests.all), 32)]

    def _run(self, hasher: RunHasher, start: int, stop: int, ends: Ends) -> None:
        try:
            scratch = memoryview(bytearray(stop - start))
            parts = self.archive.stretch(start, scratch)
            hasher(parts, memoryview(self.bytes)[start:stop], ends)
        finally:
            ends.leave()


sizes = st.lists(st.sampled_from([0, 1, 511, 512, 513, 5000, 60_000]), min_size=1, max_size=12)


@settings(max_examples=60, deadline=None)
@given(sizes, st.integers(1, 30), st.data())
def test_members_have_their_digests_however_the_archive_is_cut(
    lengths: list[int], blocks: int, data: st.DataObject
) -> None:
    whole = Whole(lengths)
    cuts = [*range(0, len(whole.bytes), blocks * 512), len(whole.bytes)]
    made = data.draw(st.lists(st.booleans(), min_size=len(cuts) - 1, max_size=len(cuts) - 1))

    assert whole.hash(cuts, [True] * len(cuts), Event()) == whole.expected

    found = whole.hash(cuts, made, Event())
    for at, expected in enumerate(whole.expected):
        begin, end = whole.archive.data[at], whole.archive.data[at] + lengths[at]
        runs = zip(cuts, cuts[1:], made, strict=False)
        read = all(wanted for start, stop, wanted in runs if start < end and stop > begin)
        assert found[at] == (expected if read or not lengths[at] else BLANK)


@pytest.mark.parametrize("sizes", [[5000, 5000], [60_000], [100]])
def test_nobody_waits_for_what_is_stopped(sizes: list[int]) -> None:
    whole = Whole(sizes)
    stopped = Event()
    stopped.set()

    found = whole.hash([*range(0, len(whole.bytes), 4096)], [True] * 100, stopped)

    assert set(found) == {BLANK}


def test_the_rest_of_a_member_is_not_hashed_once_it_is_stopped() -> None:
    whole, stopped, handed = Whole([60_000]), Event(), Future[object]()
    handed.set_result(sha256())
    stopped.set()
    hasher = RunHasher(MemberDigests(whole.archive), MessageHasher(None, stopped))
    rest = whole.archive.stretch(1024, memoryview(bytearray(65_536 - 1024)))

    assert not hasher(rest, memoryview(whole.bytes)[1024:], Ends(handed, Future()))  # type: ignore[arg-type]
