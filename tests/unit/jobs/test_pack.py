import errno
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from seedbox.disk import Located
from seedbox.errors import (
    DestinationTakenError,
    DiskError,
    NoSpaceError,
    SeedboxError,
    SourceChangedError,
)
from seedbox.hashing import hash_pieces
from seedbox.jobs.events import Advanced, Done, Event, Note, Started
from seedbox.jobs.pack import Tar, pack
from seedbox.torrent.compose import Extras, PieceDigest, compose
from seedbox.torrent.info_hash import Format
from support.content import contents
from support.faults import nothing_left_open, refusing
from support.packing import FILES, KIB, Members, layout, look_at, members, packed, read

LARGE = contents({"large": 3_000_000, "small": 10})


@pytest.fixture
def items(tmp_path: Path) -> Members:
    return members(tmp_path / "source")


def hashed(items: Members, file: Path, form: Format = Format.HYBRID) -> list[PieceDigest]:
    """What hashing the finished shard gives."""
    status = file.stat()
    lies = Located(file.parent, (file.name,), status.st_size, status.st_mtime_ns, status.st_ino)
    runs = hash_pieces(layout(items, form), [lies])
    return [digest for run in runs for digest in run.digests]


@pytest.mark.parametrize("path", ["", "hashlib"], ids=["fastest", "hashlib"])
@pytest.mark.parametrize("form", list(Format))
def test_a_shard_holds_the_items_and_its_digests_are_those_of_its_bytes(
    items: Members, tmp_path: Path, form: Format, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDBOX_HASH", path)

    with nothing_left_open():
        digests = packed(items, tmp_path / "out", form=form)

    assert read((tmp_path / "out" / "s.tar").read_bytes()) == FILES
    assert digests == hashed(items, tmp_path / "out" / "s.tar", form)
    assert compose(layout(items, form), digests, Extras()).files[0].path == ("s.tar",)
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_file()] == ["s.tar"]


def test_the_bytes_depend_on_no_time_no_owner_and_no_number_of_threads(tmp_path: Path) -> None:
    made = []
    for jobs in (1, 3, 16):
        source, out = tmp_path / f"source{jobs}", tmp_path / f"out{jobs}"
        members(source)
        os.utime(source / "a.txt", (jobs, jobs))
        (source / "last").chmod(0o600 + jobs)
        packed(look_at(source, FILES), out, jobs=jobs)
        made.append((out / "s.tar").read_bytes())
    assert made[0] == made[1] == made[2]


def test_a_shard_of_less_than_a_piece_is_a_torrent_too(tmp_path: Path) -> None:
    here = members(tmp_path / "source", {"a": b"a"})

    digests = packed(here, tmp_path / "out", length=64 * KIB)

    assert len(digests) == 1
    assert read((tmp_path / "out" / "s.tar").read_bytes()) == {"a": b"a"}


def test_a_shard_that_is_there_is_not_made_again(items: Members, tmp_path: Path) -> None:
    out, events = tmp_path / "out", list[Event]()
    first = packed(items, out)
    before = (out / "s.tar").stat()

    again = packed(items, out, on_event=events.append)

    assert again == first
    assert events == [Note("s: packed before")]
    assert (out / "s.tar").stat() == before or (
        out / "s.tar"
    ).stat().st_mtime_ns == before.st_mtime_ns


def test_a_shard_of_other_input_replaces_the_one_that_seedbox_made(
    items: Members, tmp_path: Path
) -> None:
    packed(items, tmp_path / "out")
    changed = {**FILES, "a.txt": b"other"}

    digests = packed(members(tmp_path / "source", changed), tmp_path / "out")

    assert read((tmp_path / "out" / "s.tar").read_bytes()) == changed
    assert digests == hashed(items, tmp_path / "out" / "s.tar")


def test_a_file_of_somebody_else_is_never_replaced(items: Members, tmp_path: Path) -> None:
    target = tmp_path / "out" / "s.tar"
    target.parent.mkdir()
    target.write_bytes(b"precious")
    with pytest.raises(DestinationTakenError):
        packed(items, tmp_path / "out")
    assert target.read_bytes() == b"precious"

    target.unlink()
    packed(items, tmp_path / "out")
    target.write_bytes(b"precious")
    with pytest.raises(DestinationTakenError):
        packed(items, tmp_path / "out")
    assert target.read_bytes() == b"precious"


class StopError(Exception):
    pass


def stopping_after(count: int) -> Callable[[Event], None]:
    left = count

    def on_event(event: Event) -> None:
        nonlocal left
        left -= isinstance(event, Advanced)
        if left < 0:
            raise StopError

    return on_event


