"""What the C extension does when files, memory or its callers fail it: it says so, and lets go."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from seedbox.hashing.extension import Place, SharedProgress, Span
from support import lanes
from support.faults import nothing_left_open
from support.lanes import DATA, place_of_extension

EXTENSION = lanes.required()
KIB = 1024
every_path = lanes.every_path(EXTENSION)
FORMS: list[dict[str, Any]] = [{"v1": True}, {"v2": True}, {"v1": True, "v2": True}]
every_form = pytest.mark.parametrize("form", FORMS, ids=["v1", "v2", "hybrid"])
# AddressSanitizer reports what it takes for too much memory, needs terabytes of addresses itself,
# and keeps freed memory for a while.
sanitized = os.environ.get(lanes.SANITIZED) is not None
memory_is_ours = pytest.mark.skipif(sanitized, reason="AddressSanitizer manages the memory")

OUT_OF_MEMORY = """
import importlib.util, resource, sys
spec = importlib.util.spec_from_file_location("_lanes", sys.argv[1])
lanes = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lanes)
big = bytes(60 << 20)
lanes.hash_many([big[:1000]], "sha1", "auto")
with open("/proc/self/statm") as statm:
    used = int(statm.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 20), -1))
spans = [(big, 0, len(big), True)] * 1000
for call in (
    lambda: lanes.hash_spans(spans, piece_length=16384, v2=True),
    lambda: lanes.sha256_blocks(big, 64, "auto"),
    lambda: lanes.merkle_layer(big, 2, "auto"),
    lambda: lanes.hash_many([b"a"] * 100000, "sha1", "auto"),
):
    try:
        call()
    except MemoryError:
        print("refused")
