import os
import shlex
from datetime import UTC, datetime
from pathlib import Path

import pytest

from seedbox.errors import DestinationTakenError, DiskError, SourceError, UsageError
from seedbox.jobs.init import InitReport, run_init
from seedbox.manifest.parse import parse_head

NOW = datetime(2026, 11, 2, 9, 0, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "Link graph"
    made.mkdir()
    (made / "a.txt").write_text("data")
    (made / "LICENSE").write_text("CC0 1.0 Universal")
    return made


def init(folder: Path, out: Path | None = None, dataset_id: str | None = "ex.org/x") -> InitReport:
    return run_init(folder, out=out, dataset_id=dataset_id, now=NOW)


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_file_lies_beside_the_data_and_nothing_else_changes(folder: Path) -> None:
    before = tree(folder)

    report = init(folder)

    after = tree(folder)
    head = parse_head(after.pop("dataset.yaml"), file="dataset.yaml")
    assert report.path == folder / "dataset.yaml"
    assert after == before
    assert head.title == "Link graph"
    assert head.license is not None
    assert head.license.spdx == "CC0-1.0"
    assert report.warnings == ()


def test_the_file_goes_where_it_was_asked_to(folder: Path, tmp_path: Path) -> None:
    assert init(folder, tmp_path / "graph.yaml").path == tmp_path / "graph.yaml"
    assert init(folder, tmp_path).path == tmp_path / "dataset.yaml"
    assert not (folder / "dataset.yaml").exists()


def test_a_folder_that_is_reached_by_a_link_has_its_own_name(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder)

    assert init(tmp_path / "link").guess.title == "Link graph"


def test_the_next_command_can_be_typed_as_it_is_shown(folder: Path) -> None:
    (folder / "popularity.csv").write_text("path,value\na.txt,1\n")

    assert shlex.split(init(folder).build) == [
        *("seedbox", "build", f"{folder}/dataset.yaml"),
        *("--source", str(folder)),
        *("--popularity", f"{folder}/popularity.csv"),
        *("--out", "OUT"),
    ]


def test_of_a_long_table_only_the_first_line_is_read(folder: Path) -> None:
    with (folder / "views.csv").open("wb") as stream:
        stream.write(b"path,value\n")
        stream.truncate(1 << 40)  # bytes, none of them on the disk

    assert init(folder).guess.popularity == "views.csv"


# --- what stands there is safe ----------------------------------------------------------------


@pytest.mark.parametrize("content", ["seedbox: 1\n", ""])
def test_an_existing_file_is_never_overwritten(folder: Path, content: str) -> None:
    (folder / "dataset.yaml").write_text(content)
    before = tree(folder)

    with pytest.raises(DestinationTakenError, match="exists already"):
        init(folder)

    assert tree(folder) == before


def test_a_link_to_nowhere_is_not_written_through(folder: Path, tmp_path: Path) -> None:
    (folder / "dataset.yaml").symlink_to(tmp_path / "elsewhere.yaml")

    with pytest.raises(DestinationTakenError):
        init(folder)

    assert not (tmp_path / "elsewhere.yaml").exists()


def test_an_id_that_is_none_changes_nothing(folder: Path) -> None:
    before = tree(folder)

    for wrong in ["graph", "Example/graph", "a/b/c", "a/..", "a/con", "a/b\nlicense: x"]:
        with pytest.raises(UsageError, match="--id"):
            init(folder, dataset_id=wrong)

    assert tree(folder) == before


# --- sources that are none --------------------------------------------------------------------


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="nowhere does not exist"):
        init(tmp_path / "nowhere")


def test_a_file_is_no_folder(folder: Path) -> None:
    with pytest.raises(SourceError, match="is no folder"):
        init(folder / "a.txt")


def test_an_empty_folder_gets_no_file(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="holds nothing"):
        init(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_destination_without_a_folder_is_disk_trouble(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DiskError):
        init(folder, tmp_path / "no" / "where.yaml")

    assert not (tmp_path / "no").exists()


# --- hostile folders --------------------------------------------------------------------------


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("# Secret\n")
    (folder / "README.md").symlink_to(tmp_path / "secret")

    report = init(folder)

    assert report.guess.title == "Link graph"
    assert report.warnings == ("README.md was not read: it is a symbolic link",)


def test_what_is_no_file_is_left_out(folder: Path) -> None:
    (folder / "datapackage.json").mkdir()
    os.mkfifo(folder / "README.md")
    (folder / "views.csv").mkdir()  # as some tools write tables; not worth a warning

    report = init(folder)

    assert report.warnings == (
        "README.md was not read: it is no regular file",
        "datapackage.json was not read: it is no regular file",
    )


def test_a_file_that_is_too_long_is_named_and_not_read(folder: Path) -> None:
    with (folder / "datapackage.json").open("wb") as stream:
        stream.truncate(1 << 40)  # bytes, none of them on the disk

    assert init(folder).warnings == (
        "datapackage.json was not read: it is longer than 4,194,304 bytes",
    )


def test_a_file_that_cannot_be_understood_is_named(folder: Path) -> None:
    (folder / "datapackage.json").write_text("{")

    (warning,) = init(folder).warnings

    assert warning.startswith("datapackage.json cannot be read: it is no JSON")


def test_a_folder_full_of_tables_is_not_read_whole(folder: Path) -> None:
    for number in range(300):
        (folder / f"{number}.csv").write_text("a,b\n")
    (folder / "zz-popularity.csv").write_text("path,value\n")

    report = init(folder)

    assert report.guess.popularity == "zz-popularity.csv"
    assert report.warnings == ("only 200 of 302 files were looked into for guesses",)


def test_names_that_are_no_text_do_no_harm(folder: Path) -> None:
    for name in [b"\xff.csv", b"LICENSE-\xff", b"a\nb.csv", b"\xff"]:
        (folder / os.fsdecode(name)).write_text("path,value\n")

    report = init(folder)

    assert (report.guess.popularity, report.warnings) == (None, ())
