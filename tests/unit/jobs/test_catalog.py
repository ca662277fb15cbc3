from dataclasses import replace
from pathlib import Path

import pytest

from seedbox.errors import DestinationTakenError, DiskError
from seedbox.jobs.build import BuildReport, run_build
from seedbox.jobs.events import ignore
from seedbox.manifest.model import License, Role
from support.content import contents, write
from support.datasets import plan

NAME = "set-catalog"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", contents({"a": 60_000, "b": 50_000, "c/d": 10}))
    return tmp_path / "source"


def build(source: Path, out: Path, jobs: int = 2, **changes: object) -> BuildReport:
    planned, listing = plan(source, **changes)  # type: ignore[arg-type]
    planned = replace(planned, catalog=NAME)
    return run_build(planned, listing, out, jobs=jobs, on_event=ignore)


def files(out: Path) -> dict[str, tuple[bytes, int]]:
    return {
        name: ((out / NAME / name).read_bytes(), (out / NAME / name).stat().st_ino)
        for name in ["ids/all.parquet", "items/0000.parquet"]
    }


def test_the_catalog_is_the_first_shard_and_has_no_use(source: Path, tmp_path: Path) -> None:
    report = build(source, tmp_path / "out")

    first, *others = report.manifest.shards
    assert (first.name, first.role, first.files, first.items) == (NAME, Role.CATALOG, 2, 2)
    assert (first.use, first.coverage, first.license) == (None, None, None)
    assert [(shard.name, shard.role) for shard in others] == [
        ("set-0001", Role.DATA),
        ("set-0002", Role.DATA),
    ]
    assert report.size == first.size + 110_010


def test_the_same_input_gives_the_same_bytes_with_any_number_of_threads(
    source: Path, tmp_path: Path
) -> None:
    one = build(source, tmp_path / "one", jobs=1).manifest_path.read_bytes()

    assert build(source, tmp_path / "two", jobs=4).manifest_path.read_bytes() == one


def test_a_catalog_that_is_the_same_stays_and_an_older_one_is_replaced(
    source: Path, tmp_path: Path
) -> None:
    build(source, tmp_path / "out")
    first = files(tmp_path / "out")

    build(source, tmp_path / "out")
    assert files(tmp_path / "out") == first

    build(source, tmp_path / "out", values={"a": 7})
    second = files(tmp_path / "out")
    assert second["items/0000.parquet"][0] != first["items/0000.parquet"][0]
    build(source, tmp_path / "fresh", values={"a": 7})
    fresh = files(tmp_path / "fresh")
    assert [data for data, _ in second.values()] == [data for data, _ in fresh.values()]


def test_what_somebody_else_put_there_stays(source: Path, tmp_path: Path) -> None:
    taken = tmp_path / "out" / NAME / "items" / "0000.parquet"
    taken.parent.mkdir(parents=True)
    taken.write_bytes(b"mine")

    with pytest.raises(DestinationTakenError, match=r"items/0000\.parquet"):
        build(source, tmp_path / "out")

    assert taken.read_bytes() == b"mine"
    assert not (tmp_path / "out" / ".seedbox" / "catalog" / "work").exists()


def test_a_link_in_its_place_is_not_followed(source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / NAME).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(DiskError):
        build(source, tmp_path / "out")

    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_dataset_without_a_license_gives_its_catalog_those_of_the_shards(
    source: Path, tmp_path: Path
) -> None:
    planned, listing = plan(source)
    licenses = (License("CC0-1.0"), License("CC-BY-4.0"))
    shards = tuple(
        replace(shard, license=each) for shard, each in zip(planned.shards, licenses, strict=True)
    )
    planned = replace(
        planned, head=replace(planned.head, license=None), shards=shards, catalog=NAME
    )

    report = run_build(planned, listing, tmp_path / "out", jobs=1, on_event=ignore)

    assert report.manifest.shards[0].license == License("CC-BY-4.0 AND CC0-1.0")


def test_what_a_run_left_that_was_killed_is_in_nobodys_way(source: Path, tmp_path: Path) -> None:
    work = tmp_path / "out" / ".seedbox" / "catalog" / "work"
    (work / "spilled").mkdir(parents=True)
    (work / "work.duckdb").write_bytes(b"half")

    build(source, tmp_path / "out")

    assert not work.exists()
    build(source, tmp_path / "fresh")
    assert [data for data, _ in files(tmp_path / "out").values()] == [
        data for data, _ in files(tmp_path / "fresh").values()
    ]
