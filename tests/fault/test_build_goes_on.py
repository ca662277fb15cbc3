"""Builds that are stopped, or whose source does not keep still."""

import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from seedbox.errors import DiskError, SourceChangedError
from seedbox.jobs.build import BuildReport
from seedbox.jobs.events import Advanced, Event, Note
from seedbox.jobs.shards import Source, shard_torrent
from seedbox.torrent.info_hash import Format
from support.content import contents, write
from support.datasets import build
from support.faults import nothing_left_open
from support.hashing import forced

MIB = 1024 * 1024
FORMS = [Format.V1, Format.V2, Format.HYBRID]
FILES = contents({"a": 70_000, "b/c": 16_384, "b/empty": 0, "long/name.bin": 120_001, "z": 1})
SIZE = 70_000 + 16_384 + 120_001 + 1
LARGE = contents({"a": 13 * MIB + 5, "b/c": 7 * MIB, "b/empty": 0, "z": 1})
LARGE_SIZE = 20 * MIB + 6  # with hashlib six runs of at most 4 MiB
IN_MIB: dict[str, Any] = {"piece_length": MIB, "shard_size": 100 * MIB}
MANY = 8  # threads; the C extension then hashes each piece of the small files in a run of its own


class StopHere(Exception):  # noqa: N818  (not an error)
    """Somebody pressed Ctrl-C."""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def made(out: Path) -> dict[str, bytes]:
    """What a build made, for people."""
    paths = (path for path in out.rglob("*") if path.is_file() and ".seedbox" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(params=["fastest", "hashlib"])
def path(request: pytest.FixtureRequest) -> Iterator[str]:
    """Hash with what this machine has, and with hashlib."""
    with forced("hashlib") if request.param == "hashlib" else nullcontext():
        yield request.param


@contextmanager
def bytes_read() -> Iterator[list[int]]:
    """Count what is read through Python: all of it, with hashlib."""
    real, counts = os.preadv, []

    def counting(fd: int, buffers: Sequence[memoryview], at: int) -> int:
        counts.append(real(fd, buffers, at))
        return counts[-1]

    os.preadv = counting  # type: ignore[assignment]
    try:
        yield counts
    finally:
        os.preadv = real


class Watch:
    """Keeps the events of a build, and stops it after its n-th run of pieces."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.events: list[Event] = []
        self.left = stop_at

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        if isinstance(event, Advanced) and self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise StopHere

    @property
    def done(self) -> dict[str, int]:
        """Bytes hashed, by task."""
        return {event.task: event.done for event in self.events if isinstance(event, Advanced)}


def runs(source: Path, out: Path, **how: Any) -> tuple[int, BuildReport]:  # noqa: ANN401
    """Build undisturbed; gives how often it could have been stopped."""
    watch = Watch()
    report = build(source, out, on_event=watch, **how)
    return sum(isinstance(event, Advanced) for event in watch.events), report


def stopped(source: Path, out: Path, count: int, **how: Any) -> dict[str, int]:  # noqa: ANN401
    """Stop a build after a run of pieces; gives what it has hashed, by task."""
    watch = Watch(count)
    with nothing_left_open(), pytest.raises(StopHere):
        build(source, out, on_event=watch, **how)
    assert not (out / "manifest.yaml").exists()
    return watch.done


def blank(source: Path, report: BuildReport, done: dict[str, int]) -> None:
    """Overwrite what was hashed; size and time stay, so that only reading it again would tell."""
    for shard in report.manifest.shards:
        torrent = shard_torrent(Source(report.manifest_path, report.manifest), shard)
        left = done.get(f"hash {shard.name}", 0)
        for file in torrent.files:
            parts = file.path if torrent.layout.single else file.path[1:]
            place = source.joinpath(shard.at or "", *parts)
            status = place.stat()
            with place.open("r+b") as stream:
                stream.write(bytes(min(left, file.length)))
            os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns))
            left -= min(left, file.length)


# --- stopped and run again --------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_build_stopped_after_any_run_reads_only_the_rest_and_makes_the_same(
    tmp_path: Path, form: Format
) -> None:
    write(tmp_path / "source", LARGE)
    how: dict[str, Any] = {"format": form, **IN_MIB}
    with forced("hashlib"):
        count, _ = runs(tmp_path / "source", tmp_path / "whole", **how)
        whole = made(tmp_path / "whole")
        assert count == 6
        for stop in range(1, count + 1):
            out = tmp_path / f"out{stop}"
            done = stopped(tmp_path / "source", out, stop, **how)

            with bytes_read() as counts:
                report = build(tmp_path / "source", out, **how)

            assert made(out) == whole
            assert report.hashed == sum(counts) == LARGE_SIZE - sum(done.values())
    assert report.hashed == 0  # the last stop was after the last run


@pytest.mark.parametrize("form", FORMS)
def test_what_was_hashed_before_a_stop_after_any_run_is_not_read_again(
    tmp_path: Path, form: Format
) -> None:
    write(tmp_path / "source", FILES)
    how: dict[str, Any] = {"format": form, "jobs": MANY}
    count, first = runs(tmp_path / "source", tmp_path / "whole", **how)
    assert count >= len(first.manifest.shards) == 2
    for stop in range(1, count + 1):
        source, out = tmp_path / f"{stop}" / "source", tmp_path / f"out{stop}"
        write(source, FILES)
        done = stopped(source, out, stop, **how)
        blank(source, first, done)

        report = build(source, out, **how)

        assert made(out) == made(tmp_path / "whole")
        assert report.hashed == SIZE - sum(done.values())
    assert report.hashed == 0
    assert not any((source / name).read_bytes().strip(b"\0") for name in FILES)


def test_a_build_that_goes_on_says_what_it_had(tmp_path: Path) -> None:
    write(tmp_path / "source", LARGE)
    watch = Watch()
    with forced("hashlib"):
        stopped(tmp_path / "source", tmp_path / "out", 2, **IN_MIB)

        build(tmp_path / "source", tmp_path / "out", on_event=watch, **IN_MIB)

    notes = [event.message for event in watch.events if isinstance(event, Note)]
    assert notes == ["set-0001: 8,388,608 of 20,971,526 bytes were hashed before"]


@pytest.mark.parametrize(("first", "then"), [("hashlib", None), (None, "hashlib")])
def test_what_one_path_hashed_another_goes_on_from(
    tmp_path: Path, first: str | None, then: str | None
) -> None:
    write(tmp_path / "source", LARGE)
    build(tmp_path / "source", tmp_path / "whole", **IN_MIB)
    with forced(first) if first else nullcontext():
        done = stopped(tmp_path / "source", tmp_path / "out", 1, jobs=MANY, **IN_MIB)

    with forced(then) if then else nullcontext():
        report = build(tmp_path / "source", tmp_path / "out", jobs=1, **IN_MIB)

    assert report.hashed == LARGE_SIZE - sum(done.values()) > 0
    assert made(tmp_path / "out") == made(tmp_path / "whole")


def test_a_build_stopped_again_and_again_ends(source: Path, tmp_path: Path) -> None:
    build(source, tmp_path / "whole")
    draw = random.Random(1)
    for _ in range(30):
        try:
            build(source, tmp_path / "out", on_event=Watch(draw.randint(1, 3)), jobs=MANY)
            break
        except StopHere:
            pass

    assert made(tmp_path / "out") == made(tmp_path / "whole")


@pytest.mark.usefixtures("path")
def test_what_was_hashed_is_hashed_again_if_the_file_changed_meanwhile(
    source: Path, tmp_path: Path
) -> None:
    done = stopped(source, tmp_path / "out", 1, jobs=1)
    assert done == {"hash set-0001": 120_001}
    (source / "long/name.bin").write_bytes(b"x" * 120_001)

    report = build(source, tmp_path / "out")
    build(source, tmp_path / "fresh")

    assert report.hashed == SIZE
    assert made(tmp_path / "out") == made(tmp_path / "fresh")


# --- a source that does not keep still --------------------------------------------------------


@pytest.mark.parametrize("how", ["grow", "touch", "vanish", "replace"])
@pytest.mark.parametrize("name", ["long/name.bin", "a", "b/empty"])
@pytest.mark.parametrize("at", [0, Fraction(2, 3), 1])
@pytest.mark.usefixtures("path")
def test_a_file_that_changes_during_a_build_stops_it_before_the_manifest(
    source: Path, tmp_path: Path, how: str, name: str, at: Fraction
) -> None:
    count, _ = runs(source, tmp_path / "undisturbed", jobs=MANY)
    left = max(1, int(at * count))  # the first run, one well on, the last

    def spoil(event: Event) -> None:
        nonlocal left
        left -= isinstance(event, Advanced)
        if left == 0:
            left = -1
            path, data = source / name, FILES[name]
            if how == "touch":
                os.utime(path, ns=(1, 1))
            elif how == "grow":
                path.write_bytes(data + b"x")
            else:
                path.rename(tmp_path / "away")
            if how == "replace":
                path.write_bytes(data)
                status = (tmp_path / "away").stat()
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    with pytest.raises((SourceChangedError, DiskError)) as caught:
        build(source, tmp_path / "out", on_event=spoil, jobs=MANY)

    assert caught.value.data["path"] == str(source / name)
    assert caught.value.exit_status == 5
    assert not (tmp_path / "out" / "manifest.yaml").exists()
