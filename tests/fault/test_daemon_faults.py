"""Files that go wrong under a daemon that serves them with libtorrent, and are mended."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from seedbox.daemon.record import Trouble
from seedbox.engine.libtorrent import LibtorrentEngine
from support.content import contents
from support.daemons import Running, options, quick_clock, running
from support.datasets import published
from support.swarm import LOOPBACK, in_loop

FILES = contents({f"{name}/data.bin": 70_000 for name in ("first", "second", "third")})
FIRST, SECOND, THIRD = (f"set-000{number}" for number in (1, 2, 3))
WITHIN = 10.0  # seconds, from the fault to the pause
FACTOR = 10  # the daemon's clock, to ours: libtorrent has its own


def corrupt(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.seek(1000)
        stream.write(b"\xff\x00\xff\x00")


def shorten(path: Path) -> None:
    os.truncate(path, 1000)


def grow(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def remove(path: Path) -> None:
    path.unlink()


def bar(path: Path) -> None:
    """Put a file in the place of the folder: even root cannot read what was in it."""
    path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.write_bytes(b"no folder")


def unmount(path: Path) -> None:
    path.parents[1].rename(path.parents[1].with_name("unmounted"))
    path.parents[1].mkdir()


def put_back(path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(FILES["second/data.bin"])


def unbar(path: Path) -> None:
    path.parent.unlink()
    path.parent.with_name("elsewhere").rename(path.parent)


def mount(path: Path) -> None:
    path.parents[1].rmdir()
    path.parents[1].with_name("unmounted").rename(path.parents[1])


def contents_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def until_paused(daemon: Running, *names: str) -> None:
    clock = daemon.options.clock
    began = clock.now()
    await daemon.until(lambda: all(daemon.shard(name).pause for name in names))
    assert clock.now() - began <= WITHIN


@pytest.mark.parametrize(
    ("harm", "mend", "why", "lost", "hashed"),
    [
        (corrupt, put_back, Trouble.CHANGED, [SECOND], True),
        (shorten, put_back, Trouble.CHANGED, [SECOND], True),
        (grow, put_back, Trouble.CHANGED, [SECOND], True),
        (remove, put_back, Trouble.MISSING, [SECOND], True),
        (bar, unbar, Trouble.MISSING, [SECOND], False),
        (unmount, mount, Trouble.MISSING, [FIRST, SECOND, THIRD], False),
    ],
    ids=["corrupt", "shortened", "grown", "removed", "barred", "unmounted"],
)
@in_loop
async def test_a_shard_is_let_go_when_its_file_fails_and_comes_back_when_it_is_mended(
    tmp_path: Path,
    harm: Callable[[Path], None],
    mend: Callable[[Path], None],
    why: Trouble,
    lost: list[str],
    *,
    hashed: bool,
) -> None:
    source = published(
        tmp_path, FILES, shard_size=1, values={f: 9 - n for n, f in enumerate(FILES)}
    )
    path = tmp_path / "data" / "second" / "data.bin"
    chosen = options(tmp_path, source.path, clock=quick_clock(FACTOR))
    async with running(chosen, LibtorrentEngine(LOOPBACK)) as daemon:
        for name in (FIRST, SECOND, THIRD):
            await daemon.until_why(name, None)
        harm(path)
        before = contents_of(tmp_path)
        await until_paused(daemon, *lost)
        pause = daemon.shard(SECOND).pause
        assert pause is not None
        assert (pause.why, pause.path) == (why, str(path))
        assert daemon.shard(SECOND).verified is None
        others = {FIRST, THIRD} - set(lost)
        assert [daemon.why(name) for name in others] == [None] * len(others)
        kept = {name: data for name, data in before.items() if "/data/" in name}
        now = contents_of(tmp_path)
        assert {name: now[name] for name in kept} == kept

        mend(path)
        for name in (FIRST, SECOND, THIRD):
            await daemon.until_why(name, None)
        assert path.read_bytes() == FILES["second/data.bin"]
        again = daemon.hashed[3:]
        assert (SECOND in again) is hashed
        assert set(again) <= {SECOND}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@in_loop
async def test_a_file_that_may_not_be_read_lets_its_shard_go(tmp_path: Path) -> None:
    source = published(tmp_path, FILES, shard_size=1)
    path = tmp_path / "data" / "second" / "data.bin"
    path.chmod(0)
    chosen = options(tmp_path, source.path, clock=quick_clock(FACTOR))
    async with running(chosen, LibtorrentEngine(LOOPBACK)) as daemon:
        await daemon.until_why(SECOND, Trouble.UNREADABLE)
        path.chmod(0o644)
        await daemon.until_why(SECOND, None)
