import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from seedbox.catalog import archives
from seedbox.catalog.database import opened
from seedbox.catalog.order import Cut, Group
from seedbox.plan.tar import Archive
from support.catalogs import SMALL

LARGEST = 8**11 - 1  # bytes that a ustar header can tell
Names = list[tuple[str, int]]

names = st.one_of(
    st.text("ab/é字", min_size=1, max_size=120).map(lambda text: f"x{text}".replace("//", "/")),
    st.integers(95, 260).map(lambda n: "n" * n),
    st.tuples(st.integers(1, 160), st.integers(1, 120)).map(lambda n: f"{'p' * n[0]}/{'n' * n[1]}"),
)
sizes = st.sampled_from([0, 1, 511, 512, 513, 10_240, LARGEST, LARGEST + 1, 2**40])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, sizes), min_size=2, max_size=30), st.data())
@example([("é" * 49, 1), ("é" * 50, 0), ("a" * 100, 5), ("a" * 101, 5)], None)
def test_items_lie_where_the_archive_of_their_shard_has_them(
    rows: Names, data: st.DataObject | None
) -> None:
    middle = data.draw(st.integers(1, len(rows) - 1)) if data else 1
    cuts = [
        Cut(Group(None, None), start, stop, 0, 0)  # type: ignore[arg-type]
        for start, stop in [(0, middle), (middle, len(rows))]
    ]
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder), limits=SMALL) as database:
        database.run(
            "CREATE TABLE ordered AS SELECT unnest(?) AS path, unnest(?) AS size",
            *map(list, zip(*rows, strict=True)),
        )
        database.run("CREATE VIEW arranged AS SELECT path, size, rowid AS row FROM ordered")
        archives.measure(database)
        for cut in cuts:
            archive = Archive((tuple(n.split("/")), size) for n, size in rows[cut.start : cut.stop])
            found = database.rows(
                f'SELECT "offset", length FROM ({archives.PLACES}) ORDER BY item',  # noqa: S608
                cut.start,
                cut.stop,
            )

            assert found == list(zip(archive.data, archive.sizes, strict=True))
            assert archives.size(database, cut) == archive.size