def stopped_once(source: Path, out: Path) -> tuple[Members, bytes]:
    """Pack in part; return the items and what the whole shard would be."""
    here = members(source, LARGE)
    packed(here, out.with_name("whole"))
    with nothing_left_open(), pytest.raises(StopError):
        packed(here, out, on_event=stopping_after(9), jobs=16)
    assert not (out / "s.tar").exists()
    return here, (out.with_name("whole") / "s.tar").read_bytes()


def test_a_stopped_pack_goes_on_where_it_was(tmp_path: Path) -> None:
    here, whole = stopped_once(tmp_path / "source", tmp_path / "out")
    events = list[Event]()

    digests = packed(here, tmp_path / "out", on_event=events.append)

    assert (tmp_path / "out" / "s.tar").read_bytes() == whole
    assert digests == hashed(here, tmp_path / "out" / "s.tar")
    total = layout(here).total
    check, begun = events[0], events.index(Started("pack s", total))
    assert isinstance(check, Started)
    assert check.task == "check s"
    assert events[begun + 1] == Advanced("pack s", check.total)
    assert 0 < check.total < total
    assert events[-2:] == [Advanced("pack s", total), Done("pack s")]


def test_bytes_that_never_reached_the_disk_are_made_again(tmp_path: Path) -> None:
    here, whole = stopped_once(tmp_path / "source", tmp_path / "out")
    part = tmp_path / "out" / ".seedbox" / "packed" / "s.part"
    part.write_bytes(bytes(len(whole)))  # what a journal may speak of after a power cut

    digests = packed(here, tmp_path / "out")

    assert (tmp_path / "out" / "s.tar").read_bytes() == whole
    assert digests == hashed(here, tmp_path / "out" / "s.tar")


@pytest.mark.parametrize("what", ["s.part", "s.pieces", "s.made"])
def test_whatever_is_left_of_an_earlier_run_the_result_is_the_same(
    tmp_path: Path, what: str
) -> None:
    here, whole = stopped_once(tmp_path / "source", tmp_path / "out")
    kept = tmp_path / "out" / ".seedbox" / "packed" / what
    for damage in (b"", b"[1, [2]]", b"{}", bytes(500)):
        kept.write_bytes(damage)
        packed(here, tmp_path / "out")
        assert (tmp_path / "out" / "s.tar").read_bytes() == whole
        (tmp_path / "out" / "s.tar").unlink()


def test_a_source_that_changes_is_named_and_nothing_looks_whole(
    items: Members, tmp_path: Path
) -> None:
    (tmp_path / "source" / "last").write_bytes(b"shorter")

    with nothing_left_open(), pytest.raises(SourceChangedError, match="last"):
        packed(items, tmp_path / "out")

    assert not (tmp_path / "out" / "s.tar").exists()


def test_a_source_that_vanishes_is_named_and_nothing_looks_whole(
    items: Members, tmp_path: Path
) -> None:
    (tmp_path / "source" / "folder" / "b.png").unlink()

    with pytest.raises(DiskError, match=r"b\.png"):
        packed(items, tmp_path / "out")

    assert not (tmp_path / "out" / "s.tar").exists()


