from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import DiskError
from seedbox.jobs.events import Advanced, Done, Event, Started, ignore
from seedbox.jobs.member_digests import MemberDigests
from seedbox.plan.tar import Archive
from support.content import contents
from support.faults import nothing_left_open
from support.packing import members, packed

MIB = 1024 * 1024
FILES = contents(
    {
        "a": 5,
        "empty": 0,
        "b": 3 * MIB,
        "c": 10_000,
        "none": 0,
        "long": 9 * MIB,
        "d": 6 * MIB,
        "e": 1,
    }
)
EXPECTED = [sha256(data).digest() for data in FILES.values()]


def archive() -> Archive:
    return Archive(((path,), len(data)) for path, data in FILES.items())


@pytest.fixture
def tar(tmp_path: Path) -> disk.Located:
    packed(members(tmp_path / "source", FILES), tmp_path / "out")
    found = disk.look(tmp_path / "out", ("s.tar",))
    assert isinstance(found, disk.Located)
    return found


def found(digests: MemberDigests) -> list[bytes]:
    return [bytes(digests.all[at : at + 32]) for at in range(0, len(digests.all), 32)]


def test_empty_members_are_known_from_the_beginning() -> None:
    empty = sha256().digest()

    known = found(MemberDigests(archive()))

    assert [digest == empty for digest in known] == [not data for data in FILES.values()]


@pytest.mark.parametrize("known", [[], [0], [2, 3], [0, 2, 5, 6, 7], [5], range(8)])
def test_what_is_missing_is_read_from_the_archive_and_nothing_else(
    tar: disk.Located, known: Sequence[int]
) -> None:
    digests, events = MemberDigests(archive()), list[Event]()
    digests.store(known, b"".join(EXPECTED[at] for at in known))

    with nothing_left_open():
        digests.read_back(tar, "x", events.append)

    assert found(digests) == EXPECTED
    missing = sum(len(data) for at, data in enumerate(FILES.values()) if at not in known)
    if missing:
        assert (events[0], events[-2:]) == (
            Started("x", missing),
            [Advanced("x", missing), Done("x")],
        )
    else:
        assert events == []


def test_an_archive_that_ends_too_early_is_named(tar: disk.Located) -> None:
    with tar.path.open("r+b") as stream:
        stream.truncate(4 * MIB)

    with nothing_left_open(), pytest.raises(DiskError, match=r"s\.tar: it ends after 4,194,304"):
        MemberDigests(archive()).read_back(tar, "x", ignore)


class StopError(Exception):
    pass


def test_reading_ends_when_it_is_told_to(tar: disk.Located) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, Advanced):
            raise StopError

    with nothing_left_open(), pytest.raises(StopError):
        MemberDigests(archive()).read_back(tar, "x", stop)
