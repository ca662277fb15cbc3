from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import LicenseRefusedError, SourceError, UnsafePathsError, UsageError
from seedbox.manifest.model import Head, Origin, Pack, Popularity
from seedbox.plan.build import BuildOptions, BuildPlan, Item, ShardPlan, plan_build, web_seed
from seedbox.torrent.info_hash import Format
from support.datasets import CLOSED, head

USED = Popularity(metric="reads")


def item(path: str, size: int = 10, value: str | int = 0) -> Item:
    return Item(tuple(path.split("/")), size, Decimal(value))


def planned(
    *items: Item, shard_size: int = 100, of: Head | None = None, piece_length: int | None = None
) -> BuildPlan:
    options = BuildOptions(shard_size, piece_length)
    return plan_build(of or head(), items, options, folder="folder")


def held(plan: BuildPlan) -> list[list[str]]:
    return [["/".join(path) for path in shard.sources] for shard in plan.shards]


# --- order and cuts ---------------------------------------------------------------------------


def test_files_come_by_falling_popularity_and_ties_by_path_segments() -> None:
    plan = planned(
        item("b", value=1),
        item("a b", value=1),
        item("a/z", value=1),
        item("rare", value="0.5"),
        item("top", value=2),
        shard_size=1,
    )

    assert held(plan) == [["top"], ["a/z"], ["a b"], ["b"], ["rare"]]


def test_a_shard_is_cut_before_it_grows_over_its_size() -> None:
    plan = planned(
        item("a", 60, 9),
        item("b", 40, 8),
        item("c", 1, 7),
        item("d", 500, 6),
        item("e", 99, 5),
        item("f", 1, 4),
    )

    assert held(plan) == [["a", "b"], ["c"], ["d"], ["e", "f"]]
    assert [shard.layout.size for shard in plan.shards] == [100, 1, 500, 100]
    assert plan.size == 701


def test_popularity_decides_before_size_so_no_later_file_fills_a_gap() -> None:
    plan = planned(item("a", 60, 3), item("b", 60, 2), item("c", 40, 1))

    assert held(plan) == [["a"], ["b", "c"]]


def test_empty_files_make_no_shard_of_their_own() -> None:
    plan = planned(
        item("e1", 0, 9), item("a", 100, 8), item("e2", 0, 7), item("b", 100, 6), item("e3", 0, 5)
    )

    assert held(plan) == [["a", "e1", "e2"], ["b", "e3"]]


def test_shards_are_numbered_in_order_with_as_many_digits_as_the_last_needs() -> None:
    few = planned(*(item(f"f{n:02}") for n in range(12)), shard_size=1)
    many = planned(*(item(f"f{n:05}") for n in range(10_001)), shard_size=1)

    assert [shard.name for shard in few.shards][::11] == ["set-0001", "set-0012"]
    assert [shard.name for shard in many.shards][::10_000] == ["set-00001", "set-10001"]


def test_a_shard_name_keeps_to_a_hundred_characters() -> None:
    plan = planned(item("a"), of=head(id=f"org.example/{'x' * 100}"))

    assert [shard.name for shard in plan.shards] == ["x" * 95 + "-0001"]


# --- use and coverage -------------------------------------------------------------------------


def test_coverage_is_the_running_share_to_six_decimals() -> None:
    plan = planned(item("a", value=1), item("b", value=1), item("c", value=1), shard_size=1)

    assert [shard.use for shard in plan.shards] == [1, 1, 1]
    assert [str(shard.coverage) for shard in plan.shards] == ["0.333333", "0.666667", "1.000000"]


def test_sums_are_exact_where_a_float_or_28_digits_are_not() -> None:
    large = "999999999999999999999999.000000001"
    plan = planned(item("a", value=large), item("b", value=large), item("c", value="0.000000001"))

    assert plan.head.popularity is not None
    assert str(plan.head.popularity.total) == "1999999999999999999999998.000000003"
    assert plan.shards[0].use == plan.head.popularity.total