def test_a_shard_that_cannot_fit_is_refused_before_a_byte_is_written(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    with (source / "hole").open("wb") as stream:
        stream.truncate(1 << 42)
    here = members(source, {})
    status = (source / "hole").stat()
    here.append((("hole",), Located(source, ("hole",), 1 << 42, status.st_mtime_ns, status.st_ino)))

    with pytest.raises(NoSpaceError, match=r"s\.tar needs 4,398,0") as caught:
        packed(here, tmp_path / "out", length=16 * 1024 * KIB)

    assert caught.value.need == layout(here, length=16 * 1024 * KIB).total
    assert not (tmp_path / "out" / ".seedbox" / "packed" / "s.part").exists()


@pytest.mark.parametrize(
    ("call", "where", "code", "error"),
    [
        ("pwrite", "*.part", errno.ENOSPC, NoSpaceError),
        ("pwrite", "*.part", errno.EIO, DiskError),
        ("ftruncate", "*.part", errno.EFBIG, DiskError),
        ("fsync", "*.part", errno.ENOSPC, NoSpaceError),
        ("replace", "*.part", errno.EACCES, DiskError),
    ],
)
def test_a_disk_that_refuses_leaves_nothing_that_looks_whole_and_the_next_run_ends(
    tmp_path: Path, call: str, where: str, code: int, error: type[SeedboxError]
) -> None:
    here = members(tmp_path / "source", LARGE)
    out = tmp_path / "out"

    with nothing_left_open(), refusing(call, where, code) as refused, pytest.raises(error):
        packed(here, out)

    assert refused
    assert not (out / "s.tar").exists()
    packed(here, out)
    assert read((out / "s.tar").read_bytes()) == LARGE


def test_a_layout_of_something_else_is_a_bug_of_the_caller(items: Members, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"s\.tar has"):
        pack(Tar("s", items[:-1], layout(items)), tmp_path, jobs=1, on_event=stopping_after(0))


# --- the digests of members -------------------------------------------------------------------


def kept(out: Path) -> list[bytes]:
    """What is kept of a shard's members."""
    data = (out / ".seedbox" / "packed" / "s.digests").read_bytes()[96:]
    return [data[at : at + 32] for at in range(0, len(data), 32)]


def expected(files: dict[str, bytes]) -> list[bytes]:
    return [sha256(data).digest() for data in files.values()]


@pytest.mark.parametrize("path", ["", "hashlib"], ids=["fastest", "hashlib"])
@pytest.mark.parametrize("jobs", [1, 3, 16])
def test_the_digest_of_each_member_is_kept_in_order(
    items: Members, tmp_path: Path, jobs: int, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEEDBOX_HASH", path)
    events = list[Event]()

    with nothing_left_open():
        packed(items, tmp_path / "out", jobs=jobs, digests=True, on_event=events.append)

    assert kept(tmp_path / "out") == expected(FILES)
    assert not any(isinstance(each, Started) and "digests" in each.task for each in events)


def test_nobody_keeps_digests_that_nobody_wants(items: Members, tmp_path: Path) -> None:
    packed(items, tmp_path / "out")

    assert not (tmp_path / "out" / ".seedbox" / "packed" / "s.digests").exists()


@pytest.mark.parametrize("left", [None, b"damaged"], ids=["missing", "damaged"])
def test_a_shard_that_was_packed_without_them_is_read_for_them_once(
    items: Members, tmp_path: Path, left: bytes | None
) -> None:
    out = tmp_path / "out"
    packed(items, out, digests=left is not None)
    if left is not None:
        (out / ".seedbox" / "packed" / "s.digests").write_bytes(left)
    before = (out / "s.tar").stat().st_ino
    runs: list[list[Event]] = [[], []]

    for events in runs:
        packed(items, out, digests=True, on_event=events.append)
        assert kept(out) == expected(FILES)

    size = sum(map(len, FILES.values()))
    first, *others = runs[0]
    assert (first, others[0], others[-1]) == (
        Note("s: packed before"),
        Started("digests s", size),
        Done("digests s"),
    )
    assert runs[1] == [Note("s: packed before")]
    assert (out / "s.tar").stat().st_ino == before


def test_a_shard_that_vanishes_before_it_is_read_is_named(items: Members, tmp_path: Path) -> None:
    out = tmp_path / "out"
    packed(items, out)

    def vanish(event: Event) -> None:
        if event == Note("s: packed before"):
            (out / "s.tar").unlink()

    with pytest.raises(DiskError, match=r"s\.tar: is missing"):
        packed(items, out, digests=True, on_event=vanish)


def test_a_stopped_pack_reads_only_what_it_had_packed_before(tmp_path: Path) -> None:
    here, whole = stopped_once(tmp_path / "source", tmp_path / "out")
    events = list[Event]()

    packed(here, tmp_path / "out", digests=True, on_event=events.append)

    assert (tmp_path / "out" / "s.tar").read_bytes() == whole
    assert kept(tmp_path / "out") == expected(LARGE)
    assert Started("digests s", 3_000_000) in events  # of the long item the beginning is missing


def test_digests_that_are_kept_already_are_not_made_again(tmp_path: Path) -> None:
    here, out = members(tmp_path / "source", LARGE), tmp_path / "out"
    with refusing("replace", "*/s.part", errno.EACCES), pytest.raises(DiskError):
        packed(here, out, digests=True)
    before = (out / ".seedbox" / "packed" / "s.digests").stat().st_ino

    packed(here, out, digests=True)

    assert (out / ".seedbox" / "packed" / "s.digests").stat().st_ino == before
    assert kept(out) == expected(LARGE)


def test_a_disk_that_refuses_the_digests_leaves_no_tar_without_them(tmp_path: Path) -> None:
    here, out = members(tmp_path / "source", LARGE), tmp_path / "out"

    with refusing("fsync", "*.digests.*", errno.EIO), pytest.raises(DiskError):
        packed(here, out, digests=True)

    assert not (out / "s.tar").exists()
    packed(here, out, digests=True)
    assert kept(out) == expected(LARGE)
