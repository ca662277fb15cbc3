"""A build from a folder and a build from a table of the same items make the same bytes."""

import csv
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedbox import disk
from seedbox.catalog.database import Limits
from seedbox.catalog.items import items_in
from seedbox.catalog.tables import Rules
from seedbox.errors import SeedboxError
from seedbox.jobs.build import run_build
from seedbox.jobs.events import ignore
from seedbox.jobs.tabled import Tables, planned
from seedbox.manifest.model import Head, Pack
from seedbox.plan.build import BuildOptions, Item, plan_build
from seedbox.torrent.info_hash import Format
from support.content import write
from support.datasets import head

LICENSES: list[str | None] = [None, None, "CC0-1.0", "cc0 1.0", "CC-BY-4.0", "CC-BY-NC-4.0"]
SEGMENTS = ["a", "b", "a b", "a-", "y", "é", "字", "ß", "x" * 120]
Made = dict[str, str] | str


@st.composite
def tables_of_items(draw: st.DrawFn) -> list[Item]:
    paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3).map(tuple)
    names = draw(st.lists(paths, min_size=1, max_size=12, unique=True))
    few = st.sampled_from([Decimal(0), Decimal(1), Decimal("0.5"), Decimal("0.000000001")])
    many = st.decimals(min_value=0, max_value=10**24 - 1, places=9)
    licenses = draw(st.sampled_from([LICENSES[:1], LICENSES[:-1], LICENSES]))
    return [
        Item(
            (*name[:-1], f"{name[-1]}.bin"),  # so that no file is another's folder
            draw(st.sampled_from([0, 1, 511, 512, 513, 20_000])),
            draw(st.one_of(few, many)),
            draw(st.sampled_from(licenses)),
        )
        for name in names
    ]


options = st.builds(
    BuildOptions,
    shard_size=st.sampled_from([1, 1000, 21_000, 10**6]),
    leave_out_refused=st.booleans(),
    catalog=st.booleans(),
    shard_items=st.sampled_from([None, 1, 2, 5]),
)
TIES = [Item((name,), size, Decimal(1)) for name, size in [("b", 9), ("a-", 9), ("a", 0), ("c", 9)]]


@settings(max_examples=25, deadline=None)
@given(tables_of_items(), options, st.sampled_from(Pack), st.sampled_from(Format), st.booleans())
@example(TIES, BuildOptions(20, catalog=True, shard_items=1), Pack.TAR, Format.V1, True)
@example(TIES, BuildOptions(18), Pack.FILES, Format.V2, False)
def test_a_table_and_a_folder_make_the_same_bytes(
    items: list[Item], chosen: BuildOptions, pack: Pack, form: Format, popularity: bool
) -> None:
    of = head(pack=pack, format=form)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder / "source", contents(items))
        # What a table says of digests is in the catalog; of tars it is known without it.
        said = contents(items) if pack is Pack.TAR else {}
        tables = written(folder, items, said, popularity=popularity)

        assert tabled(folder, tables, of, chosen) == in_memory(folder, of, chosen)


def contents(items: Sequence[Item]) -> Mapping[str, bytes]:
    return {"/".join(item.path): bytes([at + 1]) * item.size for at, item in enumerate(items)}


def written(
    folder: Path, items: Sequence[Item], said: Mapping[str, bytes], *, popularity: bool
) -> Tables:
    """Write a table of items, with their popularity or one of that beside it.

    It says the digest of each second item in `said`.
    """
    reads = folder / "reads.csv"
    with reads.open("w", encoding="utf-8", newline="") as stream:
        used = csv.writer(stream)
        used.writerow(["path", "value", "license"])
        used.writerows(
            ["/".join(item.path), f"{item.value:f}", item.license or ""] for item in items
        )
    with (folder / "items.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        more = [] if popularity else ["popularity", "license"]
        table.writerow(["path", "size", "sha256", *more])
        for at, item in enumerate(reversed(items)):
            path = "/".join(item.path)
            digest = sha256(said[path]).hexdigest() if path in said and at % 2 else ""
            cells = [] if popularity else [f"{item.value:f}", item.license or ""]
            table.writerow([path, item.size, digest, *cells])
    return Tables(
        folder / "items.csv", reads if popularity else None, Rules(), Limits(2**28, threads=2)
    )


def in_memory(folder: Path, of: Head, chosen: BuildOptions) -> Made:
    listing = disk.scan(folder / "source")
    items, unlisted = items_in(listing, folder / "reads.csv")
    try:
        plan = plan_build(of, items, chosen, folder="source", unlisted=unlisted)
        run_build(plan, listing, folder / "a", jobs=2, on_event=ignore)
    except SeedboxError as error:
        return error.code
    return digests(folder / "a")


def tabled(folder: Path, tables: Tables, of: Head, chosen: BuildOptions) -> Made:
    try:
        with planned(
            of, folder / "source", tables, chosen, out=folder / "b", on_event=ignore
        ) as given:
            sizes = [shard.layout.size for shard in given.plan.shards]
            assert (len(given.plan.shards), given.plan.size) == (len(sizes), sum(sizes))
            run_build(given.plan, given.folder, folder / "b", jobs=2, on_event=ignore)
    except SeedboxError as error:
        return error.code
    return digests(folder / "b")


def digests(out: Path) -> dict[str, str]:
    """The digest of each file of a build."""
    return {
        str(path.relative_to(out)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and ".seedbox" not in path.parts
    }
