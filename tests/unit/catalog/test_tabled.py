import contextlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from seedbox.catalog.tabled import Settled, TabledShards, plan_table
from seedbox.errors import UnsafePathsError, UsageError
from seedbox.manifest.model import License, Pack
from seedbox.plan.build import BuildOptions, BuildPlan
from support.catalogs import loaded
from support.datasets import head

OPTIONS = BuildOptions(1005)
ITEMS = """\
path,size,popularity,license
a/x,1000,9.5,
a/y,2000,9.50,CC-BY-4.0
b,10,0.5,
c,700,,
"""


@contextlib.contextmanager
def planned(
    folder: Path,
    items: str = ITEMS,
    popularity: str | None = None,
    options: BuildOptions = OPTIONS,
    **changes: object,
) -> Iterator[BuildPlan]:
    with loaded(folder, items, popularity) as (database, counts):
        settled = Settled(database, "path" if popularity else None, counts.missing)
        yield plan_table(settled, head(**changes), options, folder="source")


def test_shards_are_planned_when_they_are_asked_for(tmp_path: Path) -> None:
    with planned(tmp_path) as plan:
        shards = plan.shards
        assert len(shards) == 3
        assert [shard.name for shard in shards] == ["set-0001", "set-0002", "set-0003"]
        assert [(each.path, each.size, each.value) for each in shards[-1].items] == [
            (("b",), 10, Decimal("0.5")),
            (("c",), 700, Decimal(0)),
        ]
        assert [shard.name for shard in shards[1:]] == ["set-0002", "set-0003"]
        assert [item.path for item in shards[2].items[1:]] == [("c",)]
        with pytest.raises(IndexError):
            shards[3]


def test_a_shard_has_its_license_its_use_and_the_coverage_with_all_before_it(
    tmp_path: Path,
) -> None:
    with planned(tmp_path) as plan:
        assert [(each.license, each.use, str(each.coverage)) for each in plan.shards] == [
            (None, Decimal("9.5"), "0.487179"),
            (License("CC-BY-4.0"), Decimal("9.5"), "0.974359"),
            (None, Decimal("0.5"), "1.000000"),
        ]


def test_a_planned_shard_outlives_the_database_and_can_be_given_away(tmp_path: Path) -> None:
    with planned(tmp_path) as plan:
        shard = plan.shards[2]

    again = pickle.loads(pickle.dumps(shard))  # noqa: S301  (made right here)
    assert (again.name, again.sources, list(again.items)) == (
        "set-0003",
        (("b",), ("c",)),
        list(shard.items),
    )


@pytest.mark.parametrize(("pack", "size"), [(Pack.FILES, 3710), (Pack.TAR, 3 * 10_240)])
def test_the_size_is_known_before_any_shard_is_planned(
    tmp_path: Path, pack: Pack, size: int
) -> None:
    with planned(tmp_path, pack=pack) as plan:
        assert plan.size == size
        assert sum(shard.layout.size for shard in plan.shards) == size


def test_items_without_popularity_are_counted_if_others_have_one(tmp_path: Path) -> None:
    with planned(tmp_path / "a") as plan:
        assert plan.unlisted == 1
    with planned(tmp_path / "b", "path,size\na,1\nb,2\n") as plan:
        assert plan.unlisted == 0


def test_where_popularity_has_no_meaning_there_is_no_coverage(tmp_path: Path) -> None:
    with loaded(tmp_path, "path,size\na,1\nb,2\n") as (database, counts):
        settled = Settled(database, None, counts.missing)
        plan = plan_table(settled, head(popularity=None), BuildOptions(1005), folder="x")

        assert [shard.coverage for shard in plan.shards] == [None]


@pytest.mark.parametrize("used", [None, "path,value\na/x,1\n"])
def test_popularity_that_nobody_says_what_it_counts_is_refused(
    tmp_path: Path, used: str | None
) -> None:
    items = ITEMS if used is None else "path,size\na/x,1\n"
    with loaded(tmp_path, items, used) as (database, counts):
        settled = Settled(database, "path" if used else None, counts.missing)
        with pytest.raises(UsageError, match="does not say what it counts"):
            plan_table(settled, head(popularity=None), OPTIONS, folder="x")


def test_what_is_refused_is_counted_and_the_first_are_named(tmp_path: Path) -> None:
    rows = "".join(f"{n:03},{n},1,CC-BY-NC-4.0\n" for n in range(50))
    options = BuildOptions(1005, leave_out_refused=True)
    with planned(tmp_path, ITEMS + rows, options=options) as plan:
        assert [item.name for item in plan.refused] == [f"{n:03}" for n in range(21)]
        assert {item.license for item in plan.refused} == {"CC-BY-NC-4.0"}
        assert plan.more_refused == 29


def test_unsafe_paths_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(UnsafePathsError, match=r"'\.\./x'"),
        planned(tmp_path, "path,size\n../x,1\n"),
    ):
        pass


def test_how_items_lie_is_chosen_by_their_number_and_mean_size(tmp_path: Path) -> None:
    rows = "".join(f"{n:06},{n % 7}\n" for n in range(100_000))
    with planned(tmp_path, f"path,size\n{rows}", options=BuildOptions(10**6)) as plan:
        assert plan.head.pack is Pack.TAR
        assert plan.pack_why == (
            "100,000 items of 2 B on average: packed into tar shards, since that is too many for "
            "torrents"
        )


def test_very_many_folders_are_not_all_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seedbox.catalog.tabled._MOST_KNOWN", 3)
    paths = [f"{n:02}/x" for n in range(10)]
    with planned(tmp_path, "\n".join(["path,size", *(f"{path},1" for path in paths)])) as plan:
        assert ["/".join(path) for path in plan.shards[0].sources] == paths


@pytest.mark.parametrize("packed", [{}, {1: [b"\x01" * 32], 2: [b"\x02" * 32, b"\x03" * 32]}])
def test_packed_items_have_the_digests_of_their_shard_if_there_are_any(
    tmp_path: Path, packed: Mapping[int, Sequence[bytes]]
) -> None:
    with planned(tmp_path, pack=Pack.TAR) as plan:
        assert isinstance(plan.shards, TabledShards)
        table, _ = plan.shards.catalog(plan.shards.folder / "made", packed)
        with duckdb.connect() as connection:
            found = connection.execute(
                'SELECT id, sha256, "offset" FROM read_parquet(?)', [str(table)]
            ).fetchall()

    digests = [None, "01" * 32, "02" * 32, "03" * 32] if packed else [None] * 4
    assert found == list(zip(["a/x", "a/y", "b", "c"], digests, [512, 512, 512, 1536], strict=True))
