from typing import Any

import pytest

from seedbox.manifest.model import Origin, Pack, Role
from seedbox.plan.places import home, places, tree
from support.datasets import entry, head


def looked_at(path: str, *, single: bool, at: str | None = None, **changes: Any) -> list[str]:  # noqa: ANN401
    """Where a file of a torrent is looked for below DATA, in order."""
    parts = tuple(path.split("/"))
    found = places(head(**changes), entry("x", at=at), single=single)
    return ["/".join(place.parts(parts)) for place in found]


def test_the_home_of_a_dataset_is_publisher_and_name() -> None:
    assert home(head(id="org.example/wiki")) == ("org.example", "wiki")


def test_a_folder_is_looked_for_at_home_then_under_its_root_then_as_the_root() -> None:
    assert looked_at("data/x/a", single=False) == [
        "org.example/set/data/x/a",
        "data/x/a",
        "x/a",
    ]


def test_a_lone_file_is_looked_for_in_its_folder_under_the_root() -> None:
    assert looked_at("a", single=True, at="x/y") == [
        "org.example/set/data/x/y/a",
        "data/x/y/a",
        "x/y/a",
    ]


def test_a_lone_file_at_the_root_is_looked_for_right_under_it() -> None:
    assert looked_at("a", single=True) == ["org.example/set/data/a", "data/a", "a"]


def test_a_root_that_is_not_written_is_that_of_the_origin() -> None:
    origin = Origin(url="https://example.org/dumps/2026/")

    assert looked_at("a", single=True, root=None, origin=origin)[0] == "org.example/set/2026/a"


@pytest.mark.parametrize("changes", [{"pack": Pack.TAR}, {"root": None}])
def test_a_file_without_a_root_is_looked_for_at_home_and_in_the_folder_itself(
    changes: dict[str, Any],
) -> None:
    assert looked_at("x.tar", single=True, **changes) == ["org.example/set/x.tar", "x.tar"]


@pytest.mark.parametrize("pack", list(Pack))
def test_a_catalog_lies_in_a_folder_of_its_own_beside_the_data(pack: Pack) -> None:
    parts = ("set-catalog", "items", "0000.parquet")
    shard = entry("set-catalog", role=Role.CATALOG, files=2)

    assert [each.parts(parts) for each in places(head(pack=pack), shard, single=False)] == [
        ("org.example", "set", *parts),
        parts,
        parts[1:],  # DATA is that folder
    ]


def test_a_torrent_with_a_folder_of_its_own_is_saved_beside_the_others() -> None:
    assert tree(head(), entry("x"), single=False) == ()
    assert tree(head(), entry("x", at="a/b"), single=True) == ("data", "a", "b")
    assert tree(head(pack=Pack.TAR), entry("x"), single=True) == ()
