"""Every path of the C extension that this CPU has gives the digests of hashlib."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seedbox.hashing.extension import Buffer, Span
from support import lanes
from support.lanes import BLOCK, DATA, HASHES, TAILS, each, root, roots, sha1, sha256

EXTENSION = lanes.required()
KIB = 1024
WINDOW = 512 * KIB  # bytes; what a thread reads at once
every_path = lanes.every_path(EXTENSION)
examples = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])

near_blocks = st.builds(
    lambda count, by: max(0, count * BLOCK + by),
    st.integers(0, 20),
    st.sampled_from([-64, -9, -1, 0, 1, 55, 56, 64]),
)
sizes = st.one_of(st.sampled_from(TAILS), st.integers(0, 3000), near_blocks)
lengths_of_files = st.lists(st.one_of(sizes, st.integers(0, 400_000)), max_size=12)
KINDS = ["path", "fd", "buffer", "mixed"]
FORMS = [(True, False), (False, True), (True, True)]  # v1, v2, hybrid


def test_the_fastest_path_is_one_that_this_cpu_has() -> None:
    assert set(EXTENSION.ALL_PATHS) == {"avx512", "avx2", "sha-ni", "armv8", "portable"}
    assert {"portable", *EXTENSION.best()} <= set(EXTENSION.paths()) <= set(EXTENSION.ALL_PATHS)


def test_the_fastest_path_is_measured_once() -> None:
    assert EXTENSION.best() == EXTENSION.best()


# --- messages in memory -----------------------------------------------------------------------


@every_path
@pytest.mark.parametrize("size", TAILS)
@pytest.mark.parametrize("name", HASHES)
def test_every_tail_is_padded_as_the_standard_says_in_every_lane(
    path: str, size: int, name: str
) -> None:
    for count in range(1, 35):  # two rounds of 16 lanes, and more
        messages = [DATA[at * 131 : at * 131 + size] for at in range(count)]

        digests = EXTENSION.hash_many(messages, name, path)

        assert digests == b"".join(map(HASHES[name], messages))


@every_path
@given(
    lengths=st.lists(sizes, max_size=70),
    offset=st.integers(0, 130),
    name=st.sampled_from(sorted(HASHES)),
)
@examples
def test_messages_may_have_any_lengths_and_alignments(
    path: str, lengths: list[int], offset: int, name: str
) -> None:
    view = memoryview(DATA)
    starts = range(offset, offset + 7 * len(lengths), 7)
    messages = [view[at : at + size] for at, size in zip(starts, lengths, strict=True)]

    digests = EXTENSION.hash_many(messages, name, path)

    assert digests == b"".join(map(HASHES[name], messages))


@every_path
@given(
    size=sizes,
    step=st.one_of(st.sampled_from([1, 55, 64, BLOCK, 4 * BLOCK]), st.integers(1, 70_000)),
    at=st.integers(0, 64),
)
@examples
def test_a_buffer_is_cut_into_equal_messages_and_a_rest(
    path: str, size: int, step: int, at: int
) -> None:
    data = memoryview(DATA)[at : at + min(size, 1500 * step)]

    assert EXTENSION.sha256_blocks(data, step, path) == each(sha256, data, step)
    assert EXTENSION.sha1_pieces(data, step, path) == each(sha1, data, step)


@every_path
@given(count=st.integers(0, 600), height=st.integers(0, 7))
@examples
def test_a_layer_of_a_tree_is_made_of_the_one_below(path: str, count: int, height: int) -> None:
    width = 1 << height
    leaves = [DATA[32 * at : 32 * at + 32] for at in range(count)]

    layer = EXTENSION.merkle_layer(b"".join(leaves), width, path)

    assert layer == b"".join(root(leaves[at : at + width], width) for at in range(0, count, width))


@every_path
@given(
    size=st.one_of(sizes, st.integers(0, len(DATA))),
    piece_length=st.sampled_from([BLOCK << shift for shift in range(7)]),
    pad=st.one_of(st.sampled_from(TAILS), st.integers(0, 300_000)),
    form=st.sampled_from(FORMS),
)
@examples
def test_pieces_and_blocks_come_from_one_pass(
    path: str, size: int, piece_length: int, pad: int, form: tuple[bool, bool]
) -> None:
    data, (v1, v2) = DATA[:size], form

    pieces, layer = EXTENSION.hash_pieces(
        data, piece_length=piece_length, v1=v1, v2=v2, pad=pad, path=path
    )

    assert pieces == (each(sha1, data + bytes(pad), piece_length) if v1 else b"")
    assert layer == (roots(data, piece_length, whole=False) if v2 else b"")


# --- spans of files, buffers and pads ---------------------------------------------------------


@contextmanager
def sources(files: list[bytes], kind: str) -> Iterator[list[str | int | Buffer]]:
    """Give each file as a path, as a descriptor or as a buffer."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        given: list[str | int | Buffer] = []
        for index, data in enumerate(files):
            path = Path(folder, str(index))
            match KINDS[index % 3] if kind == "mixed" else kind:
                case "buffer":
                    given.append(data)
                case "path":
                    path.write_bytes(data)
                    given.append(str(path))
                case _:
                    path.write_bytes(data)
                    fd = os.open(path, os.O_RDONLY)
                    opened.callback(os.close, fd)
                    given.append(fd)
        yield given