"""


def hash_after_64_kib(source: str | int, size: int, path: str, form: dict[str, Any]) -> object:
    spans: list[Span] = [(bytes(100_000), 0, 65536, True), (source, 0, size, True)]
    return EXTENSION.hash_spans(spans, piece_length=65536, path=path, **form)


# --- files ------------------------------------------------------------------------------------


@every_path
@every_form
def test_a_short_file_is_named_by_its_span_and_by_where_it_ends(
    tmp_path: Path, path: str, form: dict[str, Any]
) -> None:
    file = tmp_path / "f"
    file.write_bytes(bytes(70_000))

    with pytest.raises(EXTENSION.ReadError) as caught:
        hash_after_64_kib(str(file), 70_001, path, form)

    assert caught.value.args == (1, 70_000, None)


@every_path
@every_form
def test_a_file_that_cannot_be_read_is_named_by_its_span_with_the_reason(
    tmp_path: Path, path: str, form: dict[str, Any]
) -> None:
    os.mkfifo(tmp_path / "fifo")
    sources: dict[str | int, int] = {
        str(tmp_path / "none"): errno.ENOENT,
        str(tmp_path): errno.EISDIR,
        str(tmp_path / "fifo"): errno.ESPIPE,
        123_456: errno.EBADF,
    }
    for source, reason in sources.items():
        with nothing_left_open(), pytest.raises(EXTENSION.ReadError) as caught:
            hash_after_64_kib(source, 5, path, form)

        assert caught.value.args == (1, 0, reason)


@every_path
@every_form
def test_no_file_stays_open_and_no_buffer_stays_held(
    tmp_path: Path, path: str, form: dict[str, Any]
) -> None:
    file, buffer = tmp_path / "f", bytearray(200_000)
    file.write_bytes(bytes(200_000))
    good: list[Span] = [(buffer, 0, 131_072, True), (str(file), 0, 131_072, False)]
    short: Span = (str(file), 131_072, 100_000, False)
    beyond: Span = (buffer, 1, 200_000, True)

    def run(*spans: Span) -> object:
        return EXTENSION.hash_spans(spans, piece_length=65536, path=path, **form)

    with nothing_left_open():
        assert run(*good)
        with pytest.raises(EXTENSION.ReadError):
            run(*good, short)
        with pytest.raises(ValueError, match="beyond its buffer"):
            run(*good, short, beyond)
    buffer.append(0)  # a bytearray that is in use cannot grow


# --- located files ----------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/a").write_bytes(DATA[:150_000])
    fd = os.open(tmp_path, os.O_RDONLY)
    yield fd
    os.close(fd)


def placed(root: int, name: str = "d/a", *, size: int = 150_000, later: int = 0) -> Place:
    mtime = os.stat("d/a", dir_fd=root).st_mtime_ns
    return (root, name.encode(), size, mtime + later)


@every_path
@every_form
def test_a_located_file_is_hashed_as_its_bytes_are(
    root: int, path: str, form: dict[str, Any]
) -> None:
    def run(source: Place | bytes) -> object:
        spans: list[Span] = [(source, 0, 131_072, False), (source, 131_072, 18_928, False)]
        return EXTENSION.hash_spans(spans, piece_length=65536, path=path, **form)

    with nothing_left_open():
        assert run(placed(root)) == run(DATA[:150_000])


@every_path
@every_form
def test_a_located_file_that_is_not_what_it_was_is_named_by_its_span(
    root: int, path: str, form: dict[str, Any]
) -> None:
    whole: Span = (placed(root), 0, 65536, False)
    for wrong in (placed(root, later=1), placed(root, size=150_001), placed(root, size=-1)):
        for length in (150_000, 70_000, 1):
            spans: list[Span] = [whole, (wrong, 0, length, False)]
            with nothing_left_open(), pytest.raises(EXTENSION.ReadError) as caught:
                EXTENSION.hash_spans(spans, piece_length=65536, path=path, **form)

            assert caught.value.args[::2] == (1, None)
    too_long: Span = (placed(root), 0, 150_001, True)
    with nothing_left_open(), pytest.raises(EXTENSION.ReadError) as caught:
        EXTENSION.hash_spans([whole, too_long], piece_length=65536, path=path, **form)
    assert caught.value.args == (1, 150_000, None)


@every_form
def test_no_link_is_followed_to_a_located_file_and_nothing_is_waited_for(
    root: int, tmp_path: Path, form: dict[str, Any]
) -> None:
    (tmp_path / "link").symlink_to("d/a")
    (tmp_path / "folder").symlink_to("d")
    os.mkfifo(tmp_path / "fifo")
    reasons = {
        "link": {errno.ELOOP},
        "folder/a": {errno.ELOOP, errno.ENOTDIR},
        "none": {errno.ENOENT},
        "d": {errno.EISDIR},
        "fifo": {errno.ESPIPE},
        "../x": {errno.EXDEV},
    }
    for name, reason in reasons.items():
        spans: list[Span] = [(DATA, 0, 65536, False), (placed(root, name), 0, 5, True)]
        with nothing_left_open(), pytest.raises(EXTENSION.ReadError) as caught:
            EXTENSION.hash_spans(spans, piece_length=65536, **form)

        assert caught.value.args[:2] == (1, 0)
        assert caught.value.args[2] in reason


# --- memory -----------------------------------------------------------------------------------


@memory_is_ours
@pytest.mark.parametrize(
    "call",
    [
        lambda: EXTENSION.hash_spans([(b"a", 0, 1, False)], piece_length=1 << 62, v2=True),
        lambda: EXTENSION.hash_spans([(3, 0, 1 << 61, False)], piece_length=1 << 50, v2=True),
        lambda: EXTENSION.hash_spans([(3, 0, 1 << 62, False)], piece_length=1, v1=True),
        lambda: EXTENSION.merkle_layer(bytes(32), 1 << 60, "portable"),
    ],
    ids=["piece", "layers", "pieces", "tree"],
)
def test_results_that_no_memory_holds_are_a_memory_error(call: Callable[[], object]) -> None:
    with pytest.raises(MemoryError):
        call()


@memory_is_ours
@pytest.mark.skipif(sys.platform != "linux", reason="limits of address space are Linux's")
def test_running_out_of_memory_is_a_memory_error() -> None:
    place = place_of_extension()
    assert place

    child = subprocess.run(
        [sys.executable, "-c", OUT_OF_MEMORY, place], capture_output=True, text=True, check=True
    )

    assert child.stdout.split() == ["refused"] * 4


@memory_is_ours
@every_path
def test_nothing_leaks_whether_it_goes_well_or_not(tmp_path: Path, path: str) -> None:
    file = tmp_path / "f"
    file.write_bytes(bytes(300_000))

    def once() -> None:
        spans: list[Span] = [(str(file), 0, 300_000, True), (DATA, 0, 9, True)]
        EXTENSION.hash_spans(spans, piece_length=1 << 18, v2=True, path=path)
        EXTENSION.hash_pieces(DATA, piece_length=1 << 17, v1=True, v2=True, pad=3, path=path)
        EXTENSION.hash_many([DATA[:5]] * 50, "sha1", path)
        EXTENSION.merkle_layer(DATA[:3200], 4, path)
        with pytest.raises(EXTENSION.ReadError):
            EXTENSION.hash_spans([(str(tmp_path), 0, 9, True)], piece_length=9, v1=True, path=path)

    for _ in range(20):
        once()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(100):
        once()

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB


# --- callers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spans", "wishes", "error"),
    [
        ([], {"piece_length": 0, "v1": True}, ValueError),
        ([], {"piece_length": 16384}, ValueError),
        ([], {"piece_length": 8192, "v2": True}, ValueError),
        ([], {"piece_length": 3 * 16384, "v2": True}, ValueError),
        ([], {"piece_length": 16384, "v2": True, "path": "abacus"}, ValueError),
        ([], {"piece_length": 16384, "v2": True, "progress": 1}, TypeError),
        ([(b"a", 0, 1, True)] * 2, {"piece_length": 16384, "v1": True, "v2": True}, ValueError),
        ([(b"a", 0, 2, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([(b"a", 2, 0, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([(b"a", -1, 1, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([(-1, 0, 1, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([(1 << 40, 0, 1, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([(1 << 80, 0, 1, True)], {"piece_length": 16384, "v1": True}, OverflowError),
        ([(0, 1 << 62, 1 << 62, True)] * 2, {"piece_length": 16384, "v1": True}, ValueError),
        ([(None, 0, 1 << 62, True)] * 2, {"piece_length": 16384, "v1": True}, ValueError),
        ([("a\0b", 0, 1, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([(1.5, 0, 1, True)], {"piece_length": 16384, "v1": True}, TypeError),
        ([((0, b"a", 1), 0, 1, True)], {"piece_length": 16384, "v1": True}, TypeError),
        ([((0, b"a\0b", 1, 0), 0, 1, True)], {"piece_length": 16384, "v1": True}, ValueError),
        ([((1 << 40, b"a", 1, 0), 0, 1, True)], {"piece_length": 16384, "v1": True}, OverflowError),
        ([(b"a", 0, 1)], {"piece_length": 16384, "v1": True}, TypeError),
        ([[b"a", 0, 1, True]], {"piece_length": 16384, "v1": True}, TypeError),
        (7, {"piece_length": 16384, "v1": True}, TypeError),
    ],
)
def test_wrong_spans_are_refused(
    spans: Any,  # noqa: ANN401  what no type checker would let through
    wishes: dict[str, Any],
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        EXTENSION.hash_spans(spans, **wishes)


@every_path
def test_wrong_messages_are_refused_and_let_go(path: str) -> None:
    buffer = bytearray(200_000)
    wrong: Any = [buffer, 1]

    with pytest.raises(TypeError):
        EXTENSION.hash_many(wrong, "sha1", path)
    with pytest.raises(ValueError, match="md5"):
        EXTENSION.hash_many([buffer], "md5", path)
    for call in (
        lambda: EXTENSION.merkle_layer(buffer, 3, path),
        lambda: EXTENSION.merkle_layer(buffer[:33], 2, path),
        lambda: EXTENSION.sha1_pieces(buffer, 0, path),
        lambda: EXTENSION.sha256_blocks(buffer, -1, path),
        lambda: EXTENSION.hash_pieces(buffer, piece_length=1, v1=True, v2=True, pad=0, path=path),
    ):
        with pytest.raises(ValueError):  # noqa: PT011  each has words of its own
            call()
    buffer.append(0)  # a bytearray that is in use cannot grow


# --- stopping ---------------------------------------------------------------------------------


@every_path
def test_cancelling_ends_every_thread_within_a_tenth_of_a_second(tmp_path: Path, path: str) -> None:
    file = tmp_path / "hole"
    with file.open("wb") as stream:
        stream.truncate(1 << 36)  # 64 GiB; would take half a minute at the very least
    progress = EXTENSION.Progress()
    results: list[object] = []
    threads = [
        threading.Thread(target=hash_hole, args=(file, form, path, progress, results))
        for form in FORMS
    ]
    for thread in threads:
        thread.start()
    while progress.done < 1 << 20 and any(thread.is_alive() for thread in threads):
        threads[0].join(0.001)
    assert not progress.cancelled

    began = time.monotonic()
    progress.cancel()
    for thread in threads:
        thread.join(20)

    assert time.monotonic() - began < (2 if sanitized else 0.5)  # seconds; other tests run beside
    assert progress.cancelled
    assert results == [None, None, None]


def hash_hole(
    file: Path, form: dict[str, Any], path: str, progress: SharedProgress, results: list[object]
) -> None:
    spans: list[Span] = [(str(file), 0, 1 << 36, True)]
    results.append(
        EXTENSION.hash_spans(spans, piece_length=1 << 24, path=path, progress=progress, **form)
    )
