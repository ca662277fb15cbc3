from hashlib import sha256
from pathlib import Path

from seedbox.catalog.compared import Compared, Differs, compare
from seedbox.catalog.order import order
from support.catalogs import SMALL_SHARDS, loaded
from support.datasets import head


def digest(number: int) -> bytes:
    return sha256(b"%d" % number).digest()


def compared(folder: Path, said: dict[int, int], count: int, shard: int = 0) -> Compared:
    """Compare a table that says digests of some items; each shard has two items."""
    rows = (
        f"{at:05},1000,{count - at},{digest(said[at]).hex() if at in said else ''}\n"
        for at in range(count)
    )
    items = "path,size,popularity,sha256\n" + "".join(rows)
    with loaded(folder, items) as (database, _):
        cut = order(database, head(), SMALL_SHARDS).cuts[shard]
        return compare(database, cut, map(digest, range(cut.start, cut.stop)))


def test_items_without_a_digest_in_the_table_are_let_be(tmp_path: Path) -> None:
    assert compared(tmp_path, {}, 4) == Compared()
    assert compared(tmp_path, {0: 0}, 4) == Compared()


def test_an_item_with_another_digest_is_named_with_both(tmp_path: Path) -> None:
    said = {0: 0, 1: 1, 2: 2, 3: 4}

    assert compared(tmp_path, said, 4) == Compared()
    assert compared(tmp_path, said, 4, 1) == Compared(1, (Differs("00003", digest(3), digest(4)),))


def test_of_very_many_all_are_counted_and_20_named(tmp_path: Path) -> None:
    rows = "".join(f"{at:05},0,{digest(at + 1).hex()}\n" for at in range(1, 15_000))
    items = f"path,size,sha256\n00000,1,{digest(0).hex()}\n{rows}"
    with loaded(tmp_path, items) as (database, _):
        (cut,) = order(database, head(), SMALL_SHARDS).cuts
        found = compare(database, cut, map(digest, range(15_000)))

    assert found.count == 14_999
    assert [item.path for item in found.named] == [f"{at:05}" for at in range(1, 21)]
