"""Files of a torrent among others, by name, by pieces root, by the pieces of v1."""

import errno
from pathlib import Path

import pytest

from seedbox import disk
from seedbox.jobs.events import Event, Started, ignore
from seedbox.jobs.matching import Matched, Reading, match
from seedbox.plan.adopt import Index
from seedbox.torrent.info_hash import Format
from support.content import content, write
from support.faults import refusing
from support.hashing import forced
from support.torrents import FORMS, make

FILES = {
    "a": content("a", 100_000),
    "b/c": content("c", 40_000),
    "b/d": content("d", 40_000),
    "empty": b"",
    "e": content("e", 10),
}


def matched(
    folder: Path, form: Format, files: dict[str, bytes], how: Reading | None = None
) -> Matched:
    """Write files to a folder, and match a torrent of FILES with them."""
    write(folder, {path: data for path, data in files.items() if not (folder / path).exists()})
    torrent = make(FILES, form, piece_length=16 * 1024)
    held = disk.locate(folder / "nowhere", [file.path for file in torrent.files])
    return match("set", torrent, held, Index(disk.scan(folder).files), how or Reading(ignore, 1))


def names(found: Matched) -> dict[str, str | None]:
    """Where each file of the torrent was found."""
    files = zip(found.report.files, found.found, strict=True)
    return {
        "/".join(file.path[1:]): "/".join(seen.parts) if isinstance(seen, disk.Located) else None
        for file, seen in files
    }


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path) -> None:
    (tmp_path / "nowhere").mkdir()


@pytest.mark.parametrize("form", FORMS)
def test_files_are_found_whatever_they_are_called(tmp_path: Path, form: Format) -> None:
    renamed = {f"{number}.dat": data for number, data in enumerate(FILES.values())}

    found = matched(tmp_path, form, renamed)

    assert found.report.ok
    assert found.right == (True,) * 5
    wanted = {"a": "0.dat", "b/c": "1.dat", "b/d": "2.dat", "empty": None, "e": "4.dat"}
    assert names(found) == wanted


@pytest.mark.parametrize("form", FORMS)
def test_a_guess_is_read_once_and_nothing_else_is(tmp_path: Path, form: Format) -> None:
    told: list[Event] = []
    decoys = {"decoy/x": content("x", 40_000)}

    found = matched(tmp_path, form, {**FILES, **decoys}, Reading(told.append, 1))

    assert found.report.ok
    assert [event.total for event in told if isinstance(event, Started)] == [180_010]


@pytest.mark.parametrize("form", [Format.V2, Format.HYBRID])
def test_only_what_no_name_has_explained_is_hashed_again(tmp_path: Path, form: Format) -> None:
    told: list[Event] = []
    files = {**FILES, "b/c": FILES["b/d"], "other": FILES["b/c"]}  # c holds what d should

    found = matched(tmp_path, form, files, Reading(told.append, 1))

    assert found.report.ok
    assert names(found)["b/c"] == "other"
    started = [(each.task, each.total) for each in told if isinstance(each, Started)]
    assert started == [
        ("verify set", 180_010),
        *((f"read {name}", 40_000) for name in ("c", "d", "other")),
        ("verify set", 40_000),
    ]


@pytest.mark.parametrize("form", FORMS)
def test_wrong_bytes_under_the_right_name_are_not_taken(tmp_path: Path, form: Format) -> None:
    found = matched(tmp_path, form, {**FILES, "a": content("other", 100_000)})

    assert not found.report.ok
    assert found.right[0] is False


@pytest.mark.parametrize("form", FORMS)
def test_of_a_torrent_that_is_here_in_part_the_part_is_known(tmp_path: Path, form: Format) -> None:
    found = matched(tmp_path, form, {"x": FILES["a"]})

    assert names(found)["a"] == "x"
    # The last v1 piece of a file reaches into the next one: its end is not proven (BEP 3).
    assert found.right[0] is (form is not Format.V1)


@pytest.mark.parametrize("form", FORMS)
def test_what_cannot_be_opened_is_no_candidate(tmp_path: Path, form: Format) -> None:
    files = {"x": FILES["a"], "y": FILES["b/c"], "z": FILES["b/d"], "e": FILES["e"]}
    # The C extension opens files itself, past what a test can make `os.open` do.
    with forced("hashlib"), refusing("open", "x", errno.EACCES):
        found = matched(tmp_path, form, files)

    assert names(found)["a"] is None
    assert names(found)["b/c"] == ("y" if form is not Format.V1 else names(found)["b/c"])


@pytest.mark.parametrize("form", FORMS)
def test_where_a_guess_cannot_be_opened_the_content_is_found_elsewhere(
    tmp_path: Path, form: Format
) -> None:
    with forced("hashlib"), refusing("open", "a", errno.EACCES):
        found = matched(tmp_path, form, {**FILES, "x": FILES["a"]})

    assert found.report.ok
    assert names(found)["a"] == "x"


def test_a_root_is_computed_once_for_all_torrents(tmp_path: Path) -> None:
    told: list[Event] = []
    how = Reading(told.append, 1)
    for _ in range(2):
        matched(tmp_path, Format.V2, {"x": FILES["a"]}, how)

    read = [each for each in told if isinstance(each, Started) and each.task == "read x"]
    assert len(read) == 1


@pytest.mark.parametrize("size", [1, 16_384, 16_385, 50_000])
def test_the_root_of_a_file_is_that_of_the_torrent_whatever_its_piece_length(
    tmp_path: Path, size: int
) -> None:
    data = content("data", size)
    write(tmp_path, {"file": data})
    file = disk.look(tmp_path, ("file",))
    assert isinstance(file, disk.Located)
    for length in (16 * 1024, 64 * 1024):
        torrent = make({"file": data}, Format.V2, name="file", piece_length=length, single=True)
        assert Reading(ignore, 1).root(file) == torrent.files[0].pieces_root


def test_of_several_files_of_the_right_content_only_one_is_read(tmp_path: Path) -> None:
    told: list[Event] = []

    matched(tmp_path, Format.V2, {"x": FILES["a"], "y": FILES["a"]}, Reading(told.append, 1))

    read = [each.task for each in told if isinstance(each, Started)]
    assert read == ["verify set", "read x", "verify set"]
