"""What a new release says that it reuses, and that `lint --against` then asks for nothing."""

import pytest

from seedbox.manifest.model import Manifest, Role, Shard
from seedbox.manifest.versions import Content, problems
from seedbox.plan.supersedes import with_supersedes
from seedbox.torrent.info_hash import InfoHash
from support.datasets import entry, manifest


def v2(seed: str) -> bytes:
    return seed.encode().ljust(32, b"-")


def shard(name: str, seed: str | None = None, role: Role = Role.DATA) -> Shard:
    """A shard whose torrent is known by a seed."""
    return entry(name, info_hash=InfoHash(v2=v2(seed or name)), role=role)


def files(*roots: str) -> tuple[Content, ...]:
    return tuple(Content(f"path/{root}", v2(root), 5) for root in roots)


def named(old: Manifest, new: Manifest, **contents: tuple[Content, ...]) -> dict[str, list[str]]:
    """What each shard supersedes, by the seeds of their torrents."""
    known = {v2(seed).hex(): held for seed, held in contents.items()}
    made = with_supersedes(old, new, known)
    return {
        each.name: [digest.rstrip(b"-").decode() for digest in each.supersedes]
        for each in made.shards
    }


OLD = manifest(shard("a"), shard("b"), shard("c"))


def test_a_shard_names_each_one_that_has_gone_and_shares_a_file_in_their_order() -> None:
    new = manifest(shard("a", "a2"), shard("b", "b2"), shard("c"))

    found = named(OLD, new, a=files("x", "y"), b=files("z"), a2=files("z", "x"), b2=files("y"))

    assert found == {"a": ["a", "b"], "b": ["a"], "c": []}


def test_one_that_has_gone_without_a_trace_is_superseded_by_that_of_its_name() -> None:
    new = manifest(shard("a", "a2"), shard("b"), shard("c"))

    assert named(OLD, new, a=files("x"), a2=files("y")) == {"a": ["a"], "b": [], "c": []}
    assert named(OLD, new) == {"a": ["a"], "b": [], "c": []}


def test_one_that_is_superseded_elsewhere_is_not_named_again_for_its_name() -> None:
    new = manifest(shard("a", "a2"), shard("b"), shard("c"), shard("d"))

    assert named(OLD, new, a=files("x"), a2=files("y"), d=files("x"))["a"] == []


def test_empty_files_are_shared_by_all_and_count_for_nothing() -> None:
    new = manifest(shard("d"), shard("b"), shard("c"))
    empty = (Content("path/empty", None, 0),)

    assert named(OLD, new, a=empty, d=empty)["d"] == []


def test_catalogs_and_shards_that_stay_supersede_nothing() -> None:
    old = manifest(shard("k", role=Role.CATALOG), shard("a"))
    new = manifest(shard("k", "k2", Role.CATALOG), shard("a"))

    assert named(old, new, k=files("x"), k2=files("x")) == {"k": [], "a": []}


def test_v1_shards_have_no_name_to_be_called_by() -> None:
    old = manifest(entry("a"), shard("b"))
    new = manifest(entry("a", info_hash=InfoHash(v1=b"2" * 20)), shard("b"))

    assert named(old, new) == {"a": [], "b": []}


@pytest.mark.parametrize("shared", [True, False])
def test_lint_agrees(shared: bool) -> None:
    new = manifest(shard("a", "a2"), shard("b"), shard("c", "c2"))
    known = {v2("a").hex(): files("x"), v2("c2").hex(): files("x" if shared else "y")}

    asked = [rule for _, rule, *_ in problems(OLD, new, b"")]
    made = with_supersedes(OLD, new, known)

    assert asked.count("superseded") == 2
    assert {rule for _, rule, *_ in problems(OLD, made, b"")} & {"superseded", "gone"} == set()