def test_files_that_differ_in_the_last_of_many_digits_are_in_order() -> None:
    low, high = "111111111111111111111111.000000001", "111111111111111111111111.000000002"

    plan = planned(item("a", value=low), item("b", value=high), shard_size=1)

    assert held(plan) == [["b"], ["a"]]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 150),
            st.decimals(min_value=0, max_value=10**24 - 1, places=9),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 200),
)
def test_mean_popularity_never_rises_and_everything_is_in_once(
    files: list[tuple[int, Decimal]], shard_size: int
) -> None:
    items = [Item((f"f{n:02}",), size, value) for n, (size, value) in enumerate(files)]
    items.append(Item(("data",), 1, Decimal(0)))

    plan = plan_build(head(), items, BuildOptions(shard_size), folder="x")

    means = [Fraction(shard.use) / len(shard.sources) for shard in plan.shards]
    assert means == sorted(means, reverse=True)
    sources = [path for shard in plan.shards for path in shard.sources]
    assert sorted(sources) == sorted(item.path for item in items)
    assert all(shard.layout.size for shard in plan.shards)
    assert all(_fits(shard, shard_size) for shard in plan.shards)
    total = sum(Fraction(item.value) for item in items)
    covered = [shard.coverage for shard in plan.shards]
    assert covered[-1] == (1 if total else 0)
    assert covered == sorted(covered, key=lambda share: share or 0)


def _fits(shard: ShardPlan, shard_size: int) -> bool:
    filled = [file for file in shard.layout.files if file.length]
    return shard.layout.size <= shard_size or len(filled) == 1


def test_a_total_over_the_whole_dataset_is_kept() -> None:
    whole = head(popularity=replace(USED, total=Decimal(8)))

    plan = planned(item("a", value=1), item("b", value=1), shard_size=1, of=whole)

    assert [str(shard.coverage) for shard in plan.shards] == ["0.125000", "0.250000"]


def test_a_total_under_what_the_files_have_is_refused() -> None:
    short = head(popularity=replace(USED, total=Decimal(1)))

    with pytest.raises(UsageError, match=r"popularity\.total is 1, the files alone have 2"):
        planned(item("a", value=2), of=short)


def test_files_that_nobody_is_known_to_use_cover_nothing() -> None:
    plan = planned(item("a"), item("b"), shard_size=1)

    assert [shard.use for shard in plan.shards] == [0, 0]
    assert [shard.coverage for shard in plan.shards] == [0, 0]


def test_without_popularity_there_is_no_coverage_and_order_is_by_path() -> None:
    plan = planned(item("b"), item("a"), shard_size=1, of=head(popularity=None))

    assert held(plan) == [["a"], ["b"]]
    assert [shard.coverage for shard in plan.shards] == [None, None]


def test_a_table_for_a_dataset_that_does_not_say_what_it_counts_is_refused() -> None:
    with pytest.raises(UsageError, match="does not say what it counts"):
        planned(item("a", value=1), of=head(popularity=None))


def test_the_plan_says_how_many_files_no_table_names() -> None:
    plan = plan_build(head(), [item("a")], BuildOptions(1), folder="x", unlisted=7)

    assert plan.unlisted == 7


# --- torrents ---------------------------------------------------------------------------------


def test_a_shard_of_several_files_is_named_after_the_root_and_holds_their_paths() -> None:
    (shard,) = planned(item("x/a"), item("y"), of=head(root="20261101")).shards

    assert (shard.layout.name, shard.layout.single, shard.at) == ("20261101", False, None)
    assert [file.path for file in shard.layout.files] == [
        ("20261101", "x", "a"),
        ("20261101", "y"),
    ]
    assert shard.sources == (("x", "a"), ("y",))


def test_a_shard_of_one_file_is_named_after_it_and_says_where_it_lies() -> None:
    (shard,) = planned(item("x/y/a.bin")).shards

    assert (shard.layout.name, shard.layout.single, shard.at) == ("a.bin", True, "x/y")
    assert shard.sources == (("x", "y", "a.bin"),)


def test_a_lone_file_at_the_root_lies_nowhere_below_it() -> None:
    (shard,) = planned(item("a.bin")).shards

    assert (shard.at, shard.sources) == (None, (("a.bin",),))


