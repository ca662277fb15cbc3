import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox import disk
from seedbox.errors import DiskError, InUseError, NoSpaceError
from seedbox.jobs import journal
from seedbox.jobs.events import Event, Note
from seedbox.torrent.compose import PieceDigest
from seedbox.torrent.info_hash import Format
from seedbox.torrent.layout import Layout, arrange
from support.faults import no_file_over, nothing_left_open

FORMS = [Format.V1, Format.V2, Format.HYBRID]
HEADER = 64  # bytes
RECORD = 64  # bytes a piece


def layout(form: Format = Format.HYBRID, name: str = "data", length: int = 16_384) -> Layout:
    """Eight pieces, in 16 KiB each."""
    files = [(("a",), 100_000), (("b",), 16_384)]
    return arrange(name, files, form=form, piece_length=length)


def located(mtime_ns: int = 5, size: int = 100_000, inode: int = 7) -> list[disk.Located]:
    root = Path("/source")
    return [
        disk.Located(root, ("a",), size, mtime_ns, inode),
        disk.Located(root, ("b",), 16_384, 5, 8),
    ]


def digest(piece: int, form: Format = Format.HYBRID) -> PieceDigest:
    v1 = None if form is Format.V2 else bytes([piece + 1]) * 20
    v2 = None if form is Format.V1 else bytes([piece + 1]) * 32
    return PieceDigest(piece, v1, v2)


def kept(path: Path, *pieces: int) -> dict[int, PieceDigest]:
    """Open the journal, add pieces, and return what was known before."""
    with journal.opened(path, layout(), located()) as opened:
        opened.add(digest(piece) for piece in pieces)
        return opened.known


@pytest.mark.parametrize("form", FORMS)
def test_what_one_run_adds_the_next_one_knows(tmp_path: Path, form: Format) -> None:
    path = tmp_path / "not" / "yet" / "made"
    for known in ([], [0, 1], [0, 1, 5]):
        with journal.opened(path, layout(form), located()) as opened:
            assert opened.known == {piece: digest(piece, form) for piece in known}
            pieces = {0: (0, 1), 2: (5,), 3: ()}[len(known)]
            opened.add([digest(piece, form) for piece in pieces])


def test_what_was_added_is_known_though_the_run_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    with journal.opened(path, layout(), located()) as killed:
        killed.add([digest(3)])
        while_open = path.read_bytes()
    path.write_bytes(while_open)

    assert kept(path) == {3: digest(3)}


@pytest.mark.parametrize(
    ("other", "files"),
    [
        (layout(Format.V1), located()),
        (layout(Format.V2), located()),
        (layout(length=32_768), located()),
        (layout(name="other"), located()),
        (layout(), located(mtime_ns=6)),
        (layout(), located(size=100_001)),
        (layout(), located(inode=70)),
        (layout(), [replace(located()[0], parts=("c",)), located()[1]]),
        (layout(), located()[::-1]),
    ],
)
def test_a_journal_of_anything_else_is_begun_anew(
    tmp_path: Path, other: Layout, files: list[disk.Located]
) -> None:
    path = tmp_path / "pieces"
    kept(path, 0, 1)

    with journal.opened(path, other, files) as opened:
        assert opened.known == {}
    assert path.stat().st_size == HEADER
    assert kept(path) == {}


def test_the_folder_that_a_source_lies_in_may_be_moved(tmp_path: Path) -> None:
    kept(tmp_path / "pieces", 0)
    moved = [replace(file, root=Path("/elsewhere")) for file in located()]

    with journal.opened(tmp_path / "pieces", layout(), moved) as opened:
        assert opened.known == {0: digest(0)}


@given(cut=st.integers(0, HEADER + 3 * RECORD))
def test_a_torn_tail_costs_the_pieces_in_it_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "torn" / "pieces"
    path.unlink(missing_ok=True)
    kept(path, 2, 0, 1)
    os.truncate(path, cut)
    whole = max(0, cut - HEADER) // RECORD

    assert kept(path, 4) == {piece: digest(piece) for piece in (2, 0, 1)[:whole]}
    assert kept(path) == {piece: digest(piece) for piece in (*(2, 0, 1)[:whole], 4)}


