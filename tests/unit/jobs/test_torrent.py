import os
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.errors import (
    DestinationTakenError,
    DiskError,
    SourceChangedError,
    SourceError,
    UnsafePathsError,
    UsageError,
)
from seedbox.jobs.events import Advanced, Event, OnEvent, ignore
from seedbox.jobs.torrent import TorrentPlan, TorrentReport, plan_torrent, run_torrent
from seedbox.torrent.compose import Extras
from seedbox.torrent.info_hash import Format
from seedbox.torrent.metainfo import Metainfo
from support.content import contents, write
from support.torrents import FORMS, make

FILES = contents({"a": 50_000, "b/c": 16_384, "b/empty": 0, "train.json": 3, "train/x": 5})


def planned(path: Path, form: Format, piece_length: int | None) -> TorrentPlan:
    return plan_torrent(
        disk.scan(path),
        is_file=path.is_file(),
        form=form,
        piece_length=piece_length,
        extras=Extras(comment="for people"),
    )


def made(
    path: Path,
    out: Path,
    form: Format = Format.HYBRID,
    *,
    piece_length: int | None = 16_384,
    on_event: OnEvent = ignore,
) -> TorrentReport:
    plan = planned(path, form, piece_length)
    return run_torrent(plan, disk.scan(path), out, jobs=2, on_event=on_event)


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_becomes_the_torrent_that_the_beps_say(tmp_path: Path, form: Format) -> None:
    write(tmp_path / "data", FILES)

    report = made(tmp_path / "data", tmp_path / "x.torrent", form)

    expected = make(FILES, form, piece_length=16_384, extras=Extras(comment="for people"))
    assert (tmp_path / "x.torrent").read_bytes() == expected.raw
    assert report.metainfo == expected
    assert report.path == tmp_path / "x.torrent"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_becomes_a_single_file_torrent(tmp_path: Path, form: Format) -> None:
    write(tmp_path, {"f.bin": FILES["a"]})

    report = made(tmp_path / "f.bin", tmp_path / "x.torrent", form)

    assert report.metainfo.layout.single
    assert [file.path for file in report.metainfo.files] == [("f.bin",)]


def test_a_folder_to_write_to_gets_a_torrent_named_as_the_content(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    (tmp_path / "out").mkdir()

    assert made(tmp_path / "data", tmp_path / "out").path == tmp_path / "out" / "data.torrent"


def test_links_are_left_out_and_named(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    (tmp_path / "data" / "link").symlink_to("a")

    report = made(tmp_path / "data", tmp_path / "x.torrent")

    assert [absent.parts for absent in report.left_out] == [("link",)]


def test_making_it_again_is_no_error_and_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    made(tmp_path / "data", tmp_path / "x.torrent")
    os.utime(tmp_path / "x.torrent", ns=(5, 5))

    made(tmp_path / "data", tmp_path / "x.torrent")

    assert (tmp_path / "x.torrent").stat().st_mtime_ns == 5


@pytest.mark.parametrize("theirs", [b"", b"short", b"x" * 100_000])
def test_another_file_is_never_overwritten(tmp_path: Path, theirs: bytes) -> None:
    write(tmp_path / "data", FILES)
    write(tmp_path, {"x.torrent": theirs})

    with pytest.raises(DestinationTakenError, match=r"x\.torrent exists already"):
        made(tmp_path / "data", tmp_path / "x.torrent")

    assert (tmp_path / "x.torrent").read_bytes() == theirs


def test_a_link_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    (tmp_path / "x.torrent").symlink_to("nothing")

    with pytest.raises(DestinationTakenError):
        made(tmp_path / "data", tmp_path / "x.torrent")

    assert (tmp_path / "x.torrent").is_symlink()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)

    with pytest.raises(DiskError, match=f"cannot write {tmp_path}/no/x.torrent"):
        made(tmp_path / "data", tmp_path / "no" / "x.torrent")


def test_a_file_that_changes_meanwhile_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    plan = planned(tmp_path / "data", Format.V2, 16_384)
    os.utime(tmp_path / "data/train/x", ns=(1, 1))

    with pytest.raises(SourceChangedError, match=f"{tmp_path}/data/train/x changed"):
        run_torrent(
            plan,
            disk.scan(tmp_path / "data"),
            tmp_path / "x.torrent",
            jobs=1,
            on_event=ignore,
        )
    assert not (tmp_path / "x.torrent").exists()


def test_progress_counts_bytes_of_files_and_no_padding(tmp_path: Path) -> None:
    write(tmp_path / "data", FILES)
    events: list[Event] = []

    made(tmp_path / "data", tmp_path / "x.torrent", piece_length=65_536, on_event=events.append)

    assert [event.done for event in events if isinstance(event, Advanced)][-1] == 66_392


def test_a_source_without_data_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "data", {"empty": b""})
    (tmp_path / "none").mkdir()

    for name in ("data", "none", "data/empty"):
        with pytest.raises(SourceError, match="holds no data"):
            made(tmp_path / name, tmp_path / "x.torrent")


def test_unsafe_paths_are_refused_all_at_once(tmp_path: Path) -> None:
    write(tmp_path / "data", {"con": b"1", "a\\b": b"1", "fine": b"1", "x": b"", "X": b""})
    (tmp_path / "data" / os.fsdecode(b"\xff")).write_bytes(b"1")

    with pytest.raises(UnsafePathsError) as caught:
        made(tmp_path / "data", tmp_path / "x.torrent")

    assert len(caught.value.problems) == 4
    caught.value.message.encode()


@pytest.mark.parametrize("length", [0, 1000, 3 * 16_384, 1 << 40])
def test_a_piece_length_that_no_torrent_has_is_wrong_usage(tmp_path: Path, length: int) -> None:
    write(tmp_path / "data", FILES)

    with pytest.raises(UsageError, match="is not a power of two"):
        made(tmp_path / "data", tmp_path / "x.torrent", piece_length=length)


def test_a_folder_that_v2_cannot_hold_is_refused_with_the_way_out(tmp_path: Path) -> None:
    write(tmp_path / "data", {"lone": b"1"})

    with pytest.raises(SourceError, match="v2 cannot hold a folder with nothing but") as caught:
        made(tmp_path / "data", tmp_path / "x.torrent", Format.V2)

    assert "Pass the file itself" in (caught.value.hint or "")
    assert made(tmp_path / "data" / "lone", tmp_path / "x.torrent", Format.V2).path.exists()
    assert Metainfo.parse((tmp_path / "x.torrent").read_bytes()).name == "lone"