@pytest.mark.parametrize(
    ("changes", "root"),
    [
        ({"root": "given"}, "given"),
        ({"root": None, "origin": Origin(url="https://example.org/dumps/2026%20a/")}, "2026 a"),
        ({"root": None}, "folder"),
    ],
)
def test_the_root_is_the_one_given_else_of_the_origin_else_of_the_source(
    changes: dict[str, object], root: str
) -> None:
    plan = planned(item("a"), item("b"), of=head(**changes))

    assert plan.head.root == root
    assert plan.shards[0].layout.name == root


@pytest.mark.parametrize("form", list(Format))
def test_the_format_and_the_piece_length_are_those_asked_for(form: Format) -> None:
    (shard,) = planned(item("a"), item("b"), of=head(format=form), piece_length=65_536).shards

    assert (shard.layout.form, shard.layout.piece_length) == (form, 65_536)


@pytest.mark.parametrize("length", [0, -1, 1000, 16_383, 8_192, 3 * 16_384, 256 * 1024 * 1024])
def test_a_piece_length_that_no_torrent_has_is_wrong_usage(length: int) -> None:
    with pytest.raises(UsageError, match="is not a power of two from 16 KiB to 128 MiB") as caught:
        planned(item("a"), piece_length=length)

    assert caught.value.exit_status == 2


def test_a_shard_of_too_many_pieces_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="set-0001 makes no torrent: it has more than 8,388,608"):
        planned(item("a", 16_384 * 8_388_609), piece_length=16_384)


def test_web_seeds_stop_before_the_name_of_each_torrent() -> None:
    options = BuildOptions(20, web_seeds=("https://example.org/dumps/",))
    files = [item("x y/ä.bin", 20, 2), item("a", 10), item("b", 10)]

    single, several = plan_build(head(), files, options, folder="x").shards

    assert single.web_seeds == ("https://example.org/dumps/data/x%20y/",)
    assert several.web_seeds == ("https://example.org/dumps/",)
    assert web_seed("http://a/", ("b/c?", "d#")) == "http://a/b%2Fc%3F/d%23/"


# --- refusals ---------------------------------------------------------------------------------


def test_a_license_that_is_not_open_is_refused() -> None:
    with pytest.raises(LicenseRefusedError, match=r"CC-BY-NC-4\.0") as caught:
        planned(item("a"), of=head(license=CLOSED))

    assert caught.value.exit_status == 7
    with pytest.raises(LicenseRefusedError):
        planned(item("a"), of=head(license=None))


@pytest.mark.parametrize("items", [[], [item("a", 0), item("b", 0)]])
def test_a_source_without_data_is_refused(items: list[Item]) -> None:
    with pytest.raises(SourceError, match="folder holds no data"):
        planned(*items)


def test_a_packed_shard_is_one_tar_of_its_items_in_the_order_of_use() -> None:
    plan = planned(item("a/x", value=1), item("b", value=9), of=head(pack=Pack.TAR))

    (shard,) = plan.shards
    assert shard.packed
    assert shard.sources == (("b",), ("a", "x"))
    assert [file.path for file in shard.layout.files] == [(f"{shard.name}.tar",)]
    assert shard.layout.single
    assert shard.layout.size % 10_240 == 0
    assert (plan.head.pack, plan.pack_why, shard.at) == (Pack.TAR, None, None)


def test_unsafe_paths_are_refused_all_at_once() -> None:
    bad = ["..", "nul.txt", "a/b\\c", "line\nbreak", "dir/x", "DIR/y", "\udcff"]

    with pytest.raises(UnsafePathsError) as caught:
        planned(item("fine"), *(item(path) for path in bad))

    named = [problem.message.partition(" ")[0] for problem in caught.value.problems]
    assert named == ["'..'", "'nul.txt'", "'a/b\\\\c'", "'line\\nbreak'", "'DIR/y'", "'\\udcff'"]
    assert caught.value.exit_status == 4
    caught.value.message.encode()


def test_of_many_unsafe_paths_the_first_are_named_and_the_others_counted() -> None:
    with pytest.raises(UnsafePathsError) as caught:
        planned(*(item(f"a\\{number}") for number in range(50)))

    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1].message == "30 more paths are unsafe"


def test_a_root_that_no_folder_may_have_is_refused() -> None:
    with pytest.raises(UnsafePathsError):
        plan_build(head(root=None), [item("a")], BuildOptions(1), folder="")