@given(at=st.integers(0, HEADER + 3 * RECORD - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_never_believed(
    tmp_path_factory: pytest.TempPathFactory, at: int, bit: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "flipped" / "pieces"
    path.unlink(missing_ok=True)
    kept(path, 2, 0, 1)
    data = bytearray(path.read_bytes())
    data[at] ^= 1 << bit
    path.write_bytes(data)
    before = (at - HEADER) // RECORD if at >= HEADER else 0

    assert kept(path) == {piece: digest(piece) for piece in (2, 0, 1)[:before]}


def test_a_piece_that_the_torrent_does_not_have_is_not_believed(tmp_path: Path) -> None:
    kept(tmp_path / "pieces", 1, 8, 2)

    assert kept(tmp_path / "pieces") == {1: digest(1)}


def test_names_that_are_not_utf8_are_told_apart() -> None:
    first, second = (
        [replace(located()[0], parts=(name,)), located()[1]] for name in ("\udcfe", "\udcff")
    )

    assert journal.fingerprint(layout(), first) != journal.fingerprint(layout(), second)


def test_a_journal_that_does_not_fit_is_an_error_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    with (
        nothing_left_open(),
        journal.opened(path, layout(), located()) as opened,
        no_file_over(HEADER + RECORD + 10),
    ):
        opened.add([digest(0)])
        with pytest.raises(DiskError, match=f"cannot keep a journal at {path}: File too large"):
            opened.add([digest(1)])

    assert kept(path) == {0: digest(0)}


def test_of_a_run_that_does_not_fit_the_pieces_that_did_are_known(tmp_path: Path) -> None:
    path = tmp_path / "pieces"
    with (
        journal.opened(path, layout(), located()) as opened,
        no_file_over(HEADER + 2 * RECORD + 10),
        pytest.raises(DiskError, match="cannot keep a journal"),
    ):
        opened.add(digest(piece) for piece in range(4))

    assert kept(path) == {0: digest(0), 1: digest(1)}


def test_a_journal_that_cannot_be_opened_is_an_error_of_the_disk(tmp_path: Path) -> None:
    (tmp_path / "pieces").mkdir()

    with pytest.raises(DiskError, match="cannot keep a journal"):
        journal.opened(tmp_path / "pieces", layout(), located()).__enter__()


def test_an_error_of_whoever_uses_a_journal_stays_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pieces"

    with pytest.raises(BrokenPipeError), journal.opened(path, layout(), located()):
        raise BrokenPipeError
    with pytest.raises(NoSpaceError), journal.opened(path, layout(), located()):
        raise NoSpaceError("x", folder="y", need=1, free=0) from OSError(errno.EIO, "")


# --- two attempts -----------------------------------------------------------------------------


def test_a_second_attempt_waits_for_the_first_and_knows_what_it_has_added(tmp_path: Path) -> None:
    path = tmp_path / "s.pieces"
    first = journal.opened(path, layout(), located())
    opened = first.__enter__()
    events: list[Event] = []

    def end(event: Event) -> None:
        events.append(event)
        opened.add([digest(3)])
        first.__exit__(None, None, None)

    with journal.opened(path, layout(), located(), on_event=end) as second:
        assert second.known == {3: digest(3)}
    assert events == [Note("s: another process is at work on it, waiting for that")]


def test_a_second_attempt_gives_up_in_time(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with (
        journal.opened(path, layout(), located()),
        pytest.raises(InUseError, match="another seedbox is at work in"),
        journal.opened(path, layout(), located(), patience=0),
    ):
        pass


def test_a_journal_that_was_removed_while_it_was_waited_for_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "s"
    first = journal.opened(path, layout(), located())
    first.__enter__().add([digest(3)])

    def end(_: Event) -> None:
        path.unlink()
        first.__exit__(None, None, None)

    with journal.opened(path, layout(), located(), on_event=end) as second:
        assert second.known == {}
        second.add([digest(1)])
    assert kept(path) == {1: digest(1)}
