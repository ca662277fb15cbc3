from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedbox.errors import (
    ItemsRefusedError,
    LicenseRefusedError,
    SourceError,
    UnsafePathsError,
    UsageError,
)
from seedbox.manifest.model import License
from seedbox.plan.build import BuildOptions, BuildPlan, Item, plan_build
from seedbox.plan.terms import RefusedItem, Terms, refusal, settle
from support.datasets import CLOSED, USE, head


@dataclass(frozen=True)
class File:
    path: tuple[str, ...]
    license: str | None


def settled(spdx: str | None, **files: str | None) -> Terms[File]:
    terms = None if spdx is None else License(spdx)
    items = [File((name,), license_) for name, license_ in files.items()]
    return settle(head(license=terms), items)


def names(terms: Terms[File]) -> dict[str | None, list[str]]:
    return {name: [item.path[0] for item in group] for name, group in terms.groups.items()}


def test_items_without_a_license_of_their_own_have_that_of_the_dataset() -> None:
    assert names(settled("MIT", a=None, b=None)) == {None: ["a", "b"]}


def test_items_are_grouped_by_license_the_datasets_first_then_by_name() -> None:
    terms = settled("MIT", a="ISC", b=None, c="CC0-1.0", d="ISC")

    assert list(names(terms).items()) == [(None, ["b"]), ("CC0-1.0", ["c"]), ("ISC", ["a", "d"])]
    assert terms.refused == ()


def test_one_license_in_several_spellings_is_one_group() -> None:
    terms = settled("MIT", a="CC BY 4.0", b="cc-by-4.0", c="CC-BY-4.0")

    assert names(terms) == {"CC-BY-4.0": ["a", "b", "c"]}


def test_a_license_that_means_the_datasets_is_the_datasets() -> None:
    terms = settled("GPL-3.0", a="GPL-3.0-only", b=None)

    assert names(terms) == {None: ["a", "b"]}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("CC-BY-NC-4.0", "non-commercial"),
        ("CC-BY-ND-4.0", "no-derivatives"),
        ("NOASSERTION", "noassertion"),
        ("All rights reserved", "unknown-license"),
        ("MIT AND CC-BY-NC-4.0", "non-commercial"),
        ("LicenseRef-mine", "unknown-ref"),
        ("MIT OR", "invalid-expression"),
    ],
)
def test_what_is_not_open_is_in_no_group(text: str, rule: str) -> None:
    terms = settled("MIT", a=None, b=text)

    assert names(terms) == {None: ["a"]}
    (refused,) = terms.refused
    assert (refused.path, refused.license, refused.rule) == (("b",), text, rule)
    assert refused.why


def test_refused_items_come_by_path_whatever_their_license() -> None:
    terms = settled("MIT", d="NONE", b="CC-BY-NC-4.0", c="NONE", a=None)

    assert [item.name for item in terms.refused] == ["b", "c", "d"]


def test_no_default_is_needed_if_every_item_has_a_license() -> None:
    terms = settled(None, a="MIT", b="ISC")

    assert names(terms) == {"ISC": ["b"], "MIT": ["a"]}
    assert terms.refused == ()


def test_without_a_default_an_item_without_a_license_is_refused() -> None:
    terms = settled(None, a="MIT", b=None)

    assert names(terms) == {"MIT": ["a"]}
    (refused,) = terms.refused
    assert (refused.name, refused.license, refused.rule) == ("b", None, "missing")


def test_a_dataset_where_nothing_has_a_license_is_refused_as_a_whole() -> None:
    with pytest.raises(LicenseRefusedError, match="no license is given"):
        settled(None, a=None)


def test_a_default_that_is_not_open_refuses_the_dataset_whatever_its_items_have() -> None:
    with pytest.raises(LicenseRefusedError, match=r"CC-BY-NC-4\.0"):
        settled(CLOSED.spdx, a="MIT")


def test_the_error_names_each_item_its_license_and_the_reason() -> None:
    refused = [
        RefusedItem(("b", "c"), "NONE", "none", "nobody granted it"),
        RefusedItem(("d",), None, "missing", "no license is given"),
    ]
    error = refusal(head(), refused, of=9)

    assert (error.exit_status, error.code) == (7, "files-refused")
    assert error.message.splitlines() == [
        "2 of 9 files may not be shared:",
        "  'b/c': license 'NONE': nobody granted it",
        "  'd': no license: no license is given",
    ]
    assert error.hint == "Take them out of the source, or pass --leave-out-refused."
    assert error.data["items"] == error.items


def test_of_many_items_the_first_twenty_are_named_and_the_others_counted() -> None:
    refused = [RefusedItem((f"f{n:04}",), "NONE", "none", "why") for n in range(1500)]
    lines = refusal(head(), refused, of=1500).message.splitlines()

    assert len(lines) == 22
    assert (lines[0], lines[20], lines[21]) == (
        "1,500 of 1,500 files may not be shared:",
        "  'f0019': license 'NONE': why",
        "  1,480 more",
    )
    assert "--leave-out" not in refusal(head(), refused, of=1500).hint


# --- what a build makes of it -----------------------------------------------------------------


def item(path: str, license_: str | None = None, value: int = 0, size: int = 10) -> Item:
    return Item((path,), size, Decimal(value), license_)


