from collections.abc import Sequence
from pathlib import Path

import pytest

from seedbox.errors import InvalidManifestError, InvalidTorrentError, SourceError, UsageError
from seedbox.jobs.events import ignore
from seedbox.jobs.shards import Source
from seedbox.jobs.verify_all import verify_all
from seedbox.plan.verify import VerifyReport
from seedbox.torrent.info_hash import Format
from support.content import contents, write
from support.datasets import published
from support.torrents import make

FILES = contents({"x/lone.bin": 120_000, "a": 40_000, "b/c": 10})


def verified(listed: Path, data: Path, names: Sequence[str] = ()) -> list[VerifyReport]:
    return verify_all(listed, data, names=names, jobs=1, on_event=ignore)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A dataset of a lone file and a shard of two, published from `data`."""
    return published(tmp_path, FILES, values={"x/lone.bin": 9, "a": 1, "b/c": 1})


@pytest.mark.parametrize("where", [".", "data", "mirror"])
def test_the_data_is_found_as_the_root_beside_it_and_in_a_mirror(
    tmp_path: Path, source: Source, where: str
) -> None:
    write(tmp_path / "mirror/org.example/set/data", FILES)

    reports = verified(source.path, tmp_path / where)

    assert [report.ok for report in reports] == [True, True]
    assert [report.name for report in reports] == ["set-0001", "set-0002"]
    assert sum(report.good for report in reports) == 160_010


def test_files_are_named_as_they_lie_below_the_path_given(tmp_path: Path, source: Source) -> None:
    lone, several = verified(source.path, tmp_path / "data")

    assert [file.path for file in lone.files] == [("x", "lone.bin")]
    assert [file.path for file in several.files] == [("a",), ("b", "c")]


def test_where_nothing_lies_everything_is_missing(tmp_path: Path, source: Source) -> None:
    (tmp_path / "empty").mkdir()

    reports = verified(source.path, tmp_path / "empty")

    assert not any(report.ok for report in reports)
    assert {file.reason for report in reports for file in report.files} == {"is missing"}


def test_names_choose_the_shards_to_check(tmp_path: Path, source: Source) -> None:
    (report,) = verified(source.path, tmp_path, ["set-0002"])

    assert report.name == "set-0002"
    with pytest.raises(UsageError, match="no shard is named 'set-9'"):
        verified(source.path, tmp_path, ["set-9"])


def test_a_torrent_that_is_not_the_one_of_the_manifest_is_refused(
    tmp_path: Path, source: Source
) -> None:
    torrents = tmp_path / "out" / "torrents"
    (torrents / "set-0001.torrent").write_bytes((torrents / "set-0002.torrent").read_bytes())

    with pytest.raises(InvalidManifestError, match="in the torrent"):
        verified(source.path, tmp_path)


def test_a_torrent_that_is_not_there_or_broken_is_named(tmp_path: Path, source: Source) -> None:
    torrent = tmp_path / "out" / "torrents" / "set-0001.torrent"
    torrent.write_bytes(torrent.read_bytes()[:-1])

    with pytest.raises(InvalidTorrentError, match=str(torrent)):
        verified(source.path, tmp_path)
    torrent.unlink()
    with pytest.raises(SourceError, match=f"{torrent} is missing"):
        verified(source.path, tmp_path)


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("where", [".", "data"])
def test_the_folder_of_a_lone_torrent_is_found_in_the_path_or_as_it(
    tmp_path: Path, form: Format, where: str
) -> None:
    write(tmp_path / "data", FILES)
    (tmp_path / "x.torrent").write_bytes(make(FILES, form).raw)

    (report,) = verified(tmp_path / "x.torrent", tmp_path / where)

    assert report.ok
    assert report.name == "data"


@pytest.mark.parametrize("where", ["", "f.bin", "renamed"])
def test_the_file_of_a_lone_torrent_may_have_any_name(tmp_path: Path, where: str) -> None:
    metainfo = make({"f.bin": b"12345"}, Format.V2, name="f.bin", single=True)
    (tmp_path / "x.torrent").write_bytes(metainfo.raw)
    write(tmp_path / "in", {"f.bin": b"12345", "renamed": b"12345"})

    (report,) = verified(tmp_path / "x.torrent", tmp_path / "in" / where)

    assert report.ok


def test_a_file_where_a_folder_should_be_has_nothing_in_it(tmp_path: Path) -> None:
    (tmp_path / "x.torrent").write_bytes(make(FILES, Format.V1).raw)
    write(tmp_path, {"file": b"1"})

    (report,) = verified(tmp_path / "x.torrent", tmp_path / "file")

    assert {file.state.value for file in report.files} == {"missing"}


def test_data_that_does_not_exist_is_no_data_to_verify(tmp_path: Path, source: Source) -> None:
    with pytest.raises(SourceError, match="nothing does not exist"):
        verified(source.path, tmp_path / "nothing")
    with pytest.raises(SourceError, match="does not exist"):
        verified(tmp_path / "nothing.yaml", tmp_path)