def in_halves(source: str | int | Buffer, size: int, step: int) -> list[Span]:
    """Return a file as two spans that meet at a multiple of `step`, if there is one inside."""
    middle = size // 2 // step * step
    if not middle:
        return [(source, 0, size, True)]
    return [(source, 0, middle, False), (source, middle, size - middle, False)]


@every_path
@given(
    lengths=lengths_of_files,
    piece_length=st.one_of(
        st.integers(1, 100).map(lambda count: count * 997),
        st.sampled_from([BLOCK, 256 * KIB, 4096 * KIB]),
    ),
    kind=st.sampled_from(KINDS),
)
@examples
def test_v1_is_one_stream_through_all_spans(
    path: str, lengths: list[int], piece_length: int, kind: str
) -> None:
    files = [DATA[at * 100 : at * 100 + size] for at, size in enumerate(lengths)]
    progress = EXTENSION.Progress()
    with sources(files, kind) as given:
        pairs = zip(given, lengths, strict=True)
        spans = [span for source, size in pairs for span in in_halves(source, size, 1)]

        hashed = EXTENSION.hash_spans(
            spans, piece_length=piece_length, v1=True, path=path, progress=progress
        )

    assert hashed == (each(sha1, b"".join(files), piece_length), b"")
    assert progress.done == sum(lengths)


@every_path
@given(
    lengths=lengths_of_files,
    piece_length=st.sampled_from([BLOCK << shift for shift in range(6)]),
    kind=st.sampled_from(KINDS),
    v1=st.booleans(),
    halved=st.booleans(),
)
@examples
def test_v2_trees_begin_anew_in_every_file_and_pads_are_none_of_theirs(
    path: str, lengths: list[int], piece_length: int, kind: str, v1: bool, halved: bool
) -> None:
    files = [DATA[at * 100 : at * 100 + size] for at, size in enumerate(lengths)]
    progress = EXTENSION.Progress()
    with sources(files, kind) as given:
        spans: list[Span] = []
        for source, size in zip(given, lengths, strict=True):
            spans += in_halves(source, size, piece_length if halved else 1 << 40)
            spans.append((None, 0, -size % piece_length, False))

        hashed = EXTENSION.hash_spans(
            spans, piece_length=piece_length, v1=v1, v2=True, path=path, progress=progress
        )

    padded = b"".join(data + bytes(-len(data) % piece_length) for data in files)
    trees = b"".join(roots(data, piece_length, whole=True) for data in files)
    assert hashed == (each(sha1, padded, piece_length) if v1 else b"", trees)
    assert progress.done == sum(lengths)


@every_path
@pytest.mark.parametrize("piece_length", [BLOCK, 2 * BLOCK, 256 * KIB, 1024 * KIB])
@pytest.mark.parametrize("by", [-1, 0, 1])
def test_files_that_end_beside_blocks_pieces_and_windows(
    path: str, piece_length: int, by: int
) -> None:
    data = DATA * 2
    edges = {BLOCK, 2 * BLOCK, WINDOW, piece_length, 15 * BLOCK, 16 * BLOCK, 17 * BLOCK, len(DATA)}
    for size in (edge + by for edge in edges):
        spans: list[Span] = [(data, 0, size, True), (None, 0, -size % piece_length, False)]

        hashed = EXTENSION.hash_spans(spans, piece_length=piece_length, v1=True, v2=True, path=path)

        padded = data[:size] + bytes(-size % piece_length)
        trees = roots(data[:size], piece_length, whole=True)
        assert hashed == (each(sha1, padded, piece_length), trees)


@every_path
def test_many_spans_in_one_piece_are_one_stream(path: str) -> None:
    cuts = [*range(0, 70_000, 997), 70_000]
    spans: list[Span] = [(DATA, start, stop - start, False) for start, stop in pairwise(cuts)]

    hashed = EXTENSION.hash_spans(spans, piece_length=64 * KIB, v1=True, path=path)

    assert hashed == (each(sha1, DATA[:70_000], 64 * KIB), b"")
