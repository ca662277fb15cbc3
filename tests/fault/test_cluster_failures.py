"""A cluster that fails: workers and schedulers that are lost, unfit, or do not see the files."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from seedbox import __version__
from seedbox.errors import (
    DiskError,
    SchedulerError,
    SeedboxError,
    SourceChangedError,
    UnfitWorkerError,
    UsageError,
    WorkerPathError,
    WorkersLostError,
)
from seedbox.jobs.build import run_build
from seedbox.jobs.cluster import Patience, connected
from seedbox.jobs.events import Advanced, Event, ignore
from support.cluster import DIES, FILES, clustered, scheduler, worker
from support.content import write
from support.datasets import plan


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with scheduler() as found:
        yield found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


# --- who is lost -------------------------------------------------------------------------------


def test_a_shard_that_kills_every_worker_ends_the_build(source: Path, tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text(DIES, "utf-8")
    never = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with (
        scheduler(env=never) as address,
        worker(address, preload=tmp_path / "dies.py") as victim,
        pytest.raises(WorkersLostError, match=r"was lost with 1 workers, at last with tcp://127\."),
    ):
        clustered(address, source, tmp_path / "out")
    assert victim.status == -signal.SIGKILL
    assert not (tmp_path / "out" / "manifest.yaml").exists()


def test_a_build_ends_when_all_workers_are_gone(source: Path, tmp_path: Path, address: str) -> None:
    (tmp_path / "dies.py").write_text(DIES, "utf-8")
    with (
        worker(address, preload=tmp_path / "dies.py"),
        pytest.raises(SchedulerError, match=r"has had no worker for 0\.5 seconds") as caught,
    ):
        clustered(address, source, tmp_path / "out", Patience(workers=0.5))
    assert caught.value.exit_status == 6

    with pytest.raises(SchedulerError, match="has had no worker"):
        clustered(address, source, tmp_path / "out", Patience(workers=0.1))


def test_a_build_ends_when_the_scheduler_is_gone(source: Path, tmp_path: Path) -> None:
    def end(event: Event) -> None:
        if isinstance(event, Advanced):
            stack.close()

    with ExitStack() as stack:
        address = stack.enter_context(scheduler())
        stack.enter_context(worker(address))
        patience = Patience(answer=1)
        with pytest.raises(SchedulerError) as caught:
            clustered(address, source, tmp_path / "out", patience, on_event=end)

    assert caught.value.data["address"] == address
    assert not (tmp_path / "out" / "manifest.yaml").exists()


# --- workers that cannot do it ----------------------------------------------------------------


def shadow(folder: Path, name: str, text: str) -> dict[str, str]:
    """Return an environment in which Python finds another module first."""
    (folder / "shadow" / name).parent.mkdir(parents=True)
    (folder / "shadow" / name).write_text(text, "utf-8")
    return {"PYTHONPATH": str(folder / "shadow")}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("seedbox/__init__.py", "__version__ = '0.0.9'", f"seedbox 0.0.9, this .* {__version__}"),
        ("seedbox/__init__.py", "raise ImportError", f"seedbox none, this .* {__version__}"),
        (
            "sitecustomize.py",
            "import platform\nplatform.python_version = lambda: '3.9.1'",
            r"Python 3\.9\.1, this machine has 3\.",
        ),
    ],
)
def test_a_worker_with_other_programs_is_refused(
    tmp_path: Path, address: str, name: str, text: str, says: str
) -> None:
    env = shadow(tmp_path, name, text)
    with (
        worker(address),
        worker(address, env=env, cwd=tmp_path),
        pytest.raises(UnfitWorkerError, match=rf"^tcp://127\.0\.0\.1:\d+ has {says}") as caught,
        connected(address, on_event=ignore),
    ):
        pass
    assert caught.value.exit_status == 5


def test_a_scheduler_with_another_seedbox_is_refused(tmp_path: Path) -> None:
    env = shadow(tmp_path, "seedbox/__init__.py", "raise ImportError")
    with (
        scheduler(env=env, cwd=tmp_path) as address,
        pytest.raises(UnfitWorkerError, match=r"the scheduler at tcp.* has seedbox none, this"),
        connected(address, on_event=ignore),
    ):
        pass


@pytest.mark.parametrize(
    ("spoil", "path", "reason"),
    [
        ("source", "source/", "the file is missing there"),
        ("out", "out", "another folder is there, or none"),
        ("locks", "out", "locks of other machines are not seen there"),
    ],
)
def test_a_worker_that_does_not_share_the_files_is_refused(
    source: Path, tmp_path: Path, address: str, spoil: str, path: str, reason: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    elsewhere = f"""
from pathlib import Path
from seedbox import disk
if not hasattr(disk, "real"):
    disk.real = disk.look, disk.standing
    elsewhere = Path({str(tmp_path / "elsewhere")!r})
"""
    preload = {
        "source": elsewhere + "    disk.look = lambda root, parts: disk.real[0](elsewhere, parts)",
        "out": elsewhere
        + "    disk.standing = lambda path, limit: disk.real[1](elsewhere / path.name, limit)",
        "locks": "import fcntl\nfcntl.flock = lambda *_: None\n",
    }[spoil]
    (tmp_path / "preload.py").write_text(preload, "utf-8")
    with (
        worker(address),
        worker(address, preload=tmp_path / "preload.py"),
        pytest.raises(WorkerPathError) as caught,
    ):
        clustered(address, source, tmp_path / "out")

    assert caught.value.exit_status == 5
    assert str(caught.value.data["worker"]).startswith("tcp://127.0.0.1:")
    assert str(caught.value.data["path"]).startswith(str(tmp_path / path))
    assert caught.value.data["reason"] == reason


# --- errors of units --------------------------------------------------------------------------


def test_an_error_in_a_unit_is_the_same_error_here(
    source: Path, tmp_path: Path, address: str
) -> None:
    planned, listing = plan(source)
    (source / "f3").write_bytes(b"x" * 5)
    with worker(address), connected(address, on_event=ignore) as workers:
        with pytest.raises(SourceChangedError) as caught:
            run_build(planned, listing, tmp_path / "out", jobs=1, on_event=ignore, workers=workers)
        (source / "f3").unlink()
        with pytest.raises(DiskError) as missing:
            run_build(planned, listing, tmp_path / "out", jobs=1, on_event=ignore, workers=workers)

    errors: list[SeedboxError] = []
    for error in (SourceChangedError, DiskError):
        if error is SourceChangedError:
            (source / "f3").write_bytes(b"x" * 5)
        else:
            (source / "f3").unlink()
        with pytest.raises(error) as here:
            run_build(planned, listing, tmp_path / "here", jobs=1, on_event=ignore)
        errors.append(here.value)
    for ours, theirs in zip(errors, (caught.value, missing.value), strict=True):
        assert (type(ours), ours.data, ours.message) == (type(theirs), theirs.data, theirs.message)
        assert ours.exit_status == theirs.exit_status == 5


def test_tls_without_certificates_is_refused_before_anybody_is_asked(
    source: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="needs certificates") as caught:
        clustered("tls://127.0.0.1:9", source, tmp_path / "out")
    assert "docs/cluster.md" in str(caught.value.hint)
