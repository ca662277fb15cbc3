import os
import pickle
from pathlib import Path

import pytest

from seedbox.errors import NotAsListedError, SourceChangedError
from seedbox.jobs.content import NamedContent, NamedFolder, content_of
from seedbox.manifest.model import Pack
from seedbox.plan.build import ShardPlan
from support.content import contents, write
from support.datasets import plan

FILES = contents({"a": 40_000, "b/c": 20_000, "b/empty": 0})


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", FILES)
    return tmp_path / "source"


def named(source: Path, pack: Pack = Pack.FILES) -> tuple[NamedContent, ShardPlan]:
    """The one shard of a folder, and its content as a table would have it."""
    (shard,) = plan(source, pack=pack)[0].shards
    content = content_of(NamedFolder(source))
    assert isinstance(content, NamedContent)
    return content, shard


@pytest.mark.parametrize("pack", list(Pack))
def test_files_are_found_with_the_shard_or_by_what_a_worker_is_given(
    source: Path, pack: Pack
) -> None:
    content, shard = named(source, pack)

    part = pickle.loads(pickle.dumps(content.part(shard)))  # noqa: S301  (made right here)

    found = list(part.members(shard))
    assert found == list(content.members(shard))
    assert {"/".join(path): file.size for path, file in found} == {
        "a": 40_000,
        "b/c": 20_000,
        "b/empty": 0,
    }
    assert [file for _, file in found] == list(part.stand_ins(shard))
    assert list(part.members(shard)[1:]) == found[1:]
    assert content.name(("b", "c")) == str(source / "b" / "c")


@pytest.mark.parametrize("pack", list(Pack))
def test_files_that_are_not_as_the_table_says_are_named(source: Path, pack: Pack) -> None:
    content, shard = named(source, pack)
    (source / "a").unlink()
    (source / "b" / "c").write_bytes(b"other")

    with pytest.raises(NotAsListedError) as caught:
        content.part(shard).members(shard)

    error = pickle.loads(pickle.dumps(caught.value))  # noqa: S301  (as a worker sends it)
    assert sorted(problem.message for problem in error.problems) == [
        "'a' is missing",
        "'b/c' has 5 bytes, the table of items says 20,000",
    ]


def test_a_file_that_changes_while_its_shard_is_hashed_is_named(source: Path) -> None:
    content, shard = named(source)
    part = content.part(shard)
    found = part.hash(shard, part.wanted(shard, ()), 1)

    next(found)
    os.utime(source / "a", ns=(1, 1))

    with pytest.raises(SourceChangedError, match="a changed while it was read"):
        list(found)


def test_files_that_did_not_change_are_hashed_and_let_be(source: Path) -> None:
    content, shard = named(source)
    part = content.part(shard)

    found = list(part.hash(shard, part.wanted(shard, ()), 1))

    assert sum(len(hashed.digests) for hashed in found) == shard.layout.piece_map.count
    content.hold()