def planned(*items: Item, shard_size: int = 100, leave_out: bool = False, **of: Any) -> BuildPlan:  # noqa: ANN401
    options = BuildOptions(shard_size, leave_out_refused=leave_out)
    return plan_build(head(**of), items, options, folder="folder")


def held(plan: BuildPlan) -> list[list[str]]:
    return [["/".join(path) for path in shard.sources] for shard in plan.shards]


def terms(plan: BuildPlan) -> list[str | None]:
    return [shard.license.spdx if shard.license else None for shard in plan.shards]


def test_each_license_gets_shards_of_its_own_and_all_are_in_order_of_mean_use() -> None:
    plan = planned(
        item("a", "MIT", 100),
        item("b", None, 50),
        item("c", "MIT", 10),
        item("d", "ISC", 30),
        item("e", None, 20),
        item("f", "MIT", 40),
        shard_size=20,
    )

    assert held(plan) == [["a", "f"], ["b", "e"], ["d"], ["c"]]
    assert terms(plan) == ["MIT", None, "ISC", "MIT"]
    assert [shard.name for shard in plan.shards] == [f"set-000{n}" for n in (1, 2, 3, 4)]
    assert [str(shard.coverage) for shard in plan.shards] == [
        *("0.560000", "0.840000", "0.960000", "1.000000")
    ]


def test_of_equally_popular_shards_the_datasets_license_is_first_then_by_name() -> None:
    plan = planned(item("a", "MIT", 1), item("b", "ISC", 1), item("c", None, 1), shard_size=10)

    assert (held(plan), terms(plan)) == ([["c"], ["b"], ["a"]], [None, "ISC", "MIT"])


@given(
    st.lists(
        st.tuples(
            st.integers(1, 50),
            st.integers(0, 9),
            st.sampled_from([None, "MIT", "ISC", "CC0-1.0", "CC0 1.0", "NONE"]),
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 100),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_items_does_not_matter_and_mean_use_never_rises(
    files: list[tuple[int, int, str | None]], shard_size: int, chance: Random
) -> None:
    items = [item(f"f{n:02}", lic, use, size) for n, (size, use, lic) in enumerate(files)]
    items.append(item("data", None))
    options = BuildOptions(shard_size, leave_out_refused=True)

    plan = plan_build(head(), items, options, folder="x")
    chance.shuffle(items)

    assert plan_build(head(), items, options, folder="x") == plan
    means = [Fraction(shard.use) / len(shard.sources) for shard in plan.shards]
    assert means == sorted(means, reverse=True)
    of = {file.path: file.license for file in items}
    own = {None: None, "CC0-1.0": None, "CC0 1.0": None, "MIT": "MIT", "ISC": "ISC"}
    for shard, license_ in zip(plan.shards, terms(plan), strict=True):
        assert {own[of[path]] for path in shard.sources} == {license_}
    kept = [path for shard in plan.shards for path in shard.sources]
    left = [each.path for each in plan.refused]
    assert sorted(kept + left) == sorted(of)
    assert {of[path] for path in left} <= {"NONE"}


def test_an_item_that_may_not_be_shared_refuses_the_build() -> None:
    with pytest.raises(ItemsRefusedError, match=r"'b': license 'CC-BY-NC-4\.0'"):
        planned(item("a"), item("b", "CC-BY-NC-4.0"))


def test_what_is_left_out_is_named_and_still_counts_in_the_total() -> None:
    items = [item("a", None, 60), item("b", "CC-BY-NC-4.0", 40)]

    plan = planned(*items, leave_out=True)

    assert held(plan) == [["a"]]
    assert [(each.name, each.rule) for each in plan.refused] == [("b", "non-commercial")]
    assert plan.head.popularity is not None
    assert plan.head.popularity.total == 100
    assert str(plan.shards[0].coverage) == "0.600000"
    assert plan.size == 10


def test_a_total_of_the_dataset_must_hold_what_is_left_out_too() -> None:
    items = [item("a", None, 60), item("b", "NONE", 40)]
    short = replace(USE, total=Decimal(99))

    with pytest.raises(UsageError, match=r"total is 99, the files alone have 100"):
        planned(*items, leave_out=True, popularity=short)


def test_nothing_but_refused_items_cannot_be_left_out() -> None:
    with pytest.raises(ItemsRefusedError, match="1 of 1 file may not be shared"):
        planned(item("a", "NONE"), leave_out=True)


def test_paths_of_different_licenses_may_not_clash_either() -> None:
    with pytest.raises(UnsafePathsError, match="A"):
        planned(item("a", "MIT"), item("A", "ISC"))


def test_what_is_left_out_may_have_any_path() -> None:
    assert held(planned(item("a"), item("A", "NONE"), leave_out=True)) == [["a"]]


def test_a_dataset_without_a_license_of_its_own_gives_every_shard_one() -> None:
    plan = planned(item("a", "MIT"), item("b", "ISC"), license=None)

    assert terms(plan) == ["ISC", "MIT"]
    assert plan.head.license is None


def test_empty_files_alone_under_a_license_are_refused_with_their_name() -> None:
    with pytest.raises(SourceError, match="b is empty, as is every file under its license, MIT"):
        planned(item("a"), item("b", "MIT", size=0))
    with pytest.raises(SourceError, match="license, that of the dataset"):
        planned(item("a", size=0), item("b", "MIT"))
