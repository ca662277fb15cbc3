from pathlib import Path

import pytest

from seedbox.catalog.tabled import Settled, plan_table
from seedbox.errors import NotAsListedError
from seedbox.jobs.item_digests import ItemDigests
from seedbox.jobs.kept_digests import KeptDigests
from seedbox.plan.build import BuildOptions
from support.catalogs import loaded
from support.content import write
from support.datasets import head, plan

SAID = "path,size,sha256\na,1,{}\nb,1,\n"


def kept(folder: Path) -> KeptDigests:
    made = KeptDigests(folder / "s.digests", "ab" * 32, 2)
    made.keep(bytearray(b"\1" * 32 + b"\2" * 32))
    return made


@pytest.mark.parametrize("catalog", [True, False])
def test_a_folder_has_a_use_for_digests_if_it_has_a_catalog(tmp_path: Path, catalog: bool) -> None:
    write(tmp_path / "source", {"a": b"a"})
    planned, _ = plan(tmp_path / "source", catalog=catalog)

    assert ItemDigests(planned).wanted is catalog


@pytest.mark.parametrize("catalog", [True, False])
@pytest.mark.parametrize("said", ["", "01" * 32])
def test_a_table_has_one_too_if_it_says_any(tmp_path: Path, catalog: bool, said: str) -> None:
    with loaded(tmp_path, SAID.format(said)) as (database, counts):
        options = BuildOptions(1000, catalog=catalog)
        planned = plan_table(Settled(database, None, counts.missing), head(), options, folder="x")
        digests = ItemDigests(planned)

        assert digests.wanted is (catalog or bool(said))
        digests.take(0, planned.shards[0], kept(tmp_path))
        digests.take(1, planned.shards[0], None)

    assert list(digests.by_shard) == [0]


def test_an_item_that_has_another_digest_than_the_table_says_is_refused(tmp_path: Path) -> None:
    with loaded(tmp_path, SAID.format("03" * 32)) as (database, counts):
        settled = Settled(database, None, counts.missing)
        planned = plan_table(settled, head(), BuildOptions(1000), folder="x")
        with pytest.raises(NotAsListedError) as caught:
            ItemDigests(planned).take(0, planned.shards[0], kept(tmp_path))

    assert caught.value.exit_status == 4
    assert caught.value.message == (
        f"source 'a' has SHA-256 {'01' * 32}, the table of items says {'03' * 32}"
    )
